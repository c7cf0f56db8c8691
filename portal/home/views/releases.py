"""Why a release is picked or not: an integration with all releases, one release, the guide."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe
from packaging.version import InvalidVersion, Version

from integrations.catalogue.models import Integration
from matrix.rules.guidance import CHECKS, PICKS
from matrix.sdk.histories import history_of
from matrix.sdk.release_facts import facts_of
from matrix.sdk.verdicts import NoSuchRelease, look_at, verdict_in
from portal.home.access import START_RUN, VIEW, needs, person
from portal.home.looking_up import look_up
from portal.home.previews import MOST_VERSIONS, ask
from portal.home.verdict_page import Filters, age_of, badge_kind, counts_of, listing_of, picture_of

EDIT, HOLD = "catalogue.change_integration", "catalogue.add_hold"


@require_safe
@needs(VIEW, "look at integrations")
def show_integration(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    integration = _find(slug, name)
    seen = look_at(integration.sdk, integration, now=now())
    notes = seen.assessment.notes if seen.assessment else {}
    context = {
        "sdk": seen.sdk,
        "integration": seen.integration,
        "seen": seen,
        "counts": counts_of(seen),
        "picture": picture_of(seen),
        "listing": listing_of(seen, Filters.read(request.GET.dict()), request.GET.get("page")),
        "findings": notes.get("findings", []),
        **_rights(request),
    }
    return render(request, "releases/integration.html", context)


@require_safe
@needs(VIEW, "look at releases")
def show_release(request: HttpRequest, slug: str, name: str, version: str) -> HttpResponse:
    integration = _find(slug, name)
    seen = look_at(integration.sdk, integration, now=now())
    try:
        found = verdict_in(seen, Version(version))
    except InvalidVersion as error:
        raise Http404(f"“{version}” is not a version.") from error
    except NoSuchRelease as error:
        raise Http404(str(error)) from error
    if str(found.release.version) != version:  # One release has one address.
        return redirect("release", slug, name, str(found.release.version))
    release = found.release
    context = {
        "sdk": seen.sdk,
        "integration": seen.integration,
        "seen": seen,
        "found": found,
        "facts": facts_of(seen, found),
        "history": history_of(
            slug,
            name,
            release.version,
            released_at=release.uploaded_at if release.is_time_known else None,
        ),
        "picture": picture_of(seen, present=release.version),
        "counts": counts_of(seen),
        "badge": badge_kind(found.verdict.word),
        "age": age_of(release, seen.at),
        "hold_specifier": f"=={release.version}",
        **_rights(request),
    }
    return render(request, "releases/release.html", context)


@require_safe
@needs(VIEW, "look releases up")
def look_release_up(request: HttpRequest) -> HttpResponse:
    package = request.GET.get("package", "").strip()[:200]
    release = request.GET.get("release", "").strip()[:100]
    found = look_up(package, release, now=now())
    if match := found.only:
        sdk, name = match.integration.sdk.slug, match.integration.name
        if match.version is None:
            return redirect("integration", sdk, name)
        return redirect("release", sdk, name, str(match.version))
    return render(request, "releases/look_up.html", {"found": found})


@require_safe
@needs(VIEW, "read the guide")
def show_guide(request: HttpRequest) -> HttpResponse:
    return render(request, "guide.html", {"checks": CHECKS, "picks": PICKS})


@require_POST
@needs(START_RUN, "ask the index")
def read_facts(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Have a worker read what the verdicts of an integration lack."""
    integration = _find(slug, name)
    at = now()
    seen = look_at(integration.sdk, integration, now=at)
    ask(integration.sdk, integration.project, seen.lacking[:MOST_VERSIONS], at=at)
    messages.success(
        request,
        f"The index is asked about {integration.project}. Load the page again in a moment.",
    )
    version = request.POST.get("release", "")
    if version in map(str, seen.known):
        return redirect("release", slug, name, version)
    return redirect("integration", slug, name)


def _find(slug: str, name: str) -> Integration:
    rows = Integration.objects.select_related("sdk", "group").filter(sdk__slug=slug, name=name)
    integration = rows.first()
    if integration is None:
        raise Http404(f"{slug} has no integration named {name}.")
    return integration


def _rights(request: HttpRequest) -> dict[str, Any]:
    user = person(request)
    return {
        "may_edit": user.is_staff and user.has_perm(EDIT),
        "may_ask": user.has_perm(START_RUN),
        "may_hold": user.is_staff and user.has_perm(HOLD),
    }

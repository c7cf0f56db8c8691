"""Coverage: which integrations are tested on which Pythons."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from integrations.catalogue.models import Sdk
from integrations.catalogue.models.sdk import sdk_named
from matrix.sdk.coverage import Coverage, coverage_of
from portal.home.access import VIEW, needs
from portal.home.coverage_page import (
    PROPOSED,
    PUBLISHED,
    Filters,
    as_csv,
    choices,
    shown,
)
from portal.home.files import text_response

MOST_SHOWN = 500  # Integrations on one page; more come page by page.
STATES = {PUBLISHED: False, PROPOSED: True}


@require_safe
@needs(VIEW, "look at the coverage")
def choose(request: HttpRequest) -> HttpResponse:
    """Go on to the only SDK; with several of them, offer each."""
    sdks = sorted(Sdk.objects.only("slug", "name"), key=lambda sdk: (sdk.name, sdk.slug))
    if len(sdks) == 1:
        return redirect("coverage", sdks[0].slug)
    return render(request, "coverage/choose.html", {"sdks": sdks})


@require_safe
@needs(VIEW, "look at the coverage")
def show_coverage(request: HttpRequest, slug: str) -> HttpResponse:
    filters, whole = _read(request, slug)
    found = filters.apply(whole)
    page = Paginator(shown(found), MOST_SHOWN).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "coverage": found,
        "states": whole.states,
        "sdk": whole.sdk,
        "filters": filters,
        "page": page,
        "totals": found.totals(),
        "hidden": len(whole.integrations) - len(found.integrations),
        "lossy": sum(one.is_lossy for one in whole.integrations),
        **choices(whole),
    }
    return render(request, "coverage/coverage.html", context)


@require_safe
@needs(VIEW, "look at the coverage")
def download_csv(request: HttpRequest, slug: str) -> HttpResponse:
    filters, whole = _read(request, slug)
    state = PROPOSED if whole.states.is_proposed else PUBLISHED
    return text_response(as_csv(filters.apply(whole)), name=f"{slug}-coverage-{state}.csv")


def _read(request: HttpRequest, slug: str) -> tuple[Filters, Coverage]:
    sdk = sdk_named(slug)
    if sdk is None:
        raise Http404(f"There is no SDK {slug}.")
    filters = Filters.of(request.GET)
    return filters, coverage_of(sdk, now=now(), is_proposed=STATES.get(filters.state))

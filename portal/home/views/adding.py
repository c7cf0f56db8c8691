"""Adding an integration: from the name of a project over one question to the index to the form."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from integrations.catalogue.models import Sdk
from integrations.catalogue.validators import canonical_project, validate_line, validate_project
from matrix.sdk.drafting import Draft
from matrix.sdk.learning import Answer, last_answer
from matrix.sdk.suggesting import Suggestions, suggest
from portal.home.access import needs, person
from portal.home.previews import ask, is_awaited, panel_of
from portal.operations.health import worker_state

ADD = "catalogue.add_integration"


class ProjectForm(forms.Form):
    project = forms.CharField(
        max_length=120,
        validators=[validate_line, validate_project],
        help_text="As the index names it: strawberry-graphql.",
    )

    def clean_project(self) -> str:
        return canonical_project(self.cleaned_data["project"])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(ADD, "add integrations")
def add_integration(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a project, tell how the index is asked about it, and suggest what to begin with."""
    sdk = get_object_or_404(Sdk.objects.defer("frame"), slug=slug)
    given = request.POST if request.method == "POST" else request.GET
    form = ProjectForm(given if "project" in given else None)
    context = {"sdk": sdk, "form": form}
    if not form.is_valid():
        return render(request, "adding/start.html", context)
    project = form.cleaned_data["project"]
    if request.method == "POST":
        key = ask(sdk, project, at=now())
        return redirect(f"{request.path}?{urlencode({'project': project, 'asked': key})}")
    return _answered(request, sdk, project, context)


@never_cache
@require_safe
@needs(ADD, "add integrations")
def show_progress(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer with the part of the page that changes while the index is asked."""
    sdk = get_object_or_404(Sdk.objects.defer("frame"), slug=slug)
    form = ProjectForm(request.GET)
    project = form.cleaned_data["project"] if form.is_valid() else ""
    return render(request, "adding/_progress.html", _progress(request, sdk, project))


def _answered(
    request: HttpRequest, sdk: Sdk, project: str, context: dict[str, Any]
) -> HttpResponse:
    progress = _progress(request, sdk, project)
    if progress["is_awaited"]:
        return render(request, "adding/progress.html", context | progress)
    at = now()
    found = suggest(sdk, project, now=at)
    context |= progress | {
        "found": found,
        "panel": panel_of(found.draft, at=at, is_beside_form=False) if found.draft else None,
        "form_url": form_url(found),
        "may_open_form": person(request).is_staff,
    }
    return render(request, "adding/suggestions.html", context)


def _progress(request: HttpRequest, sdk: Sdk, project: str) -> dict[str, Any]:
    asked = request.GET.get("asked", "")
    key = int(asked) if asked.isdecimal() and len(asked) < 18 else None  # noqa: PLR2004 - a key.
    answer: Answer | None = last_answer(sdk, project, poll_id=key) if key is not None else None
    at = now()
    return {
        "sdk": sdk,
        "project": project,
        "asked": asked,
        "answer": answer,
        "is_awaited": is_awaited(answer, at),
        "worker": worker_state(at),
    }


def form_url(found: Suggestions) -> str:
    """Return the address of the admin's form, filled in with what is suggested."""
    draft = found.draft
    return (
        f"{reverse('admin:catalogue_integration_add')}?{urlencode(_values(draft))}" if draft else ""
    )


def _values(draft: Draft) -> dict[str, Any]:
    integration = draft.integration
    values = {
        "sdk": integration.sdk_id,
        "group": integration.group_id,
        "name": integration.name,
        "project": integration.project,
        "test_path": integration.test_path,
        "minimum": integration.minimum,
    }
    return {name: value for name, value in values.items() if value}

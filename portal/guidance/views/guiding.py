"""Guidance: complete files for a tool and a platform, and all tools side by side."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from integrations.index.address import default_index_url
from integrations.index.models import Index
from matrix.sdk.bundling import zipped
from portal.guidance.asking import Asked, choices
from portal.guidance.choosing import Answer, answer
from portal.guidance.comparing import compare
from portal.guidance.generating.facts import ANACONDA
from portal.guidance.models import Application
from portal.home.access import VIEW, needs, person
from portal.home.files import text_response, zip_response

ADD = "guidance.add_application"
CHANGE = "guidance.change_application"


@require_safe
@needs(VIEW, "look at guidance")
def show_guidance(request: HttpRequest, slug: str = "") -> HttpResponse:
    found = _answer(request, slug)
    asked, user = found.asked, person(request)
    context: dict[str, Any] = {
        "answer": found,
        "asked": asked,
        "application": asked.application if asked.is_saved else None,
        "form": asked.form,
        "may_add": user.is_staff and user.has_perm(ADD),
        "may_edit": user.is_staff and user.has_perm(CHANGE),
        **choices(asked),
    }
    return render(request, "guidance/guidance.html", context)


@require_safe
@needs(VIEW, "look at guidance")
def download_guidance(request: HttpRequest, slug: str = "") -> HttpResponseBase:
    """Send all files of the guidance as one ZIP file."""
    found = _complete(request, slug)
    name = f"{found.asked.application.slug}-{found.asked.tool}-{found.asked.platform}.zip"
    return zip_response(zipped(found.files), name=name)


@require_safe
@needs(VIEW, "look at guidance")
def download_file(request: HttpRequest, path: str, slug: str = "") -> HttpResponse:
    """Send one file of the guidance."""
    found = _complete(request, slug)
    if path not in found.files:
        raise Http404(f"This guidance has no file {path}.")
    return text_response(found.files[path], name=path.rpartition("/")[2])


@require_safe
@needs(VIEW, "look at guidance")
def compare_tools(request: HttpRequest) -> HttpResponse:
    index = Index.objects.filter(url=default_index_url()).first()
    context = {"comparison": compare(index, now=now()), "anaconda": ANACONDA}
    return render(request, "guidance/tools.html", context)


def _answer(request: HttpRequest, slug: str) -> Answer:
    values = request.GET.dict()
    if not slug:
        return answer(Asked.without_application(values), now=now())
    application = get_object_or_404(Application.objects.prefetch_related("sets"), slug=slug)
    return answer(Asked.of(application, values), now=now())


def _complete(request: HttpRequest, slug: str) -> Answer:
    found = _answer(request, slug)
    if found.guidance is None:
        raise Http404(found.problem)
    return found

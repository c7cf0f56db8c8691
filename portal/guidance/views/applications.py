"""Applications: the list, one of them, what its buttons start, and what a file declares."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from integrations.catalogue.validators import quoted
from matrix.review.errors import ReviewError
from portal.guidance.declarations import NAMES
from portal.guidance.declaring import MOST_BYTES, NotTakenOver, Taken, save, take
from portal.guidance.models import Application
from portal.guidance.showing import listed, shown
from portal.guidance.starting import refresh_of, start_run
from portal.home.access import START_RUN, VIEW, needs, person
from portal.home.oversized import bounded

ADD = "guidance.add_application"
CHANGE = "guidance.change_dependencyset"
ADD_SET = "guidance.add_dependencyset"
TOO_LARGE = f"The file is larger than {MOST_BYTES:,} bytes."
# The text that was shown comes back with two bytes for the end of each line.
MOST_SENT = 2 * MOST_BYTES + 100_000


@require_safe
@needs(VIEW, "look at applications")
def list_applications(request: HttpRequest) -> HttpResponse:
    user = person(request)
    may_add = user.is_staff and user.has_perm(ADD)
    return render(request, "applications/list.html", {"rows": listed(now()), "may_add": may_add})


@require_safe
@needs(VIEW, "look at applications")
def show_application(request: HttpRequest, slug: str) -> HttpResponse:
    user, application = person(request), _find(slug)
    context = {
        "shown": shown(application, now=now()),
        "application": application,
        "may_start": user.has_perm(START_RUN),
        "may_declare": user.has_perm(CHANGE),
        "may_edit": user.is_staff and user.has_perm("guidance.change_application"),
    }
    return render(request, "applications/detail.html", context)


@require_POST
@needs(START_RUN, "start a run")
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Have the sets locked: published pins are kept, but for those that the form gives up."""
    application, at = _find(slug), now()
    try:
        refresh = refresh_of(application, request.POST.dict(), now=at)
    except ReviewError as error:
        messages.error(request, str(error))
        return redirect("application", slug)
    run, is_new = start_run(application, by=person(request), at=at, refresh=refresh)
    if not is_new:
        messages.warning(request, f"Run {run.pk} is under way already; no second one was started.")
    return redirect("run", run.pk)


# --- What a file declares ------------------------------------------------------------------------
class FileForm(forms.Form):
    file = forms.FileField(label="File", help_text=f"{NAMES}; at most {MOST_BYTES:,} bytes.")

    def clean_file(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["file"]
        if (upload.size or 0) > MOST_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        try:
            self.cleaned_data["text"] = upload.read().decode("utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(
                f"The file is not UTF-8 text: byte {error.start} does not belong there."
            ) from error
        return upload


def _refuse(request: HttpRequest, sentence: str, status: int, *, slug: str) -> HttpResponse:
    context = {"application": _find(slug), "form": FileForm(), "too_much": sentence}
    return render(request, "applications/declare.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(CHANGE, "declare what an application needs")
@bounded(MOST_SENT, told=TOO_LARGE, refuse=_refuse)
def declare(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a file declares; saved is what was shown, once somebody says so."""
    context: dict[str, Any] = {"application": _find(slug), "form": FileForm()}
    if request.method == "POST" and "save" in request.POST:
        taken = _taken(request, slug, request.POST.get("name", ""), _shown_text(request))
        if taken.can_be_saved:
            return _save(request, slug, taken)
        context["taken"] = taken
    elif request.method == "POST":
        form = FileForm(request.POST, request.FILES)
        context["form"] = form
        if form.is_valid():
            found = form.cleaned_data
            context["taken"] = _taken(request, slug, found["file"].name, found["text"])
    return render(request, "applications/declare.html", context)


def _taken(request: HttpRequest, slug: str, name: str, text: str) -> Taken:
    return take(_find(slug), name, text, may_add=person(request).has_perm(ADD_SET))


def _shown_text(request: HttpRequest) -> str:
    return request.POST.get("text", "").replace("\r\n", "\n")


def _save(request: HttpRequest, slug: str, taken: Taken) -> HttpResponse:
    """Save, or show again what changed meanwhile."""
    try:
        saved = save(_find(slug), taken, shown=request.POST.get("shown", ""))
    except NotTakenOver as refusal:
        again = _taken(request, slug, taken.name, taken.text)
        context = {"application": _find(slug), "form": FileForm(), "taken": again}
        return render(request, "applications/declare.html", {**context, "refusal": str(refusal)})
    noun = "Set" if len(saved) == 1 else "Sets"
    listed_names = ", ".join(saved)
    messages.success(request, f"{noun} {listed_names} taken from {quoted(taken.name)}.")
    return redirect("application", slug)


def _find(slug: str) -> Application:
    return get_object_or_404(Application.objects.prefetch_related("sets"), slug=slug)

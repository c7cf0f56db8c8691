"""Checking a file: the page for people, and the address for CI."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from integrations.catalogue.models import Sdk
from integrations.catalogue.models.sdk import sdk_named
from matrix.rules.checking.judging import MOST_SHOWN, Report, State
from matrix.rules.rendering import WORKFLOWS
from matrix.sdk.channel import KIND
from matrix.sdk.checking import MOST_BYTES, check
from portal.accounts.models import Token
from portal.home.access import VIEW, needs
from portal.home.bearing import refuse, takes_tokens, token_for
from portal.home.files import TEXT, text_response
from portal.home.snippets import SCRIPT, offline_step, online_step
from portal.operations.checked import fixes, report_json, report_text

TOO_LARGE = f"The file is larger than {MOST_BYTES:,} bytes, which no generated file is."
NOT_UTF8 = "The file is not UTF-8 text (byte {}), and generated files are."
NOTHING = "Paste the text of a file, or choose one to upload."
BOTH = "Paste a text or choose a file, not both: only one can be checked at a time."
BADGES = {
    State.CURRENT: "approved",
    State.FRAME_EDITED: "approved",
    State.OLDER: "warning",
    State.CANDIDATE: "warning",
    State.UNKNOWN: "unknown",
}
STATUSES = {0: 200, 1: 409, 3: 422}  # By the exit code of the command.


class CheckForm(forms.Form):
    sdk = forms.ChoiceField(required=False, label="SDK")
    file = forms.FileField(required=False, label="File", allow_empty_file=True)
    text = forms.CharField(
        required=False,
        strip=False,
        label="Or its text",
        widget=forms.Textarea(attrs={"rows": 12, "cols": 90, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        slugs = sorted(Sdk.objects.values_list("slug", flat=True))
        choices = [("", "Find out by its regions"), *((slug, slug) for slug in slugs)]
        self.fields["sdk"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        upload, text = found.get("file"), found.get("text", "")
        if bool(upload) == bool(text.strip()) and not self.errors:
            raise forms.ValidationError(BOTH if upload else NOTHING)
        if upload:
            text = _uploaded(upload)
        if len(text.encode()) > MOST_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        found["text"], found["path"] = text, _path_of(upload.name if upload else "")
        return found


def _uploaded(upload: UploadedFile) -> str:
    if (upload.size or 0) > MOST_BYTES:
        raise forms.ValidationError(TOO_LARGE)
    try:
        text: str = upload.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise forms.ValidationError(NOT_UTF8.format(error.start)) from error
    return text


def _path_of(name: str) -> str:
    """Only the name of a workflow tells which one it is."""
    return f"{WORKFLOWS}/{name}" if name.endswith((".yml", ".yaml")) else ""


@require_http_methods(["GET", "HEAD", "POST"])
@needs(VIEW, "check files")
def show_check(request: HttpRequest) -> HttpResponse:
    """Nothing that is sent is stored: the answer is the page itself."""
    is_sent = request.method == "POST"
    form = CheckForm(*([request.POST, request.FILES] if is_sent else []), initial=_initial(request))
    report = None
    if is_sent and form.is_valid():
        found = form.cleaned_data
        report = check(found["text"], path=found["path"], sdk=found["sdk"], sees_proposals=True)
        form = CheckForm(initial={"sdk": found["sdk"]})  # What was sent does not come back.
    context = {"form": form, **_result(report), **_snippets(request, report)}
    return render(request, "checking/check.html", context)


def _initial(request: HttpRequest) -> dict[str, str]:
    return {"sdk": request.GET.get("sdk", "")}


def _result(report: Report | None) -> dict[str, Any]:
    if report is None:
        return {"report": None}
    return {
        "report": report,
        "badge": BADGES.get(report.state, "error"),
        "shown": report.real[:MOST_SHOWN],
        "hidden": max(0, len(report.real) - MOST_SHOWN),
        "routine": report.routine[:MOST_SHOWN],
        "frame": report.frame[:MOST_SHOWN],
        "fixes": fixes(report),
    }


def _snippets(request: HttpRequest, report: Report | None) -> dict[str, Any]:
    slug = (report.sdk if report else "") or request.GET.get("sdk", "") or "SLUG"
    sdk = sdk_named(slug)
    address = request.build_absolute_uri("/") + reverse("check-sdk", args=["SLUG"]).lstrip("/")
    return {
        "offline_step": offline_step(),
        "online_step": online_step(
            address.replace("SLUG", sdk.slug if sdk else "SLUG"),
            is_public=sdk is not None and sdk.public_publications,
        ),
        "asked": sdk,
    }


@require_safe
@needs(VIEW, "check files")
def download_script(_: HttpRequest) -> HttpResponse:
    return text_response(SCRIPT.read_text(encoding="utf-8"), name=SCRIPT.name)


# --- The address for machines --------------------------------------------------------------------
@csrf_exempt  # It reads, and stores nothing.
@require_http_methods(["GET", "HEAD", "POST"])
@takes_tokens
def check_for_sdk(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer the file in the body of a POST with a report and a status that CI can fail on."""
    if request.method != "POST":
        return redirect(f"{reverse('check')}?sdk={slug}")
    sdk, token = sdk_named(slug), token_for(request, KIND, slug)
    is_open = token is not None or (sdk is not None and sdk.public_publications)
    if not is_open and (refused := refuse(request, what="check files")):
        return refused
    if sdk is None:
        return _sentence(f"There is no SDK {slug}.", 404)
    # Before the body is read: what is too long is never held in memory.
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > MOST_BYTES:
        return _sentence(TOO_LARGE, 413)
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError as error:
        return _sentence(NOT_UTF8.format(error.start), 400)
    if not text:
        return _sentence("Send the file as the body: curl --data-binary @tox.ini.", 400)
    return _answer(request, slug, text, token)


def _answer(request: HttpRequest, slug: str, text: str, token: Token | None) -> HttpResponse:
    report = check(
        text,
        path=request.GET.get("path", ""),
        sdk=slug,
        # Proposals are for those who may look at them, whatever is public.
        sees_proposals=token is not None or request.user.has_perm(VIEW),
    )
    status = STATUSES[report.exit_code(strict=bool(request.GET.get("strict")))]
    if _wants_json(request):
        return JsonResponse(report_json(report), status=status)
    return _sentence(report_text(report), status)


def _wants_json(request: HttpRequest) -> bool:
    if named := request.GET.get("format"):
        return named == "json"
    return "application/json" in request.headers.get("Accept", "")


def _sentence(text: str, status: int) -> HttpResponse:
    response = HttpResponse(f"{text}\n", status=status, content_type=TEXT)
    response["Cache-Control"] = "no-store"
    return response

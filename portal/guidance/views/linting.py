"""Linting files that are pasted or uploaded: nothing that is sent is stored, nobody is asked."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from integrations.policy.linting import GROUPS, NAMES, examine, guess_name
from portal.guidance.linting import MOST_SHOWN, files_of, is_clean, verdict_of
from portal.guidance.uploads import MOST_BYTES, MOST_TOTAL, Received, receive
from portal.home.access import VIEW, needs
from portal.home.oversized import bounded

NOTHING = "Paste the text of a file, or choose files to upload."
UNKNOWN = "The text is like none of the files that are read. Say which file it is."
TOO_MUCH = f"More than {MOST_TOTAL:,} bytes were sent. Send fewer files, or leave out the others."
SLACK = 100_000  # Bytes of a request that are not files.


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """All files that one input sends."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        return [super(FilesField, self).clean(one, initial) for one in data or []]


class LintForm(forms.Form):
    uploads = FilesField(required=False, label="Files", allow_empty_file=True)
    name = forms.ChoiceField(
        required=False,
        label="Or one file",
        choices=[("", "Find out by its text"), *((name, name) for name in NAMES)],
    )
    text = forms.CharField(
        required=False,
        strip=False,
        label="Its text",
        widget=forms.Textarea(attrs={"rows": 12, "cols": 90, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        uploads, text = found.get("uploads") or [], found.get("text", "")
        if self.errors:
            return found
        if not uploads and not text.strip():
            raise forms.ValidationError(NOTHING)
        sent = [(each.name or "", _body(each)) for each in uploads]
        if text.strip():
            name = found["name"] or guess_name(text)
            if name is None:
                self.add_error("name", UNKNOWN)
                return found
            sent.append((name, text.replace("\r\n", "\n").encode(errors="replace")))
        found["received"] = receive(sent)
        return found


def _body(upload: UploadedFile) -> bytes:
    body: bytes = upload.read(MOST_TOTAL + 1)
    return body


def _page(
    request: HttpRequest, form: LintForm, *, status: int = 200, **context: Any
) -> HttpResponse:
    return render(request, "guidance/lint.html", {"form": form, **context}, status=status)


def _refuse(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    return _page(request, LintForm(label_suffix=""), status=status, too_much=sentence)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(VIEW, "lint files")
@bounded(MOST_TOTAL + MOST_BYTES + SLACK, told=TOO_MUCH, refuse=_refuse)
def show_lint(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, LintForm(label_suffix=""))
    form = LintForm(request.POST, request.FILES, label_suffix="")
    if not form.is_valid():
        return _page(request, form)
    received: Received = form.cleaned_data["received"]
    report = examine(received.files)
    return _page(
        request,
        LintForm(label_suffix=""),  # What was sent does not come back.
        report=report,
        verdict=verdict_of(report, received.refused),
        is_clean=is_clean(report, received.refused),
        refused=received.refused,
        files=files_of(report),
        hidden=max(0, len(report.findings) - MOST_SHOWN),
    )


@require_safe
@needs(VIEW, "read the rules")
def show_rules(request: HttpRequest) -> HttpResponse:
    groups = [{"name": name, "rules": rules} for name, rules in GROUPS.items()]
    return render(request, "guidance/lint_rules.html", {"groups": groups})

"""Releases that wait for a cooldown, and bypasses of single ones."""

from dataclasses import replace

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from integrations.catalogue.confirming import ConfirmationRefused, confirm, title
from integrations.catalogue.models import CooldownBypass
from integrations.catalogue.models.sdk import sdk_named
from matrix.sdk.bypassing import ADD, Standing, bypass, state_of
from portal.home.access import VIEW, needs, person
from portal.home.waiting_page import CHANGE, Typed, waiting_page

NAMES = ("sdk", "project", "version", "reason", "link")


@require_safe
@needs(VIEW, "look at what waits")
def list_waits(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
@needs(ADD, "bypass a cooldown")
def bypass_release(request: HttpRequest) -> HttpResponse:
    """Let one release in; a refusal shows the page again, with everything that was typed."""
    typed = _typed(request.POST)
    sdk = sdk_named(typed.sdk)
    if sdk is None:
        messages.error(request, "Nothing was changed: there is no such SDK any more.")
        return redirect("waiting")
    try:
        row = bypass(
            sdk,
            typed.project,
            typed.version,
            by=person(request),
            reason=typed.reason,
            link=typed.link,
        )
    except ValidationError as error:
        return _page(request, refused=replace(typed, mistakes=tuple(_mistakes(error))))
    state = state_of(row, now=now())
    is_good = state.standing in {Standing.IN_FORCE, Standing.WAITING}
    say = messages.success if is_good else messages.warning
    say(request, f"1 release bypasses the cooldown: {title(row)}. {state.sentence}")
    return redirect(f"{reverse('waiting')}?{urlencode({'sdk': sdk.slug})}")


@require_POST
@needs(CHANGE, "confirm a cooldown bypass")
def confirm_bypass(request: HttpRequest, pk: int) -> HttpResponse:
    row = CooldownBypass.objects.select_related("sdk", "approved_by").filter(pk=pk).first()
    if row is None:
        messages.error(request, f"There is no cooldown bypass {pk} any more.")
        return redirect("waiting")
    try:
        confirm(row, by=person(request), at=now())
    except ConfirmationRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"1 cooldown bypass confirmed: {title(row)}.")
    return redirect("waiting")


def _typed(sent: QueryDict) -> Typed:
    sdk, project, version, reason, link = (sent.get(name, "").strip() for name in NAMES)
    return Typed(sdk=sdk, project=project, version=version, reason=reason, link=link)


def _mistakes(error: ValidationError) -> list[str]:
    """Return sentences; a field is named, unless they are about the row as a whole."""
    return [
        f"{field.capitalize()}: {message}" if field in NAMES else message
        for field, found in error.message_dict.items()
        for message in found
    ]


def _page(request: HttpRequest, *, refused: Typed | None = None) -> HttpResponse:
    page = waiting_page(request.GET, by=person(request), at=now(), refused=refused)
    return render(request, "waiting/list.html", {"waiting": page})

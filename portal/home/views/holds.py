"""Holds: the list with its buttons, and the form for a release that is held everywhere."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from integrations.catalogue.confirming import ConfirmationRefused
from integrations.catalogue.models import Hold
from matrix.review.models import Run
from matrix.sdk.emergency import EVERYWHERE, Held, confirm_and_run, preview
from matrix.sdk.emergency import hold_everywhere as hold_it_everywhere
from matrix.sdk.holding import HoldRefused, end, renew
from portal.home.access import needs, person
from portal.home.hold_form import FIELDS, HoldEverywhereForm, shown
from portal.home.holds_page import hold_list
from portal.operations.queueing import enqueue

VIEW_HOLDS = "catalogue.view_hold"
FILTERS = ("sdk", "state", "owner", "project", "page")


@require_safe
@needs(VIEW_HOLDS, "look at holds")
def list_holds(request: HttpRequest) -> HttpResponse:
    user = person(request)
    context = {
        "list": hold_list(request.GET, by=user, at=now()),
        "may_hold_everywhere": user.has_perm(EVERYWHERE),
        "may_add": user.is_staff and user.has_perm("catalogue.add_hold"),
        "may_edit": user.is_staff,
        "today": now().date(),
        "back": request.GET.urlencode(),
    }
    return render(request, "holds/list.html", context)


@require_POST
@needs(VIEW_HOLDS, "look at holds")
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what the pressed button says; a refusal is a sentence above the list."""
    button = ACTIONS.get(request.POST.get("action", ""))
    if button is None:
        messages.error(request, "Nothing was changed: the page did not say what to do.")
        return _back(request)
    try:
        button(request, pk)
    except (HoldRefused, ConfirmationRefused) as error:
        messages.error(request, str(error))
    return _back(request)


def _end(request: HttpRequest, pk: int) -> None:
    reason = request.POST.get("reason", "")
    hold = end(pk, by=person(request), at=now(), reason=reason)
    messages.success(request, f"1 hold ended: {hold}. The next run ignores it.")


def _renew(request: HttpRequest, pk: int) -> None:
    text = request.POST.get("until", "").strip()
    try:
        until = date.fromisoformat(text)
    except ValueError as error:
        raise HoldRefused(f'"{text[:40]}" is not a day. Write it as 2026-12-31.') from error
    hold = renew(pk, by=person(request), at=now(), until=until)
    messages.success(request, f"1 hold renewed until {until}: {hold}.")


def _confirm(request: HttpRequest, pk: int) -> None:
    hold = Hold.objects.select_related("integration__sdk", "sdk").filter(pk=pk).first()
    if hold is None:
        raise HoldRefused(f"There is no hold {pk} any more.")
    runs = confirm_and_run(hold, by=person(request), at=now())
    messages.success(request, f"1 hold confirmed: {hold}.")
    _start(request, runs)


ACTIONS: dict[str, Callable[[HttpRequest, int], None]] = {
    "end": _end,
    "renew": _renew,
    "confirm": _confirm,
}


def _back(request: HttpRequest) -> HttpResponse:
    """Return to the list as it was filtered; nothing else of what was sent is passed on."""
    sent, kept = QueryDict(request.POST.get("back", "")), QueryDict(mutable=True)
    kept.update({name: sent[name] for name in FILTERS if sent.get(name)})
    query = kept.urlencode()
    return redirect(f"{reverse('holds')}{'?' if query else ''}{query}")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(EVERYWHERE, "hold releases everywhere")
def hold_everywhere(request: HttpRequest) -> HttpResponse:
    """Show what a hold everywhere catches; save it when just this preview was seen."""
    if request.method != "POST":
        given = {name: request.GET[name] for name in FIELDS if name in request.GET}
        return _form(request, HoldEverywhereForm(initial=given))
    form = HoldEverywhereForm(request.POST)
    if not form.is_valid():
        return _form(request, form)
    wants_to_save = request.POST.get("action") == "hold"
    if wants_to_save and request.POST.get("previewed") == form.digest:
        try:
            held = hold_it_everywhere(form.instance, by=person(request), at=now())
        except ValidationError as error:
            form.add_error(None, error.messages)
            return _form(request, form)
        return _held(request, held)
    if wants_to_save:
        text = "The form says something else than the preview did. Nothing is saved yet."
        messages.warning(request, text)
    return _form(request, form)


def _form(request: HttpRequest, form: HoldEverywhereForm) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "preview": None}
    if form.is_bound and form.is_valid():
        context["preview"] = shown(preview(form.instance, at=now()))
    return render(request, "holds/everywhere.html", context)


def _held(request: HttpRequest, held: Held) -> HttpResponse:
    name = f"{held.hold.project} {held.hold.releases or '(all releases)'}"
    if held.is_new:
        messages.success(request, f"{name} is held everywhere.")
    else:
        messages.warning(request, f"{name} is held everywhere already; no second hold was made.")
    _start(request, held.runs)
    for sdk in held.waiting:
        text = f"{sdk.name} waits: somebody else must confirm the hold, then its run starts."
        messages.warning(request, text)
    return redirect("holds")


def _start(request: HttpRequest, runs: Iterable[Run]) -> None:
    for run in runs:
        enqueue(run)
        text = '<a href="{}">Emergency run {}</a> of {} is on its way: {}.'
        names = ", ".join(run.only or ())
        address = reverse("run", args=[run.pk])
        messages.success(request, format_html(text, address, run.pk, run.channel.slug, names))

"""The buttons of a proposal: each does one thing, and says so on the page that it leads back to."""

from collections.abc import Callable
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from matrix.review.choosing import listed
from matrix.review.commenting import comment
from matrix.review.deciding import reject, waive, withdraw_all
from matrix.review.errors import ReviewError
from matrix.review.models import Publication
from matrix.sdk.publishing import publish_approved
from portal.accounts.permissions import require
from portal.home.access import DECIDE, PUBLISH, VIEW, needs, person
from portal.home.acting import (
    Decided,
    HoldEnd,
    NotUnderstood,
    approve_chosen,
    approve_seen,
    approve_seen_and_publish,
    decline_chosen,
)
from portal.home.addresses import address_of
from portal.home.filtering import Filters
from portal.home.views.proposals import find, keys_in

MOST_IN_ADDRESS = 300  # Selected items; servers bound the length of an address.


@require_POST
@needs(VIEW, "look at proposals")
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Do what the pressed button says; a refusal is a sentence on the proposal's page."""
    find(number)
    act = ACTIONS.get(_action(request))
    if act is None:
        messages.error(request, "Nothing was decided: the page did not say what to do.")
        return _back(request, number)
    try:
        return act(request, number)
    except ReviewError as error:
        messages.error(request, str(error))
        return _back(request, number)


def _action(request: HttpRequest) -> str:
    """A button that names its own items says so by its name."""
    return "approve" if "approve" in request.POST else request.POST.get("action", "")


def _approve(request: HttpRequest, number: int) -> HttpResponse:
    require(request.user, DECIDE, f"approve items of proposal {number}")
    chosen = _chosen(request)
    done = approve_chosen(number, chosen, by=person(request), at=now(), base=_base(request))
    _say(request, done, "approved")
    return _back(request, number, after=chosen)


def _approve_all(request: HttpRequest, number: int) -> HttpResponse:
    require(request.user, DECIDE, f"approve proposal {number}")
    as_seen = request.POST.get("seen", "")
    done = approve_seen(number, by=person(request), at=now(), as_seen=as_seen)
    _say(request, done, "approved")
    return _back(request, number)


def _approve_and_publish(request: HttpRequest, number: int) -> HttpResponse:
    require(request.user, DECIDE, f"approve proposal {number}")
    require(request.user, PUBLISH, f"publish proposal {number}")
    publication = approve_seen_and_publish(
        number,
        by=person(request),
        at=now(),
        as_seen=request.POST.get("seen", ""),
        comment=_text(request, "comment"),
    )
    return _published(request, publication)


def _decline(request: HttpRequest, number: int) -> HttpResponse:
    require(request.user, DECIDE, f"decline items of proposal {number}")
    chosen = _chosen(request)
    done = decline_chosen(
        number,
        chosen,
        by=person(request),
        at=now(),
        reason=_text(request, "reason"),
        propose_again=request.POST.get("propose_again", ""),
        until=HoldEnd(
            ends_on=_day(request, "ends_on"),
            lift_when=_text(request, "lift_when"),
            lift_project=_text(request, "lift_project"),
            lift_releases=_text(request, "lift_releases"),
        ),
    )
    _say(request, done, "declined")
    return _back(request, number, after=chosen)


def _undo(request: HttpRequest, number: int) -> HttpResponse:
    require(request.user, DECIDE, f"undo decisions of proposal {number}")
    decisions = keys_in(request.POST.get("decisions", ""))
    count = withdraw_all(number, decisions, by=person(request), at=now())
    messages.success(request, f"{_items(count)} undecided again.")
    return _back(request, number)


def _select(request: HttpRequest, number: int) -> HttpResponse:
    """Show what is selected, and what it comes to, where no script counts."""
    chosen = _chosen(request)
    if len(chosen) > MOST_IN_ADDRESS:
        raise NotUnderstood(
            f"{len(chosen)} items are more than can be selected one by one "
            f"({MOST_IN_ADDRESS}). Filter, then select all that are shown."
        )
    return redirect(_address(request, number, item=".".join(map(str, chosen))))


def _publish(request: HttpRequest, number: int) -> HttpResponse:
    require(request.user, PUBLISH, f"publish proposal {number}")
    words = _text(request, "comment")
    publication = publish_approved(number, by=person(request), at=now(), comment=words)
    return _published(request, publication)


def _reject(request: HttpRequest, number: int) -> HttpResponse:
    require(request.user, DECIDE, f"reject proposal {number}")
    reject(number, by=person(request), at=now(), reason=_text(request, "reason"))
    messages.success(request, f"Proposal {number} rejected. The next run proposes anew.")
    return redirect("proposal", number)


def _comment(request: HttpRequest, number: int) -> HttpResponse:
    part = request.POST.get("part", "")
    said = comment(number, part=part, text=_text(request, "text"), by=person(request), at=now())
    messages.success(request, f"Your comment stands with {said.part or f'proposal {number}'}.")
    return _back(request, number)


def _waive(request: HttpRequest, number: int) -> HttpResponse:
    require(request.user, DECIDE, f"waive findings of proposal {number}")
    finding = _one_key(request, "finding")
    if not find(number).findings.filter(pk=finding, is_blocking=True).exists():
        raise NotUnderstood(f"Proposal {number} has no such finding: a run has looked again since.")
    waived = waive(finding, by=person(request), at=now(), reason=_text(request, "reason"))
    messages.success(request, f"The finding on {waived.part or 'the proposal'} may pass.")
    return _back(request, number)


ACTIONS: dict[str, Callable[[HttpRequest, int], HttpResponse]] = {
    "approve": _approve,
    "approve all": _approve_all,
    "approve and publish": _approve_and_publish,
    "comment": _comment,
    "decline": _decline,
    "publish": _publish,
    "reject": _reject,
    "select": _select,
    "undo": _undo,
    "waive": _waive,
}


def _published(request: HttpRequest, publication: Publication) -> HttpResponse:
    channel, number = publication.channel, publication.number
    messages.success(request, f"Publication {number} of {channel.slug} is current.")
    return redirect(address_of(channel, "publication", number))


# --- What a form says ----------------------------------------------------------------------------
def _chosen(request: HttpRequest) -> list[int]:
    """Return the keys of the items that the button names, else of those that are ticked."""
    if own := request.POST.get("approve"):
        return keys_in(own)
    chosen = keys_in(".".join(request.POST.getlist("item")))
    if not chosen:
        raise NotUnderstood("No item is selected, so nothing was decided. Tick some, then decide.")
    return chosen


def _base(request: HttpRequest) -> int | None:
    text = request.POST.get("base", "")
    return int(text) if text.isdecimal() else None


def _one_key(request: HttpRequest, name: str) -> int:
    return next(iter(keys_in(request.POST.get(name, ""))), 0)


def _day(request: HttpRequest, name: str) -> date | None:
    text = _text(request, name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise NotUnderstood(f'"{text}" is not a day such as 2026-12-31.') from error


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n").strip()


# --- What is answered ----------------------------------------------------------------------------
def _say(request: HttpRequest, done: Decided, verb: str) -> None:
    along = f" {listed(done.along)} went along: others need it." if done.along else ""
    tags = f"undo-{'.'.join(map(str, done.decisions))}"
    messages.success(request, f"{_items(done.number)} {verb}.{along}", extra_tags=tags)


def _items(number: int) -> str:
    return f"{number} item{'' if number == 1 else 's'}"


def _back(request: HttpRequest, number: int, *, after: list[int] | None = None) -> HttpResponse:
    """Go back to where the form stood; a page moves on to what comes after the last decision."""
    if request.POST.get("from") == "item":
        here = _one_key(request, "next" if after else "here")
        if here:
            return redirect("proposal-item", number, here)
    extra = {"after": str(after[-1])} if after else {}
    return redirect(_address(request, number, **extra))


def _address(request: HttpRequest, number: int, **extra: str) -> str:
    """Return the address of the proposal's page with the filters that it had."""
    query = QueryDict(mutable=True)
    query.update(QueryDict(Filters.of(QueryDict(request.POST.get("view", "")).dict()).query()[1:]))
    query.update(extra)
    return f"{reverse('proposal', args=[number])}{f'?{query.urlencode()}' if query else ''}"

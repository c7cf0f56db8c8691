"""Ending a hold by hand, and renewing one: what the list of holds lets people do."""

from datetime import UTC, date, datetime

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from integrations.catalogue.confirming import ask
from integrations.catalogue.models import Hold
from integrations.catalogue.models.sdk import change_reason, changed_by
from integrations.catalogue.validators import validate_line
from matrix.review.permissions import require
from matrix.sdk.effects import note_effect
from matrix.sdk.emergency import EVERYWHERE
from matrix.sdk.lifting import condition_of

ADD, CHANGE = "catalogue.add_hold", "catalogue.change_hold"
LONGEST_REASON = 200


class HoldRefused(Exception):
    """What was asked of a hold cannot be done. The message says why, and what would be right."""


@transaction.atomic
def add(hold: Hold, *, by: User, at: datetime) -> Hold:
    """
    Save a new hold of one SDK or one integration, from today on.

    Raises NotAllowed and ValidationError. One everywhere goes through ``emergency``.
    """
    require(by, ADD, "add holds")
    hold.starts_on = hold.starts_on or at.astimezone(UTC).date()
    hold.full_clean()
    ask(hold, by=by)
    _save(hold, by, "Held by a command.")
    note_effect(hold, at=at)
    return hold


@transaction.atomic
def end(pk: int, *, by: User, at: datetime, reason: str) -> Hold:
    """
    End a hold now; *reason* stays with it. The next run ignores it.

    Raises HoldRefused and NotAllowed.
    """
    hold = _locked(pk, by=by, what="end")
    reason = _checked(reason)
    if hold.has_ended(at.astimezone(UTC).date()):
        raise HoldRefused(f"{hold} has ended already.")
    hold.lifted_at = at
    hold.lifted_because = f"ended by {by.get_username()}: {reason}"[:300]
    return _save(hold, by, f"Ended: {reason}")


@transaction.atomic
def renew(pk: int, *, by: User, at: datetime, until: date) -> Hold:
    """
    Let a hold go on until the day *until*, ended or not.

    A condition that has come true is taken from it: the next poll would end it again. Where two
    people are asked for, the renewed hold waits for the second one. Raises HoldRefused, NotAllowed.
    """
    hold = _locked(pk, by=by, what="renew")
    today = at.astimezone(UTC).date()
    if until <= today:
        raise HoldRefused(f"{until} is no day to come. Name one after {today}.")
    hold.ends_on = until
    if hold.remind_on is not None and hold.remind_on <= today:
        hold.remind_on = None
    if hold.lift_when and condition_of(hold, at=at):
        hold.lift_when = hold.lift_project = hold.lift_releases = ""
    ask(hold, by=by)
    try:
        hold.full_clean()
    except ValidationError as error:
        raise HoldRefused(" ".join(error.messages)) from error
    _save(hold, by, f"Renewed until {until}.")
    note_effect(hold, at=at)
    return hold


def _locked(pk: int, *, by: User, what: str) -> Hold:
    rows = Hold.objects.select_for_update(of=("self",)).select_related("integration__sdk", "sdk")
    hold = rows.filter(pk=pk).first()
    if hold is None:
        raise HoldRefused(f"There is no hold {pk} any more.")
    require(by, CHANGE, f"{what} holds")
    if hold.is_everywhere:
        require(by, EVERYWHERE, f"{what} a hold everywhere")
    return hold


def _checked(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise HoldRefused("Say why the hold ends.")
    if len(reason) > LONGEST_REASON:
        raise HoldRefused(f"Say it in {LONGEST_REASON} characters at most.")
    try:
        validate_line(reason)
    except ValidationError as error:
        raise HoldRefused(" ".join(error.messages)) from error
    return reason


def _save(hold: Hold, by: User, why: str) -> Hold:
    changed_by(hold, by)
    change_reason(hold, why)
    hold.save()
    return hold

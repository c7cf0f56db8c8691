"""Second persons: one asks to skip the cooldown or to hold releases everywhere, another agrees."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from integrations.catalogue.models import CooldownBypass, Hold, PinnedPick
from integrations.catalogue.models.base import SecondPerson
from integrations.catalogue.models.sdk import change_reason

Confirmable = PinnedPick | Hold | CooldownBypass


class ConfirmationRefused(Exception):
    """Nobody's confirmation is needed here, or not this person's. The message says why."""


@transaction.atomic
def confirm(thing: Confirmable, *, by: User, at: datetime) -> None:
    """Confirm as the second person; raises ConfirmationRefused."""
    name = title(thing)
    if not needs_confirmation(thing):
        raise ConfirmationRefused(f"{name} needs no second person.")
    if thing.is_confirmed:
        raise ConfirmationRefused(f"{name} is confirmed already, by {thing.approved_by}.")
    if thing.requested_by_id == by.pk:
        raise ConfirmationRefused(f"You asked for {name}: somebody else must confirm it.")
    claimed = type(thing).objects.filter(pk=thing.pk, approved_at=None, **approved_values(thing))
    # Only rows that still say what *by* has seen: the count settles who was first.
    if not claimed.update(approved_by=by, approved_at=at):
        raise ConfirmationRefused(f"{name} has just been changed. Look at it again.")
    thing.refresh_from_db()
    change_reason(thing, "confirmed by a second person")
    thing.save()


def title(thing: Confirmable) -> str:
    """Name *thing* where it stands alone."""
    match thing:
        case PinnedPick():
            return f"{thing.integration} {thing}"
        case CooldownBypass():
            return f"{thing} in {thing.sdk}"
    return str(thing)


def needs_confirmation(thing: Confirmable) -> bool:
    """Whether a second person has a say in what *thing* does."""
    match thing:
        case PinnedPick():
            return thing.skips_cooldown
        case CooldownBypass():
            return thing.sdk.second_person_cooldown
    return thing.is_everywhere


def ask(thing: SecondPerson, *, by: User | None) -> None:
    """Note who asks for what *thing* says now; an approval of what it said before is void."""
    thing.requested_by = by
    thing.approved_by = None
    thing.approved_at = None
    if isinstance(thing, Hold):
        thing.reopen()  # So is what lifted it.


def approved_values(thing: SecondPerson) -> Mapping[str, Any]:
    """Return what an approval is for; compare it before and after a change."""
    columns = {field.name: field.attname for field in thing._meta.concrete_fields}
    return {columns[name]: getattr(thing, columns[name]) for name in thing.approved_fields}

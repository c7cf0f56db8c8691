"""
Declining what an integration brings in until a hold ends, which is made with the decision.

One hold keeps out exactly one release that the item would bring in (``==5.0``): a specifier that
spans several would keep out releases that nobody looked at, and what comes after them. Only an
integration that nothing is published of is held as a whole. Where the holds end when what is held
is no longer the latest, that is said of the highest of them; the others end when a higher release
exists, which comes to the same day.
"""

from collections.abc import Collection, Iterable
from copy import copy
from datetime import UTC, date, datetime

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from packaging.version import Version

from integrations.catalogue.choices import LiftWhen
from integrations.catalogue.confirming import ask
from integrations.catalogue.models import Hold, Integration
from integrations.catalogue.models.sdk import change_reason
from matrix.review.choosing import chosen_items
from matrix.review.deciding import decline_items
from matrix.review.errors import ReviewError
from matrix.review.locking import lock_open_proposal
from matrix.review.models import Channel, Decision, Item
from matrix.review.permissions import require
from matrix.review.state import changes_of
from matrix.review.waiting import waited_for
from matrix.rules.diffing import PartDiff
from matrix.rules.parts import LAYOUT
from matrix.sdk.channel import differences

PREFIX = "hold "


class CannotHold(ReviewError):
    """A hold would keep nothing out, or cannot be stored as it is described."""


@transaction.atomic
def decline_until_hold_ends(
    number: int,
    item_ids: Collection[int],
    *,
    by: User,
    at: datetime,
    reason: str,
    ends_on: date | None = None,
    remind_on: date | None = None,
    lift_when: str = "",
    lift_project: str = "",
    lift_releases: str = "",
) -> list[Hold]:
    """
    Decline the items of these ids, and hold the releases that they bring in; all or nothing.

    The holds begin on the day of *at*, belong to *by*, and are returned by integration and
    release. Each decision waits for the hold of the highest release of its item: the very same
    change cannot come back before all of them have ended. Raises NotAllowed without
    ``review.decide`` and ``catalogue.add_hold``, CannotHold, and what decline_items raises.
    """
    require(by, "review.decide", f"decline items of proposal {number}")
    require(by, "catalogue.add_hold", "put releases on hold")
    channel, proposal = lock_open_proposal(number)
    items = chosen_items(proposal, item_ids, at=at)
    described = Hold(
        reason=reason,
        owner=by.get_username()[:100],
        starts_on=at.astimezone(UTC).date(),
        ends_on=ends_on,
        remind_on=remind_on,
        lift_when=lift_when,
        lift_project=lift_project,
        lift_releases=lift_releases,
    )
    found = []
    for item, releases in _to_hold(channel, items):
        holds = [
            _hold(_condition(described, one, releases[-1]), item, one, by=by, number=number)
            for one in releases
        ]
        decline_items(
            number,
            [item[1].pk],
            by=by,
            at=at,
            reason=reason,
            propose_again=Decision.ProposeAgain.WHEN_A_HOLD_ENDS,
            waits_for=name_of(holds[-1].pk),
        )
        found += holds
    return found


def name_of(hold: int) -> str:
    """Return what a decision that waits for this hold says: ``hold 12``."""
    return f"{PREFIX}{hold}"


def ended_holds(channel: Channel, *, as_of: datetime) -> set[str]:
    """Return what decisions of *channel* wait for and that has ended, was lifted or is gone."""
    waited = {name: int(name.removeprefix(PREFIX)) for name in waited_for(channel)}
    if not waited:
        return set()
    rows = Hold.objects.in_bulk(waited.values())
    return {name for name, pk in waited.items() if pk not in rows or is_over(rows[pk], as_of)}


def is_over(hold: Hold, as_of: datetime) -> bool:
    """Whether *hold* has ended; one that has not begun yet has not."""
    has_ended = hold.ends_on is not None and hold.ends_on <= as_of.astimezone(UTC).date()
    return has_ended or (hold.lifted_at is not None and hold.lifted_at <= as_of)


Place = tuple[Integration, Item]


def _to_hold(channel: Channel, items: Iterable[Item]) -> list[tuple[Place, list[str]]]:
    """Return what is to be held for each item: specifiers, ascending by release."""
    ordered = list(items)
    diffs = differences(changes_of(ordered))
    names = [item.part for item in ordered]
    rows = Integration.objects.filter(sdk__slug=channel.slug, name__in=names).select_related("sdk")
    integrations = {row.name: row for row in rows}
    found = []
    for item, diff in zip(ordered, diffs, strict=True):
        releases = _releases(item, diff)
        if not releases or item.part not in integrations:
            raise CannotHold(
                f"{item.part} brings no release into the matrix, so there is nothing to hold. "
                "Decline it until the next run or until it changes."
            )
        found.append(((integrations[item.part], item), releases))
    return found


def _releases(item: Item, diff: PartDiff) -> list[str]:
    if item.part == LAYOUT:
        raise CannotHold(
            "The layout has no releases that a hold could keep out. "
            "Decline it until the next run or until it changes."
        )
    if item.old_id is None:
        return [""]  # Every release: nothing of it was published, and nothing shall be.
    return [f"=={version}" for version in brought_in(diff)]


def brought_in(diff: PartDiff) -> list[Version]:
    """Return the releases that come with a change, ascending: added rows and those moved to."""
    return sorted([row.version for row in diff.added] + [move.new.version for move in diff.moved])


def _condition(described: Hold, releases: str, highest: str) -> Hold:
    """Return the description for one of several releases, of which only one can be the latest."""
    if described.lift_when != LiftWhen.NO_LONGER_LATEST or releases == highest:
        return described
    changed = copy(described)
    changed.lift_when = LiftWhen.RELEASE_EXISTS.value
    changed.lift_releases = f">{highest.removeprefix('==')}"
    return changed


def _hold(described: Hold, place: Place, releases: str, *, by: User, number: int) -> Hold:
    integration, _ = place
    fields = {field.name for field in Hold._meta.concrete_fields} - {"id", "sdk"}
    values = {name: getattr(described, name) for name in fields}
    hold = Hold(**{**values, "integration": integration, "releases": releases})
    ask(hold, by=by)
    try:
        hold.full_clean()
    except ValidationError as error:
        raise CannotHold(_in_words(hold, error)) from error
    change_reason(hold, f"Declined in proposal {number}.")
    hold._history_user = by  # type: ignore[attr-defined]  # noqa: SLF001  (its documented name)
    hold.save()
    return hold


def _in_words(hold: Hold, error: ValidationError) -> str:
    """Name the fields that cannot be stored: ``reason: Ensure this value has …``."""
    names = {field.name: field.verbose_name for field in hold._meta.concrete_fields}
    told = [
        f"{names[name]}: {text}" if name in names else text
        for name, texts in error.message_dict.items()
        for text in texts
    ]
    return f"The hold cannot be made. {' '.join(told)}"

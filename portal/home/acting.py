"""What the buttons of the pages do: each is one transaction, and safe to be pressed twice."""

import dataclasses
import hashlib
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import transaction
from django_q.tasks import async_task

from integrations.catalogue.models import Sdk
from matrix.review.deciding import approve_all, approve_items, decline_items
from matrix.review.errors import BaseMoved, ReviewError
from matrix.review.locking import lock_channel, lock_open_proposal
from matrix.review.models import Decision, Item, Proposal, Publication, Run
from matrix.review.runs import OVER
from matrix.sdk.channel import KIND, channel_of
from matrix.sdk.coupling import companions
from matrix.sdk.declining import decline_until_hold_ends
from matrix.sdk.publishing import approve_and_publish
from matrix.sdk.reporting import report_on
from matrix.sdk.running import request

RUN_TASK = "portal.tasks.run_channel"
ProposeAgain = Decision.ProposeAgain


class NotUnderstood(ReviewError):
    """A form that says something else than the page offers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldEnd:
    """When a hold that is made with a refusal ends; nothing of it: only by hand."""

    ends_on: date | None = None
    lift_when: str = ""
    lift_project: str = ""
    lift_releases: str = ""


@transaction.atomic
def start_run(sdk: Sdk, *, by: User, at: datetime) -> tuple[Run, bool]:
    """Return a new run of everything and True, or the one that is under way and False."""
    channel = lock_channel(channel_of(sdk).pk)
    for run in channel.runs.exclude(status__in=OVER).order_by("-pk"):
        if not run.is_scoped:
            return run, False
    run = request(sdk, by=by, at=at)
    transaction.on_commit(lambda: async_task(RUN_TASK, run.pk))
    return run, True


def seen(items: Iterable[Item]) -> str:
    """Name what a page showed as undecided; an item that was rebuilt has another key."""
    keys = sorted(item.pk for item in items)
    return hashlib.sha256(",".join(map(str, keys)).encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """What a button did, and what takes it back."""

    number: int  # Of items.
    along: tuple[str, ...]  # Parts that others of them required.
    decisions: tuple[int, ...]  # Their keys.


@transaction.atomic
def approve_seen(number: int, *, by: User, at: datetime, as_seen: str) -> Decided:
    """Approve every undecided item, if these are the ones that the page showed."""
    undecided = _require_seen(number, as_seen)
    approve_all(number, by=by, at=at)
    return _decided(undecided)


@transaction.atomic
def approve_seen_and_publish(
    number: int, *, by: User, at: datetime, as_seen: str, comment: str
) -> Publication:
    """Approve as :func:`approve_seen` does, and publish: both, or neither."""
    _require_seen(number, as_seen)
    return approve_and_publish(number, by=by, at=at, comment=comment)


@transaction.atomic
def approve_chosen(
    number: int, item_ids: Collection[int], *, by: User, at: datetime, base: int | None
) -> Decided:
    """Approve these items and the undecided ones that they require: all of them, or none."""
    _, proposal = lock_open_proposal(number)
    required = required_by(proposal, item_ids)
    chosen = [*item_ids, *required.values()]
    approve_items(number, chosen, by=by, at=at, base=base)
    return _decided(chosen, along=required)


def required_by(proposal: Proposal, item_ids: Collection[int]) -> dict[str, int]:
    """Return what cannot do without: the parts and keys of undecided items that others need."""
    reports = report_on(proposal).items
    needs = {
        part: [one.part for one in found if one.is_required]
        for part, found in companions(reports).items()
    }
    open_items = {one.part: one.item.pk for one in reports if one.is_undecided}
    chosen = {one.part for one in reports if one.item.pk in item_ids}
    along = with_required(needs, open_items, chosen) - chosen
    return {part: open_items[part] for part in sorted(along)}


def with_required(
    needs: Mapping[str, Iterable[str]], open_parts: Container[str], parts: Iterable[str]
) -> set[str]:
    """Return those of *parts* that are open, with the open ones that these need, and so on."""
    found: set[str] = set()
    wanted = list(parts)
    while wanted:
        part = wanted.pop()
        if part in open_parts and part not in found:
            found.add(part)
            wanted += needs.get(part, ())
    return found


@transaction.atomic
def decline_chosen(
    number: int,
    item_ids: Collection[int],
    *,
    by: User,
    at: datetime,
    reason: str,
    propose_again: str,
    until: HoldEnd,
) -> Decided:
    """Decline exactly these items; "until a hold ends" makes the holds as well."""
    if propose_again == ProposeAgain.WHEN_A_HOLD_ENDS:
        _require_integrations(number)
        decline_until_hold_ends(
            number, item_ids, by=by, at=at, reason=reason, **dataclasses.asdict(until)
        )
    elif propose_again in ProposeAgain.values:
        decline_items(
            number,
            item_ids,
            by=by,
            at=at,
            reason=reason,
            propose_again=ProposeAgain(propose_again),
        )
    else:
        raise NotUnderstood(f'"{propose_again}" does not say when to propose the items again.')
    return _decided(item_ids)


def _require_integrations(number: int) -> None:
    """Holds that are made with a refusal are of integrations, which only an SDK has."""
    _, proposal = lock_open_proposal(number)
    if proposal.channel.kind != KIND:
        raise NotUnderstood(
            f"Nothing of {proposal.channel} can wait for a hold of an integration. Hold the "
            "release everywhere, which keeps it out of locks, too."
        )


def _decided(items: Iterable[Item | int], along: Iterable[str] = ()) -> Decided:
    standing = Decision.objects.filter(item__in=list(items), withdrawn_at=None)
    keys = tuple(sorted(standing.values_list("pk", flat=True)))
    return Decided(number=len(keys), along=tuple(along), decisions=keys)


def _require_seen(number: int, as_seen: str) -> list[Item]:
    _, proposal = lock_open_proposal(number)
    undecided = list(proposal.items.undecided())
    if undecided and seen(undecided) != as_seen:
        raise BaseMoved(
            f"Proposal {number} has changed since you opened the page: nothing was approved. "
            "Read it again, then decide."
        )
    return undecided

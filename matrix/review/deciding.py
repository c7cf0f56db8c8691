"""
Approving, declining, withdrawing: people's part of the review.

A decision stands until it is withdrawn, its item changes, or it is published. Decisions of two
people at once are settled by the channel's lock; one decision per item stands, says the table.
"""

from collections.abc import Callable, Collection
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from matrix.review.choosing import chosen_decisions, chosen_items
from matrix.review.errors import (
    AlreadyDecided,
    CannotWaive,
    CannotWithdraw,
    NotProposed,
    ReasonMissing,
)
from matrix.review.locking import (
    find_proposal,
    lock_channel,
    lock_open_proposal,
    require_current_base,
)
from matrix.review.models import Decision, Finding, Item, Proposal
from matrix.review.texts import require_usable
from matrix.review.waiting import LASTING

Verdict = Decision.Verdict
ProposeAgain = Decision.ProposeAgain


def approve_all(number: int, *, by: User, at: datetime, base: int | None = None) -> int:
    """
    Approve every undecided item of proposal *number*; return how many.

    *base* is the number of the publication that the reviewer's page compared with (0: none).
    """
    with transaction.atomic():
        channel, proposal = lock_open_proposal(number)
        require_current_base(channel, proposal, base)
        return _decide(_undecided(proposal), _approved(by, at))


def approve(
    number: int, parts: Collection[str], *, by: User, at: datetime, base: int | None = None
) -> int:
    """Approve the undecided items of these *parts*; return how many."""
    with transaction.atomic():
        channel, proposal = lock_open_proposal(number)
        require_current_base(channel, proposal, base)
        return _decide(_chosen(proposal, parts), _approved(by, at))


def approve_items(
    number: int, item_ids: Collection[int], *, by: User, at: datetime, base: int | None = None
) -> int:
    """
    Approve the items of these ids, all or none; return how many.

    Raises NotProposed, AlreadyDecided or BaseMoved, which name what changed since the page with
    these ids was opened.
    """
    with transaction.atomic():
        channel, proposal = lock_open_proposal(number)
        items = chosen_items(proposal, item_ids, at=at)
        require_current_base(channel, proposal, base)
        return _decide(items, _approved(by, at))


def decline(
    number: int,
    parts: Collection[str],
    *,
    by: User,
    at: datetime,
    reason: str,
    propose_again: ProposeAgain = ProposeAgain.NEXT_RUN,
    waits_for: str = "",
) -> int:
    """
    Decline the undecided items of these *parts*; return how many.

    *waits_for* names the hold whose end makes a run propose them again, and only then.
    """
    _require_reason(reason, "why it is declined")
    with transaction.atomic():
        _, proposal = lock_open_proposal(number)
        make = _declined(by, at, reason, propose_again, waits_for)
        return _decide(_chosen(proposal, parts), make)


def decline_items(
    number: int,
    item_ids: Collection[int],
    *,
    by: User,
    at: datetime,
    reason: str,
    propose_again: ProposeAgain,
    waits_for: str = "",
) -> int:
    """Decline the items of these ids as :func:`decline` does parts, all or none."""
    _require_reason(reason, "why it is declined")
    with transaction.atomic():
        _, proposal = lock_open_proposal(number)
        items = chosen_items(proposal, item_ids, at=at)
        return _decide(items, _declined(by, at, reason, propose_again, waits_for))


def reject(number: int, *, by: User, at: datetime, reason: str) -> int:
    """
    Decline every undecided item until the next run and close the proposal; return how many.

    What was approved and not published is not published either; the next run proposes it again.
    """
    _require_reason(reason, "why it is rejected")
    with transaction.atomic():
        _, proposal = lock_open_proposal(number)
        undecided = list(proposal.items.undecided())
        make = _declined(by, at, reason, ProposeAgain.NEXT_RUN)
        Decision.objects.bulk_create(map(make, undecided))
        proposal.status = Proposal.Status.CLOSED
        proposal.closed_by, proposal.closed_at = by, at
        proposal.closing_reason = reason
        proposal.save()
        return len(undecided)


def withdraw(decision_id: int, *, by: User, at: datetime) -> Decision:
    """
    Take one decision back; its item is undecided again.

    "Declined until it changes" and "until a hold ends" can be taken back after the proposal is
    over, too: then the next run proposes the change again.
    """
    with transaction.atomic():
        decision = _lock_decision(decision_id)
        if problem := _why_not_withdrawn(decision):
            raise CannotWithdraw(problem)
        decision.withdrawn_at, decision.withdrawn_by = at, by
        decision.save()
        return decision


def withdraw_all(number: int, decision_ids: Collection[int], *, by: User, at: datetime) -> int:
    """Take decisions of proposal *number* back as :func:`withdraw` does one, all or none."""
    with transaction.atomic():
        proposal = find_proposal(number)
        lock_channel(proposal.channel_id)
        decisions = chosen_decisions(proposal, decision_ids)
        problems = dict.fromkeys(filter(None, map(_why_not_withdrawn, decisions)))
        if problems:
            raise CannotWithdraw(f"{' '.join(problems)} Nothing was withdrawn.")
        rows = Decision.objects.filter(pk__in=[decision.pk for decision in decisions])
        return rows.update(withdrawn_at=at, withdrawn_by=by)


def waive(finding_id: int, *, by: User, at: datetime, reason: str) -> Finding:
    """Let a blocking finding pass, for this change of its part and no other."""
    _require_reason(reason, "why it may pass")
    with transaction.atomic():
        number = Finding.objects.values_list("proposal__number", flat=True).get(pk=finding_id)
        lock_open_proposal(number)
        finding = Finding.objects.filter(pk=finding_id).first()
        if finding is None or finding.waived_at:
            raise CannotWaive(f"The finding is waived or gone; look at proposal {number} again.")
        finding.waived_by, finding.waived_at, finding.waiver = by, at, reason
        finding.save()
        return finding


def _decide(items: Collection[Item], make: Callable[[Item], Decision]) -> int:
    return len(Decision.objects.bulk_create(map(make, items)))


def _approved(by: User, at: datetime) -> Callable[[Item], Decision]:
    return lambda item: Decision(item=item, verdict=Verdict.APPROVED, decided_by=by, decided_at=at)


def _declined(
    by: User, at: datetime, reason: str, propose_again: ProposeAgain, waits_for: str = ""
) -> Callable[[Item], Decision]:
    return lambda item: Decision(
        item=item,
        verdict=Verdict.DECLINED,
        reason=reason,
        propose_again=propose_again,
        waits_for=waits_for,
        decided_by=by,
        decided_at=at,
    )


def _undecided(proposal: Proposal) -> list[Item]:
    items = list(proposal.items.undecided())
    if not items:
        raise AlreadyDecided(
            f"Nothing in proposal {proposal.number} is undecided; publish what is approved, "
            "or withdraw a decision first."
        )
    return items


def _chosen(proposal: Proposal, parts: Collection[str]) -> list[Item]:
    items = {item.part: item for item in proposal.items.unpublished()}
    if missing := sorted(set(parts) - items.keys()):
        raise NotProposed(
            f"Proposal {proposal.number} does not propose {', '.join(missing)}; "
            "read it again: it was rebuilt or published since."
        )
    undecided = {item.part for item in proposal.items.undecided()}
    if decided := sorted(set(parts) - undecided):
        raise AlreadyDecided(
            f"{', '.join(decided)}: decided already in proposal {proposal.number}; "
            "withdraw that decision first."
        )
    return [items[part] for part in sorted(set(parts))]


def _require_reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise ReasonMissing(f"Say {what}: the reason is empty.")
    require_usable(reason, "The reason")


def _lock_decision(decision_id: int) -> Decision:
    rows = Decision.objects.select_related("item__proposal", "item__published_in")
    channel_id = rows.values_list("item__proposal__channel", flat=True).get(pk=decision_id)
    lock_channel(channel_id)
    return rows.get(pk=decision_id)


def _why_not_withdrawn(decision: Decision) -> str:
    item = decision.item
    proposal = item.proposal
    if decision.withdrawn_at:
        return f"The decision about {item.part} does not stand any more."
    if item.published_in:
        return (
            f"{item.part} is in publication {item.published_in.number} already; "
            "change the catalogue and start a run to propose something else."
        )
    is_lasting = decision.propose_again in LASTING
    if proposal.status == Proposal.Status.REPLACED or (
        proposal.status != Proposal.Status.OPEN and not is_lasting
    ):
        return (
            f"Proposal {proposal.number} is {proposal.status}; its decisions are history. "
            "Decide in the open proposal, or start a run."
        )
    return ""

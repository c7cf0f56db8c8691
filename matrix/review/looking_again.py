"""Decisions that were lost because their item changed: somebody has to look at it again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from matrix.review.models import Decision, Proposal
from matrix.review.state import load_bodies, with_replaced


@dataclass(frozen=True, kw_only=True, slots=True)
class LostDecision:
    """
    What was decided about a part before its item changed, with the change decided upon.

    Whoever can read bodies tells from them what the present item has that this one had not.
    """

    decision: Decision  # With ``decided_by``, ``item`` and ``item.proposal``.
    old_body: str | None  # None: the part was not there.
    new_body: str | None
    lost_at: datetime


def lost_decisions(proposal: Proposal) -> dict[str, LostDecision]:
    """
    Return the decision that each undecided item of *proposal* lost, by part; in four queries.

    It is the last one about the part, in this proposal or in those that it replaced. One that a
    person withdrew is not lost, nor is "not now": a run asks about that again anyway.
    """
    parts = set(proposal.items.undecided().values_list("part", flat=True))
    rows = Decision.objects.filter(
        item__proposal__in=with_replaced(proposal), item__part__in=parts
    ).select_related("item__proposal", "decided_by")
    lost: dict[str, tuple[Decision, datetime]] = {}
    for part, decision in _last(rows.order_by("pk")).items():
        if lost_at := _lost_at(decision):
            lost[part] = decision, lost_at
    bodies = _bodies(decision for decision, _ in lost.values())
    return {
        part: LostDecision(
            decision=decision,
            old_body=bodies.get(decision.item.old_id or ""),
            new_body=bodies.get(decision.item.new_id or ""),
            lost_at=lost_at,
        )
        for part, (decision, lost_at) in sorted(lost.items())
    }


def _last(decisions: Iterable[Decision]) -> dict[str, Decision]:
    return {decision.item.part: decision for decision in decisions}


def _lost_at(decision: Decision) -> datetime | None:
    """Return when the change of an item took *decision* away; None: something else did."""
    item = decision.item
    if item.published_in_id or decision.propose_again == Decision.ProposeAgain.NEXT_RUN:
        return None
    if item.dropped_at:  # The rebuild withdrew it at the same moment, unless somebody had before.
        is_lost = decision.withdrawn_by_id is None and decision.withdrawn_at == item.dropped_at
        return item.dropped_at if is_lost else None
    is_history = item.proposal.status == Proposal.Status.REPLACED
    return item.proposal.closed_at if is_history and decision.withdrawn_at is None else None


def _bodies(decisions: Iterable[Decision]) -> dict[str, str]:
    items = [decision.item for decision in decisions]
    return load_bodies({sha for item in items for sha in (item.old_id, item.new_id) if sha})

"""
A run's parts become a proposal: one transaction, one writer per channel.

A part that the run did not cover stays as it is, in the published state and in the open proposal.
A decision belongs to an item's two snapshots: it stays where both are the same, and nowhere else.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from matrix.review import annotating, runs, waiting
from matrix.review.comparing import Comparison, compare
from matrix.review.locking import lock_channel
from matrix.review.models import Decision, Item, Proposal, Run
from matrix.review.state import changes_of
from matrix.review.values import Change, ComputedPart, Found, Summarise

UNTIL = {
    Decision.ProposeAgain.WHEN_IT_CHANGES.value: "something changes",
    Decision.ProposeAgain.WHEN_A_HOLD_ENDS.value: "a hold ends",
}
__all__ = ["Change", "ComputedPart", "Found", "Summarise", "propose"]


def propose(
    run: Run,
    parts: Sequence[ComputedPart],
    *,
    at: datetime,
    summarise: Summarise,
    ended: Collection[str] = (),
) -> Proposal | None:
    """
    Propose what differs from the current publication, and finish the run; None: nothing differs.

    *ended* names what decisions waited for and need not wait for any more: they are withdrawn, so
    that their change is proposed again. Raises RunIsTaken when another worker proposed for this
    run, or took it over.
    """
    with transaction.atomic():
        channel = lock_channel(run.channel_id)
        if run.status != Run.Status.PROPOSING:
            runs.advance(run, Run.Status.PROPOSING)
        freed = waiting.stop_waiting(channel, ended, covers=run.covers, at=at)
        found = compare(run, channel, parts)
        annotating.assess(found)
        waivers = annotating.waivers(found)
        proposal, outcome = _settle(found, at)
        if proposal:
            annotating.annotate(proposal, found, waivers)
            items = list(proposal.items.unpublished())
            proposal.run, proposal.base_id = run, channel.current_id
            proposal.summary = summarise(changes_of(items))
            proposal.save()
        runs.finish(run, outcome + _freed(freed) + _left_out(found), at=at)
        return proposal


def _settle(found: Comparison, at: datetime) -> tuple[Proposal | None, str]:
    """Make the open proposal hold the wanted items; return it and what the run brought."""
    if not found.wanted:
        return None, _close(found, at)
    if found.open is None:
        proposal = _create(found, at)
        return proposal, f"Proposal {proposal.number}: {_differ(found)}."
    if found.is_unchanged:
        asked_again = _ask_again(found, at)
        return found.open, (
            f"Proposal {found.open.number} stays as it is: the same {_differ(found)}.{asked_again}"
        )
    if found.run.is_scoped:
        _rebuild(found, found.open, at)
        return found.open, f"Proposal {found.open.number} was rebuilt: {_differ(found)}."
    return _replace(found, found.open, at)


def _close(found: Comparison, at: datetime) -> str:
    if found.open is None:
        return f"Nothing to propose: no part differs from {found.base_name}."
    _drop(list(found.items.values()), at)
    proposal = found.open
    has_published = proposal.items.exclude(published_in=None).exists()
    proposal.status = Proposal.Status.PUBLISHED if has_published else Proposal.Status.CLOSED
    proposal.closed_at = at
    proposal.closing_reason = "nothing is left to propose"
    proposal.save()
    return (
        f"Nothing is left to propose: no part differs from {found.base_name}; "
        f"proposal {proposal.number} was closed."
    )


def _create(found: Comparison, at: datetime) -> Proposal:
    proposal = _numbered(found, at)
    _add_items(proposal, found, found.wanted)
    return proposal


def _numbered(found: Comparison, at: datetime) -> Proposal:
    """Make a proposal with the next number, which another channel may take first."""
    while True:
        highest = Proposal.objects.aggregate(highest=Max("number"))["highest"]
        number = (highest or 0) + 1
        try:
            with transaction.atomic():
                return Proposal.objects.create(
                    number=number,
                    channel=found.channel,
                    run=found.run,
                    base_id=found.channel.current_id,
                    proposed_at=at,
                )
        except IntegrityError:
            if not Proposal.objects.filter(number=number).exists():
                raise


def _add_items(proposal: Proposal, found: Comparison, parts: Sequence[str] | dict) -> list[Item]:
    return Item.objects.bulk_create(
        Item(
            proposal=proposal,
            part=part,
            old_id=found.wanted[part].old,
            new_id=found.wanted[part].new,
        )
        for part in sorted(parts)
    )


def _rebuild(found: Comparison, proposal: Proposal, at: datetime) -> None:
    _drop([item for part, item in found.items.items() if part not in found.same], at)
    _ask_again(found, at)
    _add_items(proposal, found, [part for part in found.wanted if part not in found.same])
    proposal.rebuilt_at = at


def _replace(found: Comparison, old: Proposal, at: datetime) -> tuple[Proposal, str]:
    # A channel has one open proposal: the old one steps aside before its successor exists.
    old.status, old.closed_at = Proposal.Status.CLOSED, at
    old.closing_reason = "replaced by the next run"
    old.save()
    proposal = _create(found, at)
    old.status, old.replaced_by = Proposal.Status.REPLACED, proposal
    old.save()
    kept = _keep_decisions(proposal, found)
    carried = f"; {_count(kept, 'decision')} kept" if kept else ""
    return proposal, (
        f"Proposal {proposal.number} replaces proposal {old.number}: {_differ(found)}{carried}."
    )


def _keep_decisions(proposal: Proposal, found: Comparison) -> int:
    successors = {item.part: item for item in proposal.items.all()}
    kept = [
        Decision(
            item=successors[part],
            verdict=decision.verdict,
            reason=decision.reason,
            propose_again=decision.propose_again,
            waits_for=decision.waits_for,
            decided_by_id=decision.decided_by_id,
            decided_at=decision.decided_at,
            kept_from=decision,
        )
        for part, decision in found.decisions.items()
        if part in found.same and not _asks_next_run(decision)
    ]
    return len(Decision.objects.bulk_create(kept))


def _asks_next_run(decision: Decision) -> bool:
    return decision.propose_again == Decision.ProposeAgain.NEXT_RUN


def _ask_again(found: Comparison, at: datetime) -> str:
    """Undo "not now" of the items that this run proposes again."""
    asked = [
        decision.pk
        for part, decision in found.decisions.items()
        if part in found.same and found.run.covers(part) and _asks_next_run(decision)
    ]
    count = Decision.objects.filter(pk__in=asked, withdrawn_at=None).update(withdrawn_at=at)
    return f" {_count(count, 'declined part')} proposed again." if count else ""


def _drop(items: Sequence[Item], at: datetime) -> None:
    Item.objects.filter(pk__in=[item.pk for item in items]).update(dropped_at=at)
    Decision.objects.filter(item__in=items, withdrawn_at=None).update(withdrawn_at=at)


def _differ(found: Comparison) -> str:
    count = len(found.wanted)
    return f"{_count(count, 'part')} differ{'s' if count == 1 else ''} from {found.base_name}"


def _freed(parts: Collection[str]) -> str:
    if not parts:
        return ""
    what = "what it waited for has" if len(parts) == 1 else "what they waited for has"
    return f" {_count(len(parts), 'declined part')} considered again: {what} ended."


def _left_out(found: Comparison) -> str:
    counts = Counter(found.left_out.values())
    return "".join(
        f" {_count(counts[again], 'part')} left out: declined until {until}."
        for again, until in UNTIL.items()
        if counts[again]
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

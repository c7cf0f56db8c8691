"""A run's parts beside what is published and what is proposed; reads, and stores snapshots."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matrix.review.locking import called
from matrix.review.models import Channel, Decision, Item, Proposal, Run
from matrix.review.snapshots import digest, store_all
from matrix.review.state import published_hashes
from matrix.review.values import ComputedPart
from matrix.review.waiting import LASTING


class Pair(NamedTuple):
    """From one snapshot to another; None: the part is not there."""

    old: str | None
    new: str | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Everything that :func:`matrix.review.proposing.propose` decides upon."""

    run: Run
    channel: Channel
    base_name: str
    computed: dict[str, ComputedPart]  # Those in the scope of the run.
    open: Proposal | None
    items: dict[str, Item]  # The open proposal's unpublished ones, by part.
    decisions: dict[str, Decision]  # Those that stand, by part.
    wanted: dict[str, Pair]  # What the open proposal shall hold.
    left_out: dict[str, str]  # Until when their very change was declined, by part.

    @property
    def same(self) -> set[str]:
        """The parts whose item is already there with both snapshots."""
        return {part for part, item in self.items.items() if _pair(item) == self.wanted.get(part)}

    @property
    def is_unchanged(self) -> bool:
        return {part: _pair(item) for part, item in self.items.items()} == self.wanted


def compare(run: Run, channel: Channel, parts: Sequence[ComputedPart]) -> Comparison:
    """Store the snapshots of *parts*, and find out what differs from the current publication."""
    computed = {part.part: part for part in parts if run.covers(part.part)}
    store_all({part.body for part in computed.values() if part.body is not None})
    proposal = channel.proposals.filter(status=Proposal.Status.OPEN).first()
    items = {item.part: item for item in proposal.items.unpublished()} if proposal else {}
    base = published_hashes(channel.current_id)
    differing = _differing(run, base, items, computed)
    left_out = _declined_for_longer(channel, differing, items)
    return Comparison(
        run=run,
        channel=channel,
        base_name=called(channel.current),
        computed=computed,
        open=proposal,
        items=items,
        decisions=_decisions(items),
        wanted={part: pair for part, pair in differing.items() if part not in left_out},
        left_out=left_out,
    )


def _differing(
    run: Run, base: dict[str, str], items: dict[str, Item], computed: dict[str, ComputedPart]
) -> dict[str, Pair]:
    pairs = {}
    for part in sorted(base.keys() | items.keys() | computed.keys()):
        old = base.get(part)
        if run.covers(part):
            new = _new(computed.get(part))
        else:
            new = items[part].new_id if part in items else old
        if old != new:
            pairs[part] = Pair(old, new)
    return pairs


def _new(part: ComputedPart | None) -> str | None:
    """None where the run covers a part and did not come upon it, or made nothing of it: gone."""
    return None if part is None or part.body is None else digest(part.body)


def _declined_for_longer(
    channel: Channel, differing: dict[str, Pair], items: dict[str, Item]
) -> dict[str, str]:
    """
    Find the parts whose very change somebody declined in an earlier proposal, and until when.

    Those of the open proposal stay in it, where the decision can be seen and withdrawn. A replaced
    proposal passed its decisions on to its successor.
    """
    rows = Decision.objects.filter(
        withdrawn_at=None,
        propose_again__in=LASTING,
        item__dropped_at=None,
        item__proposal__channel=channel,
        item__proposal__status__in=[Proposal.Status.PUBLISHED, Proposal.Status.CLOSED],
    ).values_list("item__part", "item__old", "item__new", "propose_again")
    declined = {(part, Pair(old, new)): again for part, old, new, again in rows}
    return {
        part: declined[part, pair]
        for part, pair in differing.items()
        if (part, pair) in declined and not (part in items and _pair(items[part]) == pair)
    }


def _decisions(items: dict[str, Item]) -> dict[str, Decision]:
    rows = Decision.objects.filter(item__in=list(items.values()), withdrawn_at=None)
    parts = {item.pk: part for part, item in items.items()}
    return {parts[decision.item_id]: decision for decision in rows}


def _pair(item: Item) -> Pair:
    return Pair(item.old_id, item.new_id)

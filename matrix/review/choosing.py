"""
The items and decisions that a page names by their ids, and what changed since it was opened.

An id stands for what somebody saw: an item that was rebuilt has another one. Whoever decides about
something that changed meanwhile is told what did, and nothing is written.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from matrix.review.errors import AlreadyDecided, CannotWithdraw, NotProposed
from matrix.review.models import Decision, Item, Proposal
from matrix.review.texts import when

NOTHING = "Nothing was decided."


def chosen_items(proposal: Proposal, item_ids: Collection[int], *, at: datetime) -> list[Item]:
    """
    Return the undecided items of these ids, by part; in four queries at most.

    Raises NotProposed and AlreadyDecided, which name everything that changed since.
    """
    if not item_ids:
        raise NotProposed(f"No item of proposal {proposal.number} was chosen. {NOTHING}")
    rows = Item.with_dropped.filter(pk__in=item_ids, proposal=proposal)
    items = sorted(rows.select_related("published_in"), key=lambda item: item.part)
    _require_own(proposal, set(item_ids) - {item.pk for item in items})
    if changed := _changed(proposal, items, at):
        raise NotProposed(f"{' '.join(changed)} {NOTHING}")
    if decided := _decided(items, at):
        raise AlreadyDecided(f"{' '.join(decided)} Withdraw that first. {NOTHING}")
    return items


def chosen_decisions(proposal: Proposal, decision_ids: Collection[int]) -> list[Decision]:
    """Return the decisions of these ids, withdrawn or not; raises CannotWithdraw."""
    if not decision_ids:
        raise CannotWithdraw(f"No decision of proposal {proposal.number} was chosen.")
    rows = Decision.objects.filter(pk__in=decision_ids, item__proposal=proposal)
    related = ("item__proposal", "item__published_in", "withdrawn_by")
    found = sorted(rows.select_related(*related), key=lambda row: (row.item.part, row.pk))
    if unknown := set(decision_ids) - {decision.pk for decision in found}:
        raise CannotWithdraw(
            f"Proposal {proposal.number} has no {_numbered('decision', unknown)}; "
            "nothing was withdrawn."
        )
    return found


def _require_own(proposal: Proposal, unknown: set[int]) -> None:
    if unknown:
        raise NotProposed(
            f"Proposal {proposal.number} has no {_numbered('item', unknown)}; "
            f"open it again. {NOTHING}"
        )


def _changed(proposal: Proposal, items: Iterable[Item], at: datetime) -> list[str]:
    """Say which of *items* were rebuilt, went or were published."""
    present: set[str] | None = None
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in items:
        if item.dropped_at:
            if present is None:
                present = set(proposal.items.unpublished().values_list("part", flat=True))
            kind = "rebuilt" if item.part in present else "gone"
            found[kind, when(item.dropped_at, now=at)].append(item.part)
        elif item.published_in:
            found["published", str(item.published_in.number)].append(item.part)
    return [_change(kind, detail, parts) for (kind, detail), parts in found.items()]


def _change(kind: str, detail: str, parts: list[str]) -> str:
    is_one = len(parts) == 1
    match kind:
        case "rebuilt":
            verb, what = ("was", "it") if is_one else ("were", "them")
            return f"{listed(parts)} {verb} rebuilt {detail}: look at {what} again."
        case "gone":
            verb = "is" if is_one else "are"
            return f"{listed(parts)} {verb} not proposed any more, since a run {detail}."
    return f"{listed(parts)} {'is' if is_one else 'are'} in publication {detail} already."


def _decided(items: Collection[Item], at: datetime) -> list[str]:
    standing = Decision.objects.filter(item__in=items, withdrawn_at=None)
    decisions = {row.item_id: row for row in standing.select_related("decided_by")}
    found: dict[str, list[str]] = defaultdict(list)
    for item in items:
        if row := decisions.get(item.pk):
            how = f"{row.verdict} by {row.decided_by} {when(row.decided_at, now=at)}"
            found[how].append(item.part)
    return [
        f"{listed(parts)} {'was' if len(parts) == 1 else 'were'} {how}."
        for how, parts in found.items()
    ]


def _numbered(noun: str, ids: Collection[int]) -> str:
    return f"{noun}{'s' if len(ids) > 1 else ''} {listed([str(pk) for pk in sorted(ids)])}"


def listed(words: Collection[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last

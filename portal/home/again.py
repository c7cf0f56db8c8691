"""What somebody decided about before an item changed, and what is otherwise since. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from matrix.review.looking_again import LostDecision
from matrix.review.models import Decision
from matrix.rules.diffing import PartDiff, PinMove
from matrix.rules.facts import Python

MOST_TOLD = 3  # Facts in the sentence; the others are counted.


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """A decision that was lost, and how the item differs from what it was about."""

    who: str  # A username.
    verb: str  # approved, declined
    reason: str  # Of a refusal.
    decided_at: datetime
    lost_at: datetime
    decided: tuple[str, ...]  # What the item did then, each change in a few words.
    added: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def since(self) -> str:
        """``"-3.7 in 2.3.3" was added, "+3.13 in 2.3.2" is gone``."""
        parts = [_told(self.added, "was added", "were added")] if self.added else []
        parts += [_told(self.gone, "is gone", "are gone")] if self.gone else []
        return ", ".join(parts) or "it is compared with another publication"

    @property
    def shortly(self) -> str:
        return _quoted(self.decided)


def again_of(lost: LostDecision, then: PartDiff, now: PartDiff) -> Again:
    """Compare the change that was decided about with the one that is proposed now."""
    decision = lost.decision
    before, after = dict.fromkeys(facts_of(then)), dict.fromkeys(facts_of(now))
    return Again(
        who=decision.decided_by.get_username(),
        verb="approved" if decision.verdict == Decision.Verdict.APPROVED else "declined",
        reason=decision.reason,
        decided_at=decision.decided_at,
        lost_at=lost.lost_at,
        decided=tuple(before),
        added=tuple(fact for fact in after if fact not in before),
        gone=tuple(fact for fact in before if fact not in after),
    )


def facts_of(diff: PartDiff) -> Iterator[str]:
    """Yield what *diff* does in short texts: equal ones stand for the same change."""
    for row in diff.removed:
        yield f"- {row.version}"
    for row in diff.added:
        yield f"+ {row.version} on {', '.join(map(str, row.pythons))}"
    for moved in diff.moved:
        yield f"{moved.old.version} → {moved.new.version}"
        yield from _pythons(moved.gained, moved.lost, str(moved.new.version))
    for changed in diff.changed:
        yield from _pythons(changed.gained, changed.lost, str(changed.version))
        if changed.old.is_advisory != changed.new.is_advisory:
            state = "advisory" if changed.new.is_advisory else "no longer advisory"
            yield f"{changed.version} {state}"
    yield from (f"+ {text}" for text in diff.requirements_added)
    yield from (f"- {text}" for text in diff.requirements_removed)
    yield from map(_pin, diff.pins.moves)
    yield from (f"{name} pinned" for name in diff.pins.gained)
    yield from (f"{name} no longer pinned" for name in diff.pins.lost)
    yield from diff.settings


def _pythons(gained: tuple[Python, ...], lost: tuple[Python, ...], version: str) -> Iterator[str]:
    yield from (f"+{python} in {version}" for python in gained)
    yield from (f"-{python} in {version}" for python in lost)


def _pin(move: PinMove) -> str:
    if move.is_rehashed:
        return f"other files of {move.project} {move.new}"
    if move.old is None:
        return f"+ pin {move.project} {move.new}"
    if move.new is None:
        return f"- pin {move.project} {move.old}"
    return f"{move.project} {move.old} → {move.new}"


def _told(facts: tuple[str, ...], one: str, many: str) -> str:
    return f"{_quoted(facts)} {one if len(facts) == 1 else many}"


def _quoted(facts: tuple[str, ...]) -> str:
    shown = ", ".join(f'"{fact}"' for fact in facts[:MOST_TOLD])
    more = len(facts) - MOST_TOLD
    return f"{shown} and {more} more" if more > 0 else shown

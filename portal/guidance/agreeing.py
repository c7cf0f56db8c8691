"""What would be split if a run's parts were published, told before anybody decides about them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from matrix.review.values import ComputedPart, Found
from matrix.rules.locks.agreeing import disagreements
from matrix.rules.locks.conflicts import SplitPin
from matrix.rules.locks.parts import MAIN, LockPart, read, write

SPLIT = "split pin"


def with_disagreements(
    parts: Sequence[ComputedPart], *, before: Mapping[str, LockPart], is_whole: bool
) -> list[ComputedPart]:
    """
    Return *parts*; those that would split a pin from a published set have a finding that blocks.

    *before* holds what is published by set. A whole run removes what it does not have.
    """
    after = {} if is_whole else dict(before)
    for part in parts:
        lock = read(part.body) if part.body is not None else None
        if isinstance(lock, LockPart):
            after[part.part] = lock
    known = {*map(str, disagreements(before))}
    found: dict[str, list[Found]] = {}
    for split in disagreements(after):
        if str(split) not in known and (name := _place(split, parts, before)):
            found.setdefault(name, []).append(Found(SPLIT, "error", _told(split, parts), True))
    return [replace(part, findings=(*part.findings, *found.get(part.part, ()))) for part in parts]


def _place(split: SplitPin, parts: Iterable[ComputedPart], before: Mapping[str, LockPart]) -> str:
    """Return the set that brings it: main only where no other one changes."""
    changed = [part.part for part in parts if part.part in split.versions and _moves(part, before)]
    return min(changed, key=lambda name: (name == MAIN, name), default="")


def _moves(part: ComputedPart, before: Mapping[str, LockPart]) -> bool:
    old = before.get(part.part)
    return part.body is not None and (old is None or write(old) != part.body)


def _told(split: SplitPin, parts: Iterable[ComputedPart]) -> str:
    """Say which sets this run leaves as they are."""
    left = sorted({*split.versions} - {part.part for part in parts})
    return f"{split} This run leaves {' and '.join(left)}; lock all sets." if left else str(split)

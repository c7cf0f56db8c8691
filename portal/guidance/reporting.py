"""Locks in the words of the pages: what differs between two of them, as a part's change."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from matrix.review.kinds import Compared, Kind, Subject
from matrix.review.models import Channel
from matrix.review.values import Change, Summarise
from matrix.rules.diffing import PartDiff, PinMove, PinsDiff
from matrix.rules.locks.agreeing import disagreements
from matrix.rules.locks.diffing import LockDiff, LockMove
from matrix.rules.locks.parts import LockPart, Part, read
from portal.guidance.channel import differences, files_of, locks_in, summarise
from portal.guidance.models import Application


def compare(changes: Sequence[Change]) -> list[Compared]:
    """Return the part before and after each of *changes*, and what differs."""
    return [
        (_read(change.old_body), new := _read(change.new_body), part_diff(diff, new))
        for change, diff in zip(changes, differences(changes), strict=True)
    ]


def _read(body: str | None) -> Part | None:
    return None if body is None else read(body)


def part_diff(diff: LockDiff, new: Part | None) -> PartDiff:
    """Tell *diff*, which leads to *new*, as the pages tell what changes in an integration."""
    moves = [_move(move) for move in diff.moves] + _rehashed(diff, new)
    return PartDiff(
        part=diff.part,
        unchanged=diff.unchanged,
        requirements_added=diff.declared_added,
        requirements_removed=diff.declared_removed,
        pins=PinsDiff(moves=tuple(sorted(moves, key=lambda move: (move.project, move.marker)))),
        settings=diff.settings,
    )


def _move(move: LockMove) -> PinMove:
    return PinMove(
        project=move.project,
        old=move.old,
        new=move.new,
        environments=(),
        required_by=move.required_by,
        marker=move.marker,
    )


def _rehashed(diff: LockDiff, new: Part | None) -> list[PinMove]:
    """A pin whose files changed moves from its version to the same."""
    pinned = new.pinned if isinstance(new, LockPart) else ()
    return [
        PinMove(
            project=pin.name,
            old=pin.version,
            new=pin.version,
            environments=(),
            required_by=pin.required_by,
            marker=pin.marker,
        )
        for pin in pinned
        if str(pin) in diff.rehashed
    ]


def tally(diffs: Iterable[PartDiff]) -> str:
    """``3 pins to add, 0 to remove, 7 to move; 1 declared line to change``."""
    diffs = list(diffs)
    moves = [move for diff in diffs for move in diff.pins.moves if not move.is_rehashed]
    rehashed = sum(move.is_rehashed for diff in diffs for move in diff.pins.moves)
    added, removed = sum(one.old is None for one in moves), sum(one.new is None for one in moves)
    lines = sum(len(one.requirements_added) + len(one.requirements_removed) for one in diffs)
    settings = sum(len(diff.settings) for diff in diffs)
    told = []
    if moves:
        moved = len(moves) - added - removed
        told.append(f"{_count(added, 'pin')} to add, {removed} to remove, {moved} to move")
    told += [f"{_count(rehashed, 'pin')} with other files"] if rehashed else []
    told += [f"{_count(lines, 'declared line')} to change"] if lines else []
    told += [f"{_count(settings, 'setting')} to change"] if settings else []
    return "; ".join(told) or "no pins change"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else f'{noun}s'}"


def find(slug: str) -> Application | None:
    return None if "\0" in slug else Application.objects.filter(slug=slug).first()


def subjects(slugs: Collection[str]) -> Mapping[str, Subject]:
    return {found.slug: found for found in Application.objects.filter(slug__in=slugs)}


def summary_of(_: Channel) -> Summarise:
    return summarise


def objections(bodies: Mapping[str, str]) -> Collection[str]:
    """Tell each project that two sets of a state have at two versions."""
    return [str(split) for split in disagreements(locks_in(bodies))]


APPLICATION = Kind(
    noun="application",
    render=files_of,
    summary_of=summary_of,
    compare=compare,
    tally=tally,
    subjects=subjects,
    objections=objections,
)

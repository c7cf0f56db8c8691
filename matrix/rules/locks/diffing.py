"""What differs between two states of a locked set: pins, hashes, declared requirements."""

from collections.abc import Iterable
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from matrix.rules.locks.parts import LockPart, Pinned

Place = tuple[str, str]  # A project and the marker under which it is installed.


@dataclass(frozen=True, slots=True)
class LockMove:
    """What becomes of one pin; None: it is not there."""

    project: str
    old: str | None
    new: str | None
    marker: str = ""
    required_by: tuple[str, ...] = ()

    @property
    def is_down(self) -> bool:
        """Whether an older version takes the place of a newer one."""
        if self.old is None or self.new is None:
            return False
        try:
            return Version(self.new) < Version(self.old)
        except InvalidVersion:
            return False

    @property
    def is_major(self) -> bool:
        """Whether the first number of the version changes."""
        if self.old is None or self.new is None:
            return False
        try:
            return Version(self.new).release[:1] != Version(self.old).release[:1]
        except InvalidVersion:
            return False


@dataclass(frozen=True, kw_only=True, slots=True)
class LockDiff:
    """The moves come by project; ``rehashed`` names pins whose files changed, not their version."""

    part: str
    moves: tuple[LockMove, ...] = ()
    rehashed: tuple[str, ...] = ()
    declared_added: tuple[str, ...] = ()
    declared_removed: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()  # Sentences: the Python that it is locked for.
    unchanged: int = 0


def diff_locks(part: str, old: LockPart | None, new: LockPart | None) -> LockDiff:
    """Compare two states of one set; None: the set is not there."""
    before, after = _places(old), _places(new)
    moves, rehashed = [], []
    for place in sorted(before.keys() | after.keys()):
        was, now = before.get(place), after.get(place)
        if was and now and was.version == now.version:
            if was.hashes != now.hashes:
                rehashed.append(str(now))
            continue
        present = now or was
        assert present is not None
        moves.append(
            LockMove(
                project=place[0],
                old=was.version if was else None,
                new=now.version if now else None,
                marker=place[1],
                required_by=present.required_by,
            )
        )
    return LockDiff(
        part=part,
        moves=tuple(moves),
        rehashed=tuple(rehashed),
        declared_added=_without(new, old),
        declared_removed=_without(old, new),
        settings=tuple(_settings(old, new)),
        unchanged=len(before.keys() & after.keys()) - len(rehashed) - _versions_moved(moves),
    )


def _places(part: LockPart | None) -> dict[Place, Pinned]:
    return {(pin.name, pin.marker): pin for pin in part.pinned} if part else {}


def _versions_moved(moves: Iterable[LockMove]) -> int:
    return sum(move.old is not None and move.new is not None for move in moves)


def _without(one: LockPart | None, other: LockPart | None) -> tuple[str, ...]:
    known = set(other.declared) if other else set()
    return tuple(text for text in (one.declared if one else ()) if text not in known)


def _settings(old: LockPart | None, new: LockPart | None) -> Iterable[str]:
    if old is None or new is None:
        return
    if old.python != new.python:
        yield f"Locked for Python {new.python}, not {old.python}."
    if old.constrained_by != new.constrained_by:
        yield f"Constrained by {new.constrained_by or 'nothing'}, not {old.constrained_by}."


def lock_summary(diffs: Iterable[LockDiff]) -> str:
    """Return the summary line: "3 pins to add, 1 to remove, 7 to move. 40 pins unchanged."."""
    diffs = list(diffs)
    moves = [move for diff in diffs for move in diff.moves]
    added = sum(move.old is None for move in moves)
    removed = sum(move.new is None for move in moves)
    moved = len(moves) - added - removed
    rehashed = sum(len(diff.rehashed) for diff in diffs)
    declared = sum(len(diff.declared_added) + len(diff.declared_removed) for diff in diffs)
    unchanged = sum(diff.unchanged for diff in diffs)
    told = []
    if moves:
        noun = "pin" if added == 1 else "pins"
        told.append(f"{added} {noun} to add, {removed} to remove, {moved} to move")
    if rehashed:
        told.append(f"{rehashed} {'pin' if rehashed == 1 else 'pins'} with other files")
    if declared:
        told.append(f"{declared} declared {'line' if declared == 1 else 'lines'} to change")
    if not told:
        return f"No pins change. {unchanged} unchanged."
    return f"{'; '.join(told)}. {unchanged} {'pin' if unchanged == 1 else 'pins'} unchanged."

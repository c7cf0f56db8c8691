"""Which pins move between two states of an integration, told once for all of its environments."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from matrix.rules.diffing.rows import RowsDiff
from matrix.rules.parts import IntegrationPart, Row
from matrix.rules.rendering.factors import environment
from matrix.rules.rendering.pins import PinSets, pins_of, project_of


@dataclass(frozen=True, slots=True)
class PinMove:
    """What becomes of one project in some environments; None: it is not installed there."""

    project: str  # By its normalised name.
    old: str | None  # The version.
    new: str | None
    environments: tuple[str, ...]  # As they are called afterwards; in the order of the rows.
    required_by: tuple[str, ...] = ()  # In a lock, where there are no environments.
    marker: str = ""  # In a lock: where it is installed. "": everywhere.

    @property
    def is_down(self) -> bool:
        """Whether an older version takes the place of a newer one."""
        if self.old is None or self.new is None:
            return False
        try:
            return Version(self.new) < Version(self.old)
        except InvalidVersion:  # A pin by its address has none.
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

    @property
    def is_rehashed(self) -> bool:
        """Whether only the files change, not the version: locks tell that."""
        return self.old is not None and self.old == self.new

    @property
    def where(self) -> str:
        """``in 2 environments``; in a lock ``because of httpx, starlette``."""
        if number := len(self.environments):
            return f"in {number} {'environment' if number == 1 else 'environments'}"
        because = f"because of {', '.join(self.required_by)}" if self.required_by else ""
        return ", ".join(text for text in (because, self.marker) if text)

    def __str__(self) -> str:
        if self.is_rehashed:
            told = f"{self.project} {self.new} has other files"
        elif self.old is None:
            told = f"{self.project} {self.new} comes"
        elif self.new is None:
            told = f"{self.project} {self.old} goes"
        else:
            told = f"{self.project} {self.old} → {self.new}"
        return f"{told} {self.where}".rstrip()


@dataclass(frozen=True, kw_only=True, slots=True)
class PinsDiff:
    """
    How the pins differ in environments that are on both sides.

    Environments of rows that come and go are not told: what they install comes and goes with them.
    """

    moves: tuple[PinMove, ...] = ()  # By project, then by the first environment.
    gained: tuple[str, ...] = ()  # Environments that had no pins, and have some now.
    lost: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.moves or self.gained or self.lost)


NO_PINS = PinsDiff()
Place = tuple[str, str | None, str | None]  # An environment, its old pin set, its new one.


def diff_pins(
    old: IntegrationPart, new: IntegrationPart, rows: RowsDiff, pin_sets: PinSets
) -> PinsDiff:
    """
    Compare the pins of each environment of *new* with what it was called in *old*.

    Raises UnknownPins where a pin set is missing that only one side has.
    """
    places = [place for pair in _pairs(old, rows) for place in _places(new.name, *pair)]
    versions = _Versions(old, new, pin_sets)
    return PinsDiff(
        moves=tuple(_moves(places, versions)),
        gained=tuple(name for name, before, after in places if before is None and after),
        lost=tuple(name for name, before, after in places if before and after is None),
    )


def _pairs(old: IntegrationPart, rows: RowsDiff) -> list[tuple[Row, Row]]:
    """Return each row of both sides as it was and as it is, ascending."""
    before = {row.version: row for row in old.rows}
    pairs = [(move.old, move.new) for move in rows.moved]
    pairs += [(row.old, row.new) for row in rows.changed]
    pairs += [(before[row.version], row) for row in rows.unchanged]
    return sorted(pairs, key=lambda pair: pair[1].version)


def _places(name: str, old: Row, new: Row) -> Iterator[Place]:
    before, after = dict(old.pins), dict(new.pins)
    for python in new.pythons:
        if python in old.pythons:
            where = environment(python, name, new.version)
            yield where, before.get(python), after.get(python)


class _Versions:
    """The pins of both sides as ``{project: version}``; each set is read once."""

    def __init__(self, old: IntegrationPart, new: IntegrationPart, pin_sets: PinSets) -> None:
        self._sides = (old, new)
        self._pin_sets = pin_sets
        self._known: dict[tuple[int, str], Mapping[str, str]] = {}

    def of(self, side: int, pin_set: str) -> Mapping[str, str]:
        key = (side, pin_set)
        if key not in self._known:
            pins = pins_of(self._sides[side], pin_set, self._pin_sets)
            self._known[key] = {project_of(pin): _version(pin) for pin in pins}
        return self._known[key]


def _version(pin: str) -> str:
    name, equals, version = pin.partition("==")
    return version.strip() if equals else name.partition("@")[2].strip()


def _moves(places: Iterable[Place], versions: _Versions) -> list[PinMove]:
    found: dict[tuple[str, str | None, str | None], list[str]] = defaultdict(list)
    for name, old, new in places:
        if old and new and old != new:
            before, after = versions.of(0, old), versions.of(1, new)
            for project in before.keys() | after.keys():
                if before.get(project) != after.get(project):
                    found[project, before.get(project), after.get(project)].append(name)
    moves = (PinMove(*key, tuple(names)) for key, names in found.items())
    return sorted(moves, key=lambda move: move.project)  # Stable: then by their first environment.

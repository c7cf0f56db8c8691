"""Which rows stay, move, come and go between two states of an integration."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from packaging.version import Version

from matrix.rules.facts import Python
from matrix.rules.parts import Row


@dataclass(frozen=True, slots=True)
class MovedRow:
    """A row whose release gives way to another of the same line of releases."""

    old: Row
    new: Row

    @property
    def gained(self) -> tuple[Python, ...]:
        return _missing(self.new, self.old)

    @property
    def lost(self) -> tuple[Python, ...]:
        return _missing(self.old, self.new)


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row of the same release with other Pythons, or one that became advisory or ceased to be."""

    version: Version
    gained: tuple[Python, ...]
    lost: tuple[Python, ...]
    old: Row
    new: Row


@dataclass(frozen=True, slots=True)
class RowsDiff:
    """
    Each old row and each new row stands in exactly one of these; all ascending.

    Pins play no role here: a row is unchanged whatever its environments install beside it.
    """

    moved: tuple[MovedRow, ...]
    added: tuple[Row, ...]
    removed: tuple[Row, ...]
    changed: tuple[ChangedRow, ...]
    unchanged: tuple[Row, ...]


def diff_rows(old: Sequence[Row], new: Sequence[Row]) -> RowsDiff:
    before = {row.version: row for row in old}
    after = {row.version: row for row in new}
    kept = [(before[version], after[version]) for version in sorted(before.keys() & after.keys())]
    pairs = _pairs(old, new)
    left = {row.version for row, _ in pairs}
    taken = {row.version for _, row in pairs}
    return RowsDiff(
        moved=tuple(MovedRow(*pair) for pair in sorted(pairs, key=lambda pair: pair[1].version)),
        added=_only(after, without=before.keys() | taken),
        removed=_only(before, without=after.keys() | left),
        changed=tuple(_changed(*pair) for pair in kept if not _is_same(*pair)),
        unchanged=tuple(new_row for old_row, new_row in kept if _is_same(old_row, new_row)),
    )


def _only(rows: dict[Version, Row], without: Iterable[Version]) -> tuple[Row, ...]:
    return tuple(rows[version] for version in sorted(rows.keys() - set(without)))


def _is_same(old: Row, new: Row) -> bool:
    return replace(old, pins=()) == replace(new, pins=())


def _changed(old: Row, new: Row) -> ChangedRow:
    return ChangedRow(new.version, _missing(new, old), _missing(old, new), old, new)


def _missing(row: Row, other: Row) -> tuple[Python, ...]:
    return tuple(python for python in row.pythons if python not in other.pythons)


def _pairs(old: Sequence[Row], new: Sequence[Row]) -> list[tuple[Row, Row]]:
    """
    Pair rows that go with rows that come when they are the same line of releases.

    First those of the same minor version, the highest first; then what ``-latest`` stands for on
    both sides; then, within a major version, finals and prereleases each by their order.
    """
    kept = {row.version for row in old} & {row.version for row in new}
    going = [row for row in sorted(old, key=_version) if row.version not in kept]
    coming = [row for row in sorted(new, key=_version) if row.version not in kept]
    latest = {_latest(old), _latest(new)}
    return [
        *_take(going, coming, _minor, highest_first=True),
        *_take(going, coming, lambda row: "latest" if row.version in latest else row.version),
        *_take(going, coming, _major_and_kind),
    ]


def _take(
    going: list[Row],
    coming: list[Row],
    key: Callable[[Row], Hashable],
    *,
    highest_first: bool = False,
) -> list[tuple[Row, Row]]:
    """Pair the rows of equal *key* by their order, and take them out of both lists."""
    groups: dict[Hashable, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((going, coming)):
        for row in reversed(rows) if highest_first else rows:
            groups[key(row)][side].append(row)
    pairs = [pair for sides in groups.values() for pair in zip(*sides, strict=False)]
    taken = {row.version for pair in pairs for row in pair}
    for rows in (going, coming):
        rows[:] = [row for row in rows if row.version not in taken]
    return pairs


def _version(row: Row) -> Version:
    return row.version


def _minor(row: Row) -> Hashable:
    return (row.version.epoch, row.version.major, row.version.minor)


def _major_and_kind(row: Row) -> Hashable:
    return (row.version.epoch, row.version.major, row.version.is_prerelease)


def _latest(rows: Iterable[Row]) -> Version | None:
    stable = [row.version for row in rows if not row.version.is_prerelease]
    return max(stable, default=None)

"""The rows of an item in the signs and words of the pages. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from packaging.version import Version

from matrix.rules.diffing import ChangedRow, MovedRow, PartDiff
from matrix.rules.facts import Python
from matrix.rules.guidance import PICKED, word_of
from matrix.rules.parts import IntegrationPart, Row
from matrix.sdk.reporting import AnyPart, Reasons
from portal.home.moves import FIRST_CALENDAR_YEAR, Move, move

DASH = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Chip:
    """One Python of a row."""

    text: str
    state: str = "kept"  # Or gained, lost.


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One row of the matrix that comes, goes, moves or changes."""

    sign: str
    word: str  # What the sign says, for ears.
    kind: str  # add, remove, change
    version: str
    move: Move | None = None
    chips: tuple[Chip, ...]
    notes: tuple[str, ...] = ()
    reason: str
    risks: tuple[str, ...] = ()  # Words, the worst first.

    @property
    def spoken(self) -> str:
        """``change 2.0 to 2.0.1 on 3.13, without 3.9``: the line as one phrase."""
        version = self.version
        if self.move:
            version = f"{self.move.old.whole} to {version}"
        kept = [chip.text for chip in self.chips if chip.state != "lost"]
        lost = [chip.text for chip in self.chips if chip.state == "lost"]
        on = f" on {', '.join(kept)}" if kept else ""
        without = f", without {', '.join(lost)}" if lost else ""
        return f"{self.word} {version}{on}{without}"


class RowsReport(Protocol):
    """What lines are made of: an item of a proposal, or a part of a preview."""

    @property
    def diff(self) -> PartDiff: ...
    @property
    def reasons(self) -> Reasons: ...
    @property
    def old(self) -> AnyPart | None: ...
    @property
    def new(self) -> AnyPart | None: ...


def lines_of(report: RowsReport) -> tuple[Line, ...]:
    """Return what goes, moves and changes, then what comes; each ascending."""
    return tuple(_lines(report))


def _lines(report: RowsReport) -> Iterator[Line]:
    diff, reasons = report.diff, report.reasons
    for row in diff.removed:
        yield _removed(row, reasons, is_whole=report.new is None)
    for moved in diff.moved:
        yield _moved(moved, reasons)
    for changed in diff.changed:
        yield _changed(changed, reasons)
    for row in diff.added:
        yield _added(row, reasons, report.old)


def _added(row: Row, reasons: Reasons, old: AnyPart | None) -> Line:
    return Line(
        sign="+",
        word="add",
        kind="add",
        version=str(row.version),
        chips=_chips(row.pythons),
        notes=_advisory(row),
        reason=verdict_line(reasons, row.version),
        risks=tuple(_risks_of_new(row.version, old)),
    )


def _risks_of_new(version: Version, old: AnyPart | None) -> Iterator[str]:
    """Tell what is new about a row beside published ones; where all is new, nothing is."""
    if not isinstance(old, IntegrationPart):
        return
    if version.is_prerelease:
        yield "prerelease"
    elif version.major < FIRST_CALENDAR_YEAR and all(
        (version.epoch, version.major) > (row.version.epoch, row.version.major) for row in old.rows
    ):
        yield "first of major"


def _removed(row: Row, reasons: Reasons, *, is_whole: bool) -> Line:
    return Line(
        sign="-",
        word="remove",
        kind="remove",
        version=str(row.version),
        chips=_chips(row.pythons),
        reason="" if is_whole else verdict_line(reasons, row.version, is_picked=False),
        risks=("row removed",),
    )


def _moved(moved: MovedRow, reasons: Reasons) -> Line:
    found = move(moved.old.version, moved.new.version)
    return Line(
        sign="~",
        word="change",
        kind="change",
        version=str(moved.new.version),
        move=found,
        chips=_chips(moved.new.pythons, gained=moved.gained, lost=moved.lost),
        notes=_advisory(moved.new),
        reason=verdict_line(reasons, moved.new.version),
        risks=(*_lost(moved.lost), *([found.word] if found.is_risky else [])),
    )


def _changed(changed: ChangedRow, reasons: Reasons) -> Line:
    notes = _advisory(changed.new)
    if changed.old.is_advisory and not changed.new.is_advisory:
        notes = ("no longer advisory",)
    return Line(
        sign="~",
        word="change",
        kind="change",
        version=str(changed.version),
        chips=_chips(changed.new.pythons, gained=changed.gained, lost=changed.lost),
        notes=notes,
        reason=verdict_line(reasons, changed.version),
        risks=tuple(_lost(changed.lost)),
    )


def _lost(pythons: Sequence[Python]) -> list[str]:
    return ["Python lost"] if pythons else []


def _advisory(row: Row) -> tuple[str, ...]:
    return ("advisory: its job may fail",) if row.is_advisory else ()


def _chips(
    pythons: Iterable[Python], *, gained: Sequence[Python] = (), lost: Sequence[Python] = ()
) -> tuple[Chip, ...]:
    states: Mapping[Python, str] = {
        **dict.fromkeys(pythons, "kept"),
        **dict.fromkeys(gained, "gained"),
        **dict.fromkeys(lost, "lost"),
    }
    return tuple(Chip(str(python), states[python]) for python in sorted(states))


def verdict_line(reasons: Reasons, version: Version, *, is_picked: bool = True) -> str:
    """Return the verdict, then the deciding fact: not picked, older than 4.2.17."""
    found = reasons.get(str(version), ())
    if not found:
        return "The reason is not known."
    facts = "; ".join(reason["text"] for reason in found)
    # A "prerelease" is a reason to pick as well as one against it: the row says which.
    word = PICKED if is_picked else word_of(found[0]["kind"])
    return f"{word} {DASH} {facts}"

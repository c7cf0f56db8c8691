"""What a reviewer reads of a proposal: its report, in the signs and words of the pages. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.version import Version

from matrix.review.models import Decision, Finding, Item
from matrix.rules.diffing import ChangedRow, MovedRow, PinsDiff
from matrix.rules.facts import Check, PickReason, Python
from matrix.rules.parts import LAYOUT, Row
from matrix.sdk.reporting import ItemReport, ProposalReport, Reasons
from portal.home.moves import Move, move

DASH = "\N{EN DASH}"
MOST_UNFOLDED = 15  # A longer list of routine items comes folded.
PICKED = {reason.value for reason in PickReason}
WAITING = {Check.NOT_UPLOADED_YET.value, Check.COOLDOWN.value}
ON_HOLD = {Check.HELD.value, Check.HELD_EVERYWHERE.value}


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

    @property
    def is_risky(self) -> bool:
        lost = any(chip.state == "lost" for chip in self.chips)
        return self.kind == "remove" or lost or (self.move is not None and self.move.is_risky)


@dataclass(frozen=True, kw_only=True, slots=True)
class Badge:
    text: str
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownItem:
    part: str
    title: str
    group: str
    lines: tuple[Line, ...]
    requirements_added: tuple[str, ...]
    requirements_removed: tuple[str, ...]
    pins: PinsDiff
    settings: tuple[str, ...]
    findings: tuple[Finding, ...]  # Warnings and problems.
    notes: tuple[Finding, ...]
    badge: Badge
    is_open: bool  # Undecided, and not published.
    is_risky: bool

    @property
    def counts(self) -> str:
        """``2 rows added, 1 removed``."""
        kinds = [line.kind for line in self.lines]
        named = (("add", "added"), ("remove", "removed"), ("change", "changed"))
        found = [f"{kinds.count(kind)} {word}" for kind, word in named if kind in kinds]
        if not found:
            return _pins_moved(len(self.pins.moves)) or "no row changes"
        noun = "row" if found[0].startswith("1 ") else "rows"
        number, word = found[0].split(" ", 1)
        return ", ".join([f"{number} {noun} {word}", *found[1:]])


def _pins_moved(number: int) -> str:
    if not number:
        return ""
    return "1 pin moves" if number == 1 else f"{number} pins move"


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """The items of a proposal, what needs a closer look apart from the routine."""

    look_closely: tuple[ShownItem, ...]
    routine: tuple[ShownItem, ...]
    undecided: int
    approved: int  # And not published yet.
    declined: int
    is_routine_folded: bool


def review_of(report: ProposalReport) -> Review:
    items = [_shown(item) for item in report.items]
    risky = tuple(item for item in items if item.is_risky)
    routine = tuple(item for item in items if not item.is_risky)
    kinds = [item.badge.kind for item in items]
    return Review(
        look_closely=risky,
        routine=routine,
        undecided=sum(item.is_open for item in items),
        approved=kinds.count("approved") + kinds.count("kept"),
        declined=kinds.count("declined"),
        is_routine_folded=len(routine) > MOST_UNFOLDED,
    )


def _shown(report: ItemReport) -> ShownItem:
    badge = badge_of(report.item, report.decision)
    lines = tuple(_lines(report))
    return ShownItem(
        part=report.part,
        title="The layout of the file" if report.part == LAYOUT else report.part,
        group=report.group,
        lines=lines,
        requirements_added=report.diff.requirements_added,
        requirements_removed=report.diff.requirements_removed,
        pins=report.diff.pins,
        settings=(*_whole(report.item), *report.diff.settings),
        findings=tuple(found for found in report.findings if not _is_note(found)),
        notes=tuple(found for found in report.findings if _is_note(found)),
        badge=badge,
        is_open=badge.kind == "undecided",
        is_risky=_is_risky(report, lines),
    )


def _is_risky(report: ItemReport, lines: Sequence[Line]) -> bool:
    """Findings, whole parts that go, rows, Pythons or pins lost, majors, and rules that change."""
    if not all(map(_is_note, report.findings)):
        return True
    if report.item.old_id is None:  # All of it is new: there is nothing to lose.
        return False
    return (
        report.item.new_id is None
        or any(line.is_risky for line in lines)
        or bool(report.diff.settings)
        or bool(report.diff.rules)
        or bool(report.diff.pins.lost)
        or any(move.is_down for move in report.diff.pins.moves)
    )


def _is_note(finding: Finding) -> bool:
    return finding.severity == Finding.Severity.INFO


def _whole(item: Item) -> Iterator[str]:
    if item.part == LAYOUT:
        return
    if item.old_id is None:
        yield "The integration is new."
    if item.new_id is None:
        yield "The whole integration goes: it is paused, or no longer in the catalogue."


def badge_of(item: Item, decision: Decision | None) -> Badge:
    if item.published_in:
        return Badge(text=f"Published in {item.published_in.number}", kind="published")
    if decision is None:
        return Badge(text="Undecided", kind="undecided")
    name = decision.decided_by.get_username()
    if decision.verdict == Decision.Verdict.DECLINED:
        return Badge(text=f"Declined by {name}", kind="declined")
    if decision.kept_from_id:
        return Badge(text=f"Kept: approved by {name}", kind="kept")
    return Badge(text=f"Approved by {name}", kind="approved")


# --- Rows ----------------------------------------------------------------------------------------
def _lines(report: ItemReport) -> Iterator[Line]:
    """Yield what goes, moves and changes, then what comes; each ascending."""
    diff, reasons = report.diff, report.reasons
    for row in diff.removed:
        yield _removed(row, reasons, is_whole=report.item.new_id is None)
    for moved in diff.moved:
        yield _moved(moved, reasons)
    for changed in diff.changed:
        yield _changed(changed, reasons)
    for row in diff.added:
        yield _added(row, reasons)


def _added(row: Row, reasons: Reasons) -> Line:
    return Line(
        sign="+",
        word="add",
        kind="add",
        version=str(row.version),
        chips=_chips(row.pythons),
        notes=_advisory(row),
        reason=verdict_line(reasons, row.version),
    )


def _removed(row: Row, reasons: Reasons, *, is_whole: bool) -> Line:
    return Line(
        sign="-",
        word="remove",
        kind="remove",
        version=str(row.version),
        chips=_chips(row.pythons),
        reason="" if is_whole else verdict_line(reasons, row.version),
    )


def _moved(moved: MovedRow, reasons: Reasons) -> Line:
    old, new = moved.old, moved.new
    return Line(
        sign="~",
        word="change",
        kind="change",
        version=str(new.version),
        move=move(old.version, new.version),
        chips=_chips(new.pythons, gained=moved.gained, lost=moved.lost),
        notes=_advisory(new),
        reason=verdict_line(reasons, new.version),
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
    )


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


def verdict_line(reasons: Reasons, version: Version) -> str:
    """Return the verdict, then the deciding fact: not picked, older than 4.2.17."""
    found = reasons.get(str(version), ())
    if not found:
        return "The reason is not known."
    facts = "; ".join(reason["text"] for reason in found)
    return f"{_verdict(found[0]['kind'])} {DASH} {facts}"


def _verdict(kind: str) -> str:
    if kind in PICKED:
        return "Picked"
    if kind in WAITING:
        return "Waiting"
    return "On hold" if kind in ON_HOLD else "Not picked"

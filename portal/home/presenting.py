"""What a reviewer reads of the items of a proposal, in the words of the pages. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from matrix.review.looking_again import LostDecision
from matrix.review.models import Comment, Decision, Finding, Item
from matrix.rules.diffing import PartDiff, PinsDiff
from matrix.rules.locks.parts import TOOL, ApplicationPart, LockPart
from matrix.rules.parts import LAYOUT, IntegrationPart
from matrix.sdk.coupling import Companion
from matrix.sdk.reporting import AnyPart, ItemReport, ProposalReport
from portal.home.again import Again, again_of
from portal.home.rows import Line, lines_of

# What makes an item one to look closely at, the worst first.
RISKS = (
    "problem", "warning", "integration removed", "row removed", "Python lost", "pins lost",
    "major", "first of major", "lower", "prerelease", "pin lower", "major pin", "pin removed",
    "rule changed", "declared lines", "settings changed",
)  # fmt: skip

ONE = {"go": "goes", "have other files": "has other files"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Badge:
    text: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class ShownItem:
    """One item; what a page shows of it beyond the report is put into words here."""

    report: ItemReport
    lines: tuple[Line, ...]
    badge: Badge
    risks: tuple[str, ...]  # Of RISKS, the worst first.
    again: Again | None = None  # What was decided about it before it changed.
    goes_with: tuple[Companion, ...] = ()
    comments: tuple[Comment, ...] = ()
    needs: str = ""  # Keys of undecided items that an approval takes along: "12 13".

    @property
    def pk(self) -> int:
        return self.report.item.pk

    @property
    def part(self) -> str:
        return self.report.part

    @property
    def group(self) -> str:
        return self.report.group

    @property
    def decision(self) -> Decision | None:
        return self.report.decision

    @property
    def diff(self) -> PartDiff:
        return self.report.diff

    @property
    def pins(self) -> PinsDiff:
        return self.report.diff.pins

    @property
    def integration(self) -> str:
        """The name that its page goes by; "" for what is no integration."""
        return self.part if isinstance(self.present, IntegrationPart) else ""

    @property
    def title(self) -> str:
        if isinstance(self.present, ApplicationPart):
            return "The application's settings"
        if isinstance(self.present, LockPart) and self.part == TOOL:
            return "tool: what installs"
        return "The layout of the file" if self.part == LAYOUT else self.part

    @property
    def present(self) -> AnyPart | None:
        """The part as it would be; as it was, where it goes."""
        return self.report.new or self.report.old

    @property
    def project(self) -> str:
        """The project, where it is called otherwise than the integration."""
        present = self.present
        return (
            present.project
            if isinstance(present, IntegrationPart) and present.project != self.part
            else ""
        )

    @property
    def is_open(self) -> bool:
        """Undecided, and not published."""
        return self.report.is_undecided

    @property
    def is_risky(self) -> bool:
        return bool(self.risks)

    @property
    def sign(self) -> str:
        return {"add": "+", "remove": "-"}.get(self.word, "~")

    @property
    def word(self) -> str:
        if self.report.old is None:
            return "add"
        return "remove" if self.report.new is None else "change"

    @cached_property
    def head(self) -> Line | None:
        """The row that says most: the riskiest, else the highest that changes or comes."""
        risky = [line for line in self.lines if line.risks]
        if risky:
            return min(risky, key=lambda line: RISKS.index(line.risks[0]))
        changed = [line for line in self.lines if line.kind == "change"]
        return (changed or self.lines or (None,))[-1]

    @property
    def settings(self) -> tuple[str, ...]:
        return (*_whole(self.report.item, self.present), *self.diff.settings)

    @property
    def findings(self) -> list[Finding]:
        """Warnings and problems."""
        return [found for found in self.report.findings if not _is_note(found)]

    @property
    def notes(self) -> list[Finding]:
        return [found for found in self.report.findings if _is_note(found)]

    @property
    def causes(self) -> list[str]:
        """Because of what it changed, the most telling first."""
        return [cause["text"] for cause in self.report.item.causes]

    @cached_property
    def kinds(self) -> frozenset[str]:
        """What kinds of change the item has; the filter knows them by these words."""
        kinds = {line.kind for line in self.lines}
        kinds |= {"pins"} if self.pins else set()
        requirements = self.diff.requirements_added or self.diff.requirements_removed
        kinds |= {"requirements"} if requirements else set()
        kinds |= {"settings"} if self.settings else set()
        return frozenset(kinds | ({"problems"} if self.findings else set()))

    @cached_property
    def counts(self) -> str:
        """``2 rows added, 1 removed, 3 pins move``."""
        if isinstance(self.present, LockPart | ApplicationPart):
            return ", ".join(_lock_counted(self.diff)) or "no pin changes"
        found = [*_rows_counted(self.lines), *_others_counted(self.diff)]
        return ", ".join(found) or "no row changes"

    @property
    def label(self) -> str:
        """The item in one phrase, for those who hear the page."""
        head = f": {self.head.spoken}" if self.head else ""
        return f"{self.title}{head} ({self.counts})"

    @cached_property
    def length(self) -> int:
        """How many lines its details take."""
        requirements = len(self.diff.requirements_added) + len(self.diff.requirements_removed)
        others = len(self.settings) + len(self.report.findings) + len(self.comments)
        return len(self.lines) + len(self.pins.moves) + requirements + others


def shown_items(
    report: ProposalReport,
    *,
    lost: Mapping[str, LostDecision],
    diffs: Mapping[str, PartDiff],
    goes_with: Mapping[str, tuple[Companion, ...]],
    comments: Mapping[str, Sequence[Comment]],
) -> list[ShownItem]:
    """
    Put each item into words, in the order of the report.

    *lost* holds the decisions that were lost by part, *diffs* the changes that they were about.
    """
    return [
        _shown(
            item,
            again=again_of(lost[item.part], diffs[item.part], item.diff)
            if item.is_undecided and item.part in lost
            else None,
            goes_with=goes_with.get(item.part, ()),
            comments=tuple(comments.get(item.part, ())),
        )
        for item in report.items
    ]


def _shown(
    report: ItemReport,
    *,
    again: Again | None,
    goes_with: tuple[Companion, ...],
    comments: tuple[Comment, ...],
) -> ShownItem:
    lines = lines_of(report)
    found = set(_risks(report, lines))
    return ShownItem(
        report=report,
        lines=lines,
        badge=badge_of(report.item, report.decision, is_lost=again is not None),
        risks=tuple(risk for risk in RISKS if risk in found),
        again=again,
        goes_with=goes_with,
        comments=comments,
    )


def _risks(report: ItemReport, lines: Sequence[Line]) -> Iterator[str]:
    """Findings, whole parts that go, rows, Pythons or pins lost, majors, and rules that change."""
    severities = {finding.severity for finding in report.findings}
    yield from ["problem"] if Finding.Severity.ERROR in severities else []
    yield from ["warning"] if Finding.Severity.WARNING in severities else []
    if report.old is None:  # All of it is new: there is nothing to lose.
        return
    yield from ["integration removed"] if report.new is None else []
    yield from (risk for line in lines for risk in line.risks)
    yield from ["settings changed"] if report.diff.settings else []
    yield from ["rule changed"] if report.diff.rules else []
    yield from ["pins lost"] if report.diff.pins.lost else []
    yield from ["pin lower"] if any(move.is_down for move in report.diff.pins.moves) else []
    yield from _lock_risks(report.diff) if isinstance(report.new, LockPart) else []


def _lock_risks(diff: PartDiff) -> Iterator[str]:
    """In a lock each pin is production's own: what moves far or goes wants an eye."""
    if any(move.is_major for move in diff.pins.moves):
        yield "major pin"
    if any(move.new is None for move in diff.pins.moves):
        yield "pin removed"
    if diff.requirements_added or diff.requirements_removed:
        yield "declared lines"


def _is_note(finding: Finding) -> bool:
    return finding.severity == Finding.Severity.INFO


def _whole(item: Item, present: AnyPart | None) -> Iterator[str]:
    if isinstance(present, LockPart):
        yield from ["The set is new."] if item.old_id is None else []
        yield from ["The whole set goes: it is no longer declared."] if item.new_id is None else []
    if not isinstance(present, IntegrationPart):
        return
    if item.old_id is None:
        yield "The integration is new."
    if item.new_id is None:
        yield "The whole integration goes: it is paused, or no longer in the catalogue."


def _rows_counted(lines: Sequence[Line]) -> Iterator[str]:
    kinds = [line.kind for line in lines]
    noun = " row"
    for kind, word in (("add", "added"), ("remove", "removed"), ("change", "changed")):
        if number := kinds.count(kind):
            yield f"{number}{noun}{'s' if noun and number > 1 else ''} {word}"
            noun = ""


def _others_counted(diff: PartDiff) -> Iterator[str]:
    if number := len(diff.pins.moves):
        yield "1 pin moves" if number == 1 else f"{number} pins move"
    if number := len(diff.requirements_added) + len(diff.requirements_removed):
        yield f"{number} requirement{'s' if number > 1 else ''} changed"
    if diff.settings:
        yield "settings changed"


def _lock_counted(diff: PartDiff) -> Iterator[str]:
    """``2 pins come, 1 goes, 3 move, 1 declared line changes``."""
    moves = diff.pins.moves
    counts = {
        "come": sum(move.old is None for move in moves),
        "go": sum(move.new is None for move in moves),
        "move": sum(bool(move.old and move.new) and not move.is_rehashed for move in moves),
        "have other files": sum(move.is_rehashed for move in moves),
    }
    noun = " pin"
    for verb, number in counts.items():
        if number == 1:
            yield f"1{noun} {ONE.get(verb, f'{verb}s')}"
        elif number:
            yield f"{number}{noun and f'{noun}s'} {verb}"
        noun = "" if number else noun
    if number := len(diff.requirements_added) + len(diff.requirements_removed):
        yield f"{number} declared {'line changes' if number == 1 else 'lines change'}"
    if diff.settings:
        yield "settings changed"


def badge_of(item: Item, decision: Decision | None, *, is_lost: bool = False) -> Badge:
    if item.published_in:
        return Badge(text=f"Published in {item.published_in.number}", kind="published")
    if decision is None:
        return (
            Badge(text="Look again", kind="again")
            if is_lost
            else Badge(text="Undecided", kind="undecided")
        )
    name = decision.decided_by.get_username()
    kept = _kept(decision)
    if decision.verdict == Decision.Verdict.DECLINED:
        return Badge(text=f"Declined by {name}{kept}", kind="declined")
    return Badge(text=f"Approved by {name}{kept}", kind="kept" if kept else "approved")


def _kept(decision: Decision) -> str:
    """``, kept from 46``: the number of the proposal in which it was decided."""
    before = decision.kept_from
    return f", kept from {before.item.proposal.number}" if before else ""

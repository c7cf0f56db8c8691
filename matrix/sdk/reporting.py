"""What people and machines are told of a matrix and of a proposal. Read only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matrix.review.models import Decision, Finding, Item, Proposal
from matrix.review.state import proposed, published_files
from matrix.review.values import Change
from matrix.rules.diffing import PartDiff, unified_diff
from matrix.rules.notes import FREE_THREADING, UPLOAD_TIME
from matrix.rules.parts import LAYOUT, IntegrationPart, read
from matrix.rules.rendering.pins import FOLDER
from matrix.sdk.assembling import ROUTINE
from matrix.sdk.channel import differences
from matrix.sdk.free_threading import NOT_FREE_THREADED
from matrix.sdk.losses import IDLE_RULE
from matrix.sdk.publishing import CannotRender, render

ROUTINE_REMARKS = {
    FREE_THREADING: "Free threading of {} is read from pure-Python wheels alone: they count as "
    "capable until environments are resolved.",
    NOT_FREE_THREADED: "What {} would install has no free-threaded wheels.",
    IDLE_RULE: "{} with rules that match no row.",
    UPLOAD_TIME: "The index does not say when releases of {} were uploaded: what was there at the "
    "first poll counts as old.",
}
Reasons = Mapping[str, Sequence[Mapping[str, str]]]  # {version: [{"kind", "text"}]}


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemReport:
    """One part of a proposal, ready to be shown."""

    item: Item
    part: str
    group: str  # "" for the layout.
    diff: PartDiff
    reasons: Reasons
    findings: list[Finding]  # Without the routine ones.
    routine: list[Finding]
    decision: Decision | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FileReport:
    path: str
    diff: str  # Unified; "" when the file does not change.
    added: int  # Lines.
    removed: int

    @classmethod
    def of(cls, path: str, old: str, new: str) -> "FileReport":
        diff = unified_diff(path, old, new)
        lines = diff.splitlines()[2:]
        return cls(
            path=path,
            diff=diff,
            added=sum(line.startswith("+") for line in lines),
            removed=sum(line.startswith("-") for line in lines),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposalReport:
    proposal: Proposal
    summary: str
    items: list[ItemReport]  # By group and part; the layout first.
    findings: list[Finding]  # Those that belong to no item.
    remarks: list[str]  # What is routine, told once for all items that it is true of.
    files: list[FileReport]
    files_problem: str  # Why no files can be rendered; "" when they can.
    is_base_current: bool

    @property
    def main_files(self) -> list[FileReport]:
        """All but the constraint files, of which there is one for each environment."""
        return [file for file in self.files if not file.path.startswith(FOLDER)]

    @property
    def changed_constraints(self) -> list[FileReport]:
        return [file for file in self.files if file.path.startswith(FOLDER) and file.diff]

    @property
    def same_constraints(self) -> int:
        return len(self.files) - len(self.main_files) - len(self.changed_constraints)


def report_on(proposal: Proposal) -> ProposalReport:
    """Return everything that a reviewer is shown, in a fixed number of queries."""
    items = list(proposal.items.select_related("old", "new", "published_in").order_by("part"))
    standing = Decision.objects.filter(item__in=items, withdrawn_at=None)
    decisions = {decision.item_id: decision for decision in standing.select_related("decided_by")}
    findings = list(proposal.findings.select_related("waived_by").order_by("part", "kind", "pk"))
    loud = [finding for finding in findings if finding.kind not in ROUTINE]
    diffs = differences([_change(item) for item in items])
    reports = [
        _item_report(item, diff, findings, decisions.get(item.pk))
        for item, diff in zip(items, diffs, strict=True)
    ]
    before = published_files(proposal.base) if proposal.base else {}
    files, problem = file_reports(before, proposed(proposal))
    return ProposalReport(
        proposal=proposal,
        summary=proposal.summary,
        items=sorted(reports, key=lambda one: (one.part != LAYOUT, one.group, one.part)),
        findings=[finding for finding in loud if finding.item_id is None],
        remarks=remarks_on(findings),
        files=files,
        files_problem=problem,
        is_base_current=proposal.base_id == proposal.channel.current_id,
    )


def _change(item: Item) -> Change:
    old = item.old.body if item.old else None
    return Change(item.part, old, item.new.body if item.new else None)


def _item_report(
    item: Item, diff: PartDiff, findings: Sequence[Finding], decision: Decision | None
) -> ItemReport:
    change = _change(item)
    present = read(change.new_body or change.old_body or "")
    own = [finding for finding in findings if finding.item_id == item.pk]
    return ItemReport(
        item=item,
        part=item.part,
        group=present.group if isinstance(present, IntegrationPart) else "",
        diff=diff,
        reasons=item.reasons,
        findings=[finding for finding in own if finding.kind not in ROUTINE],
        routine=[finding for finding in own if finding.kind in ROUTINE],
        decision=decision,
    )


def remarks_on(findings: Sequence[Finding]) -> list[str]:
    """Tell routine findings once, with the number of integrations."""
    told = {(finding.kind, finding.part) for finding in findings if finding.kind in ROUTINE}
    counts = Counter(kind for kind, _ in told)
    return [
        f"{ROUTINE_REMARKS[kind].format('1 integration' if n == 1 else f'{n} integrations')}"
        for kind, n in sorted(counts.items())
    ]


def file_reports(
    before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[list[FileReport], str]:
    """Compare files with those of the parts *after*; a sentence says why they cannot be made."""
    try:
        new = render(after) if after else {}
    except CannotRender as error:
        return [], str(error)
    reports = [
        FileReport.of(path, before.get(path, ""), new.get(path, ""))
        for path in sorted(before.keys() | new.keys())
    ]
    return reports, ""

"""What people and machines are told of a matrix and of a proposal. Read only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.version import Version

from integrations.catalogue.models import Sdk
from matrix.environments.resolving import pins_of
from matrix.review.models import Assessment, Decision, Finding, Item, Proposal
from matrix.review.state import proposed, published, published_files
from matrix.review.values import Change
from matrix.rules.diffing import ChangedRow, MovedRow, PartDiff, PinMove, unified_diff
from matrix.rules.notes import FREE_THREADING, UPLOAD_TIME
from matrix.rules.parts import LAYOUT, IntegrationPart, Part, Row, read
from matrix.rules.rendering.pins import FOLDER
from matrix.sdk.assembling import NOTHING_TO_PICK, ROUTINE
from matrix.sdk.channel import channel_of, differences, pin_sets_of
from matrix.sdk.free_threading import NOT_FREE_THREADED
from matrix.sdk.publishing import CannotRender, render

ROUTINE_REMARKS = {
    FREE_THREADING: "Free threading of {} is read from pure-Python wheels alone: they count as "
    "capable until environments are resolved.",
    NOT_FREE_THREADED: "{} are not tested on a free-threaded Python because of what they install.",
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
        _item_report(item, diff, loud, decisions.get(item.pk))
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
    return ItemReport(
        item=item,
        part=item.part,
        group=present.group if isinstance(present, IntegrationPart) else "",
        diff=diff,
        reasons=item.reasons,
        findings=[finding for finding in findings if finding.item_id == item.pk],
        decision=decision,
    )


def remarks_on(findings: Sequence[Finding]) -> list[str]:
    """Tell routine findings once, with the number of integrations."""
    counts = Counter(finding.kind for finding in findings if finding.kind in ROUTINE)
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


# --- For machines --------------------------------------------------------------------------------
def matrix_json(sdk: Sdk, proposal: Proposal | None = None) -> dict[str, Any]:
    """
    Return the state of *proposal*, else of the open proposal, else of the publication.

    ``integrations`` has every integration of the catalogue and of that state, by name.
    """
    channel = channel_of(sdk)
    proposal = proposal or channel.proposals.open().first()
    bodies = proposed(proposal) if proposal else published(channel)
    assessments = {one.part: one for one in Assessment.objects.filter(channel=channel)}
    names = set(sdk.integrations.values_list("name", "project"))
    projects = dict(names)
    parts = {name: read(body) for name, body in bodies.items()}
    environments = known_environments(parts, assessments)
    return {
        "sdk": sdk.slug,
        "proposal": proposal.number if proposal else None,
        "publication": channel.current.number if channel.current else None,
        "integrations": {
            name: _integration_json(
                projects.get(name),
                parts.get(name),
                assessments.get(name),
                environments.get(name, {}),
            )
            for name in sorted((projects.keys() | parts.keys()) - {LAYOUT})
        },
    }


def _integration_json(
    project: str | None,
    part: Any,
    assessment: Assessment | None,
    environments: Mapping[str, Any],
) -> dict[str, Any]:
    rows: tuple[Row, ...] = part.rows if isinstance(part, IntegrationPart) else ()
    latest = part.latest if isinstance(part, IntegrationPart) else None
    reasons: Reasons = assessment.notes.get("reasons", {}) if assessment else {}
    return {
        "project": part.project if isinstance(part, IntegrationPart) else project,
        "rows": [
            {**row_json(row, reasons), "environments": environments.get(str(row.version), {})}
            for row in rows
        ],
        "latest": {"version": str(latest.version), "factors": latest.factors} if latest else None,
        "rejected": assessment.notes.get("rejected", {}) if assessment else {},
        "problem": problem_of(assessment),
    }


def known_environments(
    parts: Mapping[str, Part], assessments: Mapping[str, Assessment]
) -> dict[str, dict[str, dict[str, Any]]]:
    """
    Return ``{part: {version: {factor: {"pins", "problem"}}}}`` as the last run resolved them.

    A row that the last run did not make has the pins of its snapshot, where it holds any.
    """
    noted = {
        name: assessments[name].notes.get("environments", {}) if name in assessments else {}
        for name in parts
    }
    hashes = {
        environment["pin_set"]
        for versions in noted.values()
        for factors in versions.values()
        for environment in factors.values()
    } - {None}
    pin_sets = pins_of(hashes) | pin_sets_of(parts.values())
    return {
        name: {
            str(row.version): _environments_of(row, noted[name].get(str(row.version)), pin_sets)
            for row in part.rows
        }
        for name, part in parts.items()
        if isinstance(part, IntegrationPart)
    }


def _environments_of(
    row: Row, noted: Mapping[str, Any] | None, pin_sets: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    if noted is None:
        noted = {python.factor: {"pin_set": pins, "problem": None} for python, pins in row.pins}
    return {
        factor: {
            "pins": list(pin_sets.get(noted[factor]["pin_set"] or "", ())),
            "problem": noted[factor]["problem"],
        }
        for factor in row.factors
        if factor in noted
    }


def problem_of(assessment: Assessment | None) -> str | None:
    """Return what stood in the way of an integration at its last run."""
    if assessment is None:
        return None
    findings = assessment.notes.get("findings", [])
    texts = [found["text"] for found in findings if found["kind"] == NOTHING_TO_PICK]
    return assessment.problem or (texts[0] if texts else None)


def row_json(row: Row, reasons: Reasons) -> dict[str, Any]:
    version = str(row.version)
    return {
        "version": version,
        "factors": row.factors,
        "advisory": row.is_advisory,
        "reasons": list(reasons.get(version, [])),
    }


def proposal_json(report: ProposalReport) -> dict[str, Any]:
    proposal = report.proposal
    return {
        "number": proposal.number,
        "sdk": proposal.channel.slug,
        "status": proposal.status,
        "summary": report.summary,
        "base_publication": proposal.base.number if proposal.base else None,
        "items": [_item_json(item) for item in report.items],
        "findings": [_finding_json(finding) for finding in report.findings],
        "remarks": report.remarks,
    }


def _item_json(report: ItemReport) -> dict[str, Any]:
    diff = report.diff
    return {
        "part": report.part,
        "rows": {
            "moved": [_moved_json(row) for row in diff.moved],
            "added": [row_json(row, report.reasons) for row in diff.added],
            "removed": [row_json(row, report.reasons) for row in diff.removed],
            "changed": [_changed_json(row) for row in diff.changed],
        },
        "requirements": {
            "added": list(diff.requirements_added),
            "removed": list(diff.requirements_removed),
        },
        "pins": {
            "moved": [_pin_move_json(move) for move in diff.pins.moves],
            "gained": list(diff.pins.gained),
            "lost": list(diff.pins.lost),
        },
        "settings": list(diff.settings),
        "reasons": [
            {"version": version, **reason}
            for version in sorted(report.reasons, key=Version)
            for reason in report.reasons[version]
        ],
        "findings": [_finding_json(finding) for finding in report.findings],
        "decision": report.decision.verdict if report.decision else None,
    }


def _moved_json(row: MovedRow) -> dict[str, Any]:
    return {
        "from": str(row.old.version),
        "to": str(row.new.version),
        "factors": row.new.factors,
        "gained": [python.factor for python in row.new.pythons if python not in row.old.pythons],
        "lost": [python.factor for python in row.old.pythons if python not in row.new.pythons],
    }


def _pin_move_json(move: PinMove) -> dict[str, Any]:
    """Tell a move; without "from" the project comes, without "to" it goes."""
    return {
        "project": move.project,
        "from": move.old,
        "to": move.new,
        "environments": list(move.environments),
    }


def _changed_json(row: ChangedRow) -> dict[str, Any]:
    return {
        "version": str(row.version),
        "gained": [python.factor for python in row.gained],
        "lost": [python.factor for python in row.lost],
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "part": finding.part,
        "kind": finding.kind,
        "severity": finding.severity,
        "text": finding.text,
        "blocking": finding.is_blocking,
    }

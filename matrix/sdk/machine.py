"""The matrix and proposals as JSON, for machines; docs/commands.md describes the shapes."""

from collections.abc import Mapping
from typing import Any

from packaging.version import Version

from integrations.catalogue.models import Sdk
from matrix.environments.resolving import pins_of
from matrix.review.models import Assessment, Finding, Proposal
from matrix.review.state import proposed, published
from matrix.rules.diffing import ChangedRow, MovedRow, PinMove
from matrix.rules.parts import LAYOUT, IntegrationPart, Part, Row, read
from matrix.sdk.assembling import NOTHING_TO_PICK
from matrix.sdk.channel import channel_of, pin_sets_of
from matrix.sdk.reporting import ItemReport, ProposalReport, Reasons


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
        proposal.channel.kind: proposal.channel.slug,
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
        "causes": list(report.item.causes),
        "findings": [_finding_json(one) for one in (*report.findings, *report.routine)],
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

"""Proposals and matrices as text, for terminals. The words are those of the pages."""

from collections.abc import Iterator
from typing import Any

from matrix.rules.diffing import PinsDiff
from matrix.rules.parts import LAYOUT, Row
from matrix.sdk.candidate_files import why_no_files
from matrix.sdk.reporting import ItemReport, ProposalReport

NOT_KNOWN = "reason not known"


def proposal_text(report: ProposalReport) -> str:
    """Return the summary line, then each part with its rows and the reason of each."""
    proposal = report.proposal
    base = f"publication {proposal.base.number}" if proposal.base else "nothing published yet"
    lines = [
        f"Proposal {proposal.number} of {proposal.channel} ({proposal.status}), against {base}.",
        report.summary,
    ]
    lines += [
        f"! {found.part or proposal.channel}: {found.text.splitlines()[0]}"
        for found in report.findings
    ]
    problem = why_no_files(proposal)
    lines += [f"! {problem}"] if problem else []
    lines += [f"Note: {remark}" for remark in report.remarks]
    group = None
    for item in report.items:
        if item.group != group:
            group = item.group
            lines += ["", group or ("Layout" if item.part == LAYOUT else "Sets")]
        lines += _item_lines(item)
    return "\n".join(lines)


def _item_lines(report: ItemReport) -> Iterator[str]:
    diff = report.diff
    if report.part != LAYOUT:
        yield f"  {report.part}"
    for finding in report.findings:
        yield f"    ! {finding.text.splitlines()[0]}"
    for row in diff.added:
        yield f"    + {_row(row)}  {_why(report, row)}"
    for moved in diff.moved:
        yield f"    ~ {moved.old.version} -> {_row(moved.new)}  {_why(report, moved.new)}"
    for changed in diff.changed:
        signs = [f"+{python}" for python in changed.gained]
        signs += [f"-{python}" for python in changed.lost]
        yield f"    ~ {changed.version}  {' '.join(signs)}"
    for row in diff.removed:
        yield f"    - {_row(row)}  {_why(report, row)}"
    for line in diff.requirements_added:
        yield f"    + {line}"
    for line in diff.requirements_removed:
        yield f"    - {line}"
    yield from _pin_lines(diff.pins)
    for sentence in diff.settings:
        yield f"    ~ {sentence}"


def _pin_lines(pins: PinsDiff) -> Iterator[str]:
    for move in pins.moves:
        yield f"    ~ {move}"
    for name in pins.lost:
        yield f"    ! {name} is no longer pinned"
    for name in pins.gained:
        yield f"    + {name} is pinned from now on"


def _row(row: Row) -> str:
    advisory = " (advisory)" if row.is_advisory else ""
    return f"{row.version}  {' '.join(str(python) for python in row.pythons)}{advisory}"


def _why(report: ItemReport, row: Row) -> str:
    reasons = report.reasons.get(str(row.version), [])
    return f"[{'; '.join(reason['text'] for reason in reasons) or NOT_KNOWN}]"


def matrix_table(content: dict[str, Any]) -> str:
    """Return one line for each row of what ``matrix --format json`` prints."""
    source = (
        f"as proposal {content['proposal']} would make it"
        if content["proposal"]
        else f"publication {content['publication']}"
    )
    lines = [f"{content['sdk']}, {source}"]
    names = content["integrations"]
    width = max(map(len, names), default=0)
    for name, integration in names.items():
        for row in integration["rows"]:
            factors = " ".join(factor.removeprefix("py") for factor in row["factors"])
            reasons = "; ".join(reason["text"] for reason in row["reasons"])
            lines.append(f"{name:{width}}  {row['version']:12}  {factors:24}  {reasons}".rstrip())
        if integration["problem"]:
            lines.append(f"{name:{width}}  ! {integration['problem']}")
    return "\n".join(lines)

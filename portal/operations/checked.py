"""What is said of a checked file, as text for terminals and as JSON for programs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from matrix.rules.checking.differences import Difference
from matrix.rules.checking.judging import MOST_SHOWN, Report, State

KEEP = (
    "What you meant to change belongs into the catalogue, or on a line of yours outside the region."
)


def report_text(report: Report) -> str:
    """Return the verdict, then what stands behind it, a line each."""
    lines = [report.verdict, *report.notes]
    for region in report.regions:
        origin = f", from {region.origin}" if region.origin else ""
        place = f"lines {region.first_line} to {region.last_line}"
        lines.append(f"  {region.name} ({place}): {region.state}{origin}")
    for difference in report.real[:MOST_SHOWN]:
        lines += _place_lines(difference)
    if (more := len(report.real) - MOST_SHOWN) > 0:
        lines.append(f"And {more:,} more places.")
    return "\n".join([*lines, *map(str, fixes(report))])


def _place_lines(one: Difference) -> Iterator[str]:
    where = f' of the region "{one.region}"' if one.region else ""
    yield f"{one.place}{where}: {one.fix}"
    yield from (f"  {line}" for line in one.diff.splitlines())


@dataclass(frozen=True, slots=True)
class Fix:
    sentence: str
    command: str = ""

    def __str__(self) -> str:
        return f"{self.sentence} {self.command}".rstrip()


def fixes(report: Report) -> list[Fix]:
    """Return what to do about the file as a whole; nothing when it is in order."""
    into = f"python manage.py render {report.sdk or 'SLUG'} --into {report.path or 'FILE'}"
    has_regions = bool(report.regions)
    if report.state is State.OLDER and has_regions:
        return [Fix("To bring it up to date:", into)]
    if report.state in {State.REGION_EDITED, State.MIXED} and has_regions:
        return [Fix("To write what is published over it:", f"{into} --discard-edits"), Fix(KEEP)]
    if report.state in {State.REGION_EDITED, State.OLDER}:
        text = "No line of this file is hand-written: take it from the bundle of the publication."
        return [Fix(text)]
    return []


def report_json(report: Report) -> dict[str, Any]:
    """Return the whole report as plain values."""
    return {
        "state": report.state.value,
        "verdict": report.verdict,
        "notes": list(report.notes),
        "kind": report.kind,
        "path": report.path,
        "sdk": report.sdk,
        "publication": report.publication,
        "current": report.current,
        "proposal": report.proposal,
        "regions": [
            {
                "name": region.name,
                "first_line": region.first_line,
                "last_line": region.last_line,
                "state": region.state,
                "origin": region.origin,
            }
            for region in report.regions
        ],
        "differences": [_difference_json(one) for one in report.differences],
        "frame": [_difference_json(one) for one in report.frame],
    }


def _difference_json(one: Difference) -> dict[str, Any]:
    return {
        "region": one.region,
        "line": one.line,
        "missing": list(one.missing),
        "written": list(one.written),
        "routine": one.is_routine,
        "fix": one.fix,
    }

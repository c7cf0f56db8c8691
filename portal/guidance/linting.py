"""What the linter found, as the page and the command tell it."""

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.policy.linting import RULES, Finding, Form, Report, Rule, Severity

MOST_NAMED = 3  # Files that a verdict without findings names.
MOST_SHOWN = 500  # Findings on a page.


@dataclass(frozen=True, slots=True)
class Shown:
    """One finding beside its rule."""

    finding: Finding
    rule: Rule

    @property
    def badge(self) -> str:
        """The badge of UX 3.1: errors have a heavy edge, warnings a dashed one."""
        return "error" if self.finding.severity is Severity.ERROR else "warning"


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownFile:
    path: str
    form: Form | None  # None: it could not be read as what its name says.
    findings: tuple[Shown, ...]


def files_of(report: Report) -> list[ShownFile]:
    """Return the files with findings first, each with its findings in the order of lines."""
    by_path: dict[str, list[Shown]] = {path: [] for path in report.read}
    for one in report.findings[:MOST_SHOWN]:
        by_path.setdefault(one.path, []).append(Shown(one, RULES[one.rule]))
    found = [
        ShownFile(path=path, form=report.read.get(path), findings=tuple(shown))
        for path, shown in sorted(by_path.items())
    ]
    return sorted(found, key=lambda each: not each.findings)


def verdict_of(report: Report, refused: Sequence[str]) -> str:
    """``2 errors and 1 warning in 2 of 3 files.``; never "none" where nothing was read."""
    if report.findings:
        return f"{_counted(report)} in {_among(report)}."
    if not report.read:
        return "Nothing was read."
    named = report.read if len(report.read) <= MOST_NAMED else {}
    forms = ", ".join(f"{path} as {form}" for path, form in named.items())
    files = _files(len(report.read))
    apart = f" {_files(len(refused))} could not be read." if refused else ""
    known = ", as far as they tell" if report.untold else ""
    return f"No findings in {files}{known}{f'; read: {forms}' if forms else ''}.{apart}"


def _among(report: Report) -> str:
    having = {one.path for one in report.findings}
    everything = having | set(report.read)
    if len(having) == len(everything):
        return _files(len(everything))
    return f"{len(having)} of {_files(len(everything))}"


def _counted(report: Report) -> str:
    told = []
    if report.errors:
        told.append(f"{report.errors} {'error' if report.errors == 1 else 'errors'}")
    if report.warnings:
        told.append(f"{report.warnings} {'warning' if report.warnings == 1 else 'warnings'}")
    return " and ".join(told)


def _files(number: int) -> str:
    return f"{number} {'file' if number == 1 else 'files'}"


def is_clean(report: Report, refused: Sequence[str]) -> bool:
    """Whether something was read, all of it, nothing found, and nothing left open."""
    return bool(report.read) and not (report.findings or report.untold or refused)

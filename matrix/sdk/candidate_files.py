"""The generated files of a proposal beside those of its base, line by line."""

from collections.abc import Mapping
from dataclasses import dataclass

from matrix.review.kinds import kind_of
from matrix.review.models import Proposal
from matrix.review.state import proposed, published_files
from matrix.rules.diffing import unified_diff
from matrix.rules.rendering.pins import FOLDER
from matrix.sdk.publishing import CannotRender


@dataclass(frozen=True, kw_only=True, slots=True)
class FileReport:
    path: str
    diff: str  # Unified; "" when the file does not change.
    added: int  # Lines.
    removed: int
    is_gone: bool = False  # The proposal leaves no such file.

    @classmethod
    def of(cls, path: str, old: str, new: str) -> "FileReport":
        diff = unified_diff(path, old, new)
        lines = diff.splitlines()[2:]
        return cls(
            path=path,
            diff=diff,
            added=sum(line.startswith("+") for line in lines),
            removed=sum(line.startswith("-") for line in lines),
            is_gone=not new,
        )

    @property
    def lines(self) -> int:
        return self.diff.count("\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class FilesReport:
    files: tuple[FileReport, ...]  # By path.
    problem: str = ""  # Why no files can be rendered; "" when they can.

    @property
    def main(self) -> list[FileReport]:
        """All but the constraint files, of which there is one for each environment."""
        return [file for file in self.files if not file.path.startswith(FOLDER)]

    @property
    def changed_constraints(self) -> list[FileReport]:
        return [file for file in self.files if file.path.startswith(FOLDER) and file.diff]

    @property
    def same_constraints(self) -> int:
        return len(self.files) - len(self.main) - len(self.changed_constraints)

    @property
    def changed(self) -> list[FileReport]:
        return [file for file in self.files if file.diff]

    @property
    def added(self) -> int:
        return sum(file.added for file in self.files)

    @property
    def removed(self) -> int:
        return sum(file.removed for file in self.files)

    @property
    def patch(self) -> str:
        """All changes as one patch, which ``git apply`` takes."""
        return "".join(file.diff for file in self.files)


def files_report(proposal: Proposal) -> FilesReport:
    """Render what *proposal* asks for beside its base, in a fixed number of queries."""
    try:
        before, after = _both_sides(proposal)
    except CannotRender as error:
        return FilesReport(files=(), problem=str(error))
    paths = sorted(before.keys() | after.keys())
    return FilesReport(
        files=tuple(
            FileReport.of(path, before.get(path, ""), after.get(path, "")) for path in paths
        )
    )


def file_report(proposal: Proposal, path: str) -> FileReport | None:
    """Compare one file; None: neither side has it. Raises CannotRender."""
    before, after = _both_sides(proposal)
    if path not in before and path not in after:
        return None
    return FileReport.of(path, before.get(path, ""), after.get(path, ""))


def why_no_files(proposal: Proposal) -> str:
    """Say why the files cannot be rendered; "" when they can."""
    try:
        _after(proposal)
    except CannotRender as error:
        return str(error)
    return ""


def _both_sides(proposal: Proposal) -> tuple[Mapping[str, str], Mapping[str, str]]:
    after = _after(proposal)
    return (published_files(proposal.base) if proposal.base else {}), after


def _after(proposal: Proposal) -> dict[str, str]:
    bodies = proposed(proposal)
    return dict(kind_of(proposal.channel).render(bodies)) if bodies else {}

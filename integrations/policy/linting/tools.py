"""Releases of the tools themselves that do not do their work."""

from collections.abc import Iterator

from packaging.version import InvalidVersion, Version

from integrations.policy.linting.findings import Finding
from integrations.policy.linting.rules import finding

# They use pkgutil.ImpImporter, which is gone (run on 3.12.1 and 3.13.0).
WITHOUT_IMP_IMPORTER = 12  # The minor version of Python.
TOO_OLD = {"pip": Version("23.1"), "pipenv": Version("2024.1.1")}
# Before it categories of a Pipfile were locked one by one, and entries of the first overwrote
# those of the others (pull request 6610 of Pipenv, run with 2022.12.19, 2024.4.1 and 2026.10.3).
FIRST_THAT_AGREES = Version("2026.4.0")


def check_age(path: str, line: int, tool: str, text: str, python: int | None) -> Iterator[Finding]:
    """Yield what speaks against the release *text* of *tool* on Python 3.*python*."""
    try:
        version = Version(text)
    except InvalidVersion:
        return
    oldest = TOO_OLD.get(tool)
    if oldest and version < oldest and python is not None and python >= WITHOUT_IMP_IMPORTER:
        yield finding(
            "tool-too-old",
            path,
            line,
            f"{tool} {text} does not start on Python 3.{python}: {oldest} does.",
        )
    if tool == "pipenv" and version < FIRST_THAT_AGREES:
        yield finding(
            "pipenv-disagrees",
            path,
            line,
            f"pipenv {text} locks [dev-packages] without a look at [packages].",
        )

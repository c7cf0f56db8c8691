"""
The versions of tools that generated files pin: polled from the index, and checked against the
Python on which they must start.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from integrations.index.facts import KnownRelease
from integrations.index.models import Index
from integrations.index.polling import poll
from integrations.index.store import KnownProject, known_projects
from portal.guidance.generating.facts import CHECKED

TOOLS = ("pip", "pip-tools", "pipenv", "poetry", "tox-uv", "uv")


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolVersion:
    """What is pinned of one tool, and where that comes from."""

    name: str
    version: str
    is_polled: bool  # False: the index was never asked, and this is the version that was tried.
    refused: tuple[str, ...] = ()  # Newer releases that do not run on the Python.


def poll_tools(index: Index, *, at: datetime) -> None:
    """Read the pages of all tools, so that guidance knows their newest releases."""
    poll(index, TOOLS, at=at, wanted=lambda *_: ())


def tool_versions(index: Index | None, python: str, *, as_of: datetime) -> dict[str, ToolVersion]:
    """
    Return the newest final release of each tool that runs on *python* ("3.13"), by name.

    A tool that the index was never asked about has the version that its commands were tried with.
    """
    known: Mapping[str, KnownProject] = {}
    if index is not None:
        known = known_projects(index, TOOLS, as_of=as_of)
    return {name: _newest(name, known.get(name), python, as_of) for name in TOOLS}


def _newest(name: str, project: KnownProject | None, python: str, as_of: datetime) -> ToolVersion:
    if project is None or project.first_seen_at is None:
        return ToolVersion(name=name, version=CHECKED[name], is_polled=False)
    refused: list[str] = []
    for release in sorted(_usable(project.releases(as_of), as_of), key=_version, reverse=True):
        if _runs_on(release, python):
            return ToolVersion(
                name=name,
                version=str(release.version),
                is_polled=True,
                refused=tuple(refused),
            )
        refused.append(str(release.version))
    return ToolVersion(name=name, version=CHECKED[name], is_polled=False, refused=tuple(refused))


def _usable(releases: Iterable[KnownRelease], as_of: datetime) -> Iterable[KnownRelease]:
    for release in releases:
        is_there = release.uploaded_at is not None and release.uploaded_at <= as_of
        if is_there and not release.is_yanked and not release.version.is_prerelease:
            yield release


def _version(release: KnownRelease) -> Version:
    return release.version


def _runs_on(release: KnownRelease, python: str) -> bool:
    try:
        return SpecifierSet(release.requires_python).contains(f"{python}.99")
    except InvalidSpecifier:  # Old releases say things that no parser accepts: not those.
        return False

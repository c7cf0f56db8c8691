"""
The versions of tools that generated files pin: those that were reviewed and published, else the
newest that the index has, checked against the Python on which they must start.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from integrations.catalogue.models import Hold
from integrations.index.address import clean_url, default_index_url
from integrations.index.facts import KnownRelease
from integrations.index.models import Index
from integrations.index.store import KnownProject, known_projects
from portal.guidance.generating.facts import CHECKED, CHECKED_ON
from portal.guidance.models import Application

TOOLS = ("pip", "pip-tools", "pipenv", "poetry", "tox", "tox-uv", "uv")
LOCKED, POLLED, TRIED, LACKING = "locked", "polled", "tried", "lacking"


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolVersion:
    """What is pinned of one tool, and where that comes from."""

    name: str
    version: str  # "": what the commands were tried with is held, and there is nothing else.
    # LOCKED: reviewed and published. POLLED: the newest of the index that may be taken. TRIED and
    # LACKING: the index was not asked, or has none; this is what the commands were tried with.
    source: str
    # Newer releases of the index, and why each of them is not taken.
    refused: tuple[str, ...] = ()  # They do not run on the Python.
    held: tuple[str, ...] = ()  # They are held everywhere.
    waiting: tuple[str, ...] = ()  # They are younger than the application's cooldown.

    @property
    def tried(self) -> str:
        """The version that the commands were tried with; "" when it is this one."""
        known = CHECKED.get(self.name, "")
        is_it = not self.version or not known or Version(known) == Version(self.version)
        return "" if is_it else known

    @property
    def tried_on(self) -> str:
        return CHECKED_ON


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What a release of a tool must obey to be taken."""

    python: str  # "3.13": it must run there.
    as_of: datetime
    cooldown: timedelta = timedelta()  # What is younger is not taken.
    holds: Sequence[Hold] = field(default=())  # Of releases that are kept out everywhere.

    def is_held(self, name: str, version: str) -> bool:
        return any(hold.project == name and hold.matches(version) for hold in self.holds)

    def is_young(self, release: KnownRelease) -> bool:
        uploaded_at = release.uploaded_at
        return uploaded_at is not None and uploaded_at > self.as_of - self.cooldown


def watched(at: datetime) -> dict[str, tuple[str, ...]]:
    """
    Return the projects whose pages guidance needs, by the address of their index: the tools, and
    what is held everywhere, on the portal's own index and on each that an application names.
    """
    own = Application.objects.exclude(index_url="").order_by("index_url")
    urls = own.values_list("index_url", flat=True).distinct()
    names = (*TOOLS, *(hold.project for hold in everywhere(at)))
    return {url: tuple(sorted(set(names))) for url in (default_index_url(), *map(clean_url, urls))}


def everywhere(at: datetime) -> list[Hold]:
    """Return the holds without an SDK that are in force at a moment."""
    return [hold for hold in Hold.objects.everywhere().order_by("pk") if hold.is_in_force(at)]


def tool_versions(
    index: Index | None,
    python: str,
    *,
    as_of: datetime,
    cooldown_days: int = 0,
    locked: Mapping[str, str] | None = None,
) -> dict[str, ToolVersion]:
    """
    Return what is pinned of each tool, by name.

    That is its version in *locked* (what is published), else the newest final release of *index*
    that runs on *python* ("3.13"), is neither yanked nor held everywhere, and is as old as the
    cooldown asks, else the version that its commands were tried with.
    """
    known: Mapping[str, KnownProject] = {}
    if index is not None:
        known = known_projects(index, TOOLS, as_of=as_of)
    rules = Rules(
        python=python,
        as_of=as_of,
        cooldown=timedelta(days=cooldown_days),
        holds=everywhere(as_of),
    )
    reviewed = locked or {}
    return {
        name: ToolVersion(name=name, version=reviewed[name], source=LOCKED)
        if name in reviewed
        else _newest(name, known.get(name), rules)
        for name in TOOLS
    }


def newest_releases(index: Index | None, *, as_of: datetime) -> dict[str, str]:
    """Return the newest final release of each tool on *index*, whatever Python it runs on."""
    known = known_projects(index, TOOLS, as_of=as_of) if index is not None else {}
    found = {name: _usable(project.releases(as_of), as_of) for name, project in known.items()}
    return {
        name: str(max(release.version for release in releases))
        for name, releases in found.items()
        if releases
    }


def _newest(name: str, project: KnownProject | None, rules: Rules) -> ToolVersion:
    refused: list[str] = []
    held: list[str] = []
    waiting: list[str] = []

    def found(version: str, source: str) -> ToolVersion:
        return ToolVersion(
            name=name,
            version=version,
            source=source,
            refused=tuple(refused),
            held=tuple(held),
            waiting=tuple(waiting),
        )

    tried = "" if rules.is_held(name, CHECKED[name]) else CHECKED[name]
    if project is None or project.first_seen_at is None:
        return found(tried, TRIED)
    usable = _usable(project.releases(rules.as_of), rules.as_of)
    for release in sorted(usable, key=lambda one: one.version, reverse=True):
        if not _runs_on(release, rules.python):
            refused.append(str(release.version))
        elif rules.is_held(name, str(release.version)):
            held.append(str(release.version))
        elif rules.is_young(release):
            waiting.append(str(release.version))
        else:
            return found(str(release.version), POLLED)
    return found(tried, LACKING)


def _usable(releases: Iterable[KnownRelease], as_of: datetime) -> list[KnownRelease]:
    """Return the final releases that have files at a moment and are not yanked."""
    return [
        release
        for release in releases
        if release.uploaded_at is not None
        and release.uploaded_at <= as_of
        and not release.is_yanked
        and not release.version.is_prerelease
    ]


def _runs_on(release: KnownRelease, python: str) -> bool:
    try:
        return SpecifierSet(release.requires_python).contains(f"{python}.99")
    except InvalidSpecifier:  # Old releases say things that no parser accepts: not those.
        return False

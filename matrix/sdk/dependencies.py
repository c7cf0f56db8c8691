"""What the index says of the projects that environments pull in."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from packaging.version import Version

from integrations.catalogue.models import Hold, Sdk
from integrations.index.models import Index
from integrations.index.polling import poll
from integrations.index.store import known_projects, never_read
from matrix.rules.rendering.pins import project_of
from matrix.sdk.translating import hold_rules

Pin = tuple[str, str]  # Normalised name and version.


def split(pin: str) -> Pin:
    """``anyio==4.9.0`` as normalised name and version."""
    return project_of(pin), pin.partition("==")[2]


def read_missing(index: Index, names: Collection[str], *, at: datetime) -> None:
    """Read the pages of those projects that the portal never looked at."""
    if missing := never_read(index, names):
        poll(index, missing, at=at, wanted=lambda *_: ())


def abi_tags(index: Index, pins: Collection[Pin], *, as_of: datetime) -> dict[Pin, frozenset[str]]:
    """Return the ABI tags of the wheels of each pinned release; none where it is not known."""
    wanted = _by_project(pins)
    found: dict[Pin, frozenset[str]] = {}
    for name, project in known_projects(index, wanted, as_of=as_of).items():
        tags = {release.version: release.abi_tags for release in project.releases(as_of)}
        found |= {
            (name, version): tags.get(Version(version), frozenset()) for version in wanted[name]
        }
    return found


def unusable(index: Index, pins: Collection[Pin], *, as_of: datetime) -> dict[Pin, str]:
    """Return why a pin must not be kept: it is yanked, gone, or its project is quarantined."""
    wanted = _by_project(pins)
    found: dict[Pin, str] = {}
    for name, project in known_projects(index, wanted, as_of=as_of).items():
        is_quarantined = project.status(as_of).status == "quarantined"
        releases = {release.version: release for release in project.releases(as_of)}
        for version in wanted[name]:
            release = releases.get(Version(version))
            if is_quarantined:
                found[name, version] = "its project is quarantined"
            elif release is not None and release.uploaded_at is None:
                found[name, version] = "it is gone from the index"
            elif release is not None and release.is_yanked:
                found[name, version] = "it is yanked"
    return found


def constraints(
    index: Index, holds: Iterable[Hold], sdk: Sdk, *, as_of: datetime, at: datetime
) -> tuple[str, ...]:
    """
    Return what keeps held releases out of every environment: ``anyio!=4.9.1``, one for each.

    Holds of single integrations are about what they pick, and do not reach their neighbours.
    """
    by_project: dict[str, list[Hold]] = defaultdict(list)
    for hold in holds:
        if hold.integration_id is None:
            by_project[hold.project].append(hold)
    if not by_project:
        return ()
    read_missing(index, by_project, at=at)
    excluded = {
        f"{name}!={release.version}"
        for name, project in known_projects(index, by_project, as_of=as_of).items()
        for rule in hold_rules(by_project[name], sdk, as_of=as_of)
        for release in project.releases(as_of)
        if rule.releases.contains(release.version, prereleases=True)
    }
    return tuple(sorted(excluded))


def _by_project(pins: Collection[Pin]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for name, version in pins:
        found[name].add(version)
    return found

"""From what somebody typed, a package and a release, to the page that answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from django.db.models import Q
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from integrations.catalogue.models import Integration
from integrations.index.store import known_projects
from matrix.sdk.learning import stored_index

NEAREST = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """An integration that tests the package, and the release as its index has it."""

    integration: Integration
    version: Version | None  # None: none was asked for, or the index has none such.


@dataclass(frozen=True, kw_only=True, slots=True)
class LookUp:
    package: str
    release: str
    matches: tuple[Match, ...] = ()
    problem: str = ""  # Why there is no answer, in a sentence.
    packages: tuple[str, ...] = ()  # That are spelled alike.
    releases: tuple[Version, ...] = ()  # That are near.

    @property
    def only(self) -> Match | None:
        """The one page that answers, when there is one."""
        return self.matches[0] if len(self.matches) == 1 and not self.problem else None


def look_up(package: str, release: str, *, now: datetime) -> LookUp:
    """Find integrations by their project or their name, and the release however it is spelled."""
    asked = LookUp(package=package, release=release)
    if not package:
        return asked
    integrations = _integrations(package)
    if not integrations:
        return _unknown_package(asked)
    version: Version | None = None
    if release:
        try:
            version = Version(release)
        except InvalidVersion:
            return _with(
                asked,
                integrations,
                problem=f"“{release}” is not a version. Write one such as 5.1.7 or 6.0rc1.",
            )
    found = [_match(one, version, now) for one in integrations]
    matches = tuple(match for match, _ in found)
    near = tuple(sorted({one for _, known in found for one in known}))
    if version is not None and all(match.version is None for match in matches):
        problem = f"The index has no release {version} of {matches[0].integration.project}, "
        problem += "as far as the portal has read it."
        return LookUp(
            package=package, release=release, matches=matches, problem=problem, releases=near
        )
    return LookUp(package=package, release=release, matches=matches)


def _integrations(package: str) -> list[Integration]:
    rows = Integration.objects.filter(Q(project=canonicalize_name(package)) | Q(name=package))
    found = rows.select_related("sdk", "group")
    return sorted(found, key=lambda one: (one.sdk.name, one.name))


def _with(asked: LookUp, integrations: Sequence[Integration], *, problem: str) -> LookUp:
    matches = tuple(Match(integration=one, version=None) for one in integrations)
    return LookUp(package=asked.package, release=asked.release, matches=matches, problem=problem)


def _unknown_package(asked: LookUp) -> LookUp:
    names = sorted(set(Integration.objects.values_list("project", flat=True)))
    alike = get_close_matches(canonicalize_name(asked.package), names, n=NEAREST)
    return LookUp(
        package=asked.package,
        release=asked.release,
        problem=f"No integration tests a package named “{asked.package}”.",
        packages=tuple(alike),
    )


def _match(
    integration: Integration, version: Version | None, now: datetime
) -> tuple[Match, list[Version]]:
    """Return the match and, where the release is not there, those around it."""
    if version is None:
        return Match(integration=integration, version=None), []
    index = stored_index(integration.sdk)
    name = integration.project
    project = known_projects(index, [name], as_of=now).get(name) if index else None
    known = [release.version for release in project.releases(now)] if project else []
    for one in known:
        if one == version:
            return Match(integration=integration, version=one), []
    return Match(integration=integration, version=None), list(_around(version, known))


def _around(version: Version, known: Sequence[Version]) -> Iterator[Version]:
    yield from [one for one in known if one < version][-NEAREST:]
    yield from [one for one in known if one > version][:NEAREST]

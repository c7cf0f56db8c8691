"""
Conditions that end a hold: what the index shows of a project, and whether that is what was awaited.

Each answers with a sentence that says why it has come true; "" as long as it has not.
"""

from collections.abc import Iterable
from datetime import datetime

from packaging.specifiers import SpecifierSet

from matrix.rules.facts import Release


def release_exists(
    project: str, wanted: SpecifierSet, releases: Iterable[Release], *, at: datetime
) -> str:
    """
    Tell the first release of *project* that matches, is uploaded, and is not yanked.

    A prerelease counts where *wanted* names one: ``>=0.36rc1``; ``!=0.36rc1`` asks for none.
    """
    found = [
        release
        for release in releases
        if is_available(release, at=at)
        and wanted.contains(release.version, prereleases=bool(wanted.prereleases))
    ]
    if not found:
        return ""
    return _uploaded(project, min(found, key=lambda release: (_since(release), release.version)))


def no_longer_latest(
    project: str, held: SpecifierSet, releases: Iterable[Release], *, at: datetime
) -> str:
    """
    Tell the latest release of *project* when it is none of those that are held.

    The latest is the highest final release that is available; a prerelease that is held counts,
    too, or its hold would end before the final release comes. A hold that matches nothing on the
    index waits for what it was made for.
    """
    known = list(releases)
    matched = {one.version for one in known if held.contains(one.version, prereleases=True)}
    candidates = [
        release
        for release in known
        if is_available(release, at=at)
        and (not release.version.is_prerelease or release.version in matched)
    ]
    if not matched or not candidates:
        return ""
    latest = max(candidates, key=lambda release: release.version)
    if latest.version in matched:
        return ""
    return f"{_uploaded(project, latest)}: it is the latest release now"


def is_available(release: Release, *, at: datetime) -> bool:
    """Whether the index has files of it that are not all yanked."""
    return release.uploaded_at is not None and release.uploaded_at <= at and not release.is_yanked


def _since(release: Release) -> datetime:
    assert release.uploaded_at is not None
    return release.uploaded_at


def _uploaded(project: str, release: Release) -> str:
    if not release.is_time_known:
        return f"{project} {release.version} is there; the index does not say since when"
    day = _since(release)
    return f"{project} {release.version} was uploaded on {day.day} {day:%b %Y}"

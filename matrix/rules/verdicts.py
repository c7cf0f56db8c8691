"""Checks 1 to 9: what the index page and the policy say of a release, without its metadata."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

from packaging.version import Version

from matrix.rules.facts import Check, Policy, Reason, Release

Found = Iterator[tuple[int, Reason]]  # A position among the releases, and what is against it.
Minor = tuple[int, int, int]  # Epoch, major, minor.


class Verdicts:
    """All releases of a project in ascending order, and what is against each of them so far."""

    def __init__(self, policy: Policy, releases: Iterable[Release]) -> None:
        self.releases = distinct(releases)
        self.versions = [release.version for release in self.releases]
        self.reasons: list[list[Reason]] = [[] for _ in self.releases]
        for check in CHECKS:
            self.reject(check(policy, self.releases))
        # Checks 1 to 8 look at each release alone; what follows compares them with each other.
        self.survives = [not reasons for reasons in self.reasons]

    def reject(self, found: Iterable[tuple[int, Reason]]) -> None:
        for position, reason in found:
            self.reasons[position].append(reason)

    def find(self, version: Version) -> int | None:
        """Return the position of *version*, None when the index does not have it."""
        position = bisect_left(self.versions, version)
        return position if self.versions[position : position + 1] == [version] else None

    def release(self, version: Version) -> Release:
        return self.releases[bisect_left(self.versions, version)]

    def newest_of_each_minor(self) -> list[int]:
        """Reject older patches; return the positions of what stays, ascending."""
        newest: dict[Minor, int] = {}
        for position in range(len(self.versions) - 1, -1, -1):
            version = self.versions[position]
            if self.survives[position] and not version.is_prerelease:
                newest.setdefault(minor_of(version), position)
        self.reject(self._older_patches(newest))
        return sorted(newest.values())

    def _older_patches(self, newest: dict[Minor, int]) -> Found:
        reasons = {
            minor: Reason(Check.OLDER_PATCH.value, f"older than {self.versions[position]}")
            for minor, position in newest.items()
        }
        for position, version in enumerate(self.versions):
            minor = minor_of(version)
            if not version.is_prerelease and position < newest.get(minor, -1):
                yield position, reasons[minor]


def minor_of(version: Version) -> Minor:
    return version.epoch, version.major, version.minor


def distinct(releases: Iterable[Release]) -> list[Release]:
    """Return *releases* in ascending order; ``1.0`` and ``1.0.0`` are one release."""
    known: dict[Version, Release] = {}
    for release in releases:
        other = known.get(release.version)
        known[release.version] = release if other is None else _merged(release, other)
    return sorted(known.values(), key=lambda release: release.version)


def _merged(one: Release, other: Release) -> Release:
    both = sorted((one, other), key=lambda release: str(release.version))
    times = [release.uploaded_at for release in both if release.uploaded_at]
    return Release(
        version=both[0].version,
        uploaded_at=min(times, default=None),
        is_time_known=one.is_time_known and other.is_time_known,
        is_yanked=one.is_yanked and other.is_yanked,
        yank_reason=both[0].yank_reason or both[1].yank_reason,
        abi_tags=one.abi_tags | other.abi_tags,
    )


def _not_uploaded_yet(policy: Policy, releases: Sequence[Release]) -> Found:
    for position, release in enumerate(releases):
        uploaded_at = release.uploaded_at
        if uploaded_at is not None and uploaded_at > policy.as_of:
            text = f"uploaded {uploaded_at:%Y-%m-%d %H:%M}, after {policy.as_of:%Y-%m-%d %H:%M}"
            yield position, Reason(Check.NOT_UPLOADED_YET.value, text)


def _unavailable(policy: Policy, releases: Sequence[Release]) -> Found:
    no_files = Reason(Check.UNAVAILABLE.value, "no files")
    quarantined = Reason(Check.UNAVAILABLE.value, f"project quarantined: {policy.quarantine}")
    for position, release in enumerate(releases):
        if release.uploaded_at is None:
            yield position, no_files
        if release.is_yanked:
            text = f"yanked: {release.yank_reason}" if release.yank_reason else "yanked"
            yield position, Reason(Check.UNAVAILABLE.value, text)
        if policy.quarantine:
            yield position, quarantined


def _held_everywhere(policy: Policy, releases: Sequence[Release]) -> Found:
    return _held_by(policy, releases, Check.HELD_EVERYWHERE)


def _held_here(policy: Policy, releases: Sequence[Release]) -> Found:
    return _held_by(policy, releases, Check.HELD)


def _held_by(policy: Policy, releases: Sequence[Release], check: Check) -> Found:
    for hold in policy.holds:
        if hold.is_everywhere != (check is Check.HELD_EVERYWHERE):
            continue
        reason = Reason(check.value, hold.text)
        for position, release in enumerate(releases):
            if hold.releases.contains(release.version, prereleases=True):
                yield position, reason


def _cooldown(policy: Policy, releases: Sequence[Release]) -> Found:
    if not policy.cooldown:
        return
    for position, release in enumerate(releases):
        if is_too_recent(policy, release) and release.version not in policy.bypasses:
            assert release.uploaded_at is not None
            age = policy.as_of - release.uploaded_at
            yield position, Reason(Check.COOLDOWN.value, age_text(age, policy.cooldown, release))


def is_too_recent(policy: Policy, release: Release) -> bool:
    """Whether *release* is within the cooldown, bypassed or not."""
    uploaded_at = release.uploaded_at
    return uploaded_at is not None and timedelta() <= policy.as_of - uploaded_at < policy.cooldown


def age_text(age: timedelta, cooldown: timedelta, release: Release) -> str:
    """``5 days old (needs 7)``."""
    days = f"{age.days} day{'' if age.days == 1 else 's'}"
    text = days if age.days else "less than a day"
    known = f"{text} old" if release.is_time_known else f"first seen {text} ago"
    needed = cooldown / timedelta(days=1)
    return f"{known} (needs {needed:g})"


def _below_minimum(policy: Policy, releases: Sequence[Release]) -> Found:
    if policy.minimum is None:
        return
    reason = Reason(Check.BELOW_MINIMUM.value, f"below {policy.minimum}")
    for position, release in enumerate(releases):
        if release.version >= policy.minimum:
            break  # They are in ascending order.
        yield position, reason


def _post_or_dev(_: Policy, releases: Sequence[Release]) -> Found:
    post = Reason(Check.POST_OR_DEV.value, "post release")
    dev = Reason(Check.POST_OR_DEV.value, "development release")
    for position, release in enumerate(releases):
        if release.version.is_devrelease:
            yield position, dev
        elif release.version.is_postrelease:
            yield position, post


def _not_included(policy: Policy, releases: Sequence[Release]) -> Found:
    if not policy.include:
        return
    reason = Reason(Check.NOT_INCLUDED.value, f"outside {policy.include}")
    for position, release in enumerate(releases):
        if not policy.include.contains(release.version, prereleases=True):
            yield position, reason


# In the order of their weight: the first that applies to a release is its main reason.
CHECKS: tuple[Callable[[Policy, Sequence[Release]], Found], ...] = (
    _not_uploaded_yet,
    _unavailable,
    _held_everywhere,
    _held_here,
    _cooldown,
    _below_minimum,
    _post_or_dev,
    _not_included,
)

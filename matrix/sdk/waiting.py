"""
What would be picked or pinned but for a cooldown, and from when on it will be.

Everything is told from stored facts, in a fixed number of queries however much waits.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from packaging.version import Version

from integrations.catalogue.models import Integration, Sdk
from matrix.environments.resolving import pins_of
from matrix.review.models import Channel
from matrix.rules.facts import Check, Metadata, Needs, Policy, Release, Selection
from matrix.rules.hypotheses import ANY_PYTHON
from matrix.rules.selection import select
from matrix.rules.verdicts import is_too_recent, minor_of
from matrix.sdk.channel import KIND
from matrix.sdk.dependencies import split
from matrix.sdk.gathering import quarantine_of
from matrix.sdk.hold_facts import HoldFacts, facts_on
from matrix.sdk.installed import PUBLICATION, State, states_of
from matrix.sdk.translating import (
    Catalogue,
    cooldown_of,
    hold_rules,
    metadata_of,
    pins_cooldown_of,
    policy_of,
    read_catalogues,
)

DAY = timedelta(days=1)
Pinned = dict[tuple[Version, timedelta], int]  # Environments with this release and this cooldown.


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A release that is younger than a cooldown allows."""

    sdk: Sdk
    project: str
    version: Version
    uploaded_at: datetime  # Where it is not known, when the portal first saw a file of it.
    is_time_known: bool
    until: datetime

    def days_left(self, now: datetime) -> int:
        """Count the days until it is old enough, a part of a day as one."""
        return max(0, -((now - self.until) // DAY))


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingPick(Waiting):
    """A release that would be a row of the matrix."""

    integration: str
    replaces: Version | None  # The pick that would go; None: it would be one more.


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingPin(Waiting):
    """A release above what environments pin, which they could get."""

    pinned: tuple[Version, ...]  # Ascending: what they have now.
    environments: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Waits:
    picks: tuple[WaitingPick, ...]  # What is over first comes first.
    pins: tuple[WaitingPin, ...]
    unknown: tuple[tuple[Sdk, str], ...]  # Integrations of which nothing was read yet.

    def __len__(self) -> int:
        return len(self.picks) + len(self.pins)


def waits(sdks: Sequence[Sdk], now: datetime) -> Waits:
    """Return what waits in *sdks* at *now*; pins only where the publication has them written."""
    catalogues = read_catalogues(sdks)
    pinned = _pinned(catalogues)
    tested = {
        integration.project
        for catalogue in catalogues
        for integration in catalogue.active()
        if cooldown_of(integration, catalogue.sdk)
    }
    names = tested | {name for projects in pinned.values() for name in projects}
    facts = facts_on((), at=now, more=names) if names else None
    if facts is None:
        return Waits(picks=(), pins=(), unknown=())
    picks: list[WaitingPick] = []
    pins: list[WaitingPin] = []
    unknown: list[tuple[Sdk, str]] = []
    for catalogue in catalogues:
        for integration in catalogue.active():
            if not cooldown_of(integration, catalogue.sdk):
                continue
            if facts.project(catalogue.sdk, integration.project) is None:
                unknown.append((catalogue.sdk, integration.name))
            else:
                picks += _picks(integration, catalogue, facts)
        pins += _pins(catalogue, pinned[catalogue.sdk.slug], facts)
    return Waits(
        picks=tuple(sorted(picks, key=lambda one: (one.until, one.sdk.slug, one.integration))),
        pins=tuple(sorted(pins, key=lambda one: (one.until, one.sdk.slug, one.project))),
        unknown=tuple(unknown),
    )


# --- Picks ---------------------------------------------------------------------------------------
def _picks(
    integration: Integration, catalogue: Catalogue, facts: HoldFacts
) -> Iterator[WaitingPick]:
    project = facts.project(catalogue.sdk, integration.project)
    assert project is not None
    since = facts.at - cooldown_of(integration, catalogue.sdk)
    if not any(one.uploaded_at and one.uploaded_at > since for one in project.facts.values()):
        return  # Nothing came since: most projects need not be looked at release by release.
    releases = facts.releases(catalogue.sdk, integration.project)
    assert releases is not None
    quarantine = quarantine_of(project, facts.at)
    policy = policy_of(integration, catalogue, as_of=facts.at, quarantine=quarantine)
    if not any(is_too_recent(policy, release) for release in releases):
        return
    metadata = metadata_of(project.metadata)
    now, later = (
        _selected(one, releases, metadata)
        for one in (policy, replace(policy, cooldown=timedelta()))
    )
    known = {release.version: release for release in releases}
    for version, gone in _replacements(now, later):
        release = known[version]
        assert release.uploaded_at is not None
        yield WaitingPick(
            sdk=catalogue.sdk,
            project=integration.project,
            version=version,
            uploaded_at=release.uploaded_at,
            is_time_known=release.is_time_known,
            until=release.uploaded_at + policy.cooldown,
            integration=integration.name,
            replaces=gone,
        )


def _selected(
    policy: Policy, releases: Sequence[Release], metadata: Mapping[Version, Metadata]
) -> Selection:
    """Select offline: metadata that nobody has read yet is taken to allow any Python 3."""
    given = dict(metadata)
    while isinstance(found := select(policy, releases, given), Needs):
        given |= dict.fromkeys(found.versions, ANY_PYTHON)
    return found


def _replacements(now: Selection, later: Selection) -> list[tuple[Version, Version | None]]:
    """Return what a cooldown alone keeps from being a pick, and the pick that it would replace."""
    before = {pick.version for pick in now.picks}
    after = {pick.version for pick in later.picks}
    waiting = [
        version
        for version in sorted(after - before, reverse=True)
        if any(reason.kind == Check.COOLDOWN.value for reason in now.rejected.get(version, ()))
    ]
    going = before - after
    replaced: dict[Version, Version] = {}
    for is_patch in (True, False):  # Its own older patch, else the nearest below.
        for version in reversed(waiting):
            below = [
                old
                for old in going - set(replaced.values())
                if old < version and (not is_patch or minor_of(old) == minor_of(version))
            ]
            if below and version not in replaced:
                replaced[version] = max(below)
    return [(version, replaced.get(version)) for version in waiting]


# --- Pins ----------------------------------------------------------------------------------------
def _pinned(catalogues: Iterable[Catalogue]) -> dict[str, dict[str, Pinned]]:
    """Return what published environments that have a cooldown of pins pin, by SDK and project."""
    cooldowns = {
        catalogue.sdk.slug: {
            one.name: wait
            for one in catalogue.active()
            if (wait := pins_cooldown_of(one, catalogue.sdk))
        }
        for catalogue in catalogues
    }
    slugs = [slug for slug, found in cooldowns.items() if found]
    states = states_of(Channel.objects.filter(kind=KIND, slug__in=slugs)) if slugs else []
    published = [state for state in states if state.kind == PUBLICATION]
    sets = pins_of({one.pin_set for state in published for one in state.environments} - {None})  # type: ignore[arg-type]
    pins = {
        sha: [(name, Version(version)) for name, version in map(split, lines)]
        for sha, lines in sets.items()
    }
    found: dict[str, dict[str, Pinned]] = defaultdict(dict)
    for state in published:
        found[state.slug] = _counted(state, pins, cooldowns[state.slug])
    return found


def _counted(
    state: State,
    pins: Mapping[str, Sequence[tuple[str, Version]]],
    cooldowns: Mapping[str, timedelta],
) -> dict[str, Pinned]:
    counts: dict[str, Pinned] = defaultdict(lambda: defaultdict(int))
    for one in state.environments:
        if one.is_written and one.integration in cooldowns:
            for name, version in pins.get(one.pin_set or "", ()):
                if name != one.project:
                    counts[name][version, cooldowns[one.integration]] += 1
    return counts


def _pins(
    catalogue: Catalogue, pinned: Mapping[str, Pinned], facts: HoldFacts
) -> Iterator[WaitingPin]:
    for name, environments in pinned.items():
        releases = facts.releases(catalogue.sdk, name)
        if releases is None or facts.is_quarantined(catalogue.sdk, name):
            continue
        for release in _available(name, releases, catalogue, facts.at):
            assert release.uploaded_at is not None
            age = facts.at - release.uploaded_at
            below = {
                (version, wait): count
                for (version, wait), count in environments.items()
                if version < release.version and age < wait
            }
            if below:
                yield WaitingPin(
                    sdk=catalogue.sdk,
                    project=name,
                    version=release.version,
                    uploaded_at=release.uploaded_at,
                    is_time_known=release.is_time_known,
                    until=release.uploaded_at + min(wait for _, wait in below),
                    pinned=tuple(sorted({version for version, _ in below})),
                    environments=sum(below.values()),
                )


def _available(
    name: str, releases: Iterable[Release], catalogue: Catalogue, at: datetime
) -> Iterator[Release]:
    """Yield the final releases that nothing but their age can keep out of an environment."""
    holds = [one for one in catalogue.holds if one.integration_id is None and one.project == name]
    rules = hold_rules(holds, catalogue.sdk, as_of=at)
    bypassed = {version for version, _ in catalogue.bypasses_of(name)}
    for release in releases:
        version = release.version
        is_there = release.uploaded_at is not None and release.uploaded_at <= at
        is_final = not version.is_prerelease and version not in bypassed
        is_held = any(rule.releases.contains(version, prereleases=True) for rule in rules)
        if is_there and is_final and not is_held and not release.is_yanked:
            yield release

"""Selections with and without a hold, from what is stored: nothing is fetched, nothing is saved."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from packaging.version import Version

from integrations.catalogue.models import Hold, Integration
from matrix.rules.facts import Metadata, Policy, Release, Selection
from matrix.rules.selection import select
from matrix.sdk.gathering import quarantine_of, why_unusable
from matrix.sdk.hold_facts import HoldFacts
from matrix.sdk.translating import Catalogue, metadata_of, policy_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """A selection; a guess where metadata that was never read had to be assumed."""

    versions: frozenset[Version]
    is_certain: bool


Answer = Guess | str  # What is picked, or why nobody can tell.


@dataclass(frozen=True, kw_only=True, slots=True)
class Instead:
    """What a hold does to the picks of an integration."""

    kept_out: tuple[Version, ...]
    instead: tuple[Version, ...]
    is_certain: bool  # Else it was assumed that unread releases run on the same Pythons.


@dataclass(frozen=True, kw_only=True, slots=True)
class WhatIf:
    catalogue: Catalogue
    facts: HoldFacts
    _as_it_is: dict[int, Answer] = field(default_factory=dict)  # By integration.

    def instead(self, hold: Hold, integration: Integration) -> Instead | str:
        """Compare the picks with and without *hold*, which counts as confirmed."""
        counts_already = hold in self.catalogue.holds and (
            hold.is_confirmed or not hold.is_everywhere
        )
        catalogue = self.catalogue if counts_already else with_hold(self.catalogue, hold, self.at)
        held = self._select(integration, catalogue)
        free = self._select(integration, without_hold(self.catalogue, hold))
        if isinstance(held, str):
            return held
        if isinstance(free, str):
            return free
        return Instead(
            kept_out=tuple(sorted(free.versions - held.versions)),
            instead=tuple(sorted(held.versions - free.versions)),
            is_certain=held.is_certain and free.is_certain,
        )

    @property
    def at(self) -> datetime:
        return self.facts.at

    def _select(self, integration: Integration, catalogue: Catalogue) -> Answer:
        if catalogue is not self.catalogue:
            return self._answer(integration, catalogue)
        if integration.pk not in self._as_it_is:
            self._as_it_is[integration.pk] = self._answer(integration, catalogue)
        return self._as_it_is[integration.pk]

    def _answer(self, integration: Integration, catalogue: Catalogue) -> Answer:
        sdk, name, at = catalogue.sdk, integration.project, self.at
        project = self.facts.project(sdk, name)
        if problem := why_unusable(project, name, {}, at):
            return problem
        assert project is not None
        policy = policy_of(integration, catalogue, as_of=at, quarantine=quarantine_of(project, at))
        releases = self.facts.releases(sdk, name) or []
        return _guess(policy, releases, metadata_of(project.metadata)) or (
            f"no metadata of {name} is read yet; the next poll or run reads it"
        )


def _guess(
    policy: Policy, releases: Sequence[Release], metadata: dict[Version, Metadata]
) -> Guess | None:
    """Select; what is not read yet is taken to be like the nearest release that is."""
    read = sorted(metadata)
    found = select(policy, releases, metadata)
    is_certain = isinstance(found, Selection)
    while not isinstance(found, Selection):
        if not read:
            return None
        for version in found.versions:
            place = min(bisect_left(read, version), len(read) - 1)
            metadata[version] = metadata[read[place]]
        found = select(policy, releases, metadata)
    return Guess(versions=frozenset(pick.version for pick in found.picks), is_certain=is_certain)


def confirmed(hold: Hold, *, at: datetime) -> Hold:
    """Return a copy that counts as confirmed, to tell what the hold does once it is."""
    values = {field.attname: getattr(hold, field.attname) for field in hold._meta.concrete_fields}
    return Hold(**{**values, "approved_at": hold.approved_at or at})


def with_hold(catalogue: Catalogue, hold: Hold, at: datetime) -> Catalogue:
    return replace(catalogue, holds=(*_others(catalogue.holds, hold), confirmed(hold, at=at)))


def without_hold(catalogue: Catalogue, hold: Hold) -> Catalogue:
    return replace(catalogue, holds=_others(catalogue.holds, hold))


def _others(holds: Iterable[Hold], hold: Hold) -> tuple[Hold, ...]:
    return tuple(other for other in holds if hold.pk is None or other.pk != hold.pk)

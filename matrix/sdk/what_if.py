"""Selections with and without a hold, from what is stored: nothing is fetched, nothing is saved."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from packaging.version import Version

from integrations.catalogue.models import Hold, Integration
from matrix.rules.facts import Needs, Selection
from matrix.rules.selection import select
from matrix.sdk.gathering import quarantine_of, why_unusable
from matrix.sdk.hold_facts import HoldFacts
from matrix.sdk.translating import Catalogue, metadata_of, policy_of

Versions = frozenset[Version]
Answer = Selection | str  # What is picked, or why nobody can tell.


@dataclass(frozen=True, kw_only=True, slots=True)
class Instead:
    """What a hold does to the picks of an integration."""

    kept_out: tuple[Version, ...]
    instead: tuple[Version, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class WhatIf:
    catalogue: Catalogue
    facts: HoldFacts
    _as_it_is: dict[int, Answer] = field(default_factory=dict)  # By integration.

    def kept_out(self, hold: Hold, integration: Integration) -> Versions | str:
        """Return what is picked without *hold* and not with it, or why nobody can tell."""
        found = self.instead(hold, integration)
        return found if isinstance(found, str) else frozenset(found.kept_out)

    def instead(self, hold: Hold, integration: Integration) -> Instead | str:
        """Compare the picks with and without *hold*, which counts as confirmed."""
        counts_already = hold in self.catalogue.holds and (
            hold.is_confirmed or not hold.is_everywhere
        )
        catalogue = self.catalogue if counts_already else with_hold(self.catalogue, hold, self.at)
        held = self._select(integration, catalogue)
        free = self._select(integration, without_hold(self.catalogue, hold))
        for answer in (held, free):
            if isinstance(answer, str):
                return answer
        assert isinstance(held, Selection)
        assert isinstance(free, Selection)
        before, after = _versions(free), _versions(held)
        return Instead(
            kept_out=tuple(sorted(before - after)), instead=tuple(sorted(after - before))
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
        found = select(policy, releases, metadata_of(project.metadata))
        return found if isinstance(found, Selection) else _unread(name, found)


def _unread(name: str, needs: Needs) -> str:
    versions = ", ".join(str(version) for version in sorted(needs.versions))
    return f"the metadata of {name} {versions} is not read yet; the next poll or run reads it."


def _versions(selection: Selection) -> set[Version]:
    return {pick.version for pick in selection.picks}


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

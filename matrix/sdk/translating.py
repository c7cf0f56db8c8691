"""From rows of the catalogue and of the index to the frozen values that the rules are given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from integrations.catalogue.models import Hold, Integration, Sdk
from integrations.index.facts import KnownMetadata, KnownRelease
from matrix.rules.facts import (
    FreeThreading,
    HoldRule,
    Metadata,
    PinnedPickRule,
    Policy,
    PrereleasePolicy,
    Python,
    PythonRestrictionRule,
    Release,
    RequirementRule,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """What one SDK says, read in a fixed number of queries."""

    sdk: Sdk
    integrations: tuple[Integration, ...]  # By name; paused ones too.
    groups: tuple[str, ...]  # In order; only those that hold an integration.
    holds: tuple[Hold, ...]  # Of the SDK, of its integrations, and everywhere.

    def active(self) -> list[Integration]:
        return [integration for integration in self.integrations if not integration.is_paused]

    def holds_of(self, integration: Integration) -> list[Hold]:
        return [
            hold
            for hold in self.holds
            if hold.integration_id == integration.pk
            or (hold.integration_id is None and hold.project == integration.project)
        ]


def read_catalogue(sdk: Sdk) -> Catalogue:
    integrations = sdk.integrations.select_related("group").prefetch_related(
        "rules", "restrictions", "pinned_picks"
    )
    groups = sorted(sdk.groups.all(), key=lambda group: (group.order, group.name))
    used = {integration.group_id for integration in integrations}
    holds = Hold.objects.filter(sdk=sdk) | Hold.objects.filter(integration__sdk=sdk)
    everywhere = Hold.objects.filter(sdk=None, integration=None)
    return Catalogue(
        sdk=sdk,
        integrations=tuple(sorted(integrations, key=lambda integration: integration.name)),
        groups=tuple(group.name for group in groups if group.pk in used),
        holds=tuple(sorted(holds | everywhere, key=lambda hold: hold.pk)),
    )


def policy_of(
    integration: Integration, catalogue: Catalogue, *, as_of: datetime, quarantine: str = ""
) -> Policy:
    """Return everything that decides what is picked for *integration* as of a moment."""
    sdk = catalogue.sdk
    first = sdk.free_threading_from
    return Policy(
        as_of=as_of,
        pythons=tuple(map(Python.parse, sdk.python_list)),
        free_threading_from=Python.parse(first) if first else None,
        cooldown=timedelta(days=sdk.cooldown_days),
        minimum=Version(integration.minimum) if integration.minimum else None,
        tests_exact_minimum=integration.tests_exact_minimum,
        include=SpecifierSet(integration.include),
        number_of_versions=integration.number_of_versions,
        prereleases=PrereleasePolicy(integration.prereleases or sdk.prereleases),
        advisory_prereleases=integration.advisory_prereleases,
        restrictions=_restrictions(integration),
        pinned_picks=_pinned_picks(integration, sdk),
        holds=hold_rules(catalogue.holds_of(integration), sdk, as_of=as_of),
        quarantine=quarantine,
    )


def _restrictions(integration: Integration) -> tuple[PythonRestrictionRule, ...]:
    rows = sorted(
        integration.restrictions.all(),
        # Never by primary key: the order in which rows were made plays no role.
        key=lambda row: (row.order, row.releases, row.pythons),
    )
    return tuple(
        PythonRestrictionRule(
            releases=SpecifierSet(row.releases),
            pythons=SpecifierSet(row.pythons),
            text=row.reason,
        )
        for row in rows
    )


def _pinned_picks(integration: Integration, sdk: Sdk) -> tuple[PinnedPickRule, ...]:
    rules = (
        PinnedPickRule(
            version=Version(row.version),
            skips_cooldown=row.skips_cooldown
            and (row.is_confirmed or not sdk.second_person_cooldown),
            text=row.reason,
        )
        for row in integration.pinned_picks.all()
    )
    return tuple(sorted(rules, key=lambda rule: rule.version))


def hold_rules(holds: Iterable[Hold], sdk: Sdk, *, as_of: datetime) -> tuple[HoldRule, ...]:
    """Return the holds that are in force for *sdk* at *as_of*; days are days of UTC."""
    ordered = sorted(holds, key=lambda hold: (hold.releases, hold.reason))
    return tuple(
        HoldRule(
            releases=SpecifierSet(hold.releases),
            is_everywhere=hold.is_everywhere,
            text=hold.reason,
        )
        for hold in ordered
        if hold.is_in_force(as_of)
        and (hold.is_confirmed or not (hold.is_everywhere and sdk.second_person_holds))
    )


def requirement_rules(integration: Integration) -> tuple[RequirementRule, ...]:
    rows = sorted(
        integration.rules.all(),
        key=lambda row: (
            row.order,
            row.releases,
            row.pythons,
            row.free_threading,
            row.requirements,
        ),
    )
    return tuple(
        RequirementRule(
            releases=SpecifierSet(row.releases),
            pythons=SpecifierSet(row.pythons),
            free_threading=FreeThreading(row.free_threading),
            requirements=tuple(row.requirement_list),
            text=row.reason,
        )
        for row in rows
    )


def releases_of(known: Sequence[KnownRelease]) -> list[Release]:
    return [
        Release(
            version=release.version,
            uploaded_at=release.uploaded_at,
            is_time_known=release.is_time_known,
            is_yanked=release.is_yanked,
            yank_reason=release.yank_reason,
            abi_tags=release.abi_tags,
        )
        for release in known
    ]


def metadata_of(known: Mapping[str, KnownMetadata]) -> dict[Version, Metadata]:
    return {
        Version(version): Metadata(
            classifiers=metadata.classifiers, requires_python=metadata.requires_python
        )
        for version, metadata in known.items()
    }

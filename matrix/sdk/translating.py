"""From rows of the catalogue and of the index to the frozen values that the rules are given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from integrations.catalogue.models import (
    CooldownBypass,
    DependencyRule,
    Group,
    Hold,
    Integration,
    PythonRestriction,
    Sdk,
    SharedConstraint,
)
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
    SharedConstraintRule,
)

Row = TypeVar("Row", Group, CooldownBypass, SharedConstraint)


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """What one SDK says, read in a fixed number of queries."""

    sdk: Sdk
    integrations: tuple[Integration, ...]  # By name; paused ones too.
    groups: tuple[str, ...]  # In order; only those that hold an integration.
    holds: tuple[Hold, ...]  # Of the SDK, of its integrations, and everywhere.
    bypasses: tuple[CooldownBypass, ...] = ()  # Those that wait for a second person too.
    shared_constraints: tuple[SharedConstraint, ...] = ()  # Those that have ended too.

    def active(self) -> list[Integration]:
        return [integration for integration in self.integrations if not integration.is_paused]

    def holds_of(self, integration: Integration) -> list[Hold]:
        return [
            hold
            for hold in self.holds
            if hold.integration_id == integration.pk
            or (hold.integration_id is None and hold.project == integration.project)
        ]

    def bypasses_of(self, project: str) -> tuple[tuple[Version, str], ...]:
        """Return the releases of *project* that need not wait, with the reason, in order."""
        return tuple(
            sorted(
                (Version(bypass.version), bypass.reason)
                for bypass in self.active_bypasses()
                if bypass.project == project
            )
        )

    def active_bypasses(self) -> list[CooldownBypass]:
        """Return the bypasses that a second person has confirmed, where the SDK asks for one."""
        needs_two = self.sdk.second_person_cooldown
        return [bypass for bypass in self.bypasses if bypass.is_confirmed or not needs_two]


def read_catalogue(sdk: Sdk) -> Catalogue:
    (catalogue,) = read_catalogues([sdk])
    return catalogue


def read_catalogues(sdks: Sequence[Sdk]) -> list[Catalogue]:
    """Return what each of *sdks* says, in as many queries as for one of them."""
    integrations = Integration.objects.filter(sdk__in=sdks).select_related("group")
    integrations = integrations.prefetch_related("rules", "restrictions", "pinned_picks")
    by_sdk: dict[int, list[Integration]] = {sdk.pk: [] for sdk in sdks}
    known = {sdk.pk: sdk for sdk in sdks}
    for integration in integrations:
        integration.sdk = known[integration.sdk_id]  # Spares a query for each.
        by_sdk[integration.sdk_id].append(integration)
    groups = list(Group.objects.filter(sdk__in=sdks))
    holds = Hold.objects.filter(sdk__in=sdks) | Hold.objects.filter(integration__sdk__in=sdks)
    everywhere = Hold.objects.filter(sdk=None, integration=None)
    held = list(holds | everywhere)
    bypasses = list(CooldownBypass.objects.filter(sdk__in=sdks))
    shared = list(SharedConstraint.objects.filter(sdk__in=sdks).select_related("group"))
    return [
        Catalogue(
            sdk=sdk,
            integrations=tuple(sorted(by_sdk[sdk.pk], key=lambda one: one.name)),
            groups=_groups(sdk, groups, by_sdk[sdk.pk]),
            holds=_holds(sdk, held, by_sdk[sdk.pk]),
            bypasses=tuple(sorted(_of(sdk, bypasses), key=lambda one: one.pk)),
            shared_constraints=tuple(sorted(_of(sdk, shared), key=lambda one: one.pk)),
        )
        for sdk in sdks
    ]


def _of(sdk: Sdk, rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.sdk_id == sdk.pk]


def _groups(
    sdk: Sdk, groups: Iterable[Group], integrations: Iterable[Integration]
) -> tuple[str, ...]:
    used = {integration.group_id for integration in integrations}
    ordered = sorted(_of(sdk, groups), key=lambda group: (group.order, group.name))
    return tuple(group.name for group in ordered if group.pk in used)


def _holds(
    sdk: Sdk, holds: Iterable[Hold], integrations: Iterable[Integration]
) -> tuple[Hold, ...]:
    own = {integration.pk for integration in integrations}
    reaching = (
        hold
        for hold in holds
        if hold.is_everywhere or hold.sdk_id == sdk.pk or hold.integration_id in own
    )
    return tuple(sorted(reaching, key=lambda hold: hold.pk))


def policy_of(
    integration: Integration, catalogue: Catalogue, *, as_of: datetime, quarantine: str = ""
) -> Policy:
    """Return everything that decides what is picked for *integration* as of a moment."""
    sdk = catalogue.sdk
    first = sdk.free_threading_from
    bypasses = catalogue.bypasses_of(integration.project)
    return Policy(
        as_of=as_of,
        pythons=tuple(map(Python.parse, sdk.python_list)),
        free_threading_from=Python.parse(first) if first else None,
        cooldown=cooldown_of(integration, sdk),
        bypasses=frozenset(version for version, _ in bypasses),
        bypass_reasons=bypasses,
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


def cooldown_of(integration: Integration, sdk: Sdk) -> timedelta:
    """Return how long a release waits before it is picked; 0 on an integration really is none."""
    own = integration.cooldown_days
    return timedelta(days=sdk.cooldown_days if own is None else own)


def pins_cooldown_of(integration: Integration, sdk: Sdk) -> timedelta:
    """Return how long a release waits before an environment of *integration* pins it."""
    own = integration.pins_cooldown_days
    return timedelta(days=sdk.pins_cooldown_days if own is None else own)


def _restrictions(integration: Integration) -> tuple[PythonRestrictionRule, ...]:
    return tuple(map(restriction_rule, sorted(integration.restrictions.all(), key=place_of)))


def restriction_rule(row: PythonRestriction) -> PythonRestrictionRule:
    return PythonRestrictionRule(
        releases=SpecifierSet(row.releases), pythons=SpecifierSet(row.pythons), text=row.reason
    )


def place_of(row: PythonRestriction | DependencyRule) -> tuple[int, str, str, str, str]:
    """Sort rules by this, and never by primary key: when rows were made plays no role."""
    more = (row.free_threading, row.requirements) if isinstance(row, DependencyRule) else ("", "")
    return (row.order, row.releases, row.pythons, *more)


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
    return tuple(map(requirement_rule, sorted(integration.rules.all(), key=place_of)))


def requirement_rule(row: DependencyRule) -> RequirementRule:
    return RequirementRule(
        releases=SpecifierSet(row.releases),
        pythons=SpecifierSet(row.pythons),
        free_threading=FreeThreading(row.free_threading),
        requirements=tuple(row.requirement_list),
        text=row.reason,
    )


def shared_rules(
    constraints: Iterable[SharedConstraint], *, as_of: datetime
) -> tuple[SharedConstraintRule, ...]:
    """Return the shared constraints that are in force at *as_of*, by what they say."""
    rules = (shared_rule(row) for row in constraints if row.is_in_force(as_of))
    return tuple(sorted(rules, key=lambda rule: (rule.requirement, rule.group, rule.text)))


def shared_rule(row: SharedConstraint) -> SharedConstraintRule:
    """Return what *row* says, in force or not."""
    return SharedConstraintRule(
        project=row.project,
        bound=Requirement(row.requirement).specifier,
        requirement=row.requirement,
        pythons=SpecifierSet(row.pythons),
        free_threading=FreeThreading(row.free_threading),
        group=row.group.name if row.group else "",
        text=row.reason,
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

"""toxgen's suites, whichever file they came from, as integrations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from integrations.catalogue import portable
from integrations.catalogue.importing.imported import Imported, Problem, below
from integrations.catalogue.importing.pythons import as_rules, read_factors
from integrations.catalogue.importing.services import SERVICES
from integrations.catalogue.validators import quoted

Said = TypeVar("Said", portable.Rule, portable.Restriction)
FIRST_FREE_THREADED = 14  # toxgen looks at no free-threaded Python before 3.14.


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependencies:
    """One entry of ``deps``."""

    rule: str  # "*", "py3.6,py3.7", or a specifier.
    requirements: tuple[str, ...]
    rule_where: str
    requirements_where: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Suite:
    name: str
    where: str
    group: str
    project: str
    extras: str
    integration_name: str
    minimum: str | None  # None: the files do not say.
    include: str
    number_of_versions: int | None
    restrictions: tuple[tuple[str, str], ...]  # Releases, Pythons.
    dependencies: tuple[Dependencies, ...]
    keys: Mapping[str, str]  # From our name of a field to the key in the file.


@dataclass(frozen=True, kw_only=True, slots=True)
class Groups:
    names: tuple[str, ...]  # In order.
    # None: the files do not say, so they stay as they are.
    services: Mapping[str, frozenset[str]] | None


def to_catalogue(
    suites: Sequence[Suite],
    groups: Groups,
    *,
    base: portable.Catalogue,
    problems: list[Problem],
    notes: Sequence[str],
) -> Imported:
    """
    Put what toxgen knows into *base*. What it has no word for (owners, notes, pinned picks, holds,
    reasons of rules …) stays as *base* has it.
    """
    before = {integration.name: integration for integration in base.integrations}
    places: dict[str, str] = {}
    integrations = tuple(
        _integration(suite, before.get(suite.name), base.sdk, places, problems) for suite in suites
    )
    catalogue = portable.Catalogue(
        sdk=base.sdk,
        services=_services(groups, base),
        workflow_frames=base.workflow_frames,
        groups=_groups(groups, base),
        integrations=integrations,
    )
    return Imported(
        catalogue=catalogue, problems=tuple(problems), places=places, notes=tuple(notes)
    )


def _services(groups: Groups, base: portable.Catalogue) -> tuple[portable.Service, ...]:
    """Keep the services of *base*, and define what the groups name beside them."""
    known = {service.name for service in base.services}
    named = {name for names in (groups.services or {}).values() for name in names} - known
    return (*base.services, *(SERVICES[name] for name in sorted(named) if name in SERVICES))


def _groups(groups: Groups, base: portable.Catalogue) -> tuple[portable.Group, ...]:
    before = {group.name.lower(): group for group in base.groups}
    found = []
    for name in groups.names:
        known = before.get(name.lower())
        services = known.services if known else ""
        if groups.services is not None:
            services = ", ".join(sorted(groups.services.get(name, ())))
        found.append(portable.Group(name=name, services=services))
    return portable.in_order(found)


def _integration(
    suite: Suite,
    before: portable.Integration | None,
    sdk: portable.Sdk,
    places: dict[str, str],
    problems: list[Problem],
) -> portable.Integration:
    start = before or portable.Integration(
        name=suite.name, group=suite.group, project=suite.project, test_path=""
    )
    ours = below("integrations", suite.name)
    places[ours] = suite.where
    places.update({f"{ours}.{key}": f"{suite.where}.{named}" for key, named in suite.keys.items()})
    rules = _rules(suite, sdk, ours, places, problems)
    restrictions = [
        portable.Restriction(releases=releases, pythons=pythons)
        for releases, pythons in suite.restrictions
    ]
    places |= {
        f"{ours}.restrictions[{i}]": f"{suite.where}.python" for i in range(len(restrictions))
    }
    return replace(
        start,
        group=suite.group,
        project=suite.project,
        extras=suite.extras,
        test_path=f"tests/integrations/{suite.integration_name}",
        minimum=start.minimum if suite.minimum is None else suite.minimum,
        include=suite.include,
        number_of_versions=suite.number_of_versions,
        rules=portable.in_order(_with_reasons(rules, start.rules)),
        restrictions=portable.in_order(_with_reasons(restrictions, start.restrictions)),
    )


def _rules(
    suite: Suite,
    sdk: portable.Sdk,
    ours: str,
    places: dict[str, str],
    problems: list[Problem],
) -> list[portable.Rule]:
    rules: list[portable.Rule] = []
    for entry in suite.dependencies:
        for releases, pythons, switch in _conditions(entry, sdk, problems):
            place = f"{ours}.rules[{len(rules)}]"
            places[place] = entry.rule_where
            places[f"{place}.releases"] = entry.rule_where
            places[f"{place}.requirements"] = entry.requirements_where
            rules.append(
                portable.Rule(
                    releases=releases,
                    pythons=pythons,
                    free_threading=switch,
                    requirements="\n".join(entry.requirements),
                )
            )
    return rules


def _conditions(
    entry: Dependencies, sdk: portable.Sdk, problems: list[Problem]
) -> list[tuple[str, str, str]]:
    """Return (releases, Pythons, free threading) of the rules that one entry stands for."""
    if entry.rule == "*":
        return [("", "", "any")]
    if not entry.rule.startswith("py3"):
        if not entry.rule.strip():
            problems.append(Problem(entry.rule_where, 'is empty. Write "*" for every release.'))
        return [(entry.rule, "", "any")]
    factors = read_factors(entry.rule)
    if factors is None:
        message = f"{quoted(entry.rule)} is not a list of Pythons. Write py3.13,py3.14,py3.14t."
        problems.append(Problem(entry.rule_where, message))
        return [("", "", "any")]
    pairs = as_rules(
        *factors,
        supported=minors(sdk.pythons),
        free_threading_from=next(iter(minors(sdk.free_threading_from)), None),
    )
    return [("", pythons, switch) for pythons, switch in pairs]


def minors(pythons: str) -> list[int]:
    """Read ``3.9 3.10``; what is not a Python is left for the validators."""
    texts = pythons.replace(",", " ").split()
    found = [text.partition(".")[2] for text in texts if text.startswith("3.")]
    return [int(text) for text in found if text.isascii() and text.isdigit() and len(text) <= 2]  # noqa: PLR2004


def _with_reasons(said: Sequence[Said], before: Sequence[Said]) -> list[Said]:
    """Keep the reason of a rule that the catalogue has already: toxgen has no place for it."""
    reasons = {_unordered(value): value.reason for value in before}
    return [replace(value, reason=reasons.get(_unordered(value), "")) for value in said]


def _unordered(value: Said) -> Said:
    return replace(value, order=None, reason="")

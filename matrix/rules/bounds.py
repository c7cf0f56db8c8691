"""Shared constraints: which environments they reach, and which of them must carry the line."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from matrix.rules.facts import Python, SharedConstraintRule
from matrix.rules.matching import are_disjoint
from matrix.rules.parts import IntegrationPart, RequirementUse
from matrix.rules.requirements import environment_requirements, merged, runs_on

# Whether an environment installs the project of a constraint, as far as anybody knows.
Installs = Callable[[SharedConstraintRule, Version, Python], bool]


def reaches(rule: SharedConstraintRule, *, project: str, group: str, python: Python) -> bool:
    """
    Whether *rule* bounds what an environment installs.

    One that tests the project itself is not reached: what is picked is decided by minimum, include
    and holds, and a row whose release contradicts a constraint could never be installed.
    """
    is_here = not rule.group or rule.group == group
    return is_here and project != rule.project and runs_on(rule, python)


def places_of(
    rule: SharedConstraintRule, part: IntegrationPart
) -> Iterator[tuple[Version, Python]]:
    """Yield the environments of *part* that *rule* reaches."""
    for row in part.rows:
        for python in row.pythons:
            if reaches(rule, project=part.project, group=part.group, python=python):
                yield row.version, python


def carrying(
    part: IntegrationPart, rules: Iterable[SharedConstraintRule], installs: Installs
) -> IntegrationPart:
    """Return *part* with a requirement for each constraint, where *installs* says so."""
    uses = []
    for rule in rules:
        where: dict[Version, set[Python]] = {}
        for version, python in places_of(rule, part):
            if installs(rule, version, python):
                where.setdefault(version, set()).add(python)
        if where:
            places = tuple((version, tuple(sorted(where[version]))) for version in sorted(where))
            uses.append(RequirementUse(requirement=rule.requirement, where=places))
    return replace(part, requirements=merged([*part.requirements, *uses])) if uses else part


def contradictions(
    part: IntegrationPart, rules: Sequence[SharedConstraintRule]
) -> Iterator[tuple[SharedConstraintRule, str]]:
    """Yield each constraint with a requirement of *part* that no release can satisfy beside it."""
    for rule in rules:
        found: set[str] = set()
        for version, python in places_of(rule, part):
            _, *others = environment_requirements(part, version, python)
            found |= {text for text in others if _contradicts(rule, text)}
        for text in sorted(found):
            yield rule, text


def _contradicts(rule: SharedConstraintRule, text: str) -> bool:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return False
    if requirement.marker is not None:  # It may keep the two from ever meeting.
        return False
    is_same = canonicalize_name(requirement.name) == rule.project
    return is_same and are_disjoint(rule.bound, requirement.specifier)

"""Shared constraints: which environments they reach, and which of them must carry the line."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from matrix.rules.facts import Python, SharedConstraintRule
from matrix.rules.parts import IntegrationPart, RequirementUse
from matrix.rules.requirements import environment_requirements, merged, runs_on

MUCH = 999_999  # More than any project counts to.
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
    is_same = canonicalize_name(requirement.name) == rule.project
    return is_same and exclude_each_other(rule.bound, requirement.specifier)


def exclude_each_other(one: SpecifierSet, other: SpecifierSet) -> bool:
    """
    Whether no version is in both sets.

    What changes at a version that neither names cannot matter, so it is enough to try the versions
    that they name, those right beside them, and the two ends.
    """
    tried = {Version("0.dev0"), Version(f"{MUCH}")}
    for specifier in (*one, *other):
        tried |= _beside(specifier.version.removesuffix(".*"))
    return not any(
        one.contains(version, prereleases=True) and other.contains(version, prereleases=True)
        for version in tried
    )


def _beside(text: str) -> set[Version]:
    """Return a version, and versions a little below and above it; none for an odd ``===``."""
    try:
        version = Version(text)
    except ValueError:
        return set()
    epoch = f"{version.epoch}!" if version.epoch else ""
    release = ".".join(map(str, version.release))
    above = [f"{release}.0.0.1", f"{release}.{MUCH}"]
    numbers = list(version.release)
    while numbers and numbers[-1] == 0:
        numbers.pop()
    below = [*numbers[:-1], numbers[-1] - 1, MUCH] if numbers else [0]
    texts = [*above, ".".join(map(str, below))]
    return {version, *(Version(f"{epoch}{found}") for found in texts)}

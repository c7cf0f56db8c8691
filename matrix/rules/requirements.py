"""Which requirements are installed beside the project itself, and in which environments."""

from collections.abc import Iterable, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from matrix.rules.facts import FreeThreading, Python, RequirementRule, SharedConstraintRule
from matrix.rules.parts import IntegrationPart, RequirementUse, Row

Where = dict[Version, set[Python]]


def requirement_uses(
    rows: Sequence[Row], rules: Sequence[RequirementRule]
) -> tuple[RequirementUse, ...]:
    """
    Return each requirement once, where its rules apply, in the order of its first appearance.

    Rules add up. One that matches no environment contributes nothing.
    """
    found = ((rule, _where(rule, rows)) for rule in rules)
    return merged(
        RequirementUse(requirement=requirement, where=_ascending(where))
        for rule, where in found
        if where
        for requirement in rule.requirements
    )


def merged(uses: Iterable[RequirementUse]) -> tuple[RequirementUse, ...]:
    """Return each requirement once, wherever one of *uses* installs it."""
    found: dict[str, Where] = {}
    for use in uses:
        where = {version: set(pythons) for version, pythons in use.where}
        _add(found.setdefault(use.requirement, {}), where)
    return tuple(
        RequirementUse(requirement=requirement, where=_ascending(where))
        for requirement, where in found.items()
    )


def environment_requirements(part: IntegrationPart, version: Version, python: Python) -> list[str]:
    """Return all that is installed in one environment: the release itself first."""
    extras = f"[{','.join(part.extras)}]" if part.extras else ""
    others = (
        use.requirement
        for use in part.requirements
        if any(version == used and python in pythons for used, pythons in use.where)
    )
    return [f"{part.project}{extras}=={version}", *others]


def _where(rule: RequirementRule, rows: Iterable[Row]) -> Where:
    where = {
        row.version: {python for python in row.pythons if runs_on(rule, python)}
        for row in rows
        if _holds(rule.releases, row.version)
    }
    return {version: pythons for version, pythons in where.items() if pythons}


def runs_on(rule: RequirementRule | SharedConstraintRule, python: Python) -> bool:
    """Whether *rule* speaks of environments on *python*."""
    if rule.free_threading is not FreeThreading.ANY:
        wanted = rule.free_threading is FreeThreading.ONLY
        if python.free_threaded is not wanted:
            return False
    return _holds(rule.pythons, python.version)


def _holds(specifiers: SpecifierSet, version: Version) -> bool:
    return specifiers.contains(version, prereleases=True)


def _add(known: Where, where: Where) -> None:
    for version, pythons in where.items():
        known.setdefault(version, set()).update(pythons)


def _ascending(where: Where) -> tuple[tuple[Version, tuple[Python, ...]], ...]:
    return tuple((version, tuple(sorted(pythons))) for version, pythons in sorted(where.items()))

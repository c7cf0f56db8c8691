"""Which project a suite tests, and which of its releases a version in a name means."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from integrations.catalogue.validators import LONGEST_VERSION
from matrix.rules.rendering.factors import LATEST
from matrix.rules.toxini.generative import Condition
from matrix.rules.toxini.naming import told_apart

if TYPE_CHECKING:
    from integrations.catalogue.importing.tox_ini.reading import Dependency, Matrix
    from integrations.catalogue.importing.tox_ini.suites import Found

SERIES = 2  # Numbers of a version that names a series: 3.1 means any 3.1.x.
LOWER = {"==", "~=", ">=", ">", "==="}
UPPER = {"==", "~=", "<=", "<", "==="}
# What decides between several projects that a suite installs.
SAME_NAME, FITTING_VERSION, ALIKE, PLUGIN = 1000, 100, 1, -5


@dataclass(slots=True)
class Project:
    name: str
    extras: set[str] = field(default_factory=set)
    # What the lines of one version say, by its factor; "" for all.
    specifiers: dict[str, SpecifierSet] = field(default_factory=dict)
    lines: set[tuple[int, str]] = field(default_factory=set)  # Number and version, told above.


@dataclass(frozen=True, slots=True)
class Target:
    """What one version in a name means."""

    factor: str
    scope: str  # A specifier of releases: "==3.1.*".
    exact: Version | None
    low: Version | None  # Where it begins.
    above: Version | None  # The first version after a series.
    is_said: bool  # Whether a line says it; else the name alone does.


def find_project(matrix: "Matrix", suite: "Found") -> Project:
    """Return the project of a suite: the one of its name, else what fits its versions best."""
    scores: dict[str, int] = {}
    uses = list(uses_of(matrix, suite))
    for dependency, version in uses:
        assert dependency.requirement is not None
        name = canonicalize_name(dependency.requirement.name)
        score = scores.setdefault(name, _alike(name, suite))
        scores[name] = score + FITTING_VERSION * _fits(version, dependency.requirement.specifier)
    best = max(scores, key=lambda name: scores[name], default="")
    if not best or scores[best] < ALIKE:
        project = Project(canonicalize_name(suite.name))
        text = f'no line says which project "{suite.name}" installs: taken for {project.name}.'
        matrix.tell(suite.line, text)
        return project
    project = Project(best)
    for dependency, version in uses:
        assert dependency.requirement is not None
        if canonicalize_name(dependency.requirement.name) == best:
            _note(project, dependency, version)
    return project


def uses_of(matrix: "Matrix", suite: "Found") -> "Iterator[tuple[Dependency, str]]":
    """Yield the plain requirements of a suite, with the version that they are for."""
    for dependency in matrix.dependencies_of(suite):
        requirement = dependency.requirement
        if requirement is None or requirement.url or requirement.marker:
            continue
        for condition in dependency.conditions:
            version = plain_version(matrix, suite, condition)
            if version is not None:
                yield dependency, version


def plain_version(matrix: "Matrix", suite: "Found", condition: Condition) -> str | None:
    """
    Return the version of *suite* for which a line is, "" for all of them.

    None: the line is not for this suite, or for some of its Pythons.
    """
    named = told_apart(sorted(condition.wanted), matrix.glued)
    own = frozenset(factor.lower() for factor in named.factors)
    if not own or not own <= suite.factors or named.pythons or condition.refused:
        return None
    if not named.versions:
        return ""
    return named.versions[0] if set(named.versions) <= suite.versions.keys() else None


def target_of(matrix: "Matrix", suite: "Found", factor: str) -> Target | None:
    """Return what a version in a name means; None when nothing says it."""
    project = matrix.projects[suite.name]
    specifier = project.specifiers.get(factor, SpecifierSet())
    named = _version(factor[1:]) if factor.startswith("v") else None
    exact = _exact(specifier)
    if exact is None and not specifier and named is not None and len(named.release) > SERIES:
        exact = named
    if named is not None and len(named.release) <= SERIES and _is_series(named, specifier, exact):
        return Target(factor, f"=={named}.*", exact, exact or named, _after(named), bool(specifier))
    if exact is not None:
        return Target(factor, f"=={exact}", exact, exact, None, bool(specifier))
    operators = {each.operator for each in specifier}
    if operators & LOWER and operators & UPPER:
        low = _low(specifier)
        return Target(factor, str(specifier), None, low, _upper(specifier), is_said=True)
    if named is None:
        return None
    return Target(factor, f"=={named}.*", None, named, _after(named), bool(specifier))


def _note(project: Project, dependency: "Dependency", version: str) -> None:
    assert dependency.requirement is not None
    before = project.specifiers.get(version, SpecifierSet())
    project.specifiers[version] = before & dependency.requirement.specifier
    project.extras |= dependency.requirement.extras
    project.lines.add((dependency.line.number, version))


def _alike(name: str, suite: "Found") -> int:
    own = {canonicalize_name(suite.name), *map(canonicalize_name, suite.factors)}
    if name in own:
        return SAME_NAME
    score = ALIKE if any(word in name or name in word for word in own) else 0
    return score + (PLUGIN if name.startswith(("pytest-", "types-")) else 0)


def _fits(factor: str, specifier: SpecifierSet) -> bool:
    """Tell whether a specifier looks like what a version in a name stands for."""
    if not {each.operator for each in specifier} & LOWER or factor in {"", LATEST}:
        return False
    named = _version(factor[1:]) if factor.startswith("v") else None
    if named is None:
        return True
    length = len(named.release)
    begins = [_version(each.version.removesuffix(".*")) for each in specifier]
    return specifier.contains(named, prereleases=True) or any(
        begin is not None and begin.release[:length] == named.release for begin in begins
    )


def _is_series(named: Version, specifier: SpecifierSet, exact: Version | None) -> bool:
    """Tell whether a name such as v3.1 and the specifier mean the releases 3.1.x."""
    if named.is_prerelease or named.is_postrelease or named.local:
        return False
    if exact is not None:
        return exact.release[: len(named.release)] == named.release
    texts = {str(each) for each in specifier}
    series = {f"~={named}.0", f"=={named}.*"}
    return not texts or (len(texts) == 1 and not texts.isdisjoint(series))


def _exact(specifier: SpecifierSet) -> Version | None:
    found = [each.version for each in specifier if each.operator in {"==", "==="}]
    versions = {_version(text) for text in found if not text.endswith(".*")} - {None}
    return versions.pop() if len(versions) == 1 else None


def _low(specifier: SpecifierSet) -> Version | None:
    found = [
        _version(each.version.removesuffix(".*")) for each in specifier if each.operator in LOWER
    ]
    return max((each for each in found if each), default=None)


def _upper(specifier: SpecifierSet) -> Version | None:
    for each in specifier:
        version = _version(each.version.removesuffix(".*"))
        if version is None or each.operator in {"<=", "==="}:
            continue
        if each.operator == "<":
            return version
        if each.operator == "~=":
            return _after(Version(".".join(map(str, version.release[:-1]))))
        if each.operator == "==" and each.version.endswith(".*"):
            return _after(version)
    return None


def _after(series: Version) -> Version:
    *first, last = series.release
    epoch = f"{series.epoch}!" if series.epoch else ""
    return Version(epoch + ".".join(map(str, [*first, last + 1])))


def _version(text: str) -> Version | None:
    if len(text) > LONGEST_VERSION or re.search(r"\d{10}", text):
        return None
    try:
        return Version(text)
    except InvalidVersion:
        return None

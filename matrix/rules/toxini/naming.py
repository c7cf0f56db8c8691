"""What the factors in names and conditions stand for: Pythons, versions, and integrations."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from matrix.rules.rendering.factors import LATEST
from matrix.rules.toxini.generative import Condition, python_of

VERSION = re.compile(r"v\d[\w.]*", re.ASCII)
# Letters, and digits that may be a version: django32. One digit alone is part of a name: boto3.
GLUED = re.compile(r"(?P<name>[A-Za-z][\w]*?)(?P<digits>\d+)", re.ASCII)
LONGEST_REQUIREMENT = 300


@dataclass(frozen=True, slots=True)
class Named:
    """The factors of one name, told apart."""

    name: str  # Of the integration, if it is one: "openai-base".
    pythons: tuple[str, ...]
    versions: tuple[str, ...]  # Factors: "v0.16", "latest", "django32".

    @property
    def factors(self) -> frozenset[str]:
        return frozenset(self.name.split("-")) if self.name else frozenset()


def told_apart(factors: Iterable[str], glued: Mapping[str, str]) -> Named:
    """Sort the factors of a name. *glued* says for "django32" that it means "django"."""
    names: list[str] = []
    pythons: list[str] = []
    versions: list[str] = []
    for factor in factors:
        if python_of(factor):
            pythons.append(factor)
        elif factor == LATEST or VERSION.fullmatch(factor):
            versions.append(factor)
        elif factor in glued:
            names.append(glued[factor])
            versions.append(factor)
        else:
            names.append(factor)
    return Named("-".join(names), tuple(pythons), tuple(versions))


def requirement_of(text: str) -> Requirement | None:
    if len(text) > LONGEST_REQUIREMENT or "{" in text:
        return None
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None


def normal(text: str) -> str:
    """Return one spelling for all texts that mean the same requirement."""
    found = requirement_of(text)
    if found is None:
        return " ".join(text.split())
    extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
    marker = f" ; {found.marker}" if found.marker else ""
    url = f" @ {found.url}" if found.url else ""
    return f"{canonicalize_name(found.name)}{extras}{found.specifier}{url}{marker}"


def glued_factors(installed: Mapping[str, Collection[str]]) -> dict[str, str]:
    """
    Return for each factor such as ``django32`` the name before its version.

    *installed* holds for each factor the projects that lines of its own install. Digits belong to
    the name (``boto3``, ``httpx2``) unless what is installed says otherwise: the project of the
    name alone, or one project for several such factors (``drf310``, ``drf311``).
    """
    stems: dict[str, list[str]] = {}
    for factor in installed:
        if (found := GLUED.fullmatch(factor)) and not VERSION.fullmatch(factor):
            stems.setdefault(found["name"], []).append(factor)
    glued = {}
    for stem, factors in stems.items():
        own = [
            factor
            for factor in factors
            if canonicalize_name(factor) not in installed[factor] and not python_of(factor)
        ]
        several = [set(installed[factor]) for factor in own if installed[factor]]
        common = set.intersection(*several) if len(several) > 1 else set()
        for factor in own:
            if canonicalize_name(stem) in installed[factor] or common & set(installed[factor]):
                glued[factor] = stem
    return glued


@dataclass(frozen=True, kw_only=True, slots=True)
class Suite:
    """What is known of an integration when a file is taken over."""

    name: str
    project: str  # As PEP 503 normalises it.
    requirements: frozenset[str] = field(default=frozenset())  # Of its rules, normal.

    @property
    def factors(self) -> frozenset[str]:
        return frozenset(self.name.split("-"))


@dataclass(frozen=True, slots=True)
class Owners:
    """Which environments and which conditions belong to integrations."""

    suites: Sequence[Suite]
    glued: Mapping[str, str]

    def of_environment(self, name: str) -> Suite | None:
        """Return the integration of an environment that has no factor beyond it."""
        named = told_apart(name.split("-"), self.glued)
        return next((suite for suite in self.suites if suite.factors == named.factors), None)

    def of_condition(self, condition: Condition) -> list[Suite]:
        """Return the integrations to which a condition gives a line."""
        names = told_apart(sorted(condition.wanted), self.glued).factors
        if not names:
            return []
        refused = told_apart(sorted(condition.refused), {}).factors
        return [
            suite for suite in self.suites if names <= suite.factors and not refused & suite.factors
        ]


def holds(condition: Condition, environment: str) -> bool:
    factors = set(environment.split("-"))
    return condition.wanted <= factors and not condition.refused & factors

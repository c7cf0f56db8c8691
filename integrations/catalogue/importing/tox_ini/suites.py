"""Which environments make up a suite that can become an integration, and which cannot."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from integrations.catalogue.validators import validate_factor
from matrix.rules.facts import Python
from matrix.rules.rendering.factors import LATEST, MACHINES
from matrix.rules.toxini.generative import python_of, shortened
from matrix.rules.toxini.lines import Line
from matrix.rules.toxini.naming import Named, told_apart

if TYPE_CHECKING:
    from integrations.catalogue.importing.tox_ini.reading import Matrix

LONGEST_NAME = 80
MOST_NAMES = 1_000
SHOWN = 6  # Names that a line of the report shows of many.


@dataclass(slots=True)
class NamedVersion:
    """A version that has a name in the file: ``v0.16``, ``django32`` or ``latest``."""

    factor: str
    line: int
    pythons: dict[Python, str] = field(default_factory=dict)  # With the environments' names.


@dataclass(slots=True)
class Found:
    """A suite that becomes an integration."""

    name: str
    line: int
    group: str
    versions: dict[str, NamedVersion] = field(default_factory=dict)

    @property
    def factors(self) -> frozenset[str]:
        return frozenset(self.name.split("-"))


@dataclass(frozen=True, slots=True)
class _Environment:
    name: str
    line: Line
    group: str
    named: Named


def sort_environments(matrix: "Matrix", found: Sequence[tuple[Line, str, list[str]]]) -> None:
    """Put the environments into suites, and report those that stay hand-written."""
    environments = [
        _Environment(name, line, group, told_apart(name.split("-"), matrix.glued))
        for line, group, names in found
        for name in dict.fromkeys(names)
        if name
    ]
    versioned = {each.named.factors for each in environments if each.named.versions}
    refused = _clashes(versioned)
    reasons: dict[tuple[int, str], list[str]] = {}
    suites: dict[frozenset[str], Found] = {}
    for each in environments:
        reason = _why_not(each.named, versioned) or refused.get(each.named.factors, "")
        if reason:
            reasons.setdefault((each.line.number, reason), []).append(each.name)
            matrix.kept.append(each.name)
        else:
            _add(suites, each)
    matrix.suites = list(suites.values())
    for (line, reason), names in reasons.items():
        matrix.tell(line, f"{listed(names)} {'stays' if len(names) == 1 else 'stay'}: {reason}")


def listed(names: Sequence[str]) -> str:
    """``a, b, c and 4 more``."""
    shown = ", ".join(shortened(name) for name in names[:SHOWN])
    rest = len(names) - SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown


def _add(suites: dict[frozenset[str], Found], each: _Environment) -> None:
    named = each.named
    suite = suites.setdefault(
        named.factors, Found(named.name.lower(), each.line.number, each.group)
    )
    # Beside versions an environment without one installs what is newest.
    factor = named.versions[0] if named.versions else LATEST
    version = suite.versions.setdefault(factor, NamedVersion(factor, each.line.number))
    python = python_of(named.pythons[0])
    assert python is not None
    version.pythons.setdefault(python, each.name)


def _why_not(named: Named, versioned: set[frozenset[str]]) -> str:
    """Say why an environment cannot belong to an integration; "" when it can."""
    if not named.name:
        return "it names no suite."
    if named.factors not in versioned:
        return 'its suite has no version in any name ("v1.2" or "latest"), so it tests no releases.'
    if machines := named.factors & MACHINES:
        return f'"{min(machines)}" is a platform, for which the portal makes no rows.'
    if len(named.versions) > 1:
        return "it names two versions, and an integration tests one project."
    if len(set(named.pythons)) != 1:
        return "it names no Python 3.x, or more than one."
    if len(named.name) > LONGEST_NAME:
        return "its name is too long."
    try:
        validate_factor(named.name.lower())
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _clashes(names: set[frozenset[str]]) -> dict[frozenset[str], str]:
    """Return the names that hold all factors of another: tox cannot keep the two apart."""
    if len(names) > MOST_NAMES:
        return {}  # More than an import takes: it is refused as a whole.
    return {
        longer: f'tox would apply the lines of "{"-".join(sorted(shorter))}" to it too. Rename '
        "one of the two, such as NAME-base, and import again."
        for shorter in names
        for longer in names
        if shorter and shorter < longer
    }

"""The lines of the regions of a tox.ini, without indentation."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from types import MappingProxyType

from packaging.version import Version

from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, LayoutPart, RequirementUse, Row
from matrix.rules.rendering.factors import (
    LATEST,
    conditions,
    pythons_factor,
    version_factor,
)
from matrix.rules.rendering.pins import PinSets, PinsStyle, pin_lines, style_of

PRERELEASE_SETTING = "UV_PRERELEASE=allow"
# What tox would read as a comment, a substitution or the arguments of its command line.
SPECIAL = re.compile(r"#|\{|\}|\[(?=\])")


def region_lines(
    layout: LayoutPart,
    parts: Iterable[IntegrationPart],
    pin_sets: PinSets = MappingProxyType({}),
) -> dict[str, list[str]]:
    """Return the lines of each region; the order of *parts* plays no role."""
    ordered = _ordered(layout, parts)
    names = conditions([part.name for part in ordered])
    style = style_of(layout)

    def deps_of(part: IntegrationPart) -> list[str]:
        name = names[part.name]
        return [*deps_lines(part, name), *pins_lines(part, name, style, pin_sets)]

    return {
        "envlist": list(_grouped(ordered, envlist_lines)),
        "deps": list(_grouped(ordered, deps_of)),
        "setenv": [line for part in ordered for line in _setenv_lines(part, names[part.name])],
        "testpaths": [
            f"{names[part.name]}: _TESTPATH={escaped(part.test_path)}"
            for part in sorted(ordered, key=lambda part: part.name)
        ],
    }


def envlist_lines(part: IntegrationPart) -> list[str]:
    """``{py3.9,py3.11}-httpx-v0.28.1`` for each row, then the alias."""
    lines = [
        f"{pythons_factor(row.pythons)}-{part.name}-{version_factor(row.version)}"
        for row in part.rows
    ]
    if part.latest:
        lines.append(f"{pythons_factor(part.latest.pythons)}-{part.name}-{LATEST}")
    return lines


def deps_lines(part: IntegrationPart, name: str) -> list[str]:
    """
    Return what the environments of *part* install: the project, then the rest in rule order.

    *name* is the condition for all of them. Each environment finds each of its requirements in
    exactly one line.
    """
    project = f"{part.project}[{','.join(part.extras)}]" if part.extras else part.project
    lines = [f"{scope}: {project}=={row.version}" for scope, row in _scopes(part, name)]
    return [*lines, *(f"{scope}: {escaped(text)}" for scope, text in requirements(part, name))]


def pins_lines(
    part: IntegrationPart, name: str, style: PinsStyle, pin_sets: PinSets
) -> Iterator[str]:
    """Yield what keeps each environment of *part*, and of its alias, at the versions resolved."""
    for scope, row in _scopes(part, name):
        for python, text in pin_lines(style, part, row, pin_sets):
            yield f"{python.factor}-{scope}: {escaped(text)}"


def requirements(part: IntegrationPart, name: str) -> list[tuple[str, str]]:
    """Return what comes beside the project: ``("httpx-v0.16.1", "pytest-httpx==0.10.0")``."""
    return [
        (scope, use.requirement) for use in part.requirements for scope in _places(part, use, name)
    ]


def escaped(text: str) -> str:
    r"""Write *text* so that tox reads it literally: ``#`` as ``\#``, ``{`` as ``\{``."""
    return SPECIAL.sub(r"\\\g<0>", text)


def _ordered(layout: LayoutPart, parts: Iterable[IntegrationPart]) -> list[IntegrationPart]:
    """Sort by group (as the layout says, others last by name), then by name."""
    place = {group: number for number, group in enumerate(layout.groups)}
    return sorted(
        (part for part in parts if part.rows),
        key=lambda part: (place.get(part.group, len(place)), part.group, part.name),
    )


def _grouped(
    parts: Iterable[IntegrationPart], lines_of: Callable[[IntegrationPart], list[str]]
) -> Iterator[str]:
    """Yield a heading for each group and the lines of its parts, with a blank line after each."""
    is_first = True
    for group, members in groupby(parts, key=lambda part: part.group):
        for number, part in enumerate(members):
            if not is_first:
                yield ""
            is_first = False
            if number == 0:
                yield f"# ~~~ {group} ~~~"
            yield from lines_of(part)


def _setenv_lines(part: IntegrationPart, name: str) -> list[str]:
    return [
        f"{name}-{version_factor(row.version)}: {PRERELEASE_SETTING}"
        for row in part.rows
        if row.version.is_prerelease
    ]


def _scopes(part: IntegrationPart, name: str) -> list[tuple[str, Row]]:
    """Return each row under its own name, ascending, then the latest under the alias."""
    scopes = [(f"{name}-{version_factor(row.version)}", row) for row in part.rows]
    if part.latest:
        scopes.append((f"{name}-{LATEST}", part.latest))
    return scopes


def _places(part: IntegrationPart, use: RequirementUse, name: str) -> list[str]:
    """
    Return the factors of the lines that install *use*, as few and as wide as they can be.

    A line for the whole integration, or for some of its Pythons, covers the alias as well.
    """
    where = dict(use.where)
    if all(_covers(where, row) for row in part.rows):
        return [name]
    found = [row for row in part.rows if row.version in where]
    pythons = {python for row in found for python in where[row.version]}
    if not all(_covers(where, row) for row in found) and _is_uniform(where, part.rows, pythons):
        return [f"{pythons_factor(pythons)}-{name}"]
    return [
        scope if _covers(where, row) else f"{pythons_factor(where[row.version])}-{scope}"
        for scope, row in _scopes(part, name)
        if row.version in where
    ]


def _covers(where: dict[Version, tuple[Python, ...]], row: Row) -> bool:
    return set(where.get(row.version, ())) == set(row.pythons)


def _is_uniform(
    where: dict[Version, tuple[Python, ...]], rows: Sequence[Row], pythons: set[Python]
) -> bool:
    """Tell whether each row installs it on exactly those of its Pythons that are in *pythons*."""
    return all(set(where.get(row.version, ())) == pythons & set(row.pythons) for row in rows)

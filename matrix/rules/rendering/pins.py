"""
How the pins of environments are written: not at all, as constraint files, or line by line.

A pin keeps a dependency at one version; the project itself stands in the lines of its row already.
An environment that could not be resolved has no pins, and tox installs what is newest.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from packaging.utils import canonicalize_name
from packaging.version import Version

from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, LayoutPart, Row
from matrix.rules.rendering.factors import environment

PinSets = Mapping[str, tuple[str, ...]]  # {hash: ("anyio==4.9.0", …)}
FOLDER = "constraints/"
# The first words of each constraint file: whoever tidies up may remove what begins with them.
HEADING = "# Written by the Matrix Portal for "


class PinsStyle(Enum):
    NONE = "none"
    CONSTRAINTS = "constraints"
    INLINE = "inline"


class UnknownPins(LookupError):
    """A row names a pin set that was not given."""


def style_of(layout: LayoutPart) -> PinsStyle:
    return PinsStyle(layout.pins_style)


def pins_of(part: IntegrationPart, pin_set: str, pin_sets: PinSets) -> tuple[str, ...]:
    """
    Return the pins of *pin_set* by their normalised names, without the project of *part*.

    Raises UnknownPins.
    """
    if pin_set not in pin_sets:
        raise UnknownPins(f"The pins {pin_set} of {part.name} are not stored.")
    own = canonicalize_name(part.project)
    named = sorted((project_of(pin), pin) for pin in pin_sets[pin_set])
    return tuple(pin for name, pin in named if name != own)


def project_of(pin: str) -> str:
    """Return the normalised name of what *pin* is about: of ``anyio==4.9.0`` it is ``anyio``."""
    return canonicalize_name(pin.partition("==")[0].partition("@")[0].partition("[")[0].strip())


def constraint_path(part: IntegrationPart, version: Version, python: Python) -> str:
    """``constraints/httpx-v0.28.1-py3.9.txt``: the factors of the environment in another order."""
    name = environment(python, part.name, version).removeprefix(f"{python.factor}-")
    return f"{FOLDER}{name}-{python.factor}.txt"


def constraint_files(
    layout: LayoutPart, parts: Iterable[IntegrationPart], pin_sets: PinSets
) -> dict[str, str]:
    """Return the constraint file of each pinned environment by its path; none in other styles."""
    if style_of(layout) is not PinsStyle.CONSTRAINTS:
        return {}
    return {
        constraint_path(part, row.version, python): _constraints(
            environment(python, part.name, row.version), pins_of(part, pin_set, pin_sets)
        )
        for part in parts
        for row in part.rows
        for python, pin_set in pinned(row)
    }


def pin_lines(
    style: PinsStyle, part: IntegrationPart, row: Row, pin_sets: PinSets
) -> Iterator[tuple[Python, str]]:
    """Yield what each environment of *row* installs because of its pins, in order of Pythons."""
    for python, pin_set in pinned(row):
        if style is PinsStyle.CONSTRAINTS:
            yield python, f"-c {constraint_path(part, row.version, python)}"
        elif style is PinsStyle.INLINE:
            for pin in pins_of(part, pin_set, pin_sets):
                yield python, pin


def pinned(row: Row) -> Iterator[tuple[Python, str]]:
    """Yield the environments of *row* that have a pin set."""
    for python, pin_set in row.pins:
        if pin_set is not None:
            yield python, pin_set


def _constraints(name: str, pins: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in [f"{HEADING}{name}.", *pins])

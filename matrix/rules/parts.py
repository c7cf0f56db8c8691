"""
The parts of an SDK's channel and their one written form: canonical JSON with a schema number.

A snapshot is these bytes. They are never rewritten: a new schema gets a reader beside the old one.
What an older schema can say is written in it, so that a newer portal changes no snapshot.
"""

import json
from dataclasses import dataclass
from typing import Any

from packaging.version import Version

from matrix.rules.ci import Ci, content_of, read_ci
from matrix.rules.facts import Python

LAYOUT = "layout"  # The name of the part that is not an integration; no integration may have it.
SCHEMA = 1
WITH_PINS = 2  # Rows may name the pins of their environments.
WITH_WORKFLOWS = 2  # The layout may say what CI workflows are made of.


class UnreadableSnapshot(ValueError):
    """A body that no reader of this version of the portal understands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A pick and its Pythons: one line of tox's envlist."""

    version: Version
    pythons: tuple[Python, ...]  # Ascending; a free-threaded one comes last.
    is_advisory: bool = False
    # The hash of the pin set of each environment; None: it could not be resolved. In the order of
    # the Pythons; empty where nothing is pinned.
    pins: tuple[tuple[Python, str | None], ...] = ()

    @property
    def factors(self) -> list[str]:
        """``["py3.9", "py3.14t"]``, in tox's order."""
        return [python.factor for python in self.pythons]


@dataclass(frozen=True, kw_only=True, slots=True)
class RequirementUse:
    """One requirement beside the project itself, and the environments that install it."""

    requirement: str
    where: tuple[tuple[Version, tuple[Python, ...]], ...]  # Ascending by version; never empty.


@dataclass(frozen=True, kw_only=True, slots=True)
class IntegrationPart:
    """What an integration contributes to every generated file."""

    name: str
    project: str
    extras: tuple[str, ...]
    group: str
    test_path: str
    rows: tuple[Row, ...]  # Ascending by version; never empty.
    requirements: tuple[RequirementUse, ...]  # In the order of the rules.

    @property
    def latest(self) -> Row | None:
        """The highest row that is not a prerelease: what the ``-latest`` alias stands for."""
        stable = [row for row in self.rows if not row.version.is_prerelease]
        return stable[-1] if stable else None


@dataclass(frozen=True, kw_only=True, slots=True)
class LayoutPart:
    """What belongs to the whole file: the frame and the order of the groups."""

    sdk: str  # Its slug.
    groups: tuple[str, ...]  # In order; a group that is missing here comes last, by name.
    frame: str  # Hand-written text with empty regions; "" stands for the default frame.
    pins_style: str = "none"
    ci: Ci | None = None  # None: no workflows are written.


Part = IntegrationPart | LayoutPart


def write(part: Part) -> str:
    """Return the canonical JSON of *part*: sorted keys, no blanks, ASCII."""
    content = _layout(part) if isinstance(part, LayoutPart) else _integration(part)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def read(body: str) -> Part:
    """Return what :func:`write` wrote; raises UnreadableSnapshot."""
    content = json.loads(body)
    match content:
        case {"schema": 1 | 2, "kind": "layout"}:
            return _read_layout(content)
        case {"schema": 1 | 2, "kind": "integration"}:
            return _read_integration(content)
        case {"schema": schema, "kind": kind}:
            raise UnreadableSnapshot(f"Schema {schema} of a {kind} is newer than this portal.")
    raise UnreadableSnapshot("The body of a snapshot names neither its schema nor its kind.")


@dataclass(frozen=True, slots=True)
class Outline:
    """What a search through years of snapshots needs of each, and no more."""

    project: str
    # Version, number of Pythons, and the pin sets of those that have one.
    rows: tuple[tuple[str, int, tuple[str, ...]], ...]


def outline(body: str) -> Outline:
    """Return the outline of an integration's snapshot, of any schema so far."""
    content = json.loads(body)
    return Outline(
        project=content["project"],
        rows=tuple(
            (
                row["version"],
                len(row["pythons"]),
                tuple(pin_set for pin_set in row.get("pins", {}).values() if pin_set),
            )
            for row in content["rows"]
        ),
    )


def _layout(part: LayoutPart) -> dict[str, Any]:
    content = {
        "schema": SCHEMA if part.ci is None else WITH_WORKFLOWS,
        "kind": "layout",
        "sdk": part.sdk,
        "groups": list(part.groups),
        "frame": part.frame,
        "pins_style": part.pins_style,
    }
    return content if part.ci is None else {**content, "ci": content_of(part.ci)}


def _integration(part: IntegrationPart) -> dict[str, Any]:
    return {
        "schema": WITH_PINS if any(row.pins for row in part.rows) else SCHEMA,
        "kind": "integration",
        "name": part.name,
        "project": part.project,
        "extras": list(part.extras),
        "group": part.group,
        "test_path": part.test_path,
        "rows": [_row(row) for row in part.rows],
        "requirements": [
            {
                "requirement": use.requirement,
                "where": [[str(version), _texts(pythons)] for version, pythons in use.where],
            }
            for use in part.requirements
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    content: dict[str, Any] = {
        "version": str(row.version),
        "pythons": _texts(row.pythons),
        "advisory": row.is_advisory,
    }
    if row.pins:
        content["pins"] = {str(python): pin_set for python, pin_set in row.pins}
    return content


def _texts(pythons: tuple[Python, ...]) -> list[str]:
    return [str(python) for python in pythons]


def _pythons(texts: list[str]) -> tuple[Python, ...]:
    return tuple(map(Python.parse, texts))


def _read_layout(content: dict[str, Any]) -> LayoutPart:
    return LayoutPart(
        sdk=content["sdk"],
        groups=tuple(content["groups"]),
        frame=content["frame"],
        pins_style=content["pins_style"],
        ci=read_ci(content["ci"]) if "ci" in content else None,
    )


def _read_integration(content: dict[str, Any]) -> IntegrationPart:
    return IntegrationPart(
        name=content["name"],
        project=content["project"],
        extras=tuple(content["extras"]),
        group=content["group"],
        test_path=content["test_path"],
        rows=tuple(_read_row(row) for row in content["rows"]),
        requirements=tuple(
            RequirementUse(
                requirement=use["requirement"],
                where=tuple((Version(text), _pythons(found)) for text, found in use["where"]),
            )
            for use in content["requirements"]
        ),
    )


def _read_row(content: dict[str, Any]) -> Row:
    pins = ((Python.parse(text), pin_set) for text, pin_set in content.get("pins", {}).items())
    return Row(
        version=Version(content["version"]),
        pythons=_pythons(content["pythons"]),
        is_advisory=content["advisory"],
        pins=tuple(sorted(pins, key=lambda pin: pin[0])),
    )

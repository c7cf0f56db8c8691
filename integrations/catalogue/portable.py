"""
A whole catalogue of one SDK as plain values: what files hold, what imports write and compare.

People, approvals and holds everywhere are not part of it: they belong to one portal, and a file
may be read by another. The names of fields are those of the models; so are the texts in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, time
from enum import Enum, auto
from typing import Any, TypeVar

from packaging.version import Version

STEP = 10  # Between the orders of two rules, so that a third one fits in.


class Kind(Enum):
    """How a value is written in a file."""

    TEXT = auto()
    WORDS = auto()  # "fastapi, flask" is written as a list.
    PYTHONS = auto()  # "3.9 3.10" too.
    LINES = auto()  # Requirements: each line is one text of a list.
    INTEGER = auto()
    BOOLEAN = auto()
    WEEKDAY = auto()  # "monday"; "never" stands for none.
    TIME = auto()
    DATE = auto()
    ORDER = auto()  # Left out where it follows from the position.
    NESTED = auto()  # Tables of their own.


def _text(default: str = "") -> Any:
    return field(default=default, metadata={"kind": Kind.TEXT})


def _needed(kind: Kind = Kind.TEXT) -> Any:
    return field(metadata={"kind": kind})


def _value(kind: Kind, default: object) -> Any:
    return field(default=default, metadata={"kind": kind})


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """What one row says, beside whose it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold(Value):
    project: str = _text()  # Empty on an integration, which has one.
    releases: str = _text()
    reason: str = _needed()
    owner: str = _text()
    link: str = _text()
    starts_on: date | None = field(default=None, metadata={"kind": Kind.DATE})
    ends_on: date | None = field(default=None, metadata={"kind": Kind.DATE})
    remind_on: date | None = field(default=None, metadata={"kind": Kind.DATE})
    lift_when: str = _text()
    lift_project: str = _text()
    lift_releases: str = _text()


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedConstraint(Value):
    requirement: str = _needed()
    group: str = _text()  # Empty: all of them.
    pythons: str = _text()
    free_threading: str = _text("any")
    reason: str = _needed()
    owner: str = _text()
    link: str = _text()
    starts_on: date | None = field(default=None, metadata={"kind": Kind.DATE})
    ends_on: date | None = field(default=None, metadata={"kind": Kind.DATE})


@dataclass(frozen=True, kw_only=True, slots=True)
class CooldownBypass(Value):
    project: str = _needed()
    version: str = _needed()
    reason: str = _needed()
    link: str = _text()


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule(Value):
    order: int | None = _value(Kind.ORDER, None)  # None: as it stands in the file.
    releases: str = _text()
    pythons: str = _text()
    free_threading: str = _text("any")
    requirements: str = _needed(Kind.LINES)
    reason: str = _text()


@dataclass(frozen=True, kw_only=True, slots=True)
class Restriction(Value):
    order: int | None = _value(Kind.ORDER, None)  # None: as it stands in the file.
    releases: str = _text()
    pythons: str = _needed()
    reason: str = _text()


@dataclass(frozen=True, kw_only=True, slots=True)
class PinnedPick(Value):
    version: str = _needed()
    skips_cooldown: bool = _value(Kind.BOOLEAN, False)
    reason: str = _needed()


@dataclass(frozen=True, kw_only=True, slots=True)
class Service(Value):
    name: str = field(metadata={"kind": Kind.NESTED})  # The key of its table.
    image: str = _text()
    ports: str = _value(Kind.WORDS, "")
    environment: str = _value(Kind.LINES, "")
    health_command: str = _text()
    options: str = _text()
    action: str = _text()
    inputs: str = _value(Kind.LINES, "")
    commands: str = _text()
    variables: str = _value(Kind.LINES, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkflowFrame(Value):
    path: str = _needed()
    text: str = _needed()

    @property
    def name(self) -> str:
        return self.path


@dataclass(frozen=True, kw_only=True, slots=True)
class Group(Value):
    order: int | None = _value(Kind.ORDER, None)  # None: as it stands in the file.
    name: str = _needed()
    services: str = _value(Kind.WORDS, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Integration(Value):
    name: str = field(metadata={"kind": Kind.NESTED})  # The key of its table.
    group: str = _needed()
    project: str = _needed()
    extras: str = _value(Kind.WORDS, "")
    test_path: str = _needed()
    services: str = _value(Kind.WORDS, "")
    minimum: str = _text()
    tests_exact_minimum: bool = _value(Kind.BOOLEAN, False)
    include: str = _text()
    number_of_versions: int | None = _value(Kind.INTEGER, None)
    prereleases: str = _text()
    advisory_prereleases: bool = _value(Kind.BOOLEAN, False)
    cooldown_days: int | None = _value(Kind.INTEGER, None)
    pins_cooldown_days: int | None = _value(Kind.INTEGER, None)
    is_paused: bool = _value(Kind.BOOLEAN, False)
    owner: str = _text()
    notes: str = _text()
    rules: tuple[Rule, ...] = _value(Kind.NESTED, ())
    restrictions: tuple[Restriction, ...] = _value(Kind.NESTED, ())
    pinned_picks: tuple[PinnedPick, ...] = _value(Kind.NESTED, ())
    holds: tuple[Hold, ...] = _value(Kind.NESTED, ())


@dataclass(frozen=True, kw_only=True, slots=True)
class Sdk(Value):
    name: str = _needed()
    pythons: str = _needed(Kind.PYTHONS)
    free_threading_from: str = _text()
    cooldown_days: int = _value(Kind.INTEGER, 0)
    pins_cooldown_days: int = _value(Kind.INTEGER, 0)
    index_url: str = _text()
    platform: str = _text("x86_64-manylinux_2_28")
    pins_style: str = _text("none")
    prereleases: str = _text("any")
    propose_on: int | None = _value(Kind.WEEKDAY, 1)
    propose_at: time = field(default=time(3, 23), metadata={"kind": Kind.TIME})
    second_person_publishes: bool = _value(Kind.BOOLEAN, False)
    second_person_cooldown: bool = _value(Kind.BOOLEAN, False)
    second_person_holds: bool = _value(Kind.BOOLEAN, False)
    public_publications: bool = _value(Kind.BOOLEAN, False)
    frame: str = _text()
    writes_workflows: bool = _value(Kind.BOOLEAN, False)
    ci_runner: str = _value(Kind.WORDS, "ubuntu-24.04")
    ci_container_pythons: str = _value(Kind.PYTHONS, "3.6 3.7")
    ci_container_image: str = _text("python")
    ci_timeout_minutes: int = _value(Kind.INTEGER, 30)
    ci_install: str = _text("python -m pip install tox tox-uv")
    ci_container_install: str = _text("python -m pip install tox")
    ci_test: str = _text('python -m tox run -e "$ENVIRONMENTS"')
    ci_checkout_action: str = _text("actions/checkout@v5")
    ci_python_action: str = _text("actions/setup-python@v6")
    ci_needs: str = _value(Kind.WORDS, "")
    ci_passes_secrets: bool = _value(Kind.BOOLEAN, False)
    holds: tuple[Hold, ...] = _value(Kind.NESTED, ())


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    sdk: Sdk
    services: tuple[Service, ...] = ()
    workflow_frames: tuple[WorkflowFrame, ...] = ()
    groups: tuple[Group, ...] = ()
    shared_constraints: tuple[SharedConstraint, ...] = ()
    cooldown_bypasses: tuple[CooldownBypass, ...] = ()
    integrations: tuple[Integration, ...] = ()


Ordered = TypeVar("Ordered", Rule, Restriction, Group)


def plain_fields(value: Value | type[Value]) -> list[tuple[str, Kind]]:
    """Return the names and kinds of the fields that hold no tables of their own."""
    found = [(each.name, each.metadata["kind"]) for each in fields(value)]
    return [(name, kind) for name, kind in found if kind is not Kind.NESTED]


def in_order(values: Sequence[Ordered]) -> tuple[Ordered, ...]:
    """Number the values by their position where they have no order of their own."""
    return tuple(
        value if value.order is not None else replace(value, order=STEP * place)
        for place, value in enumerate(values, start=1)
    )


def by_content(value: Value) -> tuple[str, ...]:
    """Sort by what is said, so that the order in which rows were made plays no role."""
    return tuple(
        f"{found:05d}" if kind is Kind.ORDER else str(found)
        for name, kind in plain_fields(value)
        for found in [getattr(value, name)]
    )


def settled(catalogue: Catalogue) -> Catalogue:
    """Return the catalogue with everything in the one order that files and comparisons use."""
    return replace(
        catalogue,
        sdk=replace(catalogue.sdk, holds=tuple(sorted(catalogue.sdk.holds, key=by_content))),
        services=tuple(sorted(catalogue.services, key=lambda each: each.name)),
        workflow_frames=tuple(sorted(catalogue.workflow_frames, key=lambda each: each.path)),
        groups=tuple(sorted(catalogue.groups, key=by_content)),
        shared_constraints=tuple(sorted(catalogue.shared_constraints, key=by_content)),
        cooldown_bypasses=tuple(sorted(catalogue.cooldown_bypasses, key=by_content)),
        integrations=tuple(
            _settled_integration(integration)
            for integration in sorted(catalogue.integrations, key=lambda each: each.name)
        ),
    )


def _settled_integration(integration: Integration) -> Integration:
    return replace(
        integration,
        rules=tuple(sorted(integration.rules, key=by_content)),
        restrictions=tuple(sorted(integration.restrictions, key=by_content)),
        pinned_picks=tuple(
            sorted(integration.pinned_picks, key=lambda pick: Version(pick.version))
        ),
        holds=tuple(sorted(integration.holds, key=by_content)),
    )

"""From the database to plain values, and from plain values to the TOML that people keep."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, TypeVar

import tomli_w
from django.db.models import Model

from integrations.catalogue import models, portable
from integrations.catalogue.choices import Weekday
from integrations.catalogue.portable import STEP, Kind
from integrations.catalogue.validators import words

FORMAT = 1
WIDTH = 100  # Of a line with a list.
Value = TypeVar("Value", bound=portable.Value)


def export(sdk: models.Sdk) -> str:
    """Return the catalogue of *sdk* as TOML, the same text for the same catalogue."""
    return toml_of(catalogue_of(sdk))


def catalogue_of(sdk: models.Sdk) -> portable.Catalogue:
    """Read everything that *sdk* says, in a fixed number of queries."""
    integrations = sdk.integrations.select_related("group").prefetch_related(
        "rules", "restrictions", "pinned_picks", "holds"
    )
    return portable.settled(
        portable.Catalogue(
            sdk=value_of(portable.Sdk, sdk, holds=values_of(portable.Hold, sdk.holds.all())),
            services=tuple(
                value_of(portable.Service, row, name=row.name) for row in sdk.services.all()
            ),
            workflow_frames=values_of(portable.WorkflowFrame, sdk.frames.all()),
            groups=values_of(portable.Group, sdk.groups.all()),
            shared_constraints=tuple(map(shared_constraint_of, _shared_constraints(sdk))),
            cooldown_bypasses=values_of(portable.CooldownBypass, sdk.cooldown_bypasses.all()),
            integrations=tuple(map(_integration, integrations)),
        )
    )


def _shared_constraints(sdk: models.Sdk) -> Iterable[models.SharedConstraint]:
    return sdk.shared_constraints.select_related("group")


def shared_constraint_of(row: models.SharedConstraint) -> portable.SharedConstraint:
    return value_of(portable.SharedConstraint, row, group=row.group.name if row.group else "")


def _integration(row: models.Integration) -> portable.Integration:
    return value_of(
        portable.Integration,
        row,
        name=row.name,
        group=row.group.name,
        rules=values_of(portable.Rule, row.rules.all()),
        restrictions=values_of(portable.Restriction, row.restrictions.all()),
        pinned_picks=values_of(portable.PinnedPick, row.pinned_picks.all()),
        holds=values_of(portable.Hold, row.holds.all()),
    )


def values_of(kind: type[Value], rows: Iterable[Model]) -> tuple[Value, ...]:
    return tuple(value_of(kind, row) for row in rows)


def value_of(kind: type[Value], row: Model, **given: Any) -> Value:
    plain = {name: getattr(row, name) for name, _ in portable.plain_fields(kind)}
    return kind(**{**plain, **given})


def toml_of(catalogue: portable.Catalogue) -> str:
    """Write the file; a value that is the default of the format is left out."""
    parts = [f"format = {FORMAT}\n", f"[sdk]\n{_lines(_table(catalogue.sdk))}"]
    parts += _children("sdk.holds", catalogue.sdk.holds)
    for service in catalogue.services:
        parts.append(f"[services.{service.name}]\n{_lines(_table(service))}")
    parts += _children("workflow_frames", catalogue.workflow_frames)
    parts += _children("groups", catalogue.groups)
    parts += _children("shared_constraints", catalogue.shared_constraints)
    parts += _children("cooldown_bypasses", catalogue.cooldown_bypasses)
    for integration in catalogue.integrations:
        key = f"integrations.{integration.name}"
        parts.append(f"[{key}]\n{_lines(_table(integration))}")
        parts += _children(f"{key}.rules", integration.rules)
        parts += _children(f"{key}.restrictions", integration.restrictions)
        parts += _children(f"{key}.pinned_picks", integration.pinned_picks)
        parts += _children(f"{key}.holds", integration.holds)
    return "\n".join(parts)


def _children(key: str, values: Sequence[portable.Value]) -> list[str]:
    # Never as inline tables, which tomli-w chooses by their length: a longer reason in one rule
    # would rewrite all of them.
    return [
        f"[[{key}]]\n{_lines(_table(value, place))}" for place, value in enumerate(values, start=1)
    ]


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(_line(key, value) for key, value in table.items())


def _line(key: str, value: Any) -> str:
    """Write one key; a short list on one line, a long one on several."""
    several: str = tomli_w.dumps({key: value}, multiline_strings=True)
    if isinstance(value, list):
        words_in_toml = (tomli_w.dumps({"x": each})[4:-1] for each in value)
        one = f"{key} = [{', '.join(words_in_toml)}]\n"
        return one if len(one) <= WIDTH else several
    return several


def _table(value: portable.Value, place: int = 0) -> dict[str, Any]:
    defaults = {each.name: each.default for each in fields(value)}
    table = {}
    for name, kind in portable.plain_fields(value):
        found = getattr(value, name)
        default = STEP * place if kind is Kind.ORDER else defaults[name]
        if default is MISSING or found != default:
            table[name] = _written(kind, found)
    return table


def _written(kind: Kind, value: Any) -> object:
    match kind:
        case Kind.WORDS | Kind.PYTHONS:
            return words(value)
        case Kind.LINES:
            return value.split("\n")
        case Kind.WEEKDAY:
            return Weekday(value).name.lower() if value else "never"
    return value

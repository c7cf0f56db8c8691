"""From the database to plain values, and from plain values to the TOML that people keep."""

from collections.abc import Iterable, Sequence
from dataclasses import MISSING, fields
from typing import Any, TypeVar

import tomli_w
from django.db.models import Model

from integrations.catalogue import models, portable
from integrations.catalogue.choices import Weekday
from integrations.catalogue.portable import STEP, Kind
from integrations.catalogue.validators import words

FORMAT = 1
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
            groups=values_of(portable.Group, sdk.groups.all()),
            integrations=tuple(map(_integration, integrations)),
        )
    )


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
    content: dict[str, Any] = {
        "format": FORMAT,
        "sdk": _table(catalogue.sdk) | _children("holds", catalogue.sdk.holds),
        "groups": _tables(catalogue.groups),
        "integrations": {each.name: _integration_table(each) for each in catalogue.integrations},
    }
    filled = {key: value for key, value in content.items() if value}
    return tomli_w.dumps(filled, multiline_strings=True)


def _integration_table(integration: portable.Integration) -> dict[str, Any]:
    return (
        _table(integration)
        | _children("rules", integration.rules)
        | _children("restrictions", integration.restrictions)
        | _children("pinned_picks", integration.pinned_picks)
        | _children("holds", integration.holds)
    )


def _children(key: str, values: Sequence[portable.Value]) -> dict[str, Any]:
    return {key: _tables(values)} if values else {}


def _tables(values: Sequence[portable.Value]) -> list[dict[str, Any]]:
    return [_table(value, place) for place, value in enumerate(values, start=1)]


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

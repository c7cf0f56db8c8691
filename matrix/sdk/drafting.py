"""An integration as a form has it, with the rows of its tables, before anything is saved."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from django.db.models import Model

from integrations.catalogue.models import (
    DependencyRule,
    Hold,
    Integration,
    PinnedPick,
    PythonRestriction,
)
from matrix.sdk.translating import Catalogue

Row = TypeVar("Row", bound=Model)
UNSAVED = -1  # The key of an integration that has none yet: relations ask for one.


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry(Generic[Row]):
    """A row of a table inside the form."""

    row: Row
    field: str  # How the names of its fields begin: "rules-0".


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What would stand in the catalogue if the form were saved. *integration* has an SDK."""

    integration: Integration
    rules: Sequence[Entry[DependencyRule]] = ()
    restrictions: Sequence[Entry[PythonRestriction]] = ()
    pinned_picks: Sequence[Entry[PinnedPick]] = ()
    holds: Sequence[Entry[Hold]] = ()  # Those of the integration alone.


def draft_of(integration: Integration) -> Draft:
    """Return what is saved of *integration*, as its form shows it."""
    return Draft(
        integration=integration,
        rules=_entries("rules", integration.rules.order_by("order", "pk")),
        restrictions=_entries("restrictions", integration.restrictions.order_by("order", "pk")),
        pinned_picks=_entries("pinned_picks", integration.pinned_picks.order_by("pk")),
        holds=_entries("holds", integration.holds.order_by("pk")),
    )


def _entries(prefix: str, rows: Iterable[Row]) -> tuple[Entry[Row], ...]:
    return tuple(Entry(row=row, field=f"{prefix}-{number}") for number, row in enumerate(rows))


def saved_state(draft: Draft, catalogue: Catalogue) -> Integration | None:
    """Return the integration of *draft* as *catalogue* has it; None: it is new."""
    key = draft.integration.pk
    return next((one for one in catalogue.integrations if one.pk == key), None)


def with_draft(catalogue: Catalogue, draft: Draft) -> tuple[Catalogue, Integration]:
    """Return *catalogue* as it would be, and the integration in it; no row is touched."""
    integration = _whole(draft, catalogue)
    others = [one for one in catalogue.integrations if one.pk != draft.integration.pk]
    integrations = sorted([*others, integration], key=lambda one: one.name)
    groups = {one.group_id: one.group for one in integrations}.values()
    holds = [hold for hold in catalogue.holds if hold.integration_id != integration.pk]
    return replace(
        catalogue,
        integrations=tuple(integrations),
        groups=tuple(group.name for group in sorted(groups, key=lambda one: (one.order, one.name))),
        holds=(*holds, *(_belonging(entry.row, integration) for entry in draft.holds)),
    ), integration


def _whole(draft: Draft, catalogue: Catalogue) -> Integration:
    """Return a copy of the integration whose relations lead to the rows of the form."""
    found = copy(draft.integration)
    found.sdk = catalogue.sdk
    if found.pk is None:
        found.pk = UNSAVED
    related: Mapping[str, Sequence[Entry[Any]]] = {
        "rules": draft.rules,
        "restrictions": draft.restrictions,
        "pinned_picks": draft.pinned_picks,
    }
    # What prefetch_related fills; the rules read integrations in no other way.
    found._prefetched_objects_cache = {  # type: ignore[attr-defined]  # noqa: SLF001
        name: [entry.row for entry in entries] for name, entries in related.items()
    }
    return found


def _belonging(hold: Hold, integration: Integration) -> Hold:
    found = copy(hold)
    found.integration_id = integration.pk
    return found

"""The history of what belongs to an integration: rules, restrictions, pinned picks and holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.catalogue.models import DependencyRule, Hold, PinnedPick, PythonRestriction

SIGNS = {"+": "added", "~": "changed", "-": "removed"}
# Who approved stands beside the approval; where a row belongs never changes.
QUIET = {"integration", "requested_by", "approved_by"}


@dataclass(frozen=True, kw_only=True, slots=True)
class PastChange:
    at: datetime
    kind: str  # "dependency rule"
    what: str  # The row as it was then.
    sign: str  # "added", "changed", "removed"
    by: str  # Empty: a command, without a person.
    reason: str
    changes: tuple[tuple[str, str, str], ...]  # Field, before, after.


def changes_of_parts(integration_id: int) -> list[PastChange]:
    """Return every change of a part of the integration, the newest first; one query for a kind."""
    models = (DependencyRule, PythonRestriction, PinnedPick, Hold)
    found = [each for model in models for each in _changes(model, integration_id)]
    return sorted(found, key=lambda change: change.at, reverse=True)


def _changes(model: Any, integration_id: int) -> Iterator[PastChange]:
    records = model.history.filter(integration_id=integration_id).select_related("history_user")
    earlier: dict[int, Any] = {}
    for record in records.order_by("history_date", "history_id"):
        yield PastChange(
            at=record.history_date,
            kind=str(model._meta.verbose_name),
            what=str(record.history_object),
            sign=SIGNS[record.history_type],
            by=str(record.history_user or ""),
            reason=record.history_change_reason or "",
            changes=_difference(model, earlier.get(record.id), record),
        )
        earlier[record.id] = record


def _difference(model: Any, old: Any, new: Any) -> tuple[tuple[str, str, str], ...]:
    if old is None or new.history_type == "-":
        return ()
    fields = [field for field in model._meta.concrete_fields if field.name not in QUIET]
    return tuple(
        (str(field.verbose_name), str(before), str(after))
        for field in fields
        for before, after in [(getattr(old, field.attname), getattr(new, field.attname))]
        if before != after
    )

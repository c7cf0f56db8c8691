"""What people changed in the catalogue of an SDK since a moment, from its history."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Max, Q

from integrations.catalogue.models import (
    CooldownBypass,
    DependencyRule,
    Group,
    Hold,
    Integration,
    PinnedPick,
    PythonRestriction,
    Sdk,
    Service,
    SharedConstraint,
    WorkflowFrame,
)

VERBS = {"+": "added", "~": "edited", "-": "removed"}
SHORT = 40  # Characters of a value that is shown beside what it was before.
OF_SDK = (Group, Integration, Service, WorkflowFrame, SharedConstraint, CooldownBypass)
OF_INTEGRATION = (DependencyRule, PythonRestriction, PinnedPick)


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """One change of one row of the catalogue."""

    model: Any
    verb: str  # "added", "edited", "removed"
    at: datetime
    by: str  # Empty: a command, without a person.
    reason: str  # Why it was changed, as its author said; may be empty.
    row: Any  # The historical record of the row, with its fields as they became.
    before: Any  # The record before; None: there was none.
    fields: frozenset[str]  # What an edit changed, of what people can edit.

    @property
    def told(self) -> str:
        """``edited by ana on 18 Nov 2025``."""
        by = f" by {self.by}" if self.by else ""
        return f"{self.verb}{by} on {day(self.at)}"

    def value(self, name: str) -> str:
        """``minimum version from 0.16 to 0.20``; only its name where the values are long."""
        field = self.model._meta.get_field(name)
        label = str(field.verbose_name)
        old, new = (_shown(getattr(record, field.attname)) for record in (self.before, self.row))
        is_plain = not field.is_relation and max(len(old), len(new)) <= SHORT
        return f"{label} from {old} to {new}" if is_plain and "\n" not in old + new else label


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def day(moment: datetime) -> str:
    """``18 Nov 2025``, in UTC."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b %Y}"


def read_edits(sdk: Sdk, since: datetime) -> list[Edit]:
    """
    Return every change after *since* that may matter to *sdk*, oldest first; one query a model.

    Rows that are gone by now are among them, and holds everywhere. An edit that changed nothing
    that people can edit is left out.
    """
    integrations = _history(Integration).filter(sdk_id=sdk.pk).values("id")
    of_integrations = Q(integration_id__in=integrations)
    everywhere = Q(sdk_id=None, integration_id=None)
    found = [
        *_edits(Sdk, Q(id=sdk.pk), since),
        *_edits(Hold, Q(sdk_id=sdk.pk) | of_integrations | everywhere, since),
    ]
    scopes: dict[Any, Q] = dict.fromkeys(OF_SDK, Q(sdk_id=sdk.pk))
    scopes |= dict.fromkeys(OF_INTEGRATION, of_integrations)
    for model, scope in scopes.items():
        found += _edits(model, scope, since)
    return sorted(found, key=lambda edit: edit.at)


def read_additions(sdk: Sdk) -> dict[str, Edit]:
    """Return how the integrations of *sdk* came into the catalogue, by name; two queries."""
    names = dict(sdk.integrations.values_list("pk", "name"))
    rows = _history(Integration).filter(id__in=names, history_type="+")
    records = rows.select_related("history_user").order_by("history_date", "history_id")
    return {names[record.id]: _edit(Integration, None, record) for record in records}


def _history(model: Any) -> Any:
    return model.history.all()


def _edits(model: Any, scope: Q, since: datetime) -> Iterator[Edit]:
    # Of each row that changed: the changes, and the record before the first of them.
    after = _history(model).filter(scope, history_date__gt=since)
    until = _history(model).filter(scope, history_date__lte=since, id__in=after.values("id"))
    last = until.values("id").annotate(last=Max("history_id")).values("last")
    records = _history(model).filter(
        Q(history_id__in=after.values("history_id")) | Q(history_id__in=last)
    )
    earlier: dict[int, Any] = {}
    for record in records.select_related("history_user").order_by("history_date", "history_id"):
        if record.history_date > since:
            edit = _edit(model, earlier.get(record.id), record)
            if edit.fields or edit.verb != "edited":
                yield edit
        earlier[record.id] = record


def _edit(model: Any, before: Any, record: Any) -> Edit:
    verb = VERBS[record.history_type]
    is_edit = verb == "edited" and before is not None
    return Edit(
        model=model,
        verb=verb,
        at=record.history_date,
        by=str(record.history_user or ""),
        reason=record.history_change_reason or "",
        row=record,
        before=before,
        fields=frozenset(record.diff_against(before).changed_fields) if is_edit else frozenset(),
    )


def restored(model: Any, record: Any) -> Any:
    """Return an unsaved row that says what *record* says; asks the database for nothing."""
    names = {field.attname for field in record.tracked_fields}
    return model(**{name: getattr(record, name) for name in names})

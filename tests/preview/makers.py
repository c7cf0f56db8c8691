"""Drafts, and what a run makes of them once they are saved."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.catalogue.models import (
    DependencyRule,
    Group,
    Hold,
    Integration,
    PinnedPick,
    PythonRestriction,
    Sdk,
)
from matrix.sdk.computing import Question, compute
from matrix.sdk.drafting import Draft, Entry
from matrix.sdk.gathering import index_of

NOW = datetime(2026, 3, 2, 3, 23, tzinfo=UTC)
VERSIONS = ("0.9", "1.0", "1.1", "1.1.1", "2.0a1", "2.0", "2.1", "3.0rc1", "3.0", "3.1a1", "3.1b1")

Values = Mapping[str, Any]


def a_draft(
    group: Group,
    values: Values,
    *,
    of: Integration | None = None,
    rules: Iterable[Values] = (),
    restrictions: Iterable[Values] = (),
    picks: Iterable[Values] = (),
    holds: Iterable[Values] = (),
) -> Draft:
    """Return a draft whose rows are as clean as a form leaves them, and not saved."""
    known = {"name": "crates", "project": "crates", "test_path": "tests/crates", **values}
    integration = Integration.objects.get(pk=of.pk) if of else Integration(sdk=group.sdk)
    for name, value in (known | {"group": group}).items():
        setattr(integration, name, value)
    integration.full_clean()
    return Draft(
        integration=integration,
        rules=_entries("rules", (DependencyRule(**{"reason": "", **each}) for each in rules)),
        restrictions=_entries("restrictions", (PythonRestriction(**each) for each in restrictions)),
        pinned_picks=_entries("pinned_picks", (PinnedPick(reason="x", **each) for each in picks)),
        holds=_entries("holds", (Hold(**{"reason": "broken", **each}) for each in holds)),
    )


def _entries(prefix: str, rows: Iterable[Any]) -> tuple[Entry[Any], ...]:
    found = tuple(Entry(row=row, field=f"{prefix}-{at}") for at, row in enumerate(rows))
    for entry in found:
        entry.row.clean_fields(exclude=["integration"])
    return found


def save(draft: Draft) -> Integration:
    """Save *draft* as the admin does: rows that are not in it any more go."""
    draft.integration.save()
    for entries, model in (
        (draft.rules, DependencyRule),
        (draft.restrictions, PythonRestriction),
        (draft.pinned_picks, PinnedPick),
        (draft.holds, Hold),
    ):
        model.objects.filter(integration=draft.integration).delete()
        for entry in entries:
            entry.row.integration = draft.integration
            entry.row.save()
    return draft.integration


def computed(sdk: Sdk) -> dict[str, str | None]:
    """Return the parts as a run makes them from stored facts, by name."""
    question = Question(as_of=NOW, now=NOW, index=index_of(sdk), offline=True)
    parts = compute(sdk, question)
    assert [part.problem for part in parts if part.problem] == []
    return {part.part: part.body for part in parts}

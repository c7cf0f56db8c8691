"""
Making the catalogue of an SDK equal to what was imported, in one transaction.

Everything is written through ``full_clean()`` and ``save()``, and the difference is taken from the
database before and after; a dry run is the same, rolled back. So it cannot say anything else than
what the import does.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from packaging.version import InvalidVersion, Version

from integrations.catalogue import models, portable
from integrations.catalogue.comparing import Difference, compare, paired, without_order
from integrations.catalogue.confirming import approved_values, ask
from integrations.catalogue.exporting import catalogue_of, shared_constraint_of, value_of
from integrations.catalogue.importing import Imported, ImportRefused, Problem
from integrations.catalogue.importing.imported import below
from integrations.catalogue.models.base import Cleaned, SecondPerson
from integrations.catalogue.models.sdk import change_reason, sdk_named

Child = models.DependencyRule | models.PythonRestriction | models.Hold
Value = portable.Rule | portable.Restriction | portable.Hold
UNKNOWN_SLUG = "?"  # No SDK can have it: it stands in for one that is refused.


def apply(
    imported: Imported, *, slug: str, reason: str, dry_run: bool = False, keep_missing: bool = False
) -> list[Difference]:
    """
    Write the import and return what it changed; raises ImportRefused with every mistake.

    With *dry_run* nothing stays written. With *keep_missing* groups and integrations that the file
    does not name stay.
    """
    with transaction.atomic():
        stored = sdk_named(slug)
        before = catalogue_of(stored) if stored else None
        writer = _Writer(imported, reason=reason, keep_missing=keep_missing)
        sdk = writer.write(stored or models.Sdk(slug=slug))
        if writer.problems:
            raise ImportRefused(writer.problems)
        differences = compare(before, catalogue_of(sdk), slug=slug)
        if dry_run:
            transaction.set_rollback(True)
    return differences


class _Writer:
    """One import; it goes on after a mistake, so that all of them are found."""

    def __init__(self, imported: Imported, *, reason: str, keep_missing: bool) -> None:
        self.imported = imported
        self.catalogue = imported.catalogue
        self.reason = reason
        self.keep_missing = keep_missing
        self.problems = list(imported.problems)

    def write(self, sdk: models.Sdk) -> models.Sdk:
        sdk = self._sdk(sdk)
        if not self.keep_missing:
            self._remove_integrations(sdk)
        self._services(sdk)
        self._frames(sdk)
        groups = self._groups(sdk)
        integrations = [
            (value, self._integration(sdk, groups, value)) for value in self.catalogue.integrations
        ]
        self._children("sdk.holds", models.Hold, self.catalogue.sdk.holds, "sdk", sdk)
        self._shared_constraints(sdk, groups)
        self._cooldown_bypasses(sdk)
        # Last: whether a pinned pick may stand depends on the holds of its project.
        for value, integration in integrations:
            self._pinned_picks(integration, value)
        if not self.keep_missing:
            self._remove_groups(sdk)
            paths = {value.path for value in self.catalogue.workflow_frames}
            self._delete(sdk.frames.exclude(path__in=paths))
        return sdk

    def _sdk(self, sdk: models.Sdk) -> models.Sdk:
        if self._save(sdk, self.catalogue.sdk, "sdk"):
            return sdk
        # The rest is checked against the row that is there, or against a stand-in: no problem
        # survives this transaction, and neither does what it wrote.
        if sdk.pk:
            return models.Sdk.objects.get(pk=sdk.pk)
        return models.Sdk.objects.create(slug=UNKNOWN_SLUG, name="Stand-in", pythons="3.12")

    # --- Services and frames of workflows ---------------------------------------------------------

    def _services(self, sdk: models.Sdk) -> None:
        if not self.keep_missing:
            # First: what groups may name depends on the services that there are.
            named = {value.name for value in self.catalogue.services}
            self._delete(sdk.services.exclude(name__in=named))
        stored = {service.name: service for service in sdk.services.all()}
        for value in self.catalogue.services:
            service = stored.get(value.name) or models.Service(sdk=sdk, name=value.name)
            if not self._save(service, value, below("services", value.name)) and not service.pk:
                # Stands in for the refused one: who names it makes no mistake.
                stand_in = models.Service(sdk=sdk, name=value.name[:60], commands="true")
                stand_in.save()

    def _frames(self, sdk: models.Sdk) -> None:
        stored = {frame.path: frame for frame in sdk.frames.all()}
        for i, value in enumerate(self.catalogue.workflow_frames):
            frame = stored.get(value.path) or models.WorkflowFrame(sdk=sdk)
            self._save(frame, value, f"workflow_frames[{i}]")

    # --- Groups and integrations -----------------------------------------------------------------

    def _groups(self, sdk: models.Sdk) -> dict[str, models.Group]:
        stored = {group.name.lower(): group for group in sdk.groups.all()}
        found = {}
        for i, value in enumerate(self.catalogue.groups):
            group = stored.get(value.name.lower()) or models.Group(sdk=sdk)
            if self._save(group, value, f"groups[{i}]"):
                found[value.name] = group
        return found

    def _integration(
        self, sdk: models.Sdk, groups: dict[str, models.Group], value: portable.Integration
    ) -> models.Integration | None:
        ours = below("integrations", value.name)
        row = sdk.integrations.filter(name=value.name).first()
        row = row or models.Integration(sdk=sdk, name=value.name)
        group = groups.get(value.group)
        given, exclude = ({"group": group}, []) if group else ({}, ["group"])
        saved = self._save(row, value, ours, given=given, exclude=exclude)
        parent = row if saved and group else None
        self._children(f"{ours}.rules", models.DependencyRule, value.rules, "integration", parent)
        self._children(
            f"{ours}.restrictions",
            models.PythonRestriction,
            value.restrictions,
            "integration",
            parent,
        )
        self._children(f"{ours}.holds", models.Hold, value.holds, "integration", parent)
        return parent

    def _remove_integrations(self, sdk: models.Sdk) -> None:
        named = {value.name for value in self.catalogue.integrations}
        for row in sdk.integrations.exclude(name__in=named):
            children: Iterable[Cleaned] = (
                *row.rules.all(),
                *row.restrictions.all(),
                *row.pinned_picks.all(),
                *row.holds.all(),
            )
            self._delete([*children, row])

    def _remove_groups(self, sdk: models.Sdk) -> None:
        named = {value.name.lower() for value in self.catalogue.groups}
        unnamed = [group for group in sdk.groups.all() if group.name.lower() not in named]
        # With a mistake an integration may still stand in a group that goes.
        self._delete(group for group in unnamed if not group.integrations.exists())

    # --- What an SDK says for all of its integrations ---------------------------------------------

    def _shared_constraints(self, sdk: models.Sdk, groups: dict[str, models.Group]) -> None:
        values = self.catalogue.shared_constraints
        places = {id(value): f"shared_constraints[{i}]" for i, value in enumerate(values)}
        rows = sdk.shared_constraints.select_related("group")
        stored = sorted(rows, key=lambda row: portable.by_content(shared_constraint_of(row)))
        pairs = paired(stored, values, key=_tidy_constraint)
        self._delete(row for row, value in pairs if row is not None and value is None)
        for row, value in pairs:
            if value is None or (value.group and value.group not in groups):
                continue  # The group was refused, and that was said.
            given = {"sdk": sdk, "group": groups.get(value.group)}
            self._save(row or models.SharedConstraint(), value, places[id(value)], given=given)

    def _cooldown_bypasses(self, sdk: models.Sdk) -> None:
        stored = {(row.project, row.version): row for row in sdk.cooldown_bypasses.all()}
        wanted = [
            models.CooldownBypass(project=each.project, version=each.version)
            for each in self.catalogue.cooldown_bypasses
        ]
        for row in wanted:
            row.tidy()
        keys = [(row.project, row.version) for row in wanted]
        self._delete(row for key, row in stored.items() if key not in keys)
        for i, (key, value) in enumerate(zip(keys, self.catalogue.cooldown_bypasses, strict=True)):
            row = stored.get(key) or models.CooldownBypass()
            self._save(row, value, f"cooldown_bypasses[{i}]", given={"sdk": sdk})

    # --- What belongs to one parent --------------------------------------------------------------

    def _children(
        self,
        ours: str,
        model: type[Child],
        values: Sequence[Value],
        key: str,
        parent: models.Sdk | models.Integration | None,
    ) -> None:
        """Make the rows of *parent* equal to *values*; without one they are only checked."""
        rows = _stored(model, key, parent) if parent else []
        places = {id(value): f"{ours}[{i}]" for i, value in enumerate(values)}
        pairs = paired(rows, values, key=_content(model, key, parent))
        self._delete(row for row, value in pairs if row is not None and value is None)
        for row, value in pairs:
            if value is not None:
                given = {key: parent} if parent else {}
                exclude = [] if parent else [key]
                self._save(row or model(), value, places[id(value)], given=given, exclude=exclude)

    def _pinned_picks(
        self, integration: models.Integration | None, value: portable.Integration
    ) -> None:
        stored = {row.version: row for row in integration.pinned_picks.all()} if integration else {}
        wanted = {_version(pick.version) for pick in value.pinned_picks}
        self._delete(row for version, row in stored.items() if version not in wanted)
        given = {"integration": integration} if integration else {}
        exclude = [] if integration else ["integration"]
        for i, pick in enumerate(value.pinned_picks):
            row = stored.pop(_version(pick.version), None) or models.PinnedPick()
            ours = f"{below('integrations', value.name)}.pinned_picks[{i}]"
            self._save(row, pick, ours, given=given, exclude=exclude)

    # --- One row ---------------------------------------------------------------------------------

    def _save(
        self,
        row: Cleaned,
        value: portable.Value,
        ours: str,
        *,
        given: dict[str, Any] | None = None,
        exclude: Sequence[str] = (),
    ) -> bool:
        """Give *row* the values and save it if that changes it; False when they are refused."""
        before = _values(row)
        approved = approved_values(row) if isinstance(row, SecondPerson) else None
        plain = {name: getattr(value, name) for name, _ in portable.plain_fields(value)}
        plain.pop("group", None)
        for name, found in {**plain, **(given or {})}.items():
            setattr(row, name, found)
        try:
            row.full_clean(exclude=exclude)
        except ValidationError as error:
            self._complain(error, ours)
            return False
        if exclude or (row.pk and _values(row) == before):
            return True
        if isinstance(row, SecondPerson) and approved_values(row) != approved:
            ask(row, by=None)
        change_reason(row, self.reason)
        row.save()
        return True

    def _delete(self, rows: Iterable[Cleaned]) -> None:
        for row in list(rows):
            change_reason(row, self.reason)
            row.delete()

    def _complain(self, error: ValidationError, ours: str) -> None:
        for name, errors in error.error_dict.items():
            field = ours if name == NON_FIELD_ERRORS else f"{ours}.{name}"
            for each in errors:
                line = (each.params or {}).get("line")
                place = f"{field}[{line - 1}]" if line else field
                for message in each.messages:
                    self._add(place, message.removeprefix(f"Line {line}: "))

    def _add(self, ours: str, message: str) -> None:
        """Note a mistake, unless reading the file has complained about that place already."""
        where = self.imported.place(ours)
        known = [problem.where for problem in self.imported.problems]
        if not any(_is_within(where, place) or _is_within(place, where) for place in known):
            self.problems.append(Problem(where, message))


def _is_within(inner: str, outer: str) -> bool:
    return not outer or inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


def _values(row: Cleaned) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def _stored(model: type[Child], key: str, parent: Cleaned) -> list[Any]:
    kind = _KINDS[model]
    rows = model.objects.filter(**{key: parent})
    return sorted(rows, key=lambda row: portable.by_content(value_of(kind, row)))


def _content(model: type[Child], key: str, parent: Cleaned | None) -> Callable[[Any], Any]:
    """Return what makes a stored row and a value of the file the same: what they say, tidied."""
    kind = _KINDS[model]

    def content(either: Any) -> Any:
        if isinstance(either, model):
            return without_order(value_of(kind, either))
        row = model(**{name: getattr(either, name) for name, _ in portable.plain_fields(either)})
        if parent is not None:
            setattr(row, key, parent)
        row.tidy()
        return without_order(value_of(kind, row))

    return content


def _tidy_constraint(either: models.SharedConstraint | portable.SharedConstraint) -> Any:
    """Return what makes a stored shared constraint and one of the file the same."""
    if isinstance(either, models.SharedConstraint):
        return without_order(shared_constraint_of(either))
    names = [name for name, _ in portable.plain_fields(either) if name != "group"]
    row = models.SharedConstraint(**{name: getattr(either, name) for name in names})
    row.tidy()
    return without_order(value_of(portable.SharedConstraint, row, group=either.group))


_KINDS: dict[type[Child], type[portable.Value]] = {
    models.DependencyRule: portable.Rule,
    models.PythonRestriction: portable.Restriction,
    models.Hold: portable.Hold,
}


def _version(text: str) -> str:
    try:
        return str(Version(text))
    except (InvalidVersion, ValueError):
        return text

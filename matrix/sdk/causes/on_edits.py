"""Causes that are people's edits of the catalogue, where they can have made the difference."""

from collections.abc import Callable, Iterator

from packaging.version import Version

from integrations.catalogue.models import (
    CooldownBypass,
    DependencyRule,
    Group,
    Integration,
    PinnedPick,
    PythonRestriction,
    Sdk,
    Service,
    WorkflowFrame,
)
from matrix.rules.parts import LayoutPart
from matrix.sdk.causes.cases import Case, Cause, sentence
from matrix.sdk.causes.edits import Edit

# What each field of an integration and of an SDK has a say in.
ROWS = {
    "minimum", "tests_exact_minimum", "include", "number_of_versions", "prereleases",
    "advisory_prereleases", "cooldown_days", "project", "pythons", "free_threading_from",
    "second_person_cooldown", "second_person_holds", "index_url",
}  # fmt: skip
SETTINGS = {"project", "extras", "group", "test_path"}
PINS = {
    "project", "extras", "platform", "pins_style", "pins_cooldown_days", "index_url",
    "second_person_cooldown", "second_person_holds",
}  # fmt: skip


def on_edits(case: Case) -> Iterator[Cause]:
    """Yield the edits that reach this part and touch what differs."""
    if case.is_layout:
        yield from _of_the_layout(case)
        return
    yield from _of_rows(case)
    yield from _of_the_integration(case)
    for edit in case.edits_of(Sdk):
        if names := edit.fields & _touched(case):
            yield Cause("settings", _changed("The SDK", edit, names))


def _touched(case: Case) -> set[str]:
    """Return the names of the fields that have a say in what differs."""
    touched = set(ROWS) if case.changes_rows else set()
    touched |= SETTINGS if case.diff.settings else set()
    return touched | (PINS if case.diff.pins else set())


def _of_the_integration(case: Case) -> Iterator[Cause]:
    for edit in case.edits_of(Integration):
        if edit.row.name != case.part and (edit.before is None or edit.before.name != case.part):
            continue
        if edit.verb == "removed" and case.new is None:
            text = f"{case.part} was removed from the catalogue{_by(edit)}"
            yield Cause("removed", sentence(text, edit.reason))
        elif edit.verb == "edited":
            if "is_paused" in edit.fields:
                what = "paused" if edit.row.is_paused else "resumed"
                text = f"{case.part} was {what}{_by(edit)}"
                yield Cause("paused", sentence(text, edit.reason))
            if names := edit.fields & _touched(case):
                yield Cause("integration", _changed(case.part, edit, names))


def _by(edit: Edit) -> str:
    """`` by ana on 18 Nov 2025``."""
    return edit.told.removeprefix(edit.verb)


def _of_rows(case: Case) -> Iterator[Cause]:
    """Yield edits of what belongs to the integration, and of bypasses of what it installs."""
    touched = {*case.incoming, *case.outgoing}
    kinds: dict[type, tuple[str, bool, Callable[[Edit], str]]] = {
        DependencyRule: ("rule", case.changes_requirements or bool(case.diff.pins), _rule),
        PythonRestriction: ("restriction", case.changes_rows, _restriction),
        PinnedPick: ("pinned pick", case.changes_rows, _pinned),
    }
    for edit in case.edits_of(*kinds):
        kind, matters, name = kinds[edit.model]
        if not matters or case.integration is None:
            continue
        if edit.row.integration_id != case.integration.pk:
            continue
        if edit.model is PinnedPick and Version(edit.row.version) not in touched:
            continue
        reason = edit.reason or edit.row.reason
        yield Cause(kind, sentence(f"{name(edit)} was {edit.told}", reason))
    for edit in case.edits_of(CooldownBypass):
        if (edit.row.project, edit.row.version) in _arriving(case):
            what = f"The cooldown bypass of {edit.row.project} {edit.row.version}"
            reason = edit.reason or edit.row.reason
            yield Cause("cooldown bypass", sentence(f"{what} was {edit.told}", reason))


def _arriving(case: Case) -> set[tuple[str, str]]:
    """Return the releases that come, as picks and as pins."""
    pins = {(move.project, move.new) for move in case.diff.pins.moves if move.new}
    return pins | {(case.project, str(version)) for version in case.incoming}


def _rule(edit: Edit) -> str:
    pythons = f" on Python {edit.row.pythons}" if edit.row.pythons else ""
    return f"The rule for {edit.row.releases or 'every release'}{pythons}"


def _restriction(edit: Edit) -> str:
    releases = edit.row.releases or "every release"
    return f"The restriction of {releases} to Python {edit.row.pythons}"


def _pinned(edit: Edit) -> str:
    return f"The pinned pick {edit.row.version}"


def _changed(what: str, edit: Edit, names: set[str] | frozenset[str]) -> str:
    values = ", ".join(edit.value(name) for name in sorted(names))
    return sentence(f"{what} was {edit.told} ({values})", edit.reason)


# --- The layout ----------------------------------------------------------------------------------
def _of_the_layout(case: Case) -> Iterator[Cause]:
    old, new = case.old, case.new
    if not isinstance(old, LayoutPart) or not isinstance(new, LayoutPart):
        return
    has_groups, has_ci = old.groups != new.groups, old.ci != new.ci
    for edit in case.edits_of(Sdk):
        if names := edit.fields & _sdk_fields(old, new):
            yield Cause("settings", _changed("The SDK", edit, names))
    for edit in case.edits_of(Group):
        if has_groups or (has_ci and (edit.verb != "edited" or "services" in edit.fields)):
            name = edit.before.name if edit.before else edit.row.name
            yield Cause("group", _told(f'The group "{name}"', edit))
    for edit in case.edits_of(Integration):
        is_moved = edit.verb != "edited" or "group" in edit.fields
        if (has_groups and is_moved) or (has_ci and (is_moved or "services" in edit.fields)):
            yield Cause("integration", _told(edit.row.name, edit))
    for edit in case.edits_of(Service, WorkflowFrame) if has_ci else ():
        is_service = edit.model is Service
        what = f"The service {edit.row.name}" if is_service else f"The frame of {edit.row.path}"
        yield Cause("service" if is_service else "settings", _told(what, edit))
    if old.frame != new.frame and not case.catalogue.sdk.frame.strip():
        yield Cause("portal", "The SDK has no frame of its own, and the default one is another.")


def _sdk_fields(old: LayoutPart, new: LayoutPart) -> set[str]:
    fields = {field.name for field in Sdk._meta.concrete_fields}
    of_ci = {name for name in fields if name.startswith("ci_")} | {"writes_workflows"}
    return {
        *({"slug"} if old.sdk != new.sdk else ()),
        *({"frame"} if old.frame != new.frame else ()),
        *({"pins_style"} if old.pins_style != new.pins_style else ()),
        *(of_ci if old.ci != new.ci else ()),
    }


def _told(what: str, edit: Edit) -> str:
    values = ", ".join(edit.value(name) for name in sorted(edit.fields))
    return sentence(f"{what} was {edit.told}{f' ({values})' if values else ''}", edit.reason)

"""Our own form of a catalogue, TOML: ``exporting.py`` writes it, this module reads it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date, time
from typing import Any, TypeVar

from integrations.catalogue import portable
from integrations.catalogue.choices import Weekday
from integrations.catalogue.exporting import FORMAT
from integrations.catalogue.importing.files import ImportRefused, SourceFile, said
from integrations.catalogue.importing.imported import Imported, Problem, Reader
from integrations.catalogue.portable import Kind
from integrations.catalogue.validators import quoted

Value = TypeVar("Value", bound=portable.Value)
WEEKDAYS = {day.name.lower(): day.value for day in Weekday} | {"never": None}


def read_toml(source: SourceFile) -> Imported:
    """Return the catalogue of a file; raises ImportRefused when it is not TOML at all."""
    return from_content(decode(source))


def decode(source: SourceFile) -> dict[str, Any]:
    try:
        return tomllib.loads(source.text)
    except RecursionError as error:
        problem = Problem(source.name, "is nested too deeply. A catalogue is not.")
        raise ImportRefused([problem]) from error
    except ValueError as error:
        raise ImportRefused([_syntax_error(source.name, said(error))]) from error


def _syntax_error(name: str, message: str) -> Problem:
    """Turn ``Invalid value (at line 3, column 7)`` into a place and a sentence."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|(end of document))\)", message)
    if not found:
        return Problem(name, f"is not TOML: {message}.")
    text, line, column, _ = found.groups()
    where = f"{name}, line {line}, column {column}" if line else f"{name}, at its end"
    return Problem(where, f"is not TOML: {text}.")


def from_content(content: Mapping[str, Any]) -> Imported:
    problems: list[Problem] = []
    top = Reader(content, "", problems)
    if top.get("format", int, f"the number {FORMAT}", needed=True) not in {FORMAT, None}:
        top.complain("format", f"{content['format']} is not known: this portal reads {FORMAT}.")
    sdk = _sdk(top)
    services = _services(top)
    frames = tuple(_value(portable.WorkflowFrame, table) for table in top.tables("workflow_frames"))
    groups = portable.in_order([_value(portable.Group, table) for table in top.tables("groups")])
    names = {group.name for group in groups}
    shared = _shared_constraints(top, names)
    tables = top.tables("cooldown_bypasses")
    bypasses = tuple(_value(portable.CooldownBypass, table) for table in tables)
    integrations = _integrations(top, names)
    top.finish()
    _refuse_equal_names(groups, problems)
    _refuse_equal_paths(frames, problems)
    catalogue = portable.Catalogue(
        sdk=sdk,
        services=services,
        workflow_frames=frames,
        groups=groups,
        shared_constraints=shared,
        cooldown_bypasses=bypasses,
        integrations=integrations,
    )
    return Imported(catalogue=catalogue, problems=tuple(problems))


def _sdk(top: Reader) -> portable.Sdk:
    table = top.table("sdk", needed=True)
    if table is None:
        return portable.Sdk(name="", pythons="")
    holds = tuple(_value(portable.Hold, each) for each in table.tables("holds"))
    return _value(portable.Sdk, table, holds=holds)


def _services(top: Reader) -> tuple[portable.Service, ...]:
    tables = top.table("services")
    found = ((name, tables.table(name)) for name in tables.content) if tables else ()
    return tuple(_value(portable.Service, table, name=name) for name, table in found if table)


def _shared_constraints(top: Reader, groups: set[str]) -> tuple[portable.SharedConstraint, ...]:
    found = []
    for table in top.tables("shared_constraints"):
        value = _value(portable.SharedConstraint, table)
        if value.group and value.group not in groups:
            table.complain("group", f"{quoted(value.group)} is not a group of this file.")
        found.append(value)
    return tuple(found)


def _integrations(top: Reader, groups: set[str]) -> tuple[portable.Integration, ...]:
    tables = top.table("integrations")
    if tables is None:
        return ()
    found = []
    for name in tables.content:
        table = tables.table(name)
        if table is not None:
            found.append(_integration(name, table, groups))
    return tuple(found)


def _integration(name: str, table: Reader, groups: set[str]) -> portable.Integration:
    integration = _value(
        portable.Integration,
        table,
        name=name,
        rules=portable.in_order([_value(portable.Rule, each) for each in table.tables("rules")]),
        restrictions=portable.in_order(
            [_value(portable.Restriction, each) for each in table.tables("restrictions")]
        ),
        pinned_picks=tuple(
            _value(portable.PinnedPick, each) for each in table.tables("pinned_picks")
        ),
        holds=tuple(_value(portable.Hold, each) for each in table.tables("holds")),
    )
    for i, hold in enumerate(integration.holds):
        if hold.project:
            message = "An integration's hold is on its own project. Leave it out."
            table.problems.append(Problem(f"{table.place('holds')}[{i}].project", message))
    if integration.group and integration.group not in groups:
        table.complain("group", f"{quoted(integration.group)} is not a group of this file.")
    return integration


def _refuse_equal_names(groups: tuple[portable.Group, ...], problems: list[Problem]) -> None:
    seen: set[str] = set()
    for i, group in enumerate(groups):
        if group.name and group.name.lower() in seen:
            message = f"{quoted(group.name)} is the name of an earlier group."
            problems.append(Problem(f"groups[{i}].name", message))
        seen.add(group.name.lower())


def _refuse_equal_paths(
    frames: tuple[portable.WorkflowFrame, ...], problems: list[Problem]
) -> None:
    seen: set[str] = set()
    for i, frame in enumerate(frames):
        if frame.path and frame.path in seen:
            message = f"{quoted(frame.path)} has an earlier frame."
            problems.append(Problem(f"workflow_frames[{i}].path", message))
        seen.add(frame.path)


def _value(kind: type[Value], table: Reader, **given: Any) -> Value:
    """Read all plain fields of one table; *given* holds what was read apart."""
    defaults = {field.name: field.default for field in fields(kind)}
    plain = {
        name: _read(table, name, how, defaults[name]) for name, how in portable.plain_fields(kind)
    }
    table.finish()
    return kind(**{**plain, **given})


def _read(table: Reader, name: str, how: Kind, default: Any) -> Any:
    """Return the value of one field, or its default: "" stands in for one that is needed."""
    needed = default is MISSING
    stand_in: Any = "" if needed else default
    match how:
        case Kind.TEXT:
            found = table.get(name, str, "a text", needed=needed)
        case Kind.BOOLEAN:
            found = table.get(name, bool, "true or false")
        case Kind.INTEGER | Kind.ORDER:
            found = table.get(name, int, "a whole number")
        case Kind.TIME:
            found = table.get(name, time, "a time such as 03:23:00")
        case Kind.DATE:
            found = table.get(name, date, "a date such as 2026-11-30")
        case Kind.WEEKDAY:
            return _weekday(table, name, stand_in)
        case Kind.WORDS | Kind.PYTHONS | Kind.LINES:
            return _joined(table, name, how, stand_in, needed=needed)
        case _:
            raise AssertionError(how)
    return stand_in if found is None else found


def _joined(table: Reader, name: str, how: Kind, stand_in: str, *, needed: bool) -> str:
    texts = table.texts(name, needed=needed)
    if not table.has(name):
        return stand_in
    if how is Kind.LINES:
        return "\n".join(texts)
    for i, text in enumerate(texts):
        if len(text.replace(",", " ").split()) > 1:
            message = f"{quoted(text)} is more than one. Write each as a text of its own."
            table.problems.append(Problem(f"{table.place(name)}[{i}]", message))
    return (" " if how is Kind.PYTHONS else ", ").join(texts)


def _weekday(table: Reader, name: str, default: int | None) -> int | None:
    text = table.get(name, str, "the name of a day")
    if text is None:
        return default
    if text not in WEEKDAYS:
        table.complain(name, f'{quoted(text)} is not a day. Write "monday", or "never".')
    return WEEKDAYS.get(text, default)

"""toxgen's catalogue as JSON facts: one object with ``suites``, ``groups``, ``services``."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

from integrations.catalogue import portable
from integrations.catalogue.importing.files import ImportRefused, SourceFile, said
from integrations.catalogue.importing.imported import Imported, Problem, Reader
from integrations.catalogue.importing.suites import Dependencies, Groups, Suite, to_catalogue
from integrations.catalogue.validators import quoted

# Facts about the facts: they follow from the rest, or say where it came from.
ASIDES = (
    "source",
    "config_order",
    "min_versions_raw",
    "min_versions_without_suite",
    "suites_without_min_version",
    "suite_count",
)
SUITE_ASIDES = ("package_raw", "integration_name_explicit", "python_kind")
KEYS = {
    "name": "name",
    "group": "group",
    "project": "package",
    "extras": "extra",
    "test_path": "integration_name",
    "minimum": "min_version",
    "include": "include",
    "number_of_versions": "num_versions",
}


def read_toxgen(source: SourceFile, base: portable.Catalogue) -> Imported:
    """Return *base* with what the file says; raises ImportRefused when it is not JSON at all."""
    return from_content(decode(source), base)


def decode(source: SourceFile) -> object:
    try:
        return json.loads(source.text, object_pairs_hook=_no_key_twice, parse_constant=_no_constant)
    except RecursionError as error:
        problem = Problem(source.name, "is nested too deeply. A catalogue is not.")
        raise ImportRefused([problem]) from error
    except json.JSONDecodeError as error:
        where = f"{source.name}, line {error.lineno}, column {error.colno}"
        raise ImportRefused([Problem(where, f"is not JSON: {error.msg}.")]) from error
    except ValueError as error:  # A number of thousands of digits, NaN, a key twice.
        raise ImportRefused([Problem(source.name, f"is not JSON: {said(error)}.")]) from error


def _no_key_twice(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {quoted(double)} stands twice in one object")
    return found


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a value that JSON knows")


def from_content(content: object, base: portable.Catalogue) -> Imported:
    problems: list[Problem] = []
    top = Reader(content, "", problems)
    top.known.update(ASIDES)
    base = replace(base, sdk=_sdk(top, base.sdk))
    ignored = set(top.texts("ignored_suites"))
    suites = [suite for table in top.tables("suites") if (suite := _suite(table))]
    groups = _groups(top, {suite.name for suite in suites} | ignored)
    for i, name in enumerate(top.texts("configured_but_in_no_group")):
        message = f"{quoted(name)} is in no group. toxgen leaves it out without a word."
        problems.append(Problem(f"configured_but_in_no_group[{i}]", message))
    if not top.has("suites"):
        top.complain("suites", "is missing. It must be a list of tables.")
    top.finish()
    _check_suites(suites, groups, ignored, problems)
    notes = [f"Skipped, hand-written in toxgen: {', '.join(sorted(ignored))}."] if ignored else []
    return to_catalogue(suites, groups, base=base, problems=problems, notes=notes)


def _sdk(top: Reader, before: portable.Sdk) -> portable.Sdk:
    pythons = " ".join(top.texts("sdk_python_versions")) or before.pythons
    return replace(
        before,
        pythons=pythons,
        free_threading_from=top.text("free_threading_from", before.free_threading_from),
    )


def _groups(top: Reader, known: set[str]) -> Groups:
    """Read the groups with what their suites need; a suite that is not there is a mistake."""
    members: dict[str, list[str]] = {}
    for table in top.tables("groups"):
        name = table.text("name", needed=True)
        table.known.update(("managed", "hardcoded"))
        if name.lower() in {each.lower() for each in members}:
            table.complain("name", f"{quoted(name)} is the name of an earlier group.")
        members[name] = table.texts("suites")
        for i, suite in enumerate(members[name]):
            if suite and suite not in known:
                message = f"{quoted(suite)} is neither configured nor ignored."
                table.problems.append(Problem(f"{table.place('suites')}[{i}]", message))
        table.finish()
    return Groups(names=tuple(members), services=_services(top, members))


def _services(top: Reader, members: dict[str, list[str]]) -> dict[str, frozenset[str]] | None:
    table = top.table("services")
    if table is None:
        return None
    users = {service: set(table.texts(service)) for service in table.content}
    return {
        group: frozenset(service for service, suites in users.items() if suites & set(found))
        for group, found in members.items()
    }


def _suite(table: Reader) -> Suite | None:
    if not table.content:
        return None
    table.known.update(SUITE_ASIDES)
    name = table.text("name", needed=True)
    for key in table.texts("unknown_keys"):
        table.complain("unknown_keys", f"{quoted(key)} is not a key that toxgen knows.")
    suite = Suite(
        name=name,
        where=table.where,
        group=table.text("group"),
        project=table.text("package", needed=True),
        extras=table.text("extra"),
        integration_name=table.text("integration_name") or name,
        minimum=table.text("min_version"),
        include=table.text("include"),
        number_of_versions=table.get("num_versions", int, "a whole number"),
        restrictions=_restrictions(table),
        dependencies=tuple(_dependencies(each) for each in table.tables("deps")),
        keys=KEYS,
    )
    table.finish()
    return suite


def _restrictions(table: Reader) -> tuple[tuple[str, str], ...]:
    """Read ``python``: one specifier, or specifiers by releases, in order."""
    if isinstance(table.content.get("python"), dict):
        by_releases = table.table("python")
        assert by_releases is not None
        return tuple(
            (releases, by_releases.text(releases, needed=True)) for releases in by_releases.content
        )
    text = table.get("python", str, "a specifier, or a table of specifiers by releases,")
    return (("", text),) if text else ()


def _dependencies(table: Reader) -> Dependencies:
    entry = Dependencies(
        rule=table.text("rule", needed=True),
        requirements=tuple(table.texts("requirements", needed=True)),
        rule_where=table.place("rule"),
        requirements_where=table.place("requirements"),
    )
    table.finish()
    return entry


def _check_suites(
    suites: Sequence[Suite], groups: Groups, ignored: set[str], problems: list[Problem]
) -> None:
    seen: set[str] = set()
    for suite in suites:
        if suite.name and suite.name in seen:
            message = f"{quoted(suite.name)} is the name of an earlier suite."
            problems.append(Problem(f"{suite.where}.name", message))
        if suite.name in ignored:
            message = f"{quoted(suite.name)} is configured and ignored. Decide for one."
            problems.append(Problem(f"{suite.where}.name", message))
        if suite.group not in groups.names:
            named = f"{quoted(suite.group)} is not a group" if suite.group else "is in no group"
            message = f"{named}: toxgen would leave {quoted(suite.name)} out without a word."
            problems.append(Problem(f"{suite.where}.group", message))
        seen.add(suite.name)

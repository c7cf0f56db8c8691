"""
toxgen's own files: ``TEST_SUITE_CONFIG``, ``GROUPS``, ``IGNORE`` and ``_MIN_VERSIONS``.

They are parsed, never executed: only literals are read, and whatever else the files hold is not
looked at.
"""

import ast
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from integrations.catalogue import portable
from integrations.catalogue.importing.files import ImportRefused, SourceFile, said
from integrations.catalogue.importing.imported import Imported, Problem, Reader, below, named
from integrations.catalogue.importing.suites import (
    FIRST_FREE_THREADED,
    Dependencies,
    Groups,
    Suite,
    minors,
    to_catalogue,
)
from integrations.catalogue.validators import quoted

SUITES = "TEST_SUITE_CONFIG"
GROUPS = "GROUPS"
IGNORE = "IGNORE"
MINIMUMS = ("_MIN_VERSIONS", "MIN_VERSIONS")
KEYS = {
    "project": "package",
    "extras": "package",
    "test_path": "integration_name",
    "include": "include",
    "number_of_versions": "num_versions",
}
LARGEST_NUMBER = 10**9  # In a version.
Literals = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """What the assignments of all given files say."""

    found: Literals
    problems: list[Problem]

    def table(self, name: str) -> Reader | None:
        return Reader(self.found[name], name, self.problems) if name in self.found else None


def read_config(
    sources: Sequence[SourceFile], base: portable.Catalogue, *, pythons: str = ""
) -> Imported:
    """Return *base* with what the files say; raises ImportRefused when one is not Python."""
    files = _read_files(sources)
    base = replace(base, sdk=_sdk(base.sdk, pythons, files.problems))
    ignored = _ignored(files)
    groups = _groups(files)
    configured = files.table(SUITES) or Reader.nothing(SUITES, files.problems)
    if SUITES not in files.found:
        files.problems.append(Problem(sources[0].name, f"has no {SUITES} with a literal table."))
    _check_membership(groups, configured, ignored, files.problems)
    minimums, notes = _minimums(files, sources)
    by_suite = {suite: group for group, suites in groups.items() for suite in suites}
    suites = list(_suites(configured, by_suite, minimums))
    if ignored:
        notes.append(f"Skipped, hand-written in toxgen: {', '.join(sorted(ignored))}.")
    return to_catalogue(
        suites,
        Groups(names=tuple(groups), services=None),
        base=base,
        problems=files.problems,
        notes=notes,
    )


def _sdk(before: portable.Sdk, pythons: str, problems: list[Problem]) -> portable.Sdk:
    if not pythons and not before.pythons:
        message = (
            "toxgen's config.py does not say which Pythons the SDK supports, and there is no such "
            'SDK yet. Name them with --pythons "3.9 3.10 3.11".'
        )
        problems.append(Problem("", message))
    if not pythons:
        return before
    newest = max(minors(pythons), default=0)
    first = before.free_threading_from
    if not before.pythons and newest >= FIRST_FREE_THREADED:
        first = f"3.{FIRST_FREE_THREADED}"
    return replace(before, pythons=pythons, free_threading_from=first)


# --- Reading literals ----------------------------------------------------------------------------


def _read_files(sources: Sequence[SourceFile]) -> Files:
    found: Literals = {}
    problems: list[Problem] = []
    for source in sources:
        for name, value in _literals(source, problems):
            found.setdefault(name, value)
    return Files(found=found, problems=problems)


def _literals(source: SourceFile, problems: list[Problem]) -> Iterator[tuple[str, Any]]:
    for name, node in _assignments(_parsed(source)):
        if name not in {SUITES, GROUPS, IGNORE, *MINIMUMS}:
            continue
        problems += _keys_twice(node, source.name, name)
        try:
            yield name, ast.literal_eval(node)
        except (ValueError, TypeError, RecursionError, MemoryError):
            where = f"{source.name}, line {node.lineno}"
            message = f"{name} is not a literal: only plain values are read, nothing is executed."
            problems.append(Problem(where, message))


def _parsed(source: SourceFile) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # An odd escape in a string is none of our business.
            return ast.parse(source.text)
    except SyntaxError as error:
        where = f"{source.name}, line {error.lineno}" if error.lineno else source.name
        raise ImportRefused(
            [Problem(where, f"is not Python: {said(SyntaxError(error.msg))}.")]
        ) from error
    except ValueError as error:
        raise ImportRefused([Problem(source.name, f"is not Python: {said(error)}.")]) from error
    except (RecursionError, MemoryError) as error:
        problem = Problem(source.name, "is nested too deeply. A catalogue is not.")
        raise ImportRefused([problem]) from error


def _assignments(module: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for statement in module.body:
        match statement:
            case ast.Assign(targets=targets, value=value):
                names = targets
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                names = [target]
            case _:
                continue
        yield from ((name.id, value) for name in names if isinstance(name, ast.Name))


def _keys_twice(node: ast.expr, file: str, name: str) -> Iterator[Problem]:
    """Report keys that a literal has twice: Python would take the last one without a word."""
    for table in ast.walk(node):
        if not isinstance(table, ast.Dict):
            continue
        seen: set[str] = set()
        for key in table.keys:
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                if key.value in seen:
                    text = f"{quoted(key.value)} stands twice in one table of {name}."
                    yield Problem(f"{file}, line {key.lineno}", text)
                seen.add(key.value)


# --- Groups, what is ignored, minimums -----------------------------------------------------------


def _ignored(files: Files) -> set[str]:
    found = files.found.get(IGNORE, ())
    if isinstance(found, (list, tuple, set, frozenset)) and all(
        isinstance(each, str) for each in found
    ):
        return set(found)
    files.problems.append(Problem(IGNORE, f"{named(found)} stands where texts are needed."))
    return set()


def _groups(files: Files) -> dict[str, list[str]]:
    table = files.table(GROUPS)
    if table is None:
        message = "is in none of the files. Name the file that has it with --groups FILE."
        files.problems.append(Problem(GROUPS, message))
        return {}
    groups: dict[str, list[str]] = {}
    for name in table.content:
        if name.lower() in {each.lower() for each in groups}:
            table.complain(name, f"{quoted(name)} is the name of an earlier group.")
        groups[name] = table.texts(name)
    return groups


def _check_membership(
    groups: Mapping[str, list[str]],
    configured: Reader,
    ignored: set[str],
    problems: list[Problem],
) -> None:
    if not groups or not configured.is_table:
        return
    seen: dict[str, str] = {}
    for group, suites in groups.items():
        for i, suite in enumerate(suites):
            where = f"{below(GROUPS, group)}[{i}]"
            if suite in seen:
                problems.append(Problem(where, f"{quoted(suite)} is in {seen[suite]} already."))
            elif suite and suite not in configured.content and suite not in ignored:
                message = f"{quoted(suite)} is neither in {SUITES} nor in {IGNORE}."
                problems.append(Problem(where, message))
            seen[suite] = group
    for suite in configured.content:
        if suite in ignored:
            configured.complain(suite, f"{quoted(suite)} is in {IGNORE} too. Decide for one.")
        elif suite not in seen:
            message = "is in no group: toxgen leaves it out without a word. Add it to one."
            configured.complain(suite, message)


def _minimums(
    files: Files, sources: Iterable[SourceFile]
) -> tuple[dict[str, str] | None, list[str]]:
    """Return the minimum of each integration, None where no file says any, and notes."""
    name = next((each for each in MINIMUMS if each in files.found), None)
    table = files.table(name) if name else None
    if table is None:
        names = ", ".join(source.name for source in sources)
        note = f"No {MINIMUMS[0]} in {names}: minimum versions stay as they are (--minimums FILE)."
        return None, [note]
    found = {}
    for key, value in table.content.items():
        if isinstance(value, (tuple, list)) and value and all(map(_is_number, value)):
            found[key] = ".".join(map(str, value))
        else:
            table.complain(
                key, f"{named(value)} stands where a tuple such as (0, 16, 0) is needed."
            )
    return found, []


def _is_number(value: object) -> bool:
    return type(value) is int and 0 <= value < LARGEST_NUMBER


# --- Suites --------------------------------------------------------------------------------------


def _suites(
    configured: Reader, groups: Mapping[str, str], minimums: Mapping[str, str] | None
) -> Iterator[Suite]:
    for name in configured.content:
        table = configured.table(name)
        if table is not None:
            yield _suite(name, table, groups.get(name, ""), minimums)


def _suite(name: str, table: Reader, group: str, minimums: Mapping[str, str] | None) -> Suite:
    package, extras = _package(table)
    integration_name = table.text("integration_name", name)
    suite = Suite(
        name=name,
        where=table.where,
        group=group,
        project=package,
        extras=extras,
        integration_name=integration_name,
        minimum=None if minimums is None else minimums.get(integration_name, ""),
        include=table.text("include"),
        number_of_versions=table.get("num_versions", int, "a whole number"),
        restrictions=_restrictions(table),
        dependencies=tuple(_dependencies(table)),
        keys=KEYS | {"minimum": "_MIN_VERSIONS"},
    )
    table.finish()
    return suite


def _package(table: Reader) -> tuple[str, str]:
    """Take ``gql[all]`` apart."""
    text = table.text("package", needed=True)
    package, bracket, rest = text.partition("[")
    if bracket and not rest.endswith("]"):
        table.complain("package", f"{quoted(text)} has a bracket that is not closed.")
    return package.strip(), rest.removesuffix("]")


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


def _dependencies(table: Reader) -> Iterator[Dependencies]:
    deps = table.table("deps")
    for rule in deps.content if deps else ():
        assert deps is not None
        where = deps.place(rule)
        yield Dependencies(
            rule=rule,
            requirements=tuple(deps.texts(rule)),
            rule_where=where,
            requirements_where=where,
        )

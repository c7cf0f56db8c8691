"""Reading what a Pipfile declares."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError

from integrations.catalogue.validators import (
    quoted,
    validate_extras,
    validate_project,
    validate_specifier_set,
)
from integrations.policy.linting.reading import read_toml
from matrix.rules.locks.parts import MAIN
from portal.guidance.declared import DEV, Declared

SETS = {"packages": MAIN, "dev-packages": DEV}
APART = {"source", "requires", "scripts", "pipenv"}
# What Pipenv takes beside markers, each as a comparison: sys_platform = "== 'win32'".
MARKERS = (
    "implementation_name", "implementation_version", "os_name", "platform_machine",
    "platform_python_implementation", "platform_release", "platform_system", "platform_version",
    "python_full_version", "python_version", "sys_platform",
)  # fmt: skip
PLACES = {"git", "hg", "svn", "bzr", "path", "file", "url", "editable", "ref", "subdirectory"}
KNOWN = {"version", "extras", "markers", "index", *MARKERS, *PLACES}


def read_pipfile(declared: Declared, base: str, text: str) -> None:
    """Take the categories of a Pipfile over; raises Unreadable."""
    for key, table in read_toml(text).items():
        if key in APART or declared.is_generated(f"{base}, {key}", key):
            continue
        name = SETS.get(key) or declared.set_name(f"{base}, {key}", key)
        if not isinstance(table, dict):
            declared.refuse(f"{base}, {key}: a table is needed.")
            continue
        for project, wanted in table.items():
            place = f"{base}, {key}.{project}"
            written = _written(declared, place, project, wanted)
            if written:
                declared.add(name, place, written)


def _written(declared: Declared, place: str, project: str, wanted: object) -> str:
    """Write an entry as a requirement; "" for one that has no such form."""
    entry = {"version": wanted} if isinstance(wanted, str) else wanted
    if not isinstance(entry, dict):
        declared.refuse(f"{place}: {quoted(str(wanted))} is neither a text nor a table.")
        return ""
    problems = list(_problems(project, entry))
    for problem in problems:
        declared.refuse(f"{place}: {problem}")
    return "" if problems else _requirement(project, entry)


def _problems(project: str, entry: Mapping[str, Any]) -> Iterator[str]:
    yield from _invalid(validate_project, project)
    if odd := sorted(PLACES & set(entry)):
        yield f"{', '.join(odd)} has no place in a lock. Publish it to the index."
    if "index" in entry:
        yield "index is not taken over: the application names the one index of all its releases."
    if odd := sorted(set(entry) - KNOWN):
        yield f"{quoted(odd[0])} is not known."
    extras = entry.get("extras", [])
    if isinstance(extras, list) and all(isinstance(one, str) for one in extras):
        for one in extras:
            yield from _invalid(validate_extras, one)
    else:
        yield 'extras must be a list: ["socks"].'
    for key in ("version", "markers", *MARKERS):
        if not isinstance(entry.get(key, ""), str):
            yield f"{key} must be a text."
        elif key == "version" and entry.get(key, "*") != "*":
            yield from _invalid(validate_specifier_set, entry[key])


def _invalid(check: Callable[[str], None], text: str) -> Iterator[str]:
    try:
        check(text)
    except ValidationError as error:
        yield from error.messages


def _requirement(project: str, entry: Mapping[str, Any]) -> str:
    extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
    version = entry.get("version", "*")
    markers = [entry["markers"]] if entry.get("markers") else []
    markers += [f"{name} {entry[name]}" for name in MARKERS if entry.get(name)]
    several = len(markers) > 1
    marker = " and ".join(f"({one})" if several else one for one in markers)
    written = f"{project}{extras}{'' if version == '*' else version}"
    return f"{written}; {marker}" if marker else written

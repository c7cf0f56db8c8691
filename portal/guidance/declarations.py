"""
Reading what a project declares out of the file in which it does: no file is run, none is fetched.

Each reader returns requirements by set. What cannot be taken over is a problem with its place.
"""

import configparser
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from packaging.utils import canonicalize_name

from integrations.catalogue.validators import quoted, validate_requirement
from matrix.rules.locks.parts import MAIN
from portal.guidance.generating.choice import REVIEWED
from portal.guidance.validators import SET

DEV = "dev"
# Options of requirement files that say where things come from, not what is wanted.
LAYERS = ("-r", "--requirement", "-c", "--constraint")
NAMES = "pyproject.toml, Pipfile, setup.cfg, requirements*.in, requirements*.txt"


@dataclass(kw_only=True, slots=True)
class Declared:
    """What a file declares: requirements by the name of their set, and what was not taken over."""

    sets: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # Left out on purpose.

    def add(self, name: str, place: str, text: object) -> None:
        """Take one requirement over, or say what is wrong with it."""
        if not isinstance(text, str):
            self.problems.append(f"{place}: {quoted(str(text))} is not a text.")
            return
        try:
            validate_requirement(text)
        except ValidationError as error:
            self.problems.append(f"{place}: {error.message}")
            return
        found = self.sets.setdefault(name, [])
        if text not in found:
            found.append(text)


def read_declarations(name: str, text: str) -> Declared:
    """Return what the file *name* declares; raises ValueError when no reader knows it."""
    base = name.rpartition("/")[2]
    for pattern, reader in READERS.items():
        if re.fullmatch(pattern, base):
            declared = Declared()
            reader(declared, base, text)
            return declared
    raise ValueError(f"{quoted(base)} is none of the files that are read: {NAMES}.")


def _toml(declared: Declared, base: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        declared.problems.append(f"{base} is not TOML: {str(error) or 'nested too deeply'}.")
        return {}


def _pyproject(declared: Declared, base: str, text: str) -> None:
    content = _toml(declared, base, text)
    project = _table(declared, content, "project", base)
    for number, each in enumerate(_list(declared, project, "dependencies", base), start=1):
        declared.add(MAIN, f"{base}, project.dependencies, entry {number}", each)
    groups = _table(declared, content, "dependency-groups", base)
    extras = _table(declared, project, "optional-dependencies", base)
    for word, tables in (("dependency-groups", groups), ("optional-dependencies", extras)):
        for key in tables:
            if _is_generated(declared, f"{base}, {word}.{key}", key):
                continue
            name = _set_name(declared, f"{base}, {word}.{key}", key)
            for text_or_table in _group(declared, tables, key, base, seen=()):
                declared.add(name, f"{base}, {word}.{key}", text_or_table)
    poetry = _table(declared, _table(declared, content, "tool", base), "poetry", base)
    if "dependencies" in poetry:
        where = "tool.poetry.dependencies"
        declared.problems.append(
            f"{base}: {where} is Poetry's own form. Write [project] dependencies, which every tool "
            "reads."
        )


def _group(
    declared: Declared, tables: Mapping[str, Any], key: str, base: str, *, seen: tuple[str, ...]
) -> Iterable[object]:
    """Yield the requirements of a group, those of the groups that it includes among them."""
    if key in seen:
        declared.problems.append(f"{base}, {key}: the group includes itself.")
        return
    for entry in _list(declared, tables, key, base):
        if isinstance(entry, dict) and set(entry) == {"include-group"}:
            included = str(entry["include-group"])
            if included not in tables:
                declared.problems.append(f"{base}, {key}: there is no group {quoted(included)}.")
            else:
                yield from _group(declared, tables, included, base, seen=(*seen, key))
        else:
            yield entry


def _pipfile(declared: Declared, base: str, text: str) -> None:
    content = _toml(declared, base, text)
    known = {"packages": MAIN, "dev-packages": DEV}
    apart = {"source", "requires", "scripts", "pipenv"}
    for key, table in content.items():
        if key in apart or _is_generated(declared, f"{base}, {key}", key):
            continue
        name = known.get(key) or _set_name(declared, f"{base}, {key}", key)
        if not isinstance(table, dict):
            declared.problems.append(f"{base}, {key}: a table is needed.")
            continue
        for project, wanted in table.items():
            place = f"{base}, {key}.{project}"
            written = _pipfile_requirement(declared, place, project, wanted)
            if written:
                declared.add(name, place, written)


def _pipfile_requirement(declared: Declared, place: str, project: str, wanted: object) -> str:
    """Write an entry of a Pipfile as a requirement; "" for one that has no such form."""
    if isinstance(wanted, str):
        return project + ("" if wanted == "*" else wanted)
    if not isinstance(wanted, dict):
        declared.problems.append(f"{place}: {quoted(str(wanted))} is neither a text nor a table.")
        return ""
    if odd := sorted({"git", "path", "file", "editable", "ref"} & set(wanted)):
        declared.problems.append(
            f"{place}: {', '.join(odd)} has no place in a lock. Publish it to the index."
        )
        return ""
    extras = f"[{','.join(map(str, wanted['extras']))}]" if wanted.get("extras") else ""
    version = str(wanted.get("version", "*"))
    marker = f"; {wanted['markers']}" if wanted.get("markers") else ""
    return f"{project}{extras}{'' if version == '*' else version}{marker}"


def _setup_cfg(declared: Declared, base: str, text: str) -> None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        declared.problems.append(f"{base} cannot be read: {str(error).splitlines()[0]}.")
        return
    if parser.has_option("options", "install_requires"):
        for line in parser.get("options", "install_requires").splitlines():
            if wanted := line.partition(" #")[0].strip():
                declared.add(MAIN, f"{base}, options.install_requires", wanted)
    if parser.has_section("options.extras_require"):
        for key, value in parser.items("options.extras_require"):
            place = f"{base}, options.extras_require.{key}"
            name = _set_name(declared, place, key)
            for line in value.splitlines():
                if wanted := line.partition(" #")[0].strip():
                    declared.add(name, place, wanted)


def _requirements(declared: Declared, base: str, text: str) -> None:
    """Take a requirements file; ``requirements-dev.in`` and ``dev.in`` are the set dev."""
    stem = base.rpartition(".")[0]
    stem = re.sub(r"^requirements[-_.]?|[-_.]?requirements$", "", stem) or MAIN
    name = _set_name(declared, base, stem)
    for number, raw in _logical_lines(text):
        line = re.sub(r"\s--hash=\S+", "", raw.partition(" #")[0]).strip()
        place = f"{base}, line {number}"
        if not line or line.startswith("#"):
            continue
        if line.split()[0].split("=")[0] in LAYERS:
            declared.notes.append(f'{place}: "{line}" is left out; the portal layers the sets.')
        elif line.startswith("-"):
            option = line.split()[0]
            declared.problems.append(
                f"{place}: {quoted(option)} is an option, not a requirement. The application names "
                "its index; editable and local installs have no place in a lock."
            )
        else:
            declared.add(name, place, line)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with the number that it begins at; a backslash joins it with the next."""
    begun, line = 1, ""
    for number, raw in enumerate(text.splitlines(), start=1):
        if not line:
            begun = number
        line += raw
        if raw.endswith("\\"):
            line = line[:-1] + " "
            continue
        yield begun, line
        line = ""
    if line:
        yield begun, line


def _is_generated(declared: Declared, place: str, key: str) -> bool:
    """Whether the portal wrote this into a file that now comes back: pins that were reviewed."""
    if canonicalize_name(key) != REVIEWED:
        return False
    declared.notes.append(f"{place} is left out: it holds what was reviewed, nothing is declared.")
    return True


def _set_name(declared: Declared, place: str, key: str) -> str:
    """Return the name of a set for a group, an extra or a file."""
    name = canonicalize_name(key)
    if SET.fullmatch(name):
        return name
    declared.problems.append(f"{place}: {quoted(key)} cannot name a set.")
    return DEV


def _table(declared: Declared, content: Mapping[str, Any], key: str, base: str) -> dict[str, Any]:
    found = content.get(key, {})
    if isinstance(found, dict):
        return found
    declared.problems.append(f"{base}: {key} must be a table.")
    return {}


def _list(declared: Declared, content: Mapping[str, Any], key: str, base: str) -> list[Any]:
    found = content.get(key, [])
    if isinstance(found, list):
        return found
    declared.problems.append(f"{base}: {key} must be a list.")
    return []


READERS: Mapping[str, Callable[[Declared, str, str], None]] = {
    r"pyproject\.toml": _pyproject,
    r"Pipfile": _pipfile,
    r"setup\.cfg": _setup_cfg,
    r"[A-Za-z0-9._-]*\.(in|txt)": _requirements,
}

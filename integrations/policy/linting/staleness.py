"""Locks that no longer belong to what is declared, as each tool itself would find out."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from distlib.index import DEFAULT_INDEX
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from integrations.policy.linting.findings import Finding
from integrations.policy.linting.forms import Form
from integrations.policy.linting.lockfiles import is_ours
from integrations.policy.linting.reading import TomlLines, json_lines
from integrations.policy.linting.requirement_files import entries_of, parsed, pins_of
from integrations.policy.linting.rules import finding
from integrations.policy.linting.upload import Upload, table, tables, texts

CATEGORIES = {"packages": "default", "dev-packages": "develop"}
APART = frozenset(["source", "requires", "scripts", "pipfile", "pipenv", "packages",
                   "dev-packages", "default", "develop"])  # fmt: skip
# What Poetry 2 computes its hash of (read in 2.5.1, and compared with locks that it made).
OF_PROJECT = ("requires-python", "dependencies", "optional-dependencies")
OF_OLD_POETRY = ("dependencies", "source", "extras", "dev-dependencies")
OF_POETRY = (*OF_OLD_POETRY, "group")


# --- Requirement files ---------------------------------------------------------------------------
def check_declaration(path: str, upload: Upload) -> Iterator[Finding]:
    """Compare ``main.in`` with ``main.txt`` beside it."""
    lock = path.removesuffix(".in") + ".txt"
    if upload.forms.get(lock) is not Form.LOCK:
        return
    pins, lines = pins_of(upload.files[lock])
    versions: dict[str, list[str]] = {}
    for pin in pins:
        versions.setdefault(pin.name, []).append(pin.version)
    declared = set()
    for entry in entries_of(upload.files[path]):
        if entry.requirement is None:
            continue
        declared.add(entry.name)
        if told := _mismatch(entry.requirement, versions.get(entry.name, [])):
            yield finding("stale-lock", path, entry.number, f"{told} in {lock}.")
    source = path.rpartition("/")[2]
    asked_here = {e.name for e in entries_of(upload.files[lock]) if source in e.raw}
    for pin in pins:
        if pin.is_declared and pin.name in asked_here - declared:
            line = lines[pin.name]
            yield finding("stale-lock", lock, line, f"{pin.name} is no longer declared in {path}.")


def _mismatch(wanted: Requirement, versions: list[str]) -> str:
    if not versions:
        # Under a marker it may be wanted nowhere.
        return "" if wanted.marker or wanted.url else f"{wanted.name} is declared and not locked"
    if any(wanted.specifier.contains(version, prereleases=True) for version in versions):
        return ""
    return f'"{wanted}" is declared, {", ".join(versions)} is locked'


# --- Pipenv --------------------------------------------------------------------------------------
def pipfile_hash(content: dict[str, Any]) -> str:
    """Return the SHA-256 that Pipenv writes into ``_meta.hash`` for a Pipfile."""
    index = f"{DEFAULT_INDEX.rstrip('/').rpartition('/')[0]}/simple"
    default = [{"name": "pypi", "url": index, "verify_ssl": True}]
    data: dict[str, Any] = {
        "_meta": {
            "sources": content.get("source") or default,
            "requires": content.get("requires", {}),
        },
        "default": _normalised(content.get("packages", {})),
        "develop": _normalised(content.get("dev-packages", {})),
        **{name: _normalised(values) for name, values in content.items() if name not in APART},
    }
    return _sha256(json.dumps(data, sort_keys=True, separators=(",", ":"), default=str))


def _normalised(section: Any) -> Any:
    """Return a section as Pipenv counts it: Django and django are one project."""
    if not isinstance(section, dict):
        return section
    return {canonicalize_name(name): value for name, value in section.items()}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def check_pipfile_hash(path: str, upload: Upload) -> Iterator[Finding]:
    """Compare Pipfile.lock with the Pipfile beside it."""
    pipfile = upload.near(path, Form.PIPFILE)
    if pipfile is None:
        return
    content, locked = upload.tomls[pipfile], upload.jsons[path]
    places = json_lines(upload.files[path])
    written = table(locked, "_meta", "hash").get("sha256")
    computed = pipfile_hash(content)
    if written != computed:
        # Pipenv then takes the indexes of pip's configuration, which each machine has its own of.
        more = "" if "source" in content else "; without [[source]] the index counts as well"
        yield finding(
            "stale-lock",
            path,
            places.get(("_meta", "hash"), 0),
            f"It was made of another Pipfile: that one has {_short(written)}, "
            f"{pipfile} has {_short(computed)}{more}.",
        )
    for heading, values in content.items():
        if heading not in APART - set(CATEGORIES) and isinstance(values, dict):
            yield from _pipenv_category(path, locked, heading, values, places)


def _short(found: object) -> str:
    return f"{found[:12]}…" if isinstance(found, str) else "no hash"


def _pipenv_category(
    path: str,
    content: dict[str, Any],
    heading: str,
    values: dict[str, Any],
    places: dict[tuple[str, str], int],
) -> Iterator[Finding]:
    category = CATEGORIES.get(heading, heading)
    entries = table(content, category)
    locked = {canonicalize_name(name): (name, entry) for name, entry in entries.items()}
    for project, wanted in values.items():
        text = wanted.get("version", "*") if isinstance(wanted, dict) else wanted
        if not isinstance(text, str):
            continue
        found = parsed(project if text == "*" else f"{project}{text}")
        name, entry = locked.get(canonicalize_name(project), ("", None))
        version = entry.get("version") if isinstance(entry, dict) else None
        if found is None or not isinstance(version, str) or not version.startswith("=="):
            continue
        if told := _mismatch(found, [version[2:]]):
            yield finding(
                "violated", path, places.get((category, name), 0), f"{told} in {category}."
            )


# --- Poetry --------------------------------------------------------------------------------------
def poetry_hash(content: dict[str, Any]) -> str:
    """Return the ``content-hash`` that Poetry 2 writes into poetry.lock for a pyproject.toml."""
    project = table(content, "project")
    groups = table(content, "dependency-groups")
    of_poetry = table(content, "tool", "poetry")
    ours = {key: project[key] for key in OF_PROJECT if project.get(key) is not None}
    theirs = {}
    for key in OF_POETRY:
        value = of_poetry.get(key)
        if value is None and (key not in OF_OLD_POETRY or ours or groups):
            continue
        theirs[key] = value
    relevant: dict[str, Any] = {}
    if ours:
        relevant["project"] = ours
    if groups:
        relevant["dependency-groups"] = groups
    relevant = {**relevant, "tool": {"poetry": theirs}} if relevant else theirs
    return _sha256(json.dumps(relevant, sort_keys=True, default=str))


def check_poetry_hash(path: str, upload: Upload) -> Iterator[Finding]:
    """Compare poetry.lock with the pyproject.toml beside it."""
    pyproject = upload.near(path, Form.PYPROJECT)
    if pyproject is None:
        return
    written = table(upload.tomls[path], "metadata").get("content-hash")
    computed = poetry_hash(upload.tomls[pyproject])
    if written != computed:
        yield finding(
            "stale-lock",
            path,
            TomlLines(upload.files[path]).of("metadata", "content-hash"),
            f"It was made of another pyproject.toml: that one has {_short(written)}, "
            f"{pyproject} has {_short(computed)}.",
        )


# --- uv ------------------------------------------------------------------------------------------
def check_uv_declared(path: str, upload: Upload) -> Iterator[Finding]:
    """Compare what uv.lock says that the project declares with the pyproject.toml beside it."""
    pyproject = upload.near(path, Form.PYPROJECT)
    if pyproject is None:
        return
    content, lines = upload.tomls[pyproject], TomlLines(upload.files[path])
    ours = [row for row in tables(upload.tomls[path], "package") if is_ours(row)]
    name = canonicalize_name(str(table(content, "project").get("name", "")))
    row = next((row for row in ours if canonicalize_name(str(row.get("name"))) == name), None)
    if row is None:
        return
    if "dependencies" not in texts(content, "project", "dynamic"):
        listed = texts(content, "project", "dependencies")
        for extra in table(content, "project", "optional-dependencies"):
            listed += texts(content, "project", "optional-dependencies", extra)
        line = lines.of("package.metadata", "requires-dist")
        yield from _uv_set(path, line, listed, tables(row, "metadata", "requires-dist"), "")
    locked = table(row, "metadata", "requires-dev")
    for group, found in upload.groups[pyproject].found.items():
        line = lines.of("package.metadata.requires-dev", group)
        more = texts(content, "tool", "uv", "dev-dependencies") if group == "dev" else []
        listed = [*found, *more]
        yield from _uv_set(path, line, listed, tables(locked, group), f" in the group {group}")


def _uv_set(
    path: str, line: int, listed: list[str], locked: list[dict[str, Any]], where: str
) -> Iterator[Finding]:
    declared: dict[str, set[str]] = {}
    for found in map(parsed, listed):
        if found is not None:
            declared.setdefault(canonicalize_name(found.name), set()).add(_bounds(found.specifier))
    known: dict[str, set[str]] = {}
    for row in locked:
        found = parsed(f"x{row.get('specifier', '')}")
        bounds = _bounds(found.specifier) if found else str(row.get("specifier"))
        known.setdefault(canonicalize_name(str(row.get("name"))), set()).add(bounds)
        if {"git", "url", "path", "directory", "editable"} & set(row):
            known[canonicalize_name(str(row.get("name")))] = set()
    for name in sorted(declared.keys() | known.keys()):
        if name not in known:
            told = f"{name} is declared{where} and not locked"
        elif name not in declared:
            told = f"{name} is locked{where} and no longer declared"
        elif known[name] and known[name] != declared[name]:
            asked, had = (" and ".join(sorted(one)) for one in (declared[name], known[name]))
            told = f'"{name}{asked}" is declared{where}, the lock was made of "{name}{had}"'
        else:
            continue
        yield finding("stale-lock", path, line, f"{told}.")


def _bounds(specifier: object) -> str:
    return ",".join(sorted(str(specifier).replace(" ", "").split(",")))

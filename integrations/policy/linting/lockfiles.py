"""Every form of lock as the same pins, each with who asks for it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from packaging.utils import canonicalize_name

from integrations.policy.linting.forms import Form, is_production, set_of
from integrations.policy.linting.reading import json_lines
from integrations.policy.linting.requirement_files import few, parsed, pins_of
from integrations.policy.linting.upload import Upload, rows, table, tables, texts
from matrix.rules.locks.parts import Pinned

MAIN = "main"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """What one file installs for one purpose."""

    path: str
    set: str  # "main", "dev"
    pins: tuple[Pinned, ...]
    lines: Mapping[str, int]  # Of the projects.
    is_joint: bool = False  # All sets were resolved together: one version for all of them.
    # What releases ask for, where the lock itself says it: (who, requirement of PEP 508).
    asked: tuple[tuple[str, str], ...] = field(default=())

    @property
    def label(self) -> str:
        """As findings name it: the path, and the set where one file holds several."""
        is_one = self.path.endswith(".txt") or "pylock" in self.path
        return self.path if is_one else f"{self.path} [{self.set}]"

    @property
    def is_main(self) -> bool:
        return self.set == MAIN


def locks_of(upload: Upload) -> list[Lock]:
    """Return every lock of the upload: those of one file one after the other, main first."""
    found: list[Lock] = []
    for path, form in upload.forms.items():
        reader = READERS.get(form)
        if reader is not None:
            found += [replace(lock, pins=few(lock.pins)) for lock in reader(path, upload)]
    return found


def _requirements(path: str, upload: Upload) -> Iterator[Lock]:
    if "constraint" in path.rpartition("/")[2]:
        return
    pins, lines = pins_of(upload.files[path])
    yield Lock(path=path, set=_set(path), pins=pins, lines=lines)


def _set(path: str) -> str:
    return MAIN if is_production(path) else set_of(path)


# --- Pipenv --------------------------------------------------------------------------------------
CATEGORIES = {"default": MAIN, "develop": "dev"}


def _pipenv(path: str, upload: Upload) -> Iterator[Lock]:
    text = upload.files[path]
    pipfile = upload.near(path, Form.PIPFILE)
    declared = upload.tomls[pipfile] if pipfile else {}
    places = json_lines(text)
    for category, entries in upload.jsons[path].items():
        if category == "_meta" or not isinstance(entries, dict):
            continue
        heading = {"default": "packages", "develop": "dev-packages"}.get(category, category)
        names = {canonicalize_name(name) for name in table(declared, heading)}
        pins = [
            _pipenv_pin(name, entry, canonicalize_name(name) in names or "index" in entry)
            for name, entry in entries.items()
            if isinstance(entry, dict) and isinstance(entry.get("version"), str)
        ]
        lines: dict[str, int] = {
            canonicalize_name(name): places.get((category, name), 0) for name in entries
        }
        yield Lock(path=path, set=CATEGORIES.get(category, category), pins=tuple(pins), lines=lines)


def _pipenv_pin(name: str, entry: dict[str, Any], is_declared: bool) -> Pinned:
    return Pinned(
        name=canonicalize_name(name),
        version=entry["version"].removeprefix("=="),
        hashes=tuple(sorted(texts(entry, "hashes"))),
        marker=_marker(entry.get("markers")),
        is_declared=is_declared,
    )


def _marker(text: object) -> str:
    """Return *text* if it is a marker; odd ones count as none."""
    if not isinstance(text, str) or not text:
        return ""
    found = parsed(f"x ; {text}")
    return text if found and found.marker else ""


# --- Poetry --------------------------------------------------------------------------------------
def _poetry(path: str, upload: Upload) -> Iterator[Lock]:
    content, text = upload.tomls[path], upload.files[path]
    packages = [row for row in tables(content, "package") if _is_named(row)]
    asked: list[tuple[str, str]] = []
    required_by: dict[str, set[str]] = {}
    for row in packages:
        for name, wanted in table(row, "dependencies").items():
            required_by.setdefault(canonicalize_name(name), set()).add(_name(row))
            asked += [(_name(row), text) for text in _poetry_wants(name, wanted)]
    lines = lines_of_packages(text, content)
    by_set: dict[str, list[Pinned]] = {MAIN: []}
    for row in packages:
        pin = Pinned(
            name=_name(row),
            version=str(row["version"]),
            hashes=tuple(sorted(str(each.get("hash", "")) for each in tables(row, "files"))),
            required_by=tuple(sorted(required_by.get(_name(row), ()))),
            is_declared=not required_by.get(_name(row)),
        )
        where = row.get("markers")
        for group in texts(row, "groups") or [MAIN]:
            own = where.get(group) if isinstance(where, dict) else where
            by_set.setdefault(group, []).append(replace(pin, marker=_marker(own)))
    declared = _declared_names(upload, path)
    for name, pins in by_set.items():
        yield Lock(
            path=path,
            set=name,
            pins=tuple(replace(p, is_declared=p.is_declared or p.name in declared) for p in pins),
            lines=lines,
            is_joint=True,
            asked=tuple(asked),
        )


def _poetry_wants(name: str, wanted: object) -> Iterator[str]:
    """Write a dependency of a locked package as PEP 508, where that is possible."""
    specifier = wanted.get("version", "*") if isinstance(wanted, dict) else wanted
    if isinstance(specifier, str) and (found := poetry_specifier(specifier)) is not None:
        yield f"{name}{found}"


def poetry_specifier(text: str) -> str | None:
    """Write ``^1.16`` as ``>=1.16,<2``; None for what has no such form (``||``)."""
    text = text.strip()
    if text == "*":
        return ""
    if text.startswith("^"):
        numbers = text[1:].split(".")
        if not all(number.isdecimal() and len(number) < len("1000000") for number in numbers):
            return None
        first = next((i for i, n in enumerate(numbers) if int(n)), len(numbers) - 1)
        upper = [*numbers[:first], str(int(numbers[first]) + 1)]
        return f">={text[1:]},<{'.'.join(upper)}"
    if text.startswith("~") and not text.startswith("~="):
        return f"~={text[1:]}.0" if "." not in text[1:] else f"~={text[1:]}"
    text = f"=={text}" if text[:1].isdigit() else text
    return text if parsed(f"x{text}") else None


def _declared_names(upload: Upload, path: str) -> set[str]:
    near = upload.near(path, Form.PYPROJECT)
    content = upload.tomls[near] if near else {}
    listed = texts(content, "project", "dependencies")
    for name in table(content, "dependency-groups"):
        listed += texts(content, "dependency-groups", name)
    found = {canonicalize_name(each.name) for each in map(parsed, listed) if each}
    return found | {canonicalize_name(n) for n in table(content, "tool", "poetry", "dependencies")}


# --- uv ------------------------------------------------------------------------------------------
def _uv(path: str, upload: Upload) -> Iterator[Lock]:
    content, text = upload.tomls[path], upload.files[path]
    packages = [row for row in tables(content, "package") if _is_named(row)]
    edges = {_name(row): _targets(row.get("dependencies")) for row in packages}
    required_by: dict[str, set[str]] = {}
    ours = {_name(row) for row in packages if is_ours(row)}
    for who, targets in edges.items():
        for name in targets:
            if who not in ours:
                required_by.setdefault(name, set()).add(who)
    wanted: dict[str, set[str]] = {MAIN: set()}
    for row in packages:
        if is_ours(row):
            wanted[MAIN] |= _targets(row.get("dependencies"))
            for key in ("dev-dependencies", "optional-dependencies"):
                for group, entries in table(row, key).items():
                    wanted.setdefault(group, set()).update(_targets(entries))
    lines = lines_of_packages(text, content)
    for name, roots in wanted.items():
        reached = _reached(roots, edges)
        yield Lock(
            path=path,
            set=name,
            pins=tuple(
                Pinned(
                    name=_name(row),
                    version=str(row["version"]),
                    hashes=tuple(sorted(uv_hashes(row))),
                    marker=_any_of(texts(row, "resolution-markers")),
                    required_by=tuple(sorted(required_by.get(_name(row), ()))),
                    is_declared=_name(row) in roots,
                )
                for row in packages
                if _name(row) in reached and _name(row) not in ours
            ),
            lines=lines,
            is_joint=True,
        )


def _any_of(forks: list[str]) -> str:
    """Return the marker of what one or more forks of a resolution have."""
    known = [found for found in map(_marker, forks) if found]
    if len(known) != len(forks):
        return ""
    return " or ".join(f"({found})" for found in known) if len(known) > 1 else "".join(known)


def is_ours(row: dict[str, Any]) -> bool:
    """Whether a package of uv.lock is the application itself, or a member of its workspace."""
    return bool({"virtual", "editable"} & set(table(row, "source")))


def uv_hashes(row: dict[str, Any]) -> list[str]:
    files = [*tables(row, "wheels"), table(row, "sdist")]
    return [str(each["hash"]) for each in files if each.get("hash")]


def _targets(entries: object) -> set[str]:
    found = entries if isinstance(entries, list) else []
    return {canonicalize_name(str(each["name"])) for each in found if _is_table_with_name(each)}


def _is_table_with_name(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("name"), str)


def _reached(roots: Iterable[str], edges: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += edges.get(name, ())
    return found


# --- PEP 751 -------------------------------------------------------------------------------------
def _pylock(path: str, upload: Upload) -> Iterator[Lock]:
    content, text = upload.tomls[path], upload.files[path]
    packages = [row for row in tables(content, "packages") if _is_named(row)]
    required_by: dict[str, set[str]] = {}
    for row in packages:
        for name in _targets(row.get("dependencies")):
            required_by.setdefault(name, set()).add(_name(row))
    pins = [
        Pinned(
            name=_name(row),
            version=str(row["version"]),
            hashes=tuple(sorted(pylock_hashes(row))),
            marker=_marker(row.get("marker")),
            required_by=tuple(sorted(required_by.get(_name(row), ()))),
            is_declared=not required_by.get(_name(row)),
        )
        for row in packages
    ]
    lines = lines_of_packages(text, content, "packages")
    yield Lock(path=path, set=_set(path), pins=tuple(pins), lines=lines)


def pylock_hashes(row: dict[str, Any]) -> list[str]:
    files = [*tables(row, "wheels"), table(row, "sdist"), table(row, "archive")]
    return [f"{kind}:{found}" for each in files for kind, found in table(each, "hashes").items()]


def lines_of_packages(text: str, content: dict[str, Any], key: str = "package") -> dict[str, int]:
    """Return the line of each package of a TOML lock."""
    starts = [
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() == f"[[{key}]]"
    ]
    found: dict[str, int] = {}
    for row, start in zip(rows(content, key), starts, strict=False):
        if _is_table_with_name(row):
            found.setdefault(canonicalize_name(row["name"]), start)
    return found


def _is_named(row: dict[str, Any]) -> bool:
    return isinstance(row.get("name"), str) and isinstance(row.get("version"), str)


def _name(row: dict[str, Any]) -> str:
    return canonicalize_name(str(row["name"]))


READERS: Mapping[Form, Callable[[str, Upload], Iterator[Lock]]] = {
    Form.LOCK: _requirements,
    Form.PIPFILE_LOCK: _pipenv,
    Form.POETRY_LOCK: _poetry,
    Form.UV_LOCK: _uv,
    Form.PYLOCK: _pylock,
}

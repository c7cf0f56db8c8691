"""The files that are looked at together, each read once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from packaging.utils import canonicalize_name

from integrations.policy.linting.findings import Finding, Unreadable
from integrations.policy.linting.forms import Form, form_of, root_of
from integrations.policy.linting.groups import Groups
from integrations.policy.linting.reading import MOST_CHARACTERS, read_json, read_toml
from integrations.policy.linting.rules import finding
from integrations.policy.linting.yaml_tree import Node, doubles, read_yaml

MOST_ENTRIES = 10_000  # Requirements or packages of one file; the largest locks have 2,000.
MOST_OF_ALL = 20_000
MOST_SETS = 50  # Of one lock.
MOST_SETS_OF_ALL = 200  # Each is compared with each.
MOST_SCRIPTED = 1_000_000  # Characters of configuration and shell, of all files.
MOST_SHELL = 200_000  # Characters of a script or a Dockerfile.
TOML = frozenset(
    [Form.PIPFILE, Form.PYPROJECT, Form.POETRY_LOCK, Form.POETRY_TOML, Form.UV_LOCK, Form.PYLOCK]
)
REQUIREMENTS = frozenset([Form.LOCK, Form.DECLARATION])
YAML = frozenset([Form.FIXED, Form.FIXED_SEVERAL, Form.FLEX])
SHELL = frozenset([Form.ENVIRONMENT, Form.DOCKERFILE, Form.SCRIPT])
# Requires-Dist of releases by "name==version", as far as they are known without asking anybody.
Known = Mapping[str, Sequence[str]]


@dataclass(kw_only=True, slots=True)
class Upload:
    """Text by path; what cannot be read is a finding, and missing from then on."""

    files: Mapping[str, str]
    known: Known = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    tomls: dict[str, dict[str, Any]] = field(default_factory=dict)
    jsons: dict[str, dict[str, Any]] = field(default_factory=dict)
    yamls: dict[str, Node] = field(default_factory=dict)
    groups: dict[str, Groups] = field(default_factory=dict)  # Of each pyproject.toml.
    entries: int = 0  # Requirements and packages, of all files.
    sets: int = 0
    scripted: int = 0  # Characters of files that hold shell.

    def __post_init__(self) -> None:
        for path in sorted(self.files):
            form = form_of(path)
            if form is not None:
                self._read(path, form)

    def _read(self, path: str, form: Form) -> None:
        text = self.files[path]
        try:
            _check_text(form, text)
            self._parse(path, form, text)
            self._count(path, form, text)
        except Unreadable as error:
            self.findings.append(finding("unreadable", path, error.line, str(error)))
        else:
            self.forms[path] = form
            if form is Form.METADATA:
                self._metadata(text)

    def _parse(self, path: str, form: Form, text: str) -> None:
        if form in TOML:
            self.tomls[path] = read_toml(text)
            if form is Form.PYPROJECT:
                self.groups[path] = Groups.read(table(self.tomls[path], "dependency-groups"))
        elif form is Form.PIPFILE_LOCK:
            self.jsons[path], twice = read_json(text)
            if twice:
                self.findings.append(
                    finding("duplicate-key", path, 0, f'An object has the key "{twice}" twice.')
                )
        elif form in YAML:
            self.yamls[path] = read_yaml(text)
            self.findings += [
                finding("duplicate-key", path, line, f'The key "{key}" is there already.')
                for key, line in doubles(self.yamls[path])
            ]

    def _count(self, path: str, form: Form, text: str) -> None:
        """Refuse more requirements and packages than applications have: each is compared."""
        number, sets = 0, 0
        if form in SHELL or form in YAML or form is Form.TOX:
            self.scripted += len(text)
        if form in REQUIREMENTS:
            number, sets = logical_count(text), 1
        elif form is Form.PIPFILE_LOCK:
            categories = self.jsons[path].values()
            number, sets = (
                sum(len(each) for each in categories if isinstance(each, dict)),
                len(categories),
            )
        elif form in TOML:
            number, sets = packages_count(self.tomls[path])
        elif form is Form.METADATA:
            number = text.count("\nRequires-Dist:")
        if number > MOST_ENTRIES:
            raise Unreadable(f"It has more than {MOST_ENTRIES:,} requirements or packages.")
        if sets > MOST_SETS:
            raise Unreadable(f"It has more than {MOST_SETS} sets or groups.")
        if self.scripted > MOST_SCRIPTED:
            raise Unreadable(
                f"It was not looked at: all files have more than {MOST_SCRIPTED:,} characters of "
                "configuration and shell. Send fewer."
            )
        self.entries += number
        self.sets += sets
        if self.entries > MOST_OF_ALL or self.sets > MOST_SETS_OF_ALL:
            raise Unreadable(
                f"It was not looked at: all files have more than {MOST_OF_ALL:,} requirements or "
                f"packages, or {MOST_SETS_OF_ALL} sets. Send fewer."
            )

    def _metadata(self, text: str) -> None:
        """Learn what a release asks for from its core metadata."""
        head, _, _ = text.partition("\n\n")
        fields = [line.partition(": ") for line in head.splitlines()]
        first = {name: value.strip() for name, _, value in reversed(fields)}
        if "Name" in first and "Version" in first:
            asked = tuple(value.strip() for name, _, value in fields if name == "Requires-Dist")
            name = canonicalize_name(first["Name"])
            self.known = {**self.known, f"{name}=={first['Version']}": asked}

    def of(self, *forms: Form) -> list[str]:
        """Return the paths of the files of these forms that could be read."""
        return [path for path, form in self.forms.items() if form in forms]

    def near(self, path: str, form: Form) -> str | None:
        """Return the file of *form* of the same application as *path*."""
        root = root_of(path)
        found = [other for other in self.of(form) if root_of(other) == root]
        return found[0] if found else None


def _check_text(form: Form, text: str) -> None:
    most = MOST_SHELL if form in SHELL else MOST_CHARACTERS
    if len(text) > most:
        raise Unreadable(f"It has more than {most:,} characters.")
    if "\0" in text:
        raise Unreadable("It holds a null character, which no text has.")


def logical_count(text: str) -> int:
    """Return how many lines a requirements file has, but comments and what continues another."""
    number, is_open = 0, False
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("#"):
            continue
        number += bool(line) and not is_open
        is_open = line.endswith("\\")
    return number


def packages_count(content: dict[str, Any]) -> tuple[int, int]:
    """Return how many packages a TOML lock has, with what each asks for, and how many sets."""
    packages = [*tables(content, "package"), *tables(content, "packages")]
    groups = [name for row in packages for name in texts(row, "groups")]
    own = [
        name
        for row in packages
        for key in ("dev-dependencies", "optional-dependencies")
        for name in table(row, key)
        if {"virtual", "editable"} & set(table(row, "source"))
    ]
    asked = sum(
        len(rows(row, "dependencies")) + len(table(row, "dependencies")) for row in packages
    )
    return len(packages) + len(groups) + asked, len({*groups, *own})


Check = Callable[[str, Upload], Iterator[Finding]]


def table(content: object, *keys: str) -> dict[str, Any]:
    """Return the table under *keys*; an empty one where something else stands."""
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content if isinstance(content, dict) else {}


def rows(content: object, *keys: str) -> list[Any]:
    """Return the list under *keys*; an empty one where something else stands."""
    found = table(content, *keys[:-1]).get(keys[-1])
    return found if isinstance(found, list) else []


def tables(content: object, *keys: str) -> list[dict[str, Any]]:
    return [row for row in rows(content, *keys) if isinstance(row, dict)]


def texts(content: object, *keys: str) -> list[str]:
    return [row for row in rows(content, *keys) if isinstance(row, str)]

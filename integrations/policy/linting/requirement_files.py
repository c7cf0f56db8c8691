"""Requirement files: what is declared in ``.in``, what is installed by ``.txt``."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from integrations.catalogue.validators import LONGEST_REQUIREMENT, quoted
from integrations.policy.linting.findings import Finding
from integrations.policy.linting.forms import Form, is_for_developers, is_production, root_of
from integrations.policy.linting.rules import finding
from integrations.policy.linting.tools import check_age
from integrations.policy.linting.upload import Upload
from matrix.rules.locks.parts import Pinned
from matrix.rules.locks.reading import UnreadableLock, read_lock

MOST_OF_ONE = 50  # Pins of one project in one set, each under another marker.
HASH = re.compile(r"\s--hash[= ](\S+)")
OPTION = re.compile(r"\s--(config-settings|global-option)[= ]\S+")
STRONG = ("sha256:", "sha384:", "sha512:")
ADDRESS = re.compile(r"(git|hg|svn|bzr)\+|https?://|ssh://", re.IGNORECASE)
PLACE = re.compile(r"\.{0,2}/|file:|[A-Za-z]:\\|\.$|.*\.(whl|tar\.gz|zip)$")
CREDENTIALS = re.compile(r"://[^/\s@]+@")
LAYER = re.compile(r"(-r|-c|--requirement|--constraint)[ =]?\s*(\S+)")
# What tests, checks and documentation need, and production does not.
TEST_TOOLS = re.compile(
    r"pytest(-.+)?|tox(-.+)?|nox|coverage|mypy|black|ruff|flake8(-.+)?|pylint|isort|pre-commit"
    r"|ipdb|hypothesis|factory-boy|faker|freezegun|django-debug-toolbar|sphinx(-.+)?|bandit"
    r"|pyflakes|playwright|selenium|twine|types-.+|.+-stubs|pip-tools|pipdeptree"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A logical line: what a back slash continues is one, and comments behind it belong to it."""

    number: int
    text: str
    raw: str  # With its comments, as a reader of locks wants it.


def logical_lines(text: str) -> list[Line]:
    found: list[Line] = []
    number, parts, raws, is_open = 0, [""], [""], False

    def close() -> None:
        if number and "".join(parts).strip():
            found.append(Line(number=number, text=" ".join(parts).strip(), raw="\n".join(raws)))

    for at, raw in enumerate(text.splitlines(), start=1):
        stripped = raw.strip()
        if stripped.startswith("#") or (not stripped and not is_open):
            raws.append(raw)
            continue
        if not is_open:
            close()
            number, parts, raws = at, [], []
        is_open = stripped.endswith("\\")
        parts.append(stripped.removesuffix("\\").strip())
        raws.append(raw)
    close()
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One requirement of a file."""

    number: int
    written: str  # Without hashes and comments.
    hashes: tuple[str, ...]
    requirement: Requirement | None  # None: not one of PEP 508.
    raw: str

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name) if self.requirement else ""

    @property
    def is_pinned(self) -> bool:
        if self.requirement is None:
            return False
        bounds = list(self.requirement.specifier)
        return (
            len(bounds) == 1
            and bounds[0].operator in {"==", "==="}
            and not bounds[0].version.endswith(".*")
        )


def entries_of(text: str) -> list[Entry]:
    """Return the requirements of a file, without its options."""
    return [_entry(line) for line in logical_lines(text) if not line.text.startswith("-")]


def _entry(line: Line) -> Entry:
    hashes = tuple(HASH.findall(line.text))
    written = OPTION.sub("", HASH.sub("", line.text)).partition(" #")[0].strip()
    return Entry(
        number=line.number,
        written=written,
        hashes=hashes,
        requirement=parsed(written),
        raw=line.raw,
    )


def parsed(text: str) -> Requirement | None:
    """Return the requirement that *text* is; None: none of PEP 508."""
    if len(text) > LONGEST_REQUIREMENT:
        return None
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None


def pins_of(text: str) -> tuple[tuple[Pinned, ...], dict[str, int]]:
    """Return the pins of a requirements file, and the line of each project."""
    pins: list[Pinned] = []
    lines: dict[str, int] = {}
    for entry in entries_of(text):
        if not entry.is_pinned:
            continue
        try:
            pins += read_lock(entry.raw)
        except UnreadableLock:
            continue
        lines.setdefault(entry.name, entry.number)
    return few(pins), lines


def few(pins: Iterable[Pinned]) -> tuple[Pinned, ...]:
    """Leave out what a project has more pins of than any lock: each is compared with others."""
    seen: Counter[str] = Counter()
    found = []
    for pin in pins:
        seen[pin.name] += 1
        if seen[pin.name] <= MOST_OF_ONE:
            found.append(pin)
    return tuple(found)


# --- What is wrong with a file -------------------------------------------------------------------
def check_requirements(path: str, upload: Upload) -> Iterator[Finding]:
    text = upload.files[path]
    is_lock = upload.forms[path] is Form.LOCK
    for line in logical_lines(text):
        if line.text.startswith("-"):
            yield from _option(path, line)
    entries = entries_of(text)
    fit: list[Entry] = []
    for entry in entries:
        if found := _place(path, entry):
            yield found
        elif entry.requirement is None:
            yield finding(
                "unreadable", path, entry.number, f"{quoted(entry.written)} is not a requirement."
            )
        else:
            fit.append(entry)
    if is_lock:
        yield from _pins(path, fit)
        for entry in fit:
            if entry.is_pinned and entry.requirement:
                version = next(iter(entry.requirement.specifier)).version
                yield from check_age(path, entry.number, entry.name, version, None)
        yield from _doubles(path, fit)
        if "constraint" not in path.rpartition("/")[2]:
            yield from _hashes(path, fit)
            yield from tools_of_tests(path, {entry.name: entry.number for entry in fit})
    else:
        yield from _layers(path, upload)


def _option(path: str, line: Line) -> Iterator[Finding]:
    option = re.split(r"[ =]", line.text, maxsplit=1)[0]
    number = line.number
    if CREDENTIALS.search(line.text):
        yield finding("credentials", path, number, f"{option} is given a user or a password.")
    if option in {"-e", "--editable"} or line.text.startswith("-e"):
        yield finding("editable", path, number, f"{quoted(line.text)} is an editable install.")
    elif option in {"--extra-index-url", "--trusted-host", "--find-links", "-f"}:
        yield finding("second-index", path, number, f"{option} opens a second source of releases.")


def _place(path: str, entry: Entry) -> Finding | None:
    """Return what is wrong with a requirement that names a place and no release."""
    found = entry.requirement
    where = found.url if found and found.url else "" if found else entry.written
    if not where:
        return None
    if CREDENTIALS.search(where) and "git@" not in where:
        return finding("credentials", path, entry.number, "The address has a user or a password.")
    if where.startswith("file:") or (not ADDRESS.match(where) and PLACE.match(where)):
        return finding(
            "local-path", path, entry.number, f"{quoted(entry.written)} is a path of one machine."
        )
    if ADDRESS.match(where):
        return finding(
            "address", path, entry.number, f"{quoted(entry.written)} comes from an address."
        )
    return None


def _pins(path: str, entries: list[Entry]) -> Iterator[Finding]:
    for entry in entries:
        if not entry.is_pinned:
            yield finding(
                "unpinned",
                path,
                entry.number,
                f'{quoted(entry.written)} is not pinned to one version with "==".',
            )


def _hashes(path: str, entries: list[Entry]) -> Iterator[Finding]:
    bare = [entry for entry in entries if not entry.hashes]
    if bare and len(bare) == len(entries):
        many = f"None of the {len(bare)} requirements" if len(bare) > 1 else "The one requirement"
        have = "has" if len(bare) > 1 else "lacks"
        yield finding("unhashed", path, bare[0].number, f"{many} {have} a hash.")
    else:
        for entry in bare:
            yield finding(
                "partly-hashed", path, entry.number, f"{quoted(entry.written)} has no hash."
            )
    for entry in entries:
        if entry.hashes and not any(found.startswith(STRONG) for found in entry.hashes):
            kind = entry.hashes[0].partition(":")[0]
            yield finding(
                "weak-hash", path, entry.number, f"{entry.name} has no hash but {quoted(kind)}."
            )


def _doubles(path: str, entries: list[Entry]) -> Iterator[Finding]:
    seen: dict[str, Entry] = {}
    for entry in entries:
        other = seen.setdefault(entry.name, entry)
        assert entry.requirement is not None
        assert other.requirement is not None
        if other is entry or entry.requirement.marker or other.requirement.marker:
            continue
        if entry.requirement.specifier != other.requirement.specifier:
            yield finding(
                "double-pin",
                path,
                entry.number,
                f"{quoted(entry.written)}, but line {other.number} has {quoted(other.written)}.",
            )


def tools_of_tests(path: str, lines: dict[str, int], set_name: str = "") -> Iterator[Finding]:
    """Yield what only tests need, if *path* is for production."""
    if set_name not in {"", "main"} or (not set_name and not is_production(path)):
        return
    for name, line in lines.items():
        if TEST_TOOLS.fullmatch(name):
            yield finding("test-tool", path, line, f"{name} is among what production installs.")


def _layers(path: str, upload: Upload) -> Iterator[Finding]:
    """Yield a set for developers that does not agree with the main one."""
    if not is_for_developers(path):
        return
    folder = path.rpartition("/")[0]
    others = [
        other
        for other in upload.of(Form.DECLARATION)
        if root_of(other) == root_of(path)
        and other.rpartition("/")[0] == folder
        and is_production(other)
    ]
    layers = [line.text for line in logical_lines(upload.files[path]) if LAYER.match(line.text)]
    if others and not layers:
        yield finding(
            "unconstrained",
            path,
            1,
            f"It is locked without a look at {others[0].rpartition('/')[2]}: a project can get "
            "another version here.",
        )

"""
Whether two markers can both hold on one machine, so that nobody compares what never meets.

Markers are evaluated on every machine that they tell apart: each Python around the versions that
they name, each platform and implementation, and one that they do not name. What is not looked at
counts as meeting: a conflict that is none is better than one that nobody is told.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.version import InvalidVersion, Version

# On one machine these belong together; another value stands with any others.
PLATFORMS = (
    ("linux", "Linux", "posix"),
    ("darwin", "Darwin", "posix"),
    ("win32", "Windows", "nt"),
)
IMPLEMENTATIONS = (("cpython", "CPython"), ("pypy", "PyPy"))
PLATFORM = ("sys_platform", "platform_system", "os_name")
IMPLEMENTATION = ("implementation_name", "platform_python_implementation")
PYTHON = ("python_full_version", "python_version")
OTHERS = ("platform_machine", "platform_release", "platform_version", "implementation_version")
# Of an installation, which has several at once, not of a machine.
CHOSEN = frozenset({"extra", "extras", "dependency_groups"})
# 'x' and "x" are texts, and what is neither a word of the language nor a text is a name.
OPERAND = re.compile(r"'([^']*)'|\"([^\"]*)\"|\b(?!(?:and|or|in|not)\b)([a-z_]+)")
MOST_MACHINES = 3_000  # On which one pair of markers is tried.
MOST_WORK = 100_000  # Of one instance, in short markers evaluated: a second or two.
TO_READ = 20  # So much work is it to read two short markers.
SHORT = 100  # Characters.
LONGEST = 8_000  # Characters of two markers.
ANOTHER = "another"

Machine = Mapping[str, str]


class Meeting:
    """Tells which markers can both hold; remembers the answers, and how much it worked."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], bool] = {}
        self._left = MOST_WORK

    def may_meet(self, one: str, other: str) -> bool:
        """Whether some machine satisfies both; "" holds everywhere."""
        if not one or not other or one == other:
            return True
        key = (min(one, other), max(one, other))
        if key not in self._known:
            self._known[key] = self._try(*key)
        return self._known[key]

    def _try(self, one: str, other: str) -> bool:
        if len(one) + len(other) > LONGEST:
            return True
        texts: dict[str, set[str]] = {}
        for name, text in (*_compared(one), *_compared(other)):
            texts.setdefault(name, set()).add(text)
        if texts.keys() & CHOSEN:
            return True
        choices = _choices(texts)
        number = 1
        for values in choices:
            number *= len(values)
        work = (TO_READ + number) * (1 + (len(one) + len(other)) // SHORT)
        if number > MOST_MACHINES or work > self._left:
            return True
        self._left -= work
        first, second = Marker(one), Marker(other)
        return any(
            _holds(first, machine) and _holds(second, machine) for machine in _machines(choices)
        )


def _compared(marker: str) -> Iterator[tuple[str, str]]:
    """Yield each name of a marker with the text that it is compared with."""
    operands = [found for found in OPERAND.findall(marker) if any(found)]
    for one, other in zip(operands[::2], operands[1::2], strict=False):
        texts = [left or right for left, right, name in (one, other) if not name]
        yield from ((name, text) for *_, name in (one, other) if name for text in texts or [""])


def _holds(marker: Marker, machine: Machine) -> bool:
    try:
        return marker.evaluate(dict(machine))
    except (UndefinedComparison, UndefinedEnvironmentName):
        return True


def _machines(choices: Iterable[list[Machine]]) -> Iterator[Machine]:
    for parts in product(*choices):
        yield {name: value for part in parts for name, value in part.items()}


def _choices(texts: Mapping[str, set[str]]) -> list[list[Machine]]:
    """Return what to try for each group of names; *texts* holds what each is compared with."""
    found: list[list[Machine]] = []
    if texts.keys() & {*PLATFORM}:
        found.append(_together(PLATFORM, PLATFORMS, texts))
    if texts.keys() & {*IMPLEMENTATION}:
        found.append(_together(IMPLEMENTATION, IMPLEMENTATIONS, texts))
    if texts.keys() & {*PYTHON}:
        found.append(
            [
                _python(full)
                for full in _pythons({text for name in PYTHON for text in texts.get(name, ())})
            ]
        )
    for name in OTHERS:
        if name in texts:
            versions = _pythons(texts[name]) if name != "platform_machine" else []
            values = dict.fromkeys([*sorted(texts[name]), ANOTHER, *versions])
            found.append([{name: value} for value in values])
    return found


def _together(
    group: tuple[str, ...], known: tuple[tuple[str, ...], ...], texts: Mapping[str, set[str]]
) -> list[Machine]:
    """Return the known rows of *group*, and rows of what none of them has: that can be anything."""
    free = []
    for place, name in enumerate(group):
        taken = {row[place] for row in known} - {"posix"}  # Many systems are that.
        others = texts.get(name, set()) | ({"posix"} if name == "os_name" else set())
        free.append([*sorted(others - taken), ANOTHER])
    rows = [*known, *product(*free)]
    return [dict(zip(group, row, strict=True)) for row in rows]


def _python(full: str) -> Machine:
    return {"python_full_version": full, "python_version": ".".join(full.split(".")[:2])}


def _pythons(texts: Iterable[str]) -> list[str]:
    """Return versions on both sides of, and at, each version that is named."""
    found: set[Version] = set()
    for word in {word for text in texts for word in re.split(r"[\s,|;]+", text)}:
        try:
            named = Version(word.removesuffix(".*"))
        except InvalidVersion:
            continue
        major, minor, patch = (*named.release, 0, 0)[:3]
        found |= {Version(f"{major}.{minor}.{patch}"), Version(f"{major}.{minor}.{patch + 1}")}
        found |= {Version(f"{major}.{minor + 1}.0"), Version(f"{major + 1}.0.0")}
        found |= {Version(f"{major}.{minor}.{patch - 1}")} if patch else set()
        found |= {Version(f"{major}.{minor - 1}.99")} if minor else set()
        found |= {Version(f"{major - 1}.99.99")} if major else set()
        found |= {named} if named.is_prerelease and len(named.release) > 2 else set()  # noqa: PLR2004
    return [str(version) for version in sorted(found)] or ["3.13.0"]

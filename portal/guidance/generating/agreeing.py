"""
What was reviewed and published, as a tool is told to lock exactly that.

uv has constraints, Poetry a group that nobody installs, and pip and pip-tools the published lock
itself. Pipenv has nothing that binds its lock, so that one is written here, with the hashes that
were reviewed; a category with the same pins keeps ``pipenv lock`` from making another one.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from packaging.markers import Marker

from integrations.policy.linting.staleness import pipfile_hash
from matrix.rules.facts import Python
from matrix.rules.locks.parts import MAIN
from matrix.rules.resolution import full_python
from portal.guidance.generating.choice import REVIEWED, Choice

# The heading of a set in the Pipfile, and in its lock.
HEADINGS = {"main": "packages", "dev": "dev-packages"}
SECTIONS = {"main": "default", "dev": "develop"}
# Where markers are tried: systems, machines, and how many minor versions of Python from the chosen.
SYSTEMS = (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))
MACHINES = ("x86_64", "aarch64")
PYTHONS = 4
Environment = Mapping[str, str]


class Pin(NamedTuple):
    """One published pin."""

    name: str
    version: str
    marker: str = ""  # As PEP 508 writes it; "": it holds everywhere.

    @classmethod
    def read(cls, text: str) -> "Pin":
        """Read ``numpy==2.3.0 ; python_version >= '3.14'``."""
        pinned, _, marker = text.partition(" ; ")
        name, _, version = pinned.partition("==")
        return cls(name, version, in_single_quotes(marker))

    def __str__(self) -> str:
        return f"{self.pinned} ; {self.marker}" if self.marker else self.pinned

    @property
    def pinned(self) -> str:
        """``django==5.2.8``."""
        return f"{self.name}=={self.version}"

    def holds(self, environment: Environment) -> bool:
        return not self.marker or Marker(self.marker).evaluate(dict(environment))


def in_single_quotes(marker: str) -> str:
    """Return a marker in the quotes that need no escaping in TOML and JSON."""
    return marker if "'" in marker else marker.replace('"', "'")


def pins_of(choice: Choice, name: str) -> tuple[Pin, ...]:
    """Return what is published of one set; main's pins stand where the two do not agree."""
    own = _parsed(choice, name)
    if name == MAIN or not (other := _beside_main(choice, name)):
        return own
    main = _parsed(choice, MAIN)
    kept = [pin for pin in own if pin.name not in other]
    return (*kept, *(pin for pin in main if pin.name in other))


def _parsed(choice: Choice, name: str) -> tuple[Pin, ...]:
    return tuple(map(Pin.read, choice.reviewed.get(name, ())))


def binding(choice: Choice) -> tuple[str, ...]:
    """
    Return the pins that bind one resolution of all sets, as PEP 508 writes them.

    Where other sets have a project at two versions for the same environment, main's pins stand.
    """
    left_out = _split(choice)
    pins = {pin for name in choice.others for pin in pins_of(choice, name)}
    kept = {pin for pin in pins if pin.name not in left_out}
    return tuple(sorted(map(str, {*kept, *_parsed(choice, MAIN)})))


def notes_of_agreement(choice: Choice) -> Iterator[str]:
    """Say where the tool cannot lock exactly what was reviewed, and why."""
    if choice.tool in {"uv", "poetry"}:
        for project in sorted(_split(choice)):
            yield (
                f"The published sets pin {project} at different versions "
                f"({_told(choice, project)}). A lock of all sets has one of them, so "
                f"{choice.tool} is bound to neither: update the sets in the portal."
            )
    for name in choice.others:
        for project in sorted(_beside_main(choice, name)):
            yield (
                f"The published sets pin {project} at different versions "
                f"({_told(choice, project)}). That of main is taken: update {name} in the portal."
            )
    if choice.tool == "pipenv" and writes_pipfile_lock(choice):
        yield from _notes_of_pipenv(choice)


def agrees_with_main(choice: Choice, name: str) -> bool:
    return not _beside_main(choice, name)


def _beside_main(choice: Choice, name: str) -> set[str]:
    """Return the projects that one other set has at versions that main does not have."""
    return _at_two_versions([*_parsed(choice, name), *_parsed(choice, MAIN)], choice)


def _split(choice: Choice) -> set[str]:
    return _at_two_versions([p for name in choice.sets for p in pins_of(choice, name)], choice)


def _told(choice: Choice, project: str) -> str:
    found = (
        f"{name} {', '.join(sorted(pin.version for pin in pins))}"
        for name in choice.sets
        if (pins := [pin for pin in _parsed(choice, name) if pin.name == project])
    )
    return "; ".join(found)


def _at_two_versions(pins: Iterable[Pin], choice: Choice) -> set[str]:
    """Return the projects of which two versions hold in one environment."""
    by_name: dict[str, set[Pin]] = {}
    for pin in pins:
        by_name.setdefault(pin.name, set()).add(pin)
    several = {name: p for name, p in by_name.items() if len({one.version for one in p}) > 1}
    return {
        name
        for name, found in several.items()
        for environment in _environments(choice)
        if len({pin.version for pin in found if pin.holds(environment)}) > 1
    }


def _environments(choice: Choice) -> Iterator[Environment]:
    minors = range(choice.minor, choice.minor + PYTHONS)
    for minor, (system, platform, os_name), machine in product(minors, SYSTEMS, MACHINES):
        yield {
            "python_version": f"3.{minor}",
            "python_full_version": full_python(Python(minor)),
            "implementation_version": full_python(Python(minor)),
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "sys_platform": system,
            "platform_system": platform,
            "platform_machine": machine,
            "os_name": os_name,
            "platform_release": "",
            "platform_version": "",
            "extra": "",
        }


# --- Pipenv --------------------------------------------------------------------------------------
def writes_pipfile_lock(choice: Choice) -> bool:
    """Whether something is published, with all that a Pipfile.lock needs: hashes and an index."""
    pins = [pin for name in choice.sets for pin in _parsed(choice, name)]
    has_index = bool(choice.index_url or choice.default_index_url)
    return has_index and bool(pins) and all(choice.hashes.get(pin.pinned) for pin in pins)


def _notes_of_pipenv(choice: Choice) -> Iterator[str]:
    yield (
        "Pipfile.lock is made of what was reviewed. Do not run pipenv lock: it takes the newest "
        "releases, and ends where main then has other versions than the category "
        f"{REVIEWED} of the Pipfile."
    )
    pins = {pin for name in choice.sets for pin in pins_of(choice, name)}
    names = {(pin.name, pin.version) for pin in pins}
    several = sorted({name for name, _ in names if sum(n == name for n, _ in names) > 1})
    if several:
        yield (
            f"A Pipfile.lock has one version of each project. Of {', '.join(several)} it has the "
            f"one for Linux and Python {choice.python}."
        )


def one_of_each(pins: Iterable[Pin], choice: Choice) -> dict[str, Pin]:
    """Return the pins by name: of several versions the one for Linux and the chosen Python."""
    by_name: dict[str, list[Pin]] = {}
    for pin in pins:
        by_name.setdefault(pin.name, []).append(pin)
    here = next(_environments(choice))
    found = {}
    for name in sorted(by_name):
        several = by_name[name]
        fitting = several if len(several) == 1 else [pin for pin in several if pin.holds(here)]
        if fitting:
            found[name] = fitting[0]
    return found


def pipfile_lock(choice: Choice, pipfile: str) -> str:
    """Return the lock that belongs to the text of a Pipfile, as Pipenv writes it."""
    declared: dict[str, Any] = tomllib.loads(pipfile)
    content: dict[str, Any] = {
        "_meta": {
            "hash": {"sha256": pipfile_hash(declared)},
            "pipfile-spec": 6,
            "requires": declared["requires"],
            "sources": declared["source"],
        },
        "default": {},
        "develop": {},
        REVIEWED: _section(choice, map(Pin.read, binding(choice))),
    }
    for name in choice.sets:
        content[SECTIONS.get(name, name)] = _section(choice, pins_of(choice, name))
    return json.dumps(content, indent=4, separators=(",", ": "), sort_keys=True) + "\n"


def _section(choice: Choice, pins: Iterable[Pin]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "hashes": sorted(choice.hashes[pin.pinned]),
            **({"markers": pin.marker} if pin.marker else {}),
            "version": f"=={pin.version}",
        }
        for name, pin in one_of_each(pins, choice).items()
    }

"""The state of one locked set as a part of an application's channel: canonical JSON and back."""

import json
from dataclasses import dataclass
from typing import Any

from matrix.rules.parts import UnreadableSnapshot

SCHEMA = 1
KIND = "lock"
SETTINGS = "settings"  # The kind and the name of the part with an application's own settings.
MAIN = "main"
TOOL = "tool"  # The part with the programs that install the others, locked by themselves.


@dataclass(frozen=True, kw_only=True, slots=True)
class Pinned:
    """One release of a lock, with everything that may be installed of it."""

    name: str  # Normalised by PEP 503.
    version: str
    hashes: tuple[str, ...] = ()  # "sha256:…", ascending.
    marker: str = ""  # Where it is installed, as PEP 508 writes it; "": everywhere.
    # Who asks for it: names of other pins of the lock. Empty: it is declared, and by nobody else.
    required_by: tuple[str, ...] = ()
    is_declared: bool = False

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"

    @property
    def requirement(self) -> str:
        """The pin as PEP 508 writes it: ``numpy==2.3.0 ; python_full_version >= '3.14'``."""
        return f"{self} ; {self.marker}" if self.marker else str(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class LockPart:
    """One set of requirements and what it was locked to."""

    name: str  # "main", "dev": the name of the set and of its part.
    declared: tuple[str, ...]  # Requirements as written, without comments; in their order.
    python: str  # "3.13": the lowest that the lock holds for.
    constrained_by: str = ""  # The set whose pins bind this one.
    pinned: tuple[Pinned, ...] = ()  # By name, then by marker.
    pylock: str = ""  # The same as PEP 751 has it; it names the files and where they are.


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicationPart:
    """What decides the files beside the locks."""

    application: str
    python: str
    tool: str
    platform: str
    start_command: str
    environment_path: str
    sets: tuple[str, ...]  # In order; the main one first.
    is_django: bool = True
    test_command: str = ""
    base_image: str = ""
    locks_tool: bool = False
    installs_pylock: bool = False


Part = LockPart | ApplicationPart


def write(part: Part) -> str:
    """Return the bytes of a snapshot as text: the same text for the same part."""
    content = _lock(part) if isinstance(part, LockPart) else _settings(part)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read(body: str) -> Part:
    """Return what :func:`write` wrote; raises UnreadableSnapshot."""
    content = json.loads(body)
    match content:
        case {"schema": 1, "kind": "lock"}:
            return _read_lock(content)
        case {"schema": 1, "kind": "settings"}:
            return _read_settings(content)
        case {"schema": schema, "kind": kind}:
            raise UnreadableSnapshot(f"Schema {schema} of a {kind} is newer than this portal.")
    raise UnreadableSnapshot("The body of a snapshot names neither its schema nor its kind.")


def _lock(part: LockPart) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "name": part.name,
        "declared": list(part.declared),
        "python": part.python,
        "constrained_by": part.constrained_by,
        "pinned": [_pinned(pin) for pin in part.pinned],
        "pylock": part.pylock,
    }


def _pinned(pin: Pinned) -> dict[str, Any]:
    content: dict[str, Any] = {"name": pin.name, "version": pin.version, "hashes": [*pin.hashes]}
    if pin.marker:
        content["marker"] = pin.marker
    if pin.required_by:
        content["required_by"] = list(pin.required_by)
    if pin.is_declared:
        content["declared"] = True
    return content


def _read_lock(content: dict[str, Any]) -> LockPart:
    return LockPart(
        name=content["name"],
        declared=tuple(content["declared"]),
        python=content["python"],
        constrained_by=content["constrained_by"],
        pinned=tuple(
            Pinned(
                name=pin["name"],
                version=pin["version"],
                hashes=tuple(pin["hashes"]),
                marker=pin.get("marker", ""),
                required_by=tuple(pin.get("required_by", ())),
                is_declared=pin.get("declared", False),
            )
            for pin in content["pinned"]
        ),
        pylock=content["pylock"],
    )


def _settings(part: ApplicationPart) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "kind": SETTINGS,
        "application": part.application,
        "python": part.python,
        "tool": part.tool,
        "platform": part.platform,
        "start_command": part.start_command,
        "environment_path": part.environment_path,
        "sets": list(part.sets),
        "is_django": part.is_django,
        "test_command": part.test_command,
        "base_image": part.base_image,
        "locks_tool": part.locks_tool,
        "installs_pylock": part.installs_pylock,
    }


def _read_settings(content: dict[str, Any]) -> ApplicationPart:
    return ApplicationPart(
        application=content["application"],
        python=content["python"],
        tool=content["tool"],
        platform=content["platform"],
        start_command=content["start_command"],
        environment_path=content["environment_path"],
        sets=tuple(content["sets"]),
        is_django=content.get("is_django", True),  # Snapshots from before there was a choice.
        test_command=content.get("test_command", ""),
        base_image=content.get("base_image", ""),
        locks_tool=content.get("locks_tool", False),
        installs_pylock=content.get("installs_pylock", False),
    )

"""What is resolved, under which key it is remembered, and what comes out: pins."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from matrix.rules.facts import Python

DEFAULT_PLATFORM = "x86_64-manylinux_2_28"
# The newest patch release of each minor: uv takes "3.9" for 3.9.0, which many releases of projects
# exclude. Source: the list that uv 0.13.8 has built in (``uv python list --all-versions``); for
# 3.6 and 3.7, which it leaves out, their last releases (PEP 494, PEP 537).
NEWEST_PATCHES = {
    6: 15, 7: 17, 8: 20, 9: 25, 10: 22, 11: 18, 12: 16, 13: 18, 14: 10, 15: 2,
}  # fmt: skip
LONGEST_TOLD = 80
PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9.!+_-]*)")


class UnreadablePins(ValueError):
    """A line that is not a project, two equal signs and a version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentRequest:
    """Everything that decides what an environment gets installed, but the version of uv."""

    requirements: tuple[str, ...]  # PEP 508; their order plays no role.
    python: Python
    index_url: str
    platform: str = DEFAULT_PLATFORM  # As uv calls it.
    allows_prereleases: bool = False
    allows_builds: bool = False
    # Files that came later do not exist. Only for an index that proves upload times: without
    # them uv takes every file for one that came later.
    exclude_newer: datetime | None = None
    # Projects with a moment of their own: a release that skips the cooldown.
    exclude_newer_projects: tuple[tuple[str, datetime], ...] = ()
    # The cut-off where the index proves no upload times: uv never sees it, but a later one makes
    # another key, or the pins would freeze for ever.
    facts_at: datetime | None = None
    preferences: tuple[str, ...] = ()  # Pins that are kept where they can be: "anyio==4.9.0".
    constraints: tuple[str, ...] = ()  # Limits for whatever is pulled in: "anyio!=4.9.1".

    def __post_init__(self) -> None:
        moments = [self.exclude_newer, self.facts_at]
        moments += [moment for _, moment in self.exclude_newer_projects]
        if any(moment is not None and moment.tzinfo is None for moment in moments):
            raise ValueError("A moment of a resolution needs a time zone.")

    def key(self, uv_version: str) -> str:
        """Return the SHA-256 of the canonical form, in which order and repetition are gone."""
        form = {**self.canonical(), "uv": uv_version, "full_python": self.full_python}
        text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def full_python(self) -> str:
        """``3.9.25``; the result for 3.14 is that for 3.14t too."""
        return full_python(self.python)

    def canonical(self) -> dict[str, Any]:
        """Return what :meth:`read` understands, as JSON can hold it."""
        return {
            "requirements": sorted(set(self.requirements)),
            "python": f"3.{self.python.minor}",
            "platform": self.platform,
            "index_url": self.index_url,
            "allows_prereleases": self.allows_prereleases,
            "allows_builds": self.allows_builds,
            "exclude_newer": moment_text(self.exclude_newer),
            "exclude_newer_projects": sorted(
                [canonicalize_name(name), moment_text(moment)]
                for name, moment in self.exclude_newer_projects
            ),
            "facts_at": moment_text(self.facts_at),
            "preferences": sorted(set(self.preferences)),
            "constraints": sorted(set(self.constraints)),
        }

    @classmethod
    def read(cls, form: dict[str, Any]) -> "EnvironmentRequest":
        """Return the request that has this canonical form."""
        return cls(
            requirements=tuple(form["requirements"]),
            python=Python.parse(form["python"]),
            platform=form["platform"],
            index_url=form["index_url"],
            allows_prereleases=form["allows_prereleases"],
            allows_builds=form["allows_builds"],
            exclude_newer=_moment(form["exclude_newer"]),
            exclude_newer_projects=tuple(
                (name, datetime.fromisoformat(text))
                for name, text in form["exclude_newer_projects"]
            ),
            facts_at=_moment(form["facts_at"]),
            preferences=tuple(form["preferences"]),
            constraints=tuple(form["constraints"]),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class LockRequest(EnvironmentRequest):
    """
    A set of requirements to lock: for every platform and every Python from ``python`` up, with the
    hashes of all files and with who asks for what.
    """

    as_pylock: bool = False  # The form of PEP 751, else requirements as pip reads them.

    @property
    def full_python(self) -> str:
        """``3.13.0``: a lock holds from the first patch release on; images may have any."""
        return f"3.{self.python.minor}.0"

    @property
    def why_not(self) -> str:
        """Why no lock is made of this: what names no release; "" when nothing speaks against."""
        for text in (*self.requirements, *self.constraints, *self.preferences):
            try:
                has_address = Requirement(text).url is not None
            except (InvalidRequirement, RecursionError):
                return f'"{text[:LONGEST_TOLD]}" is not a requirement, so nothing was locked.'
            if has_address:
                return (
                    f'"{text[:LONGEST_TOLD]}" comes from an address, and a lock takes releases '
                    "from the index alone. Publish it to the index."
                )
        return ""


def full_python(python: Python) -> str:
    """Return the patch release that stands for *python*; the first one where none is known."""
    return f"3.{python.minor}.{NEWEST_PATCHES.get(python.minor, 0)}"


def moment_text(moment: datetime | None) -> str | None:
    """``2026-08-10T08:45:00Z``, the form of RFC 3339 that uv reads."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def read_pins(text: str) -> tuple[str, ...]:
    """Return the pins of a file of requirements, by name; comments go. Raises UnreadablePins."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return in_order(line for line in lines if line)


def in_order(pins: Iterable[str]) -> tuple[str, ...]:
    """Return *pins* sorted by normalised name, each once. Raises UnreadablePins."""
    found: dict[str, str] = {}
    for pin in pins:
        match = PIN.fullmatch(pin)
        if match is None:
            raise UnreadablePins(f'"{pin}" is not a pin such as anyio==4.9.0.')
        name = canonicalize_name(match[1])
        if found.setdefault(name, pin) != pin:
            raise UnreadablePins(f"{name} is pinned twice: {found[name]} and {pin}.")
    return tuple(found[name] for name in sorted(found))


def pins_text(pins: Iterable[str]) -> str:
    """Return the one written form of a pin set: a line for each."""
    return "".join(f"{pin}\n" for pin in in_order(pins))


def pin_set_key(pins: Iterable[str]) -> str:
    """Return the name of a pin set: the SHA-256 of its written form."""
    return hashlib.sha256(pins_text(pins).encode()).hexdigest()

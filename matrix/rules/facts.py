"""What the rules are given: frozen values that ``matrix/sdk.py`` makes of catalogue and index."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import total_ordering

from packaging.specifiers import SpecifierSet
from packaging.version import Version


class PrereleasePolicy(Enum):
    NEVER = "never"
    CANDIDATES = "rc"
    ANY = "any"


class FreeThreading(Enum):
    ANY = "any"
    ONLY = "only"
    NEVER = "never"


@total_ordering
@dataclass(frozen=True, slots=True)
class Python:
    """A minor version of CPython 3, with or without the GIL. Sorts as tox's factors do."""

    minor: int
    free_threaded: bool = False

    @classmethod
    def parse(cls, text: str) -> "Python":
        """Read ``3.14``, ``3.14t`` or the factor ``py3.14t``; raises ValueError."""
        major, _, minor = text.removeprefix("py").removesuffix("t").partition(".")
        if major != "3" or not minor.isdigit():
            raise ValueError(f'"{text}" is not a Python 3 such as 3.12 or 3.14t.')
        return cls(int(minor), text.endswith("t"))

    def __lt__(self, other: "Python") -> bool:
        return (self.minor, self.free_threaded) < (other.minor, other.free_threaded)

    def __str__(self) -> str:
        return f"3.{self.minor}{'t' if self.free_threaded else ''}"

    @property
    def factor(self) -> str:
        """``py3.14t``."""
        return f"py{self}"

    @property
    def version(self) -> Version:
        """What specifiers on Python are tested against: the bare minor, ``3.14``."""
        return Version(f"3.{self.minor}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """One version of a project as the index showed it at ``as_of``."""

    version: Version
    # Aware; the earliest upload of any file. None: the index has no files of it (any more).
    uploaded_at: datetime | None
    # False: the index does not say when; ``uploaded_at`` is when the portal first saw the file, or
    # long ago for a file of its very first poll.
    is_time_known: bool = True
    # True when every file is yanked: PEP 592 yanks files, not releases.
    is_yanked: bool = False
    yank_reason: str = ""
    # ABI tags of its wheels: "none", "abi3", "cp314", "cp314t". Empty: sdists alone.
    abi_tags: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """The part of a release's core metadata that says on which Pythons it runs."""

    classifiers: tuple[str, ...] = ()
    requires_python: str = ""  # As written; may be something that no parser accepts.


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldRule:
    """A hold as the rules see it; only holds that are in force at ``as_of`` are passed."""

    releases: SpecifierSet
    is_everywhere: bool
    text: str  # What the reason line says: "broken wheels (issue 7)".


@dataclass(frozen=True, kw_only=True, slots=True)
class PinnedPickRule:
    version: Version
    skips_cooldown: bool
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonRestrictionRule:
    releases: SpecifierSet
    pythons: SpecifierSet
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequirementRule:
    """Requirements for some releases and some Pythons; rules that match add up, in order."""

    releases: SpecifierSet
    pythons: SpecifierSet
    free_threading: FreeThreading
    requirements: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedConstraintRule:
    """A bound on one project wherever it is installed; only those in force are passed."""

    project: str  # Normalised.
    bound: SpecifierSet
    requirement: str  # As files carry it: "setuptools<82".
    pythons: SpecifierSet = field(default_factory=SpecifierSet)
    free_threading: FreeThreading = FreeThreading.ANY
    group: str = ""  # Empty: every integration of the SDK.
    text: str = ""  # Why.


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Everything that decides what is picked for one integration."""

    as_of: datetime
    pythons: tuple[Python, ...]  # Supported by the SDK, ascending, without free-threaded ones.
    free_threading_from: Python | None = None
    cooldown: timedelta = timedelta()
    bypasses: frozenset[Version] = frozenset()  # Releases that need not wait.
    bypass_reasons: tuple[tuple[Version, str], ...] = ()  # Why each of them need not.
    minimum: Version | None = None
    tests_exact_minimum: bool = False
    include: SpecifierSet = field(default_factory=SpecifierSet)
    number_of_versions: int | None = None  # At least 2; a prerelease comes on top.
    prereleases: PrereleasePolicy = PrereleasePolicy.ANY
    advisory_prereleases: bool = False
    restrictions: tuple[PythonRestrictionRule, ...] = ()
    pinned_picks: tuple[PinnedPickRule, ...] = ()
    holds: tuple[HoldRule, ...] = ()
    quarantine: str = ""  # Why the index quarantined the project (PEP 792); empty: it did not.


class Check(Enum):
    """The checks in their order; the first that applies to a release is its main reason."""

    NOT_UPLOADED_YET = "not uploaded yet"
    UNAVAILABLE = "unavailable"  # No files, yanked, quarantined.
    HELD_EVERYWHERE = "held everywhere"
    HELD = "held"
    COOLDOWN = "cooldown"
    BELOW_MINIMUM = "below the minimum"
    POST_OR_DEV = "post or development release"
    NOT_INCLUDED = "not included"
    OLDER_PATCH = "older patch"
    BELOW_LOW_END = "below the low end"
    SAMPLED_OUT = "sampled out"
    PRERELEASE = "prerelease"
    NO_PYTHON = "no Python in common"


class PickReason(Enum):
    LOWEST = "lowest"
    LATEST = "latest"
    HIGHEST_OF_MAJOR = "highest of major"
    EVENLY_SPACED = "evenly spaced"
    EXACT_MINIMUM = "exact minimum"
    PRERELEASE = "prerelease"
    PINNED = "pinned"
    BYPASS = "cooldown bypass"  # Never alone: it stands after why the release is one.


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact in words: ``Reason("cooldown", "5 days old (needs 7)")``."""

    kind: str  # The value of a Check or a PickReason.
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pick:
    """A release chosen for the matrix. ``pythons`` is empty when it has none in common."""

    version: Version
    pythons: tuple[Python, ...]
    reasons: tuple[Reason, ...]
    is_advisory: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """A verdict for every known release: it is a pick, or it is rejected with reasons."""

    picks: tuple[Pick, ...]  # Ascending; only picks with at least one Python.
    rejected: Mapping[Version, tuple[Reason, ...]]  # The main reason first.
    notes: tuple[Reason, ...] = ()  # What a reviewer should know of the whole selection.
    # Picks whose free threading is read from pure-Python wheels: what they install decides.
    assumed: frozenset[Version] = frozenset()

    @property
    def latest(self) -> Pick | None:
        """The highest pick that is not a prerelease: what ``-latest`` stands for."""
        stable = [pick for pick in self.picks if not pick.version.is_prerelease]
        return max(stable, key=lambda pick: pick.version, default=None)


@dataclass(frozen=True, slots=True)
class Needs:
    """The facts without which the selection cannot go on: metadata of these releases."""

    versions: frozenset[Version]

"""
The two conflicts of locked sets that no single installation shows.

*Split pin*: one project at two versions on one machine, in two sets. *Held back*: the main set,
locked together with the others, has an older version than alone. Each is told with what causes it:
the requirement that a set declares, and the chain from there to the project.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice, product

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from matrix.rules.locks.chains import Chain, Chains, written
from matrix.rules.locks.markers import Meeting
from matrix.rules.locks.parts import Pinned

Declared = Mapping[str, Sequence[str]]  # Requirements as written, by the name of the set.
# Locks that nobody vouches for are looked at too. Nobody reads more chains.
MOST_CHAINS = 100
MOST_COMPARED = 10_000  # Pairs of pins of one project, which real locks pin a few times.


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitPin:
    """One project at several versions."""

    project: str
    # By the name of the set; where it holds in parentheses: 1.0 (sys_platform == "win32").
    versions: Mapping[str, str]
    chains: Mapping[str, Chain]  # Why each set has it.
    declared: Mapping[str, str] = field(default_factory=dict)  # What a set itself asks of it.

    def __str__(self) -> str:
        return f"{self.project} is {' and '.join(self._told())}."

    def _told(self) -> Iterator[str]:
        for name, version in self.versions.items():
            chain = self.chains.get(name, ())
            because = f" because of {written(chain)}" if len(chain) > 1 else ""
            if name in self.declared:
                because = f" (it declares {self.declared[name]})"
            yield f"{version} in {name}{because}"


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldBack:
    """A project that is older in the main set when the other sets are locked with it."""

    project: str
    alone: str  # The version of the main set locked by itself, and where it holds.
    together: str  # The version that all sets agree on.
    chain: Chain  # From what another set declares to the project.
    cause: tuple[str, str] | None = None  # A set and what it declares, where that is known.

    def __str__(self) -> str:
        return (
            f"{self.project} is held back: {self.together} with all sets, "
            f"{self.alone} by itself{self._because()}."
        )

    def _because(self) -> str:
        if self.cause is None:
            return f" because of {written(self.chain)}" if self.chain else ""
        chain = f": {written(self.chain)}" if len(self.chain) > 1 else ""
        return f" because {self.cause[0]} declares {self.cause[1]}{chain}"


# --- Split pins ----------------------------------------------------------------------------------
def split_pins(
    locks: Mapping[str, Sequence[Pinned]], *, declared: Declared | None = None
) -> list[SplitPin]:
    """
    Return the projects that two sets pin to different versions for the same machines.

    *declared* says what the sets ask for: a requirement that does not allow the version of another
    set is told as the cause. The first :data:`MOST_CHAINS` have their chains.
    """
    meeting = Meeting()
    rows_of = {name: _by_project(pins) for name, pins in locks.items()}
    chains = {name: Chains(pins) for name, pins in locks.items()}
    found: list[SplitPin] = []
    for project in sorted({project for rows in rows_of.values() for project in rows}):
        having = {name: rows[project] for name, rows in rows_of.items() if project in rows}
        if len(having) > 1 and (clashing := _clashing(having, meeting)):
            told = clashing if len(found) < MOST_CHAINS else {}
            found.append(
                SplitPin(
                    project=project,
                    versions={name: _told(pins) for name, pins in clashing.items()},
                    chains={
                        name: chains[name].to(project, version=pins[0].version)
                        for name, pins in told.items()
                    },
                    declared=_asked(project, clashing, declared or {}),
                )
            )
    return found


def _asked(
    project: str, clashing: Mapping[str, Sequence[Pinned]], declared: Declared
) -> dict[str, str]:
    """Return by set the requirement that does not allow what another set has."""
    found: dict[str, str] = {}
    for name in clashing:
        others = [pin for other, rows in clashing.items() if other != name for pin in rows]
        if text := _forbidding(declared.get(name, ()), project, others):
            found[name] = text
    return found


def _by_project(pins: Iterable[Pinned]) -> dict[str, list[Pinned]]:
    found: dict[str, list[Pinned]] = {}
    for pin in pins:
        found.setdefault(pin.name, []).append(pin)
    return found


Place = tuple[Version, str]  # A release of one project, and the marker where it is installed.


def _places(pins: Iterable[Pinned]) -> dict[Place, Pinned]:
    """Return what is told apart of the pins of one project: the first pin of each place."""
    found: dict[Place, Pinned] = {}
    for pin in pins:
        found.setdefault((_release(pin.version), pin.marker), pin)
    return found


def _clashing(
    having: Mapping[str, Sequence[Pinned]], meeting: Meeting
) -> dict[str, tuple[Pinned, ...]]:
    """Return of the pins of one project, by set, those that disagree with one of another set."""
    places = {name: _places(pins) for name, pins in having.items()}
    if len({release for each in places.values() for release, _ in each}) == 1:
        return {}
    found: dict[str, set[Place]] = {name: set() for name in having}
    for (ours, one), (theirs, other) in combinations(places.items(), 2):
        for mine, yours in _pairs(one, other):
            if mine[0] != yours[0] and meeting.may_meet(mine[1], yours[1]):
                found[ours].add(mine)
                found[theirs].add(yours)
    return {
        name: tuple(places[name][place] for place in sorted(which))
        for name, which in found.items()
        if which
    }


def _pairs(one: Iterable[Place], other: Iterable[Place]) -> Iterable[tuple[Place, Place]]:
    return islice(product(one, other), MOST_COMPARED)


# --- What is held back ---------------------------------------------------------------------------
def held_back(
    alone: Sequence[Pinned],
    together: Sequence[Pinned],
    *,
    others: Sequence[Pinned] = (),
    declared: Declared | None = None,
) -> list[HeldBack]:
    """
    Return what the main set gives up when all sets are locked together.

    *alone* is the main set locked by itself, *together* what all sets agree on, *others* the pins
    that come with the other sets, *declared* what those sets ask for: what does not allow a version
    of the main set is the cause, else the shortest chain over what only they bring. The first
    :data:`MOST_CHAINS` have their chains.
    """
    meeting, chains = Meeting(), Chains(together)
    best, agreed = _by_project(alone), _by_project(together)
    asked = _restricting(declared or {}, best)
    theirs = ({pin.name for pin in others} or agreed.keys()) - best.keys()
    found: list[HeldBack] = []
    for project in sorted(best.keys() & agreed.keys()):
        lower = _lower(best[project], agreed[project], meeting)
        if not lower:
            continue
        first, is_told = lower[0][1], len(found) < MOST_CHAINS
        chain = _cause(first, chains, asked, theirs) if is_told else ()
        found.append(
            HeldBack(
                project=project,
                alone=_told(pin for pin, _ in lower),
                together=_told(pin for _, pin in lower),
                chain=chain,
                cause=_declaring(chain, asked, declared or {}),
            )
        )
    return found


def _lower(
    alone: Sequence[Pinned], together: Sequence[Pinned], meeting: Meeting
) -> list[tuple[Pinned, Pinned]]:
    """Return the pins of one project that a lower one takes the place of, each with that."""
    ours, theirs = _places(alone), _places(together)
    return [
        (ours[one], theirs[other])
        for one, other in _pairs(ours, theirs)
        if other[0] < one[0] and meeting.may_meet(one[1], other[1])
    ]


def _restricting(
    declared: Declared, best: Mapping[str, Sequence[Pinned]]
) -> dict[str, tuple[str, str]]:
    """Return by project the set, and its requirement, that does not allow what main has alone."""
    found: dict[str, tuple[str, str]] = {}
    for name, requirements in declared.items():
        for project, pins in best.items() if requirements else ():
            if text := _forbidding(requirements, project, pins):
                found.setdefault(project, (name, text))
    return found


def _cause(pin: Pinned, chains: Chains, asked: Collection[str], others: Collection[str]) -> Chain:
    """Return the chain that says most; () for a project that main, too, asks for by itself."""
    found: Chain = ()
    for starts in (asked, others):
        if starts and not found:
            found = chains.to(pin.name, starts, version=pin.version)
    found = found or chains.to(pin.name, version=pin.version)
    return found if len(found) > 1 or pin.name in asked else ()


def _declaring(
    chain: Chain, asked: Mapping[str, tuple[str, str]], declared: Declared
) -> tuple[str, str] | None:
    """Return the set that declares the head of *chain*, and how."""
    if not chain:
        return None
    head = chain[0].partition(" ")[0]
    if head in asked:
        return asked[head]
    for name, requirements in declared.items():
        for text in requirements:
            wanted = _parsed(text)
            if wanted and canonicalize_name(wanted.name) == head:
                return name, text
    return None


# --- Words and versions --------------------------------------------------------------------------
def _forbidding(requirements: Iterable[str], project: str, pins: Iterable[Pinned]) -> str:
    """Return the first of *requirements* that does not allow one of *pins* of *project*."""
    for text in requirements:
        wanted = _parsed(text)
        if wanted is None or canonicalize_name(wanted.name) != project:
            continue
        if any(not _allows(wanted, pin.version) for pin in pins):
            return text
    return ""


def _parsed(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _allows(wanted: Requirement, version: str) -> bool:
    try:
        return wanted.specifier.contains(version, prereleases=True)
    except (InvalidVersion, InvalidSpecifier):
        return False


def _told(pins: Iterable[Pinned]) -> str:
    """Return ``1.0 (sys_platform == "win32"), 2.0``."""
    ordered = sorted(pins, key=lambda pin: (_release(pin.version), pin.marker))
    texts = [f"{pin.version} ({pin.marker})" if pin.marker else pin.version for pin in ordered]
    return ", ".join(dict.fromkeys(texts))


def _release(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:  # Old locks hold versions that no PEP knows: they sort first.
        return Version("0")

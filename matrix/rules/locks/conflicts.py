"""
The two conflicts of locked sets that no single installation shows.

*Split pin*: one project at two versions, in two sets. *Held back*: the main set, locked together
with the others, has an older version than alone. Each is told with the chain of requirements that
causes it.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from packaging.markers import Marker
from packaging.version import InvalidVersion, Version

from matrix.rules.locks.parts import Pinned

Chain = tuple[str, ...]  # From a declared requirement to the project: ("rsdev 1.0", "rsfoo 1.5").
# Locks that nobody vouches for are looked at too. Nobody reads more chains, nor longer ones.
MOST_CHAINS = 100
LONGEST_CHAIN = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitPin:
    """One project at several versions."""

    project: str
    versions: Mapping[str, str]  # By the name of the set.
    chains: Mapping[str, Chain]  # Why each set has it.

    def __str__(self) -> str:
        return f"{self.project} is {' and '.join(self._told())}."

    def _told(self) -> Iterator[str]:
        for name, version in self.versions.items():
            chain = self.chains.get(name, ())
            because = f" because of {_written_chain(chain)}" if len(chain) > 1 else ""
            yield f"{version} in {name}{because}"


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldBack:
    """A project that is older in the main set when the other sets are locked with it."""

    project: str
    alone: str  # The version of the main set locked by itself.
    together: str  # The version that all sets agree on.
    chain: Chain  # From what another set declares to the project.

    def __str__(self) -> str:
        because = f" because of {_written_chain(self.chain)}" if self.chain else ""
        return (
            f"{self.project} is held back: {self.together} with all sets, "
            f"{self.alone} by itself{because}."
        )


def _written_chain(chain: Chain) -> str:
    if len(chain) > LONGEST_CHAIN:
        half = LONGEST_CHAIN // 2
        chain = (*chain[:half], "…", *chain[-half:])
    return " → ".join(chain)


def split_pins(locks: Mapping[str, Sequence[Pinned]]) -> list[SplitPin]:
    """
    Return the projects that two sets pin to different versions for the same environments.

    The first :data:`MOST_CHAINS` have their chains.
    """
    found: list[SplitPin] = []
    rows_of = {name: _by_project(pins) for name, pins in locks.items()}
    known = {name: _known(pins) for name, pins in locks.items()}
    for project in sorted({project for rows in rows_of.values() for project in rows}):
        pins = {name: rows.get(project, []) for name, rows in rows_of.items()}
        if _differ(pins):
            having = {name: rows for name, rows in pins.items() if rows}
            told = having if len(found) < MOST_CHAINS else {}
            found.append(
                SplitPin(
                    project=project,
                    versions={name: ", ".join(_versions(rows)) for name, rows in having.items()},
                    chains={name: _chain(project, known[name]) for name in told},
                )
            )
    return found


def _by_project(pins: Iterable[Pinned]) -> dict[str, list[Pinned]]:
    found: dict[str, list[Pinned]] = {}
    for pin in pins:
        found.setdefault(pin.name, []).append(pin)
    return found


def _differ(pins: Mapping[str, Sequence[Pinned]]) -> bool:
    """Whether two sets disagree where their markers can both hold."""
    sets = [{(_release(row.version), row.marker) for row in rows} for rows in pins.values() if rows]
    if len({release for each in sets for release, _ in each}) < len(["one", "another"]):
        return False
    may_meet = cache(_may_meet)
    return any(
        ours[0] != theirs[0] and may_meet(ours[1], theirs[1])
        for one, other in combinations(sets, 2)
        for ours in one
        for theirs in other
    )


def _may_meet(one: str, other: str) -> bool:
    """Whether two markers can both hold; told apart only where one is the other's opposite."""
    if not one or not other or _written(one) == _written(other):
        return True
    return _written(one) not in _opposites(other)


def _written(marker: str) -> str:
    return str(Marker(marker))


def _opposites(marker: str) -> Iterable[str]:
    pairs = (("==", "!="), ("<", ">="), (">", "<="), (">=", "<"), ("<=", ">"), ("!=", "=="))
    text = _written(marker)
    if " and " in text or " or " in text:
        return
    for sign, opposite in pairs:
        left, found, right = text.partition(f" {sign} ")
        if found:
            yield f"{left} {opposite} {right}"


def held_back(
    alone: Sequence[Pinned], together: Sequence[Pinned], *, others: Sequence[Pinned] = ()
) -> list[HeldBack]:
    """
    Return what the main set gives up when all sets are locked together.

    *alone* is the main set locked by itself, *together* what all sets agree on, *others* the pins
    that come only with the other sets: the chain is looked for there first. The first
    :data:`MOST_CHAINS` have their chains.
    """
    best = {pin.name: pin.version for pin in alone}
    agreed = {pin.name: pin.version for pin in together}
    main = set(best)
    through = {pin.name for pin in [*others] or [pin for pin in together if pin.name not in main]}
    older = [
        project
        for project in sorted(best.keys() & agreed.keys())
        if _release(agreed[project]) < _release(best[project])
    ]
    known = _known(together)
    chains = {one: _chain_of_others(one, known, through) for one in older[:MOST_CHAINS]}
    return [
        HeldBack(
            project=project,
            alone=best[project],
            together=agreed[project],
            chain=chains.get(project, ()),
        )
        for project in older
    ]


def _chain_of_others(project: str, known: Mapping[str, Pinned], others: Collection[str]) -> Chain:
    """Return a chain that leads over what only the other sets bring, if there is one."""
    return _chain(project, known, others) or _chain(project, known)


def chain_to(project: str, pins: Sequence[Pinned], *, through: Iterable[str] = ()) -> Chain:
    """
    Return the shortest chain from a declared requirement to *project*, as "name version" texts.

    With *through* only chains that begin at one of these projects count. Nothing declared leads
    there: the chain is empty.
    """
    return _chain(project, _known(pins), set(through))


def _known(pins: Iterable[Pinned]) -> dict[str, Pinned]:
    return {pin.name: pin for pin in pins}


def _chain(project: str, known: Mapping[str, Pinned], starts: Collection[str] = ()) -> Chain:
    """Walk from *project* to who asks for it, each once; the way back is the chain."""
    if project not in known:
        return ()
    asks_for = {project: ""}
    queue = deque([project])
    while queue:
        name = queue.popleft()
        if known[name].is_declared and (not starts or name in starts):
            return tuple(_way(name, asks_for, known))
        for other in known[name].required_by:
            if other in known and other not in asks_for:
                asks_for[other] = name
                queue.append(other)
    return ()


def _way(name: str, asks_for: Mapping[str, str], known: Mapping[str, Pinned]) -> Iterator[str]:
    while name:
        yield f"{name} {known[name].version}"
        name = asks_for[name]


def _versions(pins: Iterable[Pinned]) -> list[str]:
    return sorted({pin.version for pin in pins}, key=_release)


def _release(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:  # Old locks hold versions that no PEP knows: they sort first.
        return Version("0")

"""
The two conflicts of locked sets that no single installation shows.

*Split pin*: one project at two versions, in two sets. *Held back*: the main set, locked together
with the others, has an older version than alone. Each is told with the chain of requirements that
causes it.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.markers import Marker
from packaging.version import InvalidVersion, Version

from matrix.rules.locks.parts import Pinned

Chain = tuple[str, ...]  # From a declared requirement to the project: ("rsdev 1.0", "rsfoo 1.5").


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
            because = f" because of {' → '.join(chain)}" if len(chain) > 1 else ""
            yield f"{version} in {name}{because}"


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldBack:
    """A project that is older in the main set when the other sets are locked with it."""

    project: str
    alone: str  # The version of the main set locked by itself.
    together: str  # The version that all sets agree on.
    chain: Chain  # From what another set declares to the project.

    def __str__(self) -> str:
        because = f" because of {' → '.join(self.chain)}" if self.chain else ""
        return (
            f"{self.project} is held back: {self.together} with all sets, "
            f"{self.alone} by itself{because}."
        )


def split_pins(locks: Mapping[str, Sequence[Pinned]]) -> list[SplitPin]:
    """Return the projects that two sets pin to different versions for the same environments."""
    found = []
    rows_of = {name: _by_project(pins) for name, pins in locks.items()}
    for project in sorted({project for rows in rows_of.values() for project in rows}):
        pins = {name: rows.get(project, []) for name, rows in rows_of.items()}
        if _differ(pins):
            having = {name: rows for name, rows in pins.items() if rows}
            found.append(
                SplitPin(
                    project=project,
                    versions={name: ", ".join(_versions(rows)) for name, rows in having.items()},
                    chains={name: chain_to(project, locks[name]) for name in having},
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
    sets = [rows for rows in pins.values() if rows]
    return any(
        _release(a.version) != _release(b.version) and _may_meet(a.marker, b.marker)
        for i, ours in enumerate(sets)
        for theirs in sets[i + 1 :]
        for a in ours
        for b in theirs
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
    that come only with the other sets: the chain is looked for there first.
    """
    best = {pin.name: pin.version for pin in alone}
    agreed = {pin.name: pin.version for pin in together}
    main = set(best)
    chains = [*others] or [pin for pin in together if pin.name not in main]
    return [
        HeldBack(
            project=project,
            alone=best[project],
            together=agreed[project],
            chain=_chain_of_others(project, together, {pin.name for pin in chains}),
        )
        for project in sorted(best.keys() & agreed.keys())
        if _release(agreed[project]) < _release(best[project])
    ]


def _chain_of_others(project: str, pins: Sequence[Pinned], others: set[str]) -> Chain:
    """Return a chain that leads over what only the other sets bring, if there is one."""
    chain = chain_to(project, pins, through=others)
    return chain or chain_to(project, pins)


def chain_to(project: str, pins: Sequence[Pinned], *, through: Iterable[str] = ()) -> Chain:
    """
    Return the shortest chain from a declared requirement to *project*, as "name version" texts.

    With *through* only chains that lead over one of these projects count. Nothing declared leads
    there: the chain is empty.
    """
    known = {pin.name: pin for pin in pins}
    wanted = set(through)
    if project not in known:
        return ()
    queue: deque[tuple[str, ...]] = deque([(project,)])
    seen = {(project, False)}
    while queue:
        path = queue.popleft()
        first = known[path[0]]
        passes = not wanted or any(name in wanted for name in path)
        if passes and first.is_declared and (not wanted or path[0] in wanted):
            return tuple(f"{name} {known[name].version}" for name in path)
        for name in first.required_by:
            key = (name, passes)
            if name in known and name not in path and key not in seen:
                seen.add(key)
                queue.append((name, *path))
    return ()


def _versions(pins: Iterable[Pinned]) -> list[str]:
    return sorted({pin.version for pin in pins}, key=_release)


def _release(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:  # Old locks hold versions that no PEP knows: they sort first.
        return Version("0")

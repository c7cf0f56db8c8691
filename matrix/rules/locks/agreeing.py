"""Which sets of one application have to agree, and what a state of them would split. Pure."""

from collections.abc import Iterator, Mapping
from itertools import permutations

from matrix.rules.locks.conflicts import SplitPin, split_pins
from matrix.rules.locks.parts import MAIN, TOOL, LockPart

Locks = Mapping[str, LockPart]  # The locked sets of one state, by name.


def disagreements(locks: Locks) -> list[SplitPin]:
    """
    Return the projects that two sets of one state have at two versions, with why.

    The tool that installs the sets has an environment of its own: it agrees with nobody.
    """
    sets = {name: part for name, part in locks.items() if name != TOOL}
    return split_pins(
        {name: part.pinned for name, part in sets.items()},
        declared={name: part.declared for name, part in sets.items()},
    )


def going_together(before: Locks, after: Locks) -> Iterator[tuple[str, str, SplitPin]]:
    """
    Yield each set that splits a pin of another one as it is, though not as it would be.

    *before* and *after* hold the same application without and with all changes. Of ``("dev",
    "main", split)`` dev alone would split a pin from main, and both together would not.
    """
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    for name, other in permutations(sorted(changed), 2):
        alone = _two(name, after, other, before)
        known = {*map(str, _two(name, before, other, before))}
        known |= {*map(str, _two(name, after, other, after))}
        for split in alone:
            if str(split) not in known:
                yield name, other, split
                break


def _two(name: str, its: Locks, other: str, others: Locks) -> list[SplitPin]:
    sides = sorted([(name, its.get(name)), (other, others.get(other))], key=_main_first)
    return disagreements({which: part for which, part in sides if part is not None})


def _main_first(side: tuple[str, LockPart | None]) -> tuple[bool, str]:
    return side[0] != MAIN, side[0]

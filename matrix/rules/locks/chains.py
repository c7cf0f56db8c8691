"""Why a lock has a project: the chain from what is declared, over who asks for whom."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping

from matrix.rules.locks.parts import Pinned

Chain = tuple[str, ...]  # From a declared requirement to the project: ("rsdev 1.0", "rsfoo 1.5").
LONGEST_CHAIN = 12  # That anybody reads.


class Chains:
    """The chains of one lock, which is indexed once."""

    def __init__(self, pins: Iterable[Pinned]) -> None:
        self._versions: dict[str, str] = {}  # Of several versions the first one.
        self._asking: dict[str, list[str]] = {}
        self._declared: set[str] = set()
        for pin in pins:
            self._versions.setdefault(pin.name, pin.version)
            self._asking.setdefault(pin.name, []).extend(pin.required_by)
            if pin.is_declared:
                self._declared.add(pin.name)

    def to(self, project: str, starts: Collection[str] = (), *, version: str = "") -> Chain:
        """
        Return the shortest chain from a declared requirement, as "name version" texts.

        With *starts* only chains that begin at one of these projects count; *version* says which of
        several is meant. Nothing declared leads there: the chain is empty.
        """
        if project not in self._versions:
            return ()
        asks_for = {project: ""}  # Each is walked over once; the way back is the chain.
        queue = deque([project])
        while queue:
            name = queue.popleft()
            if name in self._declared and (not starts or name in starts):
                return tuple(self._way(name, asks_for, {project: version} if version else {}))
            for other in self._asking[name]:
                if other in self._versions and other not in asks_for:
                    asks_for[other] = name
                    queue.append(other)
        return ()

    def _way(
        self, name: str, asks_for: Mapping[str, str], meant: Mapping[str, str]
    ) -> Iterator[str]:
        while name:
            yield f"{name} {meant.get(name) or self._versions[name]}"
            name = asks_for[name]


def written(chain: Chain) -> str:
    """``rsdev 1.0 → rsfoo 1.5``; a long one without its middle."""
    if len(chain) > LONGEST_CHAIN:
        half = LONGEST_CHAIN // 2
        chain = (*chain[:half], "…", *chain[-half:])
    return " → ".join(chain)

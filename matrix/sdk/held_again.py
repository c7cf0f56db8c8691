"""
What a publication contains that is held everywhere now: the way back leads to it.

A hold keeps releases out of runs, and the way back is none: somebody has to name each held release
who means to publish it all the same.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from integrations.catalogue.models import Hold
from matrix.environments.resolving import pins_of
from matrix.review.errors import ReviewError
from matrix.review.models import Publication
from matrix.review.state import publication_state
from matrix.rules.locks import parts as locks
from matrix.rules.parts import outline
from matrix.sdk.dependencies import split


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A release that a publication contains and that is held everywhere."""

    project: str  # Normalised.
    version: Version
    parts: tuple[str, ...]  # Integrations or sets, by name.
    holds: tuple[Hold, ...]  # The oldest first.

    @property
    def name(self) -> str:
        """``anyio==4.9.1``: how somebody confirms it."""
        return f"{self.project}=={self.version}"

    def __str__(self) -> str:
        return f"{self.project} {self.version} ({'; '.join(hold.reason for hold in self.holds)})"


class HeldEverywhere(ReviewError):
    """A publication contains held releases, and nobody confirmed that they come back."""

    def __init__(self, publication: Publication, held: Collection[Held]) -> None:
        self.held = tuple(held)
        super().__init__(
            f"Publication {publication.number} contains what is held everywhere: "
            f"{', '.join(map(str, held))}. Confirm each by its name to publish it all the same."
        )


def held_in(publication: Publication, *, at: datetime) -> list[Held]:
    """Return what *publication* contains and a hold keeps out everywhere at *at*, by name."""
    holds: dict[str, list[Hold]] = defaultdict(list)
    for hold in Hold.objects.everywhere().order_by("pk"):
        if hold.is_in_force(at):
            holds[hold.project].append(hold)
    if not holds:
        return []
    found: dict[tuple[str, Version], set[str]] = defaultdict(set)
    for part, project, text in _releases(publication_state(publication), holds):
        if (version := _version(text)) is not None:
            found[project, version].add(part)
    return [
        Held(project=project, version=version, parts=tuple(sorted(parts)), holds=reached)
        for (project, version), parts in sorted(found.items())
        if (reached := tuple(one for one in holds[project] if one.matches(str(version))))
    ]


def require_confirmed(
    publication: Publication, confirmed: Collection[str], *, at: datetime
) -> list[Held]:
    """Return what *publication* contains of held releases; raises HeldEverywhere for the others."""
    held = held_in(publication, at=at)
    if missing := [one for one in held if one.name not in confirmed]:
        raise HeldEverywhere(publication, missing)
    return held


def _releases(
    bodies: Mapping[str, str], projects: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """Yield part, project and version of each release of *projects* that the files name."""
    pin_sets: dict[str, set[str]] = defaultdict(set)  # Those of each part.
    for part, body in bodies.items():
        match json.loads(body)["kind"]:
            case "integration":
                found = outline(body)
                for version, _, shas in found.rows:
                    pin_sets[part].update(shas)
                    if canonicalize_name(found.project) in projects:
                        yield part, canonicalize_name(found.project), version
            case locks.KIND:
                yield from _named(part, map(str, _locked(body)), projects)
    pins = pins_of(set().union(*pin_sets.values()))
    for part, its in pin_sets.items():
        for sha in its:
            yield from _named(part, pins.get(sha, ()), projects)


def _named(
    part: str, pins: Iterable[str], projects: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    for name, version in map(split, pins):
        if name in projects:
            yield part, name, version


def _locked(body: str) -> Iterable[locks.Pinned]:
    part = locks.read(body)
    return part.pinned if isinstance(part, locks.LockPart) else ()


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None

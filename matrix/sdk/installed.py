"""
What environments get installed: those of current publications and of open proposals.

The pins of an environment stand in its snapshot where the SDK has them written; elsewhere the last
run noted what it resolved.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from packaging.version import Version

from matrix.environments.resolving import pins_of
from matrix.review.models import (
    Assessment,
    Channel,
    Item,
    Proposal,
    PublishedPart,
)
from matrix.review.state import apply, load_bodies
from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, read
from matrix.sdk.dependencies import split

PUBLICATION, PROPOSAL = "publication", "proposal"
Noted = Mapping[str, Mapping[str, Mapping[str, str | None]]]  # {version: {factor: {"pin_set"}}}


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """A row on one Python, and the hash of what it gets installed."""

    integration: str
    project: str
    version: Version
    python: Python
    pin_set: str | None
    is_written: bool  # Whether the published files name the pins.


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """The current publication of a channel, or what its open proposal asks for."""

    slug: str
    kind: str
    number: int
    environments: tuple[Environment, ...]

    @property
    def name(self) -> str:
        return f"{self.kind} {self.number}"


def states_of(channels: QuerySet[Channel]) -> list[State]:
    """Return the states of *channels*, publications first, in seven queries."""
    rows = list(channels.select_related("current").order_by("slug"))
    proposals = list(Proposal.objects.open().filter(channel__in=rows).order_by("number"))
    bases = {row.current_id for row in rows} | {proposal.base_id for proposal in proposals}
    published = _published(bases - {None})  # type: ignore[arg-type]
    items = _proposed_items(proposals)
    hashes = [
        (row.slug, PUBLICATION, row.current.number, published[row.current_id], row.pk)
        for row in rows
        if row.current
    ]
    slugs = {row.pk: row.slug for row in rows}
    hashes += [
        (
            slugs[one.channel_id],
            PROPOSAL,
            one.number,
            apply(published.get(one.base_id, {}), items[one.pk]),
            one.channel_id,
        )
        for one in proposals
    ]
    bodies = load_bodies({sha for _, _, _, parts, _ in hashes for sha in parts.values()})
    parsed = {
        sha: part for sha, body in bodies.items() if isinstance(part := read(body), IntegrationPart)
    }
    noted = _noted(rows)
    return [
        State(
            slug=slug,
            kind=kind,
            number=number,
            environments=tuple(
                found
                for name, sha in parts.items()
                if sha in parsed
                for found in _environments(parsed[sha], noted[channel].get(name, {}))
            ),
        )
        for slug, kind, number, parts, channel in hashes
    ]


def _published(publications: Collection[int]) -> dict[int | None, dict[str, str]]:
    found: dict[int | None, dict[str, str]] = defaultdict(dict)
    rows = PublishedPart.objects.filter(publication__in=publications)
    for publication, part, sha in rows.values_list("publication_id", "part", "snapshot_id"):
        found[publication][part] = sha
    return {key: dict(sorted(parts.items())) for key, parts in found.items()}


def _proposed_items(proposals: Collection[Proposal]) -> dict[int, list[Item]]:
    found: dict[int, list[Item]] = defaultdict(list)
    items = Item.objects.filter(proposal__in=proposals)
    for item in items.exclude(pk__in=Item.objects.filter(proposal__in=proposals).declined()):
        found[item.proposal_id].append(item)
    return found


def _noted(channels: Collection[Channel]) -> dict[int, dict[str, Noted]]:
    found: dict[int, dict[str, Noted]] = defaultdict(dict)
    rows = Assessment.objects.filter(channel__in=channels)
    for channel, part, notes in rows.values_list("channel_id", "part", "notes"):
        found[channel][part] = notes.get("environments", {})
    return found


def _environments(part: IntegrationPart, noted: Noted) -> Iterator[Environment]:
    for row in part.rows:
        written = dict(row.pins)
        resolved = noted.get(str(row.version), {})
        for python in row.pythons:
            last = resolved.get(python.factor, {}).get("pin_set")
            yield Environment(
                integration=part.name,
                project=part.project,
                version=row.version,
                python=python,
                pin_set=written.get(python, last),
                is_written=python in written,
            )


def pins_now(
    states: Iterable[State], projects: Collection[str]
) -> dict[str, dict[str, dict[Version, int]]]:
    """
    Count the environments that get each release of *projects*, by SDK and project.

    What is published counts; where nothing is, what is proposed.
    """
    current: dict[str, State] = {}
    for state in states:  # Publications come first.
        current.setdefault(state.slug, state)
    named = {one.pin_set for state in current.values() for one in state.environments}
    pins = pins_of({sha for sha in named if sha}) if projects else {}
    wanted = {
        sha: [(name, Version(version)) for name, version in map(split, lines) if name in projects]
        for sha, lines in pins.items()
    }
    found: dict[str, dict[str, dict[Version, int]]] = {}
    for slug, state in current.items():
        counts: dict[str, dict[Version, int]] = defaultdict(lambda: defaultdict(int))
        for one in state.environments:
            for name, version in wanted.get(one.pin_set or "", ()):
                if name != one.project:
                    counts[name][version] += 1
        found[slug] = counts
    return found

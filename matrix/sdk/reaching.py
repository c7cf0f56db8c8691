"""
Whom a shared constraint reaches, before it is saved and after: environments as they are published,
or as they are proposed where nothing is published yet.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from packaging.version import Version

from integrations.catalogue.models import SharedConstraint
from matrix.environments.resolving import pins_of
from matrix.review.models import Channel
from matrix.rules.bounds import contradictions, places_of
from matrix.rules.facts import Python, SharedConstraintRule
from matrix.rules.parts import IntegrationPart, Row
from matrix.rules.requirements import requirement_uses
from matrix.sdk.channel import KIND
from matrix.sdk.dependencies import split
from matrix.sdk.installed import State, states_of
from matrix.sdk.translating import Catalogue, read_catalogues, requirement_rules, shared_rule

PinSets = dict[tuple[str, Version, Python], str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """One integration, and what the constraint meets in its environments."""

    name: str
    group: str
    environments: int
    pythons: tuple[Python, ...]
    installing: int  # Environments whose pins name the project.
    unresolved: int  # Environments of which nobody knows what they install.
    violating: tuple[tuple[str, int], ...]  # Pins that would change, with their environments.
    conflicts: tuple[str, ...]  # Requirements that no release satisfies beside the constraint.


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    source: str  # "publication 3"; empty: nothing is published or proposed yet.
    integrations: tuple[Reached, ...]  # By name; only those that are reached.

    @property
    def environments(self) -> int:
        return sum(one.environments for one in self.integrations)

    @property
    def violating(self) -> int:
        """Environments whose pin would change."""
        return sum(count for one in self.integrations for _, count in one.violating)

    @property
    def unresolved(self) -> int:
        return sum(one.unresolved for one in self.integrations)

    @property
    def conflicts(self) -> int:
        return sum(len(one.conflicts) for one in self.integrations)


def reach_of(constraint: SharedConstraint) -> Reach:
    """Return whom *constraint* reaches whenever it is in force; it need not be saved."""
    (catalogue,) = read_catalogues([constraint.sdk])
    states = _states([constraint.sdk.slug])
    state = states.get(constraint.sdk.slug)
    if state is None:
        return Reach(source="", integrations=())
    rule = shared_rule(constraint)
    hashes = {one.pin_set for one in state.environments if one.pin_set}
    pins = {sha: _pin_of(rule, lines) for sha, lines in pins_of(hashes).items()}
    sets = {(one.integration, one.version, one.python): one.pin_set for one in state.environments}
    parts = _parts(state, catalogue)
    reached = (_reached(part, rule, sets, pins) for part in parts)
    found = sorted((one for one in reached if one.environments), key=lambda one: one.name)
    return Reach(source=state.name, integrations=tuple(found))


def counts_of(constraints: Collection[SharedConstraint], *, at: datetime) -> dict[int, int | None]:
    """
    Count the environments that each constraint reaches at *at*, by key, in a fixed number of
    queries. None: nothing is published or proposed yet.
    """
    sdks = {one.sdk_id: one.sdk for one in constraints}
    states = _states([sdk.slug for sdk in sdks.values()])
    parts = {
        catalogue.sdk.pk: list(_parts(states[catalogue.sdk.slug], catalogue))
        for catalogue in read_catalogues(list(sdks.values()))
        if catalogue.sdk.slug in states
    }
    return {one.pk: _count(one, parts.get(one.sdk_id), at) for one in constraints}


def standing_of(constraint: SharedConstraint, *, at: datetime) -> str:
    """Say when it counts: ``Ended on 2 Dec 2026``."""
    if constraint.has_ended(at.astimezone(UTC).date()):
        return f"Ended on {_day(constraint.ends_on)}"
    if not constraint.is_in_force(at):
        return f"Begins on {_day(constraint.starts_on)}"
    if constraint.ends_on is None:
        return "In force, until somebody ends it"
    return f"In force, ends on {_day(constraint.ends_on)}"


def _day(value: date | None) -> str:
    return f"{value.day} {value:%b %Y}" if value else ""


def _count(
    constraint: SharedConstraint, parts: Iterable[IntegrationPart] | None, at: datetime
) -> int | None:
    if not constraint.is_in_force(at):
        return 0
    if parts is None:
        return None
    rule = shared_rule(constraint)
    return sum(1 for part in parts for _ in places_of(rule, part))


def _states(slugs: Collection[str]) -> dict[str, State]:
    found: dict[str, State] = {}
    for state in states_of(Channel.objects.filter(kind=KIND, slug__in=slugs)):
        found.setdefault(state.slug, state)  # Publications come first.
    return found


def _parts(state: State, catalogue: Catalogue) -> Iterator[IntegrationPart]:
    """Yield the integrations of *state* with the requirements that the catalogue has today."""
    rows: dict[str, dict[Version, set[Python]]] = defaultdict(lambda: defaultdict(set))
    for one in state.environments:
        rows[one.integration][one.version].add(one.python)
    for integration in catalogue.active():
        if integration.name not in rows:
            continue
        found = tuple(
            Row(version=version, pythons=tuple(sorted(pythons)))
            for version, pythons in sorted(rows[integration.name].items())
        )
        yield IntegrationPart(
            name=integration.name,
            project=integration.project,
            extras=(),
            group=integration.group.name,
            test_path=integration.test_path,
            rows=found,
            requirements=requirement_uses(found, requirement_rules(integration)),
        )


def _pin_of(rule: SharedConstraintRule, lines: Iterable[str]) -> Version | None:
    """Return the release of the bounded project among the pins of an environment."""
    pins = (split(line) for line in lines)
    return next((Version(version) for name, version in pins if name == rule.project), None)


def _reached(
    part: IntegrationPart,
    rule: SharedConstraintRule,
    sets: PinSets,
    pins: dict[str, Version | None],
) -> Reached:
    places = list(places_of(rule, part))
    known = [pins.get(sha) for place in places if (sha := sets[part.name, *place])]
    pinned = Counter(version for version in known if version is not None)
    return Reached(
        name=part.name,
        group=part.group,
        environments=len(places),
        pythons=tuple(sorted({python for _, python in places})),
        installing=sum(pinned.values()),
        unresolved=len(places) - len(known),
        violating=tuple(
            (f"{rule.project}=={version}", pinned[version])
            for version in sorted(pinned)
            if not rule.bound.contains(version, prereleases=True)
        ),
        conflicts=tuple(text for _, text in contradictions(part, [rule])),
    )

"""
Where a release is installed: in which environments now, and in which publications ever.

Pin sets and snapshots are stored once by hash. The search finds the pin sets that name the project,
then the snapshots that name those or pick the release, then the publications that hold these: a
fixed number of queries, however many publications there are.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Value
from django.db.models.functions import Concat, StrIndex, Substr
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from integrations.catalogue.validators import LONGEST_VERSION
from matrix.environments.models import PinSet
from matrix.review.models import Channel, Publication, PublishedPart, Snapshot
from matrix.rules.facts import Python
from matrix.rules.parts import outline
from matrix.sdk.channel import KIND
from matrix.sdk.installed import Environment, State, states_of

PICK, PIN = "pick", "pin"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """An environment that gets the release, and whether as what it tests or as a pin."""

    sdk: str
    integration: str
    version: Version
    python: Python
    release: Version  # What it gets.
    kind: str  # PICK or PIN.
    is_written: bool  # Whether the files name it; else it is what the last run resolved.
    states: tuple[str, ...]  # ("publication 12", "proposal 47")


@dataclass(frozen=True, kw_only=True, slots=True)
class PastPublication:
    """A publication that contains the release."""

    sdk: str
    number: int
    published_at: datetime
    is_current: bool
    environments: int
    releases: tuple[Version, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contained:
    project: str
    releases: str
    places: tuple[Place, ...]  # By SDK, integration, version and Python.
    publications: tuple[PastPublication, ...]  # The newest first.

    def integrations(self, slug: str) -> list[str]:
        """Return the integrations of an SDK that get the release now, or would."""
        return sorted({place.integration for place in self.places if place.sdk == slug})

    @property
    def sdks(self) -> list[str]:
        return sorted({place.sdk for place in self.places})


def containing(project: str, releases: str, *, sdk: str = "", integration: str = "") -> Contained:
    """
    Find the environments and publications that contain a release of *project* that matches.

    *releases* is a specifier set; "" stands for all. *sdk* restricts the search to one SDK,
    *integration* to what that integration itself picks: its hold reaches no pins.
    """
    name, wanted = canonicalize_name(project), _Wanted(SpecifierSet(releases))
    pinned = {} if integration else _pin_sets_with(name, wanted)
    channels = Channel.objects.filter(kind=KIND, **({"slug": sdk} if sdk else {}))
    search = _Search(name, wanted, pinned, integration)
    return Contained(
        project=name,
        releases=releases,
        places=tuple(search.places(states_of(channels))),
        publications=tuple(search.publications(sdk)),
    )


class _Wanted:
    """Whether versions match, each text asked once."""

    def __init__(self, specifier: SpecifierSet) -> None:
        self._specifier = specifier
        self._known: dict[str, Version | None] = {}

    def __call__(self, text: str) -> Version | None:
        """Return the version when it matches."""
        if text not in self._known:
            self._known[text] = self._match(text)
        return self._known[text]

    def _match(self, text: str) -> Version | None:
        try:
            version = Version(text)
        except InvalidVersion:
            return None
        return version if self._specifier.contains(version, prereleases=True) else None


def _pin_sets_with(name: str, wanted: _Wanted) -> dict[str, Version]:
    """Return the pin sets that name a matching release: only a few characters of each are read."""
    place = StrIndex(Concat(Value("\n"), "pins"), Value(f"\n{name}=="))
    rows = PinSet.objects.annotate(place=place).filter(place__gt=0)
    behind = Substr("pins", F("place") + len(name) + len("=="), LONGEST_VERSION + 1)
    return {
        sha: version
        for sha, text in rows.values_list("sha256", behind)
        if (version := wanted(text.partition("\n")[0]))
    }


@dataclass(frozen=True, slots=True)
class _Search:
    name: str
    wanted: _Wanted
    pinned: Mapping[str, Version]
    integration: str  # Empty: all.

    def places(self, states: Collection[State]) -> list[Place]:
        found: dict[tuple[str, str, Version, Python], list[tuple[State, Environment]]]
        found = defaultdict(list)
        for state in states:
            for one in state.environments:
                if self.integration in ("", one.integration) and self._release(one):
                    found[state.slug, one.integration, one.version, one.python].append((state, one))
        return [self._place(found[key]) for key in sorted(found)]

    def _release(self, one: Environment) -> Version | None:
        if one.project == self.name:
            return self.wanted(str(one.version))
        return self.pinned.get(one.pin_set or "")

    def _place(self, found: list[tuple[State, Environment]]) -> Place:
        state, one = found[0]
        release = self._release(one)
        assert release is not None
        return Place(
            sdk=state.slug,
            integration=one.integration,
            version=one.version,
            python=one.python,
            release=release,
            kind=PICK if one.project == self.name else PIN,
            is_written=one.project == self.name or one.is_written,
            states=tuple(state.name for state, _ in found),
        )

    def publications(self, slug: str) -> list[PastPublication]:
        """Return the publications, the newest first."""
        counts = self._snapshots()
        parts = PublishedPart.objects.filter(publication__channel__kind=KIND)
        if slug:
            parts = parts.filter(publication__channel__slug=slug)
        if self.integration:
            parts = parts.filter(part=self.integration)
        if not counts:
            parts = parts.none()
        found: dict[int, list[tuple[int, frozenset[Version]]]] = defaultdict(list)
        for publication, sha in parts.values_list("publication_id", "snapshot_id"):
            if sha in counts:
                found[publication].append(counts[sha])
        rows = Publication.objects.filter(pk__in=found).select_related("channel")
        return [
            PastPublication(
                sdk=row.channel.slug,
                number=row.number,
                published_at=row.published_at,
                is_current=row.channel.current_id == row.pk,
                environments=sum(number for number, _ in found[row.pk]),
                releases=tuple(sorted(frozenset().union(*(seen for _, seen in found[row.pk])))),
            )
            for row in rows.order_by("-published_at", "-pk")
        ]

    def _snapshots(self) -> dict[str, tuple[int, frozenset[Version]]]:
        """Return how many environments of each snapshot get which releases."""
        found = {}
        bodies = Snapshot.objects.filter(body__contains='"kind":"integration"')
        picked = f'"project":"{self.name}"'
        for sha, body in bodies.values_list("sha256", "body").iterator():
            if (self.pinned and '"pins":' in body) or picked in body:
                counted = self._count(body)
                if counted[0]:
                    found[sha] = counted
        return found

    def _count(self, body: str) -> tuple[int, frozenset[Version]]:
        part = outline(body)
        number, releases = 0, set()
        for version, pythons, pin_sets in part.rows:
            if part.project == self.name:
                got = [self.wanted(version)] * pythons
            else:
                got = [self.pinned.get(pin_set) for pin_set in pin_sets]
            matched = [release for release in got if release is not None]
            number += len(matched)
            releases |= set(matched)
        return number, frozenset(releases)

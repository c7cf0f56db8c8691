"""Since when a lock has had its pins: read from the publications, newest first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from matrix.review.models import PublishedPart
from matrix.review.state import load_bodies
from matrix.rules.locks.parts import SETTINGS, LockPart, Pinned, read
from portal.guidance.channel import KIND
from portal.guidance.models import Application

MOST_READ = 60  # Publications that a page looks back at: a year of weekly ones.


@dataclass(slots=True)
class _Since:
    """Since when each project of one set has its version; told the publications, newest first."""

    versions: dict[str, str] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    going: set[str] = field(default_factory=set)  # Those that may be older still.
    is_begun: bool = False

    def tell(self, published_at: datetime, pins: Iterable[Pinned]) -> None:
        now = {pin.name: pin.version for pin in pins}
        if not self.is_begun:
            self.versions, self.going, self.is_begun = now, set(now), True
        self.going = {name for name in self.going if now.get(name) == self.versions[name]}
        self.since |= dict.fromkeys(self.going, published_at)


def pinned_before(application: Application, name: str, moment: datetime) -> set[str]:
    """Return the projects of a set whose version has been the same since before *moment*."""
    found = _Since()
    for published_at, pins in _history(application, name):
        found.tell(published_at, pins)
        if not found.going:
            break
    return {project for project, published_at in found.since.items() if published_at < moment}


def pinned_since(application: Application) -> dict[str, Mapping[str, datetime]]:
    """
    Return since when each project has its version, by set, in two queries.

    Looks back at MOST_READ publications of each set; what is older counts from the last of them.
    """
    rows: dict[str, list[tuple[str, datetime]]] = {}
    parts = PublishedPart.objects.filter(**_of(application))
    for part, sha, published_at in (
        parts.exclude(part=SETTINGS)
        .order_by("-publication__number")
        .values_list("part", "snapshot_id", "publication__published_at")
    ):
        rows.setdefault(part, []).append((sha, published_at))
    read_back = {part: found[:MOST_READ] for part, found in rows.items()}
    bodies = load_bodies({sha for found in read_back.values() for sha, _ in found})
    pins = {sha: _pins(body) for sha, body in bodies.items()}
    since: dict[str, Mapping[str, datetime]] = {}
    for part, found in read_back.items():
        told = _Since()
        for sha, published_at in found:
            told.tell(published_at, pins[sha])
        since[part] = told.since
    return since


def _history(application: Application, name: str) -> Iterator[tuple[datetime, tuple[Pinned, ...]]]:
    """Yield when each publication was made, and the pins of the set in it, newest first."""
    rows = PublishedPart.objects.filter(part=name, **_of(application)).order_by(
        "-publication__number"
    )
    pins: dict[str, tuple[Pinned, ...]] = {}
    for row in rows.select_related("publication", "snapshot").iterator(chunk_size=50):
        if row.snapshot_id not in pins:
            pins = {row.snapshot_id: _pins(row.snapshot.body)}
        yield row.publication.published_at, pins[row.snapshot_id]


def _of(application: Application) -> dict[str, str]:
    """Return what finds the parts of *application*, whether it has a channel yet or not."""
    return {
        "publication__channel__kind": KIND,
        "publication__channel__slug": application.slug,
    }


def _pins(body: str) -> tuple[Pinned, ...]:
    part = read(body)
    assert isinstance(part, LockPart)
    return part.pinned

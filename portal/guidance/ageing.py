"""Since when a lock has had its pins: read from the publications, newest first."""

from collections.abc import Iterator
from datetime import datetime

from matrix.review.models import PublishedPart
from matrix.rules.locks.parts import LockPart, Pinned, read
from portal.guidance.channel import channel_of
from portal.guidance.models import Application


def pinned_before(application: Application, name: str, moment: datetime) -> set[str]:
    """Return the projects of a set whose version has been the same since before *moment*."""
    since: dict[str, datetime] = {}
    versions: dict[str, str] = {}
    for published_at, pins in _history(application, name):
        now = {pin.name: pin.version for pin in pins}
        if not versions:
            versions = now
            since = dict.fromkeys(now, published_at)
            going = set(now)
        going = {project for project in going if now.get(project) == versions[project]}
        since |= dict.fromkeys(going, published_at)
        if not going:
            break
    return {project for project, published_at in since.items() if published_at < moment}


def _history(application: Application, name: str) -> Iterator[tuple[datetime, tuple[Pinned, ...]]]:
    """Yield when each publication was made, and the pins of the set in it, newest first."""
    rows = PublishedPart.objects.filter(
        publication__channel=channel_of(application), part=name
    ).order_by("-publication__number")
    bodies: dict[str, tuple[Pinned, ...]] = {}
    for row in rows.select_related("publication", "snapshot").iterator(chunk_size=50):
        if row.snapshot_id not in bodies:
            part = read(row.snapshot.body)
            assert isinstance(part, LockPart)
            bodies = {row.snapshot_id: part.pinned}
        yield row.publication.published_at, bodies[row.snapshot_id]

"""What came to the index lately, read from packed facts of the projects that changed alone."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from integrations.index.facts import unpack_releases
from integrations.index.models import Project


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A release whose first file came within the time that was asked for."""

    index: str  # The address of the index.
    project: str
    version: str  # Normalised by PEP 440.
    appeared_at: datetime
    is_yanked: bool


def arrivals(projects: Collection[str], *, since: datetime, until: datetime) -> list[Arrival]:
    """
    Return what came to any of *projects*, whatever its index, the newest first; one query.

    Only where the index, or the portal itself, knows when: the releases of the very first poll of
    an index that does not say it did not come lately.
    """
    # Nothing came to a project whose page has said nothing new since.
    rows = Project.objects.filter(name__in=projects, changed_at__gte=since)
    found = [
        arrival
        for url, name, summary in rows.values_list("index__url", "name", "summary")
        for arrival in _arrivals(url, name, bytes(summary), since, until)
    ]
    return sorted(found, key=lambda one: (one.appeared_at, one.project), reverse=True)


def _arrivals(
    url: str, name: str, summary: bytes, since: datetime, until: datetime
) -> Iterator[Arrival]:
    for fact in unpack_releases(summary):
        if since <= fact.appeared_at <= until and fact.uploaded_at is not None:
            yield Arrival(
                index=url,
                project=name,
                version=fact.version,
                appeared_at=fact.appeared_at,
                is_yanked=fact.is_yanked,
            )

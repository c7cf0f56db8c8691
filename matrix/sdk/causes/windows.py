"""Since when something can be a cause: when the published state of a part was computed."""

from collections.abc import Collection, Mapping
from datetime import datetime

from matrix.review.models import Channel, Item, Publication, Run


def windows(
    channel: Channel, published: Mapping[str, str], parts: Collection[str], *, run: Run
) -> dict[str, datetime]:
    """
    Return for each of *parts* the ``as_of`` of the run behind what is published of it.

    That is the last finished run over the part before the publication. A change that was proposed
    then already, and left open or declined since, goes back to the run before it came up.
    *published* is ``{part: SHA-256}``. Without a publication nothing is returned. Four queries.
    """
    publication = Publication.objects.filter(pk=channel.current_id or 0).first()
    if publication is None:
        return {}
    finished = channel.runs.filter(status=Run.Status.FINISHED).exclude(pk=run.pk)
    runs = list(finished.order_by("-finished_at", "-pk"))
    first = _first_proposed(channel, published, parts)
    return {
        part: _as_of(part, runs, publication, first.get(part)) or publication.published_at
        for part in parts
    }


def _as_of(
    part: str, runs: list[Run], publication: Publication, proposed_at: datetime | None
) -> datetime | None:
    for run in runs:  # The latest first.
        assert run.finished_at is not None
        if run.finished_at > publication.published_at or not run.covers(part):
            continue
        if proposed_at is None or run.finished_at < proposed_at:
            return run.as_of
    return None


def _first_proposed(
    channel: Channel, published: Mapping[str, str], parts: Collection[str]
) -> dict[str, datetime]:
    """Return when the proposals that hold a change of the published state of a part began to."""
    proposals = channel.proposals.order_by("-number").values_list("number", "proposed_at")
    rows = Item.with_dropped.filter(
        proposal__channel=channel, published_in=None, part__in=parts, old__in=published.values()
    ).values_list("part", "old_id", "proposal__number")
    held = {(part, number) for part, old, number in rows if published.get(part) == old}
    found: dict[str, datetime] = {}
    still = set(parts)
    for number, proposed_at in proposals:
        still = {part for part in still if (part, number) in held}
        found |= dict.fromkeys(still, proposed_at)
    return found

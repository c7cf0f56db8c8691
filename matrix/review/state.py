"""
What is published, and what would be if everything proposed were.

Each answer takes a fixed number of queries. Parts come in the order of their names, as Python
sorts them: databases disagree about the order of text.
"""

from collections.abc import Collection, Mapping

from django.db.models import QuerySet

from matrix.review.models import Channel, Item, Proposal, Publication, PublishedPart, Snapshot
from matrix.review.values import Change


def published(channel: Channel) -> dict[str, str]:
    """Return ``{part: body}`` of the channel's current publication; nothing: no publication."""
    current = Channel.objects.filter(pk=channel.pk).values("current")
    return _with_bodies(PublishedPart.objects.filter(publication__in=current))


def publication_state(publication: Publication) -> dict[str, str]:
    """Return ``{part: body}`` of one publication, current or not."""
    return _with_bodies(PublishedPart.objects.filter(publication=publication))


def published_files(publication: Publication) -> dict[str, str]:
    """Return ``{path: text}`` of one publication, as they were stored when it was made."""
    files = publication.files.select_related("content")
    return dict(sorted((file.path, file.read()) for file in files))


def _with_bodies(rows: QuerySet[PublishedPart]) -> dict[str, str]:
    return dict(sorted(rows.values_list("part", "snapshot__body")))


def proposed(proposal: Proposal) -> dict[str, str]:
    """Return ``{part: body}`` after everything that is not declined: the base and the items."""
    return bodies_of(proposed_hashes(proposal))


def proposed_hashes(proposal: Proposal) -> dict[str, str]:
    """Return ``{part: SHA-256}`` after everything that is not declined."""
    items = proposal.items.exclude(pk__in=proposal.items.declined())
    return apply(published_hashes(proposal.base_id), items)


def published_hashes(publication_id: int | None) -> dict[str, str]:
    """Return ``{part: SHA-256}`` of one publication; None: no publication, no parts."""
    rows = PublishedPart.objects.filter(publication=publication_id)
    return dict(sorted(rows.values_list("part", "snapshot_id")))


def apply(base: Mapping[str, str], items: Collection[Item]) -> dict[str, str]:
    """Return *base* with the new snapshots of *items*, and without the parts that they remove."""
    changed = {item.part: item.new_id for item in items}
    merged = {**base, **changed}
    return {part: sha for part, sha in sorted(merged.items()) if sha is not None}


def bodies_of(hashes: Mapping[str, str]) -> dict[str, str]:
    """Return ``{part: body}`` for ``{part: SHA-256}``."""
    found = load_bodies(set(hashes.values()))
    return {part: found[sha] for part, sha in hashes.items()}


def load_bodies(shas: Collection[str]) -> dict[str, str]:
    """Return ``{SHA-256: body}``; every hash must be stored."""
    found = dict(Snapshot.objects.filter(sha256__in=shas).values_list("sha256", "body"))
    missing = set(shas) - found.keys()
    if missing:
        raise LookupError(f"No snapshot is stored for {', '.join(sorted(missing))}.")
    return found


def with_replaced(proposal: Proposal) -> list[int]:
    """Return the key of *proposal* and of every one that it replaced, the latest first."""
    rows = Proposal.objects.filter(channel=proposal.channel_id, status=Proposal.Status.REPLACED)
    before = {successor: pk for pk, successor in rows.values_list("pk", "replaced_by")}
    found = [proposal.pk]
    while found[-1] in before:
        found.append(before[found[-1]])
    return found


def changes(proposal: Proposal) -> list[Change]:
    """Return what the proposal does to each part, published items included, by name of part."""
    return changes_of(list(proposal.items.all()))


def changes_of(items: Collection[Item]) -> list[Change]:
    """Return the changes of *items* with their bodies, by name of part."""
    shas = {sha for item in items for sha in (item.old_id, item.new_id) if sha is not None}
    found = load_bodies(shas)
    return [
        Change(item.part, found.get(item.old_id or ""), found.get(item.new_id or ""))
        for item in sorted(items, key=lambda item: (item.part, item.pk))
    ]


def changes_between(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """Return the changes from ``{part: SHA-256}`` to another such state, by name of part."""
    parts = sorted(before.keys() | after.keys())
    differing = [part for part in parts if before.get(part) != after.get(part)]
    found = load_bodies(
        {side[part] for part in differing for side in (before, after) if part in side}
    )
    return [
        Change(part, found.get(before.get(part, "")), found.get(after.get(part, "")))
        for part in differing
    ]

"""
What was approved becomes current: snapshots, and the files rendered from them.

A publication is never changed and never withdrawn. Its files are a function of its snapshots.
"""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, Q

from matrix.review.contents import store_texts
from matrix.review.errors import (
    BaseMoved,
    Blocked,
    NeedsSecondPerson,
    NothingApproved,
    NothingToRollBack,
    ReasonMissing,
)
from matrix.review.locking import (
    called,
    find_proposal,
    lock_channel,
    lock_open_proposal,
    require_current_base,
)
from matrix.review.models import (
    Channel,
    Decision,
    Item,
    Proposal,
    Publication,
    PublishedFile,
    PublishedPart,
)
from matrix.review.snapshots import digest
from matrix.review.state import (
    apply,
    bodies_of,
    changes_between,
    changes_of,
    proposed,
    publication_state,
    published_hashes,
)
from matrix.review.texts import require_usable
from matrix.review.values import Change, Objections, Render, Summarise


def publish(
    number: int,
    *,
    by: User,
    at: datetime,
    comment: str,
    render: Render,
    second_person: bool = False,
    summarise: Summarise | None = None,
    generator: str = "",
    objections: Objections | None = None,
) -> Publication:
    """
    Publish the base and the approved items of proposal *number*.

    Undecided items stay open against the new publication; when there are none the proposal is
    published, and what was declined stays in it as history. With *second_person* nobody who
    approved one of the items may publish. *summarise* gives the publication, and what is left of
    the proposal, a summary line of its own; *generator* says what *render* is. *objections* says
    what speaks against a state: what the current publication does not have already is refused.
    """
    with transaction.atomic():
        channel, proposal = lock_open_proposal(number)
        require_current_base(channel, proposal)
        items = _approved(proposal)
        _refuse_blocked(proposal, items)
        if second_person:
            _require_second_person(proposal, items, by)
        hashes = apply(published_hashes(proposal.base_id), items)
        if objections:
            _refuse_objected(proposal, hashes, objections)
        publication = Publication.objects.create(
            channel=channel,
            number=_next_number(channel),
            base_id=channel.current_id,
            proposal=proposal,
            published_by=by,
            published_at=at,
            comment=comment,
            summary=summarise(changes_of(items)) if summarise else proposal.summary,
            generator=generator,
        )
        _fill(publication, hashes, render)
        _move(channel, publication)
        _settle(proposal, items, publication, summarise)
        return publication


def republish(
    publication: Publication,
    *,
    by: User,
    at: datetime,
    reason: str,
    render: Render,
    seen: int | None = None,
    summarise: Summarise | None = None,
    generator: str = "",
) -> Publication:
    """
    Publish the snapshots of an older *publication* again: the way back.

    *seen* is the number of the publication that was current when somebody decided so. The open
    proposal stays; a run compares it with the new publication before any of it is approved.
    """
    if not reason.strip():
        raise ReasonMissing("Say why it is published again: the reason is empty.")
    require_usable(reason, "The reason")
    with transaction.atomic():
        channel = lock_channel(publication.channel_id)
        _require_current(channel, seen)
        changes = going_back(channel, publication)
        again = Publication.objects.create(
            channel=channel,
            number=_next_number(channel),
            base_id=channel.current_id,
            published_by=by,
            published_at=at,
            comment=reason,
            summary=summarise(changes) if summarise else "",
            generator=generator,
        )
        _fill(again, published_hashes(publication.pk), render)
        _move(channel, again)
        return again


def going_back(channel: Channel, publication: Publication) -> list[Change]:
    """Return what the way back to *publication* changes; raises NothingToRollBack."""
    if publication.pk == channel.current_id:
        raise NothingToRollBack(f"Publication {publication.number} is the current one already.")
    now, then = published_hashes(channel.current_id), published_hashes(publication.pk)
    changes = changes_between(now, then)
    if not changes:
        raise NothingToRollBack(
            f"Publication {publication.number} has the same parts as {called(channel.current)}, "
            "which is current."
        )
    return changes


def _require_current(channel: Channel, seen: int | None) -> None:
    current = channel.current.number if channel.current else 0
    if seen is not None and seen != current:
        raise BaseMoved(
            f"Since you opened the page, {called(channel.current)} has become current; "
            "look again at what would change."
        )


def candidate(number: int, render: Render) -> dict[str, str]:
    """Return the files as they would be if everything that is not declined were published."""
    return _files(render, proposed(find_proposal(number)))


def render_again(publication: Publication, render: Render) -> dict[str, str]:
    """Return the files of *publication*, made again from its snapshots."""
    return _files(render, publication_state(publication))


def differing_files(publication: Publication, render: Render) -> list[str]:
    """
    Return the paths whose bytes are not the stored ones when they are rendered again.

    The list is empty as long as rendering keeps its promise; each stored file is also compared
    with its own SHA-256.
    """
    again = render_again(publication, render)
    stored = {file.path: file for file in publication.files.select_related("content")}
    return sorted(
        path
        for path in again.keys() | stored.keys()
        if path not in stored
        or again.get(path) != stored[path].read()
        or digest(stored[path].read()) != stored[path].sha256
    )


def _files(render: Render, bodies: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(render(bodies).items()))


def _approved(proposal: Proposal) -> list[Item]:
    items = list(proposal.items.unpublished().approved())
    if not items:
        raise NothingApproved(
            f"Nothing in proposal {proposal.number} is approved; approve something first."
        )
    return items


def _refuse_blocked(proposal: Proposal, items: list[Item]) -> None:
    whole = Q(item=None, part="")
    found = proposal.findings.filter(
        Q(item__in=items) | whole, is_blocking=True, waived_at=None
    ).order_by("pk")
    if texts := [f"{finding.part or 'the proposal'}: {finding.text}" for finding in found]:
        raise Blocked(f"{' '.join(texts)} Waive it with a reason, or withdraw the approval.")


def _refuse_objected(proposal: Proposal, hashes: Mapping[str, str], objections: Objections) -> None:
    """Refuse what speaks against the new state, unless it stands already or was waived."""
    rows = proposal.findings.filter(waived_at__isnull=False)
    waived = [*rows.values_list("text", flat=True)]
    known = {*objections(bodies_of(published_hashes(proposal.base_id)))}
    found = [
        text
        for text in objections(bodies_of(hashes))
        if text not in known and not any(text in other for other in waived)
    ]
    if found:
        raise Blocked(
            f"If this were published: {' '.join(found)} Approve what goes together, or none of it."
        )


def _require_second_person(proposal: Proposal, items: list[Item], by: User) -> None:
    own = Decision.objects.filter(
        item__in=items, withdrawn_at=None, verdict=Decision.Verdict.APPROVED, decided_by=by
    )
    if parts := sorted(own.values_list("item__part", flat=True)):
        raise NeedsSecondPerson(
            f"{by.get_username()} approved {', '.join(parts)}; somebody else must publish. "
            f"Ask another reviewer to publish proposal {proposal.number}, or withdraw "
            f"{'that approval' if len(parts) == 1 else 'those approvals'} and let them approve."
        )


def _next_number(channel: Channel) -> int:
    highest = channel.publications.aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1


def _fill(publication: Publication, hashes: dict[str, str], render: Render) -> None:
    PublishedPart.objects.bulk_create(
        PublishedPart(publication=publication, part=part, snapshot_id=sha)
        for part, sha in hashes.items()
    )
    files = _files(render, bodies_of(hashes))
    shas = store_texts(files.values())
    PublishedFile.objects.bulk_create(
        PublishedFile(publication=publication, path=path, content_id=shas[text])
        for path, text in files.items()
    )


def _move(channel: Channel, publication: Publication) -> None:
    """Make *publication* current where its base still is."""
    rows = Channel.objects.filter(pk=channel.pk, current=publication.base_id)
    if rows.update(current=publication) != 1:
        raise BaseMoved(
            f"Another publication of {channel} became current at the same moment; "
            "start a run to compare again."
        )


def _settle(
    proposal: Proposal,
    items: list[Item],
    publication: Publication,
    summarise: Summarise | None,
) -> None:
    Item.objects.filter(pk__in=[item.pk for item in items]).update(published_in=publication)
    proposal.base = publication
    if not proposal.items.undecided().exists():
        proposal.status = Proposal.Status.PUBLISHED
        proposal.closed_by, proposal.closed_at = publication.published_by, publication.published_at
    elif summarise:
        proposal.summary = summarise(changes_of(list(proposal.items.unpublished())))
    proposal.save()

"""Removing a channel with its whole history: the one way in which a publication disappears."""

from django.db import transaction
from django.db.models.functions import Coalesce

from matrix.review.locking import lock_channel
from matrix.review.models import Channel, Item, Proposal, Publication, Run


@transaction.atomic
def remove_channel(channel: Channel) -> None:
    """
    Remove *channel* and all that belongs to it, from the leaves to the root.

    Snapshots and texts of files stay: they are named by their bytes, and another channel may hold
    the same.
    """
    lock_channel(channel.pk)
    Channel.objects.filter(pk=channel.pk).update(current=None)
    proposals = Proposal.objects.filter(channel=channel)
    publications = Publication.objects.filter(channel=channel)
    Item.with_dropped.filter(proposal__in=proposals).delete()
    proposals.update(
        base=None,
        status=Proposal.Status.CLOSED,
        replaced_by=None,
        closed_at=Coalesce("closed_at", "proposed_at"),
        closing_reason="removed",
    )
    publications.update(proposal=None)
    proposals.delete()
    for publication in publications.order_by("-number"):  # Each protects the one before it.
        publication.delete()
    Run.objects.filter(channel=channel).delete()
    channel.delete()

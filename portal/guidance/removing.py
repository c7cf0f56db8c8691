"""Removing an application with everything that was made of it."""

from collections.abc import Collection

from django.db import transaction

from matrix.review.models import Channel, Proposal, Publication, Run
from matrix.review.removing import remove_channel
from portal.guidance.channel import KIND
from portal.guidance.models import Application


@transaction.atomic
def remove(application: Application) -> None:
    """
    Remove *application*: its sets, runs, proposals and publications with their files, and its
    weekly update. What the index said and the history of the catalogue stay.
    """
    for channel in Channel.objects.filter(kind=KIND, slug=application.slug):
        remove_channel(channel)
    application.delete()  # Its schedule goes when this is committed.


def what_goes(applications: Collection[Application]) -> dict[str, int]:
    """Return how many runs, proposals and publications go with *applications*."""
    channels = Channel.objects.filter(kind=KIND, slug__in=[one.slug for one in applications])
    return {
        "runs": Run.objects.filter(channel__in=channels).count(),
        "proposals": Proposal.objects.filter(channel__in=channels).count(),
        "publications": Publication.objects.filter(channel__in=channels).count(),
    }

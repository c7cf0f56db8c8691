"""Removing an SDK with everything that was made of it."""

from django.db import transaction

from integrations.catalogue.models import Sdk
from matrix.review.models import Channel
from matrix.review.removing import remove_channel
from matrix.sdk.channel import KIND


@transaction.atomic
def remove(sdk: Sdk) -> None:
    """Remove *sdk*, its catalogue, proposals and publications. What the index said stays."""
    for channel in Channel.objects.filter(kind=KIND, slug=sdk.slug):
        remove_channel(channel)
    sdk.integrations.all().delete()  # Before the groups, which they protect.
    sdk.delete()

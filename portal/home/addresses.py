"""Addresses of what both SDKs and applications have: publications, files, runs."""

from django.urls import reverse

from matrix.review.models import Channel
from matrix.sdk.channel import KIND

HOMES = {KIND: "coverage"}  # The page of a subject; that of other kinds is called as the kind.


def name_for(kind: str, name: str) -> str:
    """Return the name of a page for channels of *kind*: ``application-publication``."""
    return name if kind == KIND else f"{kind}-{name}"


def address_of(channel: Channel, name: str, *arguments: str | int) -> str:
    """Return the address of a page about *channel*: ``publication``, ``start-run``."""
    return reverse(name_for(channel.kind, name), args=[channel.slug, *arguments])


def home_of(channel: Channel) -> str:
    """Return the address of the page about the subject of *channel*."""
    return reverse(HOMES.get(channel.kind, channel.kind), args=[channel.slug])

"""Channels whose rows are pinned, published as an SDK's are."""

from collections.abc import Sequence

from matrix.environments.models import PinSet
from matrix.review import proposing
from matrix.review.models import Channel, Proposal, Publication
from matrix.rules.parts import IntegrationPart, LayoutPart, write
from matrix.sdk.channel import summary_of
from matrix.sdk.publishing import approve_and_publish
from tests.review.makers import AT, a_run, a_user, computed
from tests.support.pins import PinBook


def store(book: PinBook) -> None:
    """Store the pin sets of *book*, as resolving does."""
    PinSet.objects.bulk_create(
        [
            PinSet(sha256=name, pins="".join(f"{pin}\n" for pin in pins), made_at=AT)
            for name, pins in book.sets.items()
        ],
        ignore_conflicts=True,
    )


def a_proposal(
    channel: Channel, layout: LayoutPart, parts: Sequence[IntegrationPart], book: PinBook
) -> Proposal:
    store(book)
    state = {"layout": write(layout), **{part.name: write(part) for part in parts}}
    found = proposing.propose(a_run(channel), computed(state), at=AT, summarise=summary_of(channel))
    assert found is not None
    return found


def a_publication(
    channel: Channel, layout: LayoutPart, parts: Sequence[IntegrationPart], book: PinBook
) -> Publication:
    proposal = a_proposal(channel, layout, parts, book)
    by = a_user("ana")
    by.is_superuser = True
    by.save()
    return approve_and_publish(proposal.number, by=by, at=AT)

"""
Decisions that outlive their proposal: the very same change is not proposed while they stand.

Some wait for the end of something that review does not know: it compares names, no more.
"""

from collections.abc import Callable, Collection
from datetime import datetime

from django.db.models import QuerySet

from matrix.review.models import Channel, Decision, Proposal

LASTING = (Decision.ProposeAgain.WHEN_IT_CHANGES, Decision.ProposeAgain.WHEN_A_HOLD_ENDS)


def waited_for(channel: Channel) -> set[str]:
    """Return what the standing decisions of *channel* wait for: ``{"hold 12"}``."""
    return set(_waiting(channel).values_list("waits_for", flat=True))


def stop_waiting(
    channel: Channel, ended: Collection[str], *, covers: Callable[[str], bool], at: datetime
) -> set[str]:
    """
    Withdraw the decisions that waited for what has *ended*; return their parts.

    Only of parts that the caller *covers*: a run proposes them again. The channel is locked.
    """
    if not ended:
        return set()
    rows = _waiting(channel).filter(waits_for__in=ended).values_list("pk", "item__part")
    found = {pk: part for pk, part in rows if covers(part)}
    Decision.objects.filter(pk__in=found, withdrawn_at=None).update(withdrawn_at=at)
    return set(found.values())


def _waiting(channel: Channel) -> QuerySet[Decision]:
    """Leave out what is history: a replaced proposal passed its decisions on to its successor."""
    return Decision.objects.filter(
        withdrawn_at=None,
        propose_again=Decision.ProposeAgain.WHEN_A_HOLD_ENDS,
        item__dropped_at=None,
        item__published_in=None,
        item__proposal__channel=channel,
    ).exclude(item__proposal__status=Proposal.Status.REPLACED)

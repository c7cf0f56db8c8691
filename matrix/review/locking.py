"""
One writer per channel: every write of review locks the channel's row first.

On SQLite the transaction is the lock (``BEGIN IMMEDIATE``). Row counts and constraints stand
behind the lock: what they refuse is rolled back.
"""

from matrix.review.errors import BaseMoved, NoSuchProposal, NotOpen
from matrix.review.models import Channel, Proposal, Publication


def lock_channel(pk: int) -> Channel:
    """Return the channel; nobody else writes in it until the transaction ends."""
    return Channel.objects.select_for_update().get(pk=pk)


def find_proposal(number: int) -> Proposal:
    """Return the proposal of this number, open or not; nothing is locked."""
    proposal = Proposal.objects.filter(number=number).first()
    if proposal is None:
        raise NoSuchProposal(f"There is no proposal {number}; look at the list of proposals.")
    return proposal


def lock_open_proposal(number: int) -> tuple[Channel, Proposal]:
    """Return the open proposal of this number and its channel, which is locked."""
    channel = lock_channel(find_proposal(number).channel_id)
    proposal = Proposal.objects.select_related("base", "replaced_by").get(number=number)
    if proposal.status != Proposal.Status.OPEN:
        raise NotOpen(_why_not_open(proposal))
    return channel, proposal


def _why_not_open(proposal: Proposal) -> str:
    match proposal.status:
        case Proposal.Status.REPLACED:
            by = proposal.replaced_by
            return f"Proposal {proposal.number} was replaced by {by}; decide there."
        case Proposal.Status.PUBLISHED:
            return (
                f"Proposal {proposal.number} is published; a change of mind needs a new proposal: "
                "edit the catalogue and start a run."
            )
    return (
        f"Proposal {proposal.number} was closed ({proposal.closing_reason}); "
        "start a run to propose what still differs."
    )


def require_current_base(channel: Channel, proposal: Proposal, seen: int | None = None) -> None:
    """
    Refuse when something else is current than the proposal was compared with.

    *seen* is the number of the publication that the reviewer's page compared with (0: nothing was
    published); None: the reviewer saw no page.
    """
    if proposal.base_id != channel.current_id:
        raise BaseMoved(
            f"Proposal {proposal.number} was compared with {called(proposal.base)}, but "
            f"{called(channel.current)} is current by now; start a run to compare again."
        )
    base_number = proposal.base.number if proposal.base else 0
    if seen is not None and seen != base_number:
        raise BaseMoved(
            f"Since you opened the page, {called(proposal.base)} has become current; "
            f"read proposal {proposal.number} again, then decide."
        )


def called(publication: Publication | None) -> str:
    """Say what something is compared with."""
    return f"publication {publication.number}" if publication else "an empty publication"

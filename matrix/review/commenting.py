"""What people say of a proposal and of its parts. Comments are never changed and never removed."""

from collections import defaultdict
from datetime import datetime

from django.contrib.auth.models import User

from matrix.review.errors import NotProposed, TextRefused
from matrix.review.locking import find_proposal
from matrix.review.models import Comment, Item, Proposal
from matrix.review.permissions import require
from matrix.review.state import with_replaced
from matrix.review.texts import require_usable


def comment(number: int, *, part: str = "", text: str, by: User, at: datetime) -> Comment:
    """
    Say *text* of proposal *number*, or of one *part* of it, whether it is open or not.

    Raises NotAllowed without the permission ``review.comment``, NoSuchProposal, NotProposed for a
    part that the proposal never had, and TextRefused.
    """
    require(by, "review.comment", f"comment on proposal {number}")
    said = text.replace("\r\n", "\n").strip()
    if not said:
        raise TextRefused("Write something: the comment is empty.")
    require_usable(said, "The comment")
    proposal = find_proposal(number)
    if part and not _has(proposal, part):
        raise NotProposed(
            f"Proposal {number} has no part of that name to comment on; "
            "comment on one of its parts, or on the proposal."
        )
    return Comment.objects.create(
        proposal=proposal, part=part, text=said, written_by=by, written_at=at
    )


def _has(proposal: Proposal, part: str) -> bool:
    parts = Item.with_dropped.filter(proposal=proposal).values_list("part", flat=True)
    return part in set(parts)  # In Python: a database may refuse the text itself.


def comments_on(proposal: Proposal) -> dict[str, list[Comment]]:
    """
    Return the comments by part, "" for the whole, oldest first; in two queries.

    Those of the proposals that *proposal* replaced are among them: what was said of last week's
    httpx still counts.
    """
    found: dict[str, list[Comment]] = defaultdict(list)
    rows = Comment.objects.filter(proposal__in=with_replaced(proposal))
    for row in rows.select_related("written_by", "proposal").order_by("written_at", "pk"):
        found[row.part].append(row)
    return dict(found)

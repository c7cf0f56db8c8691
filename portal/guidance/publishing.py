"""Publishing the locks of an application."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from matrix.review.deciding import approve_all
from matrix.review.locking import find_proposal
from matrix.review.models import Proposal, Publication
from matrix.review.permissions import require
from matrix.review.publishing import publish
from matrix.rules.rendering.manifest import GENERATOR
from portal.guidance.channel import application_of, files_of, summarise


def publish_approved(number: int, *, by: User, at: datetime, comment: str = "") -> Publication:
    """Publish what is approved in proposal *number*; raises ReviewError and PermissionDenied."""
    require(by, "review.publish", "publish")
    application = application_of(find_proposal(number).channel)
    return publish(
        number,
        by=by,
        at=at,
        comment=comment,
        render=files_of,
        second_person=application is not None and application.second_person_publishes,
        summarise=summarise,
        generator=GENERATOR,
    )


@transaction.atomic
def approve_and_publish(number: int, *, by: User, at: datetime, comment: str = "") -> Publication:
    """Approve what is undecided in proposal *number* and publish it: both, or neither."""
    proposal = find_proposal(number)
    if proposal.items.undecided().exists() or proposal.status != Proposal.Status.OPEN:
        require(by, "review.decide", "approve")
        approve_all(number, by=by, at=at)
    return publish_approved(number, by=by, at=at, comment=comment)

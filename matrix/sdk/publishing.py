"""Publishing a proposal, as the settings of its SDK or application ask for it."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from matrix.review.deciding import approve_all
from matrix.review.errors import NeedsSecondPerson, ReviewError
from matrix.review.kinds import kind_of, subject_of
from matrix.review.locking import find_proposal
from matrix.review.models import Proposal, Publication
from matrix.review.permissions import require
from matrix.review.publishing import publish, republish
from matrix.rules.rendering import FrameError, NamesClash, UnknownPins
from matrix.rules.rendering.manifest import GENERATOR
from matrix.sdk.channel import files_of
from matrix.sdk.held_again import require_confirmed


class CannotRender(ReviewError):
    """What would be published makes no file that tox could read."""


def publish_approved(number: int, *, by: User, at: datetime, comment: str = "") -> Publication:
    """Publish what is approved in proposal *number*; raises ReviewError and PermissionDenied."""
    require(by, "review.publish", "publish")
    proposal = find_proposal(number)
    kind = kind_of(proposal.channel)
    return publish(
        number,
        by=by,
        at=at,
        comment=comment,
        render=kind.render,
        second_person=asks_for_two(proposal),
        summarise=kind.summary_of(proposal.channel),
        generator=GENERATOR,
        objections=kind.objections,
    )


def asks_for_two(proposal: Proposal) -> bool:
    """Whether who approved items of *proposal* may not publish them."""
    subject = subject_of(proposal.channel)
    return subject is not None and subject.second_person_publishes


@transaction.atomic
def publish_again(
    publication: Publication,
    *,
    by: User,
    at: datetime,
    reason: str,
    seen: int | None = None,
    confirmed: Collection[str] = (),
) -> Publication:
    """
    Publish an older *publication* again; raises ReviewError and PermissionDenied.

    One person suffices, also where two are asked for: both looked at it before. What is held
    everywhere since has to be *confirmed* release by release, as ``anyio==4.9.1``; the reason that
    is kept names it.
    """
    require(by, "review.publish", f"publish {publication} again")
    held = require_confirmed(publication, confirmed, at=at)
    if held and reason.strip():
        reason += f"\n\nHeld everywhere, and confirmed: {', '.join(map(str, held))}."
    kind = kind_of(publication.channel)
    return republish(
        publication,
        by=by,
        at=at,
        reason=reason,
        render=kind.render,
        seen=seen,
        summarise=kind.summary_of(publication.channel),
        generator=GENERATOR,
    )


def render(bodies: Mapping[str, str]) -> dict[str, str]:
    """Return every generated file of an SDK; raises CannotRender, which a reviewer can read."""
    try:
        return files_of(bodies)
    except (FrameError, NamesClash, UnknownPins) as error:
        raise CannotRender(f"The files cannot be rendered. {error}") from error


@transaction.atomic
def approve_and_publish(
    number: int, *, by: User, at: datetime, comment: str = "", base: int | None = None
) -> Publication:
    """Approve what is undecided in proposal *number* and publish it: both, or neither."""
    require(by, "review.publish", "publish")
    proposal = find_proposal(number)
    if proposal.items.undecided().exists() or proposal.status != Proposal.Status.OPEN:
        require(by, "review.decide", "approve")
        _refuse_one_person(proposal)
        approve_all(number, by=by, at=at, base=base)
    return publish_approved(number, by=by, at=at, comment=comment)


def _refuse_one_person(proposal: Proposal) -> None:
    """Say at once what publishing would refuse: nobody can approve and publish the same items."""
    if proposal.status == Proposal.Status.OPEN and asks_for_two(proposal):
        raise NeedsSecondPerson(
            f"{proposal.channel} asks for two people, so nobody can approve and publish at once. "
            f"Approve the items of proposal {proposal.number}, then ask another reviewer to "
            "publish it."
        )

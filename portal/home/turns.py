"""Whose turn it is in each open proposal, and why: the first thing that the home page says."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.contrib.auth.models import User

from matrix.review.models import Decision, Proposal, Publication, Run
from portal.home.filtering import Filters
from portal.home.overview import OtherOverview, SdkOverview
from portal.home.reviewing import Review, review_of

DECIDE = "review.decide"
PUBLISH = "review.publish"
MOST_REVIEWED = 3  # Open proposals whose items are shown here; each takes queries of its own.
CLOSELY = "closely"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One open proposal."""

    overview: SdkOverview | OtherOverview
    proposal: Proposal  # Counted: see listing.py.
    undecided: int
    is_yours: bool
    what: str  # What is to do: "5 items in proposal 47", "publish proposal 47".
    why: str  # A sentence.
    button: str
    review: Review | None  # Of what to look closely at; None: there are too many proposals.


@dataclass(frozen=True, kw_only=True, slots=True)
class Headline:
    text: str
    why: str = ""


def turns(overviews: Sequence[SdkOverview | OtherOverview], user: User) -> list[Turn]:
    """Return the open proposals: those that wait for *user* first, then by name."""
    open_ones = [one for one in overviews if one.proposal]
    numbers = [one.proposal.pk for one in open_ones if one.proposal]
    approved = _approved_by(user, numbers) if numbers else set()
    found = [_turn(one, user, approved) for one in open_ones]
    ordered = sorted(found, key=lambda turn: not turn.is_yours)
    return [_with_review(turn) if n < MOST_REVIEWED else turn for n, turn in enumerate(ordered)]


def _approved_by(user: User, proposals: Collection[int]) -> set[int]:
    """Return the proposals in which a standing approval is the user's own."""
    rows = Decision.objects.filter(
        item__proposal__in=proposals,
        item__published_in=None,
        item__dropped_at=None,
        withdrawn_at=None,
        verdict=Decision.Verdict.APPROVED,
        decided_by=user,
    )
    return set(rows.values_list("item__proposal", flat=True))


def _turn(one: SdkOverview | OtherOverview, user: User, approved: Collection[int]) -> Turn:
    proposal = one.proposal
    assert proposal is not None
    undecided: int = proposal.undecided_count  # type: ignore[attr-defined]
    waiting: int = proposal.waiting_count  # type: ignore[attr-defined]
    number = proposal.number
    is_yours, what, why, button = False, f"proposal {number}", "", f"Read proposal {number}"
    if undecided:
        items = _items(undecided)
        what, is_yours = f"{items} in proposal {number}", user.has_perm(DECIDE)
        why = f"Nobody has decided {'it' if undecided == 1 else 'them'} yet."
        button = f"Review {items}" if is_yours else button
    elif not waiting:
        why = "All of it is decided and nothing is approved, so there is nothing to publish."
    elif one.sdk.second_person_publishes and proposal.pk in approved:
        why = "You approved in it, so somebody else must publish it."
    else:
        what, is_yours = f"publish proposal {number}", user.has_perm(PUBLISH)
        why = "All of it is decided, and what is approved is not published yet."
        button = f"Publish proposal {number}" if is_yours else button
    return Turn(
        overview=one,
        proposal=proposal,
        undecided=undecided,
        is_yours=is_yours,
        what=what,
        why=why,
        button=button,
        review=None,
    )


def _with_review(turn: Turn) -> Turn:
    return Turn(
        overview=turn.overview,
        proposal=turn.proposal,
        undecided=turn.undecided,
        is_yours=turn.is_yours,
        what=turn.what,
        why=turn.why,
        button=turn.button,
        review=review_of(turn.proposal, Filters(show=CLOSELY)),
    )


class Lived(Protocol):
    """An SDK or an application: whether anything was ever made of it."""

    @property
    def publication(self) -> Publication | None: ...
    @property
    def run(self) -> Run | None: ...


def headline(found: Sequence[Turn], overviews: Sequence[Lived]) -> Headline:
    """Return the first line of the page, and why it says so."""
    if not overviews and not found:
        return Headline(text="Welcome: nothing is here yet")
    if not found and not any(one.publication or one.run for one in overviews):
        return Headline(text="Welcome: no proposal yet")
    yours = [turn for turn in found if turn.is_yours]
    if len(yours) == 1:
        return Headline(text=f"Your turn: {yours[0].what}", why=yours[0].why)
    if yours:
        return Headline(text=f"Your turn: {len(yours)} proposals", why=_undecided(yours))
    if len(found) == 1:
        text = "1 proposal waits for a reviewer"
        return Headline(text=text, why=found[0].why)
    if found:
        return Headline(text=f"{len(found)} proposals wait for a reviewer")
    return Headline(text="Nothing to decide")


def _undecided(found: Sequence[Turn]) -> str:
    """``Nobody has decided 3 items of Parcels and 2 items of Shop yet.``, where names fit."""
    open_ones = [turn for turn in found if turn.undecided]
    if not open_ones:
        return found[0].why
    told = [f"{_items(turn.undecided)} of {turn.overview.sdk.name}" for turn in open_ones]
    if len(told) > MOST_REVIEWED:
        return f"Nobody has decided {_items(sum(one.undecided for one in open_ones))} in them yet."
    return f"Nobody has decided {' and '.join(filter(None, [', '.join(told[:-1]), told[-1]]))} yet."


def _items(number: int) -> str:
    return f"{number:,} {'item' if number == 1 else 'items'}"

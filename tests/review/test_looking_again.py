"""Decisions that were lost because their item changed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matrix.review import deciding
from matrix.review.looking_again import lost_decisions
from matrix.review.models import Channel, Decision, Proposal
from tests.review.makers import (
    AT,
    LATER,
    a_channel,
    a_proposal,
    a_publication,
    a_user,
    decided,
    propose,
    publish,
)

pytestmark = pytest.mark.django_db
Again = Decision.ProposeAgain
State = dict[str, str | None]
BASE: State = {"a": "one", "b": "one"}
NEXT: State = {"a": "two", "b": "two"}


def reviewed(channel: Channel) -> Proposal:
    """Publication 1 has *BASE*; proposal 2 wants *NEXT*, and ana approved all of it."""
    a_publication(channel, BASE)
    proposal = a_proposal(channel, NEXT)
    deciding.approve_all(proposal.number, by=a_user(), at=AT)
    return proposal


def lost(proposal: Proposal | None) -> dict[str, tuple[str, str | None, str | None]]:
    """``{part: (verdict, old body, new body)}``."""
    assert proposal is not None
    return {
        part: (found.decision.verdict, found.old_body, found.new_body)
        for part, found in lost_decisions(proposal).items()
    }


def test_a_rebuild_loses_the_decision_about_what_changed_and_keeps_the_others() -> None:
    channel = a_channel()
    reviewed(channel)

    proposal = propose(channel, {"a": "three"}, only="a", at=LATER)

    assert proposal is not None
    assert decided(proposal) == {"a": "undecided", "b": "approved"}
    assert lost(proposal) == {"a": ("approved", "one", "two")}
    found = lost_decisions(proposal)["a"]
    assert (found.lost_at, found.decision.decided_by.username) == (LATER, "ana")


def test_a_replaced_proposal_passes_on_what_changed_as_lost_and_the_rest_as_kept() -> None:
    channel = a_channel()
    reviewed(channel)

    second = propose(channel, {**NEXT, "a": "three"}, at=LATER)
    assert lost(second) == {"a": ("approved", "one", "two")}
    third = propose(channel, {"a": "four", "b": "four"}, at=LATER + timedelta(days=7))

    assert lost(third) == {
        "a": ("approved", "one", "two"),
        "b": ("approved", "one", "two"),
    }
    assert third is not None
    moments = {part: found.lost_at for part, found in lost_decisions(third).items()}
    assert moments == {"a": LATER, "b": LATER + timedelta(days=7)}


def test_a_removed_part_and_a_new_one_have_no_body_on_one_side() -> None:
    channel = a_channel()
    a_publication(channel, {"a": "one"})
    proposal = a_proposal(channel, {"b": "one"})
    deciding.approve_all(proposal.number, by=a_user(), at=AT)

    assert lost(propose(channel, {"a": "two", "b": "two"})) == {
        "a": ("approved", "one", None),
        "b": ("approved", None, "one"),
    }


def test_what_is_decided_again_is_not_looked_at_again() -> None:
    channel = a_channel()
    reviewed(channel)
    proposal = propose(channel, {"a": "three", "b": "three"}, at=LATER)
    assert proposal is not None

    deciding.approve(proposal.number, ["a"], by=a_user(), at=LATER)

    assert lost(proposal) == {"b": ("approved", "one", "two")}


def test_what_a_person_withdrew_is_not_lost() -> None:
    channel = a_channel()
    proposal = reviewed(channel)
    deciding.withdraw(Decision.objects.get(item__proposal=proposal, item__part="a").pk,
                      by=a_user("ben"), at=AT)  # fmt: skip

    assert lost(propose(channel, {"a": "three"}, only="a")) == {}
    assert lost(propose(channel, {"a": "four", "b": "four"})) == {"b": ("approved", "one", "two")}


def test_a_withdrawal_speaks_for_what_was_decided_before_it() -> None:
    channel = a_channel()
    reviewed(channel)
    second = propose(channel, {**NEXT, "a": "three"})
    assert second is not None
    deciding.approve(second.number, ["a"], by=a_user(), at=AT)
    rows = Decision.objects.filter(item__proposal=second, item__part="a")
    deciding.withdraw(rows.get().pk, by=a_user(), at=AT)

    assert lost(propose(channel, {**NEXT, "a": "four"})) == {}


def test_not_now_is_not_lost_and_until_it_changes_is() -> None:
    channel = a_channel()
    a_publication(channel, BASE)
    proposal = a_proposal(channel, NEXT)
    for part, again in (("a", Again.NEXT_RUN), ("b", Again.WHEN_IT_CHANGES)):
        deciding.decline(
            proposal.number, [part], by=a_user(), at=AT, reason="No.", propose_again=again
        )

    assert lost(propose(channel, {"a": "three", "b": "three"})) == {"b": ("declined", "one", "two")}


def test_what_was_published_is_not_lost() -> None:
    channel = a_channel()
    proposal = reviewed(channel)
    publish(proposal.number)

    assert lost(propose(channel, {**NEXT, "a": "three"})) == {}


def test_lost_decisions_take_four_queries_however_many_there_are() -> None:
    counts = []
    for slug, size in (("few", 1), ("many", 60)):
        channel = a_channel(slug)
        state: State = {f"p{number}": "one" for number in range(size)}
        proposal = a_proposal(channel, state)
        deciding.approve_all(proposal.number, by=a_user(), at=AT)
        again = propose(channel, dict.fromkeys(state, "two"))
        assert again is not None
        with CaptureQueriesContext(connection) as queries:
            assert len(lost_decisions(again)) == size
        counts.append(len(queries))

    assert counts == [4, 4]

"""Declined "never until a hold ends": left out while the decision stands, then proposed again."""

from collections.abc import Callable

import pytest

from matrix.review import deciding
from matrix.review.models import Channel, Decision, Proposal
from matrix.review.waiting import waited_for
from tests.review.makers import (
    AT,
    LATER,
    a_channel,
    a_proposal,
    a_publication,
    a_user,
    decided,
    last_run,
    pairs,
    propose,
    publish,
)

pytestmark = pytest.mark.django_db
Again = Decision.ProposeAgain
BASE: dict[str, str | None] = {"a": "one", "b": "one"}
NEXT: dict[str, str | None] = {"a": "two", "b": "two"}


def waiting_for(hold: str) -> Channel:
    """Proposal 2 has a approved and b declined until *hold* ends."""
    channel = a_channel()
    a_publication(channel, BASE)
    proposal = a_proposal(channel, NEXT)
    deciding.approve(proposal.number, ["a"], by=a_user(), at=AT)
    deciding.decline(
        proposal.number,
        ["b"],
        by=a_user(),
        at=AT,
        reason="Broken.",
        propose_again=Again.WHEN_A_HOLD_ENDS,
        waits_for=hold,
    )
    return channel


def published(channel: Channel) -> Proposal | None:
    publish(2)
    return None


def left_open(channel: Channel) -> Proposal | None:
    return Proposal.objects.get(number=2)


def replaced(channel: Channel) -> Proposal | None:
    return propose(channel, {**NEXT, "c": "one"})


def test_the_very_same_change_is_left_out_while_the_decision_stands() -> None:
    channel = waiting_for("hold 12")
    publish(2)

    assert propose(channel, NEXT, ended=["hold 1", "hold 120"]) is None

    assert waited_for(channel) == {"hold 12"}
    assert last_run(channel).outcome == (
        "Nothing to propose: no part differs from publication 2. "
        "1 part left out: declined until a hold ends."
    )


def test_another_change_of_the_part_is_proposed() -> None:
    channel = waiting_for("hold 12")
    publish(2)

    assert pairs(a_proposal(channel, {**NEXT, "b": "three"})) == {"b": ("one", "three")}


@pytest.mark.parametrize("history", [published, left_open, replaced])
def test_the_end_of_the_hold_has_the_change_proposed_again(
    history: Callable[[Channel], Proposal | None],
) -> None:
    channel = waiting_for("hold 12")
    open_one = history(channel)
    state = {**NEXT, "c": "one"} if history is replaced else NEXT

    proposal = propose(channel, state, at=LATER, ended=["hold 12"])

    assert proposal is not None
    assert open_one in {None, proposal}
    assert decided(proposal)["b"] == "undecided"
    assert waited_for(channel) == set()
    assert (
        "1 declined part considered again: what it waited for has ended."
        in last_run(channel).outcome
    )
    rows = Decision.objects.filter(item__part="b", propose_again=Again.WHEN_A_HOLD_ENDS)
    over = rows.exclude(item__proposal__status="replaced")
    assert {(one.withdrawn_at, one.withdrawn_by) for one in over} == {(LATER, None)}


def test_a_part_that_the_run_does_not_cover_goes_on_waiting() -> None:
    channel = waiting_for("hold 12")
    publish(2)

    assert propose(channel, {"a": "two"}, only="a", ended=["hold 12"]) is None

    assert waited_for(channel) == {"hold 12"}


def test_the_decision_can_be_withdrawn_after_its_proposal_is_over() -> None:
    channel = waiting_for("hold 12")
    publish(2)
    decision = Decision.objects.get(propose_again=Again.WHEN_A_HOLD_ENDS)

    deciding.withdraw_all(2, [decision.pk], by=a_user("ben"), at=LATER)

    assert pairs(a_proposal(channel, NEXT)) == {"b": ("one", "two")}


def test_what_a_replaced_proposal_passed_on_is_waited_for_once() -> None:
    channel = waiting_for("hold 12")
    proposal = replaced(channel)

    assert proposal is not None
    assert decided(proposal) == {"a": "approved", "b": "declined", "c": "undecided"}
    kept = Decision.objects.get(item__proposal=proposal, item__part="b")
    assert (kept.waits_for, kept.propose_again) == ("hold 12", "when a hold ends")
    assert kept.kept_from is not None
    assert waited_for(channel) == {"hold 12"}

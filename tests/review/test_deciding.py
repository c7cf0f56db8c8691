from collections.abc import Callable

import pytest

from matrix.review import deciding
from matrix.review.errors import (
    AlreadyDecided,
    BaseMoved,
    CannotWaive,
    CannotWithdraw,
    NoSuchProposal,
    NotOpen,
    NotProposed,
    ReasonMissing,
)
from matrix.review.models import Channel, Decision, Finding, Proposal
from matrix.review.values import ComputedPart, Found
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
Status = Proposal.Status
PARTS: dict[str, str | None] = {"a": "one", "b": "one", "c": "one"}


def approve_all(number: int) -> int:
    return deciding.approve_all(number, by=a_user(), at=AT)


def approve(number: int) -> int:
    return deciding.approve(number, ["a"], by=a_user(), at=AT)


def decline(number: int, *parts: str, reason: str = "It breaks CI.") -> int:
    return deciding.decline(number, parts or ["a"], by=a_user(), at=AT, reason=reason)


def reject(number: int, reason: str = "It breaks CI.") -> int:
    return deciding.reject(number, by=a_user(), at=AT, reason=reason)


def test_approving_all_decides_what_is_undecided_and_says_how_many() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    decline(proposal.number, "b")

    assert deciding.approve_all(proposal.number, by=a_user("ben"), at=LATER) == 2

    assert decided(proposal) == {"a": "approved", "b": "declined", "c": "approved"}
    decision = Decision.objects.get(item__part="c")
    assert (decision.decided_by.username, decision.decided_at) == ("ben", LATER)


def test_approving_chosen_parts_leaves_the_others_undecided() -> None:
    proposal = a_proposal(a_channel(), PARTS)

    assert deciding.approve(proposal.number, ["c", "a", "a"], by=a_user(), at=AT) == 2
    assert decided(proposal) == {"a": "approved", "b": "undecided", "c": "approved"}


def test_rejecting_declines_what_is_undecided_and_closes_the_proposal() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    approve(proposal.number)

    assert deciding.reject(proposal.number, by=a_user("ben"), at=LATER, reason="Too early.") == 2

    proposal.refresh_from_db()
    assert (proposal.status, proposal.closed_at, proposal.closing_reason) == (
        Status.CLOSED,
        LATER,
        "Too early.",
    )
    assert proposal.closed_by == a_user("ben")
    assert decided(proposal) == {"a": "approved", "b": "declined", "c": "declined"}
    declined = Decision.objects.filter(verdict="declined")
    assert {(row.reason, row.propose_again) for row in declined} == {("Too early.", "next run")}


def test_the_next_run_proposes_again_what_was_rejected() -> None:
    channel = a_channel()
    proposal = a_proposal(channel, PARTS)
    approve(proposal.number)
    reject(proposal.number)

    again = a_proposal(channel, PARTS)

    assert again.number == 2
    assert decided(again) == dict.fromkeys("abc", "undecided")


def published_proposal(channel: Channel) -> Proposal:
    proposal = a_proposal(channel, PARTS)
    approve_all(proposal.number)
    publish(proposal.number)
    return proposal


def replaced_proposal(channel: Channel) -> Proposal:
    proposal = a_proposal(channel, PARTS)
    a_proposal(channel, {"a": "two"})
    return proposal


def rejected_proposal(channel: Channel) -> Proposal:
    proposal = a_proposal(channel, PARTS)
    reject(proposal.number)
    return proposal


@pytest.mark.parametrize("write", [approve_all, approve, decline, reject, publish])
@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            published_proposal,
            (
                "Proposal 1 is published; a change of mind needs a new proposal: "
                "edit the catalogue and start a run."
            ),
        ),
        (replaced_proposal, "Proposal 1 was replaced by proposal 2; decide there."),
        (
            rejected_proposal,
            "Proposal 1 was closed (It breaks CI.); start a run to propose what still differs.",
        ),
    ],
    ids=["published", "replaced", "rejected"],
)
def test_a_proposal_that_is_over_is_not_decided(
    write: Callable[[int], object], make: Callable[[Channel], Proposal], sentence: str
) -> None:
    proposal = make(a_channel())
    decisions = Decision.objects.count()

    with pytest.raises(NotOpen) as refusal:
        write(proposal.number)

    assert str(refusal.value) == sentence
    assert Decision.objects.count() == decisions


@pytest.mark.parametrize("write", [approve_all, approve, decline, reject, publish])
def test_a_number_that_no_proposal_has_is_named(write: Callable[[int], object]) -> None:
    with pytest.raises(NoSuchProposal) as refusal:
        write(77)

    assert str(refusal.value) == "There is no proposal 77; look at the list of proposals."


def moved_base(channel: Channel) -> Proposal:
    """Something else than the base became current: a roll back would do that."""
    first = a_publication(channel, PARTS)
    second = a_publication(channel, {**PARTS, "a": "two"})
    proposal = a_proposal(channel, PARTS)
    assert proposal.base == second
    Channel.objects.filter(pk=channel.pk).update(current=first)
    return proposal


@pytest.mark.parametrize("write", [approve_all, approve, publish])
def test_nothing_is_approved_or_published_against_a_base_that_is_not_current(
    write: Callable[[int], object],
) -> None:
    proposal = moved_base(a_channel())

    with pytest.raises(BaseMoved) as refusal:
        write(proposal.number)

    assert str(refusal.value) == (
        f"Proposal {proposal.number} was compared with publication 2, "
        "but publication 1 is current by now; start a run to compare again."
    )


def test_declining_does_not_need_the_current_base() -> None:
    proposal = moved_base(a_channel())

    assert reject(proposal.number) == 1


@pytest.mark.parametrize("seen", [0, 7])
def test_a_page_that_showed_another_base_approves_nothing(seen: int) -> None:
    channel = a_channel()
    a_publication(channel, PARTS)
    proposal = a_proposal(channel, {**PARTS, "a": "two"})

    with pytest.raises(BaseMoved) as refusal:
        deciding.approve_all(proposal.number, by=a_user(), at=AT, base=seen)

    assert str(refusal.value) == (
        "Since you opened the page, publication 1 has become current; "
        "read proposal 2 again, then decide."
    )
    assert deciding.approve_all(proposal.number, by=a_user(), at=AT, base=1) == 1


def test_a_first_proposal_has_base_0() -> None:
    proposal = a_proposal(a_channel(), PARTS)

    assert deciding.approve_all(proposal.number, by=a_user(), at=AT, base=0) == 3


def test_approving_twice_says_that_nothing_is_left() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    approve_all(proposal.number)

    with pytest.raises(AlreadyDecided) as refusal:
        approve_all(proposal.number)

    assert str(refusal.value) == (
        "Nothing in proposal 1 is undecided; publish what is approved, "
        "or withdraw a decision first."
    )


def test_a_part_that_is_decided_is_not_decided_again() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    deciding.approve(proposal.number, ["a", "b"], by=a_user(), at=AT)

    with pytest.raises(AlreadyDecided) as refusal:
        decline(proposal.number, "c", "b", "a")

    assert str(refusal.value) == (
        "a, b: decided already in proposal 1; withdraw that decision first."
    )
    assert decided(proposal)["c"] == "undecided", "nothing is half done"


def test_a_part_that_is_not_proposed_cannot_be_decided() -> None:
    proposal = a_proposal(a_channel(), PARTS)

    with pytest.raises(NotProposed) as refusal:
        deciding.approve(proposal.number, ["a", "flask"], by=a_user(), at=AT)

    assert str(refusal.value) == (
        "Proposal 1 does not propose flask; read it again: it was rebuilt or published since."
    )


@pytest.mark.parametrize("reason", ["", "  \n"], ids=["empty", "blanks"])
@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (reject, "Say why it is rejected: the reason is empty."),
        (decline, "Say why it is declined: the reason is empty."),
    ],
    ids=["reject", "decline"],
)
def test_a_refusal_needs_a_reason(write: Callable[..., int], sentence: str, reason: str) -> None:
    proposal = a_proposal(a_channel(), PARTS)

    with pytest.raises(ReasonMissing) as refusal:
        write(proposal.number, reason=reason)

    assert str(refusal.value) == sentence
    assert decided(proposal) == dict.fromkeys("abc", "undecided")


def test_a_withdrawn_decision_leaves_its_item_undecided() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    approve_all(proposal.number)
    decision = Decision.objects.get(item__part="a")

    deciding.withdraw(decision.pk, by=a_user("ben"), at=LATER)

    assert decided(proposal) == {"a": "undecided", "b": "approved", "c": "approved"}
    decision.refresh_from_db()
    assert (decision.withdrawn_by, decision.withdrawn_at) == (a_user("ben"), LATER)
    assert decline(proposal.number, "a") == 1


def the_decision(part: str, proposal: Proposal) -> int:
    return Decision.objects.get(item__part=part, item__proposal=proposal).pk


def withdrawn(channel: Channel) -> int:
    proposal = a_proposal(channel, PARTS)
    approve(proposal.number)
    deciding.withdraw(the_decision("a", proposal), by=a_user(), at=AT)
    return the_decision("a", proposal)


def in_a_publication(channel: Channel) -> int:
    proposal = a_proposal(channel, PARTS)
    approve(proposal.number)
    publish(proposal.number)
    return the_decision("a", proposal)


def in_a_replaced_proposal(channel: Channel) -> int:
    proposal = a_proposal(channel, PARTS)
    approve(proposal.number)
    propose(channel, {"a": "one", "b": "two"})
    return the_decision("a", proposal)


def in_a_rejected_proposal(channel: Channel) -> int:
    return the_decision("a", rejected_proposal(channel))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (withdrawn, "The decision about a does not stand any more."),
        (
            in_a_publication,
            (
                "a is in publication 1 already; "
                "change the catalogue and start a run to propose something else."
            ),
        ),
        (
            in_a_replaced_proposal,
            (
                "Proposal 1 is replaced; its decisions are history. "
                "Decide in the open proposal, or start a run."
            ),
        ),
        (
            in_a_rejected_proposal,
            (
                "Proposal 1 is closed; its decisions are history. "
                "Decide in the open proposal, or start a run."
            ),
        ),
    ],
)
def test_a_decision_that_had_its_effect_cannot_be_withdrawn(
    make: Callable[[Channel], int], sentence: str
) -> None:
    decision = make(a_channel())

    with pytest.raises(CannotWithdraw) as refusal:
        deciding.withdraw(decision, by=a_user(), at=AT)

    assert str(refusal.value) == sentence


def a_blocking_finding() -> Finding:
    found = Found("install", "error", "It cannot be installed.", is_blocking=True)
    return a_proposal(a_channel(), [ComputedPart("a", "one", findings=(found,))]).findings.get()


def test_a_waiver_keeps_who_when_and_why() -> None:
    waived = deciding.waive(
        a_blocking_finding().pk, by=a_user("ben"), at=LATER, reason="CI has a mirror."
    )

    waived.refresh_from_db()
    assert (waived.waived_by, waived.waived_at, waived.waiver) == (
        a_user("ben"),
        LATER,
        "CI has a mirror.",
    )


def test_a_waiver_needs_a_reason() -> None:
    with pytest.raises(ReasonMissing, match=r"^Say why it may pass: the reason is empty\.$"):
        deciding.waive(a_blocking_finding().pk, by=a_user(), at=AT, reason=" ")


def test_a_finding_is_waived_once() -> None:
    finding = a_blocking_finding()
    deciding.waive(finding.pk, by=a_user(), at=AT, reason="Known.")

    with pytest.raises(CannotWaive) as refusal:
        deciding.waive(finding.pk, by=a_user(), at=AT, reason="Known.")

    assert str(refusal.value) == "The finding is waived or gone; look at proposal 1 again."

"""Deciding by what a page showed: ids of items and decisions, and pages that are out of date."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matrix.review import deciding
from matrix.review.choosing import NOTHING
from matrix.review.errors import (
    AlreadyDecided,
    BaseMoved,
    CannotWithdraw,
    NotOpen,
    NotProposed,
    ReasonMissing,
    ReviewError,
    TextRefused,
)
from matrix.review.models import Decision, Item, Proposal
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
PARTS: dict[str, str | None] = {"a": "one", "b": "one", "c": "one"}


def ids(proposal: Proposal, *parts: str) -> list[int]:
    rows = dict(proposal.items.unpublished().values_list("part", "pk"))
    return [rows[part] for part in parts]


def approve(number: int, items: list[int]) -> int:
    return deciding.approve_items(number, items, by=a_user("ben"), at=LATER)


def decline(number: int, items: list[int], reason: str = "It breaks CI.") -> int:
    return deciding.decline_items(
        number, items, by=a_user("ben"), at=LATER, reason=reason, propose_again=Again.NEXT_RUN
    )


def test_items_are_decided_by_what_the_page_showed() -> None:
    proposal = a_proposal(a_channel(), PARTS)

    assert approve(proposal.number, ids(proposal, "c", "a", "a")) == 2
    assert decline(proposal.number, ids(proposal, "b")) == 1

    assert decided(proposal) == {"a": "approved", "b": "declined", "c": "approved"}
    row = Decision.objects.get(item__part="b")
    assert (row.reason, row.propose_again, row.waits_for) == ("It breaks CI.", "next run", "")


def test_a_decision_may_wait_for_a_hold() -> None:
    proposal = a_proposal(a_channel(), PARTS)

    deciding.decline_items(
        proposal.number,
        ids(proposal, "a"),
        by=a_user(),
        at=AT,
        reason="Broken.",
        propose_again=Again.WHEN_A_HOLD_ENDS,
        waits_for="hold 12",
    )

    assert Decision.objects.get().waits_for == "hold 12"


def rebuilt(proposal: Proposal, at: int = 0) -> None:
    state: dict[str, str | None] = {**PARTS, "a": "two", "b": "two"}
    propose(proposal.channel, state, only="ab", at=LATER + timedelta(hours=at))


def gone(proposal: Proposal) -> None:
    propose(proposal.channel, {}, only="a", at=LATER - timedelta(days=2))


def in_a_publication(proposal: Proposal) -> None:
    deciding.approve(proposal.number, ["a"], by=a_user(), at=AT)
    publish(proposal.number)


def decided_by_ana(proposal: Proposal) -> None:
    deciding.approve(proposal.number, ["a", "b"], by=a_user(), at=LATER)


def replaced(proposal: Proposal) -> None:
    propose(proposal.channel, {**PARTS, "a": "two"})


STALE = [
    pytest.param(
        rebuilt, NotProposed, "a and b were rebuilt at 08:45 UTC: look at them again.", id="rebuilt"
    ),
    pytest.param(
        gone,
        NotProposed,
        "a is not proposed any more, since a run on Sat 15 Aug, 08:45 UTC.",
        id="gone",
    ),
    pytest.param(in_a_publication, NotProposed, "a is in publication 1 already.", id="published"),
    pytest.param(
        decided_by_ana,
        AlreadyDecided,
        "a and b were approved by ana at 08:45 UTC. Withdraw that first.",
        id="decided",
    ),
]


@pytest.mark.parametrize("write", [approve, decline])
@pytest.mark.parametrize(("change", "error", "sentence"), STALE)
def test_a_page_that_is_out_of_date_writes_nothing_and_is_told_what_changed(
    write: Callable[[int, list[int]], int],
    change: Callable[[Proposal], None],
    error: type[ReviewError],
    sentence: str,
) -> None:
    proposal = a_proposal(a_channel(), PARTS)
    page = ids(proposal, "a", "b", "c")
    change(proposal)
    before = Decision.objects.count()

    with pytest.raises(error) as refusal:
        write(proposal.number, page)

    assert str(refusal.value) == f"{sentence} Nothing was decided."
    assert Decision.objects.count() == before
    assert decided(proposal)["c"] == "undecided"


def test_one_item_that_was_rebuilt_is_told_in_the_singular() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    page = ids(proposal, "a", "c")
    propose(proposal.channel, {"a": "two"}, only="a", at=LATER)

    with pytest.raises(NotProposed) as refusal:
        approve(proposal.number, page)

    assert str(refusal.value) == (
        "a was rebuilt at 08:45 UTC: look at it again. Nothing was decided."
    )


def test_a_page_of_a_replaced_proposal_is_sent_to_its_successor() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    page = ids(proposal, "c")
    replaced(proposal)

    with pytest.raises(NotOpen, match=r"^Proposal 1 was replaced by proposal 2; decide there\.$"):
        approve(proposal.number, page)


def test_a_page_that_showed_another_base_approves_nothing() -> None:
    channel = a_channel()
    a_publication(channel, PARTS)
    proposal = a_proposal(channel, {**PARTS, "a": "two"})

    with pytest.raises(BaseMoved):
        deciding.approve_items(proposal.number, ids(proposal, "a"), by=a_user(), at=AT, base=0)

    assert decided(proposal) == {"a": "undecided"}


def test_ids_of_nothing_and_of_others_are_refused() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    other = a_proposal(a_channel("other"), PARTS)
    foreign = ids(other, "a", "b")

    for chosen, sentence in (
        ([], "No item of proposal 1 was chosen. Nothing was decided."),
        (
            [*ids(proposal, "a"), foreign[0]],
            f"Proposal 1 has no item {foreign[0]}; open it again. Nothing was decided.",
        ),
        (
            foreign,
            f"Proposal 1 has no items {foreign[0]} and {foreign[1]}; open it again. {NOTHING}",
        ),
    ):
        with pytest.raises(NotProposed) as refusal:
            approve(proposal.number, chosen)
        assert str(refusal.value) == sentence
    assert Decision.objects.count() == 0


@pytest.mark.parametrize(
    ("reason", "error", "sentence"),
    [
        (" \n", ReasonMissing, "Say why it is declined: the reason is empty."),
        (
            "No\0.",
            TextRefused,
            "The text holds the character U+0000, which does not print. Take it out.",
        ),
        (
            "x" * 10_001,
            TextRefused,
            "The reason is 10,001 characters long; write 10,000 at most, and link to the rest.",
        ),
    ],
    ids=["empty", "nul", "long"],
)
def test_a_reason_can_be_stored_and_read(
    reason: str, error: type[ReviewError], sentence: str
) -> None:
    proposal = a_proposal(a_channel(), PARTS)

    with pytest.raises(error) as refusal:
        decline(proposal.number, ids(proposal, "a"), reason)

    assert str(refusal.value) == sentence


def withdraw(number: int, decisions: list[int]) -> int:
    return deciding.withdraw_all(number, decisions, by=a_user("ben"), at=LATER)


def decisions_of(proposal: Proposal) -> list[int]:
    rows = Decision.objects.filter(item__proposal=proposal).order_by("item__part")
    return list(rows.values_list("pk", flat=True))


def test_decisions_are_withdrawn_together() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    approve(proposal.number, ids(proposal, "a", "b"))
    decline(proposal.number, ids(proposal, "c"))

    assert withdraw(proposal.number, decisions_of(proposal)) == 3

    assert decided(proposal) == dict.fromkeys("abc", "undecided")
    rows = Decision.objects.values_list("withdrawn_by__username", "withdrawn_at")
    assert set(rows) == {("ben", LATER)}


def test_one_decision_that_had_its_effect_keeps_all_of_them() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    deciding.approve(proposal.number, ["a"], by=a_user(), at=AT)
    publish(proposal.number)
    approve(proposal.number, ids(proposal, "b", "c"))
    gone_by = decisions_of(proposal)
    deciding.withdraw(gone_by[2], by=a_user(), at=AT)

    with pytest.raises(CannotWithdraw) as refusal:
        withdraw(proposal.number, gone_by)

    assert str(refusal.value) == (
        "a is in publication 1 already; change the catalogue and start a run to propose something "
        "else. The decision about c does not stand any more. Nothing was withdrawn."
    )
    assert decided(proposal) == {"b": "approved", "c": "undecided"}


def test_decisions_of_another_proposal_are_not_withdrawn() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    other = a_proposal(a_channel("other"), PARTS)
    approve(other.number, ids(other, "a"))
    (foreign,) = decisions_of(other)

    with pytest.raises(CannotWithdraw) as refusal:
        withdraw(proposal.number, [foreign])

    assert str(refusal.value) == (f"Proposal 1 has no decision {foreign}; nothing was withdrawn.")
    with pytest.raises(CannotWithdraw, match=r"^No decision of proposal 1 was chosen\.$"):
        withdraw(proposal.number, [])


def test_deciding_takes_the_same_number_of_queries_for_many_items() -> None:
    a_user("ben")
    counts = []
    for slug, size in (("few", 2), ("many", 60)):
        state: dict[str, str | None] = {f"p{number}": "one" for number in range(size)}
        proposal = a_proposal(a_channel(slug), state)
        page = list(Item.objects.filter(proposal=proposal).values_list("pk", flat=True))
        with CaptureQueriesContext(connection) as approving:
            approve(proposal.number, page)
        with CaptureQueriesContext(connection) as withdrawing:
            withdraw(proposal.number, decisions_of(proposal))
        counts.append((len(approving), len(withdrawing)))

    assert counts[0] == counts[1]

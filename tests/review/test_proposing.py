import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matrix.review import deciding
from matrix.review.models import Assessment, Decision, Finding, Item, Proposal, Run
from matrix.review.values import ComputedPart, Found
from tests.review.makers import (
    AT,
    LATER,
    a_channel,
    a_proposal,
    a_publication,
    a_user,
    computed,
    decided,
    last_run,
    pairs,
    propose,
    publish,
)

pytestmark = pytest.mark.django_db
Status = Proposal.Status
State = dict[str, str | None]


def approve(proposal: Proposal, *parts: str) -> None:
    deciding.approve(proposal.number, parts, by=a_user(), at=AT)


def decline(proposal: Proposal, *parts: str, again: Decision.ProposeAgain) -> None:
    deciding.decline(
        proposal.number, parts, by=a_user(), at=AT, reason="Not now.", propose_again=again
    )


BASE: State = {"a": "one", "b": "one", "c": "one"}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param({**BASE, "b": "two"}, {"b": ("one", "two")}, id="a changed part"),
        pytest.param({**BASE, "d": "one"}, {"d": (None, "one")}, id="a new part"),
        pytest.param({**BASE, "c": None}, {"c": ("one", None)}, id="a part without a body"),
        pytest.param({"a": "one", "b": "one"}, {"c": ("one", None)}, id="a part that is gone"),
        pytest.param({**BASE, "a": "two", "c": None, "d": "x"},
            {"a": ("one", "two"), "c": ("one", None), "d": (None, "x")}, id="several"),
        pytest.param({}, dict.fromkeys(BASE, ("one", None)), id="everything gone"),
        pytest.param({**BASE, "d": None, "a": "two"}, {"a": ("one", "two")}, id="never there"),
    ],
)  # fmt: skip
def test_the_items_are_the_parts_that_differ_from_the_publication(
    parts: State, expected: dict[str, tuple[str | None, str | None]]
) -> None:
    channel = a_channel()
    a_publication(channel, BASE)

    assert pairs(a_proposal(channel, parts)) == expected


def test_the_first_proposal_holds_every_part_against_an_empty_publication() -> None:
    channel = a_channel()

    proposal = a_proposal(channel, {"b": "one", "a": "one"})

    assert pairs(proposal) == {"a": (None, "one"), "b": (None, "one")}
    assert (proposal.number, proposal.base, proposal.status) == (1, None, Status.OPEN)
    assert proposal.summary == "a: - → one, b: - → one"
    run = last_run(channel)
    assert (run.status, run.outcome, run.finished_at) == (
        Run.Status.FINISHED,
        "Proposal 1: 2 parts differ from an empty publication.",
        AT,
    )


def test_when_no_part_differs_there_is_no_proposal_and_the_run_says_so() -> None:
    channel = a_channel()
    a_publication(channel, BASE)

    assert propose(channel, BASE) is None
    assert last_run(channel).outcome == "Nothing to propose: no part differs from publication 1."
    assert channel.proposals.filter(status=Status.OPEN).count() == 0


def test_an_open_proposal_that_no_longer_holds_anything_is_closed() -> None:
    channel = a_channel()
    a_publication(channel, BASE)
    proposal = a_proposal(channel, {**BASE, "a": "two"})

    assert propose(channel, BASE, at=LATER) is None

    proposal.refresh_from_db()
    assert (proposal.status, proposal.closed_at, proposal.closing_reason) == (
        Status.CLOSED,
        LATER,
        "nothing is left to propose",
    )
    assert pairs(proposal) == {}
    assert last_run(channel).outcome == (
        "Nothing is left to propose: no part differs from publication 1; proposal 2 was closed."
    )


def test_an_open_proposal_that_was_published_in_part_ends_as_published() -> None:
    channel = a_channel()
    proposal = a_proposal(channel, {"a": "one", "b": "one"})
    approve(proposal, "a")
    publish(proposal.number)

    assert propose(channel, {"a": "one"}) is None

    proposal.refresh_from_db()
    assert proposal.status == Status.PUBLISHED
    assert [item.part for item in proposal.items.all()] == ["a"]


def test_the_same_items_leave_the_open_proposal_as_it_is() -> None:
    channel = a_channel()
    proposal = a_proposal(channel, BASE)
    approve(proposal, "a")
    items = set(Item.objects.values_list("pk", flat=True))

    again = a_proposal(channel, BASE)

    assert (again, again.number, again.status) == (proposal, 1, Status.OPEN)
    assert (again.rebuilt_at, again.run) == (None, last_run(channel))
    assert set(Item.objects.values_list("pk", flat=True)) == items
    assert decided(again) == {"a": "approved", "b": "undecided", "c": "undecided"}
    assert last_run(channel).outcome == (
        "Proposal 1 stays as it is: the same 3 parts differ from an empty publication."
    )


def test_a_full_run_with_other_items_replaces_the_open_proposal() -> None:
    channel = a_channel()
    old = a_proposal(channel, BASE)
    approve(old, "a", "b")

    new = propose(channel, {**BASE, "b": "two"}, at=LATER)

    assert new is not None
    old.refresh_from_db()
    assert (old.status, old.replaced_by, old.closed_at) == (Status.REPLACED, new, LATER)
    assert (new.number, new.status, new.proposed_at) == (2, Status.OPEN, LATER)
    assert pairs(old) == dict.fromkeys("abc", (None, "one")), "history stays"
    assert decided(new) == {"a": "approved", "b": "undecided", "c": "undecided"}
    assert last_run(channel).outcome == (
        "Proposal 2 replaces proposal 1: 3 parts differ from an empty publication; 1 decision kept."
    )


def test_a_kept_decision_says_who_decided_and_from_where_it_was_kept() -> None:
    channel = a_channel()
    old = a_proposal(channel, BASE)
    approve(old, "a")

    new = propose(channel, {**BASE, "b": "two"}, at=LATER)

    assert new is not None
    kept = Decision.objects.get(item__proposal=new)
    assert (kept.verdict, kept.decided_by.username, kept.decided_at) == ("approved", "ana", AT)
    assert kept.kept_from == Decision.objects.get(item__proposal=old)


def test_a_run_with_a_scope_leaves_the_other_parts_as_they_are_proposed() -> None:
    channel = a_channel()
    a_publication(channel, BASE)
    proposal = a_proposal(channel, {"a": "two", "b": "two", "c": "one"})
    approve(proposal, "a", "b")

    again = propose(channel, {"b": "three", "a": "not computed"}, only=["b"], at=LATER)

    assert again == proposal
    assert again.rebuilt_at == LATER
    assert pairs(again) == {"a": ("one", "two"), "b": ("one", "three")}
    assert decided(again) == {"a": "approved", "b": "undecided"}
    assert last_run(channel).outcome == (
        "Proposal 2 was rebuilt: 2 parts differ from publication 1."
    )


def test_parts_that_are_held_back_stay_as_they_are() -> None:
    channel = a_channel()
    a_publication(channel, BASE)
    proposal = a_proposal(channel, {"a": "two", "b": "two", "c": "two"})
    approve(proposal, "a", "b")

    again = propose(channel, {"b": "three", "c": "one"}, hold_back=["a"])

    assert again == proposal
    assert pairs(again) == {"a": ("one", "two"), "b": ("one", "three")}
    assert decided(again) == {"a": "approved", "b": "undecided"}


def test_a_run_with_a_scope_removes_only_parts_of_its_scope() -> None:
    channel = a_channel()
    a_publication(channel, BASE)

    proposal = propose(channel, {}, only=["b"])

    assert proposal is not None
    assert pairs(proposal) == {"b": ("one", None)}


def test_a_run_with_a_scope_can_take_the_last_item_away() -> None:
    channel = a_channel()
    a_publication(channel, BASE)
    proposal = a_proposal(channel, {**BASE, "b": "two"})

    assert propose(channel, {"b": "one"}, only=["b"]) is None

    proposal.refresh_from_db()
    assert proposal.status == Status.CLOSED


def test_the_decisions_of_a_changed_item_are_history() -> None:
    channel = a_channel()
    proposal = a_proposal(channel, BASE)
    approve(proposal, "a")

    propose(channel, {"a": "two"}, only=["a"], at=LATER)

    dropped = Item.with_dropped.get(dropped_at=LATER)
    assert (dropped.part, dropped.new_id) == (
        "a",
        Item.with_dropped.get(dropped_at=None, part="b").new_id,
    )
    decision = Decision.objects.get()
    assert (decision.item, decision.withdrawn_at) == (dropped, LATER)


def test_a_change_that_comes_back_is_decided_anew() -> None:
    channel = a_channel()
    proposal = a_proposal(channel, BASE)
    approve(proposal, "a")
    propose(channel, {"a": "two"}, only=["a"])

    again = propose(channel, {"a": "one"}, only=["a"])

    assert again == proposal
    assert decided(again)["a"] == "undecided"


PROBLEM = "The index did not answer."


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        pytest.param(ComputedPart("a", "two", PROBLEM), {"a": ("one", "two")}, id="its fallback"),
        pytest.param(ComputedPart("a", "one", PROBLEM), None, id="what is published"),
        pytest.param(ComputedPart("a", None, PROBLEM), {"a": ("one", None)}, id="none to keep"),
        pytest.param(ComputedPart("a", None), {"a": ("one", None)}, id="no body, no problem"),
    ],
)
def test_a_part_with_a_problem_passes_with_the_body_that_it_has(
    part: ComputedPart, expected: dict[str, tuple[str | None, str | None]] | None
) -> None:
    channel = a_channel()
    a_publication(channel, {"a": "one"})

    proposal = propose(channel, [part])

    assert (pairs(proposal) if proposal else None) == expected
    assert Assessment.objects.get().problem == part.problem


def test_what_was_declined_until_the_next_run_is_proposed_again() -> None:
    channel = a_channel()
    proposal = a_proposal(channel, BASE)
    approve(proposal, "a")
    decline(proposal, "b", again=Decision.ProposeAgain.NEXT_RUN)

    again = a_proposal(channel, BASE)

    assert again == proposal
    assert decided(again) == {"a": "approved", "b": "undecided", "c": "undecided"}
    assert last_run(channel).outcome.endswith(" 1 declined part proposed again.")


def test_a_run_with_a_scope_asks_again_only_about_its_scope() -> None:
    channel = a_channel()
    proposal = a_proposal(channel, BASE)
    decline(proposal, "a", "b", again=Decision.ProposeAgain.NEXT_RUN)

    propose(channel, {"a": "one", "c": "two"}, only=["a", "c"])

    assert decided(proposal) == {"a": "undecided", "b": "declined", "c": "undecided"}


def test_what_was_declined_until_the_next_run_is_undecided_in_the_proposal_that_replaces() -> None:
    channel = a_channel()
    old = a_proposal(channel, BASE)
    decline(old, "b", again=Decision.ProposeAgain.NEXT_RUN)

    new = a_proposal(channel, {**BASE, "a": "two"})

    assert decided(new) == {"a": "undecided", "b": "undecided", "c": "undecided"}


def test_what_was_declined_until_it_changes_stays_declined_in_the_open_proposal() -> None:
    channel = a_channel()
    old = a_proposal(channel, BASE)
    decline(old, "b", again=Decision.ProposeAgain.WHEN_IT_CHANGES)

    same = a_proposal(channel, BASE)
    assert decided(same)["b"] == "declined"

    new = a_proposal(channel, {**BASE, "a": "two"})
    assert new != old
    assert decided(new) == {"a": "undecided", "b": "declined", "c": "undecided"}


def declined_until_it_changes() -> Proposal:
    """Publish ``a: one``; ``b: one`` was declined until it changes."""
    proposal = a_proposal(a_channel(), {"a": "one", "b": "one"})
    decline(proposal, "b", again=Decision.ProposeAgain.WHEN_IT_CHANGES)
    approve(proposal, "a")
    publish(proposal.number)
    return proposal


def test_what_was_declined_until_it_changes_is_not_proposed_again() -> None:
    channel = declined_until_it_changes().channel

    assert propose(channel, {"a": "one", "b": "one"}) is None
    assert last_run(channel).outcome == (
        "Nothing to propose: no part differs from publication 1. "
        "1 part left out: declined until something changes."
    )
    for only in (None, ["b", "c"]):
        found = propose(channel, {"a": "one", "b": "one", "c": "one"}, only=only)
        assert found is not None
        assert pairs(found) == {"c": (None, "one")}


def test_what_was_declined_until_it_changes_is_proposed_when_it_changes() -> None:
    channel = declined_until_it_changes().channel

    assert pairs(a_proposal(channel, {"a": "one", "b": "two"})) == {"b": (None, "two")}


def test_what_was_declined_until_it_changes_is_proposed_when_the_decision_is_withdrawn() -> None:
    proposal = declined_until_it_changes()
    decision = Decision.objects.get(item__proposal=proposal, verdict="declined")

    deciding.withdraw(decision.pk, by=a_user(), at=AT)

    again = a_proposal(proposal.channel, {"a": "one", "b": "one"})
    assert pairs(again) == {"b": (None, "one")}


def test_declined_changes_of_one_channel_say_nothing_about_another() -> None:
    declined_until_it_changes()

    other = a_proposal(a_channel("other"), {"a": "one", "b": "one"})

    assert pairs(other) == {"a": (None, "one"), "b": (None, "one")}


def test_proposals_of_all_channels_are_numbered_in_one_row() -> None:
    first, second = a_channel(), a_channel("other")

    numbers = [
        a_proposal(first, {"a": "one"}).number,
        a_proposal(second, {"a": "one"}).number,
        a_proposal(first, {"a": "two"}).number,
    ]

    assert numbers == [1, 2, 3]


def with_findings(*texts: str, body: str = "one", blocking: bool = False) -> list[ComputedPart]:
    findings = tuple(Found("coverage", "warning", text, blocking) for text in texts)
    reasons = {"4.2": [{"kind": "latest", "text": "The highest release."}]}
    return [
        ComputedPart("a", body, reasons=reasons, rejected={"4.1": "yanked"}, findings=findings),
        ComputedPart("b", "one"),
    ]


def test_reasons_and_findings_belong_to_the_item_of_their_part() -> None:
    channel = a_channel()

    proposal = a_proposal(channel, with_findings("Python 3.9 is lost."))

    item = proposal.items.get(part="a")
    assert item.reasons == {"4.2": [{"kind": "latest", "text": "The highest release."}]}
    finding = Finding.objects.get()
    assert (finding.item, finding.part, finding.kind, finding.severity, finding.text) == (
        item,
        "a",
        "coverage",
        "warning",
        "Python 3.9 is lost.",
    )
    assert not finding.is_blocking


def test_findings_about_a_part_that_does_not_change_belong_to_the_proposal() -> None:
    channel = a_channel()
    a_publication(channel, {"a": "one", "b": "zero"})

    proposal = a_proposal(channel, with_findings("The index has no classifiers."))

    finding = proposal.findings.get()
    assert (finding.item, finding.part) == (None, "a")


def test_a_run_that_confirms_the_proposal_refreshes_reasons_and_findings() -> None:
    channel = a_channel()
    a_proposal(channel, with_findings("old", "both"))

    proposal = a_proposal(channel, with_findings("both", "new"))

    assert proposal.number == 1
    texts = set(proposal.findings.values_list("text", flat=True))
    assert texts == {"both", "new"}


def test_a_run_with_a_scope_leaves_the_findings_of_other_parts() -> None:
    channel = a_channel()
    proposal = a_proposal(channel, with_findings("about a"))

    propose(channel, {"b": "two"}, only=["b"])

    assert [finding.text for finding in proposal.findings.all()] == ["about a"]


@pytest.mark.parametrize(
    ("body", "waived"), [("one", True), ("two", False)], ids=["same change", "another change"]
)
def test_a_waiver_stays_with_the_same_finding_about_the_same_change(
    body: str, waived: bool
) -> None:
    channel = a_channel()
    a_proposal(channel, with_findings("It cannot install.", blocking=True))
    deciding.waive(Finding.objects.get().pk, by=a_user(), at=AT, reason="Known.")

    parts = [*with_findings("It cannot install.", body=body, blocking=True)]
    proposal = a_proposal(channel, [*parts, ComputedPart("c", "one")])

    finding = proposal.findings.get()
    assert (finding.waiver, finding.waived_at) == (("Known.", AT) if waived else ("", None))


def test_assessments_say_what_the_last_run_found() -> None:
    channel = a_channel()
    propose(channel, computed({"a": "zero", "b": "one"}))

    propose(channel, with_findings("Python 3.9 is lost."), only=["a"])

    rows = {row.part: row for row in Assessment.objects.all()}
    assert rows.keys() == {"a", "b"}
    assert rows["a"].run == last_run(channel)
    assert rows["b"].run != last_run(channel)
    assert rows["a"].notes == {
        "reasons": {"4.2": [{"kind": "latest", "text": "The highest release."}]},
        "rejected": {"4.1": "yanked"},
        "environments": {},
        "findings": [
            {
                "kind": "coverage",
                "severity": "warning",
                "text": "Python 3.9 is lost.",
                "blocking": False,
            }
        ],
    }


@pytest.mark.parametrize(
    ("only", "left"), [(None, {"a"}), (["a"], {"a", "b"})], ids=["full run", "with a scope"]
)
def test_assessments_of_parts_that_are_gone_go_with_a_run_that_covers_them(
    only: list[str] | None, left: set[str]
) -> None:
    channel = a_channel()
    propose(channel, {"a": "one", "b": "one"})

    propose(channel, {"a": "one"}, only=only)

    assert set(Assessment.objects.values_list("part", flat=True)) == left


def test_proposing_takes_as_many_queries_for_many_parts_as_for_few() -> None:
    assert queries_of(3) == queries_of(61)


def queries_of(count: int) -> int:
    channel = a_channel(f"channel-{count}")
    a_publication(channel, {f"part {number}": "one" for number in range(count)})
    with CaptureQueriesContext(connection) as queries:
        a_proposal(channel, {f"part {number}": f"two {number}" for number in range(count)})
    return len(queries)

"""Declined until a hold ends: the hold, the decision, and what the runs after it propose."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from integrations.catalogue.models import Hold, Sdk
from matrix.review.deciding import approve_all
from matrix.review.errors import NotProposed
from matrix.review.models import Decision, Item, Proposal
from matrix.review.permissions import NotAllowed
from matrix.sdk.declining import CannotHold, decline_until_hold_ends, ended_holds
from matrix.sdk.publishing import publish_approved
from tests.catalogue.makers import history_of
from tests.sdk import makers
from tests.support.small_index import SmallIndex

pytestmark = pytest.mark.django_db
AT = makers.NOW + timedelta(hours=6)


@pytest.fixture
def sdk(index: SmallIndex) -> Sdk:
    """requests 2.30.0 and 2.31.0 are published, and 2.32.0 and 3.0.0 are out."""
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "requests")
    makers.publish(sdk)
    index.add("requests", "2.32.0", "3.0.0")
    return sdk


def proposed(sdk: Sdk) -> Proposal:
    proposal = makers.run(sdk)
    assert proposal is not None
    return proposal


def item(proposal: Proposal, part: str = "requests") -> Item:
    return proposal.items.unpublished().get(part=part)


def cleo() -> User:
    return makers.a_person("cleo", "decide", "publish", "add_hold")


def decline(proposal: Proposal, *parts: str, by: User | None = None, **values: Any) -> list[Hold]:
    items = [item(proposal, part).pk for part in parts or ["requests"]]
    fields = {"reason": "The API changed.", **values}
    return decline_until_hold_ends(proposal.number, items, by=by or cleo(), at=AT, **fields)


def brought(proposal: Proposal | None) -> list[str]:
    assert proposal is not None
    body = item(proposal).new
    assert body is not None
    return sorted(version for version in ("2.32.0", "3.0.0") if f'"{version}"' in body.body)


def test_each_release_that_the_item_brings_in_is_held_and_nothing_else(sdk: Sdk) -> None:
    proposal = proposed(sdk)

    holds = decline(proposal, ends_on=date(2026, 4, 1), remind_on=date(2026, 3, 20))

    assert [hold.releases for hold in holds] == ["==2.32.0", "==3.0.0"]
    one = holds[0]
    assert (str(one.integration), one.reason, one.owner) == (
        "requests",
        "The API changed.",
        "cleo",
    )
    assert (one.starts_on, one.ends_on, one.remind_on) == (
        date(2026, 3, 2),
        date(2026, 4, 1),
        date(2026, 3, 20),
    )
    record = history_of(one).get()
    assert (str(record.history_user), record.history_change_reason) == (
        "cleo",
        "Declined in proposal 2.",
    )
    decision = Decision.objects.get(item=item(proposal))
    assert (decision.verdict, decision.propose_again, decision.waits_for, decision.reason) == (
        "declined",
        "when a hold ends",
        f"hold {holds[-1].pk}",
        "The API changed.",
    )


def test_the_change_comes_back_when_the_holds_end_and_says_why(sdk: Sdk) -> None:
    proposal = proposed(sdk)
    decline(proposal, ends_on=date(2026, 3, 9))

    # While they are in force nothing of it is computed.
    assert makers.run(sdk, at=makers.NOW + timedelta(days=1)) is None
    proposal.refresh_from_db()
    assert proposal.closing_reason == "nothing is left to propose"
    again = makers.run(sdk, at=makers.NOW + timedelta(days=8))

    assert brought(again) == ["2.32.0", "3.0.0"]
    assert again is not None
    assert item(again).causes[0] == {
        "kind": "hold ended",
        "text": "The hold on requests ==2.32.0 ended on 9 Mar 2026: The API changed.",
    }


@pytest.mark.parametrize("end", ["lifted", "deleted", "day"])
def test_a_decision_that_stands_is_withdrawn_by_the_run_that_sees_the_end(
    sdk: Sdk, end: str
) -> None:
    """The very same change is there although the hold is: somebody made it match nothing."""
    makers.an_integration(sdk, "httpx")
    proposal = proposed(sdk)
    holds = decline(proposal, ends_on=date(2026, 3, 9))
    Hold.objects.update(releases="==99")
    everything = [row.part for row in proposal.items.undecided()]
    assert everything == ["httpx"]
    by = User.objects.get(username="cleo")
    publish_the_rest(proposal, by)
    week = makers.NOW + timedelta(days=5)
    assert makers.run(sdk, at=week) is None, "the very same change waits for the hold"

    at = week + timedelta(minutes=1)
    match end:
        case "lifted":
            Hold.objects.filter(pk=holds[-1].pk).update(lifted_at=week, lifted_because="3.0.1")
        case "deleted":
            Hold.objects.all().delete()
        case "day":
            at = makers.NOW + timedelta(days=8)

    assert brought(makers.run(sdk, at=at)) == ["2.32.0", "3.0.0"]
    withdrawn = Decision.objects.get(waits_for=f"hold {holds[-1].pk}")
    assert withdrawn.withdrawn_at is not None
    assert withdrawn.withdrawn_by is None


def publish_the_rest(proposal: Proposal, by: User) -> None:
    approve_all(proposal.number, by=by, at=AT)
    publish_approved(proposal.number, by=by, at=AT)


def test_a_hold_that_has_not_begun_has_not_ended(sdk: Sdk) -> None:
    proposal = proposed(sdk)
    decline(proposal, ends_on=date(2026, 4, 1))
    Hold.objects.update(starts_on=date(2026, 3, 20))

    assert ended_holds(proposal.channel, as_of=AT) == set()


def test_what_ends_when_it_is_no_longer_the_latest_goes_by_the_highest(sdk: Sdk) -> None:
    holds = decline(proposed(sdk), lift_when="no longer latest")

    assert [(hold.lift_when, hold.lift_releases) for hold in holds] == [
        ("release exists", ">3.0.0"),
        ("no longer latest", ""),
    ]


def test_an_integration_of_which_nothing_is_published_is_held_as_a_whole(sdk: Sdk) -> None:
    makers.an_integration(sdk, "httpx")
    proposal = proposed(sdk)

    holds = decline(proposal, "httpx", "requests")

    assert [(str(hold.integration), hold.releases) for hold in holds] == [
        ("httpx", ""),
        ("requests", "==2.32.0"),
        ("requests", "==3.0.0"),
    ]
    assert Decision.objects.filter(item__proposal=proposal).count() == 2


def test_an_item_that_brings_no_release_cannot_wait_for_a_hold(sdk: Sdk, index: SmallIndex) -> None:
    index.add("requests", "2.31.0", "2.32.0", "3.0.0", yanked=True)

    with pytest.raises(CannotHold) as refusal:
        decline(proposed(sdk))

    assert str(refusal.value) == (
        "requests brings no release into the matrix, so there is nothing to hold. "
        "Decline it until the next run or until it changes."
    )


def test_the_layout_cannot_wait_for_a_hold(sdk: Sdk) -> None:
    sdk.frame = "[tox]\n# BEGIN GENERATED: envlist\n# END GENERATED: envlist\n"
    sdk.save()

    with pytest.raises(CannotHold) as refusal:
        decline(proposed(sdk), "layout", "requests")

    assert str(refusal.value) == (
        "The layout has no releases that a hold could keep out. "
        "Decline it until the next run or until it changes."
    )
    assert (Hold.objects.count(), Decision.objects.filter(verdict="declined").count()) == (0, 0)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"ends_on": date(2026, 3, 2)},
            "The hold cannot be made. A hold must end after it starts.",
        ),
        (
            {"reason": "x" * 301},
            (
                "The hold cannot be made. reason: "
                "Ensure this value has at most 300 characters (it has 301)."
            ),
        ),
        (
            {"lift_when": "release exists"},
            (
                "The hold cannot be made. Say which release ends the hold, "
                "and only where another release does."
            ),
        ),
    ],
    ids=["ends at once", "long reason", "no release"],
)
def test_a_hold_that_cannot_be_stored_declines_nothing(
    sdk: Sdk, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(CannotHold) as refusal:
        decline(proposed(sdk), **values)

    assert str(refusal.value) == sentence
    assert (Hold.objects.count(), Decision.objects.filter(verdict="declined").count()) == (0, 0)


@pytest.mark.parametrize("lacking", ["decide", "add_hold"])
def test_it_takes_both_permissions(sdk: Sdk, lacking: str) -> None:
    having = {"decide", "add_hold"} - {lacking}
    person = makers.a_person("dan", *having)

    with pytest.raises(NotAllowed, match=lacking):
        decline(proposed(sdk), by=person)

    assert Hold.objects.count() == 0


def test_a_page_that_is_out_of_date_holds_nothing(sdk: Sdk, index: SmallIndex) -> None:
    proposal = proposed(sdk)
    stale = item(proposal).pk
    index.add("requests", "3.0.1")
    makers.run(sdk, only=["requests"])

    with pytest.raises(NotProposed, match="requests was rebuilt"):
        decline_until_hold_ends(proposal.number, [stale], by=cleo(), at=AT, reason="No.")

    assert Hold.objects.count() == 0

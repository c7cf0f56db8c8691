"""The buttons of a proposal: deciding item by item, undoing, waiving, publishing."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from integrations.catalogue.models import Hold, Sdk
from matrix.review.deciding import approve_all
from matrix.review.models import Comment, Decision, Finding, Item, Proposal, Publication
from matrix.sdk.coupling import Companion
from tests.pages.conftest import Open
from tests.pages.makers import AT, a_proposal, an_owner, run
from tests.pages.proposals import hidden, item, pk_of, press, press_raw, ticks, words
from tests.support.small_index import SmallIndex

As = Callable[..., Client]


def test_approving_names_the_number_and_leaves_publishing_for_later(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    a_proposal(sdk)
    client = as_("reviewers")
    assert "Approve 3 items" in words(opened(client, "/proposals/1/?select=shown"))

    page = press(client, "approve all")

    assert page.count("Approved by reviewers") == 3
    assert "3 items: 0 undecided, 3 approved, 0 declined." in page
    assert "Publish 3 approved items" in page
    assert not Publication.objects.exists()


def test_approving_and_publishing_is_one_press(sdk: Sdk, as_: As) -> None:
    a_proposal(sdk)

    page = press(as_("reviewers"), "approve and publish", comment="All there.")

    publication = Publication.objects.get()
    assert (publication.comment, publication.published_by.username) == ("All there.", "reviewers")
    assert "Publication 1 of parcels is current." in page
    assert "All there." in page


def test_what_was_approved_before_can_be_published(sdk: Sdk, as_: As) -> None:
    a_proposal(sdk)
    approve_all(1, by=an_owner(), at=AT)

    page = press(as_("reviewers"), "publish", comment="")

    assert "Publication 1 of parcels is current." in page


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        pytest.param("approve all", "Nothing in proposal 1 is undecided", id="approve all"),
        pytest.param("approve and publish", "Proposal 1 is published", id="approve and publish"),
        pytest.param("publish", "Proposal 1 is published", id="publish"),
        pytest.param("reject", "Proposal 1 was closed (no glue)", id="reject"),
    ],
)
def test_a_second_press_of_the_same_button_gets_a_sentence(
    action: str, sentence: str, sdk: Sdk, as_: As
) -> None:
    a_proposal(sdk)
    client = as_("reviewers")
    as_seen = hidden(client.get("/proposals/1/").content.decode(), "seen")
    if action == "publish":
        approve_all(1, by=an_owner(), at=AT)
    press(client, action, reason="no glue", seen=as_seen)
    before = (Publication.objects.count(), Proposal.objects.get().closed_at)

    page = press(client, action, reason="no glue", seen=as_seen)

    assert sentence in page
    assert (Publication.objects.count(), Proposal.objects.get().closed_at) == before


@pytest.mark.parametrize("action", ["approve all", "approve and publish"])
def test_what_was_rebuilt_behind_the_page_is_not_approved(
    action: str, sdk: Sdk, index: SmallIndex, as_: As
) -> None:
    a_proposal(sdk)
    client = as_("reviewers")
    as_seen = hidden(client.get("/proposals/1/").content.decode(), "seen")
    index.add("labels", "1.0.1")
    run(sdk, only=["labels"])  # Rebuilds this item alone, in the same proposal.

    page = press(client, action, seen=as_seen)

    assert "Proposal 1 has changed since you opened the page: nothing was approved." in page
    assert Item.objects.undecided().count() == 3
    assert not Publication.objects.exists()


def test_a_rejection_needs_a_reason_and_closes_the_proposal(sdk: Sdk, as_: As) -> None:
    a_proposal(sdk)
    client = as_("reviewers")

    without = press(client, "reject", reason="  ")
    assert "Say why it is rejected: the reason is empty." in without
    assert Proposal.objects.get().status == "open"

    page = press(client, "reject", reason="The glue is missing.")
    assert "Proposal 1 of Parcels Closed No action needed" in page
    assert "by reviewers: The glue is missing." in page
    assert ticks(client.get("/proposals/1/").content.decode()) == {}


def test_a_form_that_names_no_action_decides_nothing(sdk: Sdk, as_: As) -> None:
    a_proposal(sdk)

    page = press(as_("reviewers"), "wash the dishes")

    assert "Nothing was decided" in page


def test_a_blocking_finding_stops_the_publication_and_the_approval_with_it(
    sdk: Sdk, as_: As
) -> None:
    proposal = a_proposal(sdk)
    Finding.objects.create(
        proposal=proposal, kind="k", severity="error", text="Not before Friday.", is_blocking=True
    )

    page = press(as_("reviewers"), "approve and publish")

    assert "Not before Friday." in page
    assert Item.objects.undecided().count() == 3


def test_two_people_where_the_sdk_asks_for_them(sdk: Sdk, as_: As, opened: Open) -> None:
    Sdk.objects.update(second_person_publishes=True)
    a_proposal(sdk)
    ana, olga = as_("reviewers"), as_("owners")

    page = opened(ana, "/proposals/1/")
    assert "and publish</button>" not in page
    assert "Parcels asks for two people" in words(page)

    press(ana, "approve all")
    assert "eviewers approved crates, labels, layout; somebody else must publish." in press(
        ana, "publish"
    )
    assert "Publication 1 of parcels is current." in press(olga, "publish")


# --- Item by item --------------------------------------------------------------------------------
def test_exactly_what_is_ticked_is_approved_and_the_page_moves_on(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    a_proposal(sdk)
    client = as_("reviewers")
    assert not any(ticks(opened(client, "/proposals/1/")).values())

    page = press_raw(client, "approve", item=[pk_of("crates"), pk_of("layout")])

    assert {row.part for row in Item.objects.approved()} == {"crates", "layout"}
    assert "2 items approved. Undo" in words(page)
    assert "Approved by reviewers" in item(page, "crates")
    assert list(ticks(page)) == ["labels: add 1.0 on 3.9, 3.13 (2 rows added)"]
    assert re.search(r"autofocus>.*labels", page.split('id="item-labels"')[1].split("</h3>")[0])
    assert "Publish 2 approved items Leaves out 1 undecided." in words(page)


def test_an_approval_is_undone_until_it_is_published(sdk: Sdk, as_: As) -> None:
    a_proposal(sdk)
    client = as_("reviewers")
    page = press_raw(client, "approve", item=[pk_of("crates"), pk_of("labels")])
    keys = hidden(page, "decisions")

    undone = press(client, "undo", decisions=keys)
    assert "2 items undecided again." in undone
    assert Item.objects.undecided().count() == 3
    again = press(client, "undo", decisions=keys)
    assert "Nothing was withdrawn." in again


def test_a_button_of_a_group_or_an_item_names_its_own_items(sdk: Sdk, as_: As) -> None:
    a_proposal(sdk)
    keys = f"{pk_of('crates')} {pk_of('labels')} "

    page = press(as_("reviewers"), "", approve=keys, item=[pk_of("layout")])

    assert "2 items approved." in page
    assert {row.part for row in Item.objects.undecided()} == {"layout"}


def test_a_refusal_has_a_reason_and_a_time_to_propose_it_again(sdk: Sdk, as_: As) -> None:
    a_proposal(sdk)
    client = as_("reviewers")
    crates = pk_of("crates")

    without = press(client, "decline", item=[crates], propose_again="next run")
    assert "Say why it is declined: the reason is empty." in without
    unclear = press(client, "decline", item=[crates], reason="No.", propose_again="one day")
    assert '"one day" does not say when to propose the items again.' in unclear

    page = press(
        client, "decline", item=[crates], reason="2.0 is broken.", propose_again="when it changes"
    )

    assert "1 item declined. Undo" in page
    assert "Declined because: 2.0 is broken. (propose again: when it changes)" in page
    assert "3 items: 2 undecided, 0 approved, 1 declined." in page


def test_a_refusal_can_wait_for_the_end_of_a_hold(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    a_proposal(sdk)
    client = as_("reviewers", "maintainers")
    fields: dict[str, object] = {
        "item": [pk_of("crates")],
        "reason": "broken",
        "propose_again": "when a hold ends",
    }
    assert "when a hold ends" not in opened(as_("reviewers"), "/proposals/1/")

    refused = press(client, "decline", **fields, ends_on="soon")
    page = press(client, "decline", **fields, ends_on="2027-01-31")

    assert '"soon" is not a day such as 2026-12-31.' in refused
    assert "1 item declined." in page
    hold = Hold.objects.get()
    assert (hold.ends_on, hold.reason) == (date(2027, 1, 31), "broken")
    assert Decision.objects.get().waits_for == f"hold {hold.pk}"


def test_nothing_ticked_is_a_sentence(sdk: Sdk, as_: As) -> None:
    a_proposal(sdk)

    page = press(as_("reviewers"), "approve")

    assert "No item is selected, so nothing was decided." in page


def test_a_rebuilt_item_is_refused_by_its_name(sdk: Sdk, index: SmallIndex, as_: As) -> None:
    a_proposal(sdk)
    seen = [pk_of("crates"), pk_of("labels")]
    index.add("labels", "1.0.1")
    run(sdk, only=["labels"])

    page = press(as_("reviewers"), "approve", item=seen)

    assert "labels was rebuilt" in page
    assert Item.objects.undecided().count() == 3


def test_what_is_selected_is_counted_without_a_script(sdk: Sdk, as_: As) -> None:
    a_proposal(sdk)
    client = as_("reviewers")

    page = press_raw(client, "select", item=[pk_of("crates")], view="show=undecided")

    assert "1 selected: 3 rows to add, 0 to remove, 0 to change." in words(page)
    assert sum(ticks(page).values()) == 1
    assert Item.objects.undecided().count() == 3
    asked = client.get(f"/proposals/1/selection/?item={pk_of('labels')}").content.decode()
    assert asked.strip().endswith("</strong> 2 rows to add, 0 to remove, 0 to change.")


def test_what_an_item_requires_goes_along_and_is_named(
    sdk: Sdk, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_proposal(sdk)
    found = {"crates": (Companion("labels", "One cannot do without.", is_required=True),)}
    for module in ("acting", "reviewing"):
        monkeypatch.setattr(f"portal.home.{module}.companions", lambda _: found)
    client = as_("reviewers")

    selected = press(client, "select", item=[pk_of("crates")])
    page = press(client, "approve", item=[pk_of("crates")])

    assert "1 selected (+1 that goes with it: labels): 5 rows to add" in selected
    assert "Goes with: labels (approved along)" in selected
    assert "2 items approved. labels went along: others need it." in page


def test_a_blocking_finding_is_waived_with_a_reason(sdk: Sdk, as_: As) -> None:
    proposal = a_proposal(sdk)
    finding = Finding.objects.create(
        proposal=proposal, kind="k", severity="error", text="Not before Friday.", is_blocking=True
    )
    client = as_("reviewers")

    refused = press(client, "waive", finding=finding.pk, reason=" ")
    page = press(client, "waive", finding=finding.pk, reason="It is Friday.")

    assert "Say why it may pass: the reason is empty." in refused
    assert "Not before Friday. Waived by reviewers: It is Friday." in page
    assert "Publication 1 of parcels is current." in press(client, "approve and publish")


def test_whoever_may_look_may_comment_and_nobody_else_may_decide(sdk: Sdk, as_: As) -> None:
    a_proposal(sdk)
    client = as_("viewers")

    page = press(client, "comment", part="crates", text="Is 2.0 safe?")

    assert "Your comment stands with crates." in page
    assert Comment.objects.get().text == "Is 2.0 safe?"
    for action in ("approve", "decline", "undo", "waive", "reject", "publish"):
        fields = {"action": action, "item": pk_of("crates"), "reason": "x"}
        assert client.post("/proposals/1/decide/", fields).status_code == 403
    assert Proposal.objects.get().status == "open"


def test_a_form_goes_back_to_where_it_stood(sdk: Sdk, as_: As) -> None:
    a_proposal(sdk)
    crates, labels = pk_of("crates"), pk_of("labels")
    client = as_("reviewers")

    def sent(**fields: object) -> str:
        return str(client.post("/proposals/1/decide/", fields)["Location"])

    said = sent(action="comment", part="crates", text="Hm.", **{"from": "item", "here": crates})
    done = sent(approve=crates, **{"from": "item", "here": crates, "next": labels})
    kept = sent(approve=labels, view="show=undecided&sort=name&next=//elsewhere.example")

    assert said == f"/proposals/1/items/{crates}/"
    assert done == f"/proposals/1/items/{labels}/"
    assert kept == f"/proposals/1/?show=undecided&sort=name&after={labels}"

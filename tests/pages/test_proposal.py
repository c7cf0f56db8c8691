"""The page of one proposal: what stands on it, in which order, for whom."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from integrations.catalogue.models import Integration, Sdk
from matrix.review.commenting import comment
from matrix.review.deciding import approve
from matrix.review.models import Finding, Item, Proposal
from tests.pages.conftest import Open
from tests.pages.makers import AT, a_proposal, a_publication, an_integration, an_owner, run
from tests.pages.proposals import item, parts, section, ticks, words
from tests.support.small_index import SmallIndex

As = Callable[..., Client]


def test_the_summary_line_comes_before_the_first_item(sdk: Sdk, as_: As, opened: Open) -> None:
    proposal = a_proposal(sdk)

    page = opened(as_("reviewers"), "/proposals/1/")

    assert "<title>(3) Proposal 1 | Matrix Portal</title>" in page
    assert f"Proposal 1 of Parcels Open Your turn {proposal.summary}" in words(page)
    assert page.index(proposal.summary) < page.index('class="mx-review"')
    assert "3 items: 3 undecided, 0 approved, 0 declined." in words(page)
    assert "compared with nothing: none was published." in words(page)


def test_a_new_integration_shows_its_rows_their_pythons_and_reasons(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    a_proposal(sdk)

    crates = item(opened(as_("viewers"), "/proposals/1/"), "crates")

    assert crates.startswith("crates + add 2.0 3.9 3.13 3 rows added Undecided Picked - latest")
    assert "The integration is new." in crates
    assert "+ add 1.0 3.9 3.13 Picked - lowest" in crates
    assert "+ add 1.1 3.9 3.13 Picked - highest of major 1" in crates


def test_moves_and_lost_pythons_and_removals_are_told_apart(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    a_publication(sdk)
    index.add("crates", "2.0.1", pythons=["3.13"])  # A patch that loses a Python.
    index.add("labels", "0.9", yanked="wrong glue")
    run(sdk)

    page = opened(as_("viewers"), "/proposals/2/")

    assert parts(page) == ["labels", "crates"]  # The row that goes weighs more.
    assert "Routine (" not in words(page)
    assert "~ change 2.0 → to 2.0. 1 patch -3.9 removed 3.13" in item(page, "crates")
    assert "Python lost Picked - latest" in item(page, "crates")
    assert "- remove 0.9 3.9 3.13" in item(page, "labels")
    assert "row removed Not picked - yanked: wrong glue" in item(page, "labels")


def test_a_patch_by_the_rules_is_routine(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    a_publication(sdk)
    index.add("labels", "1.0.1")
    run(sdk)

    page = opened(as_("viewers"), "/proposals/2/")

    assert 'id="closely"' not in page
    routine = section(page, "routine")
    assert routine.startswith("Routine (1)")
    assert "labels ~ change 1.0 → to 1.0. 1 patch 3.9 3.13 1 row changed Undecided" in routine


def test_an_integration_that_goes_is_looked_at_closely(sdk: Sdk, as_: As, opened: Open) -> None:
    a_publication(sdk)
    Integration.objects.filter(name="labels").update(is_paused=True)
    run(sdk)

    page = section(opened(as_("viewers"), "/proposals/2/"), "closely")

    assert "The whole integration goes: it is paused, or no longer in the catalogue." in page


def test_findings_stand_with_their_item_and_those_of_no_item_on_top(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    proposal = a_proposal(sdk)
    item = proposal.items.get(part="labels")
    Finding.objects.create(
        proposal=proposal, kind="k", severity="warning", text="The whole looks odd."
    )
    Finding.objects.create(
        proposal=proposal,
        item=item,
        part="labels",
        kind="k",
        severity="error",
        text="Labels do not stick.",
        is_blocking=True,
    )

    page = opened(as_("viewers"), "/proposals/1/")

    text = words(page)
    assert text.index("Warning The whole looks odd.") < text.index("Look closely (1)")
    assert "Problem Labels do not stick. Nothing is published while it stands." in section(
        page, "closely"
    )


def test_versions_and_reasons_are_text_and_never_markup(sdk: Sdk, as_: As, opened: Open) -> None:
    hostile = "<script>alert(1)</script>"
    proposal = a_proposal(sdk)
    Item.objects.filter(part="crates").update(
        reasons={"2.0": [{"kind": "latest", "text": hostile}]}
    )
    Proposal.objects.filter(pk=proposal.pk).update(summary=hostile)
    Finding.objects.create(proposal=proposal, kind="k", severity="error", text=hostile)
    client = as_("reviewers")

    pages = [opened(client, path) for path in ("/", "/proposals/", "/proposals/1/")]

    assert all(hostile not in page for page in pages)
    # The summary and the finding stand there once; the reason in the line, and with its row.
    assert pages[2].count("&lt;script&gt;alert(1)&lt;/script&gt;") == 4


def test_what_is_routine_is_told_once_and_not_with_each_item(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    sdk.pythons, sdk.free_threading_from = "3.9 3.13", "3.13"
    sdk.save()
    a_proposal(sdk)

    page = words(opened(as_("viewers"), "/proposals/1/"))

    assert page.count("Free threading of 2 integrations is read from pure-Python wheels") == 1
    assert page.count("Free threading") == 1


def test_a_proposal_behind_the_publication_says_what_to_do(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    a_publication(sdk)
    index.add("labels", "1.0.1")
    proposal = a_proposal(sdk)
    Proposal.objects.filter(pk=proposal.pk).update(base=None)  # As if compared long ago.

    page = words(opened(as_("reviewers", "maintainers"), "/proposals/2/"))

    assert "Something else is published by now" in page
    assert "Poll and propose again" in page
    assert 'name="approve"' not in page


def test_who_may_only_read_gets_no_buttons(sdk: Sdk, as_: As, opened: Open) -> None:
    a_proposal(sdk)

    page = opened(as_("viewers"), "/proposals/1/")

    assert "Waits for a reviewer" in page
    assert "Deciding takes the group reviewers; your account may read." in page
    assert ticks(page) == {}
    assert set(re.findall(r'name="action" value="(\w+)"', page)) == {"comment"}


def test_a_published_proposal_is_read_only_and_says_where_its_items_went(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    a_publication(sdk)

    page = opened(as_("owners"), "/proposals/1/")

    assert "Published in 1" in page
    assert "as publication 1 ." in words(page)
    assert set(re.findall(r'name="action" value="(\w+)"', page)) == {"comment"}
    assert "<title>Proposal 1 | Matrix Portal</title>" in page


def test_a_long_routine_list_is_folded_until_it_is_opened(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    for number in range(15):
        index.add(f"box-{number}", "1.0")
        an_integration(sdk, f"box-{number}")
    a_proposal(sdk)
    client = as_("viewers")

    folded, unfolded = opened(client, "/proposals/1/"), opened(client, "/proposals/1/?open")

    assert "Open all" in folded
    assert len(parts(folded)) == 18
    assert folded.count('class="mx-review-details" open>') == 0
    assert unfolded.count('class="mx-review-details" open>') == 18
    assert "Open all" not in unfolded


# --- Filters -------------------------------------------------------------------------------------
@pytest.fixture
def week(sdk: Sdk, index: SmallIndex) -> Proposal:
    """Publication 1, then a week: labels lose a row, crates get a patch, boxes are new."""
    a_publication(sdk)
    index.add("crates", "2.0.1")
    index.add("labels", "0.9", yanked="wrong glue")
    index.add("boxes", "1.0")
    an_integration(sdk, "boxes", group="Paper")
    return a_proposal(sdk)


FILTERS = {
    "": ["labels", "boxes", "crates"],  # What to look closely at, then by group.
    "?sort=name": ["labels", "boxes", "crates"],
    "?show=closely": ["labels"],
    "?show=routine": ["boxes", "crates"],
    "?show=undecided": ["labels", "boxes"],
    "?kind=add": ["boxes"],
    "?kind=remove&group=Paper": ["labels"],
    "?group=Web": ["crates"],
    "?find=RATE": ["crates"],
    "?show=nonsense&kind=x": ["labels", "boxes", "crates"],
    "?find=nothing": [],
}


def test_a_filter_in_the_address_chooses_the_items(week: Proposal, as_: As, opened: Open) -> None:
    approve(week.number, ["crates"], by=an_owner(), at=AT)
    client = as_("viewers")

    pages = {query: opened(client, f"/proposals/2/{query}") for query in FILTERS}

    assert {query: parts(page) for query, page in pages.items()} == FILTERS
    for page in pages.values():  # The numbers are those of all items.
        counts = words(page).replace(" (on)", "")
        assert "Undecided 2 Look closely 1 Routine 2 All 3" in counts


def test_a_filter_that_hides_everything_says_so(week: Proposal, as_: As, opened: Open) -> None:
    page = words(opened(as_("reviewers"), f"/proposals/{week.number}/?find=nothing"))

    assert "Nothing to show 3 items hidden. Clear filter" in page
    assert "Approve selected items" not in page


def test_all_that_is_shown_can_be_selected_and_nothing_else(
    week: Proposal, as_: As, opened: Open
) -> None:
    client = as_("reviewers")

    page = opened(client, f"/proposals/{week.number}/?show=routine&select=shown")

    assert list(ticks(page).values()) == [True, True]
    assert "2 selected: 1 row to add, 0 to remove, 1 to change." in words(page)
    assert "Approve 2 items" in words(page)
    assert not any(ticks(opened(client, f"/proposals/{week.number}/")).values())


def test_a_checkbox_names_what_it_selects(week: Proposal, as_: As, opened: Open) -> None:
    page = opened(as_("reviewers"), f"/proposals/{week.number}/")

    assert list(ticks(page)) == [
        "labels: remove 0.9 on 3.9, 3.13 (1 row removed)",
        "boxes: add 1.0 on 3.9, 3.13 (1 row added)",
        "crates: change 2.0 to 2.0.1 on 3.9, 3.13 (1 row changed)",
    ]


# --- What was said and decided -------------------------------------------------------------------
def test_an_item_that_changed_after_it_was_decided_is_to_be_looked_at_again(
    sdk: Sdk, index: SmallIndex, week: Proposal, as_: As, opened: Open
) -> None:
    ana = as_("reviewers")
    approve(week.number, ["crates", "labels"], by=an_owner(), at=AT)
    index.add("crates", "2.0.2", pythons=["3.13"])
    run(sdk, only=["crates"])

    page = opened(ana, f"/proposals/{week.number}/")
    again = opened(ana, f"/proposals/{week.number}/?show=again")

    assert "1 approval kept, 1 needs another look ( show )." in words(page)
    assert parts(again) == ["crates"]
    assert "Look again Approve" in item(page, "crates")
    assert 'Look again. olga approved "2.0 → 2.0.1" Mon 16 Nov' in item(page, "crates")
    assert ('"2.0 → 2.0.2", "-3.9 in 2.0.2" were added, "2.0 → 2.0.1" is gone.') in item(
        page, "crates"
    )
    assert "Approved by olga" in item(page, "labels")


def test_a_kept_decision_names_where_it_comes_from(
    sdk: Sdk, index: SmallIndex, week: Proposal, as_: As, opened: Open
) -> None:
    approve(week.number, ["labels"], by=an_owner(), at=AT)
    index.add("crates", "2.0.2")
    run(sdk)

    page = opened(as_("viewers"), "/proposals/3/")
    before = words(opened(as_("viewers", "maintainers"), "/proposals/2/"))

    assert "Approved by olga, kept from 2" in item(page, "labels")
    assert "Replaces proposal 2 : 1 approval kept." in words(page)
    assert "Replaced by proposal 3 ; decide there." in before


def test_comments_stand_with_what_they_are_about(week: Proposal, as_: As, opened: Open) -> None:
    client = as_("viewers")
    comment(week.number, text="A busy week.", by=an_owner(), at=AT)
    comment(week.number, part="labels", text="Is the\nglue back?", by=an_owner(), at=AT)

    page = opened(client, f"/proposals/{week.number}/")

    assert "olga Mon 16 Nov, 06:00 UTC Is the glue back?" in item(page, "labels")
    assert "olga Mon 16 Nov, 06:00 UTC A busy week." in section(page, "whole")


def test_one_item_has_a_page_with_the_undecided_ones_beside_it(
    week: Proposal, as_: As, opened: Open
) -> None:
    pk = week.items.get(part="boxes").pk

    page = words(opened(as_("reviewers"), f"/proposals/{week.number}/items/{pk}/"))

    assert "boxes in proposal 2 Undecided Previous: labels" in page
    assert "3 of 3 items undecided Next: crates" in page
    assert "+ add 1.0 3.9 3.13" in page
    assert "Approve boxes" in page


def test_details_stand_on_pages_of_their_own_where_there_are_too_many(
    week: Proposal, as_: As, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.home.reviewing.MOST_LINES", 2)

    page = opened(as_("viewers"), f"/proposals/{week.number}/")

    assert "Details: 2 lines" in item(page, "boxes")
    assert "mx-review-details" not in page

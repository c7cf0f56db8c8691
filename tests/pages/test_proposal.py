"""The page of one proposal, and its buttons."""

import html
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from integrations.catalogue.models import DependencyRule, Integration, Sdk
from matrix.review.deciding import approve_all
from matrix.review.models import Finding, Item, Proposal, Publication
from matrix.review.publishing import candidate
from matrix.review.snapshots import store
from matrix.rules.parts import LAYOUT, LayoutPart, write
from matrix.sdk.channel import files_of
from matrix.sdk.publishing import publish_approved
from portal.home.presenting import DASH
from tests.pages.conftest import Open, text_of
from tests.pages.makers import AT, a_proposal, a_publication, an_integration, an_owner, run
from tests.support.small_index import SmallIndex

As = Callable[..., Client]


def words(page: str) -> str:
    """The text of the page's content, without tags."""
    content = page.split('<main id="content-start"')[1].split("</main>", maxsplit=1)[0]
    text = html.unescape(re.sub(r"<[^>]+>", " ", content)).replace(DASH, "-")
    return " ".join(text.split())


def section(page: str, name: str) -> str:
    return words(
        f'<main id="content-start"{page.split(f"aria-labelledby={chr(34)}{name}{chr(34)}")[1]}'
    ).split(" Files ")[0]


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found is not None
    return found.group(1)


def press(client: Client, action: str, **fields: str) -> str:
    """Press a button of the page as it is now; return the page that it leads to, in words."""
    if "seen" not in fields and action.startswith("approve"):
        fields["seen"] = seen(client.get("/proposals/1/").content.decode())
    response = client.post("/proposals/1/decide/", {"action": action, **fields}, follow=True)
    return words(text_of(response))


def test_the_summary_line_comes_before_the_first_item(sdk: Sdk, as_: As, opened: Open) -> None:
    proposal = a_proposal(sdk)

    page = opened(as_("reviewers"), "/proposals/1/")

    assert "<title>(3) Proposal 1 | Matrix Portal</title>" in page
    assert f"Proposal 1 Open Your turn {proposal.summary}" in words(page)
    assert page.index(proposal.summary) < page.index('class="mx-item"')
    assert "compared with nothing: none was published. Decided 0 of 3." in words(page)


def test_a_new_integration_shows_its_rows_their_pythons_and_reasons(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    a_proposal(sdk)

    routine = section(opened(as_("viewers"), "/proposals/1/"), "routine")

    assert "crates Web 3 rows added Undecided The integration is new." in routine
    assert "+ add 1.0 3.9 3.13 Picked - lowest + add 1.1 3.9 3.13 Picked - highest of major 1" in (
        routine
    )
    assert "+ add 2.0 3.9 3.13 Picked - latest; highest of major 2" in routine


def test_moves_and_lost_pythons_and_removals_are_told_apart(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    a_publication(sdk)
    index.add("crates", "2.0.1", pythons=["3.13"])  # A patch that loses a Python.
    index.add("labels", "0.9", yanked="wrong glue")
    run(sdk)

    page = opened(as_("viewers"), "/proposals/2/")

    closely = section(page, "closely").split("Routine (")[0]
    assert "~ change 2.0 → to 2.0. 1 patch -3.9 removed 3.13 Picked - latest" in closely
    assert "- remove 0.9 3.9 3.13 Not picked - yanked: wrong glue" in closely


def test_a_patch_by_the_rules_is_routine(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    a_publication(sdk)
    index.add("labels", "1.0.1")
    run(sdk)

    page = opened(as_("viewers"), "/proposals/2/")

    assert 'id="closely"' not in page
    assert "Routine (1) labels Paper 1 row changed Undecided" in section(page, "routine")


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
    # The summary stands on top and in the bar; the reason and the finding once each.
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


def test_files_that_cannot_be_rendered_are_a_sentence_everywhere(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    a_proposal(sdk)
    broken = write(LayoutPart(sdk="parcels", groups=(), frame="[tox]\n"))
    Item.objects.filter(part=LAYOUT).update(new=store(broken))
    client = as_("reviewers")

    page = words(opened(client, "/proposals/1/"))
    refused = press(client, "approve and publish")
    missing = opened(client, "/proposals/1/files/tox.ini", status=404)

    for text in (page, refused, missing):
        assert "The files cannot be rendered." in text
    assert not Publication.objects.exists()


def test_each_file_is_shown_as_a_diff_whole_and_escaped(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    crates = Integration.objects.get(name="crates")
    DependencyRule.objects.create(integration=crates, requirements="paper<3", order=1)
    a_proposal(sdk)

    page = opened(as_("viewers"), "/proposals/1/")

    diff = page.split('<pre class="mx-diff"')[1].split("</pre>")[0]
    lines = [html.unescape(line) for line in re.findall(r"<span[^>]*>(.*?)</span>", diff)]
    assert '<span class="mx-add">+    crates: paper&lt;3</span>' in diff
    assert [line[1:] for line in lines if line.startswith("+") and not line.startswith("+++")] == (
        candidate(1, files_of)["tox.ini"].splitlines()
    )


def test_approving_names_the_number_and_leaves_publishing_for_later(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    a_proposal(sdk)
    client = as_("reviewers")
    assert ">Approve 3 items</button>" in opened(client, "/proposals/1/")

    page = press(client, "approve")

    assert page.count("Approved by reviewers") == 3
    assert "0 items undecided, 3 approved and not published." in page
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
        pytest.param("approve", "Nothing in proposal 1 is undecided", id="approve"),
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
    as_seen = seen(client.get("/proposals/1/").content.decode())
    if action == "publish":
        approve_all(1, by=an_owner(), at=AT)
    press(client, action, reason="no glue", seen=as_seen)
    before = (Publication.objects.count(), Proposal.objects.get().closed_at)

    page = press(client, action, reason="no glue", seen=as_seen)

    assert sentence in page
    assert (Publication.objects.count(), Proposal.objects.get().closed_at) == before


@pytest.mark.parametrize("action", ["approve", "approve and publish"])
def test_what_was_rebuilt_behind_the_page_is_not_approved(
    action: str, sdk: Sdk, index: SmallIndex, as_: As
) -> None:
    a_proposal(sdk)
    client = as_("reviewers")
    as_seen = seen(client.get("/proposals/1/").content.decode())
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
    assert "Proposal 1 Closed No action needed" in page
    assert "by reviewers : The glue is missing." in page.replace("reviewers:", "reviewers :")


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

    press(ana, "approve")
    assert "eviewers approved crates, labels, layout; somebody else must publish." in press(
        ana, "publish"
    )
    assert "Publication 1 of parcels is current." in press(olga, "publish")


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
    assert "Approve 1 item" not in page


def test_who_may_only_read_gets_no_buttons(sdk: Sdk, as_: As, opened: Open) -> None:
    a_proposal(sdk)

    page = opened(as_("viewers"), "/proposals/1/")

    assert "Waits for a reviewer" in page
    assert "Deciding takes the group reviewers; your account may read." in page
    assert 'name="action"' not in page


def test_a_published_proposal_is_read_only_and_says_where_its_items_went(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    a_publication(sdk)

    page = opened(as_("owners"), "/proposals/1/")

    assert "Published in 1" in page
    assert 'name="action"' not in page
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
    assert folded.count('<details class="mx-item" id="item-') == 18
    assert " open>" not in folded
    assert unfolded.count(" open>") == 18
    assert "Open all" not in unfolded


def test_the_candidate_has_the_bytes_of_the_later_publication(sdk: Sdk, as_: As) -> None:
    a_proposal(sdk)
    client = as_("reviewers")

    response = client.get("/proposals/1/files/tox.ini")
    approve_all(1, by=an_owner(), at=AT)
    publication = publish_approved(1, by=an_owner(), at=AT)

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="tox.ini"'
    assert response.content.decode() == publication.files.get().read()


def test_the_patch_turns_the_published_file_into_the_candidate(
    sdk: Sdk, index: SmallIndex, as_: As, tmp_path: Path
) -> None:
    folder = tmp_path
    published = a_publication(sdk).files.get().read()
    index.add("labels", "1.0.1")
    a_proposal(sdk)
    client = as_("viewers")
    (folder / "tox.ini").write_bytes(published.encode())
    (folder / "it.patch").write_bytes(client.get("/proposals/2/tox.ini.patch").content)

    done = subprocess.run(
        ["git", "apply", "it.patch"], cwd=folder, capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert (folder / "tox.ini").read_bytes() == client.get("/proposals/2/files/tox.ini").content


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        pytest.param("/proposals/7/", "There is no proposal 7.", id="proposal"),
        pytest.param(
            "/proposals/1/files/setup.cfg", "Proposal 1 has no file setup.cfg.", id="file"
        ),
        pytest.param(
            "/proposals/1/setup.cfg.patch", "Proposal 1 has no file setup.cfg.", id="patch"
        ),
    ],
)
def test_what_is_not_there_is_a_sentence(
    path: str, sentence: str, sdk: Sdk, as_: As, opened: Open
) -> None:
    a_proposal(sdk)

    assert sentence in opened(as_("viewers"), path, status=404)

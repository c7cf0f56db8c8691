import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils.timezone import now
from django_q.models import Task

from integrations.catalogue.models import Hold, Integration, Sdk
from matrix.review.deciding import approve_all
from matrix.review.models import Proposal, Publication
from matrix.sdk.publishing import approve_and_publish
from portal.home.example import EXAMPLE, FILE
from tests.pages.conftest import Open, text_of
from tests.pages.makers import AT, a_proposal, a_publication, an_integration, an_owner, an_sdk, run
from tests.support.small_index import SmallIndex

As = Callable[..., Client]


def heading(page: str) -> str:
    return page.split("<h1>")[1].split("</h1>", maxsplit=1)[0].strip()


def steps(page: str) -> list[str]:
    """The titles of the three steps, with what is done."""
    found = page.split('<ol class="mx-steps">')[1].split("</ol>", maxsplit=1)[0]
    titles = [piece.split("</h3>")[0] for piece in found.split("<h3>")[1:]]
    return [" ".join(re.sub(r"<[^>]+>", " ", title).split()) for title in titles]


def test_an_empty_portal_has_three_steps_with_buttons_and_their_commands(
    as_: As, opened: Open
) -> None:
    page = opened(as_("owners"), "/")

    assert heading(page) == "Welcome: nothing is here yet"
    assert len(steps(page)) == 3
    assert ">Import the example</button>" in page
    for command in ("import_catalogue FILE --sdk SLUG", "poll SLUG", "propose SLUG"):
        assert f"python manage.py {command}" in page


def test_the_steps_lead_one_by_one_to_the_first_publication(
    as_: As, opened: Open, index: SmallIndex
) -> None:
    client = as_("owners", "reviewers")
    imported = text_of(client.post("/example/import/", follow=True))
    Sdk.objects.get(slug=EXAMPLE).delete()
    sdk = an_sdk(index.url)
    bare = opened(client, "/")
    an_integration(sdk, "crates")
    before = opened(client, "/")
    a_proposal(sdk)
    proposed = opened(client, "/")
    approve_and_publish(1, by=an_owner(), at=AT)
    published = opened(client, "/")

    assert "Example SDK is imported. Next: have a matrix proposed." in imported
    assert [title.endswith("Done") for title in steps(imported)] == [True, False, False]
    assert 'href="/sdks/parcels/integrations/add/">Add an integration to Parcels</a>' in bare
    assert [title.endswith("Done") for title in steps(bare)] == [False, False, False]
    assert heading(before) == "Welcome: no proposal yet"
    assert ">Poll and propose</button>" in before
    assert [title.endswith("Done") for title in steps(proposed)] == [True, True, False]
    assert ">Review proposal 1</a>" in proposed
    assert "Three steps" not in published


def test_the_example_is_imported_once_and_by_those_who_may(db: None, as_: As) -> None:
    client = as_("maintainers")

    refused = text_of(as_("viewers").post("/example/import/"), 403)
    client.post("/example/import/")
    again = text_of(client.post("/example/import/", follow=True))

    assert "may not import the example" in refused
    assert "The example is there already." in again
    assert Sdk.objects.get().integrations.count() > 5


def test_it_is_a_reviewers_turn_when_a_proposal_is_open(sdk: Sdk, as_: As, opened: Open) -> None:
    proposal = a_proposal(sdk)

    page = opened(as_("reviewers"), "/")

    assert heading(page) == "Your turn: 3 items in proposal 1"
    assert "<title>(3) Home | Matrix Portal</title>" in page
    assert proposal.summary in page
    assert ">Review 3 items</a>" in page
    assert "Nobody has decided them yet." in page
    assert "makes proposal 1 anew," in page
    assert 'href="/proposals/1/?show=undecided"' in page
    assert "Poll and propose" not in page  # Starting runs is the maintainers' part.


def test_who_may_not_decide_reads_that_a_reviewer_is_waited_for(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    a_proposal(sdk)

    page = opened(as_("maintainers"), "/")

    assert heading(page) == "1 proposal waits for a reviewer"
    assert ">Read proposal 1</a>" in page
    assert ">Poll and propose</button>" in page


def test_what_is_approved_waits_to_be_published(sdk: Sdk, as_: As, opened: Open) -> None:
    proposal = a_proposal(sdk)
    approve_all(proposal.number, by=an_owner(), at=AT)

    page = opened(as_("reviewers"), "/")

    assert heading(page) == "Your turn: publish proposal 1"
    assert "Decided 3 of 3: 3 approved, 0 declined," in page


def test_who_approved_where_two_are_asked_for_is_told_to_wait(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    Sdk.objects.update(second_person_publishes=True)
    proposal = a_proposal(sdk)
    client = as_("owners")
    approve_all(proposal.number, by=User.objects.get(username="owners"), at=AT)

    own, other = opened(client, "/"), opened(as_("reviewers"), "/")

    assert heading(own) == "1 proposal waits for a reviewer"
    assert "You approved in it, so somebody else must publish it." in own
    assert heading(other) == "Your turn: publish proposal 1"


def test_several_sdks_have_a_section_each_and_whose_turn_it_is_comes_first(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    letters = an_sdk(index.url, "letters", name="Letters")
    an_integration(letters, "crates")
    a_proposal(sdk)

    one = opened(as_("reviewers"), "/")
    a_proposal(letters)
    both = opened(as_("owners", "reviewers"), "/")

    assert heading(one) == "Your turn: 3 items in proposal 1"
    assert one.index('id="sdk-parcels"') < one.index('id="sdk-letters"')
    assert heading(both) == "Your turn: 2 proposals"
    assert "Nobody has decided 2 items of Letters and 3 items of Parcels yet." in both
    assert "<title>(5) Home" in both


def test_what_to_look_at_closely_stands_on_the_page_with_its_reason(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    a_publication(sdk)
    index.add("crates", "3.0")
    index.add("labels", "1.0.1")
    a_proposal(sdk)

    page = opened(as_("reviewers"), "/")

    closely = page.split('id="closely-2"')[1].split("</section>")[0]
    assert "(1)" in closely
    assert 'href="/proposals/2/#item-crates"' in closely
    assert "first of major" in closely
    assert "labels" not in closely
    assert '<a href="/publications/parcels/1/">publication 1</a>' in page


def test_the_watch_names_what_nobody_asked_about(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    moment = now() - timedelta(days=3)
    Sdk.objects.update(pythons="3.8 3.9 3.13")
    index.add("crates", "2.1", uploaded_at=f"{moment:%Y-%m-%dT%H:%M:%SZ}")
    run(sdk, at=moment)
    index.broken["/simple/labels/"] = 403
    run(sdk, at=now())
    crates = Integration.objects.get(name="crates")
    Hold.objects.create(integration=crates, reason="x", ends_on=now().date() + timedelta(days=2))

    page = opened(as_("viewers"), "/")

    watch = page.split('id="watch"')[1].split("</section>")[0]
    assert "1 hold</a> ends this week" in watch
    assert '<a href="/sdks/parcels/integrations/labels/">labels</a>, since' in watch
    assert '<a href="/sdks/parcels/integrations/crates/2.1/">crates 2.1</a>' in watch
    assert "3.8 (Oct 2024), 3.9 (Oct 2025)" in watch


def test_a_quiet_week_is_told_as_one(sdk: Sdk, as_: As, opened: Open) -> None:
    Sdk.objects.update(pythons="3.14")

    assert "Nothing: no hold ends this week or is overdue" in opened(as_("viewers"), "/")


def test_the_last_poll_is_told_with_what_failed_and_why(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    index.broken["/simple/labels/"] = 403
    run(sdk)

    page = opened(as_("viewers"), "/")

    assert "2 projects, 1 failed." in page
    assert "<strong>labels</strong>: " in page
    assert "403" in page


def test_a_poll_of_another_sdk_on_the_same_index_is_not_ones_own(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    run(sdk)
    index.add("stamps", "1.0")
    an_integration(an_sdk(index.url, "letters", name="Letters"), "stamps")

    page = opened(as_("viewers"), "/")

    state = page.split('id="state"')[1]
    assert state.index("Letters") < state.index("Not polled yet.") < state.index("Parcels")


@pytest.mark.parametrize(
    ("propose_on", "sentence"),
    [
        pytest.param(1, "Mon ", id="every Monday"),
        pytest.param(None, "When somebody asks.", id="never by itself"),
    ],
)
def test_the_next_run_is_announced(
    propose_on: int | None, sentence: str, sdk: Sdk, as_: As, opened: Open
) -> None:
    Sdk.objects.update(propose_on=propose_on)

    page = opened(as_("viewers"), "/")

    assert sentence in page.split("<dt>Next run</dt>")[1].split("</dd>")[0]


def test_what_is_published_can_be_downloaded_from_here(sdk: Sdk, as_: As, opened: Open) -> None:
    a_publication(sdk)

    page = opened(as_("viewers"), "/")

    assert heading(page) == "Nothing to decide"
    assert 'href="/publications/parcels/1/"' in page
    assert 'href="/sdks/parcels/tox.ini"' in page


def a_task_that_stopped(at: datetime) -> None:
    Task.objects.create(
        id="1", name="heartbeat", func="portal.tasks.heartbeat", started=at, stopped=at
    )


def test_a_worker_that_shows_no_sign_of_life_is_told_with_the_command(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    client = as_("viewers")
    never = opened(client, "/")
    a_task_that_stopped(now() - timedelta(days=2))
    dead = opened(client, "/")
    Task.objects.update(stopped=now())
    alive = opened(client, "/")

    assert "No worker has been seen yet" in never
    assert "last seen 2 days ago" in dead
    assert "python manage.py worker" in never
    assert "python manage.py worker" in dead
    assert "The worker was last seen just now." in alive
    assert 'role="alert"' not in alive


def test_the_example_goes_with_one_button_and_a_question(db: None, as_: As, opened: Open) -> None:
    call_command("import_catalogue", str(FILE), sdk=EXAMPLE, verbosity=0)
    client = as_("owners")
    assert "Remove the example…" in opened(client, "/")
    assert "Remove Example SDK?" in opened(client, "/example/remove/")

    gone = text_of(client.post("/example/remove/", follow=True))
    again = text_of(client.post("/example/remove/", follow=True))

    assert "Removed: Example SDK, with all proposals and publications." in gone
    assert "The example is gone already." in again
    assert not Sdk.objects.exists()


def test_another_sdk_cannot_be_removed_from_here(sdk: Sdk, as_: As, opened: Open) -> None:
    a_publication(sdk)
    client = as_("owners")

    client.post("/example/remove/")

    assert "Remove the example" not in opened(client, "/")
    assert Sdk.objects.filter(pk=sdk.pk).exists()
    assert (Proposal.objects.count(), Publication.objects.count()) == (1, 1)


def test_times_are_utc_and_name_the_year_when_it_is_another_one(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    a_proposal(sdk, at=datetime(2020, 3, 2, 6, 5, tzinfo=UTC))

    page = opened(as_("viewers"), "/")

    time = '<time datetime="2020-03-02T06:05:'
    assert time in page
    assert ">Mon 2 Mar 2020, 06:05 UTC</time>" in page


@pytest.mark.parametrize(
    ("path", "here"),
    [
        pytest.param("/", "Home", id="home"),
        pytest.param("/sdks/parcels/coverage/", "Coverage", id="coverage"),
        pytest.param("/sdks/parcels/integrations/crates/", "Integrations", id="an integration"),
        pytest.param("/waiting/", "Holds", id="waiting"),
        pytest.param("/check/", "Check", id="check"),
    ],
)
def test_the_navigation_leads_everywhere_and_says_where_one_is(
    path: str, here: str, sdk: Sdk, as_: As, opened: Open
) -> None:
    page = opened(as_("viewers"), path)

    menu = page.split('<ul id="menu"')[1].split("</ul>", maxsplit=1)[0]
    links = re.findall(r'<a href="([^"]+)"(?: aria-current="(?:page|true)")?>([^<]+)</a>', menu)
    order = ["Home", "Proposals", "Coverage", "Integrations", "Holds", "Check", "Guide"]
    order += ["Publications", "Runs"]
    assert [name for _, name in links if name in order] == order
    assert re.findall(r'aria-current="\w+">([^<]+)<', menu) == [here]

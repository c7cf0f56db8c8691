from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils.timezone import now
from django_q.models import Task

from integrations.catalogue.models import Sdk
from matrix.review.deciding import approve_all
from matrix.review.models import Proposal, Publication
from portal.home.example import EXAMPLE, FILE
from tests.pages.conftest import Open, text_of
from tests.pages.makers import AT, a_proposal, a_publication, an_integration, an_owner, an_sdk, run
from tests.support.small_index import SmallIndex

As = Callable[..., Client]


def heading(page: str) -> str:
    return page.split("<h1>")[1].split("</h1>", maxsplit=1)[0].strip()


def test_an_empty_portal_names_three_steps_and_their_commands(as_: As, opened: Open) -> None:
    page = opened(as_("owners"), "/")

    assert heading(page) == "Welcome: no SDK yet"
    assert page.count("<li>\n") == 3
    for command in ("import_catalogue FILE --sdk SLUG", "poll SLUG", "propose SLUG"):
        assert f"python manage.py {command}" in page


def test_it_is_a_reviewers_turn_when_a_proposal_is_open(sdk: Sdk, as_: As, opened: Open) -> None:
    proposal = a_proposal(sdk)

    page = opened(as_("reviewers"), "/")

    assert heading(page) == "Your turn: 3 items in proposal 1"
    assert "<title>(3) Home | Matrix Portal</title>" in page
    assert proposal.summary in page
    assert ">Review 3 items</a>" in page
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
    assert "Decided 3 of 3 in" in page


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

    assert page.index("Letters") < page.index("Not polled yet.") < page.index("Parcels")


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
    assert "worker" not in alive


def test_the_example_goes_with_one_button_and_a_question(db: None, as_: As, opened: Open) -> None:
    call_command("import_catalogue", str(FILE), sdk=EXAMPLE, verbosity=0)
    client = as_("owners")
    assert "Remove the example…" in opened(client, "/")
    assert "Remove Example SDK?" in opened(client, "/example/remove/")

    gone = text_of(client.post("/example/remove/", follow=True))
    again = text_of(client.post("/example/remove/", follow=True))

    assert "Example SDK is removed" in gone
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

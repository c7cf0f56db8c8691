"""Starting a run, and the page that shows how far it is."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django_q.models import OrmQ

from integrations.catalogue.models import Sdk
from integrations.index.models import Index, Poll, PollOutcome
from matrix.review.models import Proposal, Run
from matrix.review.runs import start
from portal.tasks import run_channel
from tests.pages.conftest import Open, text_of
from tests.pages.makers import AT, run
from tests.support.small_index import SmallIndex

As = Callable[..., Client]
START = "/sdks/parcels/run/"


def press(client: Client, django_capture_on_commit_callbacks: Callable) -> str:
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(START)
    return str(response["Location"])


def test_the_button_makes_a_run_and_one_task_for_it(
    sdk: Sdk, as_: As, opened: Open, django_capture_on_commit_callbacks: Callable
) -> None:
    client = as_("maintainers")

    where = press(client, django_capture_on_commit_callbacks)

    made = Run.objects.get()
    task = OrmQ.objects.get().task
    assert (task["func"], task["args"]) == ("portal.tasks.run_channel", (made.pk,))
    assert made.requested_by is not None
    assert where == f"/runs/{made.pk}/"
    page = opened(client, where)
    assert "Waiting for a worker." in page
    assert "No worker has been seen yet" in page
    assert f'data-refresh="/runs/{made.pk}/progress/"' in page
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page


def test_a_second_press_leads_to_the_run_that_is_under_way(
    sdk: Sdk, as_: As, opened: Open, django_capture_on_commit_callbacks: Callable
) -> None:
    client = as_("maintainers")

    first = press(client, django_capture_on_commit_callbacks)
    second = press(client, django_capture_on_commit_callbacks)

    assert first == second
    assert "is under way already; no second one was started." in opened(client, second)
    assert (Run.objects.count(), OrmQ.objects.count()) == (1, 1)


def test_the_task_carries_the_run_out_and_the_page_leads_to_the_proposal(
    sdk: Sdk, as_: As, opened: Open, django_capture_on_commit_callbacks: Callable
) -> None:
    client = as_("maintainers")
    where = press(client, django_capture_on_commit_callbacks)

    run_channel(OrmQ.objects.get().task["args"][0])

    page = opened(client, where)
    assert "Proposal 1: 3 parts differ from an empty publication." in page
    assert 'href="/proposals/1/">Read proposal 1</a>' in page
    assert "2 of 2 projects" in page
    assert "data-refresh" not in page
    assert "http-equiv" not in page
    again = press(client, django_capture_on_commit_callbacks)
    assert again != where


def a_run_that_polls(sdk: Sdk, *, done: int, total: int) -> Run:
    run(sdk)
    over = Run.objects.get()
    poll = Poll.objects.create(index=Index.objects.get(), started_at=AT)
    found = Run.objects.create(
        channel=over.channel, kind="manual", intended_at=AT + timedelta(days=1), as_of=AT
    )
    start(found, at=AT)
    Run.objects.filter(pk=found.pk).update(poll_id=poll.pk)
    for number in range(total):
        state = "ok" if number < done else "waiting"
        PollOutcome.objects.create(poll=poll, project=f"box-{number:02}", state=state)
    return found


def test_progress_is_counted_in_words_and_in_a_bar(sdk: Sdk, as_: As, opened: Open) -> None:
    found = a_run_that_polls(sdk, done=37, total=59)

    page = opened(as_("viewers"), f"/runs/{found.pk}/")
    fragment = opened(as_("viewers", "reviewers"), f"/runs/{found.pk}/progress/")

    assert f"<title>(37/59) Run {found.pk} | Matrix Portal</title>" in page
    for text in (page, fragment):
        assert '<progress max="59" value="37"' in text
        assert "37 of 59 projects" in text
    assert '<div data-status="polling">' in fragment
    assert "<html" not in fragment


def test_failures_are_listed_with_their_reasons_and_escaped(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    found = a_run_that_polls(sdk, done=1, total=2)
    PollOutcome.objects.filter(project="box-01").update(
        state="failed", reason="It answered <b>500</b>."
    )

    page = opened(as_("viewers"), f"/runs/{found.pk}/progress/")

    assert "1 project could not be read" in page
    assert "<strong>box-01</strong>: It answered &lt;b&gt;500&lt;/b&gt;." in page


def test_a_run_that_failed_says_why(
    sdk: Sdk, as_: As, opened: Open, django_capture_on_commit_callbacks: Callable
) -> None:
    client = as_("maintainers")
    where = press(client, django_capture_on_commit_callbacks)
    Run.objects.update(status="failed", finished_at=AT, outcome="The index is <gone>.")

    page = opened(client, where)

    assert "The index is &lt;gone&gt;." in page
    assert "mx-badge-failed" in page


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        pytest.param({}, "Everything.", id="everything"),
        pytest.param({"only": ["crates"]}, "Only crates.", id="only some"),
        pytest.param({"hold_back": ["labels"]}, "All but labels.", id="all but some"),
    ],
)
def test_the_scope_is_told(
    scope: dict[str, list[str]], sentence: str, sdk: Sdk, as_: As, opened: Open
) -> None:
    run(sdk)
    Run.objects.update(**scope)

    assert sentence in opened(as_("viewers"), f"/runs/{Run.objects.get().pk}/")


def test_the_list_names_each_run_and_its_outcome(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    client = as_("viewers")
    assert "No run yet" in opened(client, "/runs/")
    run(sdk)
    run(sdk)

    page = opened(client, "/runs/")

    assert page.count('<th scope="row">') == 2
    assert "Proposal 1 stays as it is" in page
    assert Proposal.objects.count() == 1


def test_a_run_that_is_not_there_is_a_sentence(as_: As, opened: Open) -> None:
    assert "There is no run 9." in opened(as_("viewers"), "/runs/9/", status=404)


def test_an_unknown_sdk_cannot_be_run(as_: As) -> None:
    text_of(as_("maintainers").post("/sdks/letters/run/"), 404)

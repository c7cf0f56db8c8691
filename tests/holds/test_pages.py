"""The list of holds, its buttons, and the form for a release that is held everywhere."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now
from django_q.models import OrmQ

from integrations.catalogue.models import Hold, Integration, Sdk
from matrix.review.models import Run
from portal.home.holds_page import holds_to_watch
from tests.holds.test_emergency import publish
from tests.pages.conftest import text_of
from tests.sdk.makers import a_hold, an_integration, an_sdk
from tests.support.pins import PinBook
from tests.support.small_index import SmallIndex

pytestmark = pytest.mark.django_db
As = Callable[..., Client]
Open = Callable[..., str]
TODAY = now().date()
DAY = timedelta(days=1)
BAD: dict[str, Any] = {"project": "anyio", "releases": "==4.9.1", "reason": "steals tokens"}


@pytest.fixture
def httpx(index: SmallIndex) -> Integration:
    return an_integration(an_sdk(), "httpx")


def rows_of(page: str) -> list[str]:
    """``Ended httpx ==1 in httpx of kit``: the first cell of each row, as it reads."""
    cells = re.findall(r'<th scope="row">(.*?)</th>', page, flags=re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in cells]


def some_holds(httpx: Integration) -> None:
    """One in each state; the newest comes first where the state is the same."""
    a_hold(integration=httpx, releases="==1", reason="it waits")
    a_hold(sdk=httpx.sdk, project="anyio", starts_on=TODAY + DAY)
    idle = a_hold(integration=httpx, releases=">=9")
    Hold.objects.filter(pk=idle.pk).update(
        effect="No effect: it matches nothing.", checked_at=now()
    )
    a_hold(integration=httpx, releases="==2", remind_on=TODAY, owner="ana")
    a_hold(integration=httpx, releases="==3", ends_on=TODAY)
    Hold.objects.create(project="idna", reason="r", releases="==4", requested_by=None)


# --- The list -------------------------------------------------------------------------------------
def test_what_needs_somebody_comes_first(httpx: Integration, as_: As, opened: Open) -> None:
    some_holds(httpx)
    Sdk.objects.update(second_person_holds=True)

    page = opened(as_("viewers"), "/holds/")

    assert rows_of(page) == [
        "Ended httpx ==3 in httpx of kit",
        "Overdue httpx ==2 in httpx of kit",
        "No effect httpx >=9 in httpx of kit",
        "Waits for a second person idna ==4 everywhere",
        "In force httpx ==1 in httpx of kit",
        "Begins later anyio every release all of kit",
    ]
    assert "Nothing: it has ended." in page
    assert "Not known: nobody has looked yet." in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("state=ended", ["==3"], id="a state"),
        pytest.param("owner=ana", ["==2"], id="an owner"),
        pytest.param("project=IDNA", ["==4"], id="a project"),
        pytest.param("project=httpx&state=no+effect", [">=9"], id="two at once"),
        pytest.param("sdk=other", ["==4"], id="another SDK: what is held everywhere"),
        pytest.param("state=rubbish%00&page=99&project=idna", ["==4"], id="rubbish"),
    ],
)
def test_the_filters(
    query: str, found: list[str], httpx: Integration, as_: As, opened: Open
) -> None:
    some_holds(httpx)

    page = opened(as_("viewers"), f"/holds/?{query}")

    assert [re.findall(r"[=<>]=\S+", row)[0] for row in rows_of(page)] == found


def test_filters_that_hide_everything_say_so(httpx: Integration, as_: As, opened: Open) -> None:
    client = as_("viewers")
    assert "No hold yet" in opened(client, "/holds/")
    some_holds(httpx)

    assert '6 holds hidden. <a href="/holds/">Clear the filters</a>' in opened(
        client, "/holds/?owner=nobody"
    )


def test_a_hold_says_what_why_who_since_and_until(
    httpx: Integration, as_: As, opened: Open
) -> None:
    client = as_("viewers")
    hold = a_hold(
        integration=httpx,
        releases=">=5.0",
        reason="drops <3.9>",
        owner="ana",
        link="https://example.org/issues/7",
        ends_on=TODAY + DAY,
        lift_when="release exists",
        lift_project="pytest-httpx",
        lift_releases=">=0.36",
    )
    Hold.objects.filter(pk=hold.pk).update(effect="5.0 would be picked for httpx (kit).")

    page = opened(client, "/holds/")

    assert "drops &lt;3.9&gt;" in page
    assert 'href="https://example.org/issues/7"' in page
    assert f"ana, since {TODAY:%-d %b %Y}" in page
    assert f"On {TODAY + DAY:%-d %b %Y}" in page
    assert "When pytest-httpx &gt;=0.36 exists" in page
    assert "5.0 would be picked for httpx (kit)." in page
    assert "<details" not in page  # A viewer changes nothing.


@pytest.mark.parametrize("path", ["/holds/", "/holds/?sdk=kit&project=httpx"])
def test_a_thousand_holds_take_the_queries_of_ten(httpx: Integration, as_: As, path: str) -> None:
    client = as_("owners")

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            text_of(client.get(path))
        return len(found)

    a_hold(integration=httpx, releases="==1")
    Hold.objects.bulk_create(Hold(integration=httpx, reason="r", owner="o") for _ in range(9))
    few = queries()
    Hold.objects.bulk_create(
        Hold(sdk=httpx.sdk, project="httpx", reason="r", owner=f"o{number}")
        for number in range(990)
    )

    assert queries() == few


# --- The buttons ----------------------------------------------------------------------------------
def press(client: Client, hold: Hold, **sent: str) -> Any:
    answer = client.post(f"/holds/{hold.pk}/act/", {"back": "state=ended&x=y", **sent}, follow=True)
    assert answer.redirect_chain == [("/holds/?state=ended", 302)]
    hold.refresh_from_db()
    return [str(message) for message in answer.context["messages"]]


def test_a_hold_is_ended_and_renewed_on_the_page(httpx: Integration, as_: As) -> None:
    client = as_("maintainers")
    hold = a_hold(integration=httpx, releases=">=5.0")

    assert press(client, hold, action="end", reason="") == ["Say why the hold ends."]
    ended = press(client, hold, action="end", reason="Fixed.")
    assert ended == ["1 hold ended: httpx >=5.0: broken wheels. The next run ignores it."]
    assert hold.lifted_because == "ended by maintainers: Fixed."

    assert press(client, hold, action="renew", until="soon") == [
        '"soon" is not a day. Write it as 2026-12-31.'
    ]
    press(client, hold, action="renew", until=f"{TODAY + DAY}")
    assert hold.is_in_force(now())
    assert press(client, hold, action="burn") == [
        "Nothing was changed: the page did not say what to do."
    ]


@pytest.mark.parametrize("group", ["viewers", "reviewers"])
def test_who_may_not_change_holds_is_told(group: str, httpx: Integration, as_: As) -> None:
    hold = a_hold(integration=httpx, releases=">=5.0")

    answer = as_(group).post(f"/holds/{hold.pk}/act/", {"action": "end", "reason": "r"})

    assert answer.status_code == 403
    assert Hold.objects.get().lifted_at is None


def test_maintainers_have_no_buttons_on_holds_everywhere(as_: As, opened: Open) -> None:
    hold = a_hold(**BAD)
    client = as_("maintainers")

    assert "<details" not in opened(client, "/holds/")
    answer = client.post(f"/holds/{hold.pk}/act/", {"action": "confirm"})
    assert answer.status_code == 403


# --- Everywhere -----------------------------------------------------------------------------------
@pytest.fixture
def kit(index: SmallIndex, book: PinBook) -> Sdk:
    sdk = an_sdk()
    publish(sdk, book)
    return sdk


def test_the_form_is_for_owners_and_can_be_filled_in_by_a_link(as_: As, opened: Open) -> None:
    page = opened(as_("owners"), "/holds/everywhere/?project=anyio&releases===4.9.1&rubbish=1")

    assert 'value="anyio"' in page
    assert 'value="==4.9.1"' in page
    opened(as_("maintainers"), "/holds/everywhere/", status=403)


def test_a_preview_saves_nothing_and_names_what_has_it(kit: Sdk, as_: As) -> None:
    page = text_of(as_("owners").post("/holds/everywhere/", {**BAD, "action": "preview"}))

    assert "3 environments of 1 SDK get it now or would; 1 publication contains it." in page
    assert "The emergency run computes just these: httpx, waves." in page
    assert "Hold everywhere and run 2 integrations" in page
    assert '<a href="/publications/kit/1/">kit 1</a>' in page
    assert (Hold.objects.count(), Run.objects.filter(kind="emergency").count()) == (0, 0)


def test_a_release_that_nothing_gets_is_said_to_be_nowhere(kit: Sdk, as_: As) -> None:
    sent = {**BAD, "releases": "==9", "action": "preview"}

    page = text_of(as_("owners").post("/holds/everywhere/", sent))

    assert "No environment gets it now; no publication contains it." in page


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param({"project": ""}, "This field is required.", id="no project"),
        pytest.param({"reason": ""}, "This field is required.", id="no reason"),
        pytest.param({"releases": "=>4"}, "Did you mean", id="no specifier"),
        pytest.param({"lift_when": "release exists"}, "Say which release", id="half a condition"),
        pytest.param({"ends_on": f"{TODAY - DAY}"}, "A hold must end", id="an end in the past"),
    ],
)
def test_mistakes_are_shown_and_nothing_is_saved(
    wrong: dict[str, str], message: str, kit: Sdk, as_: As
) -> None:
    client = as_("owners")
    sent = {**BAD, **wrong}

    first = text_of(client.post("/holds/everywhere/", {**sent, "action": "preview"}))
    again = {**sent, "previewed": seen_in(first), "action": "hold"}
    page = text_of(client.post("/holds/everywhere/", again))

    assert message in page
    assert "Error: Hold a release everywhere" in page
    assert not Hold.objects.exists()


def seen_in(page: str) -> str:
    found = re.search(r'name="previewed" value="(\w+)"', page)
    return found[1] if found else ""


def hold_it(client: Client, on_commit: Callable, **more: str) -> list[str]:
    sent = {**BAD, **more}
    page = text_of(client.post("/holds/everywhere/", {**sent, "action": "preview"}))
    with on_commit(execute=True):
        answer = client.post(
            "/holds/everywhere/",
            {**sent, "previewed": seen_in(page), "action": "hold"},
            follow=True,
        )
    return [str(message) for message in answer.context["messages"]]


def test_a_hold_everywhere_is_saved_and_its_runs_are_on_their_way(
    kit: Sdk, as_: As, opened: Open, django_capture_on_commit_callbacks: Callable
) -> None:
    client = as_("owners")

    said = hold_it(client, django_capture_on_commit_callbacks)
    run = Run.objects.get(kind="emergency")
    again = hold_it(client, django_capture_on_commit_callbacks)

    way = (
        f'<a href="/runs/{run.pk}/">Emergency run {run.pk}</a> of kit is on its way: httpx, waves.'
    )
    assert said == ["anyio ==4.9.1 is held everywhere.", way]
    assert again[0] == "anyio ==4.9.1 is held everywhere already; no second hold was made."
    assert Hold.objects.get().history.get().history_user.get_username() == "owners"  # type: ignore[attr-defined]
    assert OrmQ.objects.count() >= 1
    assert "Emergency" in opened(client, "/runs/")
    assert "Emergency" in opened(client, f"/runs/{run.pk}/")


def test_what_was_not_previewed_is_not_saved(kit: Sdk, as_: As) -> None:
    client = as_("owners")
    page = text_of(client.post("/holds/everywhere/", {**BAD, "action": "preview"}))
    sent = {**BAD, "releases": "", "previewed": seen_in(page), "action": "hold"}

    answer = text_of(client.post("/holds/everywhere/", sent))

    assert "The form says something else than the preview did." in answer
    assert not Hold.objects.exists()


def test_where_two_are_asked_for_the_second_one_starts_the_run(
    kit: Sdk, as_: As, opened: Open, django_capture_on_commit_callbacks: Callable
) -> None:
    Sdk.objects.update(second_person_holds=True)
    olga, ben = as_("owners"), as_("owners", "viewers")
    said = hold_it(olga, django_capture_on_commit_callbacks)
    assert said[1:] == ["Kit waits: somebody else must confirm the hold, then its run starts."]
    assert "Confirm 1 hold everywhere" not in opened(olga, "/holds/")
    hold = Hold.objects.get()

    page = opened(ben, "/holds/")
    said = press(ben, hold, action="confirm")

    assert "Confirm 1 hold everywhere" in page
    assert said[0] == "1 hold confirmed: anyio ==4.9.1: steals tokens."
    assert Run.objects.get(kind="emergency").only == ["httpx", "waves"]
    assert hold.approved_by == User.objects.get(username="owners-viewers")


# --- For the home page ----------------------------------------------------------------------------
def test_the_home_page_can_say_which_holds_end_and_which_are_overdue(httpx: Integration) -> None:
    some_holds(httpx)
    a_hold(integration=httpx, releases="==5", ends_on=TODAY + 7 * DAY)
    a_hold(integration=httpx, releases="==6", ends_on=TODAY + 8 * DAY)

    watch = holds_to_watch(now())
    text = " ".join(render_to_string("holds/_watch.html", {"watch": watch}).split())

    assert [hold.releases for hold in watch.ending] == ["==5"]
    assert [hold.releases for hold in watch.overdue] == ["==2"]
    assert '<a href="/holds/?state=overdue">1 hold overdue</a>: httpx ==2.' in text
    assert f"1 hold</a> ends this week: httpx ==5 on {TODAY + 7 * DAY:%a %-d %b}." in text
    assert not holds_to_watch(now() - 400 * DAY)

"""Holds that end by themselves after a poll, and what they are found to keep out."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.catalogue.confirming import ask
from integrations.catalogue.models import Hold, Integration, Sdk
from matrix.review.models import Run
from matrix.review.permissions import NotAllowed
from matrix.sdk.holding import HoldRefused, end, renew
from matrix.sdk.lifting import look_at_holds
from matrix.sdk.running import poll_everything
from portal.tasks import look_at_holds as look_daily
from tests.catalogue.makers import history_of
from tests.sdk import makers
from tests.sdk.makers import NOW, a_hold, a_person
from tests.support.small_index import SmallIndex

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)
FIXED = {"lift_when": "release exists", "lift_project": "pytest-httpx", "lift_releases": ">=0.36"}


@pytest.fixture
def httpx(index: SmallIndex) -> Integration:
    return makers.an_integration(makers.an_sdk(), "httpx")


def state(hold: Hold) -> tuple[bool, str]:
    hold.refresh_from_db()
    return hold.is_in_force(LATER + timedelta(days=1)), hold.lifted_because


def test_a_poll_lifts_the_hold_whose_release_has_come(
    index: SmallIndex, httpx: Integration
) -> None:
    index.add("pytest-httpx", "0.35")
    hold = a_hold(integration=httpx, releases=">=0.28", **FIXED)
    makers.publish(httpx.sdk)
    assert state(hold) == (True, "")

    index.add("pytest-httpx", "0.36", uploaded_at="2026-03-02T10:00:00Z")
    said = str(poll_everything(at=LATER))

    assert said == "2 projects of 1 index polled, 0 failed. 1 hold ended."
    assert state(hold) == (False, "pytest-httpx 0.36 was uploaded on 2 Mar 2026")
    newest = history_of(hold).latest()
    assert newest.history_change_reason == "Lifted: pytest-httpx 0.36 was uploaded on 2 Mar 2026."
    assert newest.lifted_at == LATER
    published = Run.objects.count()
    assert makers.run(httpx.sdk, at=LATER + timedelta(days=1)) is not None
    assert Run.objects.count() == published + 1


def test_the_run_whose_own_poll_lifts_a_hold_ignores_it(
    index: SmallIndex, httpx: Integration
) -> None:
    index.add("pytest-httpx", "0.36")
    a_hold(integration=httpx, releases=">=0.28", **FIXED)

    proposal = makers.run(httpx.sdk)

    assert proposal is not None
    assert "0.28.1" in proposal.items.get(part="httpx").reasons


def test_a_hold_stays_while_nobody_can_tell(index: SmallIndex, httpx: Integration) -> None:
    never_read = a_hold(integration=httpx, releases=">=0.28", **FIXED)
    gone = a_hold(sdk=httpx.sdk, project="httpx", releases=">=9", **FIXED)

    look_at_holds(at=NOW)  # Nothing was polled.
    poll_everything(at=NOW)  # The index has no such project.
    index.add("pytest-httpx", "0.36")
    index.projects["pytest-httpx"].status = {"status": "quarantined", "reason": "malware"}
    poll_everything(at=LATER)

    assert state(never_read) == state(gone) == (True, "")


def test_everywhere_means_every_index_that_has_the_project(
    index: SmallIndex, httpx: Integration
) -> None:
    with SmallIndex() as other, SmallIndex() as empty:
        for slug, server in (("other", other), ("empty", empty)):
            makers.an_integration(makers.an_sdk(slug, index_url=server.url), "httpx")
        index.add("pytest-httpx", "0.36")
        other.add("pytest-httpx", "0.35")
        hold = a_hold(project="httpx", releases=">=0.28", **FIXED)

        poll_everything(at=NOW)
        before = state(hold)
        other.add("pytest-httpx", "0.36", uploaded_at="2026-03-02T10:00:00Z")
        poll_everything(at=LATER)

    assert before == (True, "")
    assert not state(hold)[0]


def test_a_hold_that_ended_by_its_date_is_left_alone(index: SmallIndex, httpx: Integration) -> None:
    index.add("pytest-httpx", "0.36")
    hold = a_hold(integration=httpx, releases=">=0.28", ends_on=date(2026, 3, 2), **FIXED)

    poll_everything(at=NOW)

    assert state(hold) == (False, "")
    assert look_daily() == "0 holds looked at, 0 ended."


def test_the_command_that_polls_says_which_holds_ended(
    index: SmallIndex, httpx: Integration
) -> None:
    index.add("pytest-httpx", "0.36")
    a_hold(integration=httpx, releases=">=0.28", **FIXED)
    out = StringIO()

    call_command("poll", "kit", stdout=out)

    assert out.getvalue() == (
        "Hold ended: httpx >=0.28: broken wheels "
        "(pytest-httpx 0.36 was uploaded on 5 Jan 2026).\n"
        "2 projects: 2 read, 0 unchanged, 0 failed.\n"
    )


# --- By hand --------------------------------------------------------------------------------------
def test_a_person_ends_a_hold_with_a_reason(httpx: Integration) -> None:
    ana = a_person("ana", "change_hold")
    hold = a_hold(integration=httpx, releases=">=0.28")

    end(hold.pk, by=ana, at=NOW, reason="The fix is out.")

    assert state(hold) == (False, "ended by ana: The fix is out.")
    assert history_of(hold).latest().history_user == ana
    with pytest.raises(HoldRefused, match="has ended already"):
        end(hold.pk, by=ana, at=LATER, reason="Again.")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "a\tb"])
def test_an_end_needs_a_reason_on_one_line(httpx: Integration, reason: str) -> None:
    hold = a_hold(integration=httpx, releases=">=0.28")

    with pytest.raises(HoldRefused):
        end(hold.pk, by=a_person("ana", "change_hold"), at=NOW, reason=reason)

    assert state(hold)[0]


def test_a_renewed_hold_is_in_force_again_and_keeps_what_is_still_awaited(
    index: SmallIndex, httpx: Integration
) -> None:
    poll_everything(at=NOW)
    ana = a_person("ana", "change_hold")
    hold = a_hold(integration=httpx, releases=">=0.28", remind_on=date(2026, 3, 1), **FIXED)
    end(hold.pk, by=ana, at=NOW, reason="Too early.")

    renew(hold.pk, by=ana, at=NOW, until=date(2026, 4, 1))

    assert state(hold) == (True, "")
    assert (hold.remind_on, hold.lift_project) == (None, "pytest-httpx")
    assert hold.effect == "0.28.1 would be picked for httpx (kit)."
    with pytest.raises(HoldRefused, match="2026-03-02 is no day to come"):
        renew(hold.pk, by=ana, at=NOW, until=date(2026, 3, 2))


def test_renewing_takes_away_a_condition_that_has_come_true(
    index: SmallIndex, httpx: Integration
) -> None:
    index.add("pytest-httpx", "0.36")
    hold = a_hold(integration=httpx, releases=">=0.28", **FIXED)
    poll_everything(at=NOW)
    assert not state(hold)[0]

    renew(hold.pk, by=a_person("ana", "change_hold"), at=NOW, until=date(2026, 4, 1))
    poll_everything(at=LATER)

    assert state(hold) == (True, "")
    assert (hold.lift_when, hold.ends_on) == ("", date(2026, 4, 1))


def test_who_says_something_else_renews_the_hold(httpx: Integration) -> None:
    hold = a_hold(integration=httpx, releases=">=0.28")
    hold.lifted_at, hold.lifted_because, hold.effect = NOW, "was over", "old"

    ask(hold, by=None)  # What forms and imports call when what it says has changed.

    assert hold.is_in_force(LATER)
    assert (hold.lifted_because, hold.effect) == ("", "")


def test_holds_everywhere_are_for_owners(httpx: Integration) -> None:
    hold = a_hold(project="httpx", releases=">=0.28")
    maintainer = a_person("mia", "change_hold")

    with pytest.raises(NotAllowed):
        end(hold.pk, by=maintainer, at=NOW, reason="No.")
    with pytest.raises(NotAllowed):
        renew(hold.pk, by=maintainer, at=NOW, until=date(2027, 1, 1))
    with pytest.raises(NotAllowed):
        end(hold.pk, by=User.objects.create_user("vera"), at=NOW, reason="No.")


# --- Effects --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("scope", "releases", "effect"),
    [
        pytest.param("here", ">=0.28", "0.28.1 would be picked for httpx (kit).", id="a pick"),
        pytest.param(
            "here", ">=9", "No effect: it matches no release that the index shows.", id="no release"
        ),
        pytest.param(
            "here",
            "==0.27.0",
            "No effect: nothing would be picked or pinned without it.",
            id="an older patch",
        ),
        pytest.param(
            "everywhere",
            ">=0.28",
            "0.28.1 would be picked for httpx (kit).\n0.28.1 would be picked for client (other).",
            id="in two SDKs",
        ),
    ],
)
def test_what_a_hold_keeps_out(
    index: SmallIndex, httpx: Integration, scope: str, releases: str, effect: str
) -> None:
    makers.an_integration(makers.an_sdk("other"), "client", project="httpx")
    where = {"integration": httpx} if scope == "here" else {"project": "httpx"}
    hold = a_hold(releases=releases, **where)

    poll_everything(at=NOW)

    hold.refresh_from_db()
    assert (hold.effect, hold.checked_at) == (effect, NOW)


def test_an_unread_project_is_not_known(index: SmallIndex, httpx: Integration) -> None:
    hold = a_hold(sdk=httpx.sdk, project="gevent", releases=">=25")

    look_at_holds(at=NOW)

    hold.refresh_from_db()
    assert hold.effect == "Not known: the index page of gevent was never read."


def test_the_history_takes_no_notice_of_effects(index: SmallIndex, httpx: Integration) -> None:
    hold = a_hold(integration=httpx, releases=">=0.28")

    poll_everything(at=NOW)
    poll_everything(at=LATER)

    assert history_of(hold).count() == 1


def test_many_holds_need_no_more_queries_than_few(index: SmallIndex, httpx: Integration) -> None:
    poll_everything(at=NOW)

    def queries() -> int:
        look_at_holds(at=NOW)  # Effects are written once, a hundred holds at a time.
        with CaptureQueriesContext(connection) as found:
            look_at_holds(at=NOW)
        return len(found)

    Hold.objects.bulk_create(Hold(integration=httpx, releases=">=0.28", reason="a") for _ in "ab")
    few = queries()
    Hold.objects.bulk_create(Hold(sdk=httpx.sdk, project="httpx", reason="a") for _ in range(30))

    assert queries() == few
    assert Sdk.objects.count() == 1

"""Holds in the admin: the conditions in their forms, and what renews a hold."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from integrations.catalogue.models import Hold, Integration, Sdk
from matrix.review.models import Run
from matrix.sdk.running import poll_everything
from tests.catalogue.makers import an_owner, history_of
from tests.holds.test_emergency import a_bad_release, publish
from tests.sdk.makers import a_hold, a_person, an_integration, an_sdk
from tests.support.pins import PinBook
from tests.support.small_index import SmallIndex

pytestmark = pytest.mark.django_db
FIXED = {"lift_when": "release exists", "lift_project": "pytest-httpx", "lift_releases": ">=0.36"}


@pytest.fixture
def browser(db: None) -> Client:
    client = Client()
    client.force_login(an_owner())
    return client


@pytest.fixture
def httpx(index: SmallIndex) -> Integration:
    return an_integration(an_sdk(), "httpx")


def fields_of(hold: Hold, **changed: str) -> dict[str, str]:
    names = ["project", "releases", "reason", "owner", "link", *FIXED]
    found = {name: getattr(hold, name) for name in names}
    dates = {name: getattr(hold, name) or "" for name in ("starts_on", "ends_on", "remind_on")}
    scope = {"integration": hold.integration_id or "", "sdk": hold.sdk_id or ""}
    return {**found, **dates, **scope, **changed}


def save(browser: Client, hold: Hold, **changed: str) -> list[str]:
    url = reverse("admin:catalogue_hold_change", args=[hold.pk])
    answer: Any = browser.post(url, fields_of(hold, **changed), follow=True)
    hold.refresh_from_db()
    return [str(message) for message in answer.context["messages"]]


def lifted(hold: Hold) -> Hold:
    hold.lifted_at, hold.lifted_because = now() - timedelta(days=1), "it came true"
    hold.save()
    return hold


@pytest.mark.parametrize(
    ("changed", "is_renewed"),
    [
        pytest.param({"releases": ">=0.27"}, True, id="releases"),
        pytest.param({"lift_releases": ">=0.37"}, True, id="the condition"),
        pytest.param({"reason": "Another one"}, False, id="only the reason"),
        pytest.param({"owner": "ben"}, False, id="only the owner"),
    ],
)
def test_what_a_hold_says_anew_renews_it(
    browser: Client, httpx: Integration, changed: dict[str, str], *, is_renewed: bool
) -> None:
    hold = lifted(a_hold(integration=httpx, releases=">=0.28", **FIXED))

    save(browser, hold, **changed)

    assert hold.is_in_force(now()) is is_renewed
    assert history_of(hold).latest().history_user.get_username() == "olga"


def test_a_condition_that_is_true_already_is_said_and_effects_are_noted_at_once(
    browser: Client, index: SmallIndex, httpx: Integration
) -> None:
    index.add("pytest-httpx", "0.36")
    hold = a_hold(integration=httpx, releases=">=0.28", **FIXED)
    poll_everything(at=now())
    hold.refresh_from_db()
    assert hold.lifted_at is not None

    said = save(browser, hold, releases=">=0.27")

    assert (
        "What it waits for is there already: pytest-httpx 0.36 was uploaded on 5 Jan 2026. "
        "The next poll ends the hold."
    ) in said
    assert hold.effect.startswith("0.27.2 and 0.28.1 would ")


def test_the_list_of_the_admin_has_what_needs_somebody_on_top(
    browser: Client, httpx: Integration
) -> None:
    a_hold(integration=httpx, releases="==1", remind_on=now().date())
    lifted(a_hold(integration=httpx, releases="==2"))
    a_hold(integration=httpx, releases="==3", **FIXED)

    page = browser.get(reverse("admin:catalogue_hold_changelist")).content.decode()
    overdue = browser.get(
        reverse("admin:catalogue_hold_changelist"), {"standing": "overdue"}
    ).content.decode()

    places = [page.index(text) for text in ("httpx ==2", "httpx ==1", "httpx ==3")]
    assert places == sorted(places)
    assert "when pytest-httpx &gt;=0.36 exists" in page
    assert ("httpx ==1" in overdue, "httpx ==3" in overdue) == (True, False)


def test_a_confirmation_in_the_admin_starts_the_runs_that_waited(
    browser: Client, index: SmallIndex, book: PinBook
) -> None:
    publish(an_sdk(second_person_holds=True), book)
    hold = a_bad_release(requested_by=a_person("ben"))
    hold.save()

    answer: Any = browser.post(
        reverse("admin:catalogue_hold_changelist"),
        {"action": "confirm_holds", "_selected_action": [hold.pk]},
        follow=True,
    )

    run = Run.objects.get(kind="emergency")
    assert [str(message) for message in answer.context["messages"]] == [
        f"Confirmed: anyio ==4.9.1: steals tokens. Emergency run {run.pk} is on its way."
    ]
    assert run.only == ["httpx", "waves"]
    assert Sdk.objects.count() == 1

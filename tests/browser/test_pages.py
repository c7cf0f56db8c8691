"""Each page on a phone and on a desk, in light and in dark."""

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from integrations.catalogue.models import Integration, Sdk
from integrations.index.models import Index, Poll, PollOutcome
from matrix.review.models import Channel, Item, Run
from tests.browser.conftest import log_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = {
    "home": "/",
    "proposals": "/proposals/",
    "coverage": "/sdks/parcels/coverage/",
    "all integrations": "/integrations/",
    "the check": "/check/",
    "a proposal": "/proposals/1/",
    "an item": "/proposals/1/items/{item}/",
    "the files of a proposal": "/proposals/1/files/",
    "publications": "/publications/",
    "a publication": "/publications/parcels/1/",
    "runs": "/runs/",
    "a run": "/runs/{run}/",
    "the password": "/password/",
    "integrations": "/admin/catalogue/integration/",
    "an integration": "/admin/catalogue/integration/{integration}/change/",
}


def test_no_page_is_wider_than_a_phone_or_complains(
    page: Page, ana: User, sdk: Sdk, complaints: list[str]
) -> None:
    log_in(page, ana)
    values = {
        "run": Run.objects.latest("pk").pk,
        "item": Item.objects.latest("pk").pk,
        "integration": Integration.objects.get(name="httpx").pk,
    }
    too_wide = []

    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for name, path in PAGES.items():
            page.goto(path.format(**values))
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                too_wide.append((name, width))

    assert too_wide == []
    assert complaints == []


@pytest.mark.parametrize(
    ("scheme", "ground", "text"),
    [
        pytest.param("light", "rgb(255, 255, 255)", "rgb(51, 51, 51)", id="light"),
        pytest.param("dark", "rgb(18, 18, 18)", "rgb(238, 238, 238)", id="dark"),
    ],
)
def test_the_look_follows_the_machine_until_somebody_chooses(
    scheme: str, ground: str, text: str, page: Page, live_server: LiveServer
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto("/login/")

    colours = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    token = "getComputedStyle(document.documentElement).getPropertyValue('--mx-info').trim()"
    before = page.evaluate(token)
    page.get_by_role("button", name="Toggle theme").click()
    after = page.evaluate(token)

    assert colours == [ground, text]
    look = {"light": "#205067", "dark": "#9fd3ea"}
    assert before == look[scheme]
    assert after == look["dark" if scheme == "light" else "light"]


def a_run_under_way() -> tuple[Run, Poll]:
    poll = Poll.objects.create(index=Index.objects.get(), started_at=now())
    for name in ("httpx", "starlette"):
        PollOutcome.objects.create(poll=poll, project=name)
    run = Run.objects.create(
        channel=Channel.objects.get(),
        kind="manual",
        intended_at=now(),
        as_of=now(),
        status="polling",
        attempts=1,
        started_at=now(),
        poll_id=poll.pk,
    )
    return run, poll


def test_the_page_of_a_run_keeps_itself_up_to_date(
    page: Page, ana: User, sdk: Sdk, complaints: list[str]
) -> None:
    run, poll = a_run_under_way()
    log_in(page, ana)
    page.goto(f"/runs/{run.pk}/")
    expect(page.get_by_text("Reading the index: 0 of 2 projects.")).to_be_visible()

    poll.outcomes.filter(project="httpx").update(state="ok")
    expect(page.get_by_text("Reading the index: 1 of 2 projects.")).to_be_visible()
    assert page.locator("progress").get_attribute("value") == "1"

    Run.objects.filter(pk=run.pk).update(
        status="finished", finished_at=now(), outcome="Nothing differs from publication 1."
    )
    expect(page.get_by_text("Nothing differs from publication 1.")).to_be_visible()
    expect(page).to_have_title(f"Run {run.pk} | Matrix Portal")
    expect(page.locator("[data-refresh]")).to_have_count(0)
    assert complaints == []


def test_everything_works_without_script(
    browser: Browser, live_server: LiveServer, ana: User, sdk: Sdk
) -> None:
    run, _ = a_run_under_way()
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    log_in(page, ana)
    page.goto(f"/runs/{run.pk}/")

    Run.objects.filter(pk=run.pk).update(
        status="finished", finished_at=now(), outcome="Nothing differs from publication 1."
    )

    expect(page.get_by_text("Nothing differs from publication 1.")).to_be_visible(timeout=10_000)
    context.close()


def test_the_keyboard_reaches_the_content_first(page: Page, ana: User, sdk: Sdk) -> None:
    log_in(page, ana)
    page.goto("/proposals/1/")

    page.keyboard.press("Tab")

    focused = page.evaluate("document.activeElement.textContent")
    assert focused == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content-start"

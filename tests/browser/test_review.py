"""A reviewer decides item by item: with a script that counts, and without any."""

from functools import partial

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from integrations.catalogue.models import DependencyRule, Integration, Sdk
from matrix.review.models import Decision, Item
from tests.browser.conftest import elsewhere, log_in
from tests.pages.makers import an_integration, run

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def week(sdk: Sdk) -> None:
    """Proposal 2: a rule of httpx changes, falcon is new, starlette goes."""
    DependencyRule.objects.filter(integration__name="httpx").update(requirements="anyio<4.9")
    an_integration(sdk, "falcon", minimum="3.0")
    Integration.objects.filter(name="starlette").update(is_paused=True)
    elsewhere(partial(run, sdk))


def parts(*verdicts: str) -> set[str]:
    standing = Decision.objects.filter(withdrawn_at=None, verdict__in=verdicts)
    return set(standing.filter(item__proposal__number=2).values_list("item__part", flat=True))


def test_a_reviewer_decides_item_by_item(
    page: Page, ana: User, week: None, complaints: list[str]
) -> None:
    log_in(page, ana)
    page.goto("/proposals/2/")
    expect(page).to_have_title("(3) Proposal 2 | Matrix Portal")
    said = page.locator("#selection")

    # Ticking counts, in the words of the summary line.
    page.get_by_role("checkbox", name="Select: starlette").check()
    page.get_by_role("checkbox", name="Select: falcon").click(modifiers=["Shift"])
    expect(said).to_contain_text("3 selected: ")
    expect(said).to_contain_text("1 rule to change.")
    page.get_by_role("checkbox", name="Select: httpx").uncheck()
    expect(page.get_by_role("button", name="Approve 2 items")).to_be_visible()
    expect(page.locator("#decline > summary")).to_have_text("Decline 2 items…")
    page.get_by_role("link", name="Clear", exact=True).click()
    expect(said).to_contain_text("Nothing is selected. 3 of 3 items undecided.")

    # Keys act on the focused item once they are on.
    page.keyboard.press("n")
    expect(page.locator("h3:focus")).to_have_count(0)
    page.get_by_text("Keyboard", exact=True).click()
    page.get_by_label("Use single keys on this page").check()
    page.keyboard.press("n")
    expect(page.locator("#item-starlette h3")).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_text("1 item approved.")).to_be_visible()
    expect(page.locator("#item-httpx h3")).to_be_focused()
    assert parts("approved") == {"starlette"}
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("1 item undecided again.")).to_be_visible()

    # A refusal in place.
    page.locator("#item-httpx h3").focus()
    page.keyboard.press("d")
    expect(page.get_by_label("Why declined")).to_be_focused()
    page.keyboard.type("anyio 4.8 is broken")
    page.get_by_label("When it changes").check()
    page.get_by_role("button", name="Decline 1 item").click()
    expect(page.locator("#item-httpx")).to_contain_text("Declined by ana")
    assert (parts("declined"), parts("approved")) == ({"httpx"}, set())
    assert complaints == []


def test_the_same_works_without_a_script(
    browser: Browser, live_server: LiveServer, ana: User, week: None
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    log_in(page, ana)
    page.goto("/proposals/2/?show=closely")

    page.get_by_role("link", name="Select all 2 shown").click()
    expect(page.locator("#selection")).to_contain_text("2 selected: ")
    page.get_by_role("checkbox", name="Select: httpx").uncheck()
    page.get_by_role("button", name="Count what is selected").click()
    page.get_by_role("button", name="Approve 1 item", exact=True).click()

    expect(page.get_by_text("1 item approved.")).to_be_visible()
    expect(page.locator("#item-httpx h3")).to_be_focused()
    assert page.url.endswith("/proposals/2/?show=closely&after=" + page.url.rpartition("=")[2])
    page.locator("#decline > summary").click()
    page.get_by_role("checkbox", name="Select: httpx").check()
    page.get_by_label("Why declined").fill("anyio 4.8 is broken")
    page.get_by_role("button", name="Decline selected items").click()
    expect(page.locator("#item-httpx")).to_contain_text("Declined by ana")
    page.get_by_role("button", name="Publish 1 approved item").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Publication 2 of parcels")
    assert {item.part for item in Item.objects.undecided()} == {"falcon"}
    context.close()

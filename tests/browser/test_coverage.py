"""The coverage grid and the menu, in a browser."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from integrations.catalogue.models import Sdk
from tests.browser.conftest import log_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]
URL = "/sdks/parcels/coverage/"


def test_the_grid_alone_scrolls_and_its_first_column_stays(
    page: Page, ana: User, sdk: Sdk, complaints: list[str]
) -> None:
    Sdk.objects.update(pythons=" ".join(f"3.{minor}" for minor in range(6, 15)))
    log_in(page, ana)
    page.set_viewport_size({"width": 800, "height": 700})
    page.goto(URL)
    grid = page.get_by_role("region", name="Releases tested of each integration")
    first = grid.get_by_role("rowheader", name="httpx")

    grid.focus()
    before = first.bounding_box()
    grid.evaluate("region => region.scrollBy(300, 0)")

    assert grid.evaluate("region => region.scrollLeft") > 0
    assert first.bounding_box() == before
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert complaints == []


def test_a_phone_has_a_list_and_a_menu_that_needs_no_script(
    page: Page, ana: User, sdk: Sdk, complaints: list[str]
) -> None:
    log_in(page, ana)
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(URL)

    expect(page.get_by_role("table")).to_be_hidden()
    expect(page.get_by_role("link", name="Runs")).to_be_hidden()
    page.locator(".mx-covered summary", has_text="httpx").click()
    expect(page.get_by_text("See the rows of httpx")).to_be_visible()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Runs").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    assert complaints == []


def test_filters_stand_in_the_address(page: Page, ana: User, sdk: Sdk) -> None:
    log_in(page, ana)
    page.goto(URL)

    page.get_by_label("Only losses").check()
    page.get_by_role("button", name="Filter").click()

    expect(page.get_by_role("heading", level=2)).to_have_text("The filter hides all 2")
    assert "losses=1" in page.url
    page.get_by_role("main").get_by_role("link", name="Clear filter").first.click()
    expect(page.get_by_role("rowheader", name="starlette")).to_be_visible()

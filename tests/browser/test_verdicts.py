"""Why a release was picked or not, as somebody reads it in a browser."""

from functools import partial

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from integrations.catalogue.models import Hold, Integration, Sdk
from tests.browser.conftest import elsewhere, log_in
from tests.pages.makers import run

pytestmark = [pytest.mark.browser, pytest.mark.slow]
HTTPX = "/sdks/parcels/integrations/httpx/"
PATHS = [
    HTTPX,
    f"{HTTPX}0.28.1/",
    f"{HTTPX}0.27.0/",
    "/look-up/?package=httpx&release=7",
    "/guide/",
]


def test_somebody_finds_out_why_not(page: Page, ana: User, sdk: Sdk, complaints: list[str]) -> None:
    Hold.objects.create(
        integration=Integration.objects.get(name="httpx"), releases=">=0.24,<0.26", reason="proxies"
    )
    elsewhere(partial(run, sdk))
    log_in(page, ana)
    page.goto("/look-up/")
    page.get_by_role("textbox", name="Package").fill("HTTPX")
    page.get_by_role("textbox", name="Release").fill("v0.27.0")
    page.get_by_role("button", name="Look up").click()

    expect(page).to_have_title("httpx 0.27.0: not picked | Matrix Portal")
    expect(page.get_by_text("Not picked – older than 0.27.2")).to_be_visible()  # noqa: RUF001
    expect(page.get_by_role("row", name="9 Newest patch of its minor version")).to_contain_text(
        "Fails ← decides older than 0.27.2"
    )

    # Each mark of the picture is a link with a name, which the keyboard reaches.
    mark = page.get_by_role("link", name="0.28.1: Picked, 6 Dec 2024")
    mark.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("httpx 0.28.1 Picked")
    assert page.locator(".mx-picture [aria-current=page]").count() == 1
    expect(page.locator(".mx-band-hold").first).to_be_visible()

    page.get_by_role("link", name="latest").click()
    expect(page.get_by_role("heading", name="Latest")).to_be_in_viewport()
    assert complaints == []


def test_the_pages_of_verdicts_fit_a_phone_and_scroll_the_picture_alone(
    page: Page, ana: User, sdk: Sdk, complaints: list[str]
) -> None:
    log_in(page, ana)
    too_wide = []

    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for path in PATHS:
            page.goto(path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                too_wide.append((path, width))

    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(HTTPX)
    picture = page.get_by_role("region", name="Releases over time").and_(
        page.locator("[tabindex='0']")
    )
    assert picture.evaluate("one => one.scrollWidth > one.clientWidth")
    assert too_wide == []
    assert complaints == []

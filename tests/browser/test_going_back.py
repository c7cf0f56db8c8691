"""The way back to what is held everywhere, in a browser."""

from functools import partial

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from integrations.catalogue.models import Hold, Sdk
from matrix.review.models import Publication
from tests.browser.conftest import elsewhere, log_in
from tests.pages.makers import a_publication

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_held_release_has_to_be_ticked(
    page: Page, ana: User, sdk: Sdk, complaints: list[str]
) -> None:
    Hold.objects.create(project="httpx", releases=">=0.28", reason="Steals tokens")
    elsewhere(partial(a_publication, sdk))
    log_in(page, ana)

    page.goto("/publications/parcels/1/again/")
    held = page.get_by_role("group", name="held everywhere")
    expect(held).to_contain_text("Steals tokens")
    page.get_by_label("Why").fill("The newer one hangs.")
    page.get_by_role("button", name="Publish 1 again").click()
    assert Publication.objects.count() == 2  # The browser asks for the tick.

    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    for tick in held.get_by_role("checkbox").all():
        tick.check()
    page.get_by_role("button", name="Publish 1 again").click()

    expect(page.get_by_text("Publication 3 of parcels is current: 1 once more.")).to_be_visible()
    assert "Held everywhere, and confirmed: httpx 0.28" in Publication.objects.get(number=3).comment
    assert complaints == []

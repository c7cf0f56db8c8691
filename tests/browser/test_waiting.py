"""The page of what waits for a cooldown, and the preview of a shared constraint, in a browser."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from integrations.catalogue.models import CooldownBypass, Sdk, SharedConstraint
from portal.home import waiting_page
from tests.browser.conftest import log_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_picks_are_turned_by_the_page(
    page: Page, ana: User, sdk: Sdk, complaints: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_page, "PER_PAGE", 1)
    Sdk.objects.update(cooldown_days=365)
    log_in(page, ana)

    page.goto("/waiting/")
    pages = page.get_by_role("navigation", name="Pages of picks")
    first = page.get_by_role("rowheader").first.inner_text()
    pages.get_by_role("link", name="Further").click()

    expect(pages).to_contain_text("Page 2 of")
    assert page.get_by_role("rowheader").first.inner_text() != first
    pages.get_by_role("link", name="Before").press("Enter")
    expect(pages).to_contain_text("Page 1 of")
    assert page.get_by_role("rowheader").first.inner_text() == first
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert complaints == []


def test_a_bypass_is_asked_for_where_the_release_waits_and_a_constraint_is_previewed(
    page: Page, ana: User, sdk: Sdk, complaints: list[str]
) -> None:
    Sdk.objects.update(cooldown_days=365)
    log_in(page, ana)

    page.goto("/waiting/")
    row = page.get_by_role("row").filter(has_text="Bypass…").first
    release = row.get_by_role("rowheader").get_by_role("link").first.inner_text()
    project, version = release.split()
    row.locator("summary").press("Enter")
    row.get_by_label("Why it cannot wait").fill("fixes a vulnerability")
    row.get_by_label("Why it cannot wait").press("Enter")

    expect(
        page.get_by_text(f"1 release bypasses the cooldown: {project} {version}")
    ).to_be_visible()
    expect(page.get_by_text("In force", exact=True)).to_be_visible()
    assert CooldownBypass.objects.get().requested_by == ana

    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 360

    page.goto("/admin/catalogue/sharedconstraint/add/")
    page.locator("#id_sdk + .select2").click()
    page.get_by_role("option", name=sdk.slug).click()
    page.get_by_label("Requirement:").fill("anyio<4")
    page.get_by_label("Reason:", exact=True).fill("4 changes the backend")
    page.get_by_role("button", name="Preview").last.click()

    expect(page.get_by_role("heading", name="Preview: nothing is saved yet")).to_be_visible()
    expect(page.get_by_label("Reason:", exact=True)).to_have_value("4 changes the backend")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert not SharedConstraint.objects.exists()
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert SharedConstraint.objects.get().requirement == "anyio<4"
    assert complaints == []

"""The preview follows what somebody types, survives mistakes, and never saves."""

from functools import partial

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from integrations.catalogue.models import Integration, Sdk
from portal import tasks
from portal.home.previews import ask
from tests.browser.conftest import elsewhere, log_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def read_everything(sdk: Sdk) -> None:
    tasks.ask_index(ask(sdk, "httpx", at=now()), "httpx", [])


def test_a_specifier_is_typed_mended_and_saved(
    page: Page, ana: User, sdk: Sdk, complaints: list[str]
) -> None:
    elsewhere(partial(read_everything, sdk))
    httpx = Integration.objects.get(name="httpx")
    log_in(page, ana)
    page.goto(f"/admin/catalogue/integration/{httpx.pk}/change/")
    preview, status = page.locator("#preview"), page.locator("[data-preview-status]")
    summary = page.locator("[data-preview-summary]")
    said, include = page.locator("[role=status][data-preview-said]"), page.locator("#id_include")
    expect(summary).to_contain_text("No changes.")
    expect(status).to_have_text("Up to date")

    # Typed: the preview follows, and what was opened stays open.
    preview.get_by_text("The matrix after the change").click()
    include.fill("<0.28")
    expect(summary).to_contain_text("With this change:")
    expect(status).to_have_text("Up to date")
    expect(said).to_contain_text("1 to change")
    expect(preview.locator("details[data-keep=after]")).to_have_attribute("open", "")
    expect(preview.locator(".mx-matches")).to_contain_text("<0.28: 68 of 76 known releases")

    # Broken: the old preview stays, and the field is named.
    include.fill("=<0.28")
    expect(status).to_have_text("Out of date: fix Releases to consider")
    expect(preview.get_by_text('Did you mean "<=0.28"?')).to_be_visible()
    expect(summary).to_contain_text("With this change:")

    # A row of a table that matches nothing, added by script.
    include.fill("<0.28")
    page.get_by_text("Add another Dependency rule").click()
    page.locator("#id_rules-1-releases").fill(">=9")
    page.locator("#id_rules-1-requirements").fill("h11")
    expect(preview.get_by_text("Dependency rule 2 matches no known release.")).to_be_visible()
    assert Integration.objects.get(pk=httpx.pk).include == ""

    # An answer that does not come is told, and nothing is lost.
    page.route("**/preview/**", lambda route: route.fulfill(status=503, body="away"))
    include.fill("<0.27")
    expect(status).to_contain_text("Cannot preview: The portal answered 503. You can still save.")
    expect(summary).to_contain_text("With this change:")
    page.unroute("**/preview/**")

    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")
    assert Integration.objects.get(pk=httpx.pk).include == "<0.27"
    assert [line for line in complaints if "503" not in line] == []


def test_a_project_becomes_a_form_that_is_filled_in(
    page: Page, ana: User, sdk: Sdk, complaints: list[str]
) -> None:
    log_in(page, ana)
    page.goto("/sdks/parcels/integrations/add/")
    page.get_by_label("Project").fill("AnyIO")
    page.get_by_role("button", name="Ask the index").click()
    expect(page.get_by_text("The index is being asked about anyio")).to_be_visible()
    where = page.url
    page.goto("about:blank")
    key = int(where.rpartition("=")[2])
    elsewhere(partial(tasks.ask_index, key, "anyio", []))
    page.goto(where)
    page.get_by_role("link", name="Open the form with these values").click()

    expect(page.locator("#id_name")).to_have_value("anyio")
    expect(page.locator("#id_test_path")).to_have_value("tests/anyio")
    expect(page.locator("[data-preview-summary]")).to_contain_text("A new integration:")
    page.set_viewport_size({"width": 360, "height": 800})
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert complaints == []

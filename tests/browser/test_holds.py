"""A broken release, from the form to the proposal that takes it out, and the end of its hold."""

from functools import partial

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page, expect

from integrations.catalogue.models import Hold, Sdk
from matrix.review.models import Run
from portal.tasks import run_channel
from tests.browser.conftest import elsewhere, log_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_broken_release_is_held_everywhere_and_taken_out_at_once(
    page: Page, ana: User, sdk: Sdk, complaints: list[str]
) -> None:
    ana.groups.add(Group.objects.get(name="owners"))
    log_in(page, ana)

    # The preview, which saves nothing.
    page.goto("/holds/")
    expect(page.get_by_role("heading", name="No hold yet")).to_be_visible()
    page.get_by_role("link", name="Hold a release everywhere...").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("alert")).to_contain_text("Project: This field is required.")
    page.get_by_label("Project").fill("httpx")
    page.get_by_label("Releases").fill("==0.28.1")
    page.get_by_label("Reason").fill("Steals tokens")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("status")).to_contain_text("1 publication contains it.")
    row = page.get_by_role("row", name="httpx 0.28.1")
    expect(row).to_contain_text("0.28.1 as pick")
    expect(row).to_contain_text("publication 1")
    assert not Hold.objects.exists()

    # What was not previewed is not saved.
    page.get_by_label("Releases").fill("")
    page.get_by_role("button", name="Hold everywhere and run 1 integration").click()
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    page.get_by_label("Releases").fill("==0.28.1")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Hold everywhere and run 1 integration").click()

    # The emergency run; the task is carried out here instead of by a worker.
    expect(page.get_by_text("httpx ==0.28.1 is held everywhere.")).to_be_visible()
    run = Run.objects.get(kind="emergency")
    page.goto("about:blank")
    elsewhere(partial(run_channel, run.pk))
    page.goto("/runs/")
    expect(page.get_by_role("row", name=f"Run {run.pk}")).to_contain_text("Emergency")
    page.get_by_role("link", name=f"Run {run.pk}").click()
    expect(page.get_by_text("Only httpx.")).to_be_visible()
    page.get_by_role("link", name="Read proposal 2").click()
    expect(page.locator("#item-httpx")).to_contain_text("Steals tokens")

    # The list, and the end.
    page.goto("/holds/")
    row = page.get_by_role("row", name="httpx ==0.28.1 everywhere")
    expect(row).to_contain_text("0.28.1 would probably be picked for httpx (parcels).")
    row.get_by_text("Change").click()
    row.get_by_label("Why").fill("It was a false alarm.")
    row.get_by_role("button", name="End 1 hold now").click()
    expect(page.get_by_text("1 hold ended:")).to_be_visible()
    expect(page.get_by_text("ended by ana: It was a false alarm.")).to_be_visible()
    assert complaints == []

"""The main job from end to end, as a maintainer does it."""

import hashlib
from functools import partial
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from integrations.catalogue.models import Integration, Sdk
from matrix.review.models import PublishedFile, Run
from portal.tasks import run_channel
from tests.browser.conftest import elsewhere, log_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_rule_is_edited_proposed_reviewed_published_and_downloaded(
    page: Page, ana: User, sdk: Sdk, complaints: list[str], tmp_path: Path
) -> None:
    # The catalogue.
    log_in(page, ana)
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing to decide")
    page.get_by_role("link", name="Catalogue").click()
    page.get_by_role("main").get_by_role("link", name="Integrations", exact=True).click()
    page.get_by_role("link", name="httpx", exact=True).click()
    expect(page.get_by_text("What you save here acts at the next run")).to_be_visible()
    page.locator("[name='rules-0-requirements']").fill("anyio<4.0.0\npytest-asyncio")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")

    # A run; the task is carried out here instead of by a worker.
    page.get_by_role("link", name="Home").first.click()
    page.get_by_role("button", name="Poll and propose").click()
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    where = page.url
    page.goto("about:blank")
    elsewhere(partial(run_channel, Run.objects.latest("pk").pk))
    page.goto(where)
    expect(page.get_by_text("Proposal 2: 1 part differs from publication 1.")).to_be_visible()
    page.get_by_role("link", name="Read proposal 2").click()

    # The review.
    expect(page).to_have_title("(1) Proposal 2 | Matrix Portal")
    item = page.locator("#item-httpx")
    expect(item.get_by_text("httpx: pytest-asyncio")).to_be_visible()
    page.get_by_role("link", name="What changes in the files").click()
    expect(page.locator(".mx-diff .mx-add", has_text="httpx: pytest-asyncio")).to_be_visible()
    page.go_back()
    page.get_by_label("Comment for the publication").fill("The tests await.")
    page.get_by_role("button", name="Approve 1 item and publish").click()

    # The publication and its file.
    expect(page.get_by_role("heading", level=1)).to_contain_text("Publication 2 of parcels")
    expect(page.get_by_text("The tests await.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="tox.ini", exact=True).click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    stored = PublishedFile.objects.get(publication__number=2)
    assert saved.name == "tox.ini"
    assert saved.read_bytes() == stored.read().encode()
    assert hashlib.sha256(saved.read_bytes()).hexdigest() == stored.sha256
    expect(page.get_by_text(stored.sha256)).to_be_visible()
    assert "httpx: pytest-asyncio\n" in stored.read()
    assert Integration.objects.get(name="httpx").rules.count() == 1
    assert complaints == []

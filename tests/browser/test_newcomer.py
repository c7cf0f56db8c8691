"""The way of somebody who has never seen the portal: what ``make run`` made, to its files."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from tests.browser.conftest import elsewhere
from tests.guidance.newcomers import PASSWORD, a_new_machine, a_small_example, quickstart
from tests.support.wheels import WheelIndex

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def index(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[WheelIndex]:
    a_new_machine(settings, monkeypatch, tmp_path)
    with a_small_example(settings, monkeypatch, tmp_path) as index:
        yield index


def test_both_examples_are_published_downloaded_and_linted(
    index: WheelIndex, page: Page, complaints: list[str], tmp_path: Path
) -> None:
    elsewhere(quickstart)

    # Whose turn it is, and for which of the two.
    page.goto("/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your turn: 2 proposals")

    # The SDK: to its tox.ini.
    card = page.get_by_role("region", name="Example SDK")
    card.get_by_role("link", name="Review").click()
    page.get_by_role("button", name="items and publish").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Publication 1 of example-sdk")
    with page.expect_download() as download:
        page.get_by_role("link", name="tox.ini", exact=True).click()
    assert download.value.suggested_filename == "tox.ini"

    # The application: to all files that install it.
    page.get_by_role("link", name="Home").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("items in proposal 2")
    page.get_by_role("region", name="Example site").get_by_role("link", name="Review").click()
    page.get_by_role("button", name="items and publish").click()
    page.get_by_role("link", name="Applications", exact=True).click()
    page.get_by_role("link", name="Example site").click()
    page.get_by_role("link", name="Files and commands").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="All as ZIP").click()
    packed = tmp_path / download.value.suggested_filename
    download.value.save_as(packed)
    with zipfile.ZipFile(packed) as archive:
        lock = archive.read("requirements/main.txt").decode()
    assert "django==5.2.1 \\\n    --hash=sha256:" in lock

    # The linter has nothing to say of them.
    page.get_by_role("link", name="Check").click()
    page.get_by_role("link", name="Lint files").click()
    page.get_by_label("Files", exact=True).set_input_files(packed)
    page.get_by_role("button", name="Lint files").click()
    expect(page.locator("#verdict")).to_contain_text("No findings in")
    assert complaints == []

"""Checking a file in a browser."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from integrations.catalogue.models import Sdk
from matrix.review.models import PublishedFile
from tests.browser.conftest import log_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_file_is_uploaded_and_one_is_pasted(
    page: Page, ana: User, sdk: Sdk, tmp_path: Path, complaints: list[str]
) -> None:
    text = PublishedFile.objects.get().read()
    (tmp_path / "tox.ini").write_text(text.replace("httpx==", "httpx>=", 1))
    log_in(page, ana)
    page.goto("/check/")

    page.get_by_label("File", exact=True).set_input_files(tmp_path / "tox.ini")
    page.get_by_role("button", name="Check 1 file").click()
    expect(page.get_by_role("status")).to_have_text(
        "Differs in 1 place from publication 1, which is current."
    )
    expect(page.get_by_text("back to what was generated.")).to_be_visible()

    page.get_by_label("Or its text").fill(text)
    page.get_by_role("button", name="Check 1 file").click()
    expect(page.get_by_role("status")).to_have_text("Matches publication 1, which is current.")

    page.get_by_role("button", name="Check 1 file").click()
    expect(page).to_have_title("Error: Check a file | Matrix Portal")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    assert complaints == []

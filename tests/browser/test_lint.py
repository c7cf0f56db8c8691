"""Linting files in a browser."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.browser.conftest import log_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_several_files_are_linted_and_a_rule_is_read(
    page: Page, ana: User, tmp_path: Path, complaints: list[str]
) -> None:
    (tmp_path / "main.txt").write_text(f"rsfoo==2.0 --hash=sha256:{'0' * 64}\n")
    (tmp_path / "dev.txt").write_text(f"rsfoo==1.5 --hash=sha256:{'0' * 64}\n")
    log_in(page, ana)
    page.goto("/lint/")

    page.get_by_label("Files", exact=True).set_input_files(
        [tmp_path / "main.txt", tmp_path / "dev.txt"]
    )
    page.get_by_role("button", name="Lint files").click()
    expect(page.get_by_role("status")).to_have_text("1 error in 1 of 2 files.")
    expect(page.get_by_text("rsfoo is 1.5 in dev.txt and 2.0 in main.txt.")).to_be_visible()

    page.get_by_role("link", name="Rule split-pin").click()
    expect(page).to_have_url(f"{page.url.partition('/lint')[0]}/lint/rules/#rule-split-pin")
    expect(page.get_by_role("heading", name="One project at two versions")).to_be_in_viewport()

    page.goto("/lint/")
    page.get_by_role("button", name="Lint files").click()
    expect(page).to_have_title("Error: Lint files | Matrix Portal")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    assert complaints == []

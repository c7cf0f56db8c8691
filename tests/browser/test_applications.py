"""An application from its declaration to the file that installs it."""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import FilePayload, Page, expect

from matrix.review.models import Proposal, PublishedFile, Run
from portal.guidance.running import carry_out
from tests.browser.conftest import elsewhere, log_in
from tests.guidance.makers import NOW, a_lock, an_application
from tests.support.wheels import WheelIndex

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PYPROJECT = """
[project]
name = "shop"
dependencies = ["rsfoo"]
[dependency-groups]
dev = ["rsdev"]
"""


@pytest.fixture
def wheels() -> Iterator[WheelIndex]:
    """Version 2.0 of rsfoo is there, but the tools of the developers need an older one."""
    with WheelIndex() as index:
        index.release("rsfoo", "1.5")
        index.release("rsfoo", "2.0")
        index.release("rsdev", "1.0", "rsfoo<2")
        yield index


def test_what_is_declared_is_locked_reviewed_and_downloaded(
    page: Page, ana: User, wheels: WheelIndex, complaints: list[str], tmp_path: Path
) -> None:
    elsewhere(partial(an_application, sets={"main": "tool"}, index_url=wheels.url))

    # The declaration, out of the file in which it stands already.
    log_in(page, ana)
    page.get_by_role("link", name="Applications").click()
    page.get_by_role("link", name="Shop").click()
    page.get_by_role("link", name="Declare from a file…").click()
    file = FilePayload(name="pyproject.toml", mimeType="text/plain", buffer=PYPROJECT.encode())
    page.locator("#id_file").set_input_files(files=[file])
    page.get_by_role("button", name="Read 1 file").click()
    expect(page.get_by_role("list", name="Changes of main")).to_contain_text("rsfoo")
    page.get_by_role("button", name="Declare 2 sets").click()
    expect(page.locator(".messagelist")).to_contain_text("taken from")

    # The run; the task is carried out here instead of by a worker.
    page.get_by_role("button", name="Lock now").click()
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    where = page.url
    page.goto("about:blank")
    run = partial(Run.objects.select_related("channel").latest, "pk")
    lock = a_lock(tmp_path)
    elsewhere(lambda: carry_out(run(), clock=lambda: NOW, lock=lock))
    page.goto(where)
    page.get_by_role("link", name="Read proposal 1").click()

    # The review: main has its lock, and why dev has none stands above the items.
    expect(
        page.get_by_text("Locked separately, rsfoo is 2.0 in main and 1.5 in dev")
    ).to_be_visible()
    expect(page.locator("#item-main").get_by_text("rsfoo 2.0")).to_be_visible()
    page.get_by_role("button", name="Approve 2 items and publish").click()

    # The files.
    expect(page.get_by_role("heading", level=1)).to_contain_text("Publication 1 of shop")
    page.get_by_role("link", name="The application").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="requirements/main.txt", exact=True).click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    stored = PublishedFile.objects.get(path="requirements/main.txt")
    assert saved.name == "main.txt"
    assert hashlib.sha256(saved.read_bytes()).hexdigest() == stored.sha256
    assert "rsfoo==2.0 \\\n    --hash=sha256:" in saved.read_text()
    assert Proposal.objects.get().status == "published"
    assert complaints == []

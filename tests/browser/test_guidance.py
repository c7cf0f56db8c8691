"""The pages of guidance in a browser: copied, printed, on a phone and in the dark."""

from functools import partial
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, Locator, Page, expect

from portal.guidance.models import Application
from tests.browser.conftest import elsewhere, log_in
from tests.guidance.makers import NOW, a_publication, an_application, locked_as

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LOCK = locked_as("rsfoo==1.5", "tool==1.0", "pip==27.0", "uv==0.14.0")
PAGES = (
    "/guidance/?tool=pip&platform=docker",
    "/guidance/?tool=uv&slug=-&index_url=ftp://x&installs_pylock=yes",
    "/applications/shop/guidance/?tool=poetry&platform=upsun-flex",
    "/applications/shop/",
    "/applications/",
    "/guidance/tools/",
    "/",
)


def a_shop() -> Application:
    application = an_application(sets={"main": "rsfoo", "dev": "tool"}, tool="pip", locks_tool=True)
    a_publication(application, LOCK, NOW)
    return application


def text_of(pre: Locator) -> str:
    return str(pre.evaluate("node => node.textContent"))


def test_a_file_and_a_command_are_copied_and_anchors_lead_to_them(
    page: Page, context: BrowserContext, ana: User, complaints: list[str], tmp_path: Path
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    elsewhere(a_shop)
    log_in(page, ana)
    page.goto("/applications/shop/guidance/")

    page.get_by_label("Go to a file").get_by_role("link", name="requirements/main.txt").click()
    file = page.locator("#file-requirementsmaintxt")
    expect(file.get_by_role("heading")).to_be_in_viewport()
    file.get_by_role("button", name="Copy").click()
    expect(file.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    with page.expect_download() as download:
        file.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "main.txt")
    assert copied == (tmp_path / "main.txt").read_text()
    assert "rsfoo==1.5" in copied

    contents = page.get_by_label("On this page")
    for name, heading in (
        ("Install", "Install at the chosen path"),
        ("Not caught", "What this tool does not catch"),
        ("Make the lock", "Make the lock"),
    ):
        contents.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=heading)).to_be_in_viewport()
    step = page.locator("#lock-1")
    page.get_by_role("button", name="Copy command 1 of Make the lock").click()
    expect(page.locator("#lock-1 ~ button")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == text_of(step)
    assert complaints == []


def test_options_are_chosen_and_a_refused_one_is_found_at_its_field(
    page: Page, ana: User, complaints: list[str]
) -> None:
    log_in(page, ana)
    page.goto("/guidance/")
    page.get_by_label("Tool", exact=True).select_option("Poetry")
    page.get_by_label("Platform", exact=True).select_option("Upsun Flex")
    page.get_by_text("More options").click()
    page.get_by_label("Name", exact=True).fill("parcels")
    page.get_by_label("Start command").fill("gunicorn x | tail")
    page.get_by_label("A Django site").select_option("No")
    page.get_by_role("button", name="Show files with these options").click()

    expect(page).to_have_title("Error: Deployment | Matrix Portal")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    page.get_by_role("link", name="Start command: ").click()
    expect(page.get_by_label("Start command")).to_be_in_viewport()
    expect(page.get_by_label("Start command")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Name", exact=True)).to_have_value("parcels")

    page.get_by_label("Start command").fill("gunicorn parcels.wsgi:application")
    page.get_by_role("button", name="Show files with these options").click()
    config = page.locator("#text-upsunconfigyaml")
    expect(config).to_contain_text("parcels:")
    expect(config).to_contain_text("gunicorn --bind unix:$SOCKET parcels.wsgi:application")
    expect(config).not_to_contain_text("manage.py")
    with page.expect_download() as download:
        page.get_by_role("link", name="All as ZIP").click()
    assert download.value.suggested_filename == "parcels-poetry-upsun-flex.zip"
    page.get_by_role("link", name="Start over").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("portal")
    assert complaints == []


def test_what_is_printed_is_all_of_the_text_and_nothing_to_press(
    page: Page, ana: User, tmp_path: Path
) -> None:
    elsewhere(partial(an_application, slug="shop", tool="pip"))
    log_in(page, ana)
    page.emulate_media(media="print", color_scheme="dark")
    for path in ("/guidance/?tool=pipenv&platform=upsun-fixed", "/guidance/tools/"):
        page.goto(path)

        for pressed in ("button", "form", "nav", "#header", ".mx-contents", ".mx-files"):
            for one in page.locator(pressed).all():
                expect(one).to_be_hidden()
        cut = page.evaluate(
            """[...document.querySelectorAll("pre, .mx-scroll")].filter(
                node => node.scrollHeight > node.clientHeight + 1
                     || node.scrollWidth > node.clientWidth + 1
            ).length"""
        )
        assert cut == 0
        colour = page.evaluate("getComputedStyle(document.querySelector('h2')).color")
        assert sum(map(int, colour.strip("rgb()").split(","))) < 3 * 0x60  # Dark, on paper.
        page.pdf(path=tmp_path / "page.pdf", format="A4")
        assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("look", ["light", "dark"])
def test_a_phone_scrolls_downwards_alone_and_everything_can_be_read(
    look: str, page: Page, ana: User, complaints: list[str]
) -> None:
    elsewhere(a_shop)
    log_in(page, ana)
    page.emulate_media(color_scheme="dark" if look == "dark" else "light")
    for path in PAGES:
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 6000})
            found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
            serious = [
                (one["id"], [node["html"] for node in one["nodes"]])
                for one in found
                if one["impact"] in {"serious", "critical"}
            ]
            assert serious == [], path
    assert complaints == []

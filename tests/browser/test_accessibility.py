"""
Every page under the rules of axe-core, in light, in dark and on a phone.

A page that is added to the portal without a row here fails
``test_every_page_of_the_portal_is_visited``.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Group, User
from django.utils.timezone import now
from playwright.sync_api import Page, ViewportSize

from integrations.catalogue.models import (
    CooldownBypass,
    DependencyRule,
    Hold,
    Integration,
    Sdk,
    SharedConstraint,
)
from matrix.review import commenting, deciding
from matrix.review.models import Decision, Item, Proposal, PublishedFile, Run
from matrix.sdk.publishing import publish_approved
from portal import tasks
from portal.home.previews import ask
from portal.home.urls import urlpatterns
from tests.browser.conftest import elsewhere, log_in
from tests.browser.test_pages import a_run_under_way
from tests.pages.makers import an_integration, an_owner, run

SERIOUS = ("serious", "critical")
# The rules whose answer changes with the look, and those that it changes with the width: what is
# hidden at a desk is looked at on a phone.
COLOURS = ("color-contrast", "link-in-text-block")
WIDTHS = (
    "aria-hidden-focus", "button-name", "duplicate-id-aria", "label", "link-name",
    "nested-interactive", "scrollable-region-focusable", "select-name", "summary-name",
    "target-size",
)  # fmt: skip
# So long that nothing which sticks to the lower edge hides what scrolls below it.
PHONE: ViewportSize = {"width": 360, "height": 6000}
# Colours that fade from one look to the other are of neither.
STILL = """
const still = new CSSStyleSheet();
still.replaceSync("* { transition: none !important; animation: none !important; }");
document.adoptedStyleSheets = [still];
"""
PROPOSAL = "/proposals/2/"
HTTPX = "/sdks/parcels/integrations/httpx/"

# What somebody visits, by the name of its address and what it shows.
PAGES = {
    "home": "/",
    "proposals": "/proposals/",
    "proposal": PROPOSAL,
    "proposal: some of it": f"{PROPOSAL}?show=closely&q=httpx",
    "proposal: published": "/proposals/1/",
    "proposal-item": f"{PROPOSAL}items/{{item}}/",
    "proposal-files": f"{PROPOSAL}files/",
    "publications": "/publications/",
    "publication": "/publications/parcels/2/",
    "publish-again": "/publications/parcels/1/again/",
    "remove-example": "/example/remove/",
    "integrations": "/integrations/",
    "coverages": "/coverage/",
    "coverage": "/sdks/parcels/coverage/",
    "check": "/check/",
    "look-up": "/look-up/",
    "look-up: found nothing": "/look-up/?package=httpx&release=99",
    "guide": "/guide/",
    "add-integration": "/sdks/parcels/integrations/add/",
    "add-integration: answered": "/sdks/parcels/integrations/add/?project=falcon",
    "integration": HTTPX,
    "release: picked": f"{HTTPX}0.28.1/",
    "release: not picked": f"{HTTPX}0.27.0/",
    "holds": "/holds/",
    "hold-everywhere": "/holds/everywhere/",
    "waiting": "/waiting/",
    "runs": "/runs/",
    "run": "/runs/{run}/",
    "run: under way": "/runs/{running}/",
    "password": "/password/",
    "password-changed": "/password/changed/",
    "admin": "/admin/catalogue/integration/{httpx}/change/",
    "admin: list": "/admin/catalogue/hold/",
    "not found": "/proposals/99/",
}
# What is no page: it answers a form, is a piece of a page, or a file.
NO_PAGES = {
    "import-example", "decide", "start-run", "check-sdk", "read-facts", "hold-act", "bypass",
    "confirm-bypass", "logout", "selection", "add-integration-progress", "run-progress",
    "whole-patch", "candidate", "candidate-bundle", "patch", "published-file", "published-bundle",
    "current-bundle", "current-tox", "current-file", "coverage-csv", "check-script",
}  # fmt: skip
VISITED_OTHERWISE = {"login"}  # Without a login.


def test_every_page_of_the_portal_is_visited() -> None:
    visited = {name.partition(":")[0] for name in PAGES} | VISITED_OTHERWISE
    named = {pattern.name for pattern in urlpatterns}

    assert named - visited == NO_PAGES
    assert visited - named == {"admin", "not found"}


class Visitor:
    """Looks at what a page shows, and remembers what is wrong with it."""

    def __init__(self, page: Page, complaints: list[str]) -> None:
        self.page = page
        self.axe = Axe()
        self.complaints = complaints
        self.faults: list[str] = []

    def visit(self, name: str, path: str) -> None:
        self.page.goto(path)
        self.look(name)

    def look(self, name: str) -> None:
        """Look in light at a desk, then at what colours and width change: in dark, on a phone."""
        self.page.evaluate(STILL)
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self._hold_to_the_rules(name, "light")
        self.page.emulate_media(color_scheme="dark")
        self._hold_to_the_rules(name, "dark", only=COLOURS)
        self.page.set_viewport_size(PHONE)
        self._hold_to_the_rules(name, "dark, 360 px", only=[*COLOURS, *WIDTHS])
        self._hold_to_the_form(name)

    def _hold_to_the_rules(self, name: str, look: str, *, only: Collection[str] = ()) -> None:
        options: dict[str, Any] = {
            "resultTypes": ["violations"],
            "iframes": False,
            "preload": False,
        }
        if only:
            options["runOnly"] = list(only)
        for found in self.axe.run(self.page, options=options).response["violations"]:
            if found["impact"] in SERIOUS:
                nodes = [f"{node['target']} {node['html'][:160]}" for node in found["nodes"]]
                self.faults += [f"{name} ({look}): {found['id']}: {node}" for node in nodes]

    def _hold_to_the_form(self, name: str) -> None:
        if self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            self.faults.append(f"{name}: it scrolls sideways at 360 px")
        if (count := self.page.locator("h1").count()) != 1:
            self.faults.append(f"{name}: {count} headings of the first level")
        if not self.page.title().strip():
            self.faults.append(f"{name}: it has no title")
        told = [line for line in self.complaints if name != "not found" or "404" not in line]
        self.faults += [f"{name}: {line}" for line in told]
        self.complaints.clear()


@pytest.fixture
def visitor(page: Page, complaints: list[str]) -> Iterator[Visitor]:
    found = Visitor(page, complaints)
    yield found
    if found.faults:
        pytest.fail("\n".join(found.faults), pytrace=False)


@pytest.fixture
def busy(ana: User, sdk: Sdk) -> dict[str, int]:
    """
    A portal with something on every page: publication 2, and proposal 2 with one item published,
    one declined and one undecided; holds of every kind, a bypass, a run under way.
    """
    ana.groups.add(Group.objects.get(name="owners"))
    httpx = Integration.objects.get(name="httpx")
    DependencyRule.objects.filter(integration=httpx).update(requirements="anyio<4.9")
    an_integration(sdk, "falcon", minimum="3.0")
    Integration.objects.filter(name="starlette").update(is_paused=True)
    elsewhere(partial(run, sdk))
    number = Proposal.objects.get(status="open").number
    items = {item.part: item.pk for item in Item.objects.filter(proposal__number=number)}
    again = Decision.ProposeAgain.WHEN_IT_CHANGES
    at = now()
    deciding.approve_items(number, [items["falcon"]], by=ana, at=at)
    publish_approved(number, by=an_owner(), at=at)
    deciding.decline_items(
        number, [items["starlette"]], by=ana, at=at, reason="Still used.", propose_again=again
    )
    commenting.comment(number, text="Who uses it?", by=ana, at=at)
    commenting.comment(number, part="httpx", text="4.9 is broken.", by=ana, at=at)
    _hold_some(sdk, httpx)
    elsewhere(lambda: tasks.ask_index(ask(sdk, "falcon", at=now()), "falcon", []))
    under_way, _ = a_run_under_way()
    finished = Run.objects.filter(status="finished").latest("pk")
    return {
        "item": items["httpx"], "run": finished.pk, "running": under_way.pk, "httpx": httpx.pk,
    }  # fmt: skip


def _hold_some(sdk: Sdk, httpx: Integration) -> None:
    today = now().date()
    Sdk.objects.update(cooldown_days=365)
    Hold.objects.create(
        integration=httpx, releases=">=0.24,<0.26", reason="proxies", remind_on=today,
        starts_on=today - timedelta(days=9),
    )  # fmt: skip
    Hold.objects.create(project="h11", releases="==0.15.0", reason="Steals tokens", owner="ana")
    Hold.objects.create(sdk=sdk, project="starlette", reason="rust", ends_on=today)
    SharedConstraint.objects.create(sdk=sdk, requirement="setuptools<82", reason="pkg_resources")
    CooldownBypass.objects.create(sdk=sdk, project="httpx", version="0.28.1", reason="a fix")


@pytest.mark.browser
@pytest.mark.slow
def test_no_page_has_a_serious_fault(
    visitor: Visitor, ana: User, busy: dict[str, int], page: Page
) -> None:
    log_in(page, ana)
    for name, path in PAGES.items():
        visitor.visit(name, path.format(**busy))
    for name, show in STATES.items():
        show(page)
        visitor.look(name)


def hold_everywhere_with_preview(page: Page) -> None:
    page.goto("/holds/everywhere/")
    page.get_by_label("Project").fill("httpx")
    page.get_by_label("Reason").fill("Steals tokens")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("status").first.wait_for()


def check_with_a_result(page: Page) -> None:
    text = PublishedFile.objects.filter(path="tox.ini").latest("pk").read()
    page.goto("/check/")
    page.get_by_label("Or its text").fill(text.replace("httpx==", "httpx>=", 1))
    page.get_by_role("button", name="Check 1 file").click()
    page.get_by_role("status").first.wait_for()


def proposal_with_a_form_open(page: Page) -> None:
    page.goto(PROPOSAL)
    page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")


STATES: dict[str, Callable[[Page], None]] = {
    "hold-everywhere: with a preview": hold_everywhere_with_preview,
    "check: with a result": check_with_a_result,
    "proposal: all opened": proposal_with_a_form_open,
}


@pytest.mark.browser
@pytest.mark.slow
def test_no_page_of_an_empty_portal_has_a_serious_fault(
    visitor: Visitor, ana: User, page: Page
) -> None:
    page.goto("/login/")
    visitor.look("login")
    log_in(page, ana)
    for name in ("home", "proposals", "publications", "runs", "holds", "waiting", "coverages"):
        visitor.visit(name, PAGES[name])

"""Chromium, driven by Playwright, against a live server in this process."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from integrations.catalogue.models import DependencyRule, Sdk
from portal.accounts.groups import GROUPS, grant
from tests.pages.makers import a_publication, an_integration, an_sdk
from tests.support.index_server import IndexServer
from tests.support.needs import chromium

PASSWORD = "a password of some length"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """
    One Chromium for this folder, and not a test longer.

    Playwright's synchronous calls run inside an event loop of this thread, where Django would
    refuse its ORM, and where other tests could start none of their own.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        found = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def context(
    browser: Browser, live_server: LiveServer, settings: Settings
) -> Iterator[BrowserContext]:
    """A fresh profile, as wide as a small desk."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    found = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    found.set_default_timeout(15_000)  # Milliseconds.
    yield found
    found.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the console said and what could not be loaded; a good page leaves it empty."""
    return []


@pytest.fixture
def page(context: BrowserContext, complaints: list[str], live_server: LiveServer) -> Page:
    found = context.new_page()
    found.on("console", lambda line: complaints.append(line.text) if is_bad(line.type) else None)
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.on("requestfailed", lambda request: complaints.extend(failure_of(request)))
    found.on("request", lambda request: complaints.extend(leaving(request, live_server.url)))
    return found


def is_bad(kind: str) -> bool:
    return kind in {"error", "warning"}


def failure_of(request: Request) -> list[str]:
    """A download ends as an aborted request; everything else that fails is a fault."""
    return [] if request.failure == "net::ERR_ABORTED" else [f"failed: {request.url}"]


def leaving(request: Request, home: str) -> list[str]:
    return [] if request.url.startswith((home, "data:")) else [f"elsewhere: {request.url}"]


def log_in(page: Page, user: User) -> None:
    page.goto("/")
    page.get_by_label("Username").fill(user.get_username())
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


@pytest.fixture
def ana(live_server: LiveServer) -> User:
    """Somebody who maintains and reviews. The groups go with the tables after each such test."""
    grant(apps, GROUPS)
    found = User.objects.create_user("ana", password=PASSWORD, is_staff=True)
    found.groups.set(Group.objects.filter(name__in=("maintainers", "reviewers")))
    return found


@pytest.fixture
def sdk(ana: User, recorded_index: IndexServer) -> Sdk:
    """A small catalogue against the recorded index; its first matrix is published."""
    sdk = an_sdk(recorded_index.url)
    httpx = an_integration(sdk, "httpx", minimum="0.16.0")
    an_integration(sdk, "starlette", minimum="0.16.0")
    DependencyRule.objects.create(integration=httpx, requirements="anyio<4.0.0", order=10)
    elsewhere(partial(a_publication, sdk))
    return sdk


def elsewhere(call: Callable[[], object]) -> None:
    """
    Run *call* in a thread without an event loop of its own, over this thread's connection.

    The index client starts a loop, which Playwright's thread has already. Nothing else may use
    the connection meanwhile: no page of the portal that refreshes itself stays open.
    """
    connection = connections["default"]
    connection.inc_thread_sharing()

    def with_the_connection() -> None:
        connections["default"] = connection
        call()

    try:
        with ThreadPoolExecutor(max_workers=1) as threads:
            threads.submit(with_the_connection).result()
    finally:
        connection.dec_thread_sharing()

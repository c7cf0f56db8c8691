from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from integrations.catalogue.models import Sdk
from tests.pages.makers import a_person, an_integration, an_sdk
from tests.support.small_index import SmallIndex

MARKER = "NO-SUCH-VARIABLE"
Open = Callable[..., str]


@pytest.fixture(autouse=True)
def invalid_variables_are_marked(settings: Settings) -> None:
    templates = deepcopy(settings.TEMPLATES)
    templates[0]["OPTIONS"]["string_if_invalid"] = f"{MARKER}(%s)"
    settings.TEMPLATES = templates


@pytest.fixture(autouse=True)
def passwords_are_hashed_fast(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def index() -> Iterator[SmallIndex]:
    with SmallIndex() as server:
        server.add("crates", "1.0", "1.1", "2.0")
        server.add("labels", "0.9", "1.0")
        yield server


@pytest.fixture
def sdk(db: None, index: SmallIndex) -> Sdk:
    """An SDK with two integrations; nothing was polled yet."""
    sdk = an_sdk(index.url)
    an_integration(sdk, "crates")
    an_integration(sdk, "labels", group="Paper")
    return sdk


@pytest.fixture
def as_(db: None) -> Callable[..., Client]:
    """``as_("reviewers")`` is the client of somebody in that group."""

    def client_of(*groups: str) -> Client:
        client = Client()
        client.force_login(a_person("-".join(groups) or "nobody", *groups))
        return client

    return client_of


@pytest.fixture
def opened() -> Open:
    """Get a page: it must be there, and no template may name a variable that it was not given."""

    def get(client: Client, path: str, *, status: int = 200) -> str:
        return text_of(client.get(path), status)

    return get


def text_of(response: Any, status: int = 200) -> str:
    assert response.status_code == status
    text: str = response.content.decode()
    assert MARKER not in text
    return text

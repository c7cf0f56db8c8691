from collections.abc import Callable, Iterator

import pytest
from django.conf import LazySettings
from django.test import Client

from integrations.catalogue.models import Sdk
from integrations.index.polling import fetch_metadata, poll
from matrix.sdk.gathering import index_of
from tests.catalogue.makers import a_group, an_sdk
from tests.pages.makers import a_person
from tests.preview.makers import NOW, VERSIONS
from tests.support.small_index import SmallIndex


@pytest.fixture
def index() -> Iterator[SmallIndex]:
    with SmallIndex() as server:
        for number, version in enumerate(VERSIONS):
            # Old releases know old Pythons, and one came a day ago.
            pythons = ("3.7", "3.9") if number < 3 else ("3.9", "3.10", "3.11")
            at = "2026-03-01T03:00:00Z" if version == VERSIONS[-1] else "2026-01-05T12:00:00Z"
            server.add("crates", version, pythons=pythons, uploaded_at=at)
        yield server


@pytest.fixture
def sdk(db: None, index: SmallIndex, settings: LazySettings) -> Sdk:
    """An SDK with a group; nothing was polled yet."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    sdk = an_sdk("parcels", index_url=index.url, pythons="3.9 3.10 3.11", cooldown_days=7)
    a_group(sdk, "Boxes")
    return sdk


@pytest.fixture
def facts(sdk: Sdk) -> None:
    """All that the index says of crates, its metadata too."""
    index = index_of(sdk)
    poll(index, ["crates"], at=NOW, wanted=lambda *_: ())
    assert fetch_metadata(index, {"crates": VERSIONS}, at=NOW) == {}


@pytest.fixture
def as_(db: None) -> Callable[..., Client]:
    def client_of(*groups: str) -> Client:
        person = a_person("-".join(groups) or "nobody", *groups)
        person.is_staff = True
        person.save()
        client = Client()
        client.force_login(person)
        return client

    return client_of

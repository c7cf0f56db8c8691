from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from tests.pages.conftest import (
    as_,
    invalid_variables_are_marked,
    opened,
    passwords_are_hashed_fast,
)
from tests.support.pins import PinBook
from tests.support.small_index import SmallIndex

__all__ = ["as_", "invalid_variables_are_marked", "opened", "passwords_are_hashed_fast"]


@pytest.fixture
def index(settings: LazySettings) -> Iterator[SmallIndex]:
    """The index of the portal: httpx, and anyio, which environments pull in."""
    with SmallIndex() as server:
        settings.PORTAL_INDEX_URL = server.url
        server.add("httpx", "0.26.0", "0.27.0", "0.27.2", "0.28.1")
        server.add("anyio", "4.8.0", "4.9.0")
        yield server


@pytest.fixture
def book() -> PinBook:
    return PinBook()

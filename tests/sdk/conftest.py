from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from tests.support.small_index import SmallIndex


@pytest.fixture
def index(settings: LazySettings) -> Iterator[SmallIndex]:
    """The index of the portal, with two projects."""
    with SmallIndex() as server:
        settings.PORTAL_INDEX_URL = server.url
        server.add("httpx", "0.26.0", "0.27.0", "0.27.2", "0.28.1")
        server.add("requests", "2.30.0", "2.31.0")
        server.add("pytest-httpx", "0.30.0")
        yield server

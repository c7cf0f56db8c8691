from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from tests.support.small_index import SmallIndex


@pytest.fixture
def index(settings: LazySettings) -> Iterator[SmallIndex]:
    """The index of the portal, with nothing in it."""
    with SmallIndex() as server:
        settings.PORTAL_INDEX_URL = server.url
        yield server

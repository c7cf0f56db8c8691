"""Fixtures that more than one folder of tests asks for."""

from collections.abc import Iterator

import pytest

from tests.support.index_server import IndexServer


@pytest.fixture
def recorded_index() -> Iterator[IndexServer]:
    """An index on the loopback interface that serves the recorded facts, all of them."""
    with IndexServer() as server:
        yield server

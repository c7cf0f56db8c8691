from collections.abc import Iterator

import pytest

from integrations.catalogue.models import Sdk
from tests.pages.conftest import (
    as_,
    invalid_variables_are_marked,
    opened,
    passwords_are_hashed_fast,
)
from tests.pages.makers import an_integration, an_sdk
from tests.rules import conftest as laws
from tests.support.small_index import SmallIndex

__all__ = ["as_", "invalid_variables_are_marked", "laws", "opened", "passwords_are_hashed_fast"]


@pytest.fixture
def index() -> Iterator[SmallIndex]:
    """One project with eight releases, of which some are special."""
    with SmallIndex() as server:
        server.add(
            "crates", "0.9", "1.0", "1.0.1", "1.1", "2.0", uploaded_at="2025-01-05T12:00:00Z"
        )
        server.add("crates", "2.1", uploaded_at="2026-11-13T06:00:00Z")
        server.add("crates", "2.2", yanked="breaks on import", uploaded_at="2026-02-05T12:00:00Z")
        server.add("crates", "3.0rc1", uploaded_at="2026-03-05T12:00:00Z")
        server.add("labels", "1.0")
        yield server


@pytest.fixture
def sdk(db: None, index: SmallIndex) -> Sdk:
    """An SDK of one integration; nothing was polled yet."""
    sdk = an_sdk(index.url)
    an_integration(sdk, "crates", minimum="1.0")
    return sdk

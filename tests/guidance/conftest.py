from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.guidance.makers import Lock, a_lock
from tests.pages.conftest import as_, invalid_variables_are_marked, passwords_are_hashed_fast
from tests.support.wheels import WheelIndex

__all__ = ["as_", "invalid_variables_are_marked", "passwords_are_hashed_fast"]


@pytest.fixture
def index(settings: Settings) -> Iterator[WheelIndex]:
    """Main wants rsfoo, dev wants rsdev, which needs rsfoo below 2."""
    with WheelIndex() as index:
        index.release("rsfoo", "1.0")
        index.release("rsfoo", "1.5")
        index.release("rsdev", "1.0", "rsfoo<2")
        index.release("tool", "1.0")
        settings.PORTAL_INDEX_URL = index.url
        yield index


@pytest.fixture(scope="session")
def uv_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uv")


@pytest.fixture
def lock(uv_folder: Path) -> Lock:
    return a_lock(uv_folder)

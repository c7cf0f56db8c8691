import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hooks.wheelhouse import WheelFolder, fetch


@pytest.fixture(scope="session")
def index() -> Iterator[WheelFolder]:
    """Downloads stay from one session to the next in the folder that is named for them."""
    with WheelFolder(fetch(Path(os.environ["PORTAL_TESTS_TOOLS"]).absolute())) as index:
        yield index


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where tools are installed, each once."""
    return tmp_path_factory.mktemp("tools")

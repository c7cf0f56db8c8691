from collections.abc import Iterator
from pathlib import Path

import pytest

from matrix.environments.uv import Uv
from tests.environments.makers import a_uv, few_projects
from tests.support.small_index import SmallIndex


@pytest.fixture
def index() -> Iterator[SmallIndex]:
    with SmallIndex() as server:
        few_projects(server)
        yield server


@pytest.fixture
def uv(tmp_path: Path) -> Uv:
    return a_uv(tmp_path)

"""
The generated build hooks, run for real: from committed files to a served page, and every way in
which a lock can be wrong, which must end the build.
"""

import re
import shutil
from pathlib import Path

import pytest

from tests.hooks.shop import Shop, a_shop, install_tool
from tests.hooks.wheelhouse import WheelFolder

pytestmark = [pytest.mark.tools, pytest.mark.slow, pytest.mark.long]
TOOLS = ["pip", "pip-tools", "pipenv", "poetry", "uv"]
LOCKS = {
    "pip": "requirements/main.txt",
    "pip-tools": "requirements/main.txt",
    "pipenv": "Pipfile.lock",
    "poetry": "poetry.lock",
    "uv": "uv.lock",
}
DECLARED = {
    "pip": "requirements/main.in",
    "pip-tools": "requirements/main.in",
    "pipenv": "Pipfile",
    "poetry": "pyproject.toml",
    "uv": "pyproject.toml",
}


@pytest.fixture(scope="module", params=TOOLS)
def locked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, index: WheelFolder
) -> Shop:
    """The application of one tool as it is committed: its files and its lock."""
    tool: str = request.param
    folder = tmp_path_factory.mktemp(tool)
    tools = install_tool(tool, folder / "installed")
    shop = a_shop(tool, folder / "shop", tools, index.url, index.newest("gunicorn"))
    shop.lock()
    return shop


@pytest.fixture
def shop(locked: Shop, tmp_path: Path) -> Shop:
    """A fresh check-out of it: sockets have short paths."""
    folder = Path(shutil.copytree(locked.folder, tmp_path / "s", symlinks=True))
    return Shop(
        folder=folder,
        guidance=locked.guidance,
        tools=locked.tools,
        index_url=locked.index_url,
        cache=locked.cache,
    )


def test_a_build_ends_with_a_served_page_and_without_development_packages(shop: Shop) -> None:
    done = shop.build()

    assert done.returncode == 0, done.stdout + done.stderr
    with shop.served():
        assert shop.page() == "The shop is open."


def test_a_tampered_hash_ends_the_build(shop: Shop) -> None:
    tamper(shop)

    assert shop.build().returncode != 0


def tamper(shop: Shop) -> None:
    """Turn every hash of the lock round."""
    lock = shop.folder / LOCKS[shop.choice.tool]
    text = lock.read_text(encoding="utf-8")
    for digest in set(re.findall(r"sha256:([0-9a-f]{64})", text)):
        text = text.replace(digest, digest[::-1])
    lock.write_text(text, encoding="utf-8")


def test_a_stale_lock_ends_the_build(shop: Shop) -> None:
    old, new = {
        "Pipfile": (r'gunicorn = "\*"', 'gunicorn = "*"\npip = "*"'),
        "requirements/main.in": ("gunicorn", "gunicorn\nnobody-locked-this"),
        "pyproject.toml": ('"gunicorn",', '"gunicorn",\n    "pip",'),
    }[DECLARED[shop.choice.tool]]
    shop.change(DECLARED[shop.choice.tool], old, new)

    assert shop.build().returncode != 0


def test_a_missing_lock_ends_the_build(shop: Shop) -> None:
    (shop.folder / LOCKS[shop.choice.tool]).unlink()

    assert shop.build().returncode != 0


def test_the_section_of_tox_tests_with_the_locked_set(shop: Shop) -> None:
    done = shop.tox()

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ran 0 tests" in done.stdout + done.stderr

    shutil.rmtree(shop.folder / ".tox")
    tamper(shop)
    assert shop.tox().returncode != 0

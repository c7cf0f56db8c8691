"""What else an application can ask for, built for real: pylock.toml, no Django, a pinned tool."""

import shutil
from pathlib import Path

import pytest

from tests.hooks.shop import Shop, a_shop, install_tool
from tests.hooks.test_hooks import TOLD_OF_HASHES, ended, tamper
from tests.hooks.wheelhouse import WheelFolder

pytestmark = [pytest.mark.tools, pytest.mark.slow, pytest.mark.long]


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where an application is checked out: sockets have short paths."""
    return tmp_path_factory.mktemp("v") / "s"


@pytest.fixture
def of_pylock(folder: Path, tools: Path, index: WheelFolder) -> Shop:
    programs = install_tool("pip", tools / "of-pip")
    shop = a_shop("pip", folder, programs, index, installs_pylock=True, locks_tool=True)
    shop.lock()
    return shop


def test_pip_builds_from_pylock_and_ends_when_it_is_not_what_was_locked(of_pylock: Shop) -> None:
    shop = of_pylock
    lock = shop.folder / "pylock.toml"
    good = lock.read_text(encoding="utf-8")
    (shop.folder / "requirements" / "main.txt").unlink()  # It plays no part.

    done = shop.build()

    assert done.returncode == 0, done.stdout + done.stderr
    assert "experimental" in done.stderr
    with shop.served():
        assert shop.page() == "The shop is open."

    shop.change("requirements/main.in", "gunicorn", "gunicorn\nnobody-locked-this")
    assert ended(shop.build(), "nobody-locked-this")
    tamper(shop, "pylock.toml")
    assert ended(shop.build(), TOLD_OF_HASHES["pip"])
    lock.write_text(good.replace("wheels = [", "unknown = ["), encoding="utf-8")
    assert ended(shop.build(), "pylock.toml")
    lock.unlink()
    assert ended(shop.build(), "pylock.toml")


def test_tox_tests_with_the_pylock_files(of_pylock: Shop) -> None:
    done = of_pylock.tox()

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ran 0 tests" in done.stdout + done.stderr
    found = (of_pylock.folder / ".tox").glob("*/lib/*/site-packages/tzdata-*.dist-info")
    assert len(list(found)) == 1

    shutil.rmtree(of_pylock.folder / ".tox")
    tamper(of_pylock, "pylock.dev.toml")
    assert ended(of_pylock.tox(), TOLD_OF_HASHES["pip"])


def test_a_program_that_is_no_django_site_is_built_tested_and_served(
    folder: Path, tools: Path, index: WheelFolder
) -> None:
    shop = a_shop(
        "uv",
        folder,
        install_tool("uv", tools / "of-uv"),
        index,
        sets={"main": ("gunicorn",), "dev": ("tzdata",)},
        start_command="gunicorn --workers 1 counter:application",
        is_django=False,
        test_command="python -m unittest discover",
        locks_tool=True,
    )
    shop.lock()

    done = shop.build()

    assert done.returncode == 0, done.stdout + done.stderr
    with shop.served():
        assert shop.page() == "The shop is open."
    tested = shop.tox()
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "Ran 1 test" in tested.stdout + tested.stderr


@pytest.mark.parametrize("tool", ["pip", "poetry"])
def test_a_tool_that_is_pinned_and_not_locked_builds_the_same(
    tool: str, folder: Path, tools: Path, index: WheelFolder
) -> None:
    shop = a_shop(tool, folder, install_tool(tool, tools / f"of-{tool}"), index)
    shop.lock()

    done = shop.build()

    assert done.returncode == 0, done.stdout + done.stderr
    with shop.served():
        assert shop.page() == "The shop is open."

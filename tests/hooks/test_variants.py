"""What else an application can ask for, built for real: pylock.toml, no Django, a pinned tool."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from portal.guidance.generating import generate
from tests.hooks.shop import Shop, a_shop, install_tool
from tests.hooks.test_hooks import TOLD_OF_HASHES, TOLD_OF_NONE, ended, tamper
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


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, tools: Path, index: WheelFolder) -> Shop:
    """A program that is no Django site, locked."""
    shop = a_shop(
        "uv",
        tmp_path_factory.mktemp("p") / "s",
        install_tool("uv", tools / "of-uv"),
        index,
        sets={"main": ("gunicorn",), "dev": ("tzdata",)},
        start_command="gunicorn --workers 1 counter:application",
        is_django=False,
        test_command="python -m unittest discover",
        locks_tool=True,
    )
    shop.lock()
    return shop


def test_a_program_that_is_no_django_site_is_built_tested_and_served(plain: Shop) -> None:
    done = plain.build()

    assert done.returncode == 0, done.stdout + done.stderr
    with plain.served():
        assert plain.page() == "The shop is open."
    tested = plain.tox()
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "Ran 1 test" in tested.stdout + tested.stderr


def test_a_plain_server_keeps_nothing_of_the_tool(plain: Shop, tmp_path: Path) -> None:
    """Neither after a build, nor after one that its lock ended, nor after one that was stopped."""
    script = generate(replace(plain.choice, platform="server")).files["build.sh"]
    (plain.folder / "build.sh").write_text(script, encoding="utf-8")
    run = f"TMPDIR={tmp_path} dash build.sh"
    stopped = script.replace("export UV_PROJECT", "kill -TERM $$\nexport UV_PROJECT")
    (plain.folder / "stopped.sh").write_text(stopped, encoding="utf-8")
    halted = plain.sh(f"TMPDIR={tmp_path} dash stopped.sh", has_tools=False)
    assert (halted.returncode, folders_in(tmp_path)) == (1, [])

    done = plain.sh(run, has_tools=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert (plain.folder / ".venv" / "bin" / "gunicorn").exists()
    assert folders_in(tmp_path) == []

    (plain.folder / "uv.lock").unlink()
    assert ended(plain.sh(run, has_tools=False), TOLD_OF_NONE["uv"])
    assert folders_in(tmp_path) == []


def folders_in(folder: Path) -> list[Path]:
    """uv leaves a file there, with which it waits for itself."""
    return [path for path in folder.iterdir() if path.is_dir()]


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

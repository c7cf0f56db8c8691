"""
The generated build hooks, run for real: from committed files to a served page, and every way in
which a lock can be wrong, which must end the build.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from portal.guidance.generating import generate
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


# How each tool says what is wrong.
TOLD_OF_HASHES = {
    "pip": "DO NOT MATCH THE HASHES",
    "pip-tools": "DO NOT MATCH THE HASHES",
    "pipenv": "DO NOT MATCH THE HASHES",
    "poetry": "did not match any known checksums",
    "uv": "Hash mismatch",
}
TOLD_OF_STALE = {
    "pip": "nobody-locked-this",
    "pip-tools": "nobody-locked-this",
    "pipenv": "out-of-date",
    "poetry": "changed significantly",
    "uv": "needs to be updated",
}
TOLD_OF_NONE = {
    "pip": "requirements/main.txt",
    "pip-tools": "requirements/main.txt",
    "pipenv": "Pipfile.lock",
    "poetry": "poetry.lock",
    "uv": "uv.lock",
}
CHANGES = {
    "Pipfile": (r'gunicorn = "\*"', 'gunicorn = "*"\npip = "*"'),
    "requirements/main.in": ("gunicorn", "gunicorn\nnobody-locked-this"),
    "pyproject.toml": ('"gunicorn",', '"gunicorn",\n    "pip",'),
}
TOOL_LOCK = "requirements/tool.txt"


def ended(done: subprocess.CompletedProcess[str], because: str) -> bool:
    """Whether a script ended with a failure that tells *because*."""
    text = " ".join((done.stdout + done.stderr).replace("|", " ").split())  # Poetry's frames.
    assert because in text, text[-2_000:]
    return done.returncode != 0


@pytest.fixture(scope="module", params=TOOLS)
def locked(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    tools: Path,
    index: WheelFolder,
) -> Shop:
    """The application of one tool as it is committed: its files, its lock and that of the tool."""
    tool: str = request.param
    folder = tmp_path_factory.mktemp(tool) / "shop"
    programs = install_tool(tool, tools / f"of-{tool}")
    shop = a_shop(tool, folder, programs, index, locks_tool=True)
    shop.lock()
    return shop


@pytest.fixture
def shop(locked: Shop, tmp_path: Path) -> Shop:
    """A fresh check-out of it: sockets have short paths."""
    folder = Path(shutil.copytree(locked.folder, tmp_path / "s", symlinks=True))
    return replace(locked, folder=folder)


@pytest.fixture
def pinned(shop: Shop) -> Shop:
    """The same with a tool that the platform installs by its version: it is there already."""
    guidance = generate(replace(shop.choice, locks_tool=False))
    path = ".platform.app.yaml"
    (shop.folder / path).write_text(guidance.files[path], encoding="utf-8")
    return replace(shop, guidance=guidance)


# pip and pip-tools have one hook: what pip proves is not run twice.
one_of_each_hook = pytest.mark.parametrize(
    "locked", [tool for tool in TOOLS if tool != "pip-tools"], indirect=True
)


def test_pip_tools_builds_as_pip_does(tmp_path: Path, index: WheelFolder) -> None:
    pip, pip_tools = (
        a_shop(tool, tmp_path / tool, tmp_path, index, locks_tool=True) for tool in TOOLS[:2]
    )

    assert pip.app()["hooks"] == pip_tools.app()["hooks"]


def test_a_build_ends_with_a_served_page_and_without_development_packages(shop: Shop) -> None:
    assert "dependencies" not in shop.app()

    done = shop.build()

    assert done.returncode == 0, done.stdout + done.stderr
    installed = {path.name.partition("-")[0] for path in packages_of(shop)}
    assert {"django", "gunicorn"} <= installed
    assert "tzdata" not in installed
    assert installed & {"poetry", "pipenv", "uv"} == set()
    with shop.served():
        assert shop.page() == "The shop is open."


def packages_of(shop: Shop) -> Iterator[Path]:
    return (shop.folder / ".venv").glob("lib/*/site-packages/*.dist-info")


def test_a_tampered_hash_ends_the_build(pinned: Shop) -> None:
    tamper(pinned)

    assert ended(pinned.build(), TOLD_OF_HASHES[pinned.choice.tool])


def tamper(shop: Shop, path: str = "") -> None:
    """Turn every hash of the lock round."""
    lock = shop.folder / (path or LOCKS[shop.choice.tool])
    text = lock.read_text(encoding="utf-8")
    digests = set(re.findall(r'sha256(?::| = ")([0-9a-f]{64})', text))
    assert digests
    for digest in digests:
        text = text.replace(digest, digest[::-1])
    lock.write_text(text, encoding="utf-8")


def test_a_stale_lock_ends_the_build(shop: Shop) -> None:
    declared = DECLARED[shop.choice.tool]
    shop.change(declared, *CHANGES[declared])

    assert ended(shop.build(), TOLD_OF_STALE[shop.choice.tool])


@one_of_each_hook
def test_a_missing_lock_ends_the_build(pinned: Shop) -> None:
    (pinned.folder / LOCKS[pinned.choice.tool]).unlink()

    assert ended(pinned.build(), TOLD_OF_NONE[pinned.choice.tool])


@one_of_each_hook
def test_a_tool_with_another_hash_or_without_a_lock_ends_the_build(shop: Shop) -> None:
    tamper(shop, TOOL_LOCK)
    assert ended(shop.build(), "DO NOT MATCH THE HASHES")

    (shop.folder / TOOL_LOCK).unlink()
    assert ended(shop.build(), TOOL_LOCK)


def test_the_section_of_tox_tests_with_the_locked_set(shop: Shop) -> None:
    done = shop.tox()

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ran 0 tests" in done.stdout + done.stderr

    shutil.rmtree(shop.folder / ".tox")
    tamper(shop)
    assert ended(shop.tox(), TOLD_OF_HASHES[shop.choice.tool])

"""Real tox installs environments from a bundle; nothing but a loopback index is there to ask."""

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from matrix.sdk.bundling import publication_bundle
from tests.pins.makers import a_publication
from tests.review.makers import a_channel
from tests.support.parts import a_layout, a_part
from tests.support.pins import PinBook
from tests.support.wheels import WheelIndex

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
COINS = ("1.0", "1.1", "1.2")
FRAME = """\
[tox]
env_list =
    # BEGIN GENERATED: envlist
    # END GENERATED: envlist
[testenv]
package = skip
deps =
    # BEGIN GENERATED: deps
    # END GENERATED: deps
commands =
    python -c "import coin, kiosk, os; \
        open(os.environ['TOX_ENV_NAME'], 'w').write(kiosk.VERSION + ' ' + coin.VERSION)"
"""


@pytest.fixture
def index() -> Iterator[WheelIndex]:
    """The newest coin is 1.2; every kiosk takes any coin."""
    with WheelIndex() as server:
        for version in COINS:
            server.release("coin", version)
        for version in ("1.0", "2.0", "3.0rc1"):
            server.release("kiosk", version, "coin>=1")
        yield server


def unpack_bundle(style: str, folder: Path) -> None:
    book = PinBook()
    rows = [
        book.row("1.0", {PYTHON: None}),
        book.row("2.0", {PYTHON: "coin==1.1 kiosk==2.0"}),
        book.row("3.0rc1", {PYTHON: "coin==1.0 kiosk==3.0rc1"}),
    ]
    layout = a_layout(frame=FRAME, pins_style=style)
    publication = a_publication(a_channel(), layout, [a_part("kiosk", rows=rows)], book)
    with zipfile.ZipFile(io.BytesIO(publication_bundle(publication).read())) as archive:
        archive.extractall(folder)


def install(folder: Path, index: WheelIndex, *environments: str) -> None:
    """Run tox without what the machine or its user configured, and without a way out."""
    foreign = ("TOX", "PIP_", "UV_", "VIRTUALENV")
    settings = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(foreign) and not name.lower().endswith("_proxy")
    }
    settings |= {
        "HOME": str(folder),
        "PATH": "",
        "PIP_INDEX_URL": index.url,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_CACHE_DIR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "VIRTUALENV_NO_PERIODIC_UPDATE": "1",
        "VIRTUALENV_OVERRIDE_APP_DATA": str(folder / "app-data"),
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tox", "run", "-e", ",".join(environments)],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("style", ["constraints", "inline"])
def test_tox_installs_the_pinned_releases_though_there_are_newer_ones(
    style: str, index: WheelIndex, tmp_path: Path
) -> None:
    unpack_bundle(style, tmp_path)
    names = [f"py{PYTHON}-kiosk-{version}" for version in ("v1.0", "latest", "v3.0rc1")]

    install(tmp_path, index, *names)

    installed = {name: (tmp_path / name).read_text(encoding="utf-8") for name in names}
    assert installed == {
        names[0]: "1.0 1.2",  # It has no pins.
        names[1]: "2.0 1.1",
        names[2]: "3.0rc1 1.0",
    }
    assert all(f"/files/coin-{version}-py3-none-any.whl" in index.paths for version in COINS)

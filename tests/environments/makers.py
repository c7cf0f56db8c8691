"""Requests, clocks and stand-ins for uv."""

import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from matrix.environments.uv import Uv, configured_uv
from matrix.rules.facts import Python
from matrix.rules.resolution import EnvironmentRequest
from tests.support.small_index import SmallIndex, head_of

AT = datetime(2026, 3, 2, 3, 23, tzinfo=UTC)
CANARY = "import pathlib; pathlib.Path({path!r}).write_text('foreign code ran')\n"
BACKEND = """
import pathlib, time
def get_requires_for_build_wheel(settings=None):
    return []
def prepare_metadata_for_build_wheel(folder, settings=None):
    info = pathlib.Path(folder, "{name}-{version}.dist-info")
    info.mkdir()
    (info / "METADATA").write_text({metadata!r})
    (info / "WHEEL").write_text("Wheel-Version: 1.0\\n")
    return info.name
"""


def now() -> datetime:
    return datetime.now(UTC)


def a_request(url: str, *requirements: str, **values: Any) -> EnvironmentRequest:
    wanted = {"python": Python(12), "index_url": url, **values}
    return EnvironmentRequest(requirements=requirements or ("httpx==0.28.1",), **wanted)


def a_uv(folder: Path, **values: Any) -> Uv:
    """The real one, in a folder of the test, without the pauses of its retries."""
    return Uv(**{"binary": configured_uv().binary, "folder": folder, "retries": 0, **values})


def a_script(folder: Path, text: str) -> str:
    """An executable that stands in for uv; ``{uv}`` in *text* is the real one."""
    script = folder / "uv-stand-in"
    names = {"uv": configured_uv().binary, "folder": str(folder)}
    quoted = {name: shlex.quote(path) for name, path in names.items()}
    script.write_text("#!/bin/sh\n" + text.format(**quoted))
    script.chmod(0o755)
    return str(script)


def by_hand(folder: Path, url: str, requirements: Sequence[str], *options: str) -> str:
    """What a person gets who asks uv on a command line of their own."""
    command = [configured_uv().binary, "pip", "compile", "-", "--default-index", url, "--no-config"]
    command += ["--cache-dir", str(folder / "by-hand"), "-q", "--no-header", "--no-annotate"]
    done = subprocess.run(
        [*command, "-p", sys.executable, *options],
        input="\n".join(requirements),
        env={"HOME": str(folder)},
        text=True,
        capture_output=True,
        check=True,
    )
    return done.stdout


def with_static_metadata(name: str, version: str, *requires: str) -> dict[str, str]:
    """The files of an sdist that says what it requires; its setup.py would not even run."""
    lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    return {"PKG-INFO": "\n".join([*lines, "", ""]), "setup.py": "raise SystemExit(3)\n"}


def with_setup_py(name: str, version: str, canary: Path) -> dict[str, str]:
    """The files of an sdist that computes what it requires, with the setuptools of the index."""
    setup = CANARY.format(path=str(canary)) + "from setuptools import setup\nsetup()\n"
    return {"PKG-INFO": f"{head_of(name, version)}\n\n", "setup.py": setup}


def with_own_backend(name: str, version: str, canary: Path, *requires: str) -> dict[str, str]:
    """The files of an sdist that brings its own build backend: nothing else is needed."""
    metadata = [head_of(name, version), *(f"Requires-Dist: {one}" for one in requires)]
    backend = BACKEND.format(name=name, version=version, metadata="\n".join([*metadata, "", ""]))
    return {
        "PKG-INFO": f"{head_of(name, version)}\n\n",
        "pyproject.toml": (
            '[build-system]\nrequires = []\nbuild-backend = "back"\nbackend-path = ["."]\n'
        ),
        "back.py": CANARY.format(path=str(canary)) + backend,
    }


def few_projects(index: SmallIndex) -> None:
    """httpx, which needs anyio, which has two releases."""
    index.add("anyio", "4.8.0", "4.9.0")
    index.add("httpx", "0.28.1", requires=["anyio>=4"])

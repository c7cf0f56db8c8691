"""Packaging tools at stated versions, each in an environment of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from matrix.environments.uv import configured_uv

# What newer Pythons no longer come with, and an older tool takes for granted.
BESIDE: Mapping[str, tuple[str, ...]] = {"pipenv==2022.12.19": ("setuptools<80",)}


def installed(package: str, folder: Path) -> Path:
    """Install *package* ("uv==0.13.8") below *folder*, once; return the folder of its programs."""
    environment = folder / package.replace("==", "-")
    if not environment.exists():
        uv = configured_uv().binary
        subprocess.run([uv, "venv", "-q", "-p", sys.executable, str(environment)], check=True)
        into = ["-p", str(environment / "bin" / "python")]
        wanted = [package, *BESIDE.get(package, ())]
        subprocess.run([uv, "pip", "install", "-q", *into, *wanted], check=True)
    return environment / "bin"


def surroundings(tool: Path, home: Path, index: str) -> dict[str, str]:
    """What the programs in *tool* see: one index, and nothing of the host's configuration."""
    python = Path(sys.executable).resolve().parent
    return {
        "PATH": os.pathsep.join([str(tool), str(python), "/usr/bin", "/bin"]),
        "HOME": str(home),
        "WORKON_HOME": str(home / "environments"),
        "PIP_INDEX_URL": index,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIPENV_NOSPIN": "1",
        "PIPENV_VERBOSITY": "-1",
        "UV_DEFAULT_INDEX": index,
        "UV_PYTHON_DOWNLOADS": "never",
    }

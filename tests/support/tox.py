"""Real tox, run on a file, without what the machine or its user configured."""

import configparser
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def tox(folder: Path, *words: str) -> str:
    """Run tox in *folder* without what the machine or its user configured; return its output."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("TOX")}
    # Without a path tox does not ask every interpreter of the machine for its version.
    settings |= {"HOME": str(folder), "PATH": "", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tox", *words],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def a_folder_with(text: str, folder: Path) -> Path:
    (folder / "tox.ini").write_text(text, encoding="utf-8", newline="")
    return folder


def settings_of(
    folder: Path, *names: str, environments: Sequence[str] = ()
) -> configparser.ConfigParser:
    """Return what ``tox config`` prints: a section for each environment, or for those chosen."""
    parser = configparser.ConfigParser(interpolation=None)
    chosen = ["-e", ",".join(environments)] if environments else []
    parser.read_string(tox(folder, "config", *chosen, "-k", *names))
    return parser

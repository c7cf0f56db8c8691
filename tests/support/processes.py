"""The portal as processes of its own, with a data folder of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def portal_environment(folder: Path, **variables: str) -> dict[str, str]:
    """The environment of this process without what is meant for the portal, then *variables*."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PORTAL_") and name != "DATABASE_URL"
    }
    return {**inherited, "PORTAL_DATA_DIR": str(folder), "PYTHONWARNINGS": "default", **variables}


def manage(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=portal_environment(folder, **variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def wait_until(is_so: Callable[[], object], *, seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise AssertionError(f"After {seconds} seconds: not {what}")
        time.sleep(0.05)


def running() -> dict[int, int]:
    """Process → parent, of all that run; those that only wait to be buried do not."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
    )
    rows = (line.split() for line in listing.stdout.splitlines())
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}


def descendants(process: int) -> set[int]:
    parents = running()
    found: set[int] = set()
    while new := {pid for pid, parent in parents.items() if parent in found | {process}} - found:
        found |= new
    return found

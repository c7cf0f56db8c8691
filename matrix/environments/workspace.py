"""
Folders in which uv works, one for each worker and locked while it lives, and what uv sees there.

What a killed worker leaves behind is known by its lock, which ended with it.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from integrations.index.address import Login, Origin
from matrix.rules.resolution import EnvironmentRequest, LockRequest

NAME = "portal"  # Of the index in uv's configuration and in the names of its variables.
PREFIX = "run-"
TRUST_AND_WAY = {
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
}
CONFIGURATION = """\
# Some indexes send no validators: pages are asked for again after ten minutes, files never.
[[index]]
name = "{name}"
url = {url}
default = true
cache-control = {{ api = "max-age=600", files = "max-age=365000000, immutable" }}
"""


@contextmanager
def locked_folder(parent: Path) -> Iterator[Path]:
    """Yield an empty folder in *parent* that nobody sweeps away while the block runs."""
    parent.mkdir(parents=True, exist_ok=True)
    with _lock(parent):  # Nobody sweeps between the making of the folder and its lock.
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def sweep_folders(parent: Path) -> list[Path]:
    """Remove the folders in *parent* whose workers are gone; return them."""
    if not parent.is_dir():
        return []
    with _lock(parent):
        gone = [folder for folder in sorted(parent.glob(f"{PREFIX}*")) if _is_free(folder)]
        for folder in gone:
            shutil.rmtree(folder, ignore_errors=True)
    return gone


def sweep_cache(cache: Path, *, before: float) -> int:
    """Remove what killed processes of uv left half-made in the cache *before* (seconds, Unix)."""
    left = [entry for level in (".tmp*", "*/.tmp*") for entry in cache.glob(level)]
    number = 0
    for entry in left:
        with suppress(OSError):  # Another worker sweeps too.
            if entry.lstat().st_mtime < before:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
                number += 1
    return number


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_free(folder: Path) -> bool:
    with suppress(OSError):  # Its worker lives, or removed it just now.
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(handle)
        return True
    return False


def write_inputs(folder: Path, request: EnvironmentRequest) -> None:
    """
    Write what uv reads: configuration, requirements, constraints, and pins to keep.

    Raises ValueError for a lock of what uv would fetch or read from somewhere else.
    """
    if isinstance(request, LockRequest) and request.why_not:
        raise ValueError(request.why_not)
    form = request.canonical()
    configuration = CONFIGURATION.format(name=NAME, url=_toml_text(request.index_url))
    (folder / "uv.toml").write_text(configuration, encoding="utf-8")
    for name, lines in {
        "requirements.in": form["requirements"],
        "constraints.txt": form["constraints"],
        "pins.txt": form["preferences"],  # uv keeps what it finds in the file that it writes.
    }.items():
        text = "".join(f"{line}\n" for line in lines)
        (folder / name).write_text(text, encoding="utf-8")


def _toml_text(text: str) -> str:
    """Return *text* as a basic string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if not escaped.isprintable():
        raise ValueError(f"The address {text!r} of an index holds signs that no address has.")
    return f'"{escaped}"'


def environment(
    folder: Path,
    request: EnvironmentRequest,
    host: Mapping[str, str],
    logins: Mapping[Origin, Login],
) -> dict[str, str]:
    """Return all variables that uv sees."""
    variables = {name: value for name, value in host.items() if name in TRUST_AND_WAY and value}
    variables |= {
        "HOME": str(folder),  # Neither a netrc nor a folder of configuration is there.
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
        "UV_HTTP_TIMEOUT": str(settings.PORTAL_INDEX_TIMEOUT),
        "UV_KEYRING_PROVIDER": "disabled",
    }
    if request.allows_builds:
        variables["PATH"] = host.get("PATH", os.defpath)  # Compilers.
    else:
        variables["PYTHONHOME"] = str(folder / "no-builds-here")
    if login := logins.get(Origin.of(request.index_url)):
        variables[f"UV_INDEX_{NAME.upper()}_USERNAME"] = login.user
        variables[f"UV_INDEX_{NAME.upper()}_PASSWORD"] = login.password
    return variables

"""Wheels of a few small projects, fetched once, and served by an index on the loopback."""

import fcntl
import hashlib
import html
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from matrix.environments.uv import configured_uv
from portal.guidance.generating.facts import CHECKED
from tests.support.http_server import HttpServer, Request, Response

APPLICATION = ("django~=5.2.0", "gunicorn", "tzdata")
TOOLS = tuple(f"{name}=={CHECKED[name]}" for name in ("pip", "pipenv", "poetry", "uv"))
# Where a requirement is needed that this machine has no use for: a lock for all platforms has it.
ELSEWHERE = ("macosx_11_0_arm64", "win_amd64", "manylinux_2_28_x86_64")


def fetch(folder: Path) -> Path:
    """Download the wheels of what the invented shop needs; what is there is not asked for again."""
    folder.mkdir(parents=True, exist_ok=True)
    done, wanted = folder / "complete", "\n".join((*APPLICATION, *TOOLS))
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Of the tests that run beside these.
        if not done.exists() or done.read_text("utf-8") != wanted:
            _download(folder, *APPLICATION)
            for tool in TOOLS:
                _download_for_all(tool, folder)
            done.write_text(wanted, "utf-8")
    return folder


def _download_for_all(tool: str, folder: Path) -> None:
    here, elsewhere = _with_dependencies(tool)
    _download(folder, "--no-deps", *here)
    if elsewhere:
        platforms = [f"--platform={each}" for each in ELSEWHERE]
        _download(folder, "--no-deps", "--ignore-requires-python", *platforms, *elsewhere)


def _download(folder: Path, *words: str) -> None:
    command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"]
    subprocess.run([*command, "--only-binary=:all:", "-d", str(folder), *words], check=True)


def _with_dependencies(tool: str) -> tuple[list[str], list[str]]:
    """Return the pins of *tool* and all that it needs: what is installed here, and elsewhere."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = [configured_uv().binary, "pip", "compile", "-q", "--universal", "--no-header"]
    done = subprocess.run(
        [*command, "--no-annotate", "--python-version", version, "-"],
        input=tool,
        capture_output=True,
        text=True,
        check=True,
    )
    here: list[str] = []
    elsewhere: list[str] = []
    for line in done.stdout.splitlines():
        found = Requirement(line)
        is_here = found.marker is None or found.marker.evaluate()
        (here if is_here else elsewhere).append(f"{found.name}{found.specifier}")
    return here, elsewhere


class WheelFolder(HttpServer):
    """Serves a folder of wheels as a simple index in HTML (PEP 503) with hashes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(self._answer)
        self.files = {path.name: path for path in sorted(folder.glob("*.whl"))}
        self.digests = {
            name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in self.files.items()
        }

    @property
    def url(self) -> str:
        return f"{self.root}simple/"

    def newest(self, project: str) -> str:
        """Return the highest version of *project* that is served."""
        found = [parse_wheel_filename(name)[:2] for name in self.files]
        return str(max(version for name, version in found if name == project))

    def _answer(self, request: Request) -> Response:
        path = request.path.partition("?")[0]
        if path.startswith("/files/"):
            file = self.files.get(path.rpartition("/")[2])
            return Response(body=file.read_bytes()) if file else Response(status=404)
        name = canonicalize_name(path.removeprefix("/simple/").strip("/"))
        links = "".join(map(self._link, self._named(name)))
        if not links:
            return Response(status=404, body=b"There is no such project.")
        page = f"<!DOCTYPE html><html><body>{links}</body></html>"
        return Response(headers={"Content-Type": "text/html"}, body=page.encode())

    def _named(self, project: str) -> list[str]:
        return [name for name in self.files if parse_wheel_filename(name)[0] == project]

    def _link(self, name: str) -> str:
        url = html.escape(f"{self.root}files/{name}#sha256={self.digests[name]}")
        return f'<a href="{url}">{html.escape(name)}</a>\n'

"""Wheels of a few small projects, fetched once, and served by an index on the loopback."""

import hashlib
import html
import subprocess
import sys
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from portal.guidance.generating.facts import CHECKED
from tests.support.http_server import HttpServer, Request, Response

WANTED = ("django~=5.2.0", "gunicorn", f"pip=={CHECKED['pip']}", "tzdata")


def fetch(folder: Path) -> Path:
    """Download the wheels of what the invented shop needs; what is there is not asked for again."""
    done = folder / "complete"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for wanted in WANTED:
            command = [sys.executable, "-m", "pip", "download", "-q", "--only-binary", ":all:"]
            subprocess.run(
                [*command, "--disable-pip-version-check", "-d", str(folder), wanted], check=True
            )
        done.touch()
    return folder


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

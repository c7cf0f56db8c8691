"""An index of a few invented projects on the loopback interface, made release by release."""

import gzip
import io
import json
import ssl
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.http_server import HttpServer, Request, Response

JSON = "application/vnd.pypi.simple.v1+json"
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")


@dataclass
class SmallProject:
    files: list[dict[str, Any]] = field(default_factory=list)
    status: dict[str, str] = field(default_factory=dict)


class SmallIndex(HttpServer):
    """Serves pages (PEP 691) and core metadata (PEP 658) of the releases that were added."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(self._answer, tls=tls)
        self.projects: dict[str, SmallProject] = {}
        self.metadata: dict[str, str] = {}
        self.sdists: dict[str, bytes] = {}
        self.broken: dict[str, int] = {}  # Path and the status that it is answered with.

    @property
    def url(self) -> str:
        return f"{self.root}simple/"

    def add(
        self,
        project: str,
        *versions: str,
        uploaded_at: str = "2026-01-05T12:00:00Z",
        pythons: Sequence[str] = PYTHONS,
        abi: str = "none",
        tags: str = "",
        yanked: bool | str = False,
        requires: Sequence[str] = (),
        requires_python: str | None = None,
    ) -> None:
        """Add releases of one wheel each, which declare *pythons* by classifiers."""
        for version in versions:
            name = f"{project.replace('-', '_')}-{version}-{tags or f'py3-{abi}-any'}.whl"
            facts = {"upload-time": uploaded_at, "yanked": yanked, "core-metadata": True}
            self._add_file(project, name, {**facts, "requires-python": requires_python})
            lines = [f"Classifier: Programming Language :: Python :: {p}" for p in pythons]
            lines += [f"Requires-Dist: {requirement}" for requirement in requires]
            self.metadata[name] = "\n".join([head_of(project, version), *lines, ""])

    def add_sdist(
        self,
        project: str,
        version: str,
        files: Mapping[str, str],
        *,
        uploaded_at: str = "2026-01-05T12:00:00Z",
    ) -> None:
        """Add a release of one sdist, which holds *files*: path and text."""
        name = f"{project}-{version}.tar.gz"
        self._add_file(project, name, {"upload-time": uploaded_at, "yanked": False})
        self.sdists[name] = packed(f"{project}-{version}", files)

    def _add_file(self, project: str, name: str, facts: Mapping[str, Any]) -> None:
        found = self.projects.setdefault(project, SmallProject())
        found.files = [file for file in found.files if file["filename"] != name]
        url = f"{self.root}files/{name}"
        found.files.append({"filename": name, "url": url, "hashes": {}, **facts})

    def _answer(self, request: Request) -> Response:
        path = request.path
        if path in self.broken:
            return Response(status=self.broken[path], body=b"broken on purpose")
        if path.startswith("/simple/"):
            return self._page(path.removeprefix("/simple/").rstrip("/"))
        name = path.removeprefix("/files/").removesuffix(".metadata")
        if path.endswith(".metadata") and name in self.metadata:
            return Response(body=self.metadata[name].encode())
        if name in self.sdists:
            return Response(body=self.sdists[name])
        return Response(status=404, body=b"There is no such thing here.")

    def _page(self, name: str) -> Response:
        project = self.projects.get(name)
        if project is None:
            return Response(status=404, body=b"There is no such project.")
        page: dict[str, Any] = {
            "meta": {"api-version": "1.4"},
            "name": name,
            "files": project.files,
        }
        if project.status:
            page["project-status"] = project.status
        return Response(headers={"Content-Type": JSON}, body=json.dumps(page).encode())


def head_of(project: str, version: str) -> str:
    return f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}"


def packed(folder: str, files: Mapping[str, str]) -> bytes:
    """A gzipped archive with *files* in one folder."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{folder}/{path}")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(target.getvalue(), mtime=0)

"""An index of a few invented projects on the loopback interface, made release by release."""

import json
from collections.abc import Sequence
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

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.projects: dict[str, SmallProject] = {}
        self.metadata: dict[str, str] = {}
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
        yanked: bool | str = False,
    ) -> None:
        """Add releases of one wheel each, which declare *pythons* by classifiers."""
        found = self.projects.setdefault(project, SmallProject())
        for version in versions:
            name = f"{project.replace('-', '_')}-{version}-py3-{abi}-any.whl"
            found.files = [file for file in found.files if file["filename"] != name]
            found.files.append(
                {
                    "filename": name,
                    "url": f"{self.root}files/{name}",
                    "hashes": {},
                    "upload-time": uploaded_at,
                    "yanked": yanked,
                    "core-metadata": True,
                }
            )
            classifiers = (f"Classifier: Programming Language :: Python :: {p}" for p in pythons)
            head = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n"
            self.metadata[name] = head + "\n".join(classifiers) + "\n"

    def _answer(self, request: Request) -> Response:
        path = request.path
        if path in self.broken:
            return Response(status=self.broken[path], body=b"broken on purpose")
        if path.startswith("/simple/"):
            return self._page(path.removeprefix("/simple/").rstrip("/"))
        name = path.removeprefix("/files/").removesuffix(".metadata")
        if path.endswith(".metadata") and name in self.metadata:
            return Response(body=self.metadata[name].encode())
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

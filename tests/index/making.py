"""Makers with honest defaults, and a server whose answers a test writes down."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.index.facts import FileFact, group, merge, pack_files, pack_releases, summarise
from integrations.index.known import KnownProject
from integrations.index.pages import Page, PageFile
from tests.support.http_server import HttpServer, Request, Response

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "text/html; charset=utf-8"


def day(number: int, month: int = 1, year: int = 2026) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


def a_page_file(filename: str = "foo-1.0.tar.gz", **said: Any) -> PageFile:
    return PageFile(**{"filename": filename, "url": f"https://files.test/{filename}", **said})


def a_page(*files: PageFile, **said: Any) -> Page:
    return Page(files=list(files), **{"notes": [], **said})


def entry(filename: str, **said: Any) -> dict[str, Any]:
    """A file as JSON has it: ``entry("foo-1.0.tar.gz", upload_time="2026-01-01T00:00:00Z")``."""
    named = {name.replace("_", "-"): value for name, value in said.items()}
    return {
        "filename": filename,
        "url": f"../../files/{filename}",
        "hashes": {"sha256": "0" * 64},
        "upload-time": "2026-01-01T00:00:00Z",
        **named,
    }


def json_page(*entries: object, **said: Any) -> bytes:
    return json.dumps({"meta": {"api-version": "1.1"}, "files": entries, **said}).encode()


def json_response(*entries: object, **said: Any) -> Response:
    return Response(headers={"Content-Type": JSON}, body=json_page(*entries, **said))


def known(files: Sequence[FileFact], name: str = "foo", **said: Any) -> KnownProject:
    """A project as it is read back when *files* were stored."""
    summary = pack_releases(summarise(group(name, files)[0]))
    return KnownProject(name=name, summary=summary, load_files=lambda: pack_files(files), **said)


def seen(*visits: tuple[Page, datetime | None]) -> list[FileFact]:
    """The record after pages were read one after the other."""
    files: list[FileFact] = []
    for page, seen_at in visits:
        files = merge(files, page, seen_at=seen_at)
    return files


class Answers(HttpServer):
    """
    Answers each path with what the test wrote down: one response, or several in turn.

    The last of several is repeated; a path that nobody wrote down is a 404.
    """

    def __init__(self, answers: Mapping[str, Response | Sequence[Response]] | None = None) -> None:
        super().__init__(self._next)
        self.answers = dict(answers or {})

    @property
    def url(self) -> str:
        return f"{self.root}simple/"

    def _next(self, request: Request) -> Response:
        answer = self.answers.get(request.path, Response(status=404))
        if isinstance(answer, Response):
            return answer
        first, *rest = answer
        if rest:
            self.answers[request.path] = rest
        return first

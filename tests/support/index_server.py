"""
A package index on the loopback interface that serves the recorded facts.

In a test: ``with IndexServer() as index: … index.url``. As a process of its own:
``python -m tests.support.index_server --port 0 --latency-ms 30`` prints its address.
"""

import argparse
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from urllib.parse import unquote

from tests.support import recorded
from tests.support.http_server import HttpServer, Request, Response

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "text/html; charset=utf-8"
LEGACY = "application/json"
BYTES = "application/octet-stream"

Document = tuple[str, bytes]  # Content-Type and body.
NOT_FOUND = Response(status=404, body=b"There is no such thing here.")


class IndexServer(HttpServer):
    """
    Serves pages (JSON and HTML), legacy documents, metadata and files.

    *as_of* leaves out the files that came later. ``forms`` says which pages it can make: an
    index of HTML alone has no upload times. With *has_metadata_files* off there is nothing at
    ``<file>.metadata``, and pages do not say that there is. *has_wheels_for_sdists* gives a wheel
    of metadata alone to each release that has only sdists, so that nothing needs to be built.
    """

    def __init__(
        self,
        *,
        latency: float = 0,
        port: int = 0,
        as_of: datetime | None = None,
        forms: tuple[str, ...] = (JSON, HTML),
        has_legacy: bool = True,
        has_metadata_files: bool = True,
        has_validators: bool = True,
        has_wheels_for_sdists: bool = False,
    ) -> None:
        super().__init__(self._handle, latency=latency, port=port)
        self.as_of = as_of
        self.forms = forms
        self.has_legacy = has_legacy
        self.has_metadata_files = has_metadata_files
        self.has_validators = has_validators
        self.has_wheels_for_sdists = has_wheels_for_sdists
        self._made: dict[tuple[str, str, datetime | None], Response] = {}

    @property
    def url(self) -> str:
        """The address of the simple index."""
        return f"{self.root}simple/"

    @property
    def counts(self) -> Counter[str]:
        """How often each path was asked for."""
        return Counter(self.paths)

    def warm(self) -> None:
        """Make all pages now, so that a benchmark does not measure that."""
        for project in recorded.recorded_files():
            self._answer_for(f"/simple/{project}/", self.forms[0])
        recorded.files_by_name()

    def _handle(self, request: Request) -> Response:
        form = self._form(request.headers.get("accept", ""))
        made = self._answer_for(request.path, form)
        if made.status == 200 and request.headers.get("if-none-match") == made.headers.get(
            "ETag", "none"
        ):
            return Response(status=304, headers=made.headers)
        return part(made, request.headers.get("range", ""))

    def _form(self, accept: str) -> str:
        if JSON in self.forms and JSON in accept:
            return JSON
        return HTML if HTML in self.forms else self.forms[0]

    def _answer_for(self, path: str, form: str) -> Response:
        key = (path, form, self.as_of)
        if key not in self._made:
            self._made[key] = self._make(path, form)
        return self._made[key]

    def _make(self, path: str, form: str) -> Response:
        document = self._document(unquote(path.partition("?")[0]), form)
        if document is None:
            return NOT_FOUND
        content_type, body = document
        headers = {"Content-Type": content_type, "Accept-Ranges": "bytes"}
        if self.has_validators:
            headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        return Response(headers=headers, body=body)

    def _document(self, path: str, form: str) -> Document | None:
        for pattern, make in self._routes(form):
            if match := re.fullmatch(pattern, path):
                return make(*match.groups())
        return None

    def _routes(self, form: str) -> tuple[tuple[str, Callable[..., Document | None]], ...]:
        return (
            (r"/simple/([^/]+)/", partial(self._page, form)),
            (r"/files/([^/]+)\.metadata", self._metadata),
            (r"/files/([^/]+)", self._file),
            (r"/pypi/([^/]+)/json", self._legacy_project),
            (r"/pypi/([^/]+)/([^/]+)/json", self._legacy_release),
        )

    def _page(self, form: str, project: str) -> Document | None:
        if project not in recorded.recorded_files():
            return None
        files = recorded.files_of(project, self.as_of)
        if self.has_wheels_for_sdists:
            files += recorded.until(self.as_of, recorded.wheels_for_sdists(project))
        if form == JSON:
            page = recorded.json_page(project, files, self.root)
            if not self.has_metadata_files:
                page = page.replace(b'"core-metadata": true', b'"core-metadata": false')
            return JSON, page
        page = recorded.html_page(project, files)
        if not self.has_metadata_files:
            page = page.replace(b' data-core-metadata="true"', b"")
        return HTML, page

    def _metadata(self, filename: str) -> Document | None:
        file = self._named(filename)
        if file is None or not self.has_metadata_files:
            return None
        return BYTES, recorded.core_metadata(file)

    def _named(self, filename: str) -> recorded.RecordedFile | None:
        file = recorded.files_by_name().get(filename)
        if file is None and self.has_wheels_for_sdists:
            return recorded.made_up_wheel(filename)
        return file

    def _file(self, filename: str) -> Document | None:
        file = self._named(filename)
        return (BYTES, recorded.archive(file)) if file else None

    def _legacy_project(self, project: str) -> Document | None:
        files = recorded.files_of(project, self.as_of)
        if not files or not self.has_legacy:
            return None
        return LEGACY, recorded.legacy_project(project, files, self.root)

    def _legacy_release(self, project: str, version: str) -> Document | None:
        files = [one for one in recorded.files_of(project, self.as_of) if one.version == version]
        if not files or not self.has_legacy:
            return None
        return LEGACY, recorded.legacy_release(files[0])


def part(whole: Response, asked: str) -> Response:
    """The range that was asked for (RFC 9110): ``bytes=0-99`` or the last ``bytes=-100``."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", asked)
    if whole.status != 200 or match is None:
        return whole
    size = len(whole.body)
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if start >= size:
        return Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    headers = {**whole.headers, "Content-Range": f"bytes {start}-{stop - 1}/{size}"}
    return Response(status=206, headers=headers, body=whole.body[start:stop])


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the recorded facts as a package index.")
    parser.add_argument("--port", type=int, default=0, help="0 takes any that is free")
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--wheels-for-sdists", action="store_true", help="so that uv builds none")
    parser.add_argument("--as-of", type=recorded.moment, help="leave out files that came later")
    options = parser.parse_args()
    server = IndexServer(
        latency=options.latency_ms / 1000,
        port=options.port,
        as_of=options.as_of,
        has_wheels_for_sdists=options.wheels_for_sdists,
    )
    with server:
        server.warm()
        print(server.url, flush=True)  # noqa: T201  (whoever started it reads the address)
        server.wait()


if __name__ == "__main__":
    main()

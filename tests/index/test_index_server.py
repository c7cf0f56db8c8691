"""The index that stands in for a real one in tests must itself be right."""

import io
import json
import socket
import urllib.error
import urllib.request
import zipfile
from datetime import UTC, datetime
from http.client import HTTPResponse
from urllib.request import Request

import pytest

from tests.support.index_server import HTML, JSON, IndexServer
from tests.support.loopback import NetworkRefused


def get(url: str, **headers: str) -> HTTPResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return urllib.request.urlopen(Request(url, headers=named), timeout=5)  # type: ignore[no-any-return]


def test_a_page_comes_in_the_form_that_was_asked_for(recorded_index: IndexServer) -> None:
    as_json = get(f"{recorded_index.url}httpx/", Accept=JSON)
    as_html = get(f"{recorded_index.url}httpx/", Accept="text/html")

    assert as_json.headers["Content-Type"] == JSON
    assert as_html.headers["Content-Type"] == HTML
    assert len(json.load(as_json)["files"]) == as_html.read().count(b"<a ")


def test_a_page_leaves_out_the_files_that_came_later() -> None:
    with IndexServer(as_of=datetime(2019, 12, 30, tzinfo=UTC)) as index:
        page = json.load(get(f"{index.url}httpx/", Accept=JSON))

    assert max(file["upload-time"] for file in page["files"]) == "2019-12-29T17:02:16Z"


def test_an_unchanged_page_is_answered_with_304(recorded_index: IndexServer) -> None:
    url = f"{recorded_index.url}httpx/"
    etag = get(url).headers["ETag"]

    with pytest.raises(urllib.error.HTTPError) as caught:
        get(url, If_None_Match=etag)

    assert caught.value.code == 304
    caught.value.close()


def test_a_wheel_holds_the_metadata_that_lies_beside_it(recorded_index: IndexServer) -> None:
    url = f"{recorded_index.root}files/httpx-0.16.1-py3-none-any.whl"

    with zipfile.ZipFile(io.BytesIO(get(url).read())) as wheel:
        inside = wheel.read("httpx-0.16.1.dist-info/METADATA")

    assert inside == get(f"{url}.metadata").read()
    assert b"Classifier: Programming Language :: Python :: 3.6\n" in inside


def test_the_end_of_a_file_can_be_asked_for(recorded_index: IndexServer) -> None:
    url = f"{recorded_index.root}files/httpx-0.16.1-py3-none-any.whl"

    answer = get(url, Range="bytes=-22")

    assert answer.status == 206
    assert answer.read() == get(url).read()[-22:]


def test_tests_cannot_leave_the_machine() -> None:
    with pytest.raises(NetworkRefused), socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))

"""The four ways to the metadata of a release, and what a failure says."""

import asyncio
import io
import os
import zipfile
from collections.abc import Iterator

import pytest

from integrations.index.client import IndexClient
from integrations.index.facts import FileFact, KnownMetadata
from integrations.index.ways import NoMetadataError, release_metadata
from tests.index.making import Answers, a_page, a_page_file, seen
from tests.support import recorded
from tests.support.http_server import Request, Response
from tests.support.index_server import part

WHEEL = "foo-1.0-py3-none-any.whl"
SDIST = "foo-1.0.tar.gz"
ZIP = "foo-1.0.zip"
METADATA = b"Metadata-Version: 2.1\nName: foo\nRequires-Python: >=3.9\n\n"
EXPECTED = KnownMetadata(requires_python=">=3.9")
LEGACY = b'{"info": {"classifiers": [], "requires_python": ">=3.9"}}'


class Files(Answers):
    """Answers ranges too, unless told otherwise."""

    has_ranges = True

    def _next(self, request: Request) -> Response:
        whole = super()._next(request)
        return part(whole, request.headers.get("range", "")) if self.has_ranges else whole


def fetch(server: Answers, *names: str, has_metadata: bool = False) -> tuple[KnownMetadata, str]:
    async def inside() -> tuple[KnownMetadata, str]:
        async with IndexClient(server.url, timeout=5, first_wait=0.01) as client:
            return await release_metadata(client, "foo", "1.0", files)

    files: list[FileFact] = seen(
        (
            a_page(
                *(
                    a_page_file(name, core_metadata=has_metadata, url=f"{server.root}files/{name}")
                    for name in names
                )
            ),
            None,
        )
    )
    found, source = asyncio.run(inside())
    return found, source.removeprefix(server.root)


def large_wheel() -> bytes:
    """A wheel whose metadata stands before a lot of something else."""
    target = io.BytesIO(recorded.wheel(WHEEL, METADATA))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("foo/weights.bin", os.urandom(1_000_000))
    return target.getvalue()


@pytest.mark.parametrize(
    ("names", "answers", "source"),
    [
        pytest.param(
            [WHEEL, SDIST],
            {f"/files/{WHEEL}.metadata": METADATA, "/pypi/foo/1.0/json": LEGACY},
            f"files/{WHEEL}.metadata",
            id="beside the wheel, not offered",
        ),
        pytest.param(
            [WHEEL, SDIST],
            {"/pypi/foo/1.0/json": LEGACY, f"/files/{WHEEL}": recorded.wheel(WHEEL, METADATA)},
            "pypi/foo/1.0/json",
            id="legacy document",
        ),
        pytest.param(
            [WHEEL, SDIST],
            {f"/files/{WHEEL}": recorded.wheel(WHEEL, METADATA)},
            f"files/{WHEEL}",
            id="inside a small wheel",
        ),
        pytest.param(
            [WHEEL, SDIST], {f"/files/{WHEEL}": large_wheel()}, f"files/{WHEEL}", id="large wheel"
        ),
        pytest.param(
            [WHEEL, SDIST],
            {f"/files/{SDIST}": recorded.sdist(SDIST, METADATA)},
            f"files/{SDIST}",
            id="inside the sdist",
        ),
        pytest.param(
            [ZIP], {f"/files/{ZIP}": recorded.sdist(ZIP, METADATA)}, f"files/{ZIP}", id="zip sdist"
        ),
        pytest.param(
            [WHEEL],
            {f"/files/{WHEEL}.metadata": b"<html>", "/pypi/foo/1.0/json": LEGACY},
            "pypi/foo/1.0/json",
            id="a web page instead of metadata",
        ),
    ],
)
def test_each_way_is_found(names: list[str], answers: dict[str, bytes], source: str) -> None:
    with Files({path: Response(body=body) for path, body in answers.items()}) as server:
        assert fetch(server, *names) == (EXPECTED, source)


def test_metadata_beside_an_sdist_is_asked_for_only_when_offered() -> None:
    beside = Response(body=METADATA)
    with Files({f"/files/{SDIST}.metadata": beside}) as server:
        assert fetch(server, SDIST, has_metadata=True)[1] == f"files/{SDIST}.metadata"

        with pytest.raises(NoMetadataError):
            fetch(server, SDIST)


def test_a_large_wheel_is_not_downloaded() -> None:
    with Files({f"/files/{WHEEL}": Response(body=large_wheel())}) as server:
        fetch(server, WHEEL)
        ranges = [one.headers["range"] for one in server.requests if "range" in one.headers]

    assert ranges[0] == "bytes=-16384"
    assert len(ranges) <= 3


def test_a_server_without_ranges_is_left_before_it_sends_everything() -> None:
    with Files({f"/files/{WHEEL}": Response(body=bytes(50_000_000))}) as server:
        server.has_ranges = False

        with pytest.raises(NoMetadataError, match="the server does not answer range requests"):
            fetch(server, WHEEL)


def test_an_sdist_is_read_only_as_far_as_needed() -> None:
    sdist = recorded.sdist(SDIST, METADATA)
    sent = []

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(sdist), 64):
            yield sdist[start : start + 64]
        for _ in range(1000):
            sent.append(1)
            yield os.urandom(100_000)

    with Files({f"/files/{SDIST}": Response(chunks=chunks(), pause=0.001)}) as server:
        assert fetch(server, SDIST)[0] == EXPECTED

    assert len(sent) < 900


def test_a_failure_lists_everything_that_was_tried() -> None:
    with Files({f"/files/{SDIST}": Response(body=b"rubbish")}) as server:
        with pytest.raises(NoMetadataError) as caught:
            fetch(server, WHEEL, SDIST)

        files = f"{server.root}files"
        assert str(caught.value) == (
            "No metadata of foo 1.0. "
            f"beside the file: {files}/{WHEEL}.metadata answered 404; "
            f"legacy document: {server.root}pypi/foo/1.0/json answered 404; "
            f"inside the wheel: {files}/{WHEEL} answered 404; "
            "inside the sdist: it is not gzip (Error -3 while decompressing data: "
            "incorrect header check)."
        )


def test_a_release_without_files_says_so() -> None:
    with Files() as server, pytest.raises(NoMetadataError) as caught:
        asyncio.run(_without_legacy(server))

    assert str(caught.value) == (
        "No metadata of foo 1.0. It has neither a wheel nor an sdist that can be read."
    )


async def _without_legacy(server: Answers) -> None:
    async with IndexClient(f"{server.root}folder/") as client:
        await release_metadata(client, "foo", "1.0", [])

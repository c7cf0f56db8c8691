"""
The four ways to the core metadata of a release, cheapest first.

1. ``<file>.metadata`` (PEP 658, 714), tried for a wheel even when the page does not offer it;
2. the legacy document of the release;
3. the table of contents and METADATA of a wheel (or zip) by range requests;
4. PKG-INFO from the beginning of an sdist.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from functools import partial
from http import HTTPStatus
from urllib.parse import quote, urljoin

from integrations.index.archives import (
    BadArchive,
    BytesMissing,
    PartialFile,
    SdistReader,
    metadata_in_zip,
)
from integrations.index.client import IndexClient
from integrations.index.errors import IndexDataError, IndexUnavailable, ProjectNotFound
from integrations.index.facts import FileFact, KnownMetadata
from integrations.index.metadata import parse_legacy_metadata, parse_metadata

TAIL = 16_384  # Bytes; holds the table of contents and METADATA of most wheels.
MOST_RANGES = 6  # Requests for one file.
MOST_BYTES = 8_000_000  # Of one file, by ranges or from its beginning.


class NoMetadataError(Exception):
    """No way led to the metadata of a release; the message lists what was tried."""


Read = Callable[[], Awaitable[KnownMetadata]]


async def release_metadata(
    client: IndexClient, project: str, version: str, files: Sequence[FileFact]
) -> tuple[KnownMetadata, str]:
    """Return the metadata of a release and where it was read; raises NoMetadataError."""
    failures = []
    for words, source, read in _ways(client, project, version, files):
        try:
            return await read(), source
        except (IndexUnavailable, ProjectNotFound, IndexDataError, BadArchive) as error:
            failures.append(f"{words}: {error}".rstrip("."))
    tried = "; ".join(failures) or "It has neither a wheel nor an sdist that can be read"
    raise NoMetadataError(f"No metadata of {project} {version}. {tried}.")


def _ways(
    client: IndexClient, project: str, version: str, files: Sequence[FileFact]
) -> Iterator[tuple[str, str, Read]]:
    """Yield a name, the source and the reader of each way that this release may have."""
    wheel = _best(files, (".whl",))
    sdist = _best(files, (".tar.gz", ".tgz", ".zip"))
    for file in (wheel, sdist):
        if file and (file.has_metadata or file is wheel):
            url = f"{file.url}.metadata"
            yield "beside the file", url, partial(_beside, client, url)
    if client.legacy_url:
        path = f"{quote(project)}/{quote(version)}/json"
        url = urljoin(client.legacy_url, path)
        yield "legacy document", url, partial(_legacy, client, url)
    if wheel:
        yield "inside the wheel", wheel.url, partial(_by_ranges, client, wheel.url)
    if sdist:
        read = _by_ranges if sdist.filename.endswith(".zip") else _from_beginning
        yield "inside the sdist", sdist.url, partial(read, client, sdist.url)


def _best(files: Sequence[FileFact], endings: tuple[str, ...]) -> FileFact | None:
    """Choose a file that is still there, that offers metadata, and that suits every platform."""

    def rank(file: FileFact) -> tuple[bool, bool, bool, str]:
        return (
            file.gone_at is not None,
            not file.has_metadata,
            not file.filename.endswith("-none-any.whl"),
            file.filename,
        )

    return min((file for file in files if file.filename.endswith(endings)), key=rank, default=None)


async def _beside(client: IndexClient, url: str) -> KnownMetadata:
    return parse_metadata((await client.get(url)).body)


async def _legacy(client: IndexClient, url: str) -> KnownMetadata:
    return parse_legacy_metadata((await client.get(url)).body)


# --- Inside a zip file, by ranges ----------------------------------------------------------------
async def _by_ranges(client: IndexClient, url: str) -> KnownMetadata:
    start, body, size = await _range(client, url, f"-{TAIL}")
    file = PartialFile(size)
    file.add(start, body)
    asked = len(body)
    for _ in range(MOST_RANGES):
        try:
            return parse_metadata(metadata_in_zip(file))
        except BytesMissing as missing:
            # A little more than was asked for: the next bytes are usually wanted too.
            stop = min(max(missing.stop, missing.start + TAIL), size)
            asked += stop - missing.start
            if asked > MOST_BYTES:
                break
            start, body, _ = await _range(client, url, f"{missing.start}-{stop - 1}")
            file.add(start, body)
    raise BadArchive(f"its metadata is not within {MOST_RANGES} ranges and {MOST_BYTES:,} bytes")


async def _range(client: IndexClient, url: str, asked: str) -> tuple[int, bytes, int]:
    """Return where the range starts, its bytes and the size of the whole file."""
    async with client.stream(url, {"Range": f"bytes={asked}", "Accept-Encoding": "identity"}) as (
        status,
        headers,
        pieces,
    ):
        said = re.match(r"bytes (\d+)-\d+/(\d+)", headers.get("content-range", ""))
        if status != HTTPStatus.PARTIAL_CONTENT or said is None:
            # The server would send the whole file: leave before it does.
            raise BadArchive("the server does not answer range requests")
        body = await _at_most(pieces, MOST_BYTES)
    return int(said[1]), body, int(said[2])


async def _at_most(pieces: AsyncIterator[bytes], limit: int) -> bytes:
    body = b""
    async for piece in pieces:
        body += piece
        if len(body) > limit:
            raise BadArchive(f"the server sent more than {limit:,} bytes")
    return body


# --- Inside a tar.gz, from its beginning ---------------------------------------------------------
async def _from_beginning(client: IndexClient, url: str) -> KnownMetadata:
    reader = SdistReader()
    read = 0
    # Servers that take .tar.gz for an encoding would have it unpacked on the way.
    async with client.stream(url, {"Accept-Encoding": "identity"}) as (_, _, pieces):
        async for piece in pieces:
            metadata = reader.feed(piece)
            if metadata is not None:
                return parse_metadata(metadata)
            read += len(piece)
            if read > MOST_BYTES:
                raise BadArchive(f"its PKG-INFO is not within {MOST_BYTES:,} bytes")
    raise BadArchive("it holds no PKG-INFO")

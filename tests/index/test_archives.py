"""Metadata from inside files of which only some bytes are here."""

import gzip
import io
import os

import pytest

from integrations.index.archives import (
    BadArchive,
    BytesMissing,
    PartialFile,
    SdistReader,
    metadata_in_zip,
)
from tests.support import recorded

METADATA = b"Metadata-Version: 2.1\nName: foo\n\n"
WHEEL = recorded.wheel("foo-1.0-py3-none-any.whl", METADATA)
SDIST = recorded.sdist("foo-1.0.tar.gz", METADATA, before=os.urandom(200_000))


def test_a_wheel_says_which_bytes_it_still_needs() -> None:
    file = PartialFile(len(WHEEL))
    asked = []
    for _ in range(10):
        try:
            found = metadata_in_zip(file)
            break
        except BytesMissing as missing:
            asked.append((missing.start, missing.stop))
            file.add(missing.start, WHEEL[missing.start : missing.stop])

    assert found == METADATA
    assert sum(stop - start for start, stop in asked) < 2 * len(WHEEL)


def test_a_file_reads_as_a_file_does() -> None:
    whole = io.BytesIO(WHEEL)
    partial = PartialFile(len(WHEEL))
    partial.add(0, WHEEL)

    for offset, whence in ((5, io.SEEK_SET), (3, io.SEEK_CUR), (-7, io.SEEK_END)):
        assert partial.seek(offset, whence) == whole.seek(offset, whence)
        assert partial.read(4) == whole.read(4)
        assert partial.tell() == whole.tell()
    assert partial.read() == whole.read()
    with pytest.raises(OSError, match="before the beginning"):
        partial.seek(-1)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"not a zip file at all" * 10, "not a zip file"),
        (WHEEL.replace(b"METADATA", b"NOTHING!"), "no core metadata"),
        (WHEEL[:40] + b"\xff" * 20 + WHEEL[60:], "cannot|can be read|zip"),
    ],
    ids=["something else", "no metadata", "damaged"],
)
def test_a_zip_file_without_metadata_is_refused(body: bytes, message: str) -> None:
    file = PartialFile(len(body))
    file.add(0, body)

    with pytest.raises(BadArchive, match=message):
        metadata_in_zip(file)


@pytest.mark.parametrize("size", [1, 511, 4096, 1_000_000])
def test_pkg_info_is_found_in_pieces_of_any_size(size: int) -> None:
    reader = SdistReader()
    found = None
    for start in range(0, len(SDIST), size):
        found = reader.feed(SDIST[start : start + size])
        if found is not None:
            break

    assert found == METADATA


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"not gzip", "not gzip"), (gzip.compress(b"x" * 2000), "not a tar file")],
    ids=["not gzip", "not tar"],
)
def test_an_sdist_that_is_none_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(BadArchive, match=message):
        SdistReader().feed(body)


def test_an_sdist_is_not_unpacked_for_ever() -> None:
    bomb = recorded.sdist("foo-1.0.tar.gz", METADATA, before=bytes(120_000_000))

    with pytest.raises(BadArchive, match="too far from its beginning"):
        SdistReader().feed(bomb)


def test_pkg_info_of_another_project_inside_is_not_taken() -> None:
    nested = recorded.sdist("foo-1.0/vendored/bar-1.0.tar.gz", b"Name: bar\n")

    assert SdistReader().feed(nested) is None

"""
Core metadata from inside a file of which only some bytes are here. No network, no disk.

A wheel is a zip file: its table of contents stands at the end. An sdist is mostly a compressed
tar file, which has none: it is read from its beginning until PKG-INFO comes by.
"""

import io
import tarfile
import zipfile
import zlib

LARGEST_METADATA = 4_000_000  # Bytes; the largest that is known has a tenth of it.
LARGEST_UNPACKED = 100_000_000  # Bytes of an sdist that are unpacked before giving up.
BLOCK = 512
GZIP = 31  # What zlib calls a window of 32 kB behind a gzip header.


class BytesMissing(Exception):
    """These bytes of the file are needed: ``start`` (included) to ``stop`` (excluded)."""

    def __init__(self, start: int, stop: int) -> None:
        super().__init__(f"bytes {start} to {stop} are missing")
        self.start = start
        self.stop = stop


class BadArchive(Exception):
    """The bytes are not an archive with core metadata in it."""


class PartialFile(io.RawIOBase):
    """A file of *size* bytes of which some ranges are known; reading others says which."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._position = 0
        self._ranges: list[tuple[int, bytes]] = []

    def add(self, start: int, body: bytes) -> None:
        self._ranges.append((start, body))

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("seek before the beginning")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        stop = self._size if size is None or size < 0 else min(self._size, self._position + size)
        start = min(self._position, stop)
        self._position = stop
        return self._known(start, stop)

    def _known(self, start: int, stop: int) -> bytes:
        for first, body in self._ranges:
            if first <= start and stop <= first + len(body):
                return body[start - first : stop - first]
        raise BytesMissing(start, stop)


def metadata_in_zip(file: PartialFile) -> bytes:
    """Return METADATA of a wheel, PKG-INFO of an sdist; raises BytesMissing and BadArchive."""
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if _is_metadata(entry.filename):
                    with archive.open(entry) as member:
                        metadata = member.read(LARGEST_METADATA + 1)
                        _refuse_larger(len(metadata))
                        return metadata
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError) as error:
        raise BadArchive(f"it is not a zip file that can be read ({error})") from error
    raise BadArchive("it holds no core metadata")


def _is_metadata(path: str) -> bool:
    """Whether it is ``foo-1.0.dist-info/METADATA`` or ``foo-1.0/PKG-INFO``, nothing deeper."""
    folder, _, name = path.removeprefix("./").partition("/")
    return (name == "METADATA" and folder.endswith(".dist-info")) or name == "PKG-INFO"


def _refuse_larger(size: int) -> None:
    if size > LARGEST_METADATA:
        raise BadArchive(f"its metadata has more than {LARGEST_METADATA:,} bytes")


class SdistReader:
    """Finds PKG-INFO in a ``.tar.gz`` that comes piece by piece."""

    def __init__(self) -> None:
        self._unzip = zlib.decompressobj(GZIP)
        self._unpacked = b""
        self._skip = 0  # Bytes that are passed over before the next header.
        self._seen = 0

    def feed(self, chunk: bytes) -> bytes | None:
        """Take the next piece; return PKG-INFO as soon as it is there, raise BadArchive."""
        while chunk:
            try:
                unpacked = self._unzip.decompress(chunk, 1_000_000)
            except zlib.error as error:
                raise BadArchive(f"it is not gzip ({error})") from error
            chunk = self._unzip.unconsumed_tail
            self._seen += len(unpacked)
            if self._seen > LARGEST_UNPACKED:
                raise BadArchive("its PKG-INFO is too far from its beginning")
            self._unpacked += unpacked
            metadata = self._look()
            if metadata is not None:
                return metadata
        return None

    def _look(self) -> bytes | None:
        while True:
            passed = min(self._skip, len(self._unpacked))
            self._unpacked = self._unpacked[passed:]
            self._skip -= passed
            if self._skip or len(self._unpacked) < BLOCK:
                return None
            header = _header(self._unpacked[:BLOCK])
            size = header.size if header else 0
            if header and header.isreg() and _is_metadata(header.name):
                _refuse_larger(size)
                if len(self._unpacked) < BLOCK + size:
                    return None
                return self._unpacked[BLOCK : BLOCK + size]
            self._skip = BLOCK + -(-size // BLOCK) * BLOCK


def _header(block: bytes) -> tarfile.TarInfo | None:
    """Read the header of a member; None for the empty blocks at the end."""
    if not block.strip(b"\0"):
        return None
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise BadArchive(f"it is not a tar file ({error})") from error

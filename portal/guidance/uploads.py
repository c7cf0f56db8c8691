"""
Files that somebody sends, alone or in an archive: read in memory, bounded, and never stored.

Whatever is refused is refused with a sentence; of an archive only files with a form that has rules
are unpacked.
"""

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from integrations.catalogue.validators import quoted
from integrations.policy.linting import form_of, guess_name
from portal.guidance.tars import members_of

MOST_BYTES = 4_000_000  # Of one file.
MOST_TOTAL = 12_000_000  # Of all files, sent or unpacked.
MOST_FILES = 200
MOST_MEMBERS = 5_000  # Of all archives, folders among them.
MOST_TOLD = 50  # Sentences about what was refused.
MOST_RATIO = 100  # Unpacked bytes for each packed one; locks have ten.
FREE_OF_RATIO = 100_000  # Unpacked bytes that no ratio makes suspicious.
LONGEST_NAME = 300
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
OTHER_ARCHIVES = re.compile(r".*\.(tar\.\w+|tbz2?|txz|7z|rar|gz|bz2|xz|zst|whl)", re.IGNORECASE)
# What does not print, or turns the text around it: a name is shown as it is.
CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
# Of a member in the directory of a ZIP file; each is read into memory before one can be looked at.
ENTRY = b"PK\x01\x02"
# The others unpack without a bound on what comes out.
METHODS = frozenset([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError,
    ValueError, OverflowError, NotImplementedError, RuntimeError,
)  # fmt: skip


class Refused(ValueError):
    """Something that is not read; the message is a sentence for whoever sent it."""


@dataclass(kw_only=True)
class Received:
    """Text by path, and a sentence for each thing that was refused."""

    files: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    total: int = 0  # Bytes read so far.
    read: int = 0  # Files whose text was read; of the others ``files`` has the name.
    members: int = 0  # Of archives.


def receive(uploads: Sequence[tuple[str, bytes]]) -> Received:
    """Return the files of *uploads*, (name, body) pairs, those of archives among them."""
    received = Received()
    for name, body in uploads:
        try:
            if name.lower().endswith(ARCHIVES):
                _take_archive(received, name, body)
            else:
                _take(received, _safe(name), body)
        except Refused as refusal:
            received.refused.append(str(refusal))
    if more := received.refused[MOST_TOLD:]:
        received.refused[MOST_TOLD:] = [f"{len(more):,} more were refused."]
    return received


def _take(received: Received, name: str, body: bytes) -> None:
    """Read one file, or raise Refused."""
    if OTHER_ARCHIVES.fullmatch(name):
        raise Refused(f"{quoted(name)} is packed. Send a ZIP or a tar.gz file.")
    if len(body) > MOST_BYTES:
        raise Refused(f"{quoted(name)} is larger than {MOST_BYTES:,} bytes.")
    if received.read >= MOST_FILES:
        raise Refused(f"{quoted(name)} is one file too many: {MOST_FILES} are read at a time.")
    received.total += len(body)
    if received.total > MOST_TOTAL:
        raise Refused(f"{quoted(name)} was not read: all files hold {MOST_TOTAL:,} bytes at most.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{quoted(name)} is not UTF-8 text (byte {error.start}).") from error
    path = _placed(name, text)
    if path in received.files:
        raise Refused(f"{quoted(path)} was sent twice; the first one was read.")
    received.files[path] = text
    received.read += 1


def _placed(name: str, text: str) -> str:
    """
    Return where a file stands in its repository, as far as its text tells.

    Browsers send the name without its folder, and ``config.yaml`` alone is everybody's.
    """
    if form_of(name) is None and name.endswith((".yaml", ".yml")):
        guess = guess_name(text) or ""
        if guess.endswith(".yaml"):
            return guess
    return name


def _safe(name: str) -> str:
    """Return *name* as a relative path, or raise Refused."""
    told = quoted(name)
    if not name or len(name) > LONGEST_NAME or CONTROL.search(name):
        raise Refused(f"{told} is not the name of a file.")
    if name.startswith("/") or "\\" in name or re.match(r"[A-Za-z]:", name):
        raise Refused(f"{told} is not a path below the folder of the archive.")
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts or not parts:
        raise Refused(f"{told} is not a path below the folder of the archive.")
    return "/".join(parts)


# --- Archives ------------------------------------------------------------------------------------
def _take_archive(received: Received, name: str, body: bytes) -> None:
    """Read the files of an archive; one bad member refuses all of it."""
    if len(body) > MOST_TOTAL:
        raise Refused(f"{quoted(name)} is larger than {MOST_TOTAL:,} bytes.")
    try:
        is_zip = name.lower().endswith(".zip")
        members = list(_zip(received, body) if is_zip else _tar(received, name, body))
    except Refused as refusal:
        raise Refused(f"{quoted(name)} was not read: {refusal}") from refusal
    except BROKEN as error:
        raise Refused(f"{quoted(name)} is not an archive that can be unpacked.") from error
    for path, content in members:
        if content is None:
            received.files.setdefault(path, "")  # Known to be there, and not looked at.
            continue
        try:
            _take(received, path, content)
        except Refused as refusal:
            received.refused.append(str(refusal))


def _count(received: Received, more: int) -> None:
    received.members += more
    if received.members > MOST_MEMBERS:
        raise Refused(f"it brings the members of archives to more than {MOST_MEMBERS:,}.")


def _zip(received: Received, body: bytes) -> Iterator[tuple[str, bytes | None]]:
    _count(received, body.count(ENTRY))
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        entries = [member for member in archive.infolist() if not member.is_dir()]
        members = [(_safe(member.filename), member) for member in entries]
        _check_sizes(members, len(body))
        for path, member in members:
            if stat.S_ISLNK(member.external_attr >> 16):
                raise Refused(f"{quoted(path)} is a link.")
            if member.flag_bits & 1:
                raise Refused(f"{quoted(path)} is encrypted.")
            if not _is_wanted(path):
                yield path, None
                continue
            if member.compress_type not in METHODS:
                raise Refused(f"{quoted(path)} is packed in a way that is not read.")
            with archive.open(member) as opened:
                yield path, opened.read(MOST_BYTES + 1)


def _check_sizes(members: Sequence[tuple[str, zipfile.ZipInfo]], packed: int) -> None:
    """Refuse before anything is unpacked; a member never unpacks to more than it says."""
    if sum(member.file_size for _, member in members) > max(FREE_OF_RATIO, packed * MOST_RATIO):
        raise Refused("it unpacks to far more than it holds.")
    wanted = sum(member.file_size for path, member in members if _is_wanted(path))
    if wanted > MOST_TOTAL:
        raise Refused(f"what is read of it unpacks to more than {MOST_TOTAL:,} bytes.")


def _tar(received: Received, name: str, body: bytes) -> Iterator[tuple[str, bytes | None]]:
    for member in members_of(_unzipped(name, body)):
        _count(received, 1)
        if member.is_folder:
            continue
        path = _safe(member.name)
        if not member.is_file:
            raise Refused(f"{quoted(path)} is a link or a device.")
        yield path, member.content[: MOST_BYTES + 1] if _is_wanted(path) else None


def _unzipped(name: str, body: bytes) -> bytes:
    if name.lower().endswith(".tar"):
        return body
    most = min(MOST_TOTAL * 2, max(FREE_OF_RATIO, len(body) * MOST_RATIO))
    found = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: with the header of gzip.
    unpacked = found.decompress(body, most + 1)
    if len(unpacked) > most:
        raise Refused("it unpacks to far more than it holds.")
    if not found.eof:
        raise Refused("it ends before it is complete.")
    return unpacked


def _is_wanted(path: str) -> bool:
    return form_of(path) is not None or path.endswith((".yaml", ".yml"))

"""
The members of a tar archive, in one pass.

Not by tarfile: before Python 3.11.10 a header of digits keeps it busy for hours (CVE-2024-6232),
and of what it knows beyond files and folders nothing is wanted here. The format is that of POSIX
(pax), with the long names of GNU.
"""

from collections.abc import Iterator
from dataclasses import dataclass

BLOCK = 512  # Bytes; headers take one, and contents are filled up to whole ones.
LONGEST_HEADER = 16_000  # Bytes of a name that has no place in the header itself.
LONGEST_LENGTH = len(str(LONGEST_HEADER))
CHECKSUM = slice(148, 156)
FILES, FOLDER = b"0\x007", b"5"
PAX, PAX_FOR_ALL, LONG_NAME, LONG_LINK = b"x", b"g", b"L", b"K"


class UnreadableTar(ValueError):
    """Bytes that are no tar archive, or one that no usual program writes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    name: str
    content: bytes
    is_file: bool
    is_folder: bool  # Neither: a link, a device, a file with holes.


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    name: str
    kind: bytes  # One byte.
    size: int


def members_of(body: bytes) -> Iterator[Member]:
    """Yield the members of *body*; raises UnreadableTar where it stops making sense."""
    position, name, has_holes = 0, "", False
    while block := body[position : position + BLOCK]:
        if not any(block):
            return  # Two blocks of zeros end an archive; what follows is nobody's.
        header = _header(block)
        position += BLOCK
        content = body[position : position + header.size]
        if len(content) < header.size:
            raise UnreadableTar("It ends within a member.")
        position += -(-header.size // BLOCK) * BLOCK
        if header.kind in {PAX, PAX_FOR_ALL, LONG_NAME, LONG_LINK}:
            _check_length(header)
            if header.kind == PAX:
                records = _records(content)
                name = records.get("path", name)
                has_holes = any(key.startswith("GNU.sparse.") for key in records)
            elif header.kind == LONG_NAME:
                name = _text(content)
            continue
        is_folder = header.kind == FOLDER or header.name.endswith("/")
        yield Member(
            name=name or header.name,
            content=content,
            is_file=header.kind in FILES and not is_folder and not has_holes,
            is_folder=is_folder,
        )
        name, has_holes = "", False


def _header(block: bytes) -> Header:
    if len(block) < BLOCK or _number(block[CHECKSUM]) != _sum(block):
        raise UnreadableTar("A header has another sum than it says.")
    name = _text(block[:100])
    is_posix = block[257:263] == b"ustar\x00"
    prefix = _text(block[345:500]) if is_posix else ""
    return Header(
        name=f"{prefix}/{name}" if prefix else name,
        kind=block[156:157],
        size=_number(block[124:136]),
    )


def _sum(block: bytes) -> int:
    """Add the bytes of a header up, its own sum taken for spaces."""
    return sum(block) - sum(block[CHECKSUM]) + len(block[CHECKSUM]) * ord(" ")


def _number(field: bytes) -> int:
    """Read an octal number; the other form is for more than eight gigabytes."""
    digits = field.strip(b" \x00")
    if not digits or digits.strip(b"01234567"):
        raise UnreadableTar("A number of a header is none.")
    return int(digits, 8)


def _text(field: bytes) -> str:
    """Read a name; what is no UTF-8 becomes what no name may have."""
    return field.partition(b"\x00")[0].decode("utf-8", errors="surrogateescape")


def _check_length(header: Header) -> None:
    if header.size > LONGEST_HEADER:
        raise UnreadableTar("A name is longer than any.")


def _records(content: bytes) -> dict[str, str]:
    """Read pax records: ``LENGTH KEY=VALUE`` and a line end, the length counting all of it."""
    found: dict[str, str] = {}
    position = 0
    while position < len(content):
        space = content.find(b" ", position, position + LONGEST_LENGTH + 1)
        digits = content[position : max(space, position)]
        if not digits.isdigit() or int(digits) <= len(digits) + 1:
            raise UnreadableTar("A record has no length.")
        record = content[space + 1 : position + int(digits)]
        key, equals, value = record.removesuffix(b"\n").partition(b"=")
        if not equals:
            raise UnreadableTar("A record has no value.")
        found[_text(key)] = _text(value)
        position += int(digits)
    if "size" in found:
        raise UnreadableTar("A size is larger than a header can say.")
    return found

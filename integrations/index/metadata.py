"""Core metadata of a release, read leniently: old releases have some that strict parsers refuse."""

from collections.abc import Iterable
from email.parser import HeaderParser
from typing import Any

import msgspec

from integrations.index.errors import IndexDataError
from integrations.index.facts import KnownMetadata

PYTHON = "Programming Language :: Python"


def parse_metadata(body: bytes) -> KnownMetadata:
    """Read METADATA or PKG-INFO; raises IndexDataError for something else."""
    # Only the headers: a description is never needed and may be a megabyte.
    head = body.replace(b"\r\n", b"\n").lstrip().partition(b"\n\n")[0]
    message = HeaderParser().parsestr(head.decode("utf-8", errors="replace"))
    if "Metadata-Version" not in message and "Name" not in message:
        raise IndexDataError("It is not core metadata: it has neither Metadata-Version nor Name.")
    return _known(message.get_all("Classifier", []), message.get("Requires-Python"))


class _Info(msgspec.Struct):
    classifiers: Any = None
    requires_python: Any = None


class _Document(msgspec.Struct):
    info: _Info


_decode = msgspec.json.Decoder(_Document).decode


def parse_legacy_metadata(body: bytes) -> KnownMetadata:
    """Read the legacy document of one release, ``/pypi/<project>/<version>/json``."""
    try:
        info = _decode(body).info
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IndexDataError(f"It cannot be read as JSON: {error}") from error
    if not isinstance(info.classifiers, list):
        raise IndexDataError("There is no list of classifiers.", where="info.classifiers")
    return _known(info.classifiers, info.requires_python)


def _known(classifiers: Iterable[object], requires_python: object) -> KnownMetadata:
    texts = {_one_line(text) for text in classifiers if isinstance(text, str)}
    return KnownMetadata(
        classifiers=tuple(sorted(text for text in texts if _is_about_python(text))),
        requires_python=_one_line(requires_python) if isinstance(requires_python, str) else "",
    )


def _one_line(text: str) -> str:
    """Folded headers become one line; PostgreSQL stores no NUL."""
    return " ".join(text.replace("\0", " ").split())


def _is_about_python(classifier: str) -> bool:
    return classifier == PYTHON or classifier.startswith(f"{PYTHON} ::")

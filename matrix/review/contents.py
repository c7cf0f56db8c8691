"""Texts of generated files are packed, and stored once by the SHA-256 of their bytes."""

import zlib
from collections.abc import Collection, Mapping

from matrix.review.models import FileContent
from matrix.review.snapshots import digest


def store_texts(texts: Collection[str]) -> dict[str, str]:
    """Return ``{text: SHA-256}`` for all of them; those that are new are written."""
    named = {digest(text): text for text in texts}
    rows = FileContent.objects.filter(sha256__in=named)
    known = set(rows.values_list("sha256", flat=True) if named else ())
    # In order of their names, and without errors for those that somebody else stored meanwhile:
    # as snapshots are.
    FileContent.objects.bulk_create(
        [_packed(sha, named[sha]) for sha in sorted(named.keys() - known)], ignore_conflicts=True
    )
    return {text: sha for sha, text in named.items()}


def _packed(sha: str, text: str) -> FileContent:
    body = text.encode("utf-8")
    return FileContent(sha256=sha, size=len(body), packed=zlib.compress(body))


def describe(files: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Return ``{path: (SHA-256, size in bytes)}`` of files that are not stored."""
    return {path: (digest(text), len(text.encode("utf-8"))) for path, text in files.items()}

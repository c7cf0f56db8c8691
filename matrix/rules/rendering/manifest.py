"""
The manifest of a bundle: which files were generated, by what, and from which snapshots.

It names every other byte of the bundle, and holds no time: equal files have equal manifests.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

MANIFEST = "manifest.json"
SCHEMA = 1
GENERATOR = "matrix-portal 0.1.0"  # Changes with every release, whether rendering does or not.


@dataclass(frozen=True, slots=True)
class ListedFile:
    sha256: str  # Of its UTF-8 bytes, in hexadecimal.
    size: int  # In bytes.


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where the files of a bundle come from: a publication, or a proposal as a candidate."""

    kind: str = "sdk"  # What has the slug: it names the slug in the manifest.
    slug: str
    publication: int | None = None
    proposal: int | None = None  # None for a publication.
    generator: str
    snapshots: Mapping[str, str]  # {part: SHA-256}


def manifest(source: Source, files: Mapping[str, ListedFile]) -> str:
    """Return the manifest of *files* as JSON: sorted keys, two blanks, a line end."""
    content = {
        "schema": SCHEMA,
        "generator": source.generator,
        source.kind: source.slug,
        "publication": source.publication,
        "proposal": source.proposal,
        "snapshots": dict(source.snapshots),
        "files": [
            {"path": path, "sha256": files[path].sha256, "size": files[path].size}
            for path in sorted(files)
        ],
    }
    return json.dumps(content, indent=2, sort_keys=True) + "\n"

"""
All generated files of a publication or of a candidate, with their manifest, as one ZIP file.

Equal files make equal bytes: members are sorted, stored as they are (other versions of zlib pack
otherwise), and bear the first date that the format knows.
"""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from matrix.review.contents import describe
from matrix.review.kinds import kind_of
from matrix.review.locking import find_proposal
from matrix.review.models import Publication
from matrix.review.publishing import candidate
from matrix.review.snapshots import digest
from matrix.review.state import proposed_hashes, published_files, published_hashes
from matrix.rules.rendering.manifest import GENERATOR, MANIFEST, ListedFile, Source, manifest

EPOCH = (1980, 1, 1, 0, 0, 0)
UNIX = 3  # The system whose permissions are given, in the words of the ZIP format.
READABLE = 0o100644 << 16  # A plain file that its owner may write, and all may read.


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    manifest: str
    files: Callable[[], Mapping[str, str]]  # {path: text}

    @property
    def sha256(self) -> str:
        """The SHA-256 of the manifest: it names every byte of the bundle, and is made quickly."""
        return digest(self.manifest)

    def read(self) -> bytes:
        return zipped({**self.files(), MANIFEST: self.manifest})


def publication_bundle(publication: Publication) -> Bundle:
    """Return the bundle of *publication*; the texts of its files are not read yet."""
    source = Source(
        kind=publication.channel.kind,
        slug=publication.channel.slug,
        publication=publication.number,
        generator=publication.generator,
        snapshots=published_hashes(publication.pk),
    )
    rows = publication.files.values_list("path", "content_id", "content__size")
    listed = {path: ListedFile(sha, size) for path, sha, size in rows}
    return Bundle(manifest=manifest(source, listed), files=lambda: published_files(publication))


def candidate_bundle(number: int) -> Bundle:
    """Return the files of proposal *number* as they would be published; raises ReviewError."""
    proposal = find_proposal(number)
    files = candidate(number, kind_of(proposal.channel).render)
    source = Source(
        kind=proposal.channel.kind,
        slug=proposal.channel.slug,
        proposal=number,
        generator=GENERATOR,
        snapshots=proposed_hashes(proposal),
    )
    listed = {path: ListedFile(*found) for path, found in describe(files).items()}
    return Bundle(manifest=manifest(source, listed), files=lambda: files)


def zipped(files: Mapping[str, str]) -> bytes:
    """Return a ZIP file of *files*, whose bytes depend on nothing else."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            member = zipfile.ZipInfo(path, date_time=EPOCH)
            member.create_system = UNIX
            member.external_attr = READABLE
            archive.writestr(member, files[path].encode("utf-8"))
    return buffer.getvalue()

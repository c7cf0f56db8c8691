"""Publications: what is current, and what was."""

import zlib

from django.db import models
from django.db.models import Q

from matrix.review.models.base import USER
from matrix.review.models.computed import Channel, Snapshot


class Publication(models.Model):
    """A set of snapshots and the files rendered from them: the only thing that is current."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="publications")
    number = models.PositiveIntegerField()
    base = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    proposal = models.ForeignKey(
        "Proposal", on_delete=models.PROTECT, null=True, related_name="publications"
    )
    published_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()
    comment = models.TextField(blank=True)
    summary = models.TextField(blank=True)
    generator = models.CharField(max_length=40, blank=True)  # What rendered the files.

    class Meta:
        permissions = [("publish", "Can publish a proposal")]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "number"], name="review_publication_number_unique"
            ),
            models.CheckConstraint(
                name="review_publication_follows_another_unless_it_is_the_first",
                condition=Q(number=1, base__isnull=True) | Q(number__gt=1, base__isnull=False),
                violation_error_message="Only publication 1 has none before it.",
            ),
        ]

    def __str__(self) -> str:
        return f"publication {self.number} of {self.channel}"


class PublishedPart(models.Model):
    """One snapshot of a publication."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="parts")
    part = models.CharField(max_length=80)
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "part"], name="review_publishedpart_part_once"
            )
        ]

    def __str__(self) -> str:
        return self.part


class FileContent(models.Model):
    """The text of generated files, stored once under the SHA-256 of its UTF-8 bytes."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.PositiveIntegerField()  # Of the text in UTF-8 bytes.
    packed = models.BinaryField()  # Those bytes, packed by zlib.

    def __str__(self) -> str:
        return self.sha256[:12]

    def text(self) -> str:
        return zlib.decompress(bytes(self.packed)).decode("utf-8")


class PublishedFile(models.Model):
    """A file rendered from the snapshots of a publication."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=200)  # Relative to the SDK's repository: tox.ini.
    # Without an index, which would take as much room as the rows: nothing asks the other way.
    content = models.ForeignKey(
        FileContent, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "path"], name="review_publishedfile_path_once"
            )
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def sha256(self) -> str:
        return self.content_id

    def read(self) -> str:
        """Return the text; takes a query unless the content was selected with the file."""
        return self.content.text()

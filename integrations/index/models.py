"""What the portal knows of package indexes. Only ``store.py`` writes these tables."""

from django.db import models
from django.db.models import Q


class Index(models.Model):
    """A simple index (PEP 503, PEP 691). Its address never holds credentials."""

    url = models.CharField(max_length=500, unique=True)

    class Meta:
        verbose_name_plural = "indexes"

    def __str__(self) -> str:
        return self.url


class Project(models.Model):
    """
    A project of an index and all files that its page ever named.

    ``files`` is the whole record, ``summary`` what a selection reads of it; both are packed by
    ``facts.py`` (a row for each of 13,000 releases took four times as long to write and read).
    Nothing is ever dropped from them: what disappears is marked as gone.
    """

    index = models.ForeignKey(Index, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(max_length=200)  # Normalised by PEP 503.
    etag = models.CharField(max_length=300, blank=True)
    last_modified = models.CharField(max_length=100, blank=True)
    body_sha256 = models.CharField(max_length=64, blank=True)
    first_seen_at = models.DateTimeField(null=True)  # When its page was first read.
    changed_at = models.DateTimeField(null=True)  # When its page last said something new.
    gone_at = models.DateTimeField(null=True)  # When the index first answered that it has none.
    # Two polls may meet: whoever finds another number than it read merges once more.
    revision = models.PositiveIntegerField(default=0, editable=False)
    # The last poll did not get all metadata that was wanted: ask even if the page is unchanged.
    is_incomplete = models.BooleanField(default=False)
    # Whether the page itself says when each file came: only then a resolver can be given a cut-off.
    has_upload_times = models.BooleanField(default=False)
    files = models.BinaryField(default=b"", editable=False)
    summary = models.BinaryField(default=b"", editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["index", "name"], name="index_project_name_unique")
        ]

    def __str__(self) -> str:
        return self.name


class ProjectStatus(models.Model):
    """A status of a project (PEP 792) and when the portal first saw it; the last one holds."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        ARCHIVED = "archived"
        QUARANTINED = "quarantined"
        DEPRECATED = "deprecated"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="statuses")
    status = models.CharField(max_length=20, choices=Status.choices)
    reason = models.TextField(blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "project statuses"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "seen_at"], name="index_projectstatus_seen_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.project}: {self.status}"


class Release(models.Model):
    """The metadata of a release that was asked for. It never changes for a file's hash."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="releases")
    version = models.CharField(max_length=200)  # Normalised by PEP 440.
    classifiers = models.JSONField(default=list)  # Of Programming Language :: Python alone.
    requires_python = models.TextField(blank=True)
    source = models.TextField()  # The file or document that was read.
    fetched_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "version"], name="index_release_version_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.version}"


class Poll(models.Model):
    """One visit to an index: which projects were asked for, and what came of each."""

    index = models.ForeignKey(Index, on_delete=models.CASCADE, related_name="polls")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)  # Why the whole poll ended early.

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="index_poll_finishes_after_it_starts",
                condition=Q(finished_at__isnull=True) | Q(finished_at__gte=models.F("started_at")),
            )
        ]

    def __str__(self) -> str:
        return f"poll #{self.pk}"


class PollOutcome(models.Model):
    """What came of one project in a poll. Progress is counted from these."""

    class State(models.TextChoices):
        WAITING = "waiting"
        OK = "ok"
        UNCHANGED = "unchanged"
        FAILED = "failed"

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="outcomes")
    project = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING.value)
    reason = models.TextField(blank=True)  # Why it failed.
    notes = models.TextField(blank=True)  # What was left out of a page that was read, by lines.

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["poll", "project"], name="index_polloutcome_project_once"
            ),
            models.CheckConstraint(
                name="index_polloutcome_failure_has_a_reason",
                condition=~Q(state="failed") | ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project}: {self.state}"

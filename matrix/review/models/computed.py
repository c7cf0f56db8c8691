"""Channels, snapshots and runs: what is computed."""

from django.db import models
from django.db.models import Q

from matrix.review.models.base import USER, known


class Channel(models.Model):
    """What gets proposals."""

    kind = models.CharField(max_length=20)  # "sdk"
    slug = models.SlugField()
    current = models.ForeignKey(
        "Publication", on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "slug"], name="review_channel_slug_unique")
        ]

    def __str__(self) -> str:
        return self.slug


class Snapshot(models.Model):
    """The immutable state of one part, named by the SHA-256 of its bytes."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    body = models.TextField()  # Canonical JSON with a "schema" number; never rewritten.

    def __str__(self) -> str:
        return self.sha256[:12]


class Run(models.Model):
    """One computation of a channel, as of a moment, over all parts or some."""

    class Kind(models.TextChoices):
        SCHEDULED = "scheduled"
        MANUAL = "manual"
        EMERGENCY = "emergency"  # A hold on a broken release cannot wait: its scope is just that.

    class Status(models.TextChoices):
        QUEUED = "queued"
        POLLING = "polling"
        SELECTING = "selecting"
        RESOLVING = "resolving"
        PROPOSING = "proposing"
        FINISHED = "finished"
        FAILED = "failed"

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    intended_at = models.DateTimeField()  # (channel, kind, intended_at) makes a run happen once.
    as_of = models.DateTimeField()
    only = models.JSONField(null=True)  # Names of parts; null: all.
    hold_back = models.JSONField(default=list)  # Names of parts that are left as they are.
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED.value)
    attempts = models.PositiveSmallIntegerField(default=0)  # Counted when a worker starts it.
    requested_by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    poll_id = models.BigIntegerField(null=True)  # Of the index: its rows show the progress.
    # What it waits for, in words of whoever carries it out: progress is counted from their rows.
    waits_for = models.JSONField(default=list)
    options = models.JSONField(default=dict)  # Of whoever carries it out; review reads none.
    # When the last attempt started, or last said that it is at work.
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)  # A sentence: what was proposed, or why nothing was.

    class Meta:
        permissions = [("start_run", "Can start a run")]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "kind", "intended_at"], name="review_run_happens_once"
            ),
            models.CheckConstraint(
                name="review_run_is_finished_with_a_time_and_an_outcome",
                condition=Q(status__in=["finished", "failed"], finished_at__isnull=False)
                & ~Q(outcome="")
                | ~Q(status__in=["finished", "failed"]) & Q(finished_at__isnull=True),
                violation_error_message="A run ends at a time and with a sentence.",
            ),
            models.CheckConstraint(
                name="review_run_is_started_by_an_attempt",
                condition=Q(attempts=0, started_at__isnull=True, status__in=["queued", "failed"])
                | Q(attempts__gt=0, started_at__isnull=False) & ~Q(status="queued"),
                violation_error_message="A run that goes on was started by an attempt, at a time.",
            ),
            known("kind", ["scheduled", "manual", "emergency"], name="review_run_kind_is_known"),
            known(
                "status",
                [
                    "queued",
                    "polling",
                    "selecting",
                    "resolving",
                    "proposing",
                    "finished",
                    "failed",
                ],
                name="review_run_status_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"run #{self.pk}"

    @property
    def is_scoped(self) -> bool:
        """Whether some parts are left as they are."""
        return self.only is not None or bool(self.hold_back)

    def covers(self, part: str) -> bool:
        """Say whether *part* is in the scope of the run."""
        return (self.only is None or part in self.only) and part not in self.hold_back


class Assessment(models.Model):
    """
    What the last run said of a part beyond its snapshot: reasons, rejections, a problem.

    Replaced by each run; kept apart so that a release which is not picked changes no snapshot.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="assessments")
    part = models.CharField(max_length=80)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="assessments")
    problem = models.TextField(blank=True)
    # {"reasons": {version: [{"kind", "text"}]}, "rejected": {version: main reason},
    #  "findings": [{"kind", "severity", "text", "blocking"}]}, and what verdicts.py notes.
    notes = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "part"], name="review_assessment_part_once")
        ]

    def __str__(self) -> str:
        return self.part


class VerdictChange(models.Model):
    """
    What the runs said of one release of a part, whenever that changed: the history of a verdict.

    A release without a row has had the same verdict since the first run of the part.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="verdict_changes")
    part = models.CharField(max_length=80)
    release = models.CharField(max_length=100)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="verdict_changes")
    before = models.CharField(max_length=40, blank=True)  # Kind of the main reason; "": not known.
    now = models.CharField(max_length=40)
    text = models.TextField(blank=True)  # The main reason as the run told it.
    changed_at = models.DateTimeField()  # The ``as_of`` of the run.

    class Meta:
        indexes = [models.Index(fields=["channel", "part", "release"], name="review_verdicts")]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "part", "release"], name="review_verdictchange_once_in_a_run"
            ),
            models.CheckConstraint(
                name="review_verdictchange_changes_something",
                condition=~models.Q(before=models.F("now")),
                violation_error_message="A change of a verdict needs two verdicts.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.release}: {self.before or 'unknown'} to {self.now}"

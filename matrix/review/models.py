"""
Channels, runs, snapshots, proposals, decisions, publications.

Review knows channels and parts. It never knows what a part is: an SDK's integration or an
application's lock. Only ``proposing``, ``deciding`` and ``publishing`` write these tables.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

USER = settings.AUTH_USER_MODEL


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

    class Status(models.TextChoices):
        QUEUED = "queued"
        POLLING = "polling"
        SELECTING = "selecting"
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
            ),
        ]

    def __str__(self) -> str:
        return f"run #{self.pk}"


class Assessment(models.Model):
    """
    What the last run said of a part beyond its snapshot: reasons, rejections, a problem.

    Replaced by each run; kept apart so that a release which is not picked changes no snapshot.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="assessments")
    part = models.CharField(max_length=80)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="assessments")
    problem = models.TextField(blank=True)
    notes = models.JSONField(default=dict)  # {"reasons": {version: [...]}, "rejected": {…}, …}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "part"], name="review_assessment_part_once")
        ]

    def __str__(self) -> str:
        return self.part


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

    class Meta:
        permissions = [("publish", "Can publish a proposal")]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "number"], name="review_publication_number_unique"
            )
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


class PublishedFile(models.Model):
    """A file rendered from the snapshots of a publication."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=200)  # Relative to the SDK's repository: tox.ini.
    sha256 = models.CharField(max_length=64)
    body = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "path"], name="review_publishedfile_path_once"
            )
        ]

    def __str__(self) -> str:
        return self.path


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def open(self) -> "ProposalQuerySet":
        return self.filter(status=Proposal.Status.OPEN)

    def latest_first(self) -> "ProposalQuerySet":
        return self.order_by("-number")


class Proposal(models.Model):
    """Items against one base publication. A channel has one open proposal at most."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        PUBLISHED = "published", "Published"
        REPLACED = "replaced", "Replaced"  # A later run made another one.
        CLOSED = "closed", "Closed"  # Rejected as a whole, or nothing was left to propose.

    number = models.PositiveIntegerField(unique=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="proposals")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="proposals")
    base = models.ForeignKey(Publication, on_delete=models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN.value)
    replaced_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="replaces"
    )
    summary = models.TextField()  # The summary line, as pages and commands print it.
    proposed_at = models.DateTimeField()
    rebuilt_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closing_reason = models.TextField(blank=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel"],
                condition=Q(status="open"),
                name="review_proposal_one_open_in_channel",
            ),
            models.CheckConstraint(
                name="review_proposal_is_replaced_by_another",
                condition=Q(status="replaced", replaced_by__isnull=False)
                | ~Q(status="replaced") & Q(replaced_by__isnull=True),
            ),
            models.CheckConstraint(
                name="review_proposal_is_closed_at_a_time",
                condition=Q(status="open", closed_at__isnull=True)
                | ~Q(status="open") & Q(closed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"proposal {self.number}"


class Item(models.Model):
    """One part of a proposal: from an old snapshot (null: new) to a new one (null: removed)."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="items")
    part = models.CharField(max_length=80)
    old = models.ForeignKey(Snapshot, on_delete=models.PROTECT, null=True, related_name="+")
    new = models.ForeignKey(Snapshot, on_delete=models.PROTECT, null=True, related_name="+")
    reasons = models.JSONField(default=dict)  # {version: [{"kind", "text"}]} of the rows touched.
    published_in = models.ForeignKey(
        Publication, on_delete=models.PROTECT, null=True, related_name="items"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "part"], name="review_item_part_once"),
            models.CheckConstraint(
                name="review_item_changes_something",
                condition=Q(old__isnull=True, new__isnull=False)
                | Q(old__isnull=False, new__isnull=True)
                | Q(old__isnull=False, new__isnull=False) & ~Q(old=F("new")),
            ),
        ]

    def __str__(self) -> str:
        return self.part


class Decision(models.Model):
    """What somebody decided about an item. It belongs to these two snapshots and no others."""

    class Verdict(models.TextChoices):
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"

    class ProposeAgain(models.TextChoices):
        NEXT_RUN = "next run", "Next run"
        WHEN_IT_CHANGES = "when it changes", "When it changes"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="decisions")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reason = models.TextField(blank=True)
    propose_again = models.CharField(max_length=20, choices=ProposeAgain.choices, blank=True)
    decided_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    kept_from = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("decide", "Can approve and reject what is proposed")]
        constraints = [
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(withdrawn_at__isnull=True),
                name="review_decision_one_stands",
            ),
            models.CheckConstraint(
                name="review_decision_declined_with_a_reason",
                condition=~Q(verdict="declined") | ~Q(reason="") & ~Q(propose_again=""),
                violation_error_message="Say why, and when it may be proposed again.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item}: {self.verdict}"


class Finding(models.Model):
    """Something that a reviewer should know; gates leave them, review never asks who found it."""

    class Severity(models.TextChoices):
        INFO = "info", "Note"
        WARNING = "warning", "Warning"
        ERROR = "error", "Problem"

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="findings")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, null=True, related_name="findings")
    part = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=40)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    text = models.TextField()
    is_blocking = models.BooleanField(default=False)
    waived_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    waived_at = models.DateTimeField(null=True)
    waiver = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="review_finding_waived_by_at_and_why_together",
                condition=Q(waived_by__isnull=True, waived_at__isnull=True, waiver="")
                | Q(waived_by__isnull=False, waived_at__isnull=False) & ~Q(waiver=""),
                violation_error_message="A waiver needs a person, a time and a reason.",
            )
        ]

    def __str__(self) -> str:
        return self.text

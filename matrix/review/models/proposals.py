"""Proposals, decisions and findings: what is reviewed."""

from django.db import models
from django.db.models import F, Q

from matrix.review.models.base import USER, known
from matrix.review.models.computed import Channel, Run, Snapshot
from matrix.review.models.published import Publication


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
    # The last run that made, rebuilt or confirmed it.
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
                violation_error_message="A replaced proposal names the one that replaced it.",
            ),
            models.CheckConstraint(
                name="review_proposal_is_closed_at_a_time",
                condition=Q(status="open", closed_at__isnull=True)
                | ~Q(status="open") & Q(closed_at__isnull=False),
                violation_error_message="A proposal is over at a time, and only then.",
            ),
            models.CheckConstraint(
                name="review_proposal_is_closed_for_a_reason",
                condition=~Q(status="closed") | ~Q(closing_reason=""),
                violation_error_message="Say why the proposal was closed.",
            ),
            models.CheckConstraint(
                name="review_proposal_numbers_start_at_1",
                condition=Q(number__gt=0),
                violation_error_message="Proposals are numbered from 1.",
            ),
            known(
                "status",
                ["open", "published", "replaced", "closed"],
                name="review_proposal_status_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"proposal {self.number}"


class ItemQuerySet(models.QuerySet["Item"]):
    def unpublished(self) -> "ItemQuerySet":
        """Return what the proposal still proposes, decided or not."""
        return self.filter(published_in=None)

    def undecided(self) -> "ItemQuerySet":
        return self.unpublished().exclude(pk__in=_standing().values("item"))

    def approved(self) -> "ItemQuerySet":
        """Return the approved ones, published or not."""
        return self.filter(pk__in=_standing(Decision.Verdict.APPROVED).values("item"))

    def declined(self) -> "ItemQuerySet":
        return self.filter(pk__in=_standing(Decision.Verdict.DECLINED).values("item"))


def _standing(*verdicts: "Decision.Verdict") -> models.QuerySet["Decision"]:
    rows = Decision.objects.filter(withdrawn_at=None)
    return rows.filter(verdict__in=verdicts) if verdicts else rows


class StandingItems(models.Manager["Item"]):
    """Without the dropped items, so that ``proposal.items`` is what a proposal proposes."""

    def get_queryset(self) -> ItemQuerySet:
        return ItemQuerySet(self.model, using=self._db).filter(dropped_at=None)


class Item(models.Model):
    """
    One part of a proposal: from an old snapshot (null: new) to a new one (null: removed).

    ``objects`` and ``proposal.items`` leave dropped ones out; ``with_dropped`` has all of them.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="items")
    part = models.CharField(max_length=80)
    old = models.ForeignKey(Snapshot, on_delete=models.PROTECT, null=True, related_name="+")
    new = models.ForeignKey(Snapshot, on_delete=models.PROTECT, null=True, related_name="+")
    reasons = models.JSONField(default=dict)  # {version: [{"kind", "text"}]} of the rows touched.
    # Because of what the part changed, the most telling first: [{"kind", "text"}].
    causes = models.JSONField(default=list)
    published_in = models.ForeignKey(
        Publication, on_delete=models.PROTECT, null=True, related_name="items"
    )
    # When a rebuild found another change of the part, or none: its decisions are history.
    dropped_at = models.DateTimeField(null=True)

    objects = StandingItems.from_queryset(ItemQuerySet)()
    with_dropped = models.Manager()  # noqa: DJ012  (the first manager is the default one)

    class Meta:
        default_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "part"],
                condition=Q(published_in__isnull=True, dropped_at__isnull=True),
                name="review_item_part_once",
            ),
            models.CheckConstraint(
                name="review_item_published_is_not_dropped",
                condition=Q(published_in__isnull=True) | Q(dropped_at__isnull=True),
                violation_error_message="What is published cannot be dropped.",
            ),
            models.CheckConstraint(
                name="review_item_changes_something",
                condition=Q(old__isnull=True, new__isnull=False)
                | Q(old__isnull=False, new__isnull=True)
                | Q(old__isnull=False, new__isnull=False) & ~Q(old=F("new")),
                violation_error_message="An item needs two different states.",
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
        WHEN_A_HOLD_ENDS = "when a hold ends", "Never until a hold ends"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="decisions")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reason = models.TextField(blank=True)
    propose_again = models.CharField(max_length=20, choices=ProposeAgain.choices, blank=True)
    # What it waits for, in words of whoever knows holds: "hold 12". Review compares it, no more.
    waits_for = models.CharField(max_length=40, blank=True)
    decided_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    # Carried over from the proposal that this one replaced: who and when stay the same.
    kept_from = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)  # By a person, or by the run that asks again.
    withdrawn_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

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
                condition=Q(verdict="approved", propose_again="")
                | Q(verdict="declined") & ~Q(reason="") & ~Q(propose_again=""),
                violation_error_message="Say why, and when it may be proposed again.",
            ),
            models.CheckConstraint(
                name="review_decision_is_withdrawn_at_a_time",
                condition=Q(withdrawn_by__isnull=True) | Q(withdrawn_at__isnull=False),
                violation_error_message="A withdrawal needs a time.",
            ),
            known("verdict", ["approved", "declined"], name="review_decision_verdict_is_known"),
            known(
                "propose_again",
                ["", "next run", "when it changes", "when a hold ends"],
                name="review_decision_propose_again_is_known",
            ),
            models.CheckConstraint(
                name="review_decision_waits_for_what_it_names",
                condition=Q(propose_again="when a hold ends") & ~Q(waits_for="")
                | ~Q(propose_again="when a hold ends") & Q(waits_for=""),
                violation_error_message="Name the hold that the decision waits for.",
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
    part = models.CharField(max_length=80, blank=True)  # Empty: the proposal as a whole.
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
            ),
            known(
                "severity", ["info", "warning", "error"], name="review_finding_severity_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Comment(models.Model):
    """What somebody said of a proposal, or of one part of it; never changed, never removed."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="comments")
    part = models.CharField(max_length=80, blank=True)  # Empty: the proposal as a whole.
    text = models.TextField()
    written_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        permissions = [("comment", "Can comment on proposals")]
        constraints = [
            models.CheckConstraint(
                name="review_comment_says_something",
                condition=~Q(text=""),
                violation_error_message="Write something.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.written_by} on {self.part or self.proposal}"

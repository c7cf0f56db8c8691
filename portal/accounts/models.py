"""Tokens: what a machine shows to read the files of an SDK or an application."""

from datetime import date

from django.db import models
from django.db.models import Q

from integrations.catalogue.validators import validate_line
from matrix.review.kinds import kind_of
from matrix.review.models import Channel
from matrix.review.models.base import USER

NAME_TAKEN = "There is a token of this name. Revoke it, or take another name."


class TokenQuerySet(models.QuerySet["Token"]):
    def not_revoked(self) -> "TokenQuerySet":
        return self.filter(revoked_at=None)


class Token(models.Model):
    """
    The right to check and to download the files of one channel, or of all.

    The secret itself is not kept: whoever reads the database learns no token.
    """

    name = models.CharField(
        max_length=60,
        validators=[validate_line],
        help_text="Where it is used: CI of example-sdk. It is shown in lists and refusals.",
    )
    channel = models.ForeignKey(
        Channel,
        on_delete=models.CASCADE,  # With its SDK goes what its tokens could read.
        null=True,
        blank=True,
        related_name="+",
        verbose_name="for",
        help_text="The SDK or application whose files it may read.",
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256 of the secret.
    ending = models.CharField(max_length=4, editable=False)  # Of the secret, to tell two apart.
    created_by = models.ForeignKey(USER, on_delete=models.PROTECT, editable=False, related_name="+")
    created_at = models.DateTimeField(editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)  # Written once an hour at most.
    expires_on = models.DateField(
        null=True, blank=True, help_text="The first day on which it no longer works. Empty: never."
    )
    revoked_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = TokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(revoked_at=None),
                name="accounts_token_name_unique_until_revoked",
                violation_error_message=NAME_TAKEN,
            ),
            models.CheckConstraint(
                name="accounts_token_revoked_by_and_at_together",
                condition=Q(revoked_by__isnull=True, revoked_at__isnull=True)
                | Q(revoked_by__isnull=False, revoked_at__isnull=False),
                violation_error_message="To revoke a token takes both a person and a time.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def whose(self) -> str:
        """Say what it may read: ``SDK kit``, ``application shop``, ``everything``."""
        if self.channel is None:
            return "everything"
        return f"{kind_of(self.channel).noun} {self.channel.slug}"

    def reads(self, kind: str, slug: str) -> bool:
        """Whether it is for the channel of this kind and slug."""
        return self.channel is None or (self.channel.kind, self.channel.slug) == (kind, slug)

    def has_expired(self, today: date) -> bool:
        return self.expires_on is not None and self.expires_on <= today

    def state(self, today: date) -> str:
        """``in use``, ``never used``, ``revoked`` or ``expired``."""
        if self.revoked_at is not None:
            return "revoked"
        if self.has_expired(today):
            return "expired"
        return "in use" if self.last_used_at else "never used"

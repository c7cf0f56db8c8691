"""What an SDK says for all of its integrations at once: shared constraints, cooldown bypasses."""

from datetime import UTC, date, datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from packaging.requirements import Requirement
from packaging.version import Version
from simple_history.models import HistoricalRecords

from integrations.catalogue import validators as check
from integrations.catalogue.choices import FreeThreading
from integrations.catalogue.models.base import Cleaned, SecondPerson
from integrations.catalogue.models.integration import Group
from integrations.catalogue.models.rules import check_version
from integrations.catalogue.models.sdk import Sdk


class SharedConstraint(Cleaned):
    """
    A bound on one project in the environments of all integrations, for a time.

    Unlike a dependency rule it installs nothing: it counts where the project is installed anyway.
    """

    sdk = models.ForeignKey(
        Sdk, on_delete=models.CASCADE, related_name="shared_constraints", verbose_name="SDK"
    )
    requirement = models.CharField(
        max_length=300,
        validators=[check.validate_constraint],
        help_text="One project and its bound: setuptools<82.",
    )
    group = models.ForeignKey(
        Group,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="shared_constraints",
        help_text="Empty: every integration of the SDK.",
    )
    pythons = models.CharField(
        max_length=200,
        blank=True,
        validators=[check.validate_specifier_set],
        help_text="A specifier: <3.9. Empty: every Python.",
    )
    free_threading = models.CharField(
        max_length=10, choices=FreeThreading.choices, default=FreeThreading.ANY.value
    )
    reason = models.CharField(max_length=300, help_text="Why; a reviewer reads it.")
    owner = models.CharField(max_length=100, blank=True, help_text="Who watches over it.")
    link = models.CharField(
        max_length=500,
        blank=True,
        validators=[check.validate_link],
        help_text="An issue, an advisory.",
    )
    starts_on = models.DateField(
        null=True, blank=True, help_text="Empty: since ever. A past run before it ignores it."
    )
    ends_on = models.DateField(
        null=True, blank=True, help_text="The first day without it. Empty: open."
    )

    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="catalogue_sharedconstraint_ends_after_it_starts",
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gt=models.F("starts_on")),
                violation_error_message="A shared constraint must end after it starts.",
            ),
            models.CheckConstraint(
                name="catalogue_sharedconstraint_free_threading_is_known",
                condition=Q(free_threading__in=FreeThreading.values),
                violation_error_message="Free threading must be one of any, only, never.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.requirement}: {self.reason}"

    def normalise(self) -> None:
        self.pythons = check.without_blanks(self.pythons)
        self.requirement = check.tidy_constraint(self.requirement)

    def clean(self) -> None:
        if self.sdk_id and self.group and self.group.sdk_id != self.sdk_id:
            raise ValidationError({"group": f'"{self.group}" is a group of another SDK.'})

    @property
    def project(self) -> str:
        """The normalised name of what is bound: ``setuptools``."""
        return check.canonical_project(Requirement(self.requirement).name)

    def has_ended(self, on: date) -> bool:
        return self.ends_on is not None and self.ends_on <= on

    def is_in_force(self, at: datetime) -> bool:
        """Whether it counts at a moment; days are days of UTC."""
        day = at.astimezone(UTC).date()
        return (self.starts_on is None or self.starts_on <= day) and not self.has_ended(day)


class CooldownBypass(Cleaned, SecondPerson):
    """
    One exact release that need not wait, as a pick or as a pin: a fix for a vulnerability.

    It ends by itself: once the release is as old as the cooldown asks for it does nothing more.
    """

    sdk = models.ForeignKey(
        Sdk, on_delete=models.CASCADE, related_name="cooldown_bypasses", verbose_name="SDK"
    )
    project = models.CharField(
        max_length=120,
        validators=[check.validate_project],
        help_text="As the index names it: h11.",
    )
    version = models.CharField(
        max_length=60, validators=[check.validate_version], help_text="Exactly: 0.16.0."
    )
    reason = models.CharField(max_length=300, help_text="Why it cannot wait; a reviewer reads it.")
    link = models.CharField(
        max_length=500,
        blank=True,
        validators=[check.validate_link],
        help_text="An issue, an advisory.",
    )

    approved_fields = ("sdk", "project", "version")
    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta(SecondPerson.Meta):
        verbose_name_plural = "cooldown bypasses"
        constraints = [
            *SecondPerson.Meta.constraints,
            models.UniqueConstraint(
                fields=["sdk", "project", "version"],
                name="catalogue_cooldownbypass_release_unique_in_sdk",
                violation_error_message="This release need not wait already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.version}"

    def normalise(self) -> None:
        if check.PROJECT.fullmatch(self.project):
            self.project = check.canonical_project(self.project)
        if check_version(self.version):
            self.version = str(Version(self.version))

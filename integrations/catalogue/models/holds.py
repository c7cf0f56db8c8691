"""Holds: releases that are kept out, why, and until when."""

from datetime import UTC, date, datetime
from typing import Any

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Case, Exists, Q, Value, When
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from simple_history.models import HistoricalRecords

from integrations.catalogue import validators as check
from integrations.catalogue.choices import LiftWhen, Standing
from integrations.catalogue.models.base import Cleaned, SecondPerson
from integrations.catalogue.models.integration import Integration
from integrations.catalogue.models.sdk import Sdk

# How the poller begins what it notes of a hold that keeps nothing out, or of which it cannot tell.
NO_EFFECT = "No effect: "
NOT_KNOWN = "Not known: "


class HoldQuerySet(models.QuerySet["Hold"]):
    def reaching(self, integration: Integration) -> "HoldQuerySet":
        """Holds on the integration itself, on its project in its SDK, and everywhere."""
        here = Q(integration=integration)
        project = Q(integration=None, project=integration.project)
        sdk = Q(sdk=None) | Q(sdk=integration.sdk_id)
        return self.filter(here | (project & sdk)).order_by("pk")

    def everywhere(self) -> "HoldQuerySet":
        return self.filter(sdk=None, integration=None)

    def ended(self, on: date) -> "HoldQuerySet":
        return self.filter(_ended(on))

    def not_ended(self, on: date) -> "HoldQuerySet":
        return self.exclude(_ended(on))

    def with_standing(self, on: date) -> models.QuerySet[Any]:
        """
        Add ``standing``, a value of Standing, ``rank`` (what needs somebody comes first), and
        ``asks_for_two``: whether an SDK wants holds everywhere confirmed.
        """
        asks = Exists(Sdk.objects.filter(second_person_holds=True))
        conditions: list[tuple[Standing, Any]] = [
            (Standing.ENDED, _ended(on)),
            (Standing.LATER, Q(starts_on__gt=on)),
            (Standing.OVERDUE, Q(remind_on__lte=on)),
            (Standing.NO_EFFECT, Q(effect__startswith=NO_EFFECT)),
            (Standing.WAITING, Q(asks, sdk=None, integration=None, approved_at=None)),
        ]
        places = {standing: place for place, standing in enumerate(Standing)}
        words = [When(found, then=Value(standing.value)) for standing, found in conditions]
        ranks = [When(found, then=Value(places[standing])) for standing, found in conditions]
        return self.annotate(
            asks_for_two=asks,
            standing=Case(*words, default=Value(Standing.IN_FORCE.value)),
            rank=Case(*ranks, default=Value(places[Standing.IN_FORCE])),
        )


def _ended(on: date) -> Q:
    return Q(lifted_at__isnull=False) | Q(ends_on__lte=on)


class Hold(Cleaned, SecondPerson):
    """Releases that are kept out: of one integration, of an SDK, or everywhere."""

    sdk = models.ForeignKey(
        Sdk,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="holds",
        verbose_name="SDK",
        help_text="Empty, with no integration: the hold is everywhere.",
    )
    integration = models.ForeignKey(
        Integration,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="holds",
        help_text="Empty: every integration of the SDK that tests the project.",
    )
    project = models.CharField(
        max_length=120,
        blank=True,
        validators=[check.validate_project],
        help_text="Empty only where an integration is named, which has one.",
    )
    releases = models.CharField(
        max_length=200,
        blank=True,
        validators=[check.validate_specifier_set],
        help_text="What is kept out: >=5.0. Empty: every release.",
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
        null=True, blank=True, help_text="Empty: since ever. A past run before it ignores the hold."
    )
    ends_on = models.DateField(
        null=True, blank=True, help_text="The first day without the hold. Empty: open."
    )
    remind_on = models.DateField(
        "look at it again on",
        null=True,
        blank=True,
        help_text="From that day on it counts as overdue until it has ended, or the day is moved.",
    )
    lift_when = models.CharField(
        "ends when",
        max_length=20,
        blank=True,
        choices=[("", "Nothing on the index ends it"), *LiftWhen.choices],
        help_text="Each poll of the index looks whether it has come true.",
    )
    lift_project = models.CharField(
        "release of",
        max_length=120,
        blank=True,
        validators=[check.validate_project],
        help_text="The project whose release ends the hold: pytest-httpx. "
        "Empty: the project that is held.",
    )
    lift_releases = models.CharField(
        "that matches",
        max_length=200,
        blank=True,
        validators=[check.validate_specifier_set],
        help_text="The release that ends the hold: >=5.0.1. Prereleases only where it names one.",
    )
    # Written by the poller: not what anybody says, so no part of the history.
    lifted_at = models.DateTimeField("lifted", null=True, blank=True, editable=False)
    lifted_because = models.CharField(max_length=300, blank=True, editable=False)
    checked_at = models.DateTimeField("last looked at", null=True, blank=True, editable=False)
    effect = models.TextField(
        "keeps out",
        blank=True,
        editable=False,
        validators=[MaxLengthValidator(check.LONGEST_TEXT)],
    )

    approved_fields = (
        "sdk",
        "integration",
        "project",
        "releases",
        "starts_on",
        "ends_on",
        "lift_when",
        "lift_project",
        "lift_releases",
    )
    objects = HoldQuerySet.as_manager()
    history = HistoricalRecords(
        history_change_reason_field=models.TextField(null=True),
        excluded_fields=["checked_at", "effect"],
    )

    class Meta(SecondPerson.Meta):
        permissions = [("hold_everywhere", "Can hold releases everywhere")]
        constraints = [
            *SecondPerson.Meta.constraints,
            models.CheckConstraint(
                name="catalogue_hold_names_one_scope",
                condition=Q(integration__isnull=False, sdk__isnull=True, project="")
                | (Q(integration__isnull=True) & ~Q(project="")),
                violation_error_message="Name an integration alone, or a project (with an SDK, or "
                "without one to hold it everywhere).",
            ),
            models.CheckConstraint(
                name="catalogue_hold_ends_after_it_starts",
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gt=models.F("starts_on")),
                violation_error_message="A hold must end after it starts.",
            ),
            models.CheckConstraint(
                name="catalogue_hold_lift_when_is_known",
                condition=Q(lift_when__in=["", *LiftWhen.values]),
                violation_error_message="It ends when another release exists, or when what is held "
                "is no longer the latest.",
            ),
            models.CheckConstraint(
                name="catalogue_hold_lift_release_belongs_to_its_condition",
                condition=(Q(lift_when="release exists") & ~Q(lift_releases=""))
                | (~Q(lift_when="release exists") & Q(lift_project="", lift_releases="")),
                violation_error_message="Say which release ends the hold, and only where another "
                "release does.",
            ),
            models.CheckConstraint(
                name="catalogue_hold_is_lifted_for_a_reason",
                condition=Q(lifted_at__isnull=True, lifted_because="")
                | (Q(lifted_at__isnull=False) & ~Q(lifted_because="")),
                violation_error_message="A hold is lifted at a time and for a reason.",
            ),
        ]

    def __str__(self) -> str:
        where = str(self.integration) if self.integration_id else self.project
        return f"{where} {self.releases or 'all releases'}: {self.reason}"

    def normalise(self) -> None:
        if check.PROJECT.fullmatch(self.project):
            self.project = check.canonical_project(self.project)
        self.releases = check.without_blanks(self.releases)
        self.lift_releases = check.without_blanks(self.lift_releases)
        if check.PROJECT.fullmatch(self.lift_project):
            self.lift_project = check.canonical_project(self.lift_project)
        if self.integration_id:
            self.sdk, self.project = None, ""

    @property
    def held_project(self) -> str:
        """The project whose releases are held; select its integration with the hold."""
        return self.integration.project if self.integration else self.project

    @property
    def is_everywhere(self) -> bool:
        return self.sdk_id is None and self.integration_id is None

    def has_ended(self, on: date) -> bool:
        """Whether its end has come, or the poller saw what it waited for; days are days of UTC."""
        is_lifted = self.lifted_at is not None and self.lifted_at.astimezone(UTC).date() <= on
        return is_lifted or (self.ends_on is not None and self.ends_on <= on)

    def is_in_force(self, at: datetime) -> bool:
        """Whether it keeps releases out at a moment, as far as days and conditions go."""
        day = at.astimezone(UTC).date()
        has_begun = self.starts_on is None or self.starts_on <= day
        is_over = self.ends_on is not None and self.ends_on <= day
        is_lifted = self.lifted_at is not None and self.lifted_at <= at
        return has_begun and not is_over and not is_lifted

    @property
    def condition(self) -> str:
        """What on the index ends it, in words: "pytest-httpx >=0.36 exists"; "" for nothing."""
        if self.lift_when == LiftWhen.RELEASE_EXISTS:
            return f"{self.lift_project or self.held_project} {self.lift_releases} exists"
        return "it is no longer the latest release" if self.lift_when else ""

    def reopen(self) -> None:
        """Forget that it was lifted and what was found out: it says something else now."""
        self.lifted_at, self.lifted_because = None, ""
        self.checked_at, self.effect = None, ""

    def matches(self, version: str) -> bool:
        return SpecifierSet(self.releases).contains(Version(version), prereleases=True)

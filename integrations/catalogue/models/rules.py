from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from packaging.version import Version
from simple_history.models import HistoricalRecords

from integrations.catalogue import validators as check
from integrations.catalogue.choices import FreeThreading
from integrations.catalogue.models.base import Cleaned, SecondPerson
from integrations.catalogue.models.holds import Hold
from integrations.catalogue.models.integration import Integration

RELEASES_HELP = "A specifier: <0.17. Empty: every release. Prereleases count."
PYTHONS_HELP = "A specifier: <3.8. Empty: every Python."


class DependencyRule(Cleaned):
    """Requirements that apply for some releases and some Pythons. All rules that match add up."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="rules")
    order = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(9999)], help_text="Low numbers come first."
    )
    releases = models.CharField(
        max_length=200,
        blank=True,
        validators=[check.validate_specifier_set],
        help_text=RELEASES_HELP,
    )
    pythons = models.CharField(
        max_length=200,
        blank=True,
        validators=[check.validate_specifier_set],
        help_text=PYTHONS_HELP,
    )
    free_threading = models.CharField(
        max_length=10, choices=FreeThreading.choices, default=FreeThreading.ANY.value
    )
    requirements = models.TextField(
        validators=[MaxLengthValidator(check.LONGEST_TEXT), check.validate_requirements],
        help_text="One on each line: pytest-httpx==0.10.0.",
    )
    reason = models.CharField(max_length=300, blank=True, help_text="Why the rule is needed.")

    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="catalogue_dependencyrule_free_threading_is_known",
                condition=Q(free_threading__in=FreeThreading.values),
                violation_error_message="Free threading must be one of any, only, never.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.releases or 'every release'}: {', '.join(self.requirement_list)}"

    def normalise(self) -> None:
        self.releases = check.without_blanks(self.releases)
        self.pythons = check.without_blanks(self.pythons)
        self.requirements = check.tidy_lines(self.requirements)

    def clean(self) -> None:
        if self.requirements and not self.requirement_list:
            raise ValidationError({"requirements": "Name at least one requirement."})

    @property
    def requirement_list(self) -> list[str]:
        """The requirements as written, without blank lines and comments."""
        return [text for _, text in check.numbered_requirements(self.requirements)]


class PythonRestriction(Cleaned):
    """Pythons that a release is tested on at most. The first restriction that matches decides."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="restrictions"
    )
    order = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(9999)], help_text="Low numbers come first."
    )
    releases = models.CharField(
        max_length=200,
        blank=True,
        validators=[check.validate_specifier_set],
        help_text=RELEASES_HELP,
    )
    pythons = models.CharField(
        max_length=200,
        validators=[check.validate_specifier_set],
        help_text="A specifier: >=3.8,<3.13. It can only narrow what the release declares.",
    )
    reason = models.CharField(max_length=300, blank=True, help_text="Why.")

    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    def __str__(self) -> str:
        return f"{self.releases or 'every release'}: Python {self.pythons}"

    def normalise(self) -> None:
        self.releases = check.without_blanks(self.releases)
        self.pythons = check.without_blanks(self.pythons)


class PinnedPick(Cleaned, SecondPerson):
    """A release that is always tested."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="pinned_picks"
    )
    version = models.CharField(
        max_length=60, validators=[check.validate_version], help_text="Exactly: 3.5.9."
    )
    skips_cooldown = models.BooleanField(
        default=False, help_text="Do not wait until it is old enough."
    )
    reason = models.CharField(max_length=300, help_text="Why it is always tested.")

    approved_fields = ("integration", "version", "skips_cooldown")
    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta(SecondPerson.Meta):
        constraints = [
            *SecondPerson.Meta.constraints,
            models.UniqueConstraint(
                fields=["integration", "version"],
                name="catalogue_pinnedpick_version_unique_in_integration",
                violation_error_message="This release is pinned already.",
            ),
        ]

    def __str__(self) -> str:
        return self.version

    def normalise(self) -> None:
        if check_version(self.version):
            self.version = str(Version(self.version))

    def clean(self) -> None:
        if not self.integration_id or not check_version(self.version):
            return
        # A form is filled in today: the one question of the catalogue that depends on the day.
        today = timezone.now().date()
        for hold in Hold.objects.reaching(self.integration):
            if not hold.has_ended(today) and hold.matches(self.version):
                raise ValidationError(
                    {"version": f"{self.version} is held back ({hold}). End the hold first."}
                )


def check_version(text: str) -> bool:
    try:
        check.validate_version(text)
    except ValidationError:
        return False
    return True

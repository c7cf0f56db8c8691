from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from simple_history.models import HistoricalRecords

from integrations.catalogue import validators as check
from integrations.catalogue.choices import Prereleases
from integrations.catalogue.models.base import Cleaned
from integrations.catalogue.models.ci import check_services
from integrations.catalogue.models.sdk import Sdk


class Group(Cleaned):
    """Integrations that stand together in the tox.ini and run in one CI workflow."""

    sdk = models.ForeignKey(
        Sdk, on_delete=models.CASCADE, related_name="groups", verbose_name="SDK"
    )
    name = models.CharField(max_length=60, help_text="A heading of the tox.ini: Network.")
    order = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(9999)], help_text="Low numbers come first."
    )
    services = models.CharField(
        max_length=200,
        blank=True,
        validators=[check.validate_services],
        help_text="What all of its tests need beside Python: postgres, redis.",
    )

    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "sdk",
                Lower("name"),
                name="catalogue_group_name_unique_in_sdk",
                violation_error_message="This SDK has a group of that name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def normalise(self) -> None:
        self.name = " ".join(self.name.split())
        self.services = ", ".join(sorted(set(check.words(self.services))))

    def clean(self) -> None:
        if not self.name.isprintable() or self.name[:1] in set("#[{"):
            raise ValidationError(
                {"name": f'"{self.name}" cannot be a heading: start with a letter or digit.'}
            )
        check_services(self.sdk_id, self.service_list)

    @property
    def service_list(self) -> list[str]:
        return check.words(self.services)


class Integration(Cleaned):
    """One test suite of an SDK against one project of the index."""

    sdk = models.ForeignKey(
        Sdk, on_delete=models.CASCADE, related_name="integrations", verbose_name="SDK"
    )
    group = models.ForeignKey(Group, on_delete=models.RESTRICT, related_name="integrations")
    name = models.CharField(
        max_length=80,
        validators=[check.validate_factor],
        help_text="A tox factor: httpx, langchain-base. It names the environments.",
    )
    project = models.CharField(
        max_length=120,
        validators=[check.validate_project],
        help_text="As the index names it: strawberry-graphql.",
    )
    extras = models.CharField(
        max_length=200,
        blank=True,
        validators=[check.validate_extras],
        help_text="Installed with the project: fastapi, flask.",
    )
    test_path = models.CharField(
        max_length=200,
        validators=[check.validate_test_path],
        help_text="What pytest is given: tests/integrations/httpx.",
    )
    services = models.CharField(
        max_length=200,
        blank=True,
        validators=[check.validate_services],
        help_text="What its tests need beside Python and the services of the group: postgres.",
    )
    minimum = models.CharField(
        "minimum version",
        max_length=60,
        blank=True,
        validators=[check.validate_version],
        help_text="The lowest release that the SDK supports: 0.16.0. Empty: any.",
    )
    tests_exact_minimum = models.BooleanField(
        "test the exact minimum",
        default=False,
        help_text="Add the minimum itself, not only the newest patch of its minor version.",
    )
    include = models.CharField(
        max_length=200,
        blank=True,
        validators=[check.validate_specifier_set],
        help_text="Releases to consider: !=2.0.0a1,<3. Empty: all. Mind that <6.1b1 keeps 6.1a1.",
    )
    number_of_versions = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(2), MaxValueValidator(999)],
        help_text="Picks besides a prerelease, at least 2. Empty: each major, else 4.",
    )
    prereleases = models.CharField(
        max_length=10,
        blank=True,
        choices=[("", "As the SDK says"), *Prereleases.choices],
        help_text="Which prereleases may be picked, at most one at a time.",
    )
    advisory_prereleases = models.BooleanField(
        default=False, help_text="The CI job of a prerelease may fail."
    )
    cooldown_days = models.PositiveSmallIntegerField(
        "cooldown",
        null=True,
        blank=True,
        validators=[MaxValueValidator(365)],
        help_text="Days that a release must have been on the index before it is picked. "
        "Empty: as the SDK says.",
    )
    pins_cooldown_days = models.PositiveSmallIntegerField(
        "cooldown of pins",
        null=True,
        blank=True,
        validators=[MaxValueValidator(365)],
        help_text="The same for what its environments pin. Empty: as the SDK says.",
    )
    is_paused = models.BooleanField(
        "paused", default=False, help_text="Kept in the catalogue, but not run."
    )
    owner = models.CharField(
        max_length=100, blank=True, help_text="Who is asked first: a person or a team."
    )
    notes = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(check.LONGEST_TEXT)],
        help_text="What the next maintainer should know.",
    )

    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sdk", "name"],
                name="catalogue_integration_name_unique_in_sdk",
                violation_error_message="This SDK has an integration of that name already.",
            ),
            models.CheckConstraint(
                name="catalogue_integration_two_versions_at_least",
                condition=Q(number_of_versions__isnull=True) | Q(number_of_versions__gte=2),
                violation_error_message="The number of versions must be 2 or more.",
            ),
            models.CheckConstraint(
                name="catalogue_integration_exact_minimum_needs_minimum",
                condition=Q(tests_exact_minimum=False) | ~Q(minimum=""),
                violation_error_message="To test the exact minimum, name a minimum version.",
            ),
            models.CheckConstraint(
                name="catalogue_integration_cooldowns_are_a_year_at_most",
                condition=(Q(cooldown_days__isnull=True) | Q(cooldown_days__lte=365))
                & (Q(pins_cooldown_days__isnull=True) | Q(pins_cooldown_days__lte=365)),
                violation_error_message="A cooldown must be 365 days at most.",
            ),
            models.CheckConstraint(
                name="catalogue_integration_prereleases_is_known",
                condition=Q(prereleases__in=["", *Prereleases.values]),
                violation_error_message="Prereleases must be empty or one of never, rc, any.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def normalise(self) -> None:
        if check.PROJECT.fullmatch(self.project):
            self.project = check.canonical_project(self.project)
        self.extras = ", ".join(sorted(set(check.words(self.extras))))
        self.test_path = self.test_path.rstrip("/")
        self.services = ", ".join(sorted(set(check.words(self.services))))
        self.include = check.without_blanks(self.include)
        self.notes = check.one_newline(self.notes).strip()

    def clean(self) -> None:
        if self.sdk_id and self.group_id and self.group.sdk_id != self.sdk_id:
            raise ValidationError({"group": f'"{self.group}" is a group of another SDK.'})
        check_services(self.sdk_id, self.service_list)
        self._refuse_shared_factors()

    def _refuse_shared_factors(self) -> None:
        """Refuse ``openai`` beside ``openai-base``: tox joins factors with AND."""
        if not self.sdk_id:
            return
        mine = set(self.name.split("-"))
        names = Integration.objects.filter(sdk_id=self.sdk_id).exclude(pk=self.pk)
        for other in sorted(names.values_list("name", flat=True)):
            theirs = set(other.split("-"))
            if other != self.name and (mine <= theirs or theirs <= mine):
                shorter, longer = sorted([self.name, other], key=lambda name: len(name.split("-")))
                raise ValidationError(
                    {
                        "name": f'tox would apply the lines of "{shorter}" to "{longer}" too, '
                        f"whose factors include it. Rename one: {shorter}-base."
                    }
                )

    @property
    def extra_list(self) -> list[str]:
        return check.words(self.extras)

    @property
    def service_list(self) -> list[str]:
        return check.words(self.services)

    @property
    def requirement_name(self) -> str:
        """``strawberry-graphql[fastapi,flask]``."""
        return f"{self.project}[{','.join(self.extra_list)}]" if self.extras else self.project

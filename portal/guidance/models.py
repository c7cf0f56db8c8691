"""Applications of the maintainers, and the sets of requirements that are locked for them."""

from datetime import time

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from integrations.catalogue import validators as check
from integrations.catalogue.choices import Weekday
from integrations.catalogue.models.base import Cleaned
from matrix.rules.locks.parts import MAIN
from portal.guidance import validators as own


class Tool(models.TextChoices):
    PIP = "pip", "pip"
    PIP_TOOLS = "pip-tools", "pip-tools"
    PIPENV = "pipenv", "Pipenv"
    POETRY = "poetry", "Poetry"
    UV = "uv", "uv"


class Platform(models.TextChoices):
    UPSUN_FIXED = "upsun-fixed", "Upsun Fixed"
    UPSUN_FLEX = "upsun-flex", "Upsun Flex"
    DOCKER = "docker", "Docker, in stages"
    SERVER = "server", "A plain build server"


def early() -> time:
    """Return the time of the weekly update: a function, because Django warns of fixed times."""
    return time(4, 7)


class Application(Cleaned):
    """Something that is deployed, with everything that its guidance depends on."""

    slug = models.SlugField(
        unique=True,
        validators=[own.validate_slug],
        help_text="Stands in addresses and commands: shop. Keep it.",
    )
    name = models.CharField(max_length=100, help_text="As people say it: Shop.")
    python = models.CharField(
        "Python",
        max_length=5,
        default="3.13",
        validators=[check.validate_python],
        help_text="The minor version that it runs on: 3.13. Locks hold for it and for newer ones.",
    )
    tool = models.CharField(
        max_length=20,
        choices=Tool.choices,
        default=Tool.UV.value,
        help_text="What installs it. The portal makes its locks with uv, whatever installs them.",
    )
    platform = models.CharField(
        max_length=20, choices=Platform.choices, default=Platform.UPSUN_FIXED.value
    )
    start_command = models.CharField(
        max_length=300,
        validators=[own.validate_command],
        default="gunicorn --workers 4 portal.wsgi:application",
        help_text="A program of the environment and its arguments: gunicorn shop.wsgi:application.",
    )
    is_django = models.BooleanField(
        "a Django site",
        default=True,
        help_text="Its static files are collected in the build and its database is migrated when "
        "it is deployed. Without a tick the files run no manage.py.",
    )
    test_command = models.CharField(
        max_length=300,
        blank=True,
        validators=[own.validate_command],
        help_text="What tox runs: python -m pytest tests. Empty: python manage.py test for a "
        "Django site, else python -m pytest.",
    )
    environment_path = models.CharField(
        max_length=200,
        default=".venv",
        validators=[own.validate_environment_path],
        help_text="Where the environment is made, empty on each build: .venv, /app.",
    )
    base_image = models.CharField(
        max_length=300,
        blank=True,
        validators=[own.validate_image],
        help_text="What containers are built from, pinned by its digest: "
        "python:3.13-slim@sha256:… Empty: the tag, and a comment that says to pin it.",
    )
    locks_tool = models.BooleanField(
        "lock the tool too",
        default=True,
        help_text="The program that installs is locked with hashes as well, with all that it "
        "needs, and its updates are reviewed like all others.",
    )
    installs_pylock = models.BooleanField(
        "install pylock.toml",
        default=False,
        help_text="pip installs from pylock.toml (PEP 751), not from requirements/main.txt. "
        "pip calls this experimental; the other tools do not do it.",
    )
    index_url = models.CharField(
        "index",
        max_length=500,
        blank=True,
        validators=[check.validate_index_url],
        help_text="A simple index: https://packages.example.org/simple/. Empty: the portal's own.",
    )
    cooldown_days = models.PositiveSmallIntegerField(
        "cooldown",
        default=0,
        validators=[MaxValueValidator(365)],
        help_text="Days that a release must have been on the index before a lock takes it. "
        "Works where the index says when files came.",
    )
    propose_on = models.PositiveSmallIntegerField(
        "update every",
        choices=Weekday.choices,
        default=Weekday.MONDAY.value,
        null=True,
        blank=True,
        help_text="Empty: only when somebody asks.",
    )
    propose_at = models.TimeField("at", default=early, help_text="In UTC.")
    second_person_publishes = models.BooleanField(
        "a second person publishes",
        default=False,
        help_text="Who approved a proposal cannot publish it too.",
    )
    public_publications = models.BooleanField(
        default=False, help_text="Published locks can be downloaded without a login."
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
            models.CheckConstraint(
                name="guidance_application_tool_is_known",
                condition=Q(tool__in=Tool.values),
                violation_error_message="Choose one of pip, pip-tools, Pipenv, Poetry, uv.",
            ),
            models.CheckConstraint(
                name="guidance_application_platform_is_known",
                condition=Q(platform__in=Platform.values),
                violation_error_message="Choose one of the platforms.",
            ),
            models.CheckConstraint(
                name="guidance_application_propose_on_is_a_weekday",
                condition=Q(propose_on__isnull=True) | Q(propose_on__range=(1, 7)),
                violation_error_message="The day of the update must be Monday to Sunday.",
            ),
            models.CheckConstraint(
                name="guidance_application_cooldown_is_a_year_at_most",
                condition=Q(cooldown_days__lte=365),
                violation_error_message="The cooldown must be 365 days at most.",
            ),
            models.CheckConstraint(
                name="guidance_application_pip_installs_pylock",
                condition=Q(installs_pylock=False) | Q(tool=Tool.PIP.value),
                violation_error_message="Only pip installs pylock.toml. Choose pip, or take the "
                "tick away.",
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    def normalise(self) -> None:
        self.start_command = " ".join(self.start_command.split())
        self.test_command = " ".join(self.test_command.split())
        self.base_image = self.base_image.strip()
        self.environment_path = self.environment_path.rstrip("/")
        self.notes = check.one_newline(self.notes).strip()
        if self.index_url.startswith("http") and not self.index_url.endswith("/"):
            self.index_url += "/"


class DependencySet(Cleaned):
    """What an application declares for one purpose: requirements, not versions."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="sets")
    name = models.CharField(
        max_length=40,
        default=MAIN,
        validators=[own.validate_set_name],
        help_text="main is what runs in production; the others agree with it: dev, docs.",
    )
    requirements = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(check.LONGEST_TEXT), check.validate_requirements],
        help_text="One on each line, with lower bounds where they are needed: django>=5.2,<6.",
    )

    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "name"],
                name="guidance_dependencyset_name_unique_in_application",
                violation_error_message="This application has a set of that name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def normalise(self) -> None:
        self.requirements = check.tidy_lines(self.requirements)

    def clean(self) -> None:
        if self.name == MAIN and not self.requirement_list:
            raise ValidationError({"requirements": "Declare at least one requirement in main."})
        if problems := own.addresses_in(self.requirements):
            raise ValidationError({"requirements": problems})

    @property
    def requirement_list(self) -> list[str]:
        """The requirements as written, without blank lines and comments."""
        return [text for _, text in check.numbered_requirements(self.requirements)]

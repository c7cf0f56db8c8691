from datetime import time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from integrations.catalogue import validators as check
from integrations.catalogue.choices import PinsStyle, Prereleases, Weekday
from integrations.catalogue.models.base import Cleaned
from integrations.catalogue.models.ci import CiSettings

PLATFORM = (
    r"(x86_64|aarch64)-(unknown-linux-gnu|unknown-linux-musl|manylinux_2_[0-9]+|apple-darwin)"
    r"|x86_64-pc-windows-msvc|linux|macos|windows"
)


def early() -> time:
    """Return the time of the weekly proposal: a function, because Django warns of fixed times."""
    return time(3, 23)


class Sdk(Cleaned, CiSettings):
    """The library whose maintainers use the portal."""

    slug = models.SlugField(
        unique=True, help_text="Stands in addresses and commands: example-sdk. Keep it."
    )
    name = models.CharField(max_length=100, help_text="As people say it: Example SDK.")
    pythons = models.CharField(
        "supported Pythons",
        max_length=200,
        validators=[check.validate_pythons],
        help_text="Each minor version by name: 3.9 3.10 3.11 3.12 3.13 3.14.",
    )
    free_threading_from = models.CharField(
        "free threading from",
        max_length=5,
        blank=True,
        validators=[check.validate_python],
        help_text="The first Python that is tested free-threaded too: 3.14. Empty: none.",
    )
    cooldown_days = models.PositiveSmallIntegerField(
        "cooldown",
        default=0,
        validators=[MaxValueValidator(365)],
        help_text="Days that a release must have been on the index before it is picked.",
    )
    pins_cooldown_days = models.PositiveSmallIntegerField(
        "cooldown of pins",
        default=0,
        validators=[MaxValueValidator(365)],
        help_text="Days that a release must have been on the index before an environment pins it. "
        "Works where the index says when files came.",
    )
    index_url = models.CharField(
        "index",
        max_length=500,
        blank=True,
        validators=[check.validate_index_url],
        help_text="A simple index: https://packages.example.org/simple/. Empty: the portal's own.",
    )
    platform = models.CharField(
        max_length=60,
        default="x86_64-manylinux_2_28",
        validators=[
            RegexValidator(
                rf"^({PLATFORM})\Z",
                "Write it as uv does: x86_64-manylinux_2_28, aarch64-apple-darwin, windows.",
            )
        ],
        help_text="What CI runs on, as uv names it.",
    )
    pins_style = models.CharField(
        max_length=20,
        choices=PinsStyle.choices,
        default=PinsStyle.NONE.value,
        help_text="How the pins of resolved environments are written.",
    )
    prereleases = models.CharField(
        max_length=10,
        choices=Prereleases.choices,
        default=Prereleases.ANY.value,
        help_text="Which prereleases may be picked, where an integration does not say otherwise.",
    )
    propose_on = models.PositiveSmallIntegerField(
        "proposal every",
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
    second_person_cooldown = models.BooleanField(
        "a second person confirms cooldown bypasses",
        default=False,
        help_text="A cooldown bypass, or a pinned pick that skips the cooldown, waits for somebody "
        "else's approval.",
    )
    second_person_holds = models.BooleanField(
        "a second person confirms holds everywhere",
        default=False,
        help_text="A hold everywhere reaches this SDK once somebody else has approved it.",
    )
    public_publications = models.BooleanField(
        default=False, help_text="Published files can be downloaded without a login."
    )
    frame = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(check.LONGEST_FRAME)],
        help_text="The hand-written part of tox.ini, with the markers of the generated regions. "
        "Empty: a frame that works for a new SDK. The repository owns it: "
        "“render --into” stores the last one that it was given.",
    )

    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        verbose_name = "SDK"
        verbose_name_plural = "SDKs"
        constraints = [
            *CiSettings.Meta.constraints,
            models.CheckConstraint(
                name="catalogue_sdk_propose_on_is_a_weekday",
                condition=Q(propose_on__isnull=True) | Q(propose_on__range=(1, 7)),
                violation_error_message="The day of the proposal must be Monday to Sunday.",
            ),
            models.CheckConstraint(
                name="catalogue_sdk_prereleases_is_known",
                condition=Q(prereleases__in=Prereleases.values),
                violation_error_message="Prereleases must be one of never, rc, any.",
            ),
            models.CheckConstraint(
                name="catalogue_sdk_cooldown_is_a_year_at_most",
                condition=Q(cooldown_days__lte=365),
                violation_error_message="The cooldown must be 365 days at most.",
            ),
            models.CheckConstraint(
                name="catalogue_sdk_pins_cooldown_is_a_year_at_most",
                condition=Q(pins_cooldown_days__lte=365),
                violation_error_message="The cooldown of pins must be 365 days at most.",
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    def normalise(self) -> None:
        if all(check.PYTHON.fullmatch(word) for word in check.words(self.pythons)):
            self.pythons = check.sorted_pythons(self.pythons)
        self.frame = check.one_newline(self.frame)
        self.normalise_ci()
        if self.index_url.startswith("http") and not self.index_url.endswith("/"):
            self.index_url += "/"

    def clean(self) -> None:
        first = self.free_threading_from
        if first and first not in self.python_list:
            raise ValidationError(
                {"free_threading_from": f"{first} is not one of the supported Pythons."}
            )

    @property
    def python_list(self) -> list[str]:
        """``["3.9", "3.10"]``, ascending."""
        return self.pythons.split()

    def __repr__(self) -> str:
        return f"<Sdk {self.slug}>"


def change_reason(instance: Any, reason: str) -> None:
    """Say why *instance* is about to change; its history keeps the words."""
    instance._change_reason = reason  # noqa: SLF001  (the documented name of django-simple-history)


def changed_by(instance: Any, user: Any) -> None:
    """Say who is about to change *instance*, where no request says it."""
    instance._history_user = user  # noqa: SLF001  (the documented name of django-simple-history)


def sdk_named(slug: str) -> Sdk | None:
    """Return the SDK of this slug; a text that no database takes is that of none."""
    return None if "\0" in slug else Sdk.objects.filter(slug=slug).first()

from collections.abc import Collection

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from integrations.catalogue import validators as check


class Cleaned(models.Model):
    """
    A model that writes its values in one form before it checks them: ``full_clean()`` is the only
    way into the catalogue, for forms, importers and commands alike.
    """

    class Meta:
        abstract = True

    def normalise(self) -> None:
        """Bring the values into their one written form; bad values are left for the validators."""

    def tidy(self) -> None:
        """Write the values as they are kept; importers compare what is tidy."""
        self._strip_lines()
        self.normalise()

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        self.tidy()
        problems = self._unprintable(set(exclude or ()))
        try:
            super().clean_fields(exclude={*(exclude or ()), *problems})
        except ValidationError as error:
            problems = error.update_error_dict(problems)
        if problems:
            raise ValidationError(problems)

    def _strip_lines(self) -> None:
        """Take blanks off both ends of one-line texts, as forms do: importers bring them too."""
        for field in self._meta.concrete_fields:
            value = getattr(self, field.attname)
            if isinstance(field, models.CharField) and isinstance(value, str):
                setattr(self, field.attname, value.strip())

    def _unprintable(self, exclude: set[str]) -> dict[str, list[ValidationError]]:
        problems = {}
        for field in self._meta.concrete_fields:
            value = getattr(self, field.attname)
            if field.name in exclude or not isinstance(value, str):
                continue
            is_line = isinstance(field, models.CharField)
            try:
                (check.validate_line if is_line else check.validate_text)(value)
            except ValidationError as error:
                problems[field.name] = error.error_list
        return problems


class SecondPerson(models.Model):
    """Something that one person asks for and, where the SDK wants it, another one confirms."""

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    approved_at = models.DateTimeField("approved at", null=True, blank=True, editable=False)

    # A change of these asks for a new approval: the old one was for something else.
    approved_fields: tuple[str, ...] = ()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_approved_by_and_at_together",
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                violation_error_message="An approval needs both a person and a time.",
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_approved_by_somebody_else",
                condition=Q(approved_by__isnull=True)
                | Q(requested_by__isnull=True)
                | ~Q(approved_by=models.F("requested_by")),
                violation_error_message="Somebody else than the person who asked must approve.",
            ),
        ]

    @property
    def is_confirmed(self) -> bool:
        """Whether a second person approved."""
        return self.approved_at is not None

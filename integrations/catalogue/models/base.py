from django.conf import settings
from django.db import models
from django.db.models import Q


class Cleaned(models.Model):
    """
    A model that writes its values in one form before it checks them: ``full_clean()`` is the only
    way into the catalogue, for forms, importers and commands alike.
    """

    class Meta:
        abstract = True

    def normalise(self) -> None:
        """Bring the values into their one written form; bad values are left for the validators."""

    def clean_fields(self, exclude: object = None) -> None:
        self.normalise()
        super().clean_fields(exclude=exclude)  # type: ignore[arg-type]


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

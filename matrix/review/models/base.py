"""What the models share."""

from collections.abc import Collection

from django.conf import settings
from django.db import models
from django.db.models import Q

USER = settings.AUTH_USER_MODEL


def known(field: str, values: Collection[str], *, name: str) -> models.CheckConstraint:
    """Make the table refuse a *field* that holds none of *values*."""
    return models.CheckConstraint(
        name=name,
        condition=Q(**{f"{field}__in": sorted(values)}),
        violation_error_message=f"Write one of {', '.join(filter(None, values))}.",
    )

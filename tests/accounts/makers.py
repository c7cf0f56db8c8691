"""Tokens as the portal makes them."""

from datetime import UTC, date, datetime

from django.contrib.auth.models import User

from matrix.review.models import Channel
from portal.accounts.tokens import Made, make
from tests.pages.makers import a_person

AT = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)


def ana() -> User:
    return User.objects.filter(username="ana").first() or a_person("ana", "maintainers")


def a_token(
    slug: str | None = "kit",
    *,
    name: str = "CI",
    kind: str = "sdk",
    at: datetime = AT,
    expires_on: date | None = None,
) -> Made:
    """Make a token for the SDK of this slug; None: for everything."""
    channel = Channel.objects.get_or_create(kind=kind, slug=slug)[0] if slug else None
    return make(name, channel=channel, by=ana(), at=at, expires_on=expires_on)


def bearing(made: Made) -> dict[str, str]:
    return {"Authorization": f"Bearer {made.secret}"}

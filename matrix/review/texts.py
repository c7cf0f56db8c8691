"""What people write in a review: bounded, and nothing that a database or a page cannot hold."""

from datetime import UTC, datetime

from django.core.exceptions import ValidationError

from integrations.catalogue.validators import validate_text
from matrix.review.errors import TextRefused

LONGEST = 10_000  # Characters.


def require_usable(text: str, what: str) -> None:
    """Raise TextRefused for a text that is too long or holds what does not print."""
    if len(text) > LONGEST:
        raise TextRefused(
            f"{what} is {len(text):,} characters long; write {LONGEST:,} at most, "
            "and link to the rest."
        )
    try:
        validate_text(text)
    except ValidationError as error:
        raise TextRefused(" ".join(error.messages)) from error


def when(moment: datetime, *, now: datetime) -> str:
    """Return ``at 14:20 UTC`` on the same day, else ``on Mon 23 Nov, 14:20 UTC``."""
    moment, now = moment.astimezone(UTC), now.astimezone(UTC)
    if moment.date() == now.date():
        return f"at {moment:%H:%M} UTC"
    year = "" if moment.year == now.year else f" {moment.year}"
    return f"on {moment:%a} {moment.day} {moment:%b}{year}, {moment:%H:%M} UTC"

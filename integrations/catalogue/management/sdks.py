"""What several commands say about SDKs."""

from django.core.management.base import CommandError

from integrations.catalogue.models import Sdk
from integrations.catalogue.validators import quoted


def find_sdk(slug: str) -> Sdk:
    """Return the SDK of that slug; the CommandError names those that there are."""
    slugs = sorted(Sdk.objects.values_list("slug", flat=True))
    if slug in slugs:
        return Sdk.objects.get(slug=slug)
    known = f"There are: {', '.join(slugs)}." if slugs else "There is none yet."
    raise CommandError(f"No SDK is called {quoted(slug)}. {known}")

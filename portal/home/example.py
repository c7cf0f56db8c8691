"""The example SDK that a new portal shows, and how it comes and goes."""

from importlib.resources import files

from django.contrib.auth.models import User

from integrations.catalogue.models import Sdk
from matrix.sdk.channel import channel_of

EXAMPLE = "example-sdk"
FILE = files("integrations.catalogue") / "example.toml"


def is_new_portal() -> bool:
    """Whether nobody used this portal yet: then it may show its example."""
    return not User.objects.exists() and not Sdk.objects.exists()


def example_without_proposal() -> Sdk | None:
    """Return the example SDK when it is there and nothing was ever proposed for it."""
    sdk = Sdk.objects.filter(slug=EXAMPLE).first()
    return None if sdk is None or channel_of(sdk).proposals.exists() else sdk

"""The first user of a new portal."""

import secrets
from dataclasses import dataclass

from django.contrib.auth.models import User

from portal.env import env_given_secret, env_text


@dataclass(frozen=True, slots=True)
class Administrator:
    name: str
    password: str
    is_generated: bool


def ensure_administrator() -> Administrator | None:
    """
    Make an administrator where there is none; return it, with its password, when it was made.

    PORTAL_ADMIN_USER and PORTAL_ADMIN_PASSWORD (or PORTAL_ADMIN_PASSWORD_FILE) say who; without a
    password one is made, and this is the only time that it can be shown.
    """
    if User.objects.filter(is_superuser=True).exists():
        return None
    name = env_text("PORTAL_ADMIN_USER", default="admin")
    given = env_given_secret("PORTAL_ADMIN_PASSWORD")
    password = given or secrets.token_urlsafe(12)
    User.objects.create_superuser(name, password=password)
    shown = "the one from the environment" if given else password
    return Administrator(name, shown, is_generated=not given)

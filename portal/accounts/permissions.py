"""May this person do that? Asked by commands and views before they call a write function."""

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied

from portal.accounts.groups import groups_with


class NotAllowed(PermissionDenied):
    """The user lacks a permission; the message says which group has it. A view answers 403."""


def require(user: User | AnonymousUser, permission: str, what: str) -> None:
    """
    Raise NotAllowed unless *user* has *permission*.

    *what* completes the sentence: ``require(user, "review.publish", "publish proposal 12")``.
    """
    if user.has_perm(permission):
        return
    name = user.get_username() or "Somebody without a login"
    if not user.is_active and not user.is_anonymous:
        raise NotAllowed(f"{name} may not {what}: the account is switched off.")
    groups = " or ".join(groups_with(permission)) or "administrators"
    raise NotAllowed(
        f"{name} may not {what}: that takes the permission {permission}, "
        f"which the group {groups} has. Ask an owner."
    )

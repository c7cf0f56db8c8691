"""May this person do that? Asked before a write function is called, by shells and by ``sdk``."""

from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import Count


class NotAllowed(PermissionDenied):
    """The user lacks a permission; the message says which groups have it. A view answers 403."""


def require(user: User | AnonymousUser, permission: str, what: str) -> None:
    """
    Raise NotAllowed unless *user* has *permission*.

    *what* completes the sentence: ``require(user, "review.publish", "publish proposal 12")``.
    """
    if user.has_perm(permission):
        return
    name = user.get_username() or "Somebody without a login"
    if isinstance(user, User) and not user.is_active:
        raise NotAllowed(f"{name} may not {what}: the account is switched off.")
    raise NotAllowed(
        f"{name} may not {what}: that takes the permission {permission}, "
        f"which {_who_has(permission)}. Ask an owner."
    )


def _who_has(permission: str) -> str:
    names = groups_with(permission)
    return f"the group {' or '.join(names)} has" if names else "only administrators have"


def groups_with(permission: str) -> list[str]:
    """Return the groups that have ``review.publish``; the one that may do least comes first."""
    app, codename = permission.split(".", 1)
    having = Group.objects.filter(
        permissions__content_type__app_label=app, permissions__codename=codename
    )
    rows = Group.objects.filter(pk__in=having.values("pk")).annotate(size=Count("permissions"))
    return list(rows.order_by("size", "name").values_list("name", flat=True))

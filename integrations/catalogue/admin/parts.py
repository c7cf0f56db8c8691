"""Rules, restrictions and pinned picks across integrations: to search, confirm, and look back."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from integrations.catalogue.admin.base import CatalogueAdmin
from integrations.catalogue.confirming import ConfirmationRefused, confirm, title
from integrations.catalogue.models import DependencyRule, PinnedPick, PythonRestriction


class PartAdmin(CatalogueAdmin):
    """A page of what the form of an integration shows too."""

    autocomplete_fields: ClassVar[Any] = ("integration",)
    list_filter: ClassVar[Any] = ("integration__sdk",)
    list_select_related: ClassVar[Any] = ("integration",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("integration", *self.readonly_fields) if obj else tuple(self.readonly_fields)


@admin.register(DependencyRule)
class DependencyRuleAdmin(PartAdmin):
    list_display = ("__str__", "integration", "pythons", "free_threading", "reason")
    search_fields = ("integration__name", "requirements", "reason")
    ordering = ("integration__name", "order", "pk")
    fields = (
        "integration",
        "order",
        "releases",
        "pythons",
        "free_threading",
        "requirements",
        "reason",
        "change_reason",
    )


@admin.register(PythonRestriction)
class PythonRestrictionAdmin(PartAdmin):
    list_display = ("__str__", "integration", "reason")
    search_fields = ("integration__name", "reason")
    ordering = ("integration__name", "order", "pk")
    fields = ("integration", "order", "releases", "pythons", "reason", "change_reason")


@admin.register(PinnedPick)
class PinnedPickAdmin(PartAdmin):
    list_display = (
        "__str__",
        "integration",
        "skips_cooldown",
        "reason",
        "requested_by",
        "approved_by",
    )
    list_filter = (
        "integration__sdk",
        "skips_cooldown",
        ("approved_by", admin.EmptyFieldListFilter),
    )
    list_select_related = ("integration", "requested_by", "approved_by")
    search_fields = ("integration__name", "integration__project", "version", "reason")
    ordering = ("integration__name", "pk")
    fields = (
        "integration",
        "version",
        "skips_cooldown",
        "reason",
        "requested_by",
        "approved_by",
        "approved_at",
        "change_reason",
    )
    readonly_fields = ("requested_by", "approved_by", "approved_at")
    actions = ("confirm_bypasses",)

    @admin.action(description="Confirm the cooldown bypass", permissions=["change"])
    def confirm_bypasses(self, request: HttpRequest, picks: QuerySet[PinnedPick]) -> None:
        confirm_each(self, request, picks.order_by("pk"))


def confirm_each(page: CatalogueAdmin, request: HttpRequest, rows: QuerySet) -> None:
    """Confirm as the person who asks for the page, and say what became of each row."""
    assert isinstance(request.user, User)
    at = timezone.now()
    for row in rows:
        try:
            confirm(row, by=request.user, at=at)
        except ConfirmationRefused as error:
            page.message_user(request, str(error), messages.ERROR)
        else:
            page.message_user(request, f"Confirmed: {title(row)}.", messages.SUCCESS)

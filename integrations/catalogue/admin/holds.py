from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from integrations.catalogue.admin.base import CatalogueAdmin, ReasonForm
from integrations.catalogue.admin.parts import confirm_each
from integrations.catalogue.models import Hold, PinnedPick

EVERYWHERE = "catalogue.hold_everywhere"


class HoldForm(ReasonForm):
    may_hold_everywhere = False  # The page says it for the person who asks.

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        given = values if values is not None else self.cleaned_data
        is_everywhere = not given.get("sdk") and not given.get("integration")
        if is_everywhere and not self.may_hold_everywhere and not self.errors:
            raise ValidationError(
                "Name an SDK or an integration: only owners may hold releases everywhere.",
                "everywhere",
            )
        return values


class ScopeFilter(admin.SimpleListFilter):
    title = "scope"
    parameter_name = "scope"
    scopes = {
        "everywhere": ("Everywhere", Q(sdk=None, integration=None)),
        "sdk": ("An SDK", Q(sdk__isnull=False)),
        "integration": ("An integration", Q(integration__isnull=False)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, label) for key, (label, _) in self.scopes.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.scopes.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


@admin.register(Hold)
class HoldAdmin(CatalogueAdmin):
    form = HoldForm
    list_display = ("what", "scope", "reason", "owner", "ends_on", "approved_by")
    list_filter = (
        ScopeFilter,
        "sdk",
        "owner",
        ("ends_on", admin.EmptyFieldListFilter),
        ("approved_by", admin.EmptyFieldListFilter),
    )
    list_select_related = ("sdk", "integration__sdk", "approved_by")
    search_fields = ("project", "integration__name", "integration__project", "reason", "owner")
    ordering = ("-pk",)
    autocomplete_fields = ("sdk", "integration")
    readonly_fields = ("requested_by", "approved_by", "approved_at")
    fieldsets = (
        ("What is held", {"fields": ("integration", "sdk", "project", "releases")}),
        ("Why, and how long", {"fields": ("reason", "owner", "link", "starts_on", "ends_on")}),
        ("Second person", {"fields": ("requested_by", "approved_by", "approved_at")}),
        (None, {"fields": ("change_reason",)}),
    )
    actions = ("confirm_holds",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.may_hold_everywhere = request.user.has_perm(EVERYWHERE)
        return form

    def has_change_permission(self, request: HttpRequest, obj: Hold | None = None) -> bool:
        may = super().has_change_permission(request, obj)  # type: ignore[no-untyped-call]
        return may and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Hold | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def has_hold_everywhere_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(EVERYWHERE)

    def save_model(self, request: HttpRequest, obj: Hold, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if caught := _caught_picks(obj):
            text = f"This hold keeps out what is pinned: {', '.join(caught)}. The hold wins."
            self.message_user(request, text, messages.WARNING)

    @admin.display(description="releases", ordering="project")
    def what(self, hold: Hold) -> str:
        project = hold.integration.project if hold.integration else hold.project
        return f"{project} {hold.releases or '(all releases)'}"

    @admin.display(description="scope")
    def scope(self, hold: Hold) -> str:
        if hold.integration:
            return f"{hold.integration.sdk}: {hold.integration}"
        return str(hold.sdk) if hold.sdk else "everywhere"

    @admin.action(description="Confirm the hold everywhere", permissions=["hold_everywhere"])
    def confirm_holds(self, request: HttpRequest, holds: QuerySet[Hold]) -> None:
        confirm_each(self, request, holds.order_by("pk"))


def _may_touch(request: HttpRequest, hold: Hold | None) -> bool:
    return hold is None or not hold.is_everywhere or request.user.has_perm(EVERYWHERE)


def _caught_picks(hold: Hold) -> list[str]:
    """Name the pinned picks that *hold* keeps out from today on."""
    if hold.has_ended(timezone.now().date()):
        return []
    picks = PinnedPick.objects.select_related("integration")
    if hold.integration_id:
        picks = picks.filter(integration=hold.integration_id)
    else:
        picks = picks.filter(integration__project=hold.project)
    if hold.sdk_id:
        picks = picks.filter(integration__sdk=hold.sdk_id)
    return sorted(f"{pick.integration} {pick}" for pick in picks if hold.matches(pick.version))

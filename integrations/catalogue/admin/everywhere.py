"""Pages of what an SDK says for all of its integrations: shared constraints, cooldown bypasses."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone

from integrations.catalogue.admin.base import CatalogueAdmin, OwnerFilter, ReasonForm
from integrations.catalogue.admin.integrations import groups_by_sdk
from integrations.catalogue.admin.parts import confirm_each
from integrations.catalogue.admin.previews import NeverSaved, is_preview
from integrations.catalogue.models import CooldownBypass, SharedConstraint
from matrix.sdk.bypassing import Standing, state_of, states
from matrix.sdk.reaching import counts_of, reach_of, standing_of


class InForceFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "In force"), ("later", "Begins later"), ("ended", "Ended")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        today = timezone.now().date()
        ended, later = Q(ends_on__lte=today), Q(starts_on__gt=today)
        match self.value():
            case "now":
                return queryset.exclude(ended).exclude(later)
            case "later":
                return queryset.filter(later)
            case "ended":
                return queryset.filter(ended)
        return queryset


@admin.register(SharedConstraint)
class SharedConstraintAdmin(CatalogueAdmin):
    list_display = ("requirement", "where", "reason", "owner", "state", "reaches")
    list_filter = (
        InForceFilter,
        "sdk",
        ("owner", OwnerFilter),
        ("ends_on", admin.EmptyFieldListFilter),
    )
    list_select_related = ("sdk", "group")
    search_fields = ("requirement", "reason", "owner", "group__name")
    search_help_text = "Requirement, reason, owner or group."
    ordering = ("requirement", "pk")
    autocomplete_fields = ("sdk",)
    fieldsets = (
        ("What is bounded", {"fields": ("sdk", "requirement")}),
        ("Where", {"fields": ("group", "pythons", "free_threading")}),
        ("Why, and how long", {"fields": ("reason", "owner", "link", "starts_on", "ends_on")}),
        (None, {"fields": ("change_reason",)}),
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: SharedConstraint | None = None
    ) -> tuple[str, ...]:
        return ("sdk",) if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "group" and field is not None:
            field.choices = groups_by_sdk()
        return field

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        return type("NeverSaved", (NeverSaved, form), {}) if is_preview(request) else form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show the form; the button "Preview" adds below it what saving would do."""
        if not is_preview(request):
            return super().changeform_view(request, object_id, form_url, extra_context)
        # Without the transaction of the public method, which would lock out all who write.
        view: Any = self._changeform_view  # type: ignore[attr-defined]
        response = view(request, object_id, form_url, extra_context)
        context = response.context_data if isinstance(response, TemplateResponse) else None
        if context and "adminform" in context:
            form: forms.ModelForm = context["adminform"].form
            context["is_preview"] = True
            if not form.errors:
                context["reach"] = reach_of(form.instance)
                context["standing"] = standing_of(form.instance, at=timezone.now())
        return response

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found: Any = super().get_changelist_instance(request)
        rows = list(found.result_list)
        counts = counts_of(rows, at=timezone.now())
        for row in rows:
            row.reach = counts[row.pk]
        found.result_list = rows
        return found

    @admin.display(description="where")
    def where(self, row: SharedConstraint) -> str:
        place = f"{row.sdk}: {row.group}" if row.group else f"{row.sdk}: every integration"
        pythons = f"Python {row.pythons}" if row.pythons else ""
        threading = "" if row.free_threading == "any" else f"free threading: {row.free_threading}"
        return ", ".join(filter(None, [place, pythons, threading]))

    @admin.display(description="state", ordering="ends_on")
    def state(self, row: SharedConstraint) -> str:
        return standing_of(row, at=timezone.now())

    @admin.display(description="environments reached now")
    def reaches(self, row: Any) -> str:
        return "not known: nothing is proposed yet" if row.reach is None else f"{row.reach:,}"


class BypassForm(ReasonForm):
    class Meta:
        model = CooldownBypass
        exclude = ()
        widgets = {"version": forms.TextInput(attrs={"size": 16, "class": ""})}


@admin.register(CooldownBypass)
class CooldownBypassAdmin(CatalogueAdmin):
    form = BypassForm
    list_display = ("__str__", "sdk", "reason", "state", "requested_by", "approved_by")
    list_filter = ("sdk", ("approved_by", admin.EmptyFieldListFilter))
    list_select_related = ("sdk", "requested_by", "approved_by")
    search_fields = ("project", "version", "reason")
    ordering = ("project", "pk")
    autocomplete_fields = ("sdk",)
    readonly_fields = ("state", "requested_by", "approved_by", "approved_at")
    fieldsets = (
        ("Which release need not wait", {"fields": ("sdk", "project", "version")}),
        ("Why", {"fields": ("reason", "link")}),
        ("What it does", {"fields": ("state",)}),
        ("Second person", {"fields": ("requested_by", "approved_by", "approved_at")}),
        (None, {"fields": ("change_reason",)}),
    )
    actions = ("confirm_bypasses",)

    def get_readonly_fields(
        self, request: HttpRequest, obj: CooldownBypass | None = None
    ) -> tuple[str, ...]:
        fixed = tuple(self.readonly_fields)
        return ("sdk", *fixed) if obj else fixed

    def save_model(
        self, request: HttpRequest, obj: CooldownBypass, form: Any, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        found = state_of(obj, now=timezone.now())
        if found.standing is not Standing.IN_FORCE:
            text = f"{found.standing.value}. {found.sentence}"
            self.message_user(request, text, messages.WARNING)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found: Any = super().get_changelist_instance(request)
        rows = list(found.result_list)
        known = states(rows, now=timezone.now())
        for row in rows:
            row.found = known[row.pk]
        found.result_list = rows
        return found

    @admin.display(description="state")
    def state(self, row: Any) -> str:
        if row.pk is None:
            return "Told when it is saved."
        found = getattr(row, "found", None) or state_of(row, now=timezone.now())
        return f"{found.standing.value}. {found.sentence}"

    @admin.action(description="Confirm the cooldown bypass", permissions=["change"])
    def confirm_bypasses(self, request: HttpRequest, rows: QuerySet[CooldownBypass]) -> None:
        confirm_each(self, request, rows.order_by("pk"))

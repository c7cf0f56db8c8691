"""The page on which maintainers keep an application, with its sets."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Case, QuerySet, When
from django.forms import BaseInlineFormSet
from django.http import HttpRequest

from integrations.catalogue.admin.base import CatalogueAdmin, ReasonForm, count_of
from integrations.catalogue.admin.inlines import kept_forms
from matrix.rules.locks.parts import MAIN
from portal.guidance.models import Application, DependencySet
from portal.guidance.removing import remove, what_goes


class SetsFormSet(BaseInlineFormSet):
    """The sets of one application: main is always there, and every name once."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        names = [form.instance.name for form in kept_forms(self)]
        if MAIN not in names:
            raise ValidationError(
                "Keep a set named main: it is what runs in production.", code="main"
            )


class Sets(admin.StackedInline):
    model = DependencySet
    formset = SetsFormSet
    fields = ("name", "requirements")
    verbose_name_plural = "Sets: what is declared, each locked by itself"

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj else 1

    def get_queryset(self, request: HttpRequest) -> QuerySet[DependencySet]:
        """Main first, the others by name."""
        rows: QuerySet[DependencySet] = super().get_queryset(request)
        return rows.order_by(Case(When(name=MAIN, then=0), default=1), "name")


@admin.register(Application)
class ApplicationAdmin(CatalogueAdmin):
    form = ReasonForm
    list_display = ("slug", "name", "python", "tool", "platform", "set_count", "propose_on")
    list_filter = ("tool", "platform")
    search_fields = ("slug", "name", "owner")
    ordering = ("slug",)
    inlines = (Sets,)
    fieldsets = (
        (None, {"fields": ("slug", "name", "change_reason")}),
        (
            "How it is installed",
            {
                "fields": (
                    "python",
                    "tool",
                    "locks_tool",
                    "installs_pylock",
                    "platform",
                    "base_image",
                    "environment_path",
                )
            },
        ),
        (
            "How it runs",
            {"fields": ("start_command", "is_django", "test_command")},
        ),
        ("Where it comes from", {"fields": ("index_url", "cooldown_days")}),
        ("Updates", {"fields": ("propose_on", "propose_at")}),
        ("Publications", {"fields": ("second_person_publishes", "public_publications")}),
        ("People", {"fields": ("owner", "notes")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        queryset: QuerySet[Application] = super().get_queryset(request)
        return queryset.annotate(set_count=count_of(DependencySet.objects.all(), "application"))

    def get_readonly_fields(
        self, request: HttpRequest, obj: Application | None = None
    ) -> tuple[str, ...]:
        # Addresses, commands and the review name an application by its slug.
        return ("slug",) if obj else ()

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Count what was made of the applications too: no key of the database leads there."""
        listed, counts, needed, protected = super().get_deleted_objects(objs, request)
        return listed, {**counts, **what_goes(list(objs))}, needed, protected

    def delete_model(self, request: HttpRequest, obj: Application) -> None:
        remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        for application in queryset:
            remove(application)

    @admin.display(description="sets", ordering="set_count")
    def set_count(self, application: Any) -> int:
        return int(application.set_count)

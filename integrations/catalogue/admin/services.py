"""Pages of what CI workflows need: services, and the hand-written parts of their files."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from integrations.catalogue.admin.base import CatalogueAdmin, ReasonForm
from integrations.catalogue.models import Service, WorkflowFrame

LINES = {"rows": 4, "cols": 80, "spellcheck": "false"}


class ServiceForm(ReasonForm):
    class Meta:
        model = Service
        exclude = ()
        widgets = {
            name: forms.Textarea(attrs=LINES)
            for name in ("environment", "inputs", "commands", "variables")
        }


@admin.register(Service)
class ServiceAdmin(CatalogueAdmin):
    form = ServiceForm
    list_display = ("name", "sdk", "image", "action", "variables")
    list_filter = ("sdk",)
    list_select_related = ("sdk",)
    search_fields = ("name", "image", "action", "variables")
    ordering = ("sdk__slug", "name", "pk")
    autocomplete_fields = ("sdk",)
    fieldsets = (
        (None, {"fields": ("sdk", "name")}),
        (
            "A container beside the job",
            {"fields": ("image", "ports", "environment", "health_command", "options")},
        ),
        ("Steps before the tests", {"fields": ("action", "inputs", "commands")}),
        ("What the tests are told", {"fields": ("variables", "change_reason")}),
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Service | None = None
    ) -> tuple[str, ...]:
        # Groups and integrations name a service by its name.
        return ("sdk", "name") if obj else ()


class WorkflowFrameForm(ReasonForm):
    class Meta:
        model = WorkflowFrame
        exclude = ()
        widgets = {
            "text": forms.Textarea(
                attrs={"rows": 40, "cols": 100, "spellcheck": "false", "class": "vLargeTextField"}
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(text := self.fields.get("text"), forms.CharField):
            text.strip = False  # Blank lines at both ends of the file belong to it.


@admin.register(WorkflowFrame)
class WorkflowFrameAdmin(CatalogueAdmin):
    form = WorkflowFrameForm
    list_display = ("path", "sdk")
    list_filter = ("sdk",)
    list_select_related = ("sdk",)
    search_fields = ("path", "text")
    ordering = ("sdk__slug", "path", "pk")
    autocomplete_fields = ("sdk",)
    fields = ("sdk", "path", "text", "change_reason")

    def get_readonly_fields(
        self, request: HttpRequest, obj: WorkflowFrame | None = None
    ) -> tuple[str, ...]:
        return ("sdk", "path") if obj else ()

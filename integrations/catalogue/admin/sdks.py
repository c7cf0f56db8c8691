from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from integrations.catalogue.admin.base import CatalogueAdmin, ReasonForm, count_of, key_of
from integrations.catalogue.admin.inlines import Groups
from integrations.catalogue.models import Group, Hold, Integration, Sdk
from matrix.rules.rendering import check_frame


class SdkForm(ReasonForm):
    class Meta:
        model = Sdk
        exclude = ()
        widgets = {
            **{
                name: forms.Textarea(attrs={"rows": 3, "cols": 80, "spellcheck": "false"})
                for name in ("ci_install", "ci_container_install", "ci_test")
            },
            "frame": forms.Textarea(
                attrs={"rows": 24, "cols": 100, "spellcheck": "false", "class": "vLargeTextField"}
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(frame := self.fields.get("frame"), forms.CharField):
            frame.strip = False  # Blank lines at both ends of the tox.ini belong to it.

    def clean_frame(self) -> str:
        frame: str = self.cleaned_data["frame"].replace("\r\n", "\n")
        if not frame.strip():
            return ""
        if mistakes := check_frame(frame):
            raise ValidationError([ValidationError(text, "frame") for text in mistakes])
        return frame


@admin.register(Sdk)
class SdkAdmin(CatalogueAdmin):
    form = SdkForm
    list_display = ("slug", "name", "pythons", "integration_count", "hold_count", "propose_on")
    search_fields = ("slug", "name")
    ordering = ("slug",)
    inlines = (Groups,)
    fieldsets = (
        (None, {"fields": ("slug", "name", "change_reason")}),
        ("Pythons", {"fields": ("pythons", "free_threading_from")}),
        ("What is picked", {"fields": ("cooldown_days", "pins_cooldown_days", "prereleases")}),
        ("Where it comes from", {"fields": ("index_url", "platform")}),
        ("Proposals", {"fields": ("propose_on", "propose_at")}),
        (
            "Second person",
            {
                "fields": (
                    "second_person_publishes",
                    "second_person_cooldown",
                    "second_person_holds",
                )
            },
        ),
        ("Generated files", {"fields": ("pins_style", "public_publications", "frame")}),
        ("CI workflows", {"fields": ("writes_workflows", "ci_runner", "ci_timeout_minutes")}),
        (
            "CI workflows: commands",
            {"classes": ("collapse",), "fields": ("ci_install", "ci_container_install", "ci_test")},
        ),
        (
            "CI workflows: containers, actions and the gate",
            {
                "classes": ("collapse",),
                "fields": (
                    "ci_container_pythons",
                    "ci_container_image",
                    "ci_checkout_action",
                    "ci_python_action",
                    "ci_needs",
                    "ci_passes_secrets",
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sdk]:
        queryset: QuerySet[Sdk] = super().get_queryset(request)
        return queryset.annotate(
            integration_count=count_of(Integration.objects.all(), "sdk"),
            hold_count=count_of(Hold.objects.all(), "sdk"),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Sdk | None = None) -> tuple[str, ...]:
        # Addresses, commands and the review name an SDK by its slug.
        return ("slug",) if obj else ()

    @admin.display(description="integrations", ordering="integration_count")
    def integration_count(self, sdk: Any) -> int:
        return int(sdk.integration_count)

    @admin.display(description="holds", ordering="hold_count")
    def hold_count(self, sdk: Any) -> int:
        return int(sdk.hold_count)


@admin.register(Group)
class GroupAdmin(CatalogueAdmin):
    list_display = ("name", "sdk", "order", "services", "integration_count")
    list_filter = ("sdk",)
    list_select_related = ("sdk",)
    search_fields = ("name", "services", "sdk__slug")
    ordering = ("sdk__slug", "order", "name", "pk")
    fields = ("sdk", "name", "order", "services", "change_reason")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        queryset: QuerySet[Group] = super().get_queryset(request)
        return queryset.annotate(integration_count=count_of(Integration.objects.all(), "group"))

    def get_readonly_fields(
        self, request: HttpRequest, obj: Group | None = None
    ) -> tuple[str, ...]:
        return ("sdk",) if obj else ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Offer an integration the groups of its SDK alone, which its form names in the query."""
        sdk = key_of(request.GET.get("sdk"))
        if request.path.endswith("/autocomplete/") and sdk is not None:
            queryset = queryset.filter(sdk=sdk)
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="integrations", ordering="integration_count")
    def integration_count(self, group: Any) -> int:
        return int(group.integration_count)

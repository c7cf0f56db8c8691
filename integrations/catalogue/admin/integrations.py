from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from integrations.catalogue.admin.base import (
    CatalogueAdmin,
    OwnerFilter,
    Suggestions,
    count_of,
    key_of,
)
from integrations.catalogue.admin.inlines import (
    DependencyRules,
    Holds,
    PinnedPicks,
    PythonRestrictions,
    let_picks_see_holds,
)
from integrations.catalogue.admin.previews import PreviewedAdmin
from integrations.catalogue.looking_back import changes_of_parts
from integrations.catalogue.models import DependencyRule, Group, Hold, Integration, Sdk
from integrations.catalogue.models.sdk import change_reason

INCLUDE_HELP = "A specifier: !=2.0.0a1,<3. Empty: all. Mind that <6.1b1 keeps 6.1a1."
MOST_SDKS = 5  # To which the list offers to add an integration.


class GroupsOfSdk(Suggestions):
    """Suggests the groups of one SDK."""

    sdk: int | None = None

    def get_url(self) -> str:
        return f"{super().get_url()}?sdk={self.sdk}"


class GroupFilter(admin.SimpleListFilter):
    """The groups of the SDK that is filtered for, else of all, with its name before."""

    title = "group"
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        groups = Group.objects.select_related("sdk").order_by("sdk__slug", "order", "name", "pk")
        if (sdk := key_of(request.GET.get("sdk__id__exact"))) is not None:
            return [(str(group.pk), group.name) for group in groups.filter(sdk=sdk)]
        return [(str(group.pk), f"{group.sdk}: {group.name}") for group in groups]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        group = key_of(self.value())
        return queryset if group is None else queryset.filter(group=group)


class HeldFilter(admin.SimpleListFilter):
    title = "holds"
    parameter_name = "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Has holds"), ("no", "Has none")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        here = Q(integration=OuterRef("pk"))
        project = Q(integration=None, project=OuterRef("project"))
        held = Exists(Hold.objects.filter(here | project & (Q(sdk=None) | Q(sdk=OuterRef("sdk")))))
        match self.value():
            case "yes":
                return queryset.filter(held)
            case "no":
                return queryset.filter(~held)
        return queryset


@admin.register(Integration)
class IntegrationAdmin(PreviewedAdmin, CatalogueAdmin):
    list_display = (
        "name",
        "sdk",
        "group",
        "requirement_name",
        "minimum",
        "rule_count",
        "hold_count",
        "owner",
        "is_paused",
    )
    list_filter = (
        "sdk",
        GroupFilter,
        "is_paused",
        HeldFilter,
        "prereleases",
        ("owner", OwnerFilter),
    )
    list_select_related = ("sdk", "group")
    search_fields = ("name", "project", "rules__requirements")
    search_help_text = "Name, project, or something that a dependency rule installs."
    ordering = ("name", "pk")
    autocomplete_fields = ("sdk",)
    inlines = (DependencyRules, PythonRestrictions, PinnedPicks, Holds)
    actions = ("pause", "resume")
    object_history_template = "catalogue/integration_history.html"
    fieldsets = (
        (
            None,
            {"fields": ("sdk", "name", "project", "extras", "group", "test_path", "services")},
        ),
        (
            "Releases",
            {
                "fields": (
                    "minimum",
                    "tests_exact_minimum",
                    "include",
                    "number_of_versions",
                    "prereleases",
                    "advisory_prereleases",
                )
            },
        ),
        ("Cooldown", {"fields": ("cooldown_days", "pins_cooldown_days")}),
        ("Care", {"fields": ("is_paused", "owner", "notes", "change_reason")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Integration]:
        queryset: QuerySet[Integration] = super().get_queryset(request)
        return queryset.annotate(
            rule_count=count_of(DependencyRule.objects.all(), "integration"),
            hold_count=count_of(Hold.objects.all(), "integration"),
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        sdks = list(Sdk.objects.only("slug").order_by("slug")[:MOST_SDKS])
        response: HttpResponse = super().changelist_view(
            request, {"sdks": sdks, **(extra_context or {})}
        )
        return response

    def get_readonly_fields(
        self, request: HttpRequest, obj: Integration | None = None
    ) -> tuple[str, ...]:
        return ("sdk",) if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Choose the SDK where there is one alone."""
        first_two = list(Sdk.objects.order_by("pk").values_list("pk", flat=True)[:2])
        only = {"sdk": first_two[0]} if len(first_two) == 1 else {}
        return only | super().get_changeform_initial_data(request)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "include":
            kwargs |= {"label": "Releases to consider", "help_text": INCLUDE_HELP}
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name != "group":
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        if sdk := self._sdk_of(request):
            kwargs["widget"] = GroupsOfSdk(db_field, self.admin_site)
            kwargs["widget"].sdk = sdk
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None:
            field.choices = groups_by_sdk()
        return field

    def _sdk_of(self, request: HttpRequest) -> int | None:
        """Return the SDK whose groups the form offers, as far as it is known."""
        given = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        if (key := key_of(given)) is not None:
            return Integration.objects.filter(pk=key).values_list("sdk", flat=True).first()
        return key_of(self.get_changeform_initial_data(request).get("sdk"))

    def _create_formsets(self, request: HttpRequest, obj: Any, change: bool) -> Any:
        formsets, inlines = super()._create_formsets(request, obj, change)  # type: ignore[misc]
        let_picks_see_holds(formsets)
        return formsets, inlines

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        key = key_of(object_id)
        parts = [] if key is None else changes_of_parts(key)
        return super().history_view(request, object_id, {"parts": parts, **(extra_context or {})})

    @admin.display(description="project", ordering="project")
    def requirement_name(self, integration: Integration) -> str:
        return integration.requirement_name

    @admin.display(description="rules", ordering="rule_count")
    def rule_count(self, integration: Any) -> int:
        return int(integration.rule_count)

    @admin.display(description="holds", ordering="hold_count")
    def hold_count(self, integration: Any) -> int:
        return int(integration.hold_count)

    @admin.action(description="Pause: keep, but do not run", permissions=["change"])
    def pause(self, request: HttpRequest, integrations: QuerySet[Integration]) -> None:
        self._set_paused(request, integrations, to=True)

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, integrations: QuerySet[Integration]) -> None:
        self._set_paused(request, integrations, to=False)

    def _set_paused(
        self, request: HttpRequest, integrations: QuerySet[Integration], *, to: bool
    ) -> None:
        count = 0
        for integration in integrations.filter(is_paused=not to).order_by("pk"):
            integration.is_paused = to
            change_reason(integration, "paused in the list" if to else "resumed in the list")
            integration.save()
            count += 1
        noun = "integration" if count == 1 else "integrations"
        text = f"{count} {noun} {'paused' if to else 'resumed'}."
        self.message_user(request, text, messages.SUCCESS)


def groups_by_sdk() -> list[tuple[str, list[tuple[Any, str]]]]:
    choices: dict[str, list[tuple[Any, str]]] = {"": [("", "---------")]}
    groups = Group.objects.select_related("sdk").order_by("sdk__slug", "order", "name", "pk")
    for group in groups:
        choices.setdefault(group.sdk.slug, []).append((group.pk, group.name))
    return list(choices.items())

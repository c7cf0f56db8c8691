from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from integrations.catalogue.admin.base import CatalogueAdmin, OwnerFilter, ReasonForm
from integrations.catalogue.choices import Standing
from integrations.catalogue.confirming import ConfirmationRefused
from integrations.catalogue.models import Hold, PinnedPick
from matrix.sdk.effects import note_effect
from matrix.sdk.emergency import confirm_and_run
from matrix.sdk.lifting import condition_of
from portal.operations.queueing import enqueue

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


class StandingFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(one.value, str(one.label)) for one in Standing]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.value()
        return queryset.filter(standing=chosen) if chosen in Standing.values else queryset


@admin.register(Hold)
class HoldAdmin(CatalogueAdmin):
    form = HoldForm
    list_display = ("what", "state", "scope", "reason", "owner", "ends", "keeps_out", "approved_by")
    list_filter = (
        StandingFilter,
        ScopeFilter,
        "sdk",
        ("owner", OwnerFilter),
        ("ends_on", admin.EmptyFieldListFilter),
        ("approved_by", admin.EmptyFieldListFilter),
    )
    list_select_related = ("sdk", "integration__sdk", "approved_by")
    search_fields = ("project", "integration__name", "integration__project", "reason", "owner")
    autocomplete_fields = ("sdk", "integration")
    readonly_fields = (
        "requested_by",
        "approved_by",
        "approved_at",
        "lifted_at",
        "lifted_because",
        "effect",
        "checked_at",
    )
    fieldsets = (
        ("What is held", {"fields": ("integration", "sdk", "project", "releases")}),
        ("Why", {"fields": ("reason", "owner", "link")}),
        (
            "How long",
            {
                "fields": (
                    "starts_on",
                    "ends_on",
                    "remind_on",
                    "lift_when",
                    "lift_project",
                    "lift_releases",
                )
            },
        ),
        ("What became of it", {"fields": ("lifted_at", "lifted_because", "effect", "checked_at")}),
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hold]:
        rows = Hold.objects.with_standing(timezone.now().date())
        return rows.order_by("rank", "-pk")

    def has_change_permission(self, request: HttpRequest, obj: Hold | None = None) -> bool:
        may = super().has_change_permission(request, obj)  # type: ignore[no-untyped-call]
        return may and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Hold | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def has_hold_everywhere_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(EVERYWHERE)

    def save_model(self, request: HttpRequest, obj: Hold, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        at = timezone.now()
        if because := condition_of(obj, at=at):
            text = f"What it waits for is there already: {because}. The next poll ends the hold."
            self.message_user(request, text, messages.WARNING)
        if obj.is_in_force(at):
            note_effect(obj, at=at)
        if caught := _caught_picks(obj):
            text = f"This hold keeps out what is pinned: {', '.join(caught)}. The hold wins."
            self.message_user(request, text, messages.WARNING)

    @admin.display(description="releases", ordering="project")
    def what(self, hold: Hold) -> str:
        project = hold.integration.project if hold.integration else hold.project
        return f"{project} {hold.releases or '(all releases)'}"

    @admin.display(description="state", ordering="rank")
    def state(self, hold: Hold) -> str:
        return str(Standing(hold.standing).label)  # type: ignore[attr-defined]  # Annotated.

    @admin.display(description="ends", ordering="ends_on")
    def ends(self, hold: Hold) -> str:
        if hold.lifted_at:
            return hold.lifted_because
        day = f"{hold.ends_on:%Y-%m-%d}" if hold.ends_on else ""
        condition = f"when {hold.condition}" if hold.condition else ""
        return ", or ".join(filter(None, [day, condition])) or "when somebody ends it"

    @admin.display(description="keeps out today")
    def keeps_out(self, hold: Hold) -> str:
        if hold.standing == Standing.ENDED:  # type: ignore[attr-defined]  # Annotated.
            return "nothing: it has ended"
        return hold.effect or "not known: nobody has looked yet"

    @admin.display(description="scope")
    def scope(self, hold: Hold) -> str:
        if hold.integration:
            return f"{hold.integration.sdk}: {hold.integration}"
        return str(hold.sdk) if hold.sdk else "everywhere"

    @admin.action(description="Confirm the hold everywhere", permissions=["hold_everywhere"])
    def confirm_holds(self, request: HttpRequest, holds: QuerySet[Hold]) -> None:
        assert isinstance(request.user, User)
        at = timezone.now()
        for hold in holds.order_by("pk"):
            try:
                runs = confirm_and_run(hold, by=request.user, at=at)
            except ConfirmationRefused as error:
                self.message_user(request, str(error), messages.ERROR)
                continue
            for run in runs:
                enqueue(run)
            started = f" Emergency run {runs[0].pk} is on its way." if len(runs) == 1 else ""
            if len(runs) > 1:
                started = f" {len(runs)} emergency runs are on their way."
            self.message_user(request, f"Confirmed: {hold}.{started}", messages.SUCCESS)


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

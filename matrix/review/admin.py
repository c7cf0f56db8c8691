"""Review in the admin: to be read. Runs, decisions and publications are made by functions."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from matrix.review.models import (
    Channel,
    Comment,
    Decision,
    Finding,
    Item,
    Proposal,
    Publication,
    PublishedFile,
    PublishedPart,
    Run,
)


class _ReadOnly:
    """For pages and inlines: everything can be seen, nothing can be added, changed or deleted."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class _Page(_ReadOnly, admin.ModelAdmin):
    actions = None
    show_full_result_count = False
    list_per_page = 50


class _Inline(_ReadOnly, admin.TabularInline):
    extra = 0
    show_change_link = False


@admin.register(Channel)
class ChannelAdmin(_Page):
    list_display = ("slug", "kind", "current")
    list_filter = ("kind",)
    list_select_related = ("current__channel",)
    search_fields = ("slug",)
    ordering = ("kind", "slug", "pk")
    fields = ("kind", "slug", "current")


@admin.register(Run)
class RunAdmin(_Page):
    list_display = ("__str__", "channel", "kind", "status", "intended_at", "as_of", "outcome")
    list_filter = ("status", "kind", "channel")
    list_select_related = ("channel",)
    search_fields = ("outcome",)
    date_hierarchy = "intended_at"
    ordering = ("-intended_at", "-pk")
    fields = (
        ("channel", "kind", "status"),
        ("intended_at", "as_of"),
        ("only", "hold_back"),
        ("requested_by", "attempts"),
        ("started_at", "finished_at"),
        "outcome",
    )


class ItemInline(_Inline):
    model = Item
    fields = ("part", "change", "because", "decision", "published_in", "reasons")
    readonly_fields = ("change", "because", "decision")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Item]:
        rows = super().get_queryset(request).select_related("published_in__channel")
        return rows.prefetch_related("decisions__decided_by").order_by("part", "pk")

    @admin.display(description="change")
    def change(self, item: Item) -> str:
        return f"{(item.old_id or 'absent')[:12]} → {(item.new_id or 'absent')[:12]}"

    @admin.display(description="because of", empty_value="-")
    def because(self, item: Item) -> str:
        return " ".join(cause["text"] for cause in item.causes)

    @admin.display(description="decision")
    def decision(self, item: Item) -> str:
        standing = [row for row in item.decisions.all() if row.withdrawn_at is None]
        return ", ".join(map(_sentence, standing)) or "Undecided"


def _sentence(decision: Decision) -> str:
    kept = " (kept)" if decision.kept_from_id else ""
    reason = f": {decision.reason}" if decision.reason else ""
    return (
        f"{decision.get_verdict_display()} by {decision.decided_by}{kept}{_until(decision)}{reason}"
    )


def _until(decision: Decision) -> str:
    match decision.propose_again:
        case "":
            return ""
        case Decision.ProposeAgain.WHEN_A_HOLD_ENDS:
            return f" until {decision.waits_for} ends"
        case Decision.ProposeAgain.WHEN_IT_CHANGES:
            return " until it changes"
    return " until the next run"


class FindingInline(_Inline):
    model = Finding
    fields = ("part", "severity", "text", "is_blocking", "waived_by", "waiver")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Finding]:
        return super().get_queryset(request).select_related("waived_by").order_by("part", "pk")


class CommentInline(_Inline):
    model = Comment
    fields = ("part", "text", "written_by", "written_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Comment]:
        rows = super().get_queryset(request).select_related("written_by")
        return rows.order_by("written_at", "pk")


@admin.register(Proposal)
class ProposalAdmin(_Page):
    list_display = ("number", "channel", "status", "proposed_at", "base", "summary")
    list_filter = ("status", "channel")
    list_select_related = ("channel", "base__channel")
    search_fields = ("=number", "summary")
    date_hierarchy = "proposed_at"
    ordering = ("-number",)
    inlines = (ItemInline, FindingInline, CommentInline)
    fields = (
        ("number", "channel", "status"),
        "summary",
        ("base", "run", "replaced_by"),
        ("proposed_at", "rebuilt_at"),
        ("closed_by", "closed_at"),
        "closing_reason",
    )


class PublishedPartInline(_Inline):
    model = PublishedPart
    fields = ("part", "snapshot_id")
    readonly_fields = ("snapshot_id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PublishedPart]:
        return super().get_queryset(request).order_by("part", "pk")

    @admin.display(description="snapshot")
    def snapshot_id(self, part: PublishedPart) -> str:
        return part.snapshot_id


class PublishedFileInline(_Inline):
    model = PublishedFile
    fields = ("path", "sha256")
    readonly_fields = ("sha256",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PublishedFile]:
        return super().get_queryset(request).order_by("path", "pk")


@admin.register(Publication)
class PublicationAdmin(_Page):
    list_display = ("__str__", "published_by", "published_at", "proposal", "summary", "comment")
    list_filter = ("channel",)
    list_select_related = ("channel", "proposal", "published_by")
    search_fields = ("summary", "comment")
    date_hierarchy = "published_at"
    ordering = ("-published_at", "-pk")
    inlines = (PublishedPartInline, PublishedFileInline)
    fields = (
        ("channel", "number"),
        ("proposal", "base"),
        ("published_by", "published_at"),
        "summary",
        "comment",
    )

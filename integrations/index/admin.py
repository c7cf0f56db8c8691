"""Pages about the indexes: everything is shown, nothing is edited. Polls write, people read."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, Count, Max, OuterRef, Q, QuerySet, Subquery, When
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from integrations.index.facts import LONG_AGO, ReleaseFact, unpack_files, unpack_releases
from integrations.index.known import ACTIVE
from integrations.index.models import (
    Index,
    Poll,
    PollOutcome,
    Project,
    ProjectStatus,
    Release,
)

MOST_RELEASES = 200  # On the page of one project; boto3 has two thousand.
STATES = PollOutcome.State


class ReadOnly:
    """No adding, changing or deleting; the permission to view decides who sees it."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Index)
class IndexAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["url", "projects", "gone", "last_poll"]
    search_fields = ["url"]
    ordering = ["url"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Index]:
        return Index.objects.annotate(
            number_of_projects=Count("projects", distinct=True),
            number_gone=Count("projects", distinct=True, filter=Q(projects__gone_at__isnull=False)),
            last_polled_at=Max("polls__started_at"),
        )

    @admin.display(ordering="number_of_projects")
    def projects(self, index: Any) -> int:
        return int(index.number_of_projects)

    @admin.display(ordering="number_gone")
    def gone(self, index: Any) -> int:
        return int(index.number_gone)

    @admin.display(ordering="last_polled_at", empty_value="never")
    def last_poll(self, index: Any) -> object:
        return index.last_polled_at


class ProjectStatusInline(ReadOnly, admin.TabularInline):
    model = ProjectStatus
    fields = ["status", "reason", "seen_at"]
    ordering = ["-seen_at", "-pk"]
    extra = 0


@admin.register(Project)
class ProjectAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["name", "index", "releases_known", "status", "changed_at", "gone_at"]
    list_filter = ["index", ("gone_at", admin.EmptyFieldListFilter)]
    list_select_related = ["index"]
    search_fields = ["name"]
    ordering = ["name", "pk"]
    fields = [
        "name",
        "index",
        "status",
        "first_seen_at",
        "changed_at",
        "gone_at",
        "is_incomplete",
        "files_known",
        "releases_known",
        "newest_releases",
    ]
    inlines = [ProjectStatusInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        last = ProjectStatus.objects.filter(project=OuterRef("pk")).order_by("-seen_at", "-pk")
        projects = Project.objects.annotate(last_status=Subquery(last.values("status")[:1]))
        return projects.defer("files")

    @admin.display(ordering="last_status")
    def status(self, project: Any) -> str:
        return project.last_status or ACTIVE

    @admin.display(description="releases")
    def releases_known(self, project: Project) -> int:
        return len(unpack_releases(bytes(project.summary)))

    @admin.display(description="files")
    def files_known(self, project: Project) -> str:
        files = unpack_files(bytes(project.files))
        gone = sum(file.gone_at is not None for file in files)
        return f"{len(files)}, {gone} of them gone" if gone else str(len(files))

    @admin.display(description="newest releases")
    def newest_releases(self, project: Project) -> SafeString:
        facts = unpack_releases(bytes(project.summary))
        rows = ((fact.version, _words(fact)) for fact in facts[: -MOST_RELEASES - 1 : -1])
        more = len(facts) - MOST_RELEASES
        return format_html(
            "<ul>{}</ul>{}",
            format_html_join("", "<li>{}: {}</li>", rows),
            f"And {more} older ones." if more > 0 else "",
        )


def _words(fact: ReleaseFact) -> str:
    if fact.uploaded_at is None:
        return "all files are gone"
    yanked = f", yanked: {fact.yank_reason or 'no reason given'}" if fact.is_yanked else ""
    if fact.uploaded_at == LONG_AGO:
        return f"before the portal first looked; the index does not say when{yanked}"
    known = "" if fact.is_time_known else " (first seen by the portal; the index does not say)"
    return f"{fact.uploaded_at:%d %b %Y}{known}{yanked}"


@admin.register(Release)
class ReleaseAdmin(ReadOnly, admin.ModelAdmin):
    """Releases whose metadata was needed."""

    list_display = ["project", "version", "requires_python", "declared", "fetched_at"]
    list_filter = ["project__index"]
    search_fields = ["project__name", "version"]
    search_help_text = "A project or a version."
    ordering = ["project__name", "-fetched_at", "-pk"]
    date_hierarchy = "fetched_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        # Through the project, but without its two large columns.
        releases = Release.objects.select_related("project")
        return releases.defer("project__files", "project__summary")

    @admin.display(description="declared by classifiers")
    def declared(self, release: Release) -> str:
        """``3.9, 3.10``: the minor versions among the classifiers."""
        last = [text.rpartition(" :: ")[2] for text in release.classifiers]
        minors = {text for text in last if text.startswith("3.") and text[2:].isdigit()}
        return ", ".join(sorted(minors, key=lambda text: int(text[2:])))


class PollOutcomeInline(ReadOnly, admin.TabularInline):
    model = PollOutcome
    fields = ["project", "state", "reason", "notes"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[PollOutcome]:
        """Failures first: they are what somebody opens this page for."""
        failures_first = Case(When(state=STATES.FAILED, then=0), default=1)
        return PollOutcome.objects.order_by(failures_first, "project", "pk")


@admin.register(Poll)
class PollAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["started_at", "index", "took", "waiting", "ok", "unchanged", "failed", "error"]
    list_filter = ["index"]
    list_select_related = ["index"]
    ordering = ["-started_at", "-pk"]
    date_hierarchy = "started_at"
    inlines = [PollOutcomeInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Poll]:
        counts = {
            f"number_{state.value}": Count("outcomes", filter=Q(outcomes__state=state))
            for state in STATES
        }
        return Poll.objects.annotate(**counts)

    @admin.display(empty_value="still running")
    def took(self, poll: Poll) -> str | None:
        if poll.finished_at is None:
            return None
        return f"{(poll.finished_at - poll.started_at).total_seconds():.1f} s"

    @admin.display(ordering="number_waiting")
    def waiting(self, poll: Any) -> int:
        return int(poll.number_waiting)

    @admin.display(ordering="number_ok")
    def ok(self, poll: Any) -> int:
        return int(poll.number_ok)

    @admin.display(ordering="number_unchanged")
    def unchanged(self, poll: Any) -> int:
        return int(poll.number_unchanged)

    @admin.display(ordering="number_failed")
    def failed(self, poll: Any) -> int:
        return int(poll.number_failed)

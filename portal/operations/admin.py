"""Background tasks in the admin: to be read. Schedules are declared in code (schedules.py)."""

from datetime import timedelta

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars
from django_q import admin as _its_pages  # noqa: F401  (registers what is replaced below)
from django_q.models import Failure, OrmQ, Schedule, Success, Task

for model in (Schedule, Success, Failure, OrmQ):
    if admin.site.is_registered(model):  # The queue is, where the database is the broker.
        admin.site.unregister(model)


class ReadOnly(admin.ModelAdmin):
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Schedule)
class ScheduleAdmin(ReadOnly):
    list_display = ("name", "func", "args", "schedule_type", "next_run")
    list_filter = ("schedule_type",)
    ordering = ("name", "pk")
    fields = ("name", "func", "args", "schedule_type", "minutes", "next_run")


class TaskAdmin(ReadOnly):
    list_filter = ("func",)
    search_fields = ("name", "func", "group")
    ordering = ("-stopped", "-pk")
    fields = ("name", "func", "args", "kwargs", "started", "stopped", "attempt_count", "result")

    @admin.display(description="took")
    def took(self, task: Task) -> timedelta:
        return timedelta(seconds=round(task.time_taken(), 3))


@admin.register(Success)
class SuccessAdmin(TaskAdmin):
    list_display = ("name", "func", "started", "stopped", "took")


@admin.register(Failure)
class FailureAdmin(TaskAdmin):
    list_display = ("name", "func", "started", "stopped", "reason")

    @admin.display(description="reason")
    def reason(self, task: Failure) -> str:
        return truncatechars(task.result, 100)

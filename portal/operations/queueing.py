"""Handing work to the workers."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django_q.tasks import async_task

from matrix.review.models import Run
from matrix.review.runs import OVER, STUCK_AFTER

LOST_AFTER = timedelta(minutes=5)  # A healthy worker starts a queued run within seconds.


def enqueue(run: Run) -> None:
    """Have a worker carry out *run*, once the transaction that made it is committed."""
    transaction.on_commit(lambda: async_task("portal.tasks.run_channel", run.pk, group="run"))


def enqueue_question(poll_id: int, project: str, versions: Collection[str]) -> None:
    """Have a worker ask an index about one project, once the question is committed."""
    name, texts = "portal.tasks.ask_index", sorted(versions)
    transaction.on_commit(lambda: async_task(name, poll_id, project, texts, group="question"))


def ask_for_a_sign_of_life() -> None:
    """Have a worker that starts now be seen at once, and not when the next minute is full."""
    async_task("portal.tasks.heartbeat", group="heartbeat")


def ask_for_help() -> None:
    """Have the other workers resolve environments, too: a task for each but the one that asks."""
    for _ in range(settings.Q_CLUSTER["workers"] - 1):
        async_task("portal.tasks.drain", group="drain")


def sweep(now: datetime) -> int:
    """
    Enqueue again the runs that wait too long or whose worker died; return how many.

    A run that is delivered twice is carried out once: whoever claims it first has it.
    """
    lost = Q(status=Run.Status.QUEUED, intended_at__lt=now - LOST_AFTER)
    stuck = Q(started_at__lt=now - STUCK_AFTER) & ~Q(status__in=OVER)
    runs = list(Run.objects.filter(lost | stuck).order_by("pk"))
    for run in runs:
        enqueue(run)
    return len(runs)

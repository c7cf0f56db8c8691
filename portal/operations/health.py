"""Whether the portal works: its database answers, and tasks come through."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error
from django.db.models import Max
from django_q.models import Task

from portal.operations import signs

logger = logging.getLogger("portal.health")


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerState:
    is_alive: bool
    last_seen_at: datetime | None
    sentence: str
    silent: tuple[str, ...] = ()  # Workers, as "host:pid", that were not stopped and hang or died.


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    is_healthy: bool  # The web process can serve pages; a dead worker does not stop it.
    worker: WorkerState
    sentence: str


def last_sign_of_life() -> datetime | None:
    """When a task last came through: its monitor, the end of the way, writes the row."""
    latest: datetime | None = Task.objects.aggregate(latest=Max("stopped"))["latest"]
    return latest


def worker_state(now: datetime) -> WorkerState:
    seen_at = last_sign_of_life()
    if seen_at is None:
        return WorkerState(
            is_alive=False,
            last_seen_at=None,
            sentence="No worker has been seen yet: start one with “python manage.py worker”.",
        )
    limit = timedelta(seconds=settings.PORTAL_HEARTBEAT_LIMIT)
    is_alive = now - seen_at <= limit
    silent = signs.silent(now, limit=limit)
    age = f"The worker was last seen {_ago(now - seen_at)}"
    told = "".join(f" Worker {name} is silent: last seen {_ago(now - at)}." for name, at in silent)
    return WorkerState(
        is_alive=is_alive,
        last_seen_at=seen_at,
        sentence=f"{age}.{told}"
        if is_alive
        else f"{age}: what is queued waits until one is started.",
        silent=tuple(name for name, _ in silent),
    )


def _ago(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    for size, unit in ((60 * 24, "day"), (60, "hour"), (1, "minute")):
        if (count := minutes // size) >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def health(now: datetime) -> Health:
    try:
        worker = worker_state(now)
    except Error as error:
        logger.warning("The database does not answer: %s", error)
        reason = str(error).partition("\n")[0]
        unknown = WorkerState(is_alive=False, last_seen_at=None, sentence="Nothing is known.")
        return Health(
            is_healthy=False, worker=unknown, sentence=f"The database does not answer: {reason}"
        )
    return Health(is_healthy=True, worker=worker, sentence="The database answers.")

"""
The sign of life of each worker by itself: that a task came through its own processes.

The queue is shared, so a heartbeat that is queued proves that some worker lives, and not which.
Each worker therefore also brings a heartbeat of its own on the way (``cluster.Heartbeats``), and
its monitor, the end of the way, writes here.
"""

import os
import socket
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models.functions import Coalesce

from portal.operations.models import WorkerSign

FORGOTTEN_AFTER = timedelta(days=1)  # A worker that was killed is named for so long.


def name_of_this_worker() -> str:
    """``host:pid``. A worker that restarts itself keeps its process, and so its name."""
    return f"{socket.gethostname()}:{os.getpid()}"[:300]


def begin(name: str, at: datetime) -> None:
    """Note that a worker starts; those that were killed long ago are forgotten."""
    last = WorkerSign.objects.annotate(last=Coalesce("seen_at", "started_at"))
    last.filter(last__lt=at - FORGOTTEN_AFTER).delete()
    WorkerSign.objects.update_or_create(name=name, defaults={"started_at": at, "seen_at": None})


def note(name: str, at: datetime) -> None:
    """Note that a task came through the worker."""
    WorkerSign.objects.update_or_create(
        name=name, defaults={"seen_at": at}, create_defaults={"started_at": at, "seen_at": at}
    )


def end(name: str) -> None:
    """Forget a worker that was stopped as it should be."""
    WorkerSign.objects.filter(name=name).delete()


def seen_at(name: str) -> datetime | None:
    return WorkerSign.objects.filter(name=name).values_list("seen_at", flat=True).first()


def silent(now: datetime, *, limit: timedelta) -> Collection[tuple[str, datetime]]:
    """Return the workers that ended without saying so or hang, and when each was last seen."""
    rows = WorkerSign.objects.annotate(last=Coalesce("seen_at", "started_at"))
    found = rows.filter(last__lt=now - limit, last__gte=now - FORGOTTEN_AFTER)
    return list(found.order_by("name").values_list("name", "last"))

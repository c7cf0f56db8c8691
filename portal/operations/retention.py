"""What is thrown away, and when. Nothing that a proposal or a publication stands on ever is."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db.models import Max, QuerySet
from django_q.models import Failure

from integrations.index.models import Poll
from matrix.environments.resolving import prune
from matrix.environments.uv import CacheKept, prune_cache
from matrix.sdk.pinning import pin_sets_in_use

logger = logging.getLogger("portal.retention")
KEPT = timedelta(days=90)
RESOLUTIONS_KEPT = timedelta(days=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tidied:
    sessions: int  # Ended ones.
    failures: int  # Failed tasks; successful ones are bounded by Q_CLUSTER["save_limit"].
    polls: int  # With what came of each project; the last poll of each index stays.
    resolutions: int  # That nobody asked for any more; pins of publications and proposals stay.
    cache: str  # What uv said when it pruned its cache, or why it did not.

    def __str__(self) -> str:
        return (
            f"Removed {self.sessions} ended sessions, {self.failures} failed tasks, "
            f"{self.polls} polls and {self.resolutions} resolutions. The cache: {self.cache}"
        )


def tidy(now: datetime) -> Tidied:
    before = now - KEPT
    last = Poll.objects.values("index").annotate(last=Max("pk")).values("last")
    polls = Poll.objects.filter(started_at__lt=before).exclude(pk__in=last)
    return Tidied(
        sessions=_delete(Session.objects.filter(expire_date__lt=now)),
        failures=_delete(Failure.objects.filter(stopped__lt=before)),
        polls=_delete(polls),
        resolutions=prune(keep_since=now - RESOLUTIONS_KEPT, keep=pin_sets_in_use()),
        cache=_prune_cache(),
    )


def _prune_cache() -> str:
    """A full cache hurts nobody this week: what prevents that is told, and the task has ended."""
    try:
        return prune_cache()
    except CacheKept as error:
        logger.warning("%s", error)
        return str(error)


def _delete(rows: QuerySet) -> int:
    """Delete *rows*; how many of them there were, without those that went with them."""
    _, counts = rows.delete()
    return counts.get(rows.model._meta.label, 0)

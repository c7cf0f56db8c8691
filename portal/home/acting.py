"""What the buttons of the pages do: each is one transaction, and safe to be pressed twice."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django_q.tasks import async_task

from integrations.catalogue.models import Sdk
from matrix.review.deciding import approve_all
from matrix.review.errors import BaseMoved
from matrix.review.locking import lock_channel, lock_open_proposal
from matrix.review.models import Item, Publication, Run
from matrix.review.runs import OVER
from matrix.sdk.channel import channel_of
from matrix.sdk.publishing import approve_and_publish
from matrix.sdk.running import request

RUN_TASK = "portal.tasks.run_channel"


@transaction.atomic
def start_run(sdk: Sdk, *, by: User, at: datetime) -> tuple[Run, bool]:
    """Return a new run of everything and True, or the one that is under way and False."""
    channel = lock_channel(channel_of(sdk).pk)
    for run in channel.runs.exclude(status__in=OVER).order_by("-pk"):
        if not run.is_scoped:
            return run, False
    run = request(sdk, by=by, at=at)
    transaction.on_commit(lambda: async_task(RUN_TASK, run.pk))
    return run, True


def seen(items: Iterable[Item]) -> str:
    """Name what a page showed as undecided; an item that was rebuilt has another key."""
    keys = sorted(item.pk for item in items)
    return hashlib.sha256(",".join(map(str, keys)).encode()).hexdigest()[:16]


@transaction.atomic
def approve(number: int, *, by: User, at: datetime, as_seen: str) -> int:
    """Approve every undecided item, if these are the ones that the page showed; return how many."""
    _require_seen(number, as_seen)
    return approve_all(number, by=by, at=at)


@transaction.atomic
def approve_seen_and_publish(
    number: int, *, by: User, at: datetime, as_seen: str, comment: str
) -> Publication:
    """Approve as :func:`approve` does, and publish: both, or neither."""
    _require_seen(number, as_seen)
    return approve_and_publish(number, by=by, at=at, comment=comment)


def _require_seen(number: int, as_seen: str) -> None:
    _, proposal = lock_open_proposal(number)
    undecided = list(proposal.items.undecided())
    if undecided and seen(undecided) != as_seen:
        raise BaseMoved(
            f"Proposal {number} has changed since you opened the page: nothing was approved. "
            "Read it again, then decide."
        )

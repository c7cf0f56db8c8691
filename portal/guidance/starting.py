"""What the buttons of an application's page start: which published pins a run gives up."""

import re
from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from packaging.utils import canonicalize_name

from integrations.catalogue.validators import quoted
from matrix.review.errors import ReviewError
from matrix.review.locking import lock_channel
from matrix.review.models import Run
from matrix.review.runs import OVER
from matrix.sdk.preferring import KEEP, Refresh
from portal.guidance.channel import channel_of, published_locks
from portal.guidance.models import Application
from portal.guidance.running import EVERYTHING, request
from portal.operations.queueing import enqueue

MOST_DAYS = 3650
NUMBER = re.compile(r"[0-9]{1,4}")


class NoSuchPin(ReviewError):
    """A refresh names what no lock holds: it would do nothing."""


def refresh_of(application: Application, form: Mapping[str, str], *, now: datetime) -> Refresh:
    """Read what a form asks for: ``what`` is keep, all, one or older; raises ReviewError."""
    match form.get("what", ""):
        case "" | "keep":
            return KEEP
        case "all":
            return EVERYTHING
        case "one":
            return refresh_of_projects(application, form.get("name", "").split())
        case "older":
            return refresh_of_age(form.get("days", ""), now=now)
    raise ReviewError(f"{quoted(form['what'])} is none of keep, all, one and older.")


def refresh_of_projects(application: Application, names: list[str]) -> Refresh:
    """Give up the pins of these projects; raises NoSuchPin for one that no lock has."""
    if not names:
        raise NoSuchPin("Name the package to update: django.")
    wanted = {str(canonicalize_name(name)) for name in names}
    locks = published_locks(application)
    known = {pin.name for part in locks.values() for pin in part.pinned}
    if unknown := sorted(wanted - known):
        listed = ", ".join(map(quoted, unknown))
        raise NoSuchPin(f"No published lock of {application.slug} pins {listed}.")
    return Refresh(projects=frozenset(wanted))


def refresh_of_age(days: str, *, now: datetime) -> Refresh:
    """Give up what has been pinned for more than so many days."""
    is_number = NUMBER.fullmatch(days.strip())
    if not is_number or not 1 <= int(days) <= MOST_DAYS:
        raise ReviewError(f"{quoted(days)} is not a number of days from 1 to {MOST_DAYS}.")
    return Refresh.older_than(int(days), now=now)


@transaction.atomic
def start_run(
    application: Application, *, by: User, at: datetime, refresh: Refresh
) -> tuple[Run, bool]:
    """Return a new run of all sets and True, or the one that is under way and False."""
    channel = lock_channel(channel_of(application).pk)
    for run in channel.runs.exclude(status__in=OVER).order_by("-pk"):
        if not run.is_scoped:
            return run, False
    run = request(application, by=by, at=at, refresh=refresh)
    enqueue(run)
    return run, True

"""
The life of a run. Changes of status are settled by the row count.

An attempt is the claim of one worker: a worker that lost its run to another one (it was taken for
dead) cannot change the run any more.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F

from matrix.review.errors import GaveUp, RunIsOver, RunIsTaken
from matrix.review.models import Channel, Run

Status = Run.Status
OVER = {Status.FINISHED, Status.FAILED}
# Every unfinished run may go back to polling: that is a new attempt after a worker died.
NEXT: dict[Status, set[Status]] = {
    Status.QUEUED: {Status.POLLING, Status.FAILED},
    Status.POLLING: {Status.POLLING, Status.SELECTING, Status.PROPOSING, Status.FAILED},
    Status.SELECTING: {Status.POLLING, Status.RESOLVING, Status.PROPOSING, Status.FAILED},
    Status.RESOLVING: {
        Status.POLLING,
        Status.QUEUED,
        Status.PROPOSING,
        Status.FAILED,
    },
    Status.PROPOSING: {Status.POLLING, Status.FINISHED, Status.FAILED},
    Status.FINISHED: set(),
    Status.FAILED: set(),
}
MOST_ATTEMPTS = 3
# Longer than the time limit of a task (300 s), shorter than its redelivery (960 s).
STUCK_AFTER = timedelta(minutes=10)


def request_run(
    channel: Channel,
    *,
    kind: str,
    intended_at: datetime,
    as_of: datetime,
    by: User | None,
    only: Collection[str] | None = None,
    hold_back: Collection[str] = (),
    options: Mapping[str, Any] | None = None,
) -> Run:
    """Return the run of this channel, kind and time; asked for twice, it is made once."""
    run, _ = Run.objects.get_or_create(
        channel=channel,
        kind=kind,
        intended_at=intended_at,
        defaults={
            "as_of": as_of,
            "requested_by": by,
            "only": None if only is None else sorted(only),
            "hold_back": sorted(hold_back),
            "options": dict(options or {}),
        },
    )
    return run


def start(run: Run, *, at: datetime, stuck_after: timedelta = STUCK_AFTER) -> None:
    """
    Claim the run for the caller and count the attempt.

    A run that somebody started and did not end within *stuck_after* can be claimed again. Raises
    RunIsOver, RunIsTaken, and GaveUp (the run is failed then) after three attempts.
    """
    run.refresh_from_db()
    if run.status in OVER:
        raise RunIsOver(f"Run #{run.pk} is over: {run.outcome}")
    if run.started_at and at < run.started_at + stuck_after:
        raise RunIsTaken(_taken(run, stuck_after))
    if run.attempts >= MOST_ATTEMPTS:
        reason = (
            f"The run was started {run.attempts} times and never came to its end; "
            "look into the log of the worker, then start a new run."
        )
        fail(run, reason, at=at)
        raise GaveUp(reason)
    if not _change(run, Status.POLLING, attempts=F("attempts") + 1, started_at=at):
        raise RunIsTaken(f"Run #{run.pk} was started by another worker at the same moment.")
    run.refresh_from_db()


def _taken(run: Run, stuck_after: timedelta) -> str:
    assert run.started_at is not None
    again = run.started_at + stuck_after
    return (
        f"Run #{run.pk} was started at {run.started_at:%H:%M:%S} UTC and goes on; "
        f"unless it ends before, it can be started again at {again:%H:%M:%S} UTC."
    )


def advance(run: Run, to: Status) -> None:
    """Move on to the next status; RunIsTaken when the run is no longer the caller's."""
    if not _change(run, to):
        current = Run.objects.get(pk=run.pk)
        raise RunIsTaken(
            f"Run #{run.pk} is {current.status} (attempt {current.attempts}); "
            f"attempt {run.attempts} cannot make it {to}."
        )
    run.status = to


def keep_alive(run: Run, *, at: datetime) -> None:
    """Say that the caller is still at work: a run is stuck when nothing was heard for a while."""
    Run.objects.filter(pk=run.pk, attempts=run.attempts).exclude(status__in=OVER).update(
        started_at=at
    )


def suspend(run: Run) -> None:
    """
    Let another task go on with the run: this one's time is over, and nothing went wrong.

    What was begun counts as no attempt.
    """
    if not _change(run, Status.QUEUED, attempts=0, started_at=None):
        raise RunIsTaken(f"Run #{run.pk} is no longer this worker's.")
    run.refresh_from_db()


def finish(run: Run, outcome: str, *, at: datetime) -> None:
    """End the run with a sentence that says what it brought."""
    _end(run, Status.FINISHED, outcome, at)


def fail(run: Run, reason: str, *, at: datetime) -> None:
    """End the run with a sentence that says what went wrong."""
    _end(run, Status.FAILED, reason, at)


def _end(run: Run, status: Status, outcome: str, at: datetime) -> None:
    if not _change(run, status, outcome=outcome, finished_at=at, waits_for=[]):
        raise RunIsTaken(f"Run #{run.pk} is no longer this worker's; its result is dropped.")
    run.refresh_from_db()


def _change(run: Run, to: Status, **values: object) -> bool:
    allowed = [before for before, after in NEXT.items() if to in after]
    rows = Run.objects.filter(pk=run.pk, attempts=run.attempts, status__in=allowed)
    return rows.update(status=to, **values) == 1

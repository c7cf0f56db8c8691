"""
When to stop and when to restart the cluster of background workers: decisions without effects.

Times are seconds of a clock that only goes forward: the wall clock of a laptop that slept, or of
another machine that wrote the heartbeat, would restart workers that are well.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

STEADY = 60.0  # A cluster that lived this long had a good start.
LONGEST_PAUSE = 60.0


class Step(Enum):
    GO_ON = "go on"
    STOP = "stop"
    RESTART = "restart"


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What the supervisor sees in one look."""

    is_stop_asked: bool
    exit_code: int | None  # Of the sentinel, the process that guards the workers; None: it runs.
    silence: float  # Seconds since a task last came through, or since the start.


def next_step(seen: Seen, *, limit: float) -> tuple[Step, str]:
    """Decide what to do, and say why."""
    if seen.is_stop_asked:
        return Step.STOP, "Stopping, as asked."
    if seen.exit_code is not None:
        return Step.RESTART, f"The sentinel ended with code {seen.exit_code}; restarting."
    if seen.silence > limit:
        return Step.RESTART, f"No task came through for {seen.silence:.0f} seconds; restarting."
    return Step.GO_ON, ""


@dataclass(slots=True)
class Pulse:
    """
    How long no task has come through.

    Any finished task is a sign of life. When nothing else is to be done the heartbeat is one a
    minute, on the whole way: scheduler, broker, pusher, worker, monitor.
    """

    since: float
    last_sign: datetime | None = None

    def see(self, sign: datetime | None, *, at: float) -> None:
        if sign != self.last_sign:
            self.last_sign, self.since = sign, at

    def silence(self, *, at: float) -> float:
        return at - self.since


def restarts_in_a_row(before: int, *, lived: float) -> int:
    """Count this restart; one after a steady life is the first of a new row."""
    return 1 if lived >= STEADY else before + 1


def pause(restarts: int) -> float:
    """Seconds to wait before the restart of that number: 1, 2, 4 … one minute."""
    return min(2.0 ** min(restarts - 1, 10), LONGEST_PAUSE)

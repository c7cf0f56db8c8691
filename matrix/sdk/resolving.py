"""Every environment of a run, resolved: from requests to pins, or to the reason why not."""

import os
import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from matrix.environments.resolving import Result, drain, enqueue, progress, results
from matrix.rules.resolution import EnvironmentRequest

Clock = Callable[[], datetime]
Answers = Mapping[EnvironmentRequest, Result]
PROCESSES = 2  # Of uv at a time.
OVER = ("done", "failed")


class OutOfTime(Exception):
    """Some environments are not resolved yet, and the caller's time is over."""


def nobody(*_: object) -> None:
    """Take no notice."""


@dataclass(kw_only=True, slots=True)
class Resolver:
    """
    Resolves requests in this process, until all have an answer or *until* is reached.

    Other workers may resolve some of them meanwhile; each is resolved once. *on_keys* is told the
    keys of what is asked for, *on_progress* how many of them are done, and how many there are.
    """

    clock: Clock
    until: datetime
    processes: int = PROCESSES
    on_keys: Callable[[Collection[str]], object] = nobody
    on_progress: Callable[[int, int], object] = nobody
    on_open: Callable[[], object] = nobody  # There is work for other workers, too.
    on_sign_of_life: Callable[[], object] = nobody  # Another environment has its answer.

    def __call__(self, requests: Collection[EnvironmentRequest]) -> Answers:
        """Return the answer to each request; raises OutOfTime."""
        keys = enqueue(requests, at=self.clock())
        wanted = set(keys.values())
        if self._are_open(wanted):
            self.on_keys(wanted)
            self.on_open()
            drain(
                owner=owner(),
                clock=self.clock,
                until=self.until,
                processes=self.processes,
                keys=wanted,
                on_progress=lambda: self._tell(wanted),
            )
        found = results(wanted)
        if left := sum(not result.is_over for result in found.values()):
            raise OutOfTime(f"{left} environments are not resolved yet.")
        return {request: found[key] for request, key in keys.items()}

    def _tell(self, wanted: set[str]) -> None:
        self.on_sign_of_life()
        self.on_progress(done(wanted), len(wanted))

    def _are_open(self, wanted: set[str]) -> bool:
        return done(wanted) < len(wanted)


def owner() -> str:
    """Name this process in leases."""
    return f"{socket.gethostname()}:{os.getpid()}"


def done(keys: Collection[str]) -> int:
    """Return how many of *keys* have an answer."""
    states = progress(keys)
    return sum(states[state] for state in OVER)

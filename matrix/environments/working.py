"""
One worker at work: it claims rows, keeps uv busy and stores what uv says.

One thread does it all: a thread per process of uv would gain nothing, since uv does the work.
"""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import FrameType

from matrix.environments import leasing
from matrix.environments.explaining import STOPS_ALL, STOPS_INDEX, Failure, Unresolved
from matrix.environments.leasing import Claim
from matrix.environments.uv import Calls, Outcome, Resolved

Clock = Callable[[], datetime]
HEARTBEAT = leasing.LEASE / 4
OVERTIME = timedelta(seconds=25)  # What runs when the time is over may go on so long.
BATCH = 8  # Rows that are claimed at once, for each process.
PATIENCE = 3  # Resolutions in a row that do not reach an index, before it is taken for down.
UNTRIED = "It was not tried (again) after others had failed so."
NAP = 0.5  # Seconds between two looks at rows that other workers hold.


@dataclass(kw_only=True, slots=True)
class Worker:
    """Claims rows, keeps uv busy, stores what it says."""

    owner: str
    clock: Clock
    until: datetime
    processes: int
    keys: Collection[str] | None
    on_progress: Callable[[], object]
    finished: int = 0
    _queue: dict[str, Claim] = field(default_factory=dict)
    _running: dict[str, Claim] = field(default_factory=dict)
    _unreached: Counter[str] = field(default_factory=Counter)  # In a row, by index.
    _beat_at: datetime | None = None

    def work(self, calls: Calls) -> None:
        try:
            while self._goes_on():
                self._fill(calls)
                if not self._running:
                    if not self._waits_for_others():
                        break
                    continue
                ended = [(self._running.pop(key), outcome) for key, outcome in calls.wait()]
                self._fill(calls)  # uv need not wait while the database does.
                for claim, outcome in ended:
                    self._store(claim, outcome)
                self._beat(calls)
        finally:
            calls.kill()
            leasing.give_back(self.owner, unstarted=self._queue)

    def _goes_on(self) -> bool:
        now = self.clock()
        return now < self.until or (bool(self._running) and now < self.until + OVERTIME)

    def _fill(self, calls: Calls) -> None:
        now = self.clock()
        if now >= self.until:
            return
        if not self._queue and len(self._running) < self.processes:
            batch = leasing.claim(self.owner, most=BATCH * self.processes, now=now, keys=self.keys)
            self._queue = {claim.key: claim for claim in batch}
        while self._queue and len(self._running) < self.processes:
            key = next(iter(self._queue))
            self._running[key] = self._queue.pop(key)
            calls.start(key, self._running[key].request)

    def _waits_for_others(self) -> bool:
        """Wait a little where rows that are asked for are in other hands; False: there are none."""
        if self.keys is None or not leasing.are_open(self.keys):
            return False
        time.sleep(NAP)
        leasing.sweep(self.clock())
        return True

    def _beat(self, calls: Calls) -> None:
        """Extend the leases; what another worker took over meanwhile is dropped."""
        now = self.clock()
        if self._beat_at is not None and now < self._beat_at + HEARTBEAT:
            return
        self._beat_at = now
        leasing.sweep(now)
        mine = leasing.extend(self.owner, now=now)
        calls.kill(self._running.keys() - mine)
        self._running = {key: claim for key, claim in self._running.items() if key in mine}
        self._queue = {key: claim for key, claim in self._queue.items() if key in mine}

    def _store(self, claim: Claim, outcome: Outcome) -> None:
        key, at = claim.key, self.clock()
        if isinstance(outcome, Resolved):
            self._unreached[claim.request.index_url] = 0
            is_over = True
            stored = leasing.store_pins(
                self.owner, key, outcome.pins, seconds=outcome.seconds, at=at
            )
        else:
            concerns = self._concerns(claim, outcome)
            is_over = (
                concerns is not None
                or not outcome.is_transient
                or claim.attempts >= leasing.MOST_ATTEMPTS
            )
            stored = leasing.store_failure(self.owner, key, outcome, at=at, is_over=is_over)
            if concerns is not None:
                self.fail_rest(outcome, index_url=concerns or None, running=self._running)
        if stored:
            self.finished += is_over
            self.on_progress()

    def _concerns(self, claim: Claim, why: Unresolved) -> str | None:
        """
        Return whom else a failure concerns: "" all, an address all of that index, None nobody.

        An hour of time-outs helps nobody, so the others are not tried.
        """
        index_url = claim.request.index_url
        if why.kind is not Failure.UNREACHABLE:
            self._unreached[index_url] = 0
            return "" if why.kind in STOPS_ALL else index_url if why.kind in STOPS_INDEX else None
        self._unreached[index_url] += 1
        return index_url if self._unreached[index_url] >= PATIENCE else None

    def fail_rest(
        self, why: Unresolved, *, index_url: str | None, running: Collection[str]
    ) -> None:
        self.finished += leasing.fail_all(
            self.owner,
            replace(why, problem=f"{why.problem.splitlines()[0]} {UNTRIED}", seconds=0),
            at=self.clock(),
            keys=self.keys,
            index_url=index_url,
            besides=running,
        )
        self._queue = {
            key: claim
            for key, claim in self._queue.items()
            if index_url is not None and claim.request.index_url != index_url
        }


@contextmanager
def ending_on_sigterm() -> Iterator[None]:
    """
    Make the signal that ends a process an exception, so that leases are given back.

    Only where nobody else decided what it does: background workers have their own way.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    ):
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

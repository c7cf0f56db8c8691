"""
The process tree of django-q2, made to end with its parent.

django-q2's own ``Cluster`` stops in its signal handler, which can deadlock (upstream #346), and
leaves orphans when it is killed. The tree below it (a sentinel, which guards workers, a pusher and
a monitor) is used as it is.
"""

import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import Error, close_old_connections, connections
from django.utils.timezone import now
from django_q.brokers import get_broker
from django_q.cluster import Sentinel, get_mp_context
from django_q.signals import post_execute
from django_q.signing import SignedPackage

from portal.operations import signs

logger = logging.getLogger("portal.worker")
PR_SET_PDEATHSIG = 1  # linux/prctl.h
HEARTBEAT = "portal.tasks.heartbeat"
MINUTE = 60.0


def die_with_parent() -> None:
    """Make each process that is forked from now on, at any depth, die with its parent."""
    if sys.platform != "linux":
        return  # Elsewhere a killed supervisor leaves workers behind; they end with their tasks.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parents: list[int] = []

    def remember() -> None:
        parents[:] = [os.getpid()]

    def bind() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() not in parents:  # It died before this process could ask for the signal.
            os._exit(1)

    os.register_at_fork(before=remember, after_in_child=bind)


Tasks = Sequence[tuple[Any, str]] | None  # What a broker has: its own key, and a signed package.


@dataclass(slots=True)
class Heartbeats:
    """
    What the pusher of one worker asks for tasks: the broker, and now and then a heartbeat.

    It goes the way of every task, through pusher, worker and monitor, and no other worker can take
    it. The broker does not know of it, so nothing is acknowledged and nothing is kept.
    """

    dequeue: Callable[[], Tasks]  # Of the broker.
    every: float  # Seconds.
    due: float = 0.0  # Of the monotonic clock.

    def __call__(self) -> Tasks:
        if (moment := time.monotonic()) < self.due:
            return self.dequeue()
        self.due = moment + self.every
        task: dict[str, Any] = {
            "id": uuid4().hex,
            "name": "heartbeat of a worker",
            "func": HEARTBEAT,
            "args": (),
            "kwargs": {},
            "started": now(),
            "save": False,
        }
        return [(None, SignedPackage.dumps(task))]


@dataclass(slots=True)
class Signs:
    """Writes that a task came through, in the monitor, and no more often than it is read."""

    name: str
    every: float  # Seconds.
    due: float = 0.0

    def __call__(self, **_: object) -> None:
        if (moment := time.monotonic()) < self.due:
            return
        close_old_connections()  # django-q2 does so for what it saves; a heartbeat is not saved.
        try:
            signs.note(self.name, now())
        except Error as error:
            logger.warning("The sign of life could not be written: %s", error)
        else:
            self.due = moment + self.every


def _guard(name: str, stop: Any, started: Any) -> None:
    """Be the sentinel of the worker *name*: what is arranged here holds for all its processes."""
    every = min(MINUTE, settings.PORTAL_HEARTBEAT_LIMIT / 4)
    broker: Any = get_broker()
    broker.dequeue = Heartbeats(broker.dequeue, every=every)
    post_execute.connect(Signs(name, every=every / 4), weak=False)
    Sentinel(stop, started, uuid4(), broker, None)


class ClusterProcess:
    """One running cluster: its sentinel, whose descendants do the work."""

    def __init__(self, name: str) -> None:
        context = get_mp_context()
        self._stop, self._started = context.Event(), context.Event()
        self._sentinel = context.Process(
            target=partial(_guard, name, self._stop, self._started), name="sentinel"
        )

    def start(self) -> None:
        connections.close_all()  # A forked process must not share a connection with its parent.
        self._sentinel.start()

    def wait(self, seconds: float) -> int | None:
        """Wait for the end of the sentinel; its exit code, or None while it runs."""
        self._sentinel.join(seconds)
        exit_code: int | None = self._sentinel.exitcode
        return exit_code

    def stop(self, *, limit: float, is_impatient: Callable[[], bool]) -> bool:
        """
        Let running tasks finish, for *limit* seconds; False when the cluster had to be killed.

        A deadlocked cluster never drains, and an event whose sleeper was killed never wakes up
        whoever sets it: that is why the event is set in a thread that nobody waits for.
        """
        Thread(target=self._stop.set, daemon=True).start()
        waited = 0.0
        while self._sentinel.is_alive():
            if waited >= limit or is_impatient():
                self.kill()
                return False
            self._sentinel.join(0.2)
            waited += 0.2
        return True

    def kill(self) -> None:
        """End the sentinel at once. The kernel ends the others (see ``die_with_parent``)."""
        self._sentinel.kill()
        self._sentinel.join()

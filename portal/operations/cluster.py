"""
The process tree of django-q2, made to end with its parent.

django-q2's own ``Cluster`` stops in its signal handler, which can deadlock (upstream #346), and
leaves orphans when it is killed. The tree below it (a sentinel, which guards workers, a pusher and
a monitor) is used as it is.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from threading import Thread
from uuid import uuid4

from django.db import connections
from django_q.cluster import Sentinel, get_mp_context

PR_SET_PDEATHSIG = 1  # linux/prctl.h


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


class ClusterProcess:
    """One running cluster: its sentinel, whose descendants do the work."""

    def __init__(self) -> None:
        context = get_mp_context()
        self._stop, self._started = context.Event(), context.Event()
        self._sentinel = context.Process(
            target=Sentinel, args=(self._stop, self._started, uuid4(), None, None), name="sentinel"
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

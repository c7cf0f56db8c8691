import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connection
from django.utils.timezone import now

from portal.operations import signs
from portal.operations.cluster import ClusterProcess, die_with_parent
from portal.operations.health import last_sign_of_life, worker_state
from portal.operations.supervising import (
    Pulse,
    Seen,
    Step,
    next_step,
    pause,
    restarts_in_a_row,
)

logger = logging.getLogger("portal.worker")
LOOK_EVERY = 5.0  # Seconds between two looks at the database.
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
RESTARTS = "WORKER_RESTARTS"  # Carries a number from one life of this process to the next.


class Command(BaseCommand):
    help = (
        "Do the work in the background: polls, runs and everything that has a schedule. "
        "Runs until Ctrl-C or SIGTERM, lets running tasks finish for PORTAL_STOP_LIMIT seconds, "
        "and a second signal ends them at once. "
        "Restarts itself when its processes die or when no task comes through any more."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="Start nothing; say when a worker was last seen and which one is silent, and exit "
            "with 1 when none is alive.",
        )

    def handle(self, *, check: bool, **options: Any) -> None:
        if check:
            state = worker_state(now())
            if not state.is_alive:
                raise CommandError(state.sentence)
            self.stdout.write(state.sentence)
            return
        self._refuse_pool()
        self._work()

    def _work(self) -> None:
        self.signals: list[int] = []
        for number in STOP_SIGNALS:
            # Only a note: work in a handler deadlocks (upstream #346).
            signal.signal(number, lambda signum, _frame: self.signals.append(signum))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)  # See _restart.
        die_with_parent()
        self.born = time.monotonic()
        self.name = signs.name_of_this_worker()
        self._tell(lambda: signs.begin(self.name, now()))
        self.cluster = ClusterProcess(self.name)
        self.cluster.start()
        logger.info("The worker has started as process %d.", os.getpid())
        step, reason = self._supervise()
        logger.log(logging.WARNING if step is Step.RESTART else logging.INFO, reason)
        if step is Step.RESTART:
            self._restart()
        if not self.cluster.stop(
            limit=settings.PORTAL_STOP_LIMIT, is_impatient=lambda: len(self.signals) > 1
        ):
            logger.warning("Tasks did not end in time and were ended; they will run again.")
        self._tell(lambda: signs.end(self.name))
        logger.info("The worker has stopped.")

    def _tell(self, write: Callable[[], None]) -> None:
        """Write about this worker; without a database it starts and stops all the same."""
        try:
            write()
        except Error as error:
            logger.warning("The database does not answer: %s", error)
        finally:
            connection.close()

    def _refuse_pool(self) -> None:
        if "pool" in settings.DATABASES["default"].get("OPTIONS", {}):
            raise CommandError(
                "The worker forks, and a pool of connections does not survive that. "
                'Start it with PORTAL_ROLE=worker instead of "web".'
            )

    def _supervise(self) -> tuple[Step, str]:
        """Look again and again, until there is something to do."""
        # Of all workers together, which goes on from the scheduler on, and of this one alone.
        pulses, looked_at = (Pulse(self.born), Pulse(self.born)), self.born
        while True:
            exit_code = self.cluster.wait(0.2)
            if (moment := time.monotonic()) - looked_at >= LOOK_EVERY:
                looked_at = moment
                self._feel(*pulses)
            seen = Seen(
                is_stop_asked=bool(self.signals),
                exit_code=exit_code,
                silence=max(pulse.silence(at=moment) for pulse in pulses),
            )
            step, reason = next_step(seen, limit=settings.PORTAL_HEARTBEAT_LIMIT)
            if step is not Step.GO_ON:
                return step, reason

    def _feel(self, everybody: Pulse, own: Pulse) -> None:
        try:
            everybody.see(last_sign_of_life(), at=time.monotonic())
            own.see(signs.seen_at(self.name), at=time.monotonic())
        except Error as error:
            # Its workers cannot reach the database either: a restart would heal nothing.
            logger.warning("The database does not answer: %s", error)
            everybody.since = own.since = time.monotonic()
        finally:
            connection.close()

    def _restart(self) -> None:
        """Become a new worker: same process, same arguments, nothing kept in memory."""
        self.cluster.kill()
        restarts = restarts_in_a_row(
            int(os.environ.get(RESTARTS, "0")), lived=time.monotonic() - self.born
        )
        resume_at = time.monotonic() + pause(restarts)
        while time.monotonic() < resume_at:
            if self.signals:
                return
            time.sleep(0.1)
        # A signal that comes from here on waits for the next life.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(  # noqa: S606  (there is no shell on purpose)
            sys.executable, sys.orig_argv, {**os.environ, RESTARTS: str(restarts)}
        )

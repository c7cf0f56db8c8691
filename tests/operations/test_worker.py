"""
The worker as a real process, hurt in the ways that were found to break it.

Each has its own copy of a migrated SQLite file, and limits of a few seconds.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from tests.support.processes import (
    ROOT,
    descendants,
    manage,
    portal_environment,
    running,
    wait_until,
)

pytestmark = pytest.mark.slow

PARTS_OF_A_CLUSTER = 1 + 2 + 2  # The sentinel, two workers, the pusher and the monitor.
needs_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="Only Linux tells a process that its parent died"
)


class Worker:
    """A worker in *folder*; its log is what it prints."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.log_file = folder / "worker.log"
        with self.log_file.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "worker"],
                cwd=ROOT,
                env=portal_environment(folder, **variables),
                stdout=log,
                stderr=log,
            )

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    @property
    def family(self) -> set[int]:
        return descendants(self.process.pid)

    @property
    def sentinel(self) -> int:
        (sentinel,) = {pid for pid in self.family if running().get(pid) == self.process.pid}
        return sentinel

    def wait_for_cluster(self) -> set[int]:
        wait_until(
            lambda: len(self.family) == PARTS_OF_A_CLUSTER, seconds=20, what=f"up: {self.log}"
        )
        return self.family

    def wait_for_restart(self, old: set[int]) -> None:
        wait_until(
            lambda: not self.family & old and len(self.family) == PARTS_OF_A_CLUSTER,
            seconds=20,
            what=f"restarted: {self.log}",
        )

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.folder / "portal.sqlite3", timeout=20)) as database:
            return database.execute(query).fetchall()

    def finished(self, function: str) -> int:
        (count,) = self.rows(
            f"SELECT count(*) FROM django_q_task WHERE success AND func = '{function}'"
        )[0]
        assert isinstance(count, int)
        return count

    def queue(self, function: str, *arguments: object) -> None:
        call = f"from django_q.tasks import async_task as q; q({function!r}, *{arguments!r})"
        done = manage(self.folder, "shell", "-v0", "-c", call)
        assert done.returncode == 0, done.stderr

    def tell(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def exit_code(self, *, within: float) -> int:
        return self.process.wait(timeout=within)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrated")
    done = manage(folder, "migrate", "-v0")
    assert done.returncode == 0, done.stderr
    return folder / "portal.sqlite3"


@pytest.fixture(scope="module")
def undisturbed(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker that runs beside all other tests: its scheduler wakes up after half a minute."""
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copy(migrated, folder)
    with closing(sqlite3.connect(folder / "portal.sqlite3")) as database, database:
        database.execute(
            "UPDATE django_q_schedule SET next_run = '2026-01-01' WHERE name = 'heartbeat'"
        )
    worker = Worker(folder)
    yield worker
    worker.process.kill()
    worker.process.wait()


@pytest.fixture
def start(migrated: Path, tmp_path: Path, undisturbed: Worker) -> Iterator[Callable[..., Worker]]:
    shutil.copy(migrated, tmp_path)
    started: list[Worker] = []

    def start_worker(**variables: str) -> Worker:
        started.append(Worker(tmp_path, **variables))
        return started[-1]

    yield start_worker
    for worker in started:
        for pid in {*worker.family, worker.process.pid} & running().keys():
            os.kill(pid, signal.SIGKILL)
        worker.process.wait()


StartWorker = Callable[..., Worker]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_worker_and_all_its_processes(
    start: StartWorker, number: signal.Signals
) -> None:
    worker = start()
    family = worker.wait_for_cluster()

    worker.tell(number)

    assert worker.exit_code(within=10) == 0
    assert not family & running().keys()
    assert "Stopping, as asked." in worker.log
    assert worker.log.rstrip().endswith("The worker has stopped.")


def test_a_task_that_runs_when_the_worker_is_stopped_finishes_first(start: StartWorker) -> None:
    worker = start()
    worker.wait_for_cluster()
    worker.queue("time.sleep", 2)
    wait_until(
        lambda: worker.rows(
            "SELECT 1 FROM django_q_ormq WHERE lock > datetime('now', '+1 minute')"
        ),
        seconds=10,
        what="fetched",
    )

    worker.tell(signal.SIGTERM)

    assert worker.exit_code(within=15) == 0
    assert worker.finished("time.sleep") == 1


def test_a_cluster_that_hangs_is_ended_after_the_limit(start: StartWorker) -> None:
    worker = start(PORTAL_STOP_LIMIT="1")
    family = worker.wait_for_cluster()
    os.kill(worker.sentinel, signal.SIGSTOP)

    worker.tell(signal.SIGTERM)

    assert worker.exit_code(within=6) == 0
    wait_until(lambda: not family & running().keys(), seconds=3, what="all ended")
    assert "Tasks did not end in time and were ended; they will run again." in worker.log


def test_a_second_signal_does_not_wait_for_the_limit(start: StartWorker) -> None:
    worker = start(PORTAL_STOP_LIMIT="600")
    worker.wait_for_cluster()
    os.kill(worker.sentinel, signal.SIGSTOP)

    worker.tell(signal.SIGTERM)
    wait_until(lambda: "Stopping" in worker.log, seconds=3, what="stopping")
    worker.tell(signal.SIGTERM)

    assert worker.exit_code(within=6) == 0


@needs_linux
def test_a_killed_sentinel_is_replaced_and_takes_its_processes_along(start: StartWorker) -> None:
    worker = start()
    family = worker.wait_for_cluster()

    os.kill(worker.sentinel, signal.SIGKILL)

    worker.wait_for_restart(family)
    assert not family & running().keys()
    worker.queue("time.sleep", 0)
    wait_until(lambda: worker.finished("time.sleep"), seconds=10, what="working again")
    assert "The sentinel ended with code -9; restarting." in worker.log


# --- Several workers over one database -----------------------------------------------------------
def names(worker: Worker) -> set[object]:
    """The process ids of the workers that are known and were seen."""
    rows = worker.rows("SELECT name FROM operations_workersign WHERE seen_at IS NOT NULL")
    return {int(str(name).rpartition(":")[2]) for (name,) in rows}


def test_each_worker_is_seen_by_itself_and_forgotten_when_it_is_stopped(start: StartWorker) -> None:
    workers = [start() for _ in range(2)]
    pids = {worker.process.pid for worker in workers}
    wait_until(lambda: names(workers[0]) == pids, seconds=90, what="both seen")

    workers[0].tell(signal.SIGTERM)

    assert workers[0].exit_code(within=20) == 0
    assert names(workers[1]) == {workers[1].process.pid}
    assert workers[1].finished("portal.tasks.heartbeat") == 0  # Its own are not kept.


def test_a_worker_that_was_killed_is_named_by_the_check_while_another_lives(
    start: StartWorker,
) -> None:
    dead, alive = start(), start()
    wait_until(lambda: len(names(dead)) == 2, seconds=90, what="both seen")

    dead.tell(signal.SIGKILL)
    dead.exit_code(within=3)
    with closing(sqlite3.connect(alive.folder / "portal.sqlite3", timeout=20)) as database:
        database.execute(
            "UPDATE operations_workersign SET seen_at = datetime('now', '-2 hours') "
            f"WHERE name LIKE '%:{dead.process.pid}'"
        )
        database.commit()
    alive.queue("time.sleep", 0)
    wait_until(lambda: alive.finished("time.sleep"), seconds=60, what="a task")
    done = manage(alive.folder, "worker", "--check")

    assert done.returncode == 0
    assert f":{dead.process.pid} is silent: last seen 2 hours ago." in done.stdout
    assert f":{alive.process.pid} " not in done.stdout


@contextmanager
def tasks_of_others(folder: Path) -> Iterator[None]:
    """Write all the time that a task came through somewhere: a sign that all workers share."""
    is_over = Event()

    def write() -> None:
        with closing(sqlite3.connect(folder / "portal.sqlite3", timeout=20)) as database:
            while not is_over.wait(0.5):
                moment = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
                database.execute(
                    "INSERT INTO django_q_task "
                    "(id, name, func, started, stopped, success, attempt_count) "
                    f"VALUES ('any', 'any', 'any', '{moment}', '{moment}', 1, 1) "
                    "ON CONFLICT (id) DO UPDATE SET stopped = excluded.stopped"
                )
                database.commit()

    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(write)
        try:
            yield
        finally:
            is_over.set()
            writing.result()


@needs_linux
def test_a_worker_that_hangs_restarts_itself_though_another_one_lives(
    start: StartWorker, tmp_path: Path
) -> None:
    with tasks_of_others(tmp_path):
        hung, well = start(PORTAL_HEARTBEAT_LIMIT="20"), start(PORTAL_HEARTBEAT_LIMIT="20")
        wait_until(lambda: len(names(hung)) == 2, seconds=90, what="both seen")
        family, others = hung.family, well.family
        for pid in family - {hung.sentinel}:  # They look alive, and do nothing.
            os.kill(pid, signal.SIGSTOP)

        wait_until(lambda: not hung.family & family, seconds=60, what="noticed and ended")
        assert well.family == others
        wait_until(lambda: hung.process.pid not in names(well), seconds=60, what="begun again")
        wait_until(lambda: hung.process.pid in names(well), seconds=60, what="seen again")

        assert well.family == others


@needs_linux
def test_a_killed_supervisor_leaves_no_orphans(start: StartWorker) -> None:
    worker = start()
    family = worker.wait_for_cluster()

    worker.tell(signal.SIGKILL)

    worker.exit_code(within=3)
    wait_until(lambda: not family & running().keys(), seconds=5, what="all ended")


@needs_linux
def test_a_worker_that_no_task_comes_through_restarts_itself(start: StartWorker) -> None:
    worker = start(PORTAL_HEARTBEAT_LIMIT="5")
    family = worker.wait_for_cluster()
    for pid in family - {worker.sentinel}:  # They look alive, and do nothing.
        os.kill(pid, signal.SIGSTOP)

    worker.wait_for_restart(family)

    assert "No task came through for 5 seconds; restarting." in worker.log
    assert not family & running().keys()


def test_tasks_keep_a_worker_from_being_restarted(start: StartWorker) -> None:
    worker = start(PORTAL_HEARTBEAT_LIMIT="8")
    family = worker.wait_for_cluster()
    started_at = time.monotonic()

    while time.monotonic() < started_at + 10:
        worker.queue("time.sleep", 0)
        time.sleep(1)

    assert worker.family == family
    assert "restarting" not in worker.log


def test_a_worker_refuses_a_pool_of_connections(tmp_path: Path) -> None:
    done = manage(
        tmp_path,
        "worker",
        PORTAL_ROLE="web",
        PORTAL_SECRET_KEY="x" * 50,
        DATABASE_URL="postgres://nobody@127.0.0.1:1/nothing",
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "CommandError: The worker forks, and a pool of connections does not survive that. "
        'Start it with PORTAL_ROLE=worker instead of "web".'
    )


def test_check_says_that_no_worker_has_been_seen(migrated: Path) -> None:
    done = manage(migrated.parent, "worker", "--check")

    assert (done.returncode, done.stderr) == (
        1,
        "CommandError: No worker has been seen yet: start one with “python manage.py worker”.\n",
    )


def test_a_heartbeat_comes_through_from_the_scheduler_to_the_monitor(undisturbed: Worker) -> None:
    wait_until(
        lambda: undisturbed.finished("portal.tasks.heartbeat"),
        seconds=60,
        what=f"a heartbeat: {undisturbed.log}",
    )
    done = manage(undisturbed.folder, "worker", "--check")

    assert (done.returncode, done.stdout) == (0, "The worker was last seen just now.\n")

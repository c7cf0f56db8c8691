"""Workers as processes of their own, over one SQLite file: killed, and two at a time."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from matrix.environments.uv import configured_uv
from tests.environments.makers import a_script, few_projects, with_own_backend
from tests.support.processes import ROOT, descendants, portal_environment, running, wait_until
from tests.support.small_index import SmallIndex

NUMBER = 12
# Stands in for uv: says that it begins, and goes on as the real one.
TELLS = 'echo begun >> {folder}/begun\nexec {uv} "$@"\n'


class Workers:
    """The commands of ``tests.environments.worker`` over one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        variables = {"DJANGO_SETTINGS_MODULE": "portal.settings"}
        return subprocess.Popen(
            [sys.executable, "-m", "tests.environments.worker", *arguments],
            cwd=ROOT,
            env=portal_environment(self.folder, **variables),
            stdout=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str) -> str:
        with self.start(*arguments) as process:
            output, _ = process.communicate(timeout=90)
        assert process.returncode == 0
        return output

    def rows(self) -> list[dict[str, Any]]:
        columns = ("key", "state", "attempts", "pin_set_id")
        with closing(sqlite3.connect(self.folder / "portal.sqlite3")) as database:
            found = database.execute(
                f"SELECT {', '.join(columns)} FROM environments_resolution ORDER BY id"
            )
            return [dict(zip(columns, row, strict=True)) for row in found]

    def number_of(self, state: str) -> int:
        return sum(row["state"] == state for row in self.rows())

    @property
    def begun(self) -> int:
        told = self.folder / "begun"
        return told.read_text().count("begun") if told.exists() else 0

    def folders(self) -> list[Path]:
        return list((self.folder / "uv-runs").glob("*"))


@contextmanager
def an_index_with_a_slow_build(canary: Path) -> Iterator[SmallIndex]:
    """The build of ``tool`` writes *canary* and takes a minute."""
    files = with_own_backend("tool", "2.0", canary)
    files["back.py"] += "time.sleep(60)\n"
    with SmallIndex() as index:
        few_projects(index)
        index.add_sdist("tool", "2.0", files)
        yield index


@pytest.fixture
def workers(tmp_path: Path, index: SmallIndex) -> Workers:
    found = Workers(tmp_path)
    found.call("prepare", index.url, str(NUMBER))
    return found


def kill(worker: subprocess.Popen[str]) -> set[int]:
    """Kill *worker* alone; return the processes that it had."""
    children = descendants(worker.pid)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    return children


def test_a_killed_worker_leaves_no_uv_and_others_go_on(workers: Workers, index: SmallIndex) -> None:
    index.latency = 0.3  # So that there is something to be killed.
    with workers.start("drain", a_script(workers.folder, TELLS)) as worker:
        wait_until(lambda: workers.begun >= 3, seconds=30, what="in the middle of it")
        children = kill(worker)
    index.latency = 0

    assert children
    wait_until(lambda: not children & running().keys(), seconds=5, what="without orphans")
    assert len(workers.folders()) == 1
    left, held = workers.rows(), workers.number_of("leased")
    done_before = [row for row in left if row["state"] == "done"]
    assert held

    # Its leases last a minute. Who comes before leaves its rows alone, who comes after takes them.
    at_once = int(workers.call("drain", configured_uv().binary, "0"))
    assert at_once == NUMBER - len(done_before) - held
    assert workers.number_of("leased") == held
    after = int(workers.call("drain", configured_uv().binary, "61"))
    assert after == held

    rows = workers.rows()
    assert workers.number_of("done") == NUMBER
    assert [row for row in rows if row in done_before] == done_before
    assert len({row["pin_set_id"] for row in rows}) == 1
    assert workers.folders() == []


def test_two_workers_resolve_every_row_once(workers: Workers) -> None:
    binary = a_script(workers.folder, TELLS)
    with workers.start("drain", binary) as one, workers.start("drain", binary) as other:
        finished = [int(worker.communicate(timeout=90)[0]) for worker in (one, other)]

    rows = workers.rows()
    assert sum(finished) == NUMBER == workers.begun
    assert {(row["state"], row["attempts"]) for row in rows} == {("done", 1)}


def test_a_worker_that_is_told_to_end_gives_its_rows_back(workers: Workers) -> None:
    with workers.start("drain", a_script(workers.folder, "sleep 60")) as worker:
        wait_until(lambda: descendants(worker.pid), seconds=30, what="at work")
        children = descendants(worker.pid)
        worker.terminate()
        worker.wait(10)

    assert worker.returncode == 128 + signal.SIGTERM
    assert workers.number_of("waiting") == NUMBER
    assert not children & running().keys()
    assert workers.folders() == []


def test_a_build_ends_with_its_worker(tmp_path: Path) -> None:
    workers = Workers(tmp_path)
    with an_index_with_a_slow_build(tmp_path / "canary") as index:
        workers.call("prepare", index.url, "1", "tool", "builds")
        with workers.start("drain", configured_uv().binary) as worker:
            wait_until((tmp_path / "canary").exists, seconds=30, what="building")
            children = kill(worker)

    assert len(children) >= 3  # The guard, uv, and the build.
    wait_until(lambda: not children & running().keys(), seconds=5, what="without orphans")

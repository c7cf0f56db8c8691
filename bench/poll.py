"""
Poll the recorded projects beside a bare httpx client that asks for the same.

The index is a process of its own and answers 30 ms late. Floor and poll take turns, and the
fastest of each counts: what disturbs the machine only ever makes them slower.
"""

import asyncio
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from bench.report import Row, print_rows
from integrations.index.client import user_agent
from integrations.index.facts import KnownMetadata, KnownRelease
from integrations.index.models import Index, Poll, Project, Release
from integrations.index.pages import ACCEPT
from integrations.index.polling import poll
from tests.support import recorded

LATENCY_MS = 30
BUDGET = 1.5  # Times the floor.
ROUNDS = 5
Pair = tuple[float, float]  # Seconds of a poll, and of its floor.
AS_OF = datetime(2026, 11, 21, tzinfo=UTC)


def run() -> list[Row]:
    """Measure polling for the first time, and polling again when nothing has changed."""
    projects = recorded_projects()
    with index_process() as url, fresh_database():
        rounds = [one_round(url, projects) for _ in range(ROUNDS)]
    first, again = zip(*rounds, strict=True)
    number = sum(len(PICKED.get(name, ())) for name in projects)
    return [
        row(f"poll {len(projects)} projects + {number} metadata files, 30 ms away", first),
        row(f"poll {len(projects)} projects again, nothing changed", again),
    ]


def one_round(url: str, projects: Collection[str]) -> tuple[Pair, Pair]:
    """Return seconds of poll and floor, of the first and of an unchanged poll."""
    index = Index.objects.create(url=url)
    first = seconds(lambda: poll_recorded(index, projects))
    sources = metadata_urls(index)
    first_floor = seconds(lambda: asyncio.run(ask(url, projects, sources)))
    again = seconds(lambda: poll_recorded(index, projects))
    again_floor = seconds(lambda: asyncio.run(ask_again(index, projects)))
    check(index, projects, len(sources))
    index.delete()
    return (first, first_floor), (again, again_floor)


def row(work: str, pairs: Sequence[Pair]) -> Row:
    ours, floor = (min(column) for column in zip(*pairs, strict=True))
    return Row(work=work, seconds=ours, floor=floor, limit=BUDGET)


# --- Ours ----------------------------------------------------------------------------------------
def recorded_projects() -> list[str]:
    """The projects whose files were recorded in full."""
    return sorted(recorded.projects_with_files())


def wanted(
    project: str,
    releases: Sequence[KnownRelease],  # noqa: ARG001
    metadata: Mapping[str, KnownMetadata],  # noqa: ARG001
) -> Collection[str]:
    """Stand in for the selections: want what they pick as of the first recording."""
    return PICKED.get(project, ())


def picked() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for release, facts in recorded.recorded_metadata().items():
        project, _, version = release.partition("==")
        if facts["classifiers"] is not None and recorded.FIRST_CLOSURE in facts["closure"]:
            found.setdefault(project, []).append(version)
    return found


PICKED = picked()


def poll_recorded(index: Index, projects: Collection[str]) -> Poll:
    return poll(index, projects, at=AS_OF, wanted=wanted)


def metadata_urls(index: Index) -> list[str]:
    return list(Release.objects.filter(project__index=index).values_list("source", flat=True))


def check(index: Index, projects: Collection[str], number: int) -> None:
    """A poll that did not do the work is no measurement."""
    states = {
        tuple(sorted(set(visit.outcomes.values_list("state", flat=True))))
        for visit in index.polls.all()
    }
    assert states == {("ok",), ("unchanged",)}, states
    assert Project.objects.filter(index=index).count() == len(projects)
    assert number == sum(len(PICKED.get(name, ())) for name in projects)


# --- The floor -----------------------------------------------------------------------------------
def bare_client() -> httpx.AsyncClient:
    connections = settings.PORTAL_INDEX_CONNECTIONS
    return httpx.AsyncClient(
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        headers={"User-Agent": user_agent()},
        verify=False,  # It would be slow to build, and nothing here speaks TLS.
    )


async def ask(url: str, projects: Collection[str], metadata: Collection[str]) -> None:
    """Ask for all pages and for all metadata, and read the answers."""
    async with bare_client() as client:
        pages = [(f"{url}{name}/", {"Accept": ACCEPT}) for name in projects]
        await ask_all(client, [*pages, *((one, {}) for one in metadata)], 200)


async def ask_again(index: Index, projects: Collection[str]) -> None:
    etags = await asyncio.to_thread(
        lambda: dict(Project.objects.filter(index=index).values_list("name", "etag"))
    )
    async with bare_client() as client:
        pages = [
            (f"{index.url}{name}/", {"Accept": ACCEPT, "If-None-Match": etags[name]})
            for name in projects
        ]
        await ask_all(client, pages, 304)


async def ask_all(
    client: httpx.AsyncClient, requests: Sequence[tuple[str, dict[str, str]]], status: int
) -> None:
    slots = asyncio.Semaphore(settings.PORTAL_INDEX_CONNECTIONS)

    async def one(url: str, headers: dict[str, str]) -> None:
        async with slots:
            answer = await client.get(url, headers=headers)
            assert answer.status_code == status, (url, answer.status_code)

    await asyncio.gather(*itertools.starmap(one, requests))


# --- Around it -----------------------------------------------------------------------------------
def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def index_process(*extra: str) -> Iterator[str]:
    """Start the recorded index as a process of its own; yield its address."""
    command = [sys.executable, "-m", "tests.support.index_server"]
    options = ["--latency-ms", str(LATENCY_MS), *extra]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@contextmanager
def fresh_database() -> Iterator[None]:
    """Use an empty SQLite file while the block runs."""
    name = connection.settings_dict["NAME"]
    with tempfile.TemporaryDirectory() as folder:
        connection.close()
        connection.settings_dict["NAME"] = Path(folder) / "bench.sqlite3"
        try:
            call_command("migrate", verbosity=0)
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = name


if __name__ == "__main__":
    sys.exit(0 if print_rows(run()) else 1)

"""Many at once, each in a thread with a connection of its own."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections

LONGEST = 120  # Seconds: whoever waits that long waits for ever.


def together(
    calls: Sequence[Callable[[], Any]], *, refusals: tuple[type[Exception], ...] = ()
) -> list[Any]:
    """Call all at once; return results and *refusals*, and raise what is neither."""
    barrier = Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=30)
            return call()
        except refusals as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as threads:
        futures = [threads.submit(one, call) for call in calls]
        return [future.result(timeout=LONGEST) for future in futures]


def require_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip(
            "the suite runs on SQLite: run it again with "
            "DATABASE_URL=postgres://USER:PASSWORD@HOST/NAME"
        )


@contextmanager
def one_file(path: Path) -> Iterator[None]:
    """
    Move this test's SQLite database from memory into a file, as the portal has it.

    In memory, threads would share one cache with locks of another kind.
    """
    memory = connections["default"]
    with memory.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])
    name = memory.settings_dict["NAME"]
    memory.settings_dict["NAME"] = path
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        memory.settings_dict["NAME"] = name
        connections["default"] = memory

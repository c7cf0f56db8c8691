"""
A worker as a process of its own, over the database in PORTAL_DATA_DIR.

``python -m tests.environments.worker prepare URL NUMBER [PROJECT [builds]]`` makes the tables and
asks for so many environments; ``drain BINARY SECONDS_AHEAD`` works them off, with a clock that is
ahead.
"""

import sys
from datetime import datetime, timedelta

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from matrix.environments.models import PinSet, Resolution  # noqa: E402
from matrix.environments.resolving import drain, enqueue  # noqa: E402
from tests.environments.makers import a_request, a_uv, now  # noqa: E402


def prepare(url: str, number: str, project: str = "httpx", builds: str = "") -> None:
    with connection.schema_editor() as editor:
        editor.create_model(PinSet)
        editor.create_model(Resolution)
    wanted = [
        a_request(url, project, f"anyio!=0.{minor}", allows_builds=bool(builds))
        for minor in range(int(number))
    ]
    enqueue(wanted, at=now())


def work(binary: str, seconds_ahead: str = "0") -> None:
    def clock() -> datetime:
        return now() + timedelta(seconds=float(seconds_ahead))

    uv = a_uv(settings.PORTAL_DATA_DIR, binary=binary)
    until = clock() + timedelta(seconds=60)
    print(drain(owner="worker", clock=clock, until=until, uv=uv))  # noqa: T201


if sys.argv[1] == "prepare":
    prepare(*sys.argv[2:])
else:
    work(*sys.argv[2:])

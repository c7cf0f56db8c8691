"""The web server and a worker as children of one process, for a portal on one machine."""

import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

from django.conf import settings
from django.core.management.base import CommandError

STOP_SECONDS = 30  # What the children get to end; the worker lets a running task finish.


def free_port(first: int) -> int:
    """Return *first*, or the next port of ten on which nothing listens yet."""
    for port in range(first, min(first + 10, 65536)):
        with socket.socket() as probe:
            # As gunicorn binds: a port that was served a second ago is free again.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                continue
            return port
    raise CommandError(f"The ports {first} to {first + 9} are taken. Name another: --port 9000.")


def commands(port: int) -> list[list[str]]:
    web = ["-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}"]
    web += ["--workers", "1", "--threads", "8", "--log-level", "warning"]
    return [[sys.executable, *web], [sys.executable, "manage.py", "worker"]]


def serve(port: int, *, index_url: str | None = None) -> None:
    """
    Run both until a signal comes or one of them ends; raises CommandError for the latter.

    *index_url* is the index of the portal for as long as it is served.
    """
    environment = {**os.environ, "PORTAL_INDEX_URL": index_url} if index_url else {**os.environ}
    stopping: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, note)
    # Sessions of their own: Ctrl-C reaches this process alone, which ends them in order.
    children = [
        subprocess.Popen(  # noqa: S603  (our own interpreter and our own commands)
            command, cwd=settings.BASE_DIR, env=environment, start_new_session=True
        )
        for command in commands(port)
    ]
    try:
        while not stopping and all(child.poll() is None for child in children):
            time.sleep(0.2)
    finally:
        ended = [child for child in children if child.poll() is not None]
        _stop(children)
    if ended and not stopping:
        raise CommandError(f"{ended[0].args!r} ended with code {ended[0].returncode}.")


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

"""
The way to uv. No other module of the core starts a process to resolve.

uv sees an environment and a configuration that are made here and nothing else of the host's: no
pip.conf, no uv.toml, no PIP_* or UV_*, no netrc. What passes are trust and way.

Where builds are not allowed uv is *not* told ``--no-build``: it would skip releases that have only
sdists in silence, and pin older ones. It may ask for a build, and the build cannot start: a Python
whose PYTHONHOME does not exist ends before it runs the first line of anybody's code, while the
question that uv puts to the interpreter itself is isolated from such variables (``python -I``).
uv then fails and names the release.
"""

import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Self

import uv as uv_package
from django.conf import settings

from integrations.index.address import configured_logins
from matrix.environments.explaining import Failure, Unresolved, explain
from matrix.environments.workspace import environment, locked_folder, write_inputs
from matrix.rules.resolution import (
    EnvironmentRequest,
    LockRequest,
    UnreadablePins,
    moment_text,
    read_pins,
)

# Reads which process groups live, line by line; when the worker is gone it ends the last ones.
# The kernel could do that to uv alone (PR_SET_PDEATHSIG), not to the builds that uv starts, and
# only if each start copied the memory of the worker, which took longer than small resolutions.
GUARD = """
import os, signal, sys
groups = ""
for line in sys.stdin:
    groups = line
for group in groups.split():
    try:
        os.killpg(int(group), signal.SIGKILL)
    except OSError:
        pass
"""
LOOK = 0.2  # Seconds between two looks at the clock while uv works.
CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Resolved:
    pins: tuple[str, ...]
    seconds: float
    text: str = ""  # Of a lock: the file that uv wrote.


Outcome = Resolved | Unresolved


class UvMissing(Exception):
    """There is no uv here that can be started."""


class CacheKept(Exception):
    """The cache could not be pruned; why, in a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Uv:
    """Which uv is started, where it works, and how long it may."""

    binary: str
    folder: Path  # Holds the cache, which all share, and a folder of each worker.
    seconds: float = 120  # Of wall clock for one resolution.
    output: int = 1_000_000  # Bytes that it may say.
    retries: int = 3  # Of each request, with pauses of one, two and four seconds.
    grace: float = 2  # Seconds between asking it to end and killing it.

    @property
    def cache(self) -> Path:
        return self.folder / "uv-cache"

    @property
    def runs(self) -> Path:
        return self.folder / "uv-runs"


def configured_uv() -> Uv:
    """Return the uv of this installation, which works in PORTAL_DATA_DIR."""
    try:
        binary = uv_package.find_uv_bin()
    except FileNotFoundError:
        binary = shutil.which("uv") or "uv"
    return Uv(binary=binary, folder=settings.PORTAL_DATA_DIR)


def uv_version(uv: Uv | None = None) -> str:
    """``0.13.8``; raises UvMissing."""
    return _version((uv or configured_uv()).binary)


@cache
def _version(binary: str) -> str:
    try:
        answer = subprocess.run(  # noqa: S603  (our own binary)
            [binary, "--version"], capture_output=True, text=True, timeout=20, check=True, env={}
        )
        return answer.stdout.split()[1]
    except (OSError, subprocess.SubprocessError, IndexError) as error:
        raise UvMissing(f"uv cannot be started as {binary}: {_reason(error)}") from error


def prune_cache(uv: Uv | None = None, *, seconds: int = 60) -> str:
    """
    Have uv remove from its cache what it no longer reads; return what it says of it.

    uv waits for others that use the cache, half of *seconds* at most. Raises CacheKept.
    """
    uv = uv or configured_uv()
    command = [uv.binary, "cache", "prune", "--cache-dir", str(uv.cache), "--no-config"]
    try:
        done = subprocess.run(  # noqa: S603  (our own binary)
            [*command, "--color", "never"],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            env={"HOME": str(uv.folder), "UV_LOCK_TIMEOUT": str(seconds // 2)},
        )
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise CacheKept(f"uv did not prune its cache: {_reason(error)}") from error
    last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    if done.returncode != 0:
        raise CacheKept(f"uv did not prune its cache: {last}")
    return last


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{text}."


def resolve(request: EnvironmentRequest, uv: Uv | None = None) -> Outcome:
    """Ask uv what *request* gets installed. What goes wrong is returned, not raised."""
    uv = uv or configured_uv()
    try:
        with locked_folder(uv.runs) as folder, Calls(uv, folder) as calls:
            calls.start("", request)
            while True:
                for _, outcome in calls.wait():
                    return outcome
    except OSError as error:
        return not_writable(error)


def not_writable(error: OSError) -> Unresolved:
    return Unresolved(
        Failure.NO_SPACE, f"The portal cannot write to its data folder: {_reason(error)}"
    )


@dataclass(slots=True)
class Call:
    """One process of uv."""

    key: str
    request: EnvironmentRequest
    folder: Path
    process: subprocess.Popen[bytes]
    deadline: float  # Of the monotonic clock.
    started: float
    said: bytearray = field(default_factory=bytearray)
    stopped: Unresolved | None = None  # Why it was told to end.

    @property
    def output(self) -> IO[bytes]:
        assert self.process.stderr is not None
        return self.process.stderr


class Calls:
    """The processes of one worker. A ``with`` leaves none behind, not even one that is killed."""

    def __init__(self, uv: Uv, folder: Path) -> None:
        self._uv = uv
        self._folder = folder
        self._calls: list[Call] = []
        # Making and removing folders would take as long as a tenth of a resolution.
        self._idle: list[Path] = []
        self._failed: list[tuple[str, Outcome]] = []
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        self._guard = subprocess.Popen(  # noqa: S603  (our own interpreter and program)
            [sys.executable, "-I", "-S", "-c", GUARD],
            stdin=subprocess.PIPE,
            env={},
            start_new_session=True,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._selector.close()
        with suppress(BrokenPipeError):
            self._guard.communicate()

    def _tell_guard(self) -> None:
        assert self._guard.stdin is not None
        with suppress(BrokenPipeError):  # Somebody killed the guard; the work goes on.
            print(*(call.process.pid for call in self._calls), file=self._guard.stdin, flush=True)

    def __len__(self) -> int:
        return len(self._calls) + len(self._failed)

    def start(self, key: str, request: EnvironmentRequest) -> None:
        """Start uv; what prevents that is the outcome that :meth:`wait` returns."""
        try:
            call = self._started(key, request)
        except (FileNotFoundError, PermissionError) as error:
            if error.filename != self._uv.binary:
                self._failed.append((key, not_writable(error)))
                return
            text = f"uv cannot be started as {self._uv.binary}: {_reason(error)}"
            self._failed.append((key, Unresolved(Failure.NO_UV, text)))
        except OSError as error:
            self._failed.append((key, not_writable(error)))
        except ValueError as error:
            self._failed.append((key, Unresolved(Failure.BAD_REQUEST, str(error))))
        else:
            self._calls.append(call)
            self._tell_guard()
            os.set_blocking(call.output.fileno(), False)
            self._selector.register(call.output, selectors.EVENT_READ, call)

    def _started(self, key: str, request: EnvironmentRequest) -> Call:
        folder = self._idle.pop() if self._idle else Path(tempfile.mkdtemp(dir=self._folder))
        write_inputs(folder, request)
        now = time.monotonic()
        process = subprocess.Popen(  # noqa: S603  (our own binary)
            arguments(self._uv, request),
            cwd=folder,
            env=environment(folder, request, os.environ, configured_logins())
            | {"UV_HTTP_RETRIES": str(self._uv.retries)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        return Call(key, request, folder, process, now + self._uv.seconds, now)

    def wait(self) -> list[tuple[str, Outcome]]:
        """Return what ended, with its key, after a moment at most."""
        ended, self._failed = self._failed, []
        for event, _ in self._selector.select(0 if ended else LOOK) if self._calls else ():
            self._read(event.data)
        for call in list(self._calls):
            self._check(call)
            if call.process.poll() is not None:
                ended.append((call.key, self._ended(call)))
        return ended

    def _read(self, call: Call) -> None:
        while chunk := call.output.read(CHUNK):
            call.said += chunk[: self._uv.output + 1 - len(call.said)]
        if chunk == b"":  # It closed its end: it is about to end itself.
            self._selector.unregister(call.output)
            with suppress(subprocess.TimeoutExpired):
                call.process.wait(LOOK)

    def _check(self, call: Call) -> None:
        now = time.monotonic()
        if call.stopped is None and now > call.deadline:
            text = f"uv found no answer within {self._uv.seconds:g} seconds and was stopped."
            self._ask_to_end(call, Unresolved(Failure.TIME_OUT, text))
        elif call.stopped is None and len(call.said) > self._uv.output:
            text = f"uv wrote more than {self._uv.output} bytes and was stopped."
            self._ask_to_end(call, Unresolved(Failure.TOO_LONG, text))
        elif call.stopped is not None and now > call.deadline:
            _signal_group(call, signal.SIGKILL)

    def _ask_to_end(self, call: Call, why: Unresolved) -> None:
        call.stopped, call.deadline = why, time.monotonic() + self._uv.grace
        _signal_group(call, signal.SIGTERM)

    def _ended(self, call: Call) -> Outcome:
        if call.output in self._registered():
            self._read(call)
        outcome = call.stopped or _outcome(call)
        self._forget(call)
        seconds = time.monotonic() - call.started
        if isinstance(outcome, Unresolved):
            return Unresolved(outcome.kind, outcome.problem, seconds)
        return Resolved(outcome.pins, seconds, outcome.text)

    def _registered(self) -> Collection[object]:
        return [key.fileobj for key in self._selector.get_map().values()]

    def _forget(self, call: Call) -> None:
        """Leave nothing of *call*: no process of its group, no pipe, no folder."""
        _signal_group(call, signal.SIGKILL)
        call.process.wait()
        if call.output in self._registered():
            self._selector.unregister(call.output)
        call.output.close()
        if call.process.returncode == 0 and not call.request.allows_builds:
            self._idle.append(call.folder)
        else:  # Who knows what is left in it.
            shutil.rmtree(call.folder, ignore_errors=True)
        self._calls.remove(call)
        self._tell_guard()

    def kill(self, keys: Collection[str] | None = None) -> None:
        """End these resolutions, or all, at once and without an outcome."""
        for call in list(self._calls):
            if keys is None or call.key in keys:
                self._forget(call)
        self._failed = [] if keys is None else [f for f in self._failed if f[0] not in keys]


def _outcome(call: Call) -> Outcome:
    text = call.said.decode("utf-8", errors="replace")
    code = call.process.returncode
    if code < 0:
        name = signal.Signals(-code).name
        return Unresolved(Failure.KILLED, f"uv was killed ({name}); was memory short?")
    if code != 0:
        secrets = [login.password for login in configured_logins().values()]
        text = text.replace(str(call.folder), "…")
        return explain(text, allows_builds=call.request.allows_builds, secrets=secrets)
    try:
        written = (call.folder / written_file(call.request)).read_text(encoding="utf-8")
        if isinstance(call.request, LockRequest):
            return Resolved((), 0, written)
        return Resolved(read_pins(written), 0)
    except (OSError, UnicodeDecodeError, UnreadablePins) as error:
        return Unresolved(Failure.OTHER, f"uv wrote pins that cannot be read: {error}")


def _signal_group(call: Call, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # The whole group is gone.
        os.killpg(call.process.pid, number)


def written_file(request: EnvironmentRequest) -> str:
    """Return the name of the file that uv writes its answer to."""
    is_pylock = isinstance(request, LockRequest) and request.as_pylock
    return "pylock.toml" if is_pylock else "pins.txt"


def arguments(uv: Uv, request: EnvironmentRequest) -> list[str]:
    """Return the command line; each option was found by measuring (DESIGN 5)."""
    command = [
        *(uv.binary, "pip", "compile", "requirements.in", "-o", written_file(request)),
        *("-c", "constraints.txt", "--config-file", "uv.toml", "--cache-dir", str(uv.cache)),
        *("-p", sys.executable, "--no-python-downloads", "--python-version", request.full_python),
        *_form(request),
        *("--no-header", "-q", "--color", "never", "--system-certs"),
    ]
    if request.allows_prereleases:
        command += ["--prerelease", "allow"]
    if request.exclude_newer:
        command += ["--exclude-newer", moment_text(request.exclude_newer) or ""]
    for name, moment in request.exclude_newer_projects:
        command += ["--exclude-newer-package", f"{name}={moment_text(moment)}"]
    return command


def _form(request: EnvironmentRequest) -> list[str]:
    """Return for which platform the answer holds, and what it tells beside the pins."""
    if not isinstance(request, LockRequest):
        return ["--python-platform", request.platform, "--no-annotate"]
    form = ["--format", "pylock.toml"] if request.as_pylock else []
    return ["--universal", "--generate-hashes", "--annotation-style", "line", *form]

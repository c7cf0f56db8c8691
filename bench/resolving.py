"""
Resolve the environments of the recorded matrix beside a plain script with the same calls of uv.

Each distinct combination of requirements and Python counts once, so 3.14t, which takes the result
of 3.14, is not counted again. Both start with an empty cache, use the same number of processes,
and ask an index that is a process of its own and answers 30 ms late. The pins must be equal.
"""

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from django.core.management import call_command

from bench.matrix import AS_OF, CATALOGUE, NOW
from bench.poll import fresh_database, index_process, seconds
from bench.report import Row, print_rows
from integrations.catalogue.models import Sdk
from matrix.environments.resolving import Result, drain, enqueue, results
from matrix.environments.uv import Uv, configured_uv
from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, read
from matrix.rules.requirements import environment_requirements
from matrix.rules.resolution import EnvironmentRequest, full_python
from matrix.sdk.computing import Question, compute
from matrix.sdk.gathering import index_of
from tests.support.index_server import IndexServer

OLDEST = Python(8)  # Of what is measured: of older ones the facts do not hold all dependencies.
PROCESSES = 2
BUDGET = 1.3  # Times the floor.
SECONDS = 0.3
CONFIGURATION = """\
[[index]]
url = "{url}"
default = true
cache-control = {{ api = "max-age=600", files = "max-age=365000000, immutable" }}
"""


def run() -> list[Row]:
    """Measure a cold cache, and asking again for what is known."""
    with (
        tempfile.TemporaryDirectory() as folder,
        index_process("--wheels-for-sdists") as url,
        fresh_database(),
    ):
        requests = recorded_requests(url)
        new = [request for request in requests if not request.python < OLDEST]
        floor_began = time.perf_counter()
        expected = floor(new, Path(folder) / "floor")
        floor_seconds = time.perf_counter() - floor_began
        uv = Uv(binary=configured_uv().binary, folder=Path(folder) / "ours")
        ours_seconds = seconds(lambda: resolved(new, uv))
        again_seconds = seconds(lambda: resolved(new, uv))
        check(resolved(new, uv), expected)
        tell_of_old([one for one in requests if one.python < OLDEST], uv)
    return [
        Row(
            work=f"resolve {len(new)} environments, cold cache, 30 ms away",
            seconds=ours_seconds,
            floor=floor_seconds,
            limit=BUDGET,
        ),
        Row(
            work=f"resolve {len(new)} environments again, unchanged",
            seconds=again_seconds,
            limit=SECONDS,
        ),
    ]


# --- What is asked for ---------------------------------------------------------------------------
def recorded_requests(url: str) -> list[EnvironmentRequest]:
    """Return each distinct request of the recorded matrix, in the order of the file."""
    with IndexServer() as server:
        call_command("import_catalogue", str(CATALOGUE), sdk="resolved", stdout=io.StringIO())
        sdk = Sdk.objects.get(slug="resolved")
        index = index_of(sdk, url=server.url)
        bodies = [part.body for part in compute(sdk, Question(as_of=AS_OF, now=NOW, index=index))]
    parts = [read(body) for body in bodies if body is not None]
    every = (
        request
        for part in parts
        if isinstance(part, IntegrationPart)
        for request in requests_of(part, url)
    )
    return list({request.key(""): request for request in every}.values())


def requests_of(part: IntegrationPart, url: str) -> Iterator[EnvironmentRequest]:
    for row in part.rows:
        for python in row.pythons:
            yield EnvironmentRequest(
                requirements=tuple(environment_requirements(part, row.version, python)),
                python=Python(python.minor),
                index_url=url,
                allows_prereleases=row.version.is_prerelease,
                exclude_newer=AS_OF,
            )


# --- Ours ----------------------------------------------------------------------------------------
def resolved(requests: Collection[EnvironmentRequest], uv: Uv) -> dict[EnvironmentRequest, Result]:
    keys = enqueue(requests, at=now(), uv=uv)
    until = now() + timedelta(hours=1)
    found = results(keys.values())
    if not all(result.is_over for result in found.values()):
        drain(owner="bench", clock=now, until=until, processes=PROCESSES, keys=keys.values(), uv=uv)
        found = results(keys.values())
    return {request: found[key] for request, key in keys.items()}


def now() -> datetime:
    return datetime.now(UTC)


# --- The floor -----------------------------------------------------------------------------------
def floor(requests: Sequence[EnvironmentRequest], folder: Path) -> list[tuple[str, ...]]:
    """Call uv as a script would: a process after the other, so many at a time."""
    folder.mkdir()
    configuration = folder / "uv.toml"
    configuration.write_text(CONFIGURATION.format(url=requests[0].index_url))
    with ThreadPoolExecutor(PROCESSES) as threads:
        return list(threads.map(partial(by_script, folder), requests))


def by_script(folder: Path, request: EnvironmentRequest) -> tuple[str, ...]:
    command = [configured_uv().binary, "pip", "compile", "-", "--config-file", "uv.toml"]
    command += ["--cache-dir", "cache", "-p", sys.executable, "--no-python-downloads"]
    command += ["--python-version", full_python(request.python)]
    command += ["--python-platform", request.platform, "--exclude-newer", "2026-08-10T08:45:00Z"]
    command += ["--no-annotate", "--no-header", "-q", "--system-certs"]
    command += ["--prerelease", "allow"] if request.allows_prereleases else []
    done = subprocess.run(
        command,
        input="\n".join(request.requirements),
        cwd=folder,
        env={"HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(done.stdout.split())


# --- Around it -----------------------------------------------------------------------------------
def check(ours: dict[EnvironmentRequest, Result], expected: Sequence[tuple[str, ...]]) -> None:
    """Wrong pins, however fast, are no measurement."""
    for (request, result), pins in zip(ours.items(), expected, strict=True):
        assert result.pins == pins, (request, result)


def tell_of_old(requests: Collection[EnvironmentRequest], uv: Uv) -> None:
    """Print what becomes of the Pythons for which the recorded facts do not reach everywhere."""
    found = resolved(requests, uv)
    failed = {request: result for request, result in found.items() if result.problem}
    print(f"{len(found) - len(failed)} of {len(found)} environments before {OLDEST} resolve; not:")
    for request, result in failed.items():
        reason = result.problem.splitlines()[2].removeprefix("Because ")
        print(f"  {request.python} {request.requirements[0]}: {reason[:150]}")


if __name__ == "__main__":
    import django

    django.setup()
    sys.exit(0 if print_rows(run()) else 1)

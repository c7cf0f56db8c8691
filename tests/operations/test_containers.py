"""
Dockerfile and docker-compose.yml, as far as they can be tried without an engine: their commands
run here, in their environment, against a real PostgreSQL.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

import psycopg
import pytest
import yaml

from portal.env import READ
from tests.support.needs import postgres_url, redis_url
from tests.support.processes import ROOT, manage, portal_environment, wait_until

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
# What docker compose needs to be told, and nothing more.
TOLD = {"POSTGRES_PASSWORD": "sesame", "PORTAL_SECRET_KEY": "0123456789abcdef" * 4}


def environment_of(service: str) -> dict[str, str]:
    """The variables of *service* when only TOLD is set, as docker compose fills them in."""

    def fill(match: re.Match[str]) -> str:
        return TOLD.get(match["name"], match["default"] or "")

    pattern = r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*)|:\?[^}]*)?\}"
    environment = SERVICES[service]["environment"]
    return {name: re.sub(pattern, fill, text) for name, text in environment.items()}


def command_of_the_image() -> list[str]:
    (line,) = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, flags=re.MULTILINE)
    command: list[str] = json.loads(line)
    return command


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture
def database() -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    name = f"portal_{uuid4().hex[:12]}"
    with psycopg.connect(postgres_url(), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        yield postgres_url().rpartition("/")[0] + f"/{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.mark.parametrize("service", ["migrate", "web", "worker"])
def test_a_container_is_given_variables_that_the_portal_knows(service: str) -> None:
    given = {name for name in environment_of(service) if name.startswith(("PORTAL_", "DATABASE"))}

    assert given <= READ


def test_no_secret_stands_in_the_files() -> None:
    environment = SERVICES["web"]["environment"]

    for name in ("PGPASSWORD", "PORTAL_SECRET_KEY"):
        assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", environment[name])
    assert "sesame" not in environment_of("web")["DATABASE_URL"]
    assert "KEY" not in DOCKERFILE


def test_the_image_runs_as_a_user_without_rights_and_forks_no_pool() -> None:
    assert re.findall(r"^USER (.*)$", DOCKERFILE, flags=re.MULTILINE) == ["10001"]
    assert "--preload" not in " ".join(command_of_the_image())


def test_web_and_worker_start_after_the_migrations_and_those_after_the_database() -> None:
    waits = {
        name: {other: wait["condition"] for other, wait in service.get("depends_on", {}).items()}
        for name, service in SERVICES.items()
    }

    assert waits == {
        "database": {},
        "migrate": {"database": "service_healthy"},
        "web": {"migrate": "service_completed_successfully"},
        "worker": {"migrate": "service_completed_successfully"},
    }


def test_docker_waits_longer_than_the_worker_lets_tasks_finish() -> None:
    source = (ROOT / "portal" / "settings.py").read_text()
    (limit,) = re.findall(r'"PORTAL_STOP_LIMIT", default=(\d+)', source)

    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) >= int(limit) + 10


def test_the_image_holds_what_runs_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {line[1:] for line in lines if line.startswith("!")}

    assert lines[1] == "*"
    assert kept == {
        "integrations", "matrix", "portal", "templates", "manage.py", "pyproject.toml",
        "requirements/main.txt",
    }  # fmt: skip
    assert all((ROOT / name).exists() for name in kept)


@pytest.mark.postgres
@pytest.mark.slow
def test_the_commands_of_the_containers_work_one_after_the_other(
    database: str, tmp_path: Path
) -> None:
    migrate = SERVICES["migrate"]["command"]
    worker = SERVICES["worker"]
    variables = {**environment_of("web"), "DATABASE_URL": database}

    done = manage(tmp_path, *migrate[2:], **variables)
    assert (done.returncode, done.stderr) == (0, "")

    with served(tmp_path, variables) as address:
        assert json.load(urlopen(f"{address}/health/"))["status"] == "ok"
        assert "csrfmiddlewaretoken" in urlopen(f"{address}/admin/login/").read().decode()
        assert urlopen(f"{address}/static/admin/css/base.css").status == 200

    check_worker(tmp_path, {**variables, "PORTAL_ROLE": worker["environment"]["PORTAL_ROLE"]})


@dataclass
class Started:
    process: subprocess.Popen[bytes]
    log: Path


@contextmanager
def served(folder: Path, variables: dict[str, str]) -> Iterator[str]:
    """Run the web container's own command, on a port that is free here."""
    port = free_port()
    *shell, line = command_of_the_image()
    line = line.replace("0.0.0.0:8000", f"127.0.0.1:{port}").replace("/dev/shm", str(folder))
    programs = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with started([*shell, line], folder, {**variables, **programs}) as web:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(web, address), seconds=60, what="served")
        yield address


def answers(web: Started, address: str) -> bool:
    assert web.process.poll() is None, web.log.read_text()
    try:
        return bool(urlopen(f"{address}/health/", timeout=2).status == 200)
    except OSError:  # Refused, cut, or not in time: it is still starting.
        return False


def check_worker(folder: Path, variables: dict[str, str]) -> None:
    """Start the worker container's command, give it a task, and stop it as docker does."""
    command = [sys.executable, *SERVICES["worker"]["command"][1:]]
    check = SERVICES["worker"]["healthcheck"]["test"][3:]
    with started(command, folder, variables) as worker:
        call = "from django_q.tasks import async_task as q; q('time.sleep', 0)"
        assert manage(folder, "shell", "-v0", "-c", call, **variables).returncode == 0
        end = time.monotonic() + 60
        while manage(folder, *check, **variables).returncode != 0:
            assert time.monotonic() < end, worker.log.read_text()


@contextmanager
def started(command: list[str], folder: Path, variables: dict[str, str]) -> Iterator[Started]:
    """Start *command*, and stop it as docker does: it must end by itself, without an error."""
    path = folder / "container.log"
    environment = portal_environment(folder, **variables)
    with path.open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        yield Started(process, path)
        process.terminate()
        assert process.wait(timeout=30) == 0, path.read_text()
    finally:
        process.kill()
        process.wait()


@pytest.mark.redis
@pytest.mark.slow
def test_tasks_come_through_redis_when_it_is_the_broker(tmp_path: Path) -> None:
    variables = {"PORTAL_REDIS_URL": redis_url()}
    assert manage(tmp_path, "migrate", "-v0", **variables).returncode == 0

    check_worker(tmp_path, variables)

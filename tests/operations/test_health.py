import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils.timezone import now
from django_q.models import Task
from pytest_django import DjangoAssertNumQueries, Settings

from portal.operations import signs
from portal.operations.health import worker_state
from portal.operations.models import WorkerSign
from tests.support.processes import manage

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def a_finished_task(stopped: datetime, *, success: bool = True) -> Task:
    task: Task = Task.objects.create(
        id=f"task-{Task.objects.count()}",
        name="a task",
        func="portal.tasks.heartbeat",
        started=stopped,
        stopped=stopped,
        success=success,
    )
    return task


@pytest.mark.django_db
def test_a_worker_that_never_finished_a_task_is_not_known() -> None:
    state = worker_state(NOW)

    assert (state.is_alive, state.last_seen_at) == (False, None)
    assert state.sentence == (
        "No worker has been seen yet: start one with “python manage.py worker”."
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("age", "is_alive", "sentence"),
    [
        (timedelta(seconds=30), True, "The worker was last seen just now."),
        (timedelta(seconds=60), True, "The worker was last seen 1 minute ago."),
        (timedelta(seconds=420), True, "The worker was last seen 7 minutes ago."),
        (
            timedelta(seconds=421),
            False,
            "The worker was last seen 7 minutes ago: what is queued waits until one is started.",
        ),
        (
            timedelta(hours=3),
            False,
            "The worker was last seen 3 hours ago: what is queued waits until one is started.",
        ),
        (
            timedelta(days=1, hours=3),
            False,
            "The worker was last seen 1 day ago: what is queued waits until one is started.",
        ),
    ],
    ids=str,
)
def test_the_last_finished_task_says_whether_a_worker_is_alive(
    settings: Settings, age: timedelta, is_alive: bool, sentence: str
) -> None:
    settings.PORTAL_HEARTBEAT_LIMIT = 420
    a_finished_task(NOW - age)
    a_finished_task(NOW - age - timedelta(days=30))

    state = worker_state(NOW)

    assert (state.is_alive, state.sentence) == (is_alive, sentence)
    assert state.last_seen_at == NOW - age


@pytest.mark.django_db
def test_a_failed_task_is_a_sign_of_life_too() -> None:
    a_finished_task(NOW, success=False)

    assert worker_state(NOW).is_alive


@pytest.mark.django_db
def test_a_silent_worker_is_named_while_another_one_lives(
    settings: Settings, client: Client
) -> None:
    settings.PORTAL_HEARTBEAT_LIMIT = 420
    a_finished_task(NOW)
    for name, age in (("a:1", 0), ("b:2", 8), ("c:3", 7), ("d:4", 60 * 25)):
        signs.note(name, NOW - timedelta(minutes=age))
    WorkerSign.objects.create(name="e:5", started_at=NOW - timedelta(hours=2))

    state = worker_state(NOW)

    assert state.is_alive
    assert state.silent == ("b:2", "e:5")
    assert state.sentence == (
        "The worker was last seen just now. Worker b:2 is silent: last seen 8 minutes ago. "
        "Worker e:5 is silent: last seen 2 hours ago."
    )


@pytest.mark.django_db
def test_health_counts_silent_workers_and_does_not_name_machines_to_everybody(
    client: Client,
) -> None:
    a_finished_task(now())
    signs.note("machine:1", now() - timedelta(hours=2))

    answer = client.get("/health/").content.decode()

    assert json.loads(answer)["worker"]["silent"] == 1
    assert "machine" not in answer


@pytest.mark.django_db
def test_health_answers_without_a_login_in_one_query(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        answer = client.get("/health/")

    assert answer.status_code == 200
    assert json.loads(answer.content) == {
        "status": "ok",
        "worker": {"alive": False, "last_seen_at": None, "silent": 0},
    }
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_health_answers_over_plain_http_inside_the_machine(
    client: Client, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/health/").status_code == 200
    assert client.get("/admin/").status_code == 301


def test_a_database_that_does_not_answer_is_said_without_its_own_words(tmp_path: Path) -> None:
    call = (
        "from django.test import Client; answer = Client().get('/health/', HTTP_HOST='localhost');"
        "print(answer.status_code, answer.content.decode())"
    )

    done = manage(
        tmp_path,
        "shell",
        "-v0",
        "-c",
        call,
        PORTAL_SECRET_KEY="x" * 50,
        DATABASE_URL="postgres://nobody:sesame@127.0.0.1:1/nothing",
    )

    assert done.stdout == (
        '503 {"status": "failed", "worker": {"alive": false, "last_seen_at": null, "silent": 0}}\n'
    )
    assert "sesame" not in done.stdout + done.stderr

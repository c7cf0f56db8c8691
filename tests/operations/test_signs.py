"""The sign of life of each worker, and the heartbeats that bring it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils.timezone import now
from django_q.signing import SignedPackage

from portal.operations import signs
from portal.operations.cluster import HEARTBEAT, Heartbeats, Signs
from portal.operations.models import WorkerSign
from portal.tasks import heartbeat

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIMIT = timedelta(minutes=7)


@pytest.mark.django_db
def test_a_worker_is_known_from_its_start_to_its_end() -> None:
    signs.begin("a:1", NOW)
    assert signs.seen_at("a:1") is None

    signs.note("a:1", NOW + HOUR)
    assert signs.seen_at("a:1") == NOW + HOUR
    assert WorkerSign.objects.get().started_at == NOW

    signs.begin("a:1", NOW + 2 * HOUR)  # The same process, or another one of its number.
    assert signs.seen_at("a:1") is None

    signs.end("a:1")
    assert not WorkerSign.objects.exists()


@pytest.mark.django_db
def test_a_worker_whose_start_could_not_be_noted_is_known_by_its_first_task() -> None:
    signs.note("a:1", NOW)

    assert WorkerSign.objects.get().started_at == NOW


@pytest.mark.django_db
def test_the_start_of_a_worker_forgets_who_was_killed_a_day_ago() -> None:
    signs.note("old:1", NOW - 25 * HOUR)
    signs.note("new:1", NOW - 23 * HOUR)

    signs.begin("a:1", NOW)

    assert set(WorkerSign.objects.values_list("name", flat=True)) == {"new:1", "a:1"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("age", "is_silent"),
    [
        (timedelta(0), False),
        (LIMIT, False),
        (LIMIT + timedelta(seconds=1), True),
        (24 * HOUR, True),
        (24 * HOUR + timedelta(seconds=1), False),
    ],
)
def test_who_is_silent_for_longer_than_the_limit_is_told_for_a_day(
    age: timedelta, is_silent: bool
) -> None:
    signs.note("a:1", NOW - age)

    assert signs.silent(NOW, limit=LIMIT) == ([("a:1", NOW - age)] if is_silent else [])


def test_a_name_tells_machine_and_process() -> None:
    host, _, pid = signs.name_of_this_worker().rpartition(":")

    assert host
    assert pid.isdecimal()


def test_a_heartbeat_comes_first_and_again_when_it_is_due() -> None:
    queued: Any = [(7, "somebody's task")]
    ask = Heartbeats(lambda: queued, every=3600)

    first, second = ask(), ask()
    ask.due = 0
    third = ask()

    assert second == queued
    for found in (first, third):
        assert found is not None
        ((key, package),) = list(found)
        task: Any = SignedPackage.loads(package)
        assert (key, task["func"], task["save"]) == (None, HEARTBEAT, False)
    assert f"{heartbeat.__module__}.{heartbeat.__name__}" == HEARTBEAT


@pytest.mark.django_db(transaction=True)  # A monitor is in none, and may close its connection.
def test_a_sign_is_written_now_and_then() -> None:
    write = Signs("a:1", every=3600)

    write(sender="django_q", task={})
    WorkerSign.objects.all().delete()
    write(sender="django_q", task={})
    assert not WorkerSign.objects.exists()

    write.due = 0
    write(sender="django_q", task={})
    seen = signs.seen_at("a:1")
    assert seen is not None
    assert now() - seen < timedelta(minutes=1)


def test_a_database_that_does_not_answer_ends_no_monitor(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(signs, "note", fail)
    monkeypatch.setattr("portal.operations.cluster.close_old_connections", lambda: None)
    write = Signs("a:1", every=3600)

    write()

    assert "The sign of life could not be written: away" in caplog.text
    assert write.due == 0  # The next task tries again.

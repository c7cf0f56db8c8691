import fcntl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uv as uv_package
from django.contrib.sessions.models import Session
from django_q.models import Task
from pytest_django import Settings

from integrations.index.models import Index, Poll, PollOutcome
from matrix.environments.uv import CacheKept, Resolved, prune_cache, resolve
from portal.operations.retention import KEPT, tidy
from tests.environments.makers import a_request, a_script, a_uv
from tests.support.small_index import SmallIndex

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OLD = NOW - KEPT - timedelta(days=1)
YOUNG = NOW - KEPT + timedelta(days=1)


def a_poll(index: Index, started_at: datetime) -> Poll:
    poll = Poll.objects.create(index=index, started_at=started_at)
    PollOutcome.objects.create(poll=poll, project="httpx", state="ok")
    return poll


@pytest.mark.django_db
def test_old_polls_go_but_the_last_of_each_index_stays() -> None:
    busy = Index.objects.create(url="https://busy.example.org/simple/")
    forgotten = Index.objects.create(url="https://forgotten.example.org/simple/")
    a_poll(busy, OLD)
    kept = [a_poll(busy, YOUNG), a_poll(forgotten, OLD)]

    tidied = tidy(NOW)

    assert str(tidied).startswith(
        "Removed 0 ended sessions, 0 failed tasks, 1 polls and 0 resolutions. The cache: "
    )
    assert list(Poll.objects.order_by("pk")) == kept
    assert PollOutcome.objects.count() == 2


@pytest.mark.django_db
def test_ended_sessions_and_old_failures_go() -> None:
    for key, ends_at in (("ended", NOW - timedelta(seconds=1)), ("open", NOW)):
        Session.objects.create(session_key=key, session_data="", expire_date=ends_at)
    for name, stopped, success in (("a", OLD, False), ("b", YOUNG, False), ("c", OLD, True)):
        Task.objects.create(
            id=name, name=name, func="f", started=stopped, stopped=stopped, success=success
        )

    tidied = tidy(NOW)

    assert str(tidied).startswith(
        "Removed 1 ended sessions, 1 failed tasks, 0 polls and 0 resolutions. "
    )
    assert list(Session.objects.values_list("session_key", flat=True)) == ["open"]
    assert sorted(Task.objects.values_list("name", flat=True)) == ["b", "c"]


# --- The cache of uv -----------------------------------------------------------------------------
@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.PORTAL_DATA_DIR = tmp_path
    return tmp_path


@pytest.mark.django_db
def test_what_an_older_uv_left_in_the_cache_goes_and_what_this_one_read_stays(folder: Path) -> None:
    with SmallIndex() as index:
        index.add("web", "1.0")
        assert isinstance(resolve(a_request(index.url, "web==1.0")), Resolved)
    left = folder / "uv-cache" / "simple-v1" / "page"
    left.parent.mkdir()
    left.write_text("x" * 5000)
    read = set((folder / "uv-cache").rglob("*.rkyv"))

    tidied = tidy(NOW)

    assert tidied.cache.startswith("Removed 1 file")
    assert not left.exists()
    assert read
    assert set((folder / "uv-cache").rglob("*.rkyv")) == read


@pytest.mark.django_db
def test_without_a_cache_there_is_nothing_to_prune(folder: Path) -> None:
    assert tidy(NOW).cache.startswith("No cache found at: ")


def test_uv_waits_no_longer_than_it_may_for_others_that_use_the_cache(folder: Path) -> None:
    lock = folder / "uv-cache" / ".lock"
    lock.parent.mkdir()
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(CacheKept, match="Timeout"):
            prune_cache(seconds=2)


def test_a_uv_that_hangs_is_ended(folder: Path) -> None:
    slow = a_uv(folder, binary=a_script(folder, "exec sleep 30\n"))
    started = time.monotonic()

    with pytest.raises(CacheKept, match="timed out after 1 seconds"):
        prune_cache(slow, seconds=1)

    assert time.monotonic() - started < 10


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("script", "said"), [("echo 'disk full' >&2; exit 2\n", "disk full"), ("exit 3\n", "nothing")]
)
def test_what_keeps_uv_from_pruning_is_logged_and_the_task_goes_on(
    script: str,
    said: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (folder / "bin").mkdir()
    stand_in = a_script(folder / "bin", script)
    monkeypatch.setattr(uv_package, "find_uv_bin", lambda: stand_in)
    Session.objects.create(session_key="ended", session_data="", expire_date=OLD)

    tidied = tidy(NOW)

    assert tidied.sessions == 1
    assert tidied.cache.startswith("uv did not prune its cache: ")
    assert said in tidied.cache
    assert tidied.cache in caplog.text


def test_a_uv_that_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(CacheKept, match="No such file or directory"):
        prune_cache(a_uv(folder, binary=str(folder / "nowhere")))

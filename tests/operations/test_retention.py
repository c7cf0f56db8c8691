from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django_q.models import Task

from integrations.index.models import Index, Poll, PollOutcome
from portal.operations.retention import KEPT, tidy

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

    assert str(tidied) == "Removed 0 ended sessions, 0 failed tasks, 1 polls and 0 resolutions."
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

    assert str(tidied) == "Removed 1 ended sessions, 1 failed tasks, 0 polls and 0 resolutions."
    assert list(Session.objects.values_list("session_key", flat=True)) == ["open"]
    assert sorted(Task.objects.values_list("name", flat=True)) == ["b", "c"]

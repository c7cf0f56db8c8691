import hashlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matrix.review.models import Snapshot
from matrix.review.snapshots import digest, store, store_all

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("body", ["{}", "", "Zürich → 東京 🐍", "a\nb\r\n"], ids=repr)
def test_a_snapshot_is_named_by_the_sha_256_of_its_utf_8_bytes(body: str) -> None:
    snapshot = store(body)

    assert snapshot.sha256 == hashlib.sha256(body.encode()).hexdigest()
    assert Snapshot.objects.get(pk=snapshot.sha256).body == body


def test_a_body_is_stored_once() -> None:
    assert store("one") == store("one")
    assert Snapshot.objects.count() == 1


def test_many_bodies_take_two_queries_whatever_is_there_already() -> None:
    store_all([f"body {number}" for number in range(30)])

    with CaptureQueriesContext(
        connection,
    ) as queries:
        stored = store_all([f"body {number}" for number in range(61)])

    written = [query for query in queries.captured_queries if "SAVEPOINT" not in query["sql"]]
    assert len(written) == 2
    assert {body: snapshot.sha256 for body, snapshot in stored.items()} == {
        f"body {number}": digest(f"body {number}") for number in range(61)
    }
    assert Snapshot.objects.count() == 61


def test_what_is_stored_already_is_not_written_again() -> None:
    store_all(["one", "two"])

    with CaptureQueriesContext(connection) as queries:
        store_all(["two", "one"])

    assert [query["sql"].split()[0] for query in queries.captured_queries] == ["SELECT"]


def test_no_bodies_need_no_query() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert store_all([]) == {}

    assert queries.captured_queries == []

"""Texts of files are stored once, packed, and come back byte for byte."""

import hashlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matrix.review.contents import store_texts
from matrix.review.models import FileContent, PublishedFile
from tests.review.makers import a_channel, a_publication

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("text", ["[tox]\n", "", "Zürich → 東京 🐍", "a\nb\r\n\f\x00"], ids=repr)
def test_a_text_comes_back_as_it_was_under_the_sha_256_of_its_utf_8_bytes(text: str) -> None:
    (sha,) = store_texts([text]).values()

    stored = FileContent.objects.get(pk=sha)
    assert sha == hashlib.sha256(text.encode()).hexdigest()
    assert (stored.text(), stored.size) == (text, len(text.encode()))


def test_many_texts_take_two_queries_whatever_is_there_already() -> None:
    store_texts([f"text {number}" for number in range(30)])

    with CaptureQueriesContext(connection) as queries:
        store_texts([f"text {number}" for number in range(300)])

    written = [query for query in queries.captured_queries if "SAVEPOINT" not in query["sql"]]
    assert len(written) == 2
    assert FileContent.objects.count() == 300


def test_no_texts_need_no_query() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert store_texts([]) == {}

    assert queries.captured_queries == []


def test_a_file_that_stays_the_same_is_stored_once_for_all_publications() -> None:
    channel = a_channel()
    first = a_publication(channel, {"a": "one", "b": "one"})
    second = a_publication(channel, {"a": "two", "b": "one"})

    names = {publication.files.get(path="parts.txt").sha256 for publication in (first, second)}
    assert len(names) == 1
    assert (PublishedFile.objects.count(), FileContent.objects.count()) == (4, 3)
    assert first.files.get(path="tox.ini").read() == "a = one\nb = one\n"
    assert second.files.get(path="tox.ini").read() == "a = two\nb = one\n"

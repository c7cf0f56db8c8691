"""What publications take in the database (DESIGN 7: under 1 GB in five years)."""

import pytest
from django.db import connection

from matrix.review.contents import store_texts
from matrix.review.models import Publication, PublishedFile
from matrix.rules.rendering import render_files
from tests.pins.makers import a_publication
from tests.review.makers import a_channel
from tests.support.invented import a_matrix
from tests.support.parts import a_layout, a_part
from tests.support.pins import PinBook

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
WEEKS = 5 * 52
SDKS = 3
LIMIT = 400_000_000  # Bytes: files may take less than half of the gigabyte.
MEASURED = 6  # Weeks.


def size() -> int:
    """Return the bytes of the database, or of the tables of files."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(  # Pages that other tests left free are taken first.
                "SELECT (page_count - freelist_count) * page_size"
                " FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
            )
        else:
            cursor.execute(
                "SELECT pg_total_relation_size('review_filecontent')"
                " + pg_total_relation_size('review_publishedfile')"
            )
        return int(cursor.fetchone()[0])


def store(publication: Publication, files: dict[str, str]) -> None:
    shas = store_texts(files.values())
    PublishedFile.objects.bulk_create(
        PublishedFile(publication=publication, path=path, content_id=shas[text])
        for path, text in files.items()
    )


@pytest.mark.parametrize("style", ["constraints", "inline"])
def test_five_years_of_weekly_files_stay_small(style: str) -> None:
    first = a_publication(a_channel(), a_layout(), [a_part()], PinBook())
    publications = Publication.objects.bulk_create(
        Publication(
            channel=first.channel,
            number=number + 2,
            base=first,
            published_by=first.published_by,
            published_at=first.published_at,
        )
        for number in range(MEASURED + 1)
    )
    rendered = []
    for week in range(MEASURED + 1):
        matrix = a_matrix(week)
        rendered.append(render_files(matrix.layout(style), matrix.parts, matrix.book.sets))
    store(publications[0], rendered[0])
    before = size()

    for publication, files in zip(publications[1:], rendered[1:], strict=True):
        store(publication, files)

    a_week = (size() - before) / MEASURED
    assert 0 < a_week * WEEKS * SDKS < LIMIT

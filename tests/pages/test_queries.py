"""The number of queries of a page does not grow with what it shows."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from packaging.version import Version

from integrations.catalogue.models import Sdk
from matrix.review.contents import store_texts
from matrix.review.models import (
    Decision,
    Item,
    Proposal,
    Publication,
    PublishedFile,
    PublishedPart,
    Run,
)
from matrix.review.snapshots import store_all
from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, Row, write
from tests.pages.conftest import text_of
from tests.pages.makers import AT, a_publication

As = Callable[..., Client]


def a_body(number: int) -> str:
    row = Row(version=Version("1.0"), pythons=(Python(9), Python(13)))
    return write(
        IntegrationPart(
            name=f"box-{number}",
            project=f"box-{number}",
            extras=(),
            group="Web",
            test_path="tests",
            rows=(row,),
            requirements=(),
        )
    )


def history(sdk: Sdk, rows: int) -> None:
    """*rows* finished runs, closed proposals and publications, and an open proposal as long."""
    first = a_publication(sdk)
    channel, by = first.channel, first.published_by
    runs = Run.objects.bulk_create(
        Run(
            channel=channel,
            kind="scheduled",
            intended_at=AT + timedelta(hours=number + 5),
            as_of=AT,
            status="finished",
            attempts=1,
            started_at=AT,
            finished_at=AT,
            outcome="Nothing differs.",
        )
        for number in range(rows)
    )
    closed = {"status": "closed", "closed_at": AT, "closed_by": by, "closing_reason": "Old."}
    Proposal.objects.bulk_create(
        Proposal(
            number=number + 2,
            channel=channel,
            run=runs[number],
            base=first,
            summary="Old.",
            proposed_at=AT,
            **closed,
        )
        for number in range(rows)
    )
    Publication.objects.bulk_create(
        Publication(
            channel=channel,
            number=number + 2,
            base=first,
            published_by=by,
            published_at=AT - timedelta(days=1),
        )
        for number in range(rows)
    )
    bodies = [a_body(number) for number in range(rows)]
    snapshots = store_all(bodies)
    parts = [
        PublishedPart(publication=first, part=f"old-{number}", snapshot=snapshots[body])
        for number, body in enumerate(bodies)
    ]
    PublishedPart.objects.bulk_create(parts)
    (content,) = store_texts(["x"]).values()
    PublishedFile.objects.bulk_create(
        PublishedFile(publication=first, path=f"files/{number}.txt", content_id=content)
        for number in range(rows)
    )
    proposal = Proposal.objects.create(
        number=rows + 2, channel=channel, run=runs[-1], base=first, summary="New.", proposed_at=AT
    )
    items = Item.objects.bulk_create(
        Item(proposal=proposal, part=f"box-{number}", new=snapshots[body])
        for number, body in enumerate(bodies)
    )
    Decision.objects.bulk_create(
        Decision(item=item, verdict="approved", decided_by=by, decided_at=AT) for item in items[::2]
    )


# Two for the session and the user, two for the permissions, the rest is the page's own.
PAGES = {
    "/": 36,
    "/proposals/": 6,
    "/proposals/{last}/": 15,
    "/proposals/{last}/?show=undecided&sort=name": 15,
    "/proposals/{last}/items/{item}/": 14,
    "/proposals/{last}/files/": 9,
    "/publications/": 6,
    "/publications/parcels/1/": 7,
    "/runs/": 6,
    "/runs/{run}/": 7,
    "/sdks/parcels/tox.ini": 7,
}


@pytest.mark.slow
@pytest.mark.parametrize("rows", [10, 1000])
def test_a_page_takes_as_many_queries_however_much_there_is(rows: int, sdk: Sdk, as_: As) -> None:
    history(sdk, rows)
    client = as_("owners", "reviewers")
    keys = {
        "last": rows + 2,
        "run": Run.objects.latest("pk").pk,
        "item": Item.objects.latest("pk").pk,
    }

    counts = {}
    for path in PAGES:
        with CaptureQueriesContext(connection) as captured:
            text_of(client.get(path.format(**keys)))
        counts[path] = len(captured)

    assert counts == PAGES

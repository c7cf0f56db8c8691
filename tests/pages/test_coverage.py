"""The coverage grid: integrations beside Pythons, words in every cell, facts behind every word."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.catalogue.models import Integration, PythonRestriction, Sdk
from matrix.review.models import Channel, Publication, PublishedPart
from matrix.review.snapshots import store_all
from matrix.rules.parts import write
from tests.pages.conftest import Open, text_of
from tests.pages.makers import AT, a_proposal, a_publication, an_integration, an_owner, an_sdk, run
from tests.support.parts import a_part, a_row
from tests.support.small_index import SmallIndex

As = Callable[..., Client]
URL = "/sdks/parcels/coverage/"


@pytest.fixture
def sdk(db: None, index: SmallIndex) -> Sdk:
    """crates runs everywhere, labels on old Pythons alone; both are published."""
    index.add("labels", "0.9", "1.0", pythons=("3.9", "3.10"))
    sdk = an_sdk(index.url)
    Sdk.objects.update(pythons="3.8 3.9 3.10 3.11 3.12 3.13", free_threading_from="3.13")
    sdk.refresh_from_db()
    an_integration(sdk, "crates")
    Integration.objects.filter(pk=an_integration(sdk, "labels", group="Paper").pk).update(
        owner="ana"
    )
    return sdk


def grid(page: str) -> dict[str, list[str]]:
    """The words of each row of the table."""
    body = page.split("<tbody>")[1].split("</tbody>", maxsplit=1)[0]
    return {cells[0].split()[0]: cells[1:] for cells in map(words, body.split("<tr>")[1:])}


def words(row: str) -> list[str]:
    cells = row.replace("<td", "<th").split("<th")[1:]
    return [" ".join(plain(f"<th{cell}").split()) for cell in cells]


def plain(html: str) -> str:
    spaced = html.replace("<br>", " ")
    return unescape("".join(piece.partition(">")[2] for piece in spaced.split("<")))


def test_every_cell_holds_a_word_or_releases(sdk: Sdk, as_: As, opened: Open) -> None:
    a_publication(sdk)

    page = opened(as_("viewers"), URL)

    all_of_them = "3: 1.0\N{EN DASH}2.0"
    assert grid(page) == {
        "crates": [
            *["not declared", all_of_them, "no rows", "no rows", all_of_them, all_of_them],
            *[all_of_them, "3 rows"],
        ],
        "labels": [
            *["not declared", "2: 0.9\N{EN DASH}1.0", "2: 0.9\N{EN DASH}1.0"],
            *["not declared"] * 4,
            "2 rows",
        ],
    }
    assert '<th scope="row"><a href="/sdks/parcels/integrations/crates/">crates</a></th>' in page
    assert '<th scope="col">3.8<br><span class="mx-ended">ended Oct 2024</span></th>' in page
    assert 'role="region" aria-labelledby="grid-caption" tabindex="0"' in page
    assert words(page.split("<tfoot>")[1])[:3] == [
        "2 integrations",
        "0 tested, 0 rows",
        "2 tested, 5 rows",
    ]


def test_a_loss_is_told_against_the_publication_before_and_in_a_proposal(
    sdk: Sdk, as_: As, opened: Open, index: SmallIndex
) -> None:
    a_publication(sdk)
    rules = PythonRestriction(integration=Integration.objects.get(name="labels"), pythons=">=3.10")
    rules.save()
    a_proposal(sdk)
    client = as_("viewers")

    proposed = opened(client, f"{URL}?state=proposed")
    lossy = opened(client, f"{URL}?state=proposed&losses=1")
    published = opened(client, URL)

    assert grid(proposed)["labels"][1] == "lost 0.9\N{EN DASH}1.0: restricted"
    assert "compared with" in proposed
    assert "1 integration lost a Python" in proposed
    assert list(grid(lossy)) == ["labels"]
    assert "1 integration hidden." in lossy
    assert 'href="/proposals/2/#item-labels"' in proposed
    assert grid(published)["labels"][1] == "2: 0.9\N{EN DASH}1.0"


def test_what_stands_in_the_way_of_a_whole_integration_is_told(
    sdk: Sdk, as_: As, opened: Open, index: SmallIndex
) -> None:
    index.broken["/simple/labels/"] = 403
    run(sdk)
    Integration.objects.filter(name="crates").update(is_paused=True)

    page = opened(as_("viewers"), URL)

    assert set(grid(page)["labels"][:-1]) == {"failed"}
    assert "<dt>3.9</dt><dd><b>Failed</b>. " in page
    # Nothing is published: what the open proposal says is shown, and nothing else is empty.
    assert "As <a" in page
    assert grid(page)["crates"][0] == "paused"
    assert grid(page)["crates"][1] == "3: 1.0\N{EN DASH}2.0"


def test_a_new_integration_is_unknown_until_a_run_proposes_it(
    sdk: Sdk, as_: As, opened: Open, index: SmallIndex
) -> None:
    a_publication(sdk)
    index.add("stamps", "1.0")
    an_integration(sdk, "stamps")
    client = as_("viewers")

    before = opened(client, URL)
    a_proposal(sdk)
    after = opened(client, URL)

    assert set(grid(before)["stamps"][:-1]) == {"not known?"}
    assert "No run has computed it yet." in before
    assert set(grid(after)["stamps"][:-1]) == {"proposed"}
    assert "Its rows wait in proposal 2." in after


def test_filters_and_csv_show_the_same(sdk: Sdk, as_: As, opened: Open) -> None:
    a_publication(sdk)
    client = as_("viewers")

    by_group = grid(opened(client, f"{URL}?group=Web"))
    by_owner = grid(opened(client, f"{URL}?owner=ana"))
    nothing = opened(client, f"{URL}?owner=ana&group=Web")
    answer = client.get("/sdks/parcels/coverage.csv?owner=ana")

    assert (list(by_group), list(by_owner)) == (["crates"], ["labels"])
    assert "The filter hides all 2" in nothing
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert answer["Content-Disposition"].endswith('"parcels-coverage-published.csv"')
    assert {row["integration"] for row in rows} == {"labels"}
    assert [row["python"] for row in rows] == [
        "3.8",
        "3.9",
        "3.10",
        "3.11",
        "3.12",
        "3.13",
        "3.13t",
    ]
    assert [row["releases"] for row in rows][:3] == ["", "0.9 1.0", "0.9 1.0"]
    assert rows[0]["why"] == "None of the 2 releases that could be tested declares 3.8."


def test_a_name_that_a_spreadsheet_would_run_is_kept_as_text(sdk: Sdk, as_: As) -> None:
    a_publication(sdk)
    Integration.objects.filter(name="labels").update(owner="=1+1")

    text = text_of(as_("viewers").get("/sdks/parcels/coverage.csv"))

    assert "'=1+1" in text


def test_without_anything_published_or_proposed_there_is_a_way_on(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    client = as_("viewers")

    assert "Nothing is published or proposed yet" in opened(client, URL)
    assert client.get("/coverage/")["Location"] == URL
    an_sdk("https://index.example.org/simple/", "letters", name="Letters")
    assert '<a href="/sdks/letters/coverage/">Letters</a>' in opened(client, "/coverage/")
    assert "There is no SDK none." in opened(client, "/sdks/none/coverage/", status=404)


def many(sdk: Sdk, number: int) -> None:
    """A publication of *number* integrations, after one that had more Pythons."""
    group = an_integration(sdk, "crates").group
    names = [f"box-{n}" for n in range(number)]
    Integration.objects.bulk_create(
        Integration(sdk=sdk, group=group, name=name, project=name, test_path="t") for name in names
    )
    bodies = {name: write(a_part(name, rows=[a_row("1.0", "3.9 3.12")])) for name in names}
    snapshots = store_all(bodies.values())
    channel, _ = Channel.objects.get_or_create(kind="sdk", slug=sdk.slug)
    by = an_owner()
    for n in (1, 2):
        channel.current = Publication.objects.create(
            channel=channel,
            number=n,
            base=channel.current,
            published_by=by,
            published_at=AT + timedelta(days=n),
        )
        PublishedPart.objects.bulk_create(
            PublishedPart(publication=channel.current, part=name, snapshot=snapshots[body])
            for name, body in bodies.items()
        )
    channel.save()


# Two for the session and the user, two for the permissions, the rest is the page's own.
QUERIES = {"/": 25, URL: 19, "/integrations/": 7}


@pytest.mark.slow
@pytest.mark.parametrize("number", [10, 1000])
def test_pages_take_as_many_queries_however_many_integrations_there_are(
    number: int, db: None, as_: As
) -> None:
    sdk = an_sdk("https://index.example.org/simple/")
    many(sdk, number)
    client = as_("viewers")

    counts = {}
    for path in QUERIES:
        with CaptureQueriesContext(connection) as captured:
            text_of(client.get(path))
        counts[path] = len(captured)

    assert counts == QUERIES


def test_all_integrations_are_listed_with_their_state(sdk: Sdk, as_: As, opened: Open) -> None:
    Integration.objects.filter(name="labels").update(is_paused=True)
    maintainer = as_("maintainers")

    page = opened(maintainer, "/integrations/")
    found = opened(as_("viewers"), "/integrations/?find=LAB")
    nothing = opened(maintainer, "/integrations/?find=<b>")

    assert '<a href="/sdks/parcels/integrations/crates/">crates</a>' in page
    assert '<span class="mx-badge">Paused</span>' in page
    assert 'href="/sdks/parcels/integrations/add/"' in page
    assert "crates" not in found
    assert "Add an integration" not in found
    assert "No integration has “&lt;b&gt;” in its name" in nothing

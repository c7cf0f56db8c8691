"""The list, the page of one publication, and the files to download."""

import hashlib
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.catalogue.models import Sdk
from matrix.review.models import Publication, PublishedFile
from tests.pages.conftest import Open
from tests.pages.makers import a_publication
from tests.support.small_index import SmallIndex

As = Callable[..., Client]
CURRENT = "/sdks/parcels/tox.ini"


@pytest.fixture
def file(sdk: Sdk) -> PublishedFile:
    return a_publication(sdk).files.get(path="tox.ini")


def test_the_page_says_who_when_why_and_what(file: PublishedFile, as_: As, opened: Open) -> None:
    page = opened(as_("viewers"), "/publications/parcels/1/")

    size = len(file.read().encode())
    for words in (
        "by olga",
        "Looks right.",
        file.publication.summary,
        f"<code>{file.sha256}</code>",
        f"{size} bytes" if size < 1024 else f"{size / 1024:.1f} KB",
        "3 parts",
        'href="/proposals/1/"',
        f'href="{CURRENT}"',
    ):
        assert words in page


def test_an_earlier_publication_says_so(
    file: PublishedFile, sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    index.add("labels", "1.0.1")
    a_publication(sdk)
    client = as_("viewers")

    assert ">Earlier</span>" in opened(client, "/publications/parcels/1/")
    assert ">Current</span>" in opened(client, "/publications/parcels/2/")
    assert opened(client, "/publications/").index("parcels 2") < opened(
        client, "/publications/"
    ).index("parcels 1")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(CURRENT, id="the short address"),
        pytest.param("/sdks/parcels/files/tox.ini", id="any current file"),
        pytest.param("/publications/parcels/1/files/tox.ini", id="a file of a publication"),
    ],
)
def test_a_download_has_the_exact_bytes_and_says_what_they_are(
    path: str, file: PublishedFile, as_: As
) -> None:
    response = as_("viewers").get(path)

    assert response.content == file.read().encode()
    assert {name: response[name] for name in ("Content-Type", "Content-Disposition", "ETag")} == {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Disposition": 'attachment; filename="tox.ini"',
        "ETag": f'"{hashlib.sha256(response.content).hexdigest()}"',
    }


def test_who_has_the_file_gets_304_and_its_body_is_not_read(file: PublishedFile, as_: As) -> None:
    client = as_("viewers")

    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = client.get(CURRENT, headers={"If-None-Match": f'"{file.sha256}"'})

    assert (response.status_code, response.content) == (304, b"")
    assert response["ETag"] == f'"{file.sha256}"'
    assert not [query for query in queries if '"body"' in query["sql"]]


def test_an_old_copy_is_replaced(file: PublishedFile, sdk: Sdk, index: SmallIndex, as_: As) -> None:
    index.add("labels", "1.0.1")
    newer = a_publication(sdk).files.get()

    response = as_("viewers").get(CURRENT, headers={"If-None-Match": f'"{file.sha256}"'})

    assert response.content.decode() == newer.read() != file.read()


def test_public_publications_need_no_login_and_others_do(
    file: PublishedFile, client: Client, as_: As
) -> None:
    private = as_("viewers").get(CURRENT)
    Sdk.objects.update(public_publications=True)
    public = client.get(CURRENT)

    assert private["Cache-Control"] == "private, no-cache"
    assert public["Cache-Control"] == "public, no-cache"
    assert public.content == private.content


def test_a_machine_without_a_login_does_not_get_the_login_page(
    file: PublishedFile, client: Client
) -> None:
    response = client.get(CURRENT, headers={"Accept": "*/*"})

    assert response.status_code == 401
    assert response.content.decode() == (
        "Log in, or send a token: Authorization: Bearer mxp_… "
        "A maintainer makes one in the admin, under Tokens, or with manage.py token make.\n"
    )


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        pytest.param(CURRENT, "Nothing of parcels is published yet", id="nothing published"),
        pytest.param("/sdks/letters/tox.ini", "There is no SDK letters.", id="no such SDK"),
        pytest.param(
            "/publications/parcels/7/", "There is no publication 7 of parcels.", id="no number"
        ),
        pytest.param(
            "/publications/parcels/7/files/tox.ini",
            "Publication 7 of parcels has no file tox.ini.",
            id="no file of that number",
        ),
    ],
)
def test_what_is_not_there_is_a_sentence(
    path: str, sentence: str, sdk: Sdk, as_: As, opened: Open
) -> None:
    assert sentence in opened(as_("viewers"), path, status=404)


def test_a_file_that_is_not_generated_is_a_sentence(
    file: PublishedFile, as_: As, opened: Open
) -> None:
    page = opened(as_("viewers"), "/sdks/parcels/files/setup.cfg", status=404)

    assert "The current publication of parcels has no file setup.cfg." in page


def test_an_empty_list_says_how_it_fills(db: None, as_: As, opened: Open) -> None:
    page = opened(as_("viewers"), "/publications/")

    assert "Nothing is published yet" in page
    assert not Publication.objects.exists()


# --- The way back --------------------------------------------------------------------------------
def test_an_older_publication_is_published_again_with_a_reason(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    a_publication(sdk)
    index.add("labels", "1.0.1")
    a_publication(sdk)
    client = as_("reviewers")
    path = "/publications/parcels/1/again/"
    assert path in opened(client, "/publications/parcels/1/")
    assert path not in opened(as_("viewers"), "/publications/parcels/1/")
    assert "/again/" not in opened(client, "/publications/parcels/2/")

    page = opened(client, path)
    without = client.post(path, {"seen": 2, "reason": " "}, follow=True).content.decode()
    done = client.post(path, {"seen": 2, "reason": "1.0.1 peels off."}, follow=True)

    assert "1.0.1 → 1.0" in page
    assert "0 rows to add, 0 to remove, 1 to change." in page
    assert "Say why it is published again" in without
    assert "Publication 3 of parcels is current: 1 once more." in done.content.decode()
    assert "1.0.1 peels off." in done.content.decode()
    stale = client.post(path, {"seen": 2, "reason": "Twice."}, follow=True).content.decode()
    assert "Since you opened the page, publication 3 has become current" in stale
    refused = client.post("/publications/parcels/2/again/", {"reason": "x", "seen": 3})
    assert refused.status_code == 302
    assert Client().post(path).status_code == 302  # To the login.
    assert as_("viewers", "maintainers").get(path).status_code == 403

"""Pins on their way through review: rendered, published, bundled, downloaded, told."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.catalogue.models import Sdk
from matrix.environments.models import PinSet
from matrix.review.models import Channel, Proposal, Publication
from matrix.review.publishing import candidate, differing_files
from matrix.rules.parts import IntegrationPart
from matrix.sdk.bundling import candidate_bundle, publication_bundle
from matrix.sdk.channel import files_of
from matrix.sdk.machine import proposal_json
from matrix.sdk.publishing import CannotRender, render
from matrix.sdk.reporting import report_on
from portal.operations.texts import proposal_text
from tests.pages.proposals import words
from tests.pins.makers import a_proposal, a_publication
from tests.review.makers import a_channel
from tests.sdk.test_commands import refusal, run
from tests.support.parts import a_layout, a_part
from tests.support.pins import PinBook

pytestmark = pytest.mark.django_db
As = Callable[..., Client]
LAYOUT = a_layout(pins_style="constraints", sdk="kit")
OLD = {"3.9": "anyio==4.14.1", "3.12": "anyio==4.14.1 h11==0.14.0", "3.14": "anyio==4.14.1"}
NEW = {"3.9": "anyio==4.14.2", "3.12": "anyio==4.9.0 h11==0.14.0", "3.14": None}


@pytest.fixture
def book() -> PinBook:
    return PinBook()


@pytest.fixture
def channel(db: None) -> Channel:
    sdk = Sdk(slug="kit", name="Kit", pythons="3.9 3.12 3.14")
    sdk.full_clean()
    sdk.save()
    return a_channel("kit")


def httpx(book: PinBook, pins: dict[str, str | None]) -> IntegrationPart:
    return a_part(rows=[book.row("0.28.1", pins)])


@pytest.fixture
def first(channel: Channel, book: PinBook) -> Publication:
    return a_publication(channel, LAYOUT, [httpx(book, dict(OLD))], book)


@pytest.fixture
def second(first: Publication, channel: Channel, book: PinBook) -> Publication:
    return a_publication(channel, LAYOUT, [httpx(book, dict(NEW))], book)


@pytest.fixture
def proposal(first: Publication, channel: Channel, book: PinBook) -> Proposal:
    return a_proposal(channel, LAYOUT, [httpx(book, dict(NEW))], book)


def unzipped(body: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_the_constraint_files_are_published_beside_the_tox_ini(first: Publication) -> None:
    files = {file.path: file.read() for file in first.files.order_by("path")}

    assert list(files) == [
        "constraints/httpx-v0.28.1-py3.12.txt",
        "constraints/httpx-v0.28.1-py3.14.txt",
        "constraints/httpx-v0.28.1-py3.9.txt",
        "tox.ini",
    ]
    assert files["constraints/httpx-v0.28.1-py3.12.txt"] == (
        "# Written by the Matrix Portal for py3.12-httpx-v0.28.1.\nanyio==4.14.1\nh11==0.14.0\n"
    )
    assert "py3.9-httpx-latest: -c constraints/httpx-v0.28.1-py3.9.txt" in files["tox.ini"]


def test_publications_render_again_to_what_is_stored(
    first: Publication, second: Publication
) -> None:
    assert differing_files(first, render) == []
    assert differing_files(second, render) == []


def test_all_pins_of_a_channel_are_read_by_one_query(channel: Channel, book: PinBook) -> None:
    parts = [
        a_part(f"n{number}", rows=[book.row("1.0", {"3.9": f"a=={number}", "3.12": "b==1"})])
        for number in range(30)
    ]
    publication = a_publication(channel, LAYOUT, parts, book)
    bodies = dict(publication.parts.values_list("part", "snapshot__body"))

    with CaptureQueriesContext(connection) as queries:
        files = files_of(bodies)

    assert (len(files), len(queries)) == (61, 1)


def test_pins_that_are_gone_are_a_sentence_not_a_crash(proposal: Proposal) -> None:
    PinSet.objects.all().delete()

    with pytest.raises(CannotRender, match=r"The pins [0-9a-f]{64} of httpx are not stored\."):
        candidate(proposal.number, render)


# --- Telling -------------------------------------------------------------------------------------
def test_reviewers_are_told_which_pins_move(proposal: Proposal) -> None:
    assert proposal_text(report_on(proposal)) == (
        "Proposal 2 of kit (open), against publication 1.\n"
        "2 pins to move; 0 environments to pin, 1 to unpin. 1 row unchanged.\n"
        "\n"
        "Network\n"
        "  httpx\n"
        "    ~ anyio 4.14.1 → 4.14.2 in 1 environment\n"
        "    ~ anyio 4.14.1 → 4.9.0 in 1 environment\n"
        "    ! py3.14-httpx-v0.28.1 is no longer pinned"
    )


def test_machines_are_told_which_pins_move(proposal: Proposal) -> None:
    (item,) = proposal_json(report_on(proposal))["items"]

    assert item["pins"] == {
        "moved": [
            {
                "project": "anyio",
                "from": "4.14.1",
                "to": "4.14.2",
                "environments": ["py3.9-httpx-v0.28.1"],
            },
            {
                "project": "anyio",
                "from": "4.14.1",
                "to": "4.9.0",
                "environments": ["py3.12-httpx-v0.28.1"],
            },
        ],
        "gained": [],
        "lost": ["py3.14-httpx-v0.28.1"],
    }


def test_the_page_shows_pins_and_asks_to_look_closely_at_lower_and_lost_ones(
    proposal: Proposal, as_: As
) -> None:
    client = as_("reviewers")
    page = client.get("/proposals/2/").content.decode()
    files = client.get("/proposals/2/files/").content.decode()

    assert "Look closely (1)" in page
    assert "2 pins move" in page
    shown = words(page)
    assert "anyio 4.14.1 → to 4.9.0 lower in 1 environment of 1 integration" in shown
    assert "~ change pin anyio 4.14.1 → to 4.9.0 lower in 1 environment py3.12-httpx" in shown
    assert "No longer pinned: py3.14-httpx-v0.28.1" in page
    assert 'href="/proposals/2/bundle.zip"' in files
    assert "3 files changed, 0 unchanged" in files
    assert 'href="/proposals/2/files/constraints/httpx-v0.28.1-py3.9.txt"' in files


# --- Bundles -------------------------------------------------------------------------------------
def test_a_bundle_holds_every_file_and_a_manifest_that_names_their_bytes(
    first: Publication,
) -> None:
    files = unzipped(publication_bundle(first).read())

    manifest = json.loads(files.pop("manifest.json"))
    assert files == {file.path: file.read() for file in first.files.all()}
    assert manifest["files"] == [
        {
            "path": path,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "size": len(text.encode()),
        }
        for path, text in sorted(files.items())
    ]
    assert manifest["snapshots"] == dict(first.parts.values_list("part", "snapshot_id"))
    assert (manifest["sdk"], manifest["publication"], manifest["proposal"]) == ("kit", 1, None)
    assert manifest["generator"] == first.generator != ""


def test_a_candidate_holds_the_bytes_that_would_be_published(
    proposal: Proposal, second_state: dict[str, str]
) -> None:
    files = unzipped(candidate_bundle(proposal.number).read())

    manifest = json.loads(files.pop("manifest.json"))
    assert files == second_state
    assert (manifest["publication"], manifest["proposal"]) == (None, 2)


@pytest.fixture
def second_state(proposal: Proposal) -> dict[str, str]:
    return candidate(proposal.number, render)


def test_a_bundle_is_the_same_bytes_each_time(first: Publication) -> None:
    assert publication_bundle(first).read() == publication_bundle(first).read()


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/sdks/kit/bundle.zip", "kit-2.zip"),
        ("/publications/kit/1/bundle.zip", "kit-1.zip"),
        ("/proposals/1/bundle.zip", "proposal-1.zip"),
    ],
)
def test_a_bundle_is_downloaded_once(address: str, name: str, second: Publication, as_: As) -> None:
    client = as_("viewers")
    found = client.get(address)
    with CaptureQueriesContext(connection) as queries:
        again = client.get(address, headers={"If-None-Match": found["ETag"]})

    files = unzipped(found.content)
    assert found["ETag"] == f'"{hashlib.sha256(files["manifest.json"].encode()).hexdigest()}"'
    assert found["Content-Type"] == "application/zip"
    assert found["Content-Disposition"] == f'attachment; filename="{name}"'
    assert (again.status_code, again.content) == (304, b"")
    assert not [query for query in queries if '"packed"' in query["sql"]]


def test_files_of_an_older_publication_stay_what_they_were(
    first: Publication, channel: Channel, book: PinBook, as_: As
) -> None:
    client, path = as_("viewers"), "constraints/httpx-v0.28.1-py3.9.txt"
    before = client.get(f"/sdks/kit/files/{path}").content
    bundle = client.get("/sdks/kit/bundle.zip").content

    a_publication(channel, LAYOUT, [httpx(book, dict(NEW))], book)

    assert client.get(f"/publications/kit/1/files/{path}").content == before
    assert client.get(f"/sdks/kit/files/{path}").content != before
    assert client.get("/publications/kit/1/bundle.zip").content == bundle


@pytest.mark.parametrize("address", ["/sdks/kit/bundle.zip", "/publications/kit/1/bundle.zip"])
def test_who_may_download_files_may_download_bundles(
    address: str, first: Publication, client: Client, as_: As
) -> None:
    assert client.get(address, headers={"Accept": "*/*"}).status_code == 401
    assert as_().get(address).status_code == 403

    Sdk.objects.update(public_publications=True)

    public = client.get(address)
    assert (public.status_code, public["Cache-Control"]) == (200, "public, no-cache")


def test_a_candidate_is_never_public(first: Publication, client: Client, as_: As) -> None:
    Sdk.objects.update(public_publications=True)

    assert client.get("/proposals/1/bundle.zip").status_code in {302, 401}
    assert as_().get("/proposals/1/bundle.zip").status_code == 403


@pytest.mark.parametrize(
    "address",
    ["/sdks/kit/bundle.zip", "/publications/kit/7/bundle.zip", "/proposals/7/bundle.zip"],
)
def test_what_is_not_there_is_not_found(address: str, channel: Channel, as_: As) -> None:
    assert as_("viewers").get(address).status_code == 404


def test_the_command_writes_the_bundle_of_the_publication_and_of_a_proposal(
    proposal: Proposal, first: Publication, tmp_path: Path
) -> None:
    ours, theirs = tmp_path / "bundle.zip", tmp_path / "candidate.zip"

    assert run("bundle", "kit", "--output", str(ours)) == (
        f"Wrote the files of publication 1 of kit to {ours}.\n"
    )
    assert run("bundle", "kit", "--output", str(theirs), "--proposal", "2") == (
        f"Wrote the files of proposal 2 of kit to {theirs}.\n"
    )
    assert ours.read_bytes() == publication_bundle(first).read()
    assert theirs.read_bytes() == candidate_bundle(2).read()


def test_the_command_says_what_is_missing(channel: Channel, tmp_path: Path) -> None:
    output = str(tmp_path / "bundle.zip")

    assert refusal("bundle", "kit", "--output", output) == (
        "Nothing is published for kit yet. Publish a proposal first."
    )
    assert refusal("bundle", "kit", "--output", output, "--proposal", "7") == (
        "There is no proposal 7."
    )


def test_the_command_refuses_a_proposal_of_another_sdk(proposal: Proposal, tmp_path: Path) -> None:
    Sdk(slug="other", name="Other", pythons="3.9").save()

    with pytest.raises(CommandError, match=r"^Proposal 2 is not one of other\.$"):
        run("bundle", "other", "--output", str(tmp_path / "x.zip"), "--proposal", "2")

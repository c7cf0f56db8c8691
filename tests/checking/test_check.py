"""Checking a file against the database: it finds out whose it is, and which publication."""

import io
import json
from collections.abc import Mapping

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.catalogue.models import Sdk
from matrix.review.contents import store_texts
from matrix.review.models import Channel, Publication, PublishedFile
from matrix.review.publishing import candidate
from matrix.rules.checking.judging import State
from matrix.rules.rendering import MAIN_WORKFLOW, TOX_INI
from matrix.sdk import checking
from matrix.sdk.bundling import candidate_bundle, publication_bundle
from matrix.sdk.checking import RECENT, check
from matrix.sdk.publishing import render
from tests.checking.makers import NEW, OLD, a_file
from tests.pages.makers import a_person
from tests.sdk import makers
from tests.support.small_index import SmallIndex

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> None:
    checking._remembered.clear()


def publish(slug: str, *editions: Mapping[str, str]) -> Channel:
    """Publish each of *editions*, files by path, one after the other; the last is current."""
    channel, _ = Channel.objects.get_or_create(kind="sdk", slug=slug)
    by = a_person(f"{slug} owner", "owners")
    for number, files in enumerate(editions, start=1):
        channel.current = Publication.objects.create(
            channel=channel,
            number=number,
            base=channel.current,
            published_by=by,
            published_at=makers.NOW,
        )
        shas = store_texts(files.values())
        PublishedFile.objects.bulk_create(
            PublishedFile(publication=channel.current, path=path, content_id=shas[text])
            for path, text in files.items()
        )
    channel.save()
    return channel


@pytest.fixture
def kit(index: SmallIndex) -> Sdk:
    """An SDK with workflows and constraint files, published once."""
    sdk = makers.an_sdk(writes_workflows=True, pins_style="constraints")
    makers.an_integration(sdk, "httpx")
    makers.an_integration(sdk, "requests", group="Data")
    makers.publish(sdk)
    return sdk


def files_of(sdk: Sdk) -> dict[str, str]:
    files = PublishedFile.objects.filter(publication__channel__slug=sdk.slug)
    return {file.path: file.read() for file in files.select_related("content")}


def test_every_published_file_is_current_whoever_asks_and_without_its_name(kit: Sdk) -> None:
    publish("other", {TOX_INI: a_file()})
    files = files_of(kit)

    found = {path: check(text) for path, text in files.items()}

    assert MAIN_WORKFLOW in files
    assert len(files) > 3
    assert {path: (one.state, one.sdk, one.path) for path, one in found.items()} == {
        path: (State.CURRENT, "kit", path) for path in files
    }


def test_an_edit_of_a_workflow_is_found_in_the_right_one(kit: Sdk) -> None:
    path, text = next((path, text) for path, text in files_of(kit).items() if "data" in path)
    edited = text.replace("timeout-minutes: ", "timeout-minutes: 1", 1)

    report = check(edited)

    assert (report.state, report.path) == (State.REGION_EDITED, path)
    assert [one.region for one in report.real] == ["job"]


def test_a_whole_file_is_compared_line_by_line() -> None:
    path, heading = "constraints/a-v1-py3.9.txt", "# Written by the Matrix Portal for py3.9-a-v1.\n"
    publish("kit", {path: f"{heading}anyio==4.8\n"}, {path: f"{heading}anyio==4.9\n"})

    current, older = check(f"{heading}anyio==4.9\n"), check(f"{heading}anyio==4.8\r\n")
    edited = check(f"{heading}anyio==5\n")

    assert [one.state for one in (current, older)] == [State.CURRENT, State.OLDER]
    assert edited.verdict == "Differs in 1 place from publication 2, which is current."
    assert [(one.line, one.missing) for one in edited.real] == [(2, ("anyio==4.9",))]


def test_a_very_old_file_takes_no_more_queries_than_the_current_one() -> None:
    texts = [a_file(f"0.{number}") for number in range(RECENT + 5)]
    publish("kit", *({TOX_INI: text} for text in texts))

    counts = []
    for text in (texts[-1], texts[0], texts[0]):
        with CaptureQueriesContext(connection) as captured:
            report = check(text, sdk="kit")
        counts.append((report.publication, len(captured)))

    # The current numbers, the files, the contents not remembered, and the one that is compared.
    assert counts == [(RECENT + 5, 4), (1, 4), (1, 3)]


def test_where_nothing_fits_it_is_said_what_would_help() -> None:
    publish("kit", {TOX_INI: a_file(NEW)})
    publish("other", {TOX_INI: a_file(OLD)})
    strange = a_file("0.99")

    assert "Say which SDK it belongs to" in check(strange).verdict
    assert check(strange, sdk="kit").verdict.startswith("No publication of kit has the text of")
    assert check(strange, sdk="none").verdict == (
        "Nothing was compared: nothing of none is published yet."
    )


def test_what_an_open_proposal_would_publish_is_its_candidate(kit: Sdk, index: SmallIndex) -> None:
    index.add("httpx", "1.0.0")
    proposal = makers.run(kit)
    assert proposal is not None
    text = candidate(proposal.number, render)[TOX_INI]

    found, hidden = check(text, sees_proposals=True), check(text)
    edited = check(text.replace("==1.0.0", "==1.0.1"), sees_proposals=True)

    assert found.state is State.CANDIDATE
    assert found.verdict == "Matches the candidate of proposal 2, which is not published."
    assert hidden.state is not State.CANDIDATE
    assert edited.verdict == "Differs in 1 place from proposal 2."


def test_manifests_are_made_again_and_compared(kit: Sdk, index: SmallIndex) -> None:
    published = publication_bundle(Publication.objects.get()).manifest
    index.add("httpx", "1.0.0")
    makers.run(kit)
    proposed = candidate_bundle(2).manifest

    assert check(published).verdict == "Matches publication 1, which is current."
    assert check(proposed, sees_proposals=True).state is State.CANDIDATE
    assert check(proposed).state is State.UNKNOWN
    assert check(published.replace('"size": ', '"size": 9', 1)).state is State.REGION_EDITED
    assert check(published, sdk="other").state is State.UNKNOWN
    assert check(published.replace('"publication": 1', '"publication": 99999999999')).state is (
        State.UNKNOWN
    )


def command(*words: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("check_file", *words, stdout=out)
    except SystemExit as error:
        return int(str(error.code)), out.getvalue()
    return 0, out.getvalue()


def test_the_command_ends_with_the_code_of_its_verdict(tmp_path) -> None:  # type: ignore[no-untyped-def]
    makers.an_sdk()
    publish("kit", {TOX_INI: a_file(OLD)}, {TOX_INI: a_file(NEW)})
    names = {"current": a_file(), "older": a_file(OLD), "unknown": "[tox]\n"}
    names["edited"] = a_file().replace("redis==5.0", "redis==6.0")
    for name, text in names.items():
        (tmp_path / name).write_text(text)

    codes = {name: command(str(tmp_path / name), "--sdk", "kit")[0] for name in names}
    strict = {name: command(str(tmp_path / name), "--strict")[0] for name in names}
    offline = {name: command(str(tmp_path / name), "--offline")[0] for name in names}

    assert codes == {"current": 0, "older": 0, "unknown": 3, "edited": 1}
    assert strict == {**codes, "older": 1}
    assert offline == codes


def test_the_command_prints_the_verdict_first_and_json_on_request(tmp_path) -> None:  # type: ignore[no-untyped-def]
    publish("kit", {TOX_INI: a_file(OLD)}, {TOX_INI: a_file(NEW)})
    (tmp_path / "tox.ini").write_text(a_file().replace("redis==5.0", "redis==6.0"))

    _, text = command(str(tmp_path / "tox.ini"))
    _, printed = command(str(tmp_path / "tox.ini"), "--format", "json")

    assert text.splitlines()[0] == "Differs in 1 place from publication 2, which is current."
    assert "  + \tredis" not in text
    assert "python manage.py render kit --into tox.ini --discard-edits" in text
    content = json.loads(printed)
    assert (content["state"], content["current"]) == ("region edited", 2)
    assert content["differences"][0]["missing"] == [
        "    redis-v5.0: redis==5.0",
        "    redis-latest: redis==5.0",
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param(["/no/such/file"], "cannot be read", id="no file"),
        pytest.param([__file__, "--sdk", "none"], 'There is no SDK "none".', id="no SDK"),
        pytest.param([__file__, "--offline", "--strict"], "Only a database", id="strict offline"),
    ],
)
def test_a_wrong_call_ends_with_2(words: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence) as caught:
        command(*words)

    assert caught.value.returncode == 2

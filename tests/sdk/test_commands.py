import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integrations.catalogue.models import Group, Sdk
from matrix.review.models import Publication, PublishedFile
from tests.sdk import makers
from tests.support.small_index import SmallIndex

pytestmark = pytest.mark.django_db


def run(*words: str, **options: Any) -> str:
    out = StringIO()
    call_command(*words, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def refusal(*words: str, **options: Any) -> str:
    with pytest.raises(CommandError) as caught:
        run(*words, **options)
    return str(caught.value)


@pytest.fixture
def sdk(index: SmallIndex) -> Sdk:
    made = makers.an_sdk()
    httpx = makers.an_integration(made, "httpx", minimum="0.27")
    makers.a_rule(httpx, "pytest-httpx==0.30.0", releases="<0.28")
    return made


def test_poll_says_how_many_projects_it_read(sdk: Sdk) -> None:
    assert run("poll", "kit") == "1 project: 1 read, 0 unchanged, 0 failed.\n"
    assert run("poll", "kit") == "1 project: 0 read, 1 unchanged, 0 failed.\n"


def test_poll_ends_with_the_reasons_of_what_failed(sdk: Sdk, index: SmallIndex) -> None:
    makers.an_integration(sdk, "nowhere")

    lines = refusal("poll", "kit").splitlines()

    assert lines[0] == "1 of 2 projects could not be read:"
    assert lines[1].startswith("  nowhere: ")
    assert "nowhere" in lines[1]


def test_poll_may_be_sent_to_another_index(sdk: Sdk, settings: Any, index: SmallIndex) -> None:
    settings.PORTAL_INDEX_URL = "http://127.0.0.1:9/simple/"

    assert run("poll", "kit", "--index-url", index.url.rstrip("/")).startswith("1 project: 1 read")


def test_propose_prints_the_summary_and_the_reason_of_each_row(sdk: Sdk) -> None:
    assert run("propose", "kit") == (
        "Proposal 1 of kit (open), against nothing published yet.\n"
        "2 rows to add, 0 to remove, 0 to change; layout to add. 0 rows unchanged.\n"
        "\n"
        "Layout\n"
        "    ~ The layout is new.\n"
        "\n"
        "Network\n"
        "  httpx\n"
        "    + 0.27.2  3.9 3.12 3.13  [lowest]\n"
        "    + 0.28.1  3.9 3.12 3.13  [latest]\n"
        "    + httpx-v0.27.2: pytest-httpx==0.30.0\n"
    )


def test_propose_says_when_there_is_nothing_to_propose(sdk: Sdk) -> None:
    makers.publish(sdk)

    assert run("propose", "kit") == "Nothing to propose: no part differs from publication 1.\n"


def test_propose_as_of_a_past_moment_knows_nothing_later(sdk: Sdk, index: SmallIndex) -> None:
    index.add("httpx", "0.29.0", uploaded_at="2026-02-01T00:00:00Z")

    assert "0.28.1  3.9 3.12 3.13  [latest]" in run("propose", "kit", "--as-of", "2026-01-31")
    assert "0.29.0  3.9 3.12 3.13  [latest]" in run(
        "propose", "kit", "--as-of", "2026-02-01T00:00Z"
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["poll", "kyt"], 'There is no SDK "kyt". There is kit.'),
        (["propose", "kit", "--as-of", "Monday"], '"Monday" is not a time. Write it as '),
        (["propose", "kit", "--as-of", "9999-01-01"], "--as-of: 9999-01-01 lies in the future."),
        (["propose", "kit", "--only", "htpx"], "kit has no integration named htpx."),
        (["poll", "kit", "--index-url", "ftp://x"], '--index-url: "ftp://x" is not the address'),
        (["matrix", "kit"], "Nothing is proposed or published for kit yet."),
        (["matrix", "kit", "--proposal", "7"], "There is no proposal 7."),
        (["proposal"], "There is no proposal yet."),
        (["proposal", "7"], "There is no proposal 7."),
        (["publish", "7", "--as", "nobody"], 'There is no active user "nobody".'),
        (["render", "kit", "--into", "tox.ini"], "Nothing is published for kit yet."),
        (["remove_sdk", "kit"], "This would remove Kit with 1 integration"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_bad_argument_is_refused_with_a_sentence(
    sdk: Sdk, words: list[str], sentence: str
) -> None:
    assert refusal(*words).startswith(sentence)


def test_matrix_prints_what_the_open_proposal_would_make(sdk: Sdk) -> None:
    run("propose", "kit")

    content = json.loads(run("matrix", "kit", "--format", "json"))

    assert content == {
        "sdk": "kit",
        "proposal": 1,
        "publication": None,
        "integrations": {
            "httpx": {
                "project": "httpx",
                "rows": [
                    {
                        "version": "0.27.2",
                        "factors": ["py3.9", "py3.12", "py3.13"],
                        "advisory": False,
                        "reasons": [{"kind": "lowest", "text": "lowest"}],
                        "environments": {
                            factor: {
                                "pins": ["httpx==0.27.2", "pytest-httpx==0.30.0"],
                                "problem": None,
                            }
                            for factor in ("py3.9", "py3.12", "py3.13")
                        },
                    },
                    {
                        "version": "0.28.1",
                        "factors": ["py3.9", "py3.12", "py3.13"],
                        "advisory": False,
                        "reasons": [{"kind": "latest", "text": "latest"}],
                        "environments": {
                            factor: {"pins": ["httpx==0.28.1"], "problem": None}
                            for factor in ("py3.9", "py3.12", "py3.13")
                        },
                    },
                ],
                "latest": {"version": "0.28.1", "factors": ["py3.9", "py3.12", "py3.13"]},
                "rejected": {
                    "0.26.0": "below 0.27",
                    "0.27.0": "older than 0.27.2",
                },
                "problem": None,
            }
        },
    }


def test_matrix_prints_the_publication_when_nothing_is_open(sdk: Sdk) -> None:
    makers.publish(sdk)

    content = json.loads(run("matrix", "kit", "--format", "json"))

    assert (content["proposal"], content["publication"]) == (None, 1)
    assert run("matrix", "kit", "--format", "tox") == PublishedFile.objects.get().read()
    assert run("matrix", "kit") == (
        "kit, publication 1\n"
        "httpx  0.27.2        3.9 3.12 3.13             lowest\n"
        "httpx  0.28.1        3.9 3.12 3.13             latest\n"
    )


def test_matrix_names_the_problem_of_an_integration_without_rows(sdk: Sdk) -> None:
    makers.an_integration(sdk, "nowhere")
    run("propose", "kit")

    found = json.loads(run("matrix", "kit", "--format", "json"))["integrations"]["nowhere"]

    assert (found["project"], found["rows"], found["latest"]) == ("nowhere", [], None)
    assert found["problem"].endswith("It has no rows.")


def test_proposal_prints_moved_rows_and_requirements_as_json(sdk: Sdk, index: SmallIndex) -> None:
    makers.publish(sdk)
    index.add("httpx", "0.28.2", pythons=["3.10", "3.11", "3.12", "3.13"])
    makers.run(sdk)

    content = json.loads(run("proposal", "--format", "json"))

    assert content["number"] == 2
    assert (content["status"], content["base_publication"]) == ("open", 1)
    assert content["summary"] == "0 rows to add, 0 to remove, 1 to change. 1 row unchanged."
    (httpx,) = content["items"]
    assert httpx["part"] == "httpx"
    assert httpx["rows"] == {
        "moved": [
            {
                "from": "0.28.1",
                "to": "0.28.2",
                "factors": ["py3.10", "py3.12", "py3.13"],
                "gained": ["py3.10"],
                "lost": ["py3.9"],
            }
        ],
        "added": [],
        "removed": [],
        "changed": [],
    }
    assert {"version": "0.28.2", "kind": "latest", "text": "latest"} in httpx["reasons"]


def test_proposal_as_patch_turns_the_published_file_into_the_proposed_one(
    sdk: Sdk, index: SmallIndex, tmp_path: Path
) -> None:
    makers.publish(sdk)
    (tmp_path / "tox.ini").write_text(PublishedFile.objects.get().read(), encoding="utf-8")
    index.add("httpx", "0.28.2")
    makers.run(sdk)

    patch = run("proposal", "--format", "patch")

    _git_apply(patch, tmp_path)
    assert (tmp_path / "tox.ini").read_text(encoding="utf-8") == run(
        "matrix", "kit", "--format", "tox"
    )


def _git_apply(patch: str, folder: Path) -> None:
    import subprocess  # noqa: PLC0415

    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=folder, check=True)


def test_publish_approves_and_publishes_in_the_name_of_a_user(sdk: Sdk) -> None:
    run("propose", "kit")
    makers.a_reviewer("ana")

    printed = run("publish", "1", "--as", "ana", "--comment", "Looks right")

    publication = Publication.objects.get()
    assert (publication.published_by.username, publication.comment) == ("ana", "Looks right")
    assert printed == (
        "Publication 1 of kit: "
        "2 rows to add, 0 to remove, 0 to change; layout to add. 0 rows unchanged.\n"
        f"  tox.ini sha256:{publication.files.get().sha256}\n"
    )
    assert "is published" in refusal("publish", "1", "--as", "ana")


def test_publish_again_goes_back_to_an_older_publication(sdk: Sdk) -> None:
    makers.publish(sdk)
    first = Publication.objects.get()
    sdk.integrations.update(group=Group.objects.create(sdk=sdk, name="Elsewhere"))
    makers.publish(sdk)

    printed = run("publish", "1", "--again", "kit", "--as", "ana", "--comment", "Too early")

    again = Publication.objects.get(number=3)
    assert (again.comment, again.base and again.base.number) == ("Too early", 2)
    assert again.files.get().sha256 == first.files.get().sha256
    assert printed.startswith("Publication 3 of kit: ")
    assert "reason is empty" in refusal("publish", "1", "--again", "kit", "--as", "ana")
    assert "no publication 9 of kit" in refusal("publish", "9", "--again", "kit", "--as", "ana")


def test_publish_refuses_a_user_without_the_permission(sdk: Sdk) -> None:
    run("propose", "kit")
    makers.a_person("pat")

    assert refusal("publish", "1", "--as", "pat").startswith("pat may not publish")
    assert not Publication.objects.exists()


def test_render_changes_the_regions_alone_and_keeps_the_frame(sdk: Sdk, tmp_path: Path) -> None:
    publication = makers.publish(sdk)
    file = tmp_path / "tox.ini"
    mine = publication.files.get().read().replace("tox>=4", "tox>=4.20")
    file.write_text(mine.replace("httpx-v0.28.1: httpx==0.28.1\n", ""), encoding="utf-8")

    assert refusal("render", "kit", "--into", str(file)).endswith(
        'the region "deps" was edited by hand. Take the edit back, or let it be discarded: '
        "--discard-edits."
    )
    assert "is not current" in refusal(
        "render", "kit", "--into", str(file), "--check", "--discard-edits"
    )
    printed = run("render", "kit", "--into", str(file), "--discard-edits")

    assert file.read_text(encoding="utf-8") == mine
    assert printed == (
        f"{file} is brought up to date.\n"
        "Its frame is new to the portal; the next run proposes it.\n"
    )
    assert run("render", "kit", "--into", str(file)) == f"{file} is current.\n"
    proposal = makers.run(sdk)
    assert proposal is not None
    assert [item.part for item in proposal.items.all()] == ["layout"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file or directory."),
        (b"\xff\xfe\x00", "is not UTF-8 text (byte 0)."),
        (b"[tox]\n", "envlist"),
    ],
    ids=["no file", "not text", "no regions"],
)
def test_render_refuses_a_file_that_it_cannot_use(
    sdk: Sdk, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    makers.publish(sdk)
    file = tmp_path / "tox.ini"
    if content is not None:
        file.write_bytes(content)

    message = refusal("render", "kit", "--into", str(file))

    assert message.startswith(str(file))
    assert sentence in message
    assert not file.exists() or file.read_bytes() == content


def test_an_sdk_is_removed_when_it_is_meant(sdk: Sdk) -> None:
    makers.publish(sdk)

    assert run("remove_sdk", "kit", "--yes") == (
        "Removed Kit with 1 integration, its proposals and its publications.\n"
    )
    assert not Sdk.objects.exists()


@pytest.mark.parametrize(
    "command", ["poll", "propose", "matrix", "proposal", "publish", "render", "quickstart"]
)
def test_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        call_command(command, "--help")

    printed = capsys.readouterr().out
    assert caught.value.code == 0
    assert f"manage.py {command} " in printed or "make run" in printed

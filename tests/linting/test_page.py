"""The page and the command: what is read, how it is told, and that nothing stays."""

import json
import socket
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.policy.linting import NAMES, RULES, form_of, guess_name
from tests.linting.test_uploads import LAUGHS, a_zip

GOOD = f"a==1 --hash=sha256:{'0' * 64}\n"
BAD = ".platform.app.yaml"
BAD_TEXT = "name: shop\ntype: 'python:3.13'\nhooks:\n  build: |\n    set -eu\n    pipenv sync\n"


@pytest.fixture
def ana(client: Client, db: None) -> User:
    user = User.objects.create_user("ana")
    user.user_permissions.add(Permission.objects.get(codename="view_proposal"))
    client.force_login(user)
    return user


def sent(client: Client, **values: object) -> str:
    response = client.post("/lint/", {"name": "", "text": "", **values})
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_findings_come_by_file_with_line_reason_mend_and_rule(client: Client, ana: User) -> None:
    files = [SimpleUploadedFile("requirements.txt", GOOD.encode())]
    files.append(SimpleUploadedFile(BAD, BAD_TEXT.encode()))

    page = sent(client, uploads=files)

    assert ">1 error in 1 of 2 files.<" in page
    assert "Line 6: pipenv sync without pipenv verify" in page
    assert "pipenv sync alone installs a stale lock." in page
    assert "Write pipenv verify before it." in page
    assert 'href="/lint/rules/#rule-pipenv-unverified"' in page
    assert page.index(BAD) < page.index("<code>requirements.txt")
    assert "mx-lint-clean" not in page


def test_no_findings_says_what_was_read(client: Client, ana: User) -> None:
    page = sent(client, text=GOOD)

    assert "No findings in 1 file; read: requirements.txt as requirements file." in page
    assert "mx-lint-clean" in page


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"uploads": [SimpleUploadedFile("README.md", b"Hello")]}, "Nothing was read."),
        ({"uploads": [SimpleUploadedFile("a.zip", b"PK")]}, "not an archive"),
        ({"text": LAUGHS, "name": BAD}, "aliases written out"),
        ({"text": "?"}, "Say which file it is."),
        ({}, "Paste the text of a file"),
    ],
    ids=["no rule", "no archive", "a bomb", "no name", "nothing"],
)
def test_it_is_never_green_when_nothing_was_read(
    client: Client, ana: User, values: dict[str, object], told: str
) -> None:
    page = sent(client, **values)

    assert told in page
    assert "mx-lint-clean" not in page
    assert "No findings" not in page


def test_an_archive_is_read_beside_a_pasted_file(client: Client, ana: User) -> None:
    archive = SimpleUploadedFile("shop.zip", a_zip({"uv.lock": b"version = 1", "x.py": b""}))

    page = sent(client, uploads=[archive], text="web:\n", name=BAD)

    assert "No rule is about 1 other file: <code>x.py</code>" in page
    assert "in 1 of 2 files." in page


def test_what_is_sent_is_escaped(client: Client, ana: User) -> None:
    page = sent(client, text="<script>alert(1)</script>==1", name="requirements.txt")

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;" in page


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        pytest.fail("A socket was opened.")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_nothing_is_asked_and_nothing_is_stored(
    client: Client, ana: User, no_sockets: None
) -> None:
    text = f"--index-url https://packages.example.org/simple/\n-r https://example.org/r.txt\n{GOOD}"
    sent(client, text=GOOD)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        sent(client, text=text, name="requirements.txt")
    statements = [query["sql"].split()[0] for query in queries]

    assert set(statements) == {"SELECT"}
    assert len(statements) <= 6


def test_the_rules_are_told_with_anchors(client: Client, ana: User) -> None:
    page = client.get("/lint/rules/").content.decode()

    assert [rule.id for rule in RULES.values() if f'id="{rule.anchor}"' not in page] == []


def test_a_login_and_a_token_are_needed(ana: User) -> None:
    careful = Client(enforce_csrf_checks=True)

    assert careful.get("/lint/").status_code == 302
    careful.force_login(ana)
    assert careful.post("/lint/", {"text": GOOD}).status_code == 403
    assert careful.get("/lint/").status_code == 200


def test_every_name_has_a_form_and_a_text_that_it_is_guessed_by() -> None:
    texts = {
        "requirements.txt": "a==1\n", "requirements.in": "# Declared\ndjango\n",
        "Pipfile": "[packages]\n", "Pipfile.lock": '{\n    "pipfile-spec": 6\n}',
        "pyproject.toml": '[project]\nname = "x"\n', "poetry.lock": 'content-hash = "x"\n',
        "poetry.toml": "[virtualenvs]\n", "uv.lock": "version = 1\n[[package]]\n",
        "pylock.toml": 'lock-version = "1.0"\n', BAD: "name: shop\n",
        ".platform/applications.yaml": "- name: shop\n", ".upsun/config.yaml": "applications:\n",
        ".environment": "export A=1\n", "Dockerfile": "FROM a\n", "tox.ini": "[tox]\n",
        "build.sh": "#!/bin/sh\n",
    }  # fmt: skip
    assert [name for name in NAMES if form_of(name) is None] == []
    wrong = {name: guess_name(texts[name]) for name in NAMES if guess_name(texts[name]) != name}
    assert wrong == {}


# --- The command ---------------------------------------------------------------------------------
def lint_files(*arguments: object) -> tuple[int, str]:
    printed = StringIO()
    try:
        call_command("lint_files", *map(str, arguments), stdout=printed)
    except SystemExit as end:
        return int(end.code or 0), printed.getvalue()
    except CommandError as error:
        return error.returncode, f"{printed.getvalue()}{error}"
    return 0, printed.getvalue()


def test_the_command_reads_a_folder_and_ends_by_what_it_found(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "main.txt").write_text(GOOD)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "requirements.txt").write_text("a\n")
    (tmp_path / "README.md").write_text("Hello")

    assert lint_files(tmp_path) == (
        0, "No findings in 1 file; read: requirements/main.txt as requirements file.\n",
    )  # fmt: skip
    (tmp_path / "main.in").write_text("a\n")
    (tmp_path / "dev.in").write_text("b\n")
    code, printed = lint_files(tmp_path)
    assert (code, printed.splitlines()[0]) == (0, "1 warning in 1 of 3 files.")
    (tmp_path / BAD).write_text(BAD_TEXT)
    code, printed = lint_files(tmp_path)
    assert (code, printed.splitlines()[0]) == (1, "1 error and 1 warning in 2 of 4 files.")
    assert f"{BAD}:6: pipenv-unverified: error: pipenv sync alone" in printed


def test_the_command_writes_json(tmp_path: Path) -> None:
    (tmp_path / BAD).write_text(BAD_TEXT)

    code, printed = lint_files(tmp_path / BAD, "--format", "json")

    content = json.loads(printed)
    assert code == 1
    assert content["read"] == {BAD: "configuration of Upsun Fixed"}
    assert content["findings"][0]["rule"] == "pipenv-unverified"


def test_the_command_says_when_it_was_called_wrongly(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("")

    assert lint_files(tmp_path / "no")[0] == 2
    code, printed = lint_files(tmp_path / "notes.md")
    assert (code, "Nothing was read: no rule is about these files." in printed) == (2, True)

"""Requests that are larger than a page takes: the page answers, with a sentence and status 413."""

import html
import io
import re
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.guidance.uploads import MOST_FILES
from tests.guidance.makers import an_application

pytestmark = pytest.mark.django_db
LINT, DECLARE = "/lint/", "/applications/shop/declare/"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


@pytest.fixture
def ana(client: Client) -> User:
    an_application()
    user = User.objects.create_user("ana")
    codenames = ["view_proposal", "change_dependencyset"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)
    return user


class Endless(io.BytesIO):
    """A body of *size* zeros, which nobody ever holds; ``largest``: what was read at once."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left, self.largest = size, 0

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = self.left if size is None or size < 0 else min(size, self.left)
        self.largest = max(self.largest, wanted)
        self.left -= wanted
        return bytes(wanted)


def answered(response: Any, sentence: str) -> str:
    page: str = response.content.decode()
    assert response.status_code == 413
    assert f"<li>{sentence}</li>" in page
    assert 'enctype="multipart/form-data"' in page  # The form itself, for another try.
    return page


def long_text(client: Client, path: str) -> Any:
    return client.post(path, {"text": "#" * 2_700_000, "save": "1"})


def long_form(client: Client, path: str) -> Any:
    return client.post(path, f"save=1&text={'x' * 2_700_000}", content_type=FORM)


def many_fields(client: Client, path: str) -> Any:
    return client.post(path, dict.fromkeys(map(str, range(20_010)), ""))


def many_form_fields(client: Client, path: str) -> Any:
    return client.post(path, "&".join(f"{n}=" for n in range(20_010)), content_type=FORM)


def many_files(client: Client, path: str) -> Any:
    files = [SimpleUploadedFile(f"{n}.txt", b"a") for n in range(201)]
    return client.post(path, {"uploads": files})


TEXT = "The text of a form has 2,621,440 bytes at most. Upload it as a file."
FIELDS = "More than 20,000 fields were sent."
FILES = "More than 200 files were sent. Send fewer."
ALL = "More than 12,000,000 bytes were sent. Send fewer files, or leave out the others."
FILE = "The file is larger than 1,000,000 bytes."
Send = Callable[[Client, str], Any]


@pytest.mark.parametrize(
    ("path", "send", "sentence"),
    [
        pytest.param(LINT, long_text, TEXT, id="lint, a text"),
        pytest.param(LINT, long_form, TEXT, id="lint, a form without files"),
        pytest.param(LINT, many_fields, FIELDS, id="lint, fields"),
        pytest.param(LINT, many_form_fields, FIELDS, id="lint, fields without files"),
        pytest.param(LINT, many_files, FILES, id="lint, files"),
        pytest.param(DECLARE, long_text, FILE, id="declare, a text"),
        pytest.param(DECLARE, long_form, FILE, id="declare, a form without files"),
        pytest.param(DECLARE, many_fields, FIELDS, id="declare, fields"),
        pytest.param(DECLARE, many_form_fields, FIELDS, id="declare, fields without files"),
        pytest.param(DECLARE, many_files, FILES, id="declare, files"),
    ],
)
def test_the_page_itself_says_what_is_too_large(
    path: str, send: Send, sentence: str, client: Client, ana: User
) -> None:
    answered(send(client, path), sentence)


@pytest.mark.parametrize(("path", "sentence"), [(LINT, ALL), (DECLARE, FILE)])
@pytest.mark.parametrize("kind", [FORM, MULTIPART, "text/plain"])
def test_much_more_is_taken_in_pieces_and_never_held(
    path: str, sentence: str, kind: str, client: Client, ana: User
) -> None:
    client.get(path)  # Templates are read once.
    body = Endless(40_000_000)
    extra = {"wsgi.input": body, "CONTENT_LENGTH": "40000000"}
    tracemalloc.start()

    response = client.generic("POST", path, b"", kind, **extra)  # type: ignore[arg-type]

    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()
    answered(response, sentence)
    assert (body.left, body.largest <= 100_000) == (0, True)


def test_a_length_that_is_no_number_of_this_world_is_too_large(client: Client, ana: User) -> None:
    extra = {"CONTENT_LENGTH": "9" * 5_000}

    answered(client.generic("POST", LINT, b"a", FORM, **extra), ALL)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", [LINT, DECLARE])
def test_nothing_is_read_of_what_strangers_send(path: str, client: Client) -> None:
    an_application()
    body = Endless(1_000)

    response = client.generic("POST", path, b"", FORM, **{"wsgi.input": body})  # type: ignore[arg-type]

    assert response.status_code == 302
    assert body.left == 1_000


@pytest.mark.parametrize("path", [LINT, DECLARE])
def test_a_form_still_needs_its_token(path: str, ana: User) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(ana)
    values = {"save": "1", "name": "main.in", "text": "tool"}

    assert careful.post(path, values).status_code == 403
    page = careful.get(path).content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found is not None
    sent = careful.post(path, {**values, "csrfmiddlewaretoken": found[1]})
    assert sent.status_code in {200, 302}


def test_what_was_shown_of_the_largest_file_can_be_saved(client: Client, ana: User) -> None:
    """Each line end comes back as two bytes, and a form without files takes six for it."""
    line = "# %&=+é\n"
    body = ("tool\n" + line * 110_000).encode()
    assert len(body) < 1_000_000

    page = client.post(DECLARE, {"file": SimpleUploadedFile("main.in", body)}).content.decode()
    shown = re.search(
        r'enctype="(.+?)">.*<textarea name="text" hidden>\n(.+?)</textarea>', page, re.DOTALL
    )
    assert shown is not None
    text = html.unescape(shown[2]).replace("\n", "\r\n")
    digest = re.search(r'name="shown" value="(\w+)"', page)
    assert digest is not None
    values = {"save": "1", "name": "main.in", "text": text, "shown": digest[1]}
    saved = client.post(DECLARE, values)

    assert (shown[1], saved.status_code) == ("multipart/form-data", 302)


def test_as_many_files_are_taken_as_are_read() -> None:
    assert settings.DATA_UPLOAD_MAX_NUMBER_FILES == MOST_FILES

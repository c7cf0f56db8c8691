"""The page that checks a file, and the address that CI asks."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from integrations.catalogue.models import Sdk
from matrix.rules.rendering import TOX_INI
from matrix.sdk.checking import MOST_BYTES
from tests.checking.makers import NEW, OLD, a_file
from tests.checking.test_check import publish
from tests.pages.conftest import Open, text_of
from tests.sdk.makers import an_sdk

As = Callable[..., Client]
EDITED = a_file().replace("redis==5.0", "redis==6.0<b>")


@pytest.fixture
def kit(db: None) -> Sdk:
    publish("kit", {TOX_INI: a_file(OLD)}, {TOX_INI: a_file(NEW)})
    return an_sdk()


def verdict(page: str) -> str:
    return page.split('role="status">')[1].split("</h2>", maxsplit=1)[0]


def test_the_page_offers_a_form_and_two_steps_for_ci(kit: Sdk, as_: As, opened: Open) -> None:
    page = opened(as_("viewers"), "/check/?sdk=kit")

    assert '<option value="kit" selected>kit</option>' in page
    assert "Nothing that you send is stored." in page
    assert "http://testserver/sdks/kit/check/" in page
    assert "shell: python" in page
    assert 'role="status"' not in page  # There is no verdict before anything was compared.


def test_a_pasted_file_gets_its_verdict_first(kit: Sdk, as_: As) -> None:
    page = text_of(as_("viewers").post("/check/", {"text": a_file(OLD), "sdk": ""}))

    assert verdict(page) == "Matches publication 1; publication 2 is current."
    assert page.index(verdict(page)) < page.index("<textarea")
    assert "publication 1</a>" in page
    assert "render kit --into tox.ini" in page


def test_an_uploaded_file_shows_each_place_and_its_fix(kit: Sdk, as_: As) -> None:
    upload = SimpleUploadedFile("tox.ini", EDITED.encode())

    page = text_of(as_("viewers").post("/check/", {"file": upload}))

    assert verdict(page) == "Differs in 1 place from publication 2, which is current."
    assert '<span class="mx-remove">-     redis-v5.0: redis==5.0</span>' in page
    assert '<span class="mx-add">+     redis-v5.0: redis==6.0&lt;b&gt;</span>' in page
    assert "Change lines 24 to 25 back to what was generated." in page
    assert a_file() not in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        pytest.param({}, "Paste the text of a file, or choose one to upload.", id="nothing"),
        pytest.param(
            {"text": "x", "file": SimpleUploadedFile("tox.ini", b"x")},
            "Paste a text or choose a file, not both",
            id="both",
        ),
        pytest.param(
            {"file": SimpleUploadedFile("tox.ini", b"a\xff")}, "not UTF-8 text (byte 1)", id="bytes"
        ),
        pytest.param(
            {"file": SimpleUploadedFile("tox.ini", b"x" * (MOST_BYTES + 1))},
            "larger than 2,000,000 bytes",
            id="too much",
        ),
        pytest.param({"text": "\0"}, "Null characters are not allowed.", id="no text"),
    ],
)
def test_what_cannot_be_checked_is_told_on_the_page(
    fields: dict[str, object], sentence: str, kit: Sdk, as_: As
) -> None:
    page = text_of(as_("viewers").post("/check/", fields))

    assert "<title>Error: Check a file | Matrix Portal</title>" in page
    assert sentence in page
    assert 'role="status"' not in page


def test_a_text_that_django_refuses_to_read_gets_a_page_too(kit: Sdk, as_: As) -> None:
    page = text_of(as_("viewers").post("/check/", {"text": "x" * 3_000_000}), 400)

    assert "What was sent is larger than the portal takes." in page


def ask(client: Client, text: str | bytes, query: str = "", **headers: str) -> tuple[int, str]:
    answer = client.post(
        f"/sdks/kit/check/{query}",
        data=text,
        content_type="application/x-www-form-urlencoded",  # As curl says.
        headers=headers,
    )
    return answer.status_code, answer.content.decode()


def test_ci_gets_a_status_and_a_report_without_login_where_publications_are_public(
    kit: Sdk,
) -> None:
    Sdk.objects.update(public_publications=True)
    client = Client(enforce_csrf_checks=True)

    assert ask(client, a_file())[0] == 200
    assert ask(client, a_file(OLD))[0] == 200
    assert ask(client, a_file(OLD), "?strict=1")[0] == 409
    assert ask(client, EDITED)[0] == 409
    assert ask(client, EDITED)[1].startswith("Differs in 1 place from publication 2")
    assert ask(client, "[tox]\n")[0] == 422
    assert ask(client, b"\xff")[0] == 400
    assert ask(client, "")[0] == 400
    assert ask(client, "x" * (MOST_BYTES + 1))[0] == 413


def test_ci_may_ask_for_json(kit: Sdk, as_: As) -> None:
    client = as_("viewers")

    by_header = ask(client, EDITED, Accept="application/json")
    by_query = ask(client, EDITED, "?format=json")

    assert by_header == by_query
    assert '"state": "region edited"' in by_query[1]


def test_others_learn_what_they_need(kit: Sdk, as_: As) -> None:
    assert ask(Client(), a_file())[0] == 401
    assert ask(as_(), a_file())[0] == 403
    assert ask(as_("viewers"), a_file())[0] == 200
    assert as_("maintainers").get("/sdks/kit/check/")["Location"] == "/check/?sdk=kit"
    unknown = as_("reviewers").post("/sdks/none/check/", data="x", content_type="text/plain")
    assert unknown.status_code == 404
    assert (
        Client().post("/sdks/none/check/", data="x", content_type="text/plain").status_code == 401
    )


def test_the_step_needs_a_token_unless_publications_are_public(
    kit: Sdk, as_: As, opened: Open
) -> None:
    private = opened(as_("viewers"), "/check/?sdk=kit")
    Sdk.objects.update(public_publications=True)
    public = opened(as_("maintainers"), "/check/?sdk=kit")

    assert "$PORTAL_TOKEN" in private
    assert "A maintainer makes it." in private
    assert "$PORTAL_TOKEN" not in public
    assert "the step needs no token" in public


def test_who_may_make_a_token_is_led_there(kit: Sdk, as_: As, opened: Open) -> None:
    client = as_("maintainers")
    User.objects.update(is_staff=True)

    assert '<a href="/admin/accounts/token/add/">Make a token</a>' in opened(client, "/check/")


def test_the_script_can_be_downloaded(kit: Sdk, as_: As) -> None:
    answer = as_("viewers").get("/check/check_regions.py")

    assert answer["Content-Disposition"] == 'attachment; filename="check_regions.py"'
    assert answer.content.startswith(b"# Ends with 1 when")

"""What went wrong is a page of the portal too: a sentence and a way on."""

from collections.abc import Callable

import pytest
from django.db import Error
from django.template.loader import get_template
from django.test import Client

from integrations.catalogue.models import Sdk
from matrix.review.models import Run
from portal.home.views import home
from tests.pages.conftest import MARKER, Open, text_of

As = Callable[..., Client]
WAY_ON = ">Go to the home page</a>"


@pytest.mark.parametrize("groups", [(), ("viewers",)], ids=["in no group", "a viewer"])
def test_an_address_that_leads_nowhere(groups: tuple[str, ...], as_: As, opened: Open) -> None:
    page = opened(as_(*groups), "/nowhere/", status=404)

    assert "This address leads nowhere." in page
    assert WAY_ON in page


def test_an_address_that_leads_nowhere_needs_no_login(db: None, client: Client) -> None:
    assert "This address leads nowhere." in text_of(client.get("/nowhere/"), 404)


def test_a_form_without_its_token_changes_nothing_and_says_so(sdk: Sdk, as_: As) -> None:
    client = as_("maintainers")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies

    page = text_of(strict.post("/sdks/parcels/run/"), 403)

    assert "<h1>Nothing was changed</h1>" in page
    assert WAY_ON in page
    assert not Run.objects.exists()


def test_an_error_of_the_portal_is_a_page_that_needs_no_database(
    db: None, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(now: object) -> None:
        raise Error("the disk is full of secrets")

    client = as_("viewers")
    client.raise_request_exception = False
    monkeypatch.setattr(home, "overview", broken)

    page = text_of(client.get("/"), 500)

    assert "<h1>Something broke</h1>" in page
    assert "secrets" not in page
    assert WAY_ON in page


def test_the_page_of_an_error_renders_without_any_context() -> None:
    page = get_template("500.html").render()

    assert MARKER not in page
    assert "Log out" not in page

"""Who sees which page, and who may press which button."""

from collections.abc import Callable

import pytest
from django.test import Client

from integrations.catalogue.models import Sdk
from matrix.review.models import Item
from tests.pages.conftest import Open, text_of
from tests.pages.makers import a_publication

As = Callable[..., Client]

PAGES = {
    "the home page": "/",
    "proposals": "/proposals/",
    "a proposal": "/proposals/1/",
    "an item": "/proposals/1/items/{item}/",
    "the files of a proposal": "/proposals/1/files/",
    "a selection": "/proposals/1/selection/",
    "the whole patch": "/proposals/1.patch",
    "a patch": "/proposals/1/tox.ini.patch",
    "a candidate": "/proposals/1/files/tox.ini",
    "publications": "/publications/",
    "a publication": "/publications/parcels/1/",
    "a published file": "/publications/parcels/1/files/tox.ini",
    "the current file": "/sdks/parcels/tox.ini",
    "any current file": "/sdks/parcels/files/tox.ini",
    "the coverage": "/sdks/parcels/coverage/",
    "the coverage as CSV": "/sdks/parcels/coverage.csv",
    "all integrations": "/integrations/",
    "the check": "/check/",
    "the script for CI": "/check/check_regions.py",
    "runs": "/runs/",
    "a run": "/runs/{run}/",
    "the progress of a run": "/runs/{run}/progress/",
}


@pytest.fixture
def paths(sdk: Sdk) -> dict[str, str]:
    publication = a_publication(sdk)
    assert publication.proposal is not None
    keys = {"run": publication.proposal.run_id, "item": Item.objects.latest("pk").pk}
    return {name: path.format(**keys) for name, path in PAGES.items()}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_a_login_and_leads_back(
    name: str, paths: dict[str, str], client: Client
) -> None:
    response = client.get(paths[name], headers={"Accept": "text/html"})

    assert response.status_code == 302
    assert response["Location"] == f"/login/?next={paths[name]}"


@pytest.mark.parametrize("name", PAGES)
def test_viewers_see_every_page(name: str, paths: dict[str, str], as_: As, opened: Open) -> None:
    opened(as_("viewers"), paths[name])


@pytest.mark.parametrize("name", PAGES)
def test_who_is_in_no_group_is_told_which_one_to_ask_for(
    name: str, paths: dict[str, str], as_: As, opened: Open
) -> None:
    page = opened(as_(), paths[name], status=403)

    assert "nobody may not" in page
    assert "viewers" in page


@pytest.mark.parametrize(
    ("path", "fields", "group"),
    [
        pytest.param("/sdks/parcels/run/", {}, "maintainers", id="start a run"),
        pytest.param("/proposals/1/decide/", {"action": "approve"}, "reviewers", id="approve"),
        pytest.param(
            "/proposals/1/decide/", {"action": "reject", "reason": "no"}, "reviewers", id="reject"
        ),
        pytest.param("/proposals/1/decide/", {"action": "publish"}, "reviewers", id="publish"),
        pytest.param(
            "/proposals/1/decide/",
            {"action": "approve and publish"},
            "reviewers",
            id="approve and publish",
        ),
        pytest.param("/example/remove/", {}, "maintainers", id="remove the example"),
    ],
)
def test_viewers_may_press_no_button_and_learn_who_may(
    path: str, fields: dict[str, str], group: str, paths: dict[str, str], as_: As
) -> None:
    page = text_of(as_("viewers").post(path, fields), 403)

    assert f"the group {group} or owners has" in page


@pytest.mark.parametrize(
    "path", ["/sdks/parcels/run/", "/proposals/1/decide/"], ids=["run", "decide"]
)
def test_what_changes_something_is_never_a_get(path: str, paths: dict[str, str], as_: As) -> None:
    assert as_("owners").get(path).status_code == 405


def test_a_login_leads_only_to_pages_of_the_portal(db: None, as_: As) -> None:
    as_("viewers")
    login = {"username": "viewers", "password": "a password of some length"}

    inside = Client().post("/login/", {**login, "next": "/runs/"})
    outside = Client().post("/login/", {**login, "next": "https://example.org/"})

    assert (inside["Location"], outside["Location"]) == ("/runs/", "/")


def test_a_wrong_password_is_told_on_the_login_page(db: None, client: Client) -> None:
    page = text_of(client.post("/login/", {"username": "ana", "password": "wrong"}))

    assert "<title>Error: Log in | Matrix Portal</title>" in page
    assert "Please enter a correct username and password." in page


def test_people_who_are_no_staff_log_in_change_their_password_and_log_out(as_: As) -> None:
    client = as_("viewers")
    old, new = "a password of some length", "another one that is long"
    fields = {"old_password": old, "new_password1": new, "new_password2": new}

    assert "Change password" in text_of(client.get("/password/"))
    changed = client.post("/password/", fields, follow=True)
    assert "you are still logged in" in text_of(changed)
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/")["Location"] == "/login/?next=/"

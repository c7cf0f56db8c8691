"""The pages of applications: the list, one of them, its buttons, and what a file declares."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_q.models import OrmQ

from matrix.review.models import Run
from portal.guidance.models import Application
from tests.catalogue.makers import history_of
from tests.guidance.makers import NOW, a_publication, an_application, locked_as, run
from tests.pages.conftest import text_of

pytestmark = pytest.mark.django_db
As = Callable[..., Client]
FIRST = locked_as("rsfoo==1.5", "tool==1.0")
BOTH = {"main": "rsfoo", "dev": "tool"}
PAGES = ("/applications/", "/applications/shop/", "/applications/shop/declare/")


def posted(client: Client, path: str, **values: str) -> str:
    return text_of(client.post(path, values, follow=True))


@pytest.mark.parametrize("path", [*PAGES, "/applications/shop/publications/1/"])
def test_every_page_asks_for_a_login_and_then_for_a_group(path: str, as_: As) -> None:
    a_publication(an_application(), FIRST)

    assert Client().get(path, headers={"Accept": "text/html"}).status_code == 302
    assert as_().get(path).status_code == 403
    assert as_("maintainers").get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "values"),
    [
        pytest.param("/applications/shop/lock/", {"what": "keep"}, id="lock"),
        pytest.param("/applications/shop/declare/", {"save": "1"}, id="declare"),
    ],
)
def test_viewers_press_nothing(path: str, values: dict[str, str], as_: As) -> None:
    an_application()

    assert as_("viewers").post(path, values).status_code == 403
    assert Run.objects.count() == 0


def test_an_empty_list_says_what_an_application_is(as_: As) -> None:
    page = text_of(as_("viewers").get("/applications/"))

    assert "No application yet" in page
    assert "A maintainer adds one in the catalogue." in page


def test_a_list_takes_the_same_queries_for_one_and_for_many(as_: As) -> None:
    client, counts = as_("viewers"), []
    for slugs in (["a-1"], [f"b-{number}" for number in range(5)]):
        for slug in slugs:
            a_publication(an_application(slug), FIRST)
        with CaptureQueriesContext(connection) as queries:
            page = text_of(client.get("/applications/"))
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert page.count(">publication 1</a>") == 6


def test_an_application_shows_its_locks_and_since_when_each_pin_has_been_so(as_: As) -> None:
    application = an_application(sets=BOTH)
    a_publication(application, FIRST)
    later = NOW + timedelta(weeks=1)
    a_publication(application, locked_as("rsfoo==2.0", "tool==1.0"), later, only=["main"])

    page = text_of(as_("viewers").get("/applications/shop/"))

    rows = [" ".join(row.split()) for row in page.split("<tr>") if 'scope="row"' in row]
    for row, texts in zip(rows, [("rsfoo", "2.0", "9 Mar"), ("tool", "1.0", "2 Mar")], strict=True):
        assert [text for text in texts if text not in row] == []
    assert 'href="/applications/shop/files/requirements/main.txt"' in page
    assert "Lock now" not in page  # Viewers may not.


def test_an_application_takes_the_same_queries_after_years_of_publications(as_: As) -> None:
    application, client, counts = an_application(sets=BOTH), as_("maintainers"), []
    for weeks in (range(1), range(1, 8)):
        for week in weeks:
            lock = locked_as(f"rsfoo==1.{week}", "tool==1.0")
            a_publication(application, lock, NOW + timedelta(weeks=week))
        with CaptureQueriesContext(connection) as queries:
            text_of(client.get("/applications/shop/"))
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"what": "keep"}, (False, [], None), id="keep"),
        pytest.param({}, (False, [], None), id="without a word"),
        pytest.param({"what": "all"}, (True, [], None), id="all"),
        pytest.param({"what": "one", "name": "RSfoo"}, (False, ["rsfoo"], None), id="one"),
    ],
)
def test_a_button_starts_a_run_that_gives_up_what_it_says(
    values: dict[str, str], expected: object, as_: As
) -> None:
    a_publication(an_application(), FIRST)

    page = posted(as_("maintainers"), "/applications/shop/lock/", **values)

    found = Run.objects.latest("pk")
    written = found.options["refresh"]
    assert (written["everything"], written["projects"], written["before"]) == expected
    assert f"Run {found.pk} of shop" in page


def test_pins_of_an_age_are_refreshed_and_a_second_press_starts_nothing(as_: As) -> None:
    an_application()
    client = as_("maintainers")
    posted(client, "/applications/shop/lock/", what="older", days="30")
    assert Run.objects.get().options["refresh"]["before"] is not None

    page = posted(client, "/applications/shop/lock/", what="all")

    assert "is under way already" in page
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        pytest.param({"what": "one", "name": "django"}, "pins &quot;django&quot;", id="unpinned"),
        pytest.param({"what": "one"}, "Name the package to update", id="no name"),
        pytest.param({"what": "older", "days": "-1"}, "is not a number of days", id="no days"),
        pytest.param({"what": "older", "days": "9" * 5000}, "not a number of days", id="many days"),
        pytest.param({"what": "older", "days": "٣"}, "is not a number of days", id="other digits"),
        pytest.param({"what": "some"}, "is none of keep, all, one and older", id="no such word"),
    ],
)
def test_what_makes_no_sense_is_a_sentence_and_no_run(
    values: dict[str, str], sentence: str, as_: As
) -> None:
    an_application()

    assert sentence in posted(as_("maintainers"), "/applications/shop/lock/", **values)
    assert (Run.objects.count(), OrmQ.objects.count()) == (0, 0)


def test_a_finding_of_the_last_run_stands_on_the_page(as_: As) -> None:
    application = an_application(sets={"main": "rsfoo", "dev": ""})
    run(application, FIRST)
    shown = text_of(as_("viewers").get("/applications/shop/"))

    assert "Proposal open" in shown
    assert "Review proposal 1" in shown
    assert "No lock is published yet." in shown
    assert "It declares nothing." in shown


# --- The form of the admin -----------------------------------------------------------------------
def a_form(**sets: str) -> dict[str, str]:
    rows = {
        f"sets-{number}-{field}": value
        for number, (name, text) in enumerate(sets.items())
        for field, value in (("name", name), ("requirements", text))
    }
    return {
        "slug": "shop",
        "name": "Shop",
        "python": "3.13",
        "tool": "uv",
        "platform": "docker",
        "environment_path": "/app",
        "start_command": "gunicorn shop.wsgi",
        "cooldown_days": "0",
        "propose_at": "04:07",
        "change_reason": "The shop opens.",
        "sets-TOTAL_FORMS": str(len(sets)),
        "sets-INITIAL_FORMS": "0",
        **rows,
    }


@pytest.mark.parametrize(
    ("sets", "sentence"),
    [
        pytest.param({"dev": "tool"}, "Keep a set named main", id="without main"),
        pytest.param({"main": "# none"}, "Declare at least one requirement", id="main is empty"),
        pytest.param({"main": "rsfoo =>1"}, "rsfoo =&gt;1", id="no requirement"),
        pytest.param(
            {"main": "a\nx @ file:///etc/x.whl"}, "Line 2: &quot;x @ file:", id="an address"
        ),
        pytest.param({"main": "rsfoo", "settings": "tool"}, "names another part", id="reserved"),
        pytest.param({"main": "rsfoo", "tool": "pip"}, "names another part", id="the tool's own"),
        pytest.param({"main": "rsfoo", "reviewed": "x"}, "names another part", id="the pins' own"),
        pytest.param(
            {"main": "rsfoo", "packages": "x"}, "names another part", id="a Pipfile's own"
        ),
    ],
)
def test_the_admin_keeps_main_and_refuses_what_cannot_be_locked(
    sets: dict[str, str], sentence: str, as_: As
) -> None:
    client = staff(as_)

    page = text_of(client.post(reverse("admin:guidance_application_add"), a_form(**sets)))

    assert sentence in page
    assert Application.objects.count() == 0


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"base_image": "python:3.13-slim"}, "does not name an image by its digest"),
        ({"base_image": f"python@sha256:{'0' * 63}"}, "does not name an image by its digest"),
        ({"test_command": "pytest && true"}, "is not a plain command"),
        ({"installs_pylock": "on"}, "Only pip installs pylock.toml"),
        ({"environment_path": "/usr/local"}, "holds other things"),
        ({"environment_path": "/opt"}, "holds other things"),
        ({"environment_path": "requirements"}, "holds other things"),
        ({"environment_path": "-x"}, "is not the path of an environment"),
        ({"start_command": "/usr/bin/gunicorn a:b"}, "is not the name of a program"),
        ({"start_command": "A=1 gunicorn a:b"}, "is not the name of a program"),
        ({"index_url": "https://example.org/$(x)/"}, "no address of an index needs"),
        ({"slug": "-rf"}, "cannot name a project"),
    ],
)
def test_the_admin_refuses_options_that_no_file_can_follow(
    values: dict[str, str], sentence: str, as_: As
) -> None:
    client = staff(as_)
    form = {**a_form(main="rsfoo"), **values}

    page = text_of(client.post(reverse("admin:guidance_application_add"), form))

    assert sentence in page
    assert Application.objects.count() == 0


def test_an_application_is_made_with_its_sets_and_the_reason(as_: As) -> None:
    client = staff(as_)

    client.post(reverse("admin:guidance_application_add"), a_form(main="rsfoo", dev="tool"))

    application = Application.objects.get()
    assert [each.name for each in application.sets.order_by("pk")] == ["main", "dev"]
    assert history_of(application).get().history_change_reason == "The shop opens."
    for path in ("change", "history"):
        text_of(client.get(reverse(f"admin:guidance_application_{path}", args=[application.pk])))


def test_the_list_of_the_admin_takes_the_same_queries_for_one_and_for_many(as_: As) -> None:
    client, counts = staff(as_), []
    for slugs in (["a-1"], [f"b-{number}" for number in range(10)]):
        for slug in slugs:
            an_application(slug, BOTH)
        with CaptureQueriesContext(connection) as queries:
            text_of(client.get(reverse("admin:guidance_application_changelist")))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def staff(as_: As) -> Client:
    client = as_("maintainers")
    user = int(client.session["_auth_user_id"])
    User.objects.filter(pk=user).update(is_staff=True)
    return client

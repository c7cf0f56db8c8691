"""What the home page says where there are applications."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.guidance.models import Application
from tests.guidance.makers import NOW, a_proposal, a_publication, an_application, locked_as
from tests.guidance.test_applications import staff
from tests.pages.conftest import text_of

pytestmark = pytest.mark.django_db
As = Callable[..., Client]
FIRST = locked_as("rsfoo==1.5")


def home(client: Client) -> str:
    return " ".join(text_of(client.get("/")).split())


def heading(page: str) -> str:
    return page.split("<h1>")[1].split("</h1>", maxsplit=1)[0].strip()


def steps(page: str) -> list[bool]:
    """Which of the three steps are done."""
    found = page.split('<ol class="mx-steps">')[1].split("</ol>", maxsplit=1)[0]
    return ["Done" in title.split("</h3>")[0] for title in found.split("<h3>")[1:]]


def test_without_an_sdk_the_steps_are_those_of_the_application(as_: As) -> None:
    client = as_("owners", "reviewers")
    application = an_application(sets={})
    bare = home(client)
    application.sets.create(name="main", requirements="rsfoo")
    declared = home(client)
    a_proposal(application, FIRST)
    proposed = home(client)

    assert heading(bare) == "Welcome: no proposal yet"
    assert steps(bare) == [False, False, False]
    assert ">Open Shop</a>" in bare
    assert "Bring an SDK" not in bare
    assert "The portal locks what your application declares" in bare
    assert steps(declared) == [True, False, False]
    assert ">Lock Shop now</button>" in declared
    assert "python manage.py lock shop" in declared
    assert heading(proposed) == "Your turn: 2 items in proposal 1"
    assert steps(proposed) == [True, True, False]


def test_a_published_application_is_no_empty_portal(as_: As) -> None:
    a_publication(an_application(propose_on=1), FIRST)

    page = home(as_("viewers"))

    assert heading(page) == "Nothing to decide"
    assert "Three steps" not in page
    assert "Locks of Shop are made anew" in page
    assert "No worker has been seen yet" in page
    state = page.split('id="state"')[1]
    assert '<a href="/applications/shop/">Shop</a>' in state
    assert re.search(r'data-label="Next update"[^>]*><time[^>]*>Mon ', state)
    assert ">publication 1</a>" in state
    assert 'id="earlier"' in page


def test_the_next_update_stands_beside_an_open_proposal(as_: As) -> None:
    a_proposal(an_application(propose_on=1), FIRST)
    client = as_("reviewers")

    page = home(client)
    assert re.search(r"The next run, <time[^>]*>Mon [^<]*</time>, makes proposal 1 anew", page)
    assert "are made anew" not in page

    Application.objects.update(propose_on=None)
    idle = home(client)
    assert "makes proposal 1 anew" not in idle
    assert "when somebody asks" in idle.split('id="state"')[1]


def test_who_may_not_lock_gets_no_button_for_it(as_: As) -> None:
    an_application()

    assert "Lock Shop now" not in home(as_("viewers"))


def test_an_empty_portal_offers_both(as_: As) -> None:
    page = home(staff(as_))

    assert heading(page) == "Welcome: nothing is here yet"
    assert 'href="/admin/guidance/application/add/">Add an application</a>' in page


def test_the_queries_do_not_grow_with_the_applications(as_: As) -> None:
    client, counts = as_("viewers"), []
    for slugs in (["a-1"], [f"b-{number}" for number in range(5)]):
        for slug in slugs:
            a_publication(an_application(slug), FIRST, NOW - timedelta(weeks=1))
        with CaptureQueriesContext(connection) as queries:
            home(client)
        counts.append(len(queries))

    assert counts[0] == counts[1]

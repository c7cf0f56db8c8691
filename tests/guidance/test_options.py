"""Guidance without an application, and what an application would have with other choices."""

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.catalogue.models import Hold
from matrix.review.models import Channel
from portal.guidance.asking import OPTIONS, Asked, defaults
from portal.guidance.choosing import answer
from portal.guidance.generating import generate
from portal.guidance.models import Application
from tests.guidance.makers import NOW, a_publication, an_application, locked_as
from tests.guidance.test_applications import staff
from tests.pages.conftest import text_of

pytestmark = pytest.mark.django_db
As = Callable[..., Client]
IMAGE = f"python:3.13-slim@sha256:{'0' * 64}"
LOCK = locked_as("rsfoo==1.5", "uv==0.14.0", "poetry==3.0")


def page(client: Client, path: str, **values: str) -> str:
    return " ".join(text_of(client.get(path, values)).split())


def archive(client: Client, **values: str) -> dict[str, str]:
    response = client.get(reverse("guidance-zip"), values)
    assert response.status_code == 200
    with zipfile.ZipFile(io.BytesIO(response.content)) as files:
        return {name: files.read(name).decode() for name in files.namelist()}


def test_every_option_of_the_address_reaches_the_files(as_: As) -> None:
    client = as_("viewers")
    options = {
        "tool": "poetry",
        "platform": "upsun-fixed",
        "slug": "parcels",
        "environment_path": "build/env",
        "start_command": "uvicorn parcels.asgi:application",
        "index_url": "https://packages.example.org/simple",
    }

    files = archive(client, **options)

    assert "name: parcels" in files[".platform.app.yaml"]
    assert (
        "build/env/bin/uvicorn --uds $SOCKET parcels.asgi:application"
        in files[".platform.app.yaml"]
    )
    assert "https://packages.example.org/simple/" in files["pyproject.toml"]
    assert '"uvicorn"' in files["pyproject.toml"]
    assert "migrate" in files[".platform.app.yaml"]
    assert "migrate" not in archive(client, **options, is_django="no")[".platform.app.yaml"]


def test_each_field_of_a_choice_follows_its_option() -> None:
    image = IMAGE.replace("3.13", "3.12")
    chosen = {
        "tool": "pip",
        "platform": "docker",
        "python": "3.12",
        "base_image": image,
        "installs_pylock": "yes",
        "locks_tool": "no",
        "test_command": "python -m pytest",
        "cooldown_days": "7",
    }

    found = answer(Asked.without_application(chosen), now=NOW).guidance

    assert found is not None
    choice = found.choice
    assert (choice.base_image, choice.installs_pylock) == (image, True)
    assert (choice.locks_tool, choice.test_command) == (False, "python -m pytest")
    assert (choice.cooldown_days, choice.python, choice.is_django) == (7, "3.12", True)
    usual = answer(Asked.without_application({}), now=NOW).guidance
    assert usual is not None
    assert (usual.choice.locks_tool, usual.choice.installs_pylock) == (True, False)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("slug", "a b", "Enter a valid “slug”"),
        ("slug", "-", "cannot name a project"),
        ("start_command", "gunicorn x | tail", "is not a plain command"),
        ("start_command", "", "This field is required"),
        ("environment_path", "../x", "is not the path of an environment"),
        ("environment_path", "a\0b", "Null characters are not allowed"),
        ("index_url", "ftp://x", "is not the address"),
        ("index_url", "https://u:p@packages.example.org/simple/", "index_url"),
        ("base_image", "python:3.13", "does not name an image by its digest"),
        ("test_command", "pytest && true", "is not a plain command"),
        ("cooldown_days", "-1", "cooldown_days"),
        ("cooldown_days", "x", "Enter a whole number"),
        ("is_django", "maybe", "is not one of the available choices"),
        ("installs_pylock", "yes", "Only pip installs pylock.toml"),
    ],
)
def test_what_the_model_refuses_is_told_at_its_field_and_nothing_is_lost(
    name: str, value: str, sentence: str, as_: As
) -> None:
    client = as_("viewers")
    values = {"platform": "docker", "test_command": "python -m pytest tests", name: value}

    text = page(client, reverse("guidance"), **values)

    assert sentence.replace('"', "&quot;") in text
    assert f'<a href="#{name}">' in text
    assert f'id="{name}_error"' in text
    assert '<option value="docker" selected>' in text
    assert name == "test_command" or 'value="python -m pytest tests"' in text
    assert "<details" in text.split('class="mx-options"')[0][-20:]
    assert 'class="mx-options" open' in text
    assert 'id="files"' not in text
    assert client.get(reverse("guidance-zip"), values).status_code == 404


VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["yes", "no", "", "docker", "server", "pip", "3.10", "/app", "$PORT", IMAGE]),
    st.sampled_from(["gunicorn 'x", "daphne", "uvicorn --port $PORT x", "-", "--", "=", "$SOCKET"]),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.dictionaries(st.sampled_from(OPTIONS), VALUES, max_size=5))
def test_no_address_breaks_the_page(values: dict[str, str], db: None) -> None:
    found = answer(Asked.without_application(values), now=NOW)

    assert (found.guidance is None) == bool(found.problem)


def test_the_links_of_the_page_name_what_is_not_usual(as_: As) -> None:
    text = page(as_("viewers"), reverse("guidance"), tool="uv", slug="parcels", is_django="no")

    query = "tool=uv&amp;platform=upsun-fixed&amp;python=3.13&amp;slug=parcels&amp;is_django=no"
    assert f'href="/guidance/guidance.zip?{query}"' in text
    assert "These are the sets of an example" in text


def test_an_application_begins_with_the_options_that_were_looked_at(as_: As) -> None:
    client = staff(as_)
    text = page(client, reverse("guidance"), slug="parcels", tool="pip", is_django="no")
    (query,) = {
        found.split('"')[0] for found in text.split("/admin/guidance/application/add/?")[1:]
    }

    form = page(client, f"/admin/guidance/application/add/?{query.replace('&amp;', '&')}")

    assert 'value="parcels"' in form
    assert '<option value="pip" selected>' in form
    inputs = re.findall(r'<input type="checkbox"[^>]*>', form)
    ticked = {re.findall(r'name="(\w+)"', one)[0] for one in inputs if " checked" in one}
    assert "locks_tool" in ticked
    assert "is_django" not in ticked


# --- What if -------------------------------------------------------------------------------------
def test_another_choice_is_told_as_one_with_the_way_to_make_it_its_own(as_: As) -> None:
    application = an_application(tool="uv", python="3.13")
    path = reverse("application-guidance", args=["shop"])
    client = staff(as_)

    own, other = page(client, path), page(client, path, tool="poetry", python="3.12")

    assert "What you see is not how Shop is installed" not in own
    told = "What you see is not how Shop is installed: Python 3.12, not 3.13; tool Poetry, not uv."
    assert told in other
    assert f'href="/admin/guidance/application/{application.pk}/change/"' in other
    viewer = page(as_("viewers"), path, tool="poetry")
    assert "A maintainer can make this its own in the catalogue." in viewer
    assert "/change/" not in viewer


def test_published_locks_are_left_out_for_an_older_python(as_: As) -> None:
    application = an_application(tool="pip", python="3.13")
    a_publication(application, LOCK)
    path = reverse("application-guidance", args=["shop"])
    client = as_("viewers")

    newer = page(client, path, python="3.14")
    older = page(client, path, python="3.12")

    assert "<code>requirements/main.txt</code>" in newer
    assert "<code>requirements/main.txt</code>" not in older
    assert "The published locks hold for Python 3.13 and newer" in older


def test_what_was_reviewed_goes_into_the_choice_but_the_tool(monkeypatch: Any) -> None:
    application = an_application(sets={"main": "rsfoo", "dev": "tool"}, tool="poetry")
    Application.objects.update(locks_tool=True)
    application.refresh_from_db()
    lock = locked_as("rsfoo==1.5", "tool==1.0 ; sys_platform == 'win32'", "poetry==3.0")
    a_publication(application, lock)

    found = answer(Asked.of(application, {}), now=NOW).guidance

    assert found is not None
    assert found.choice.reviewed == {
        "main": ("rsfoo==1.5",),
        "dev": ('tool==1.0 ; sys_platform == "win32"',),
    }
    assert found.choice.versions["poetry"] == "3.0"
    assert generate(found.choice).files == found.files


def test_what_is_declared_anew_is_told(as_: As) -> None:
    application = an_application(tool="pip")
    a_publication(application, LOCK)
    application.sets.update(requirements="rsfoo>=2")

    text = page(as_("viewers"), reverse("application-guidance", args=["shop"]))

    assert "What is declared in main changed since it was locked" in text


def test_a_tool_that_is_held_altogether_is_named(as_: As) -> None:
    hold = Hold(project="uv", releases="", reason="compromised")
    hold.full_clean()
    hold.save()

    text = page(as_("viewers"), reverse("guidance"), tool="uv")

    assert "No release of uv may be taken for Python 3.13: each is held everywhere." in text


@pytest.mark.parametrize("path", ["/guidance/", "/guidance/tools/", "/applications/"])
def test_reading_writes_nothing(path: str, as_: As) -> None:
    assert writes(as_("viewers"), path) == []


@pytest.mark.parametrize("path", ["", "guidance/", "guidance/guidance.zip", "declare/"])
def test_reading_about_an_application_writes_nothing(path: str, as_: As) -> None:
    an_application()

    assert writes(as_("maintainers"), f"/applications/shop/{path}") == []
    assert Channel.objects.count() == 0


def writes(client: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return [
        one["sql"] for one in queries if not one["sql"].startswith(("SELECT", "SAVEPOINT", "RELEA"))
    ]


def test_the_form_offers_every_option_with_what_is_usual() -> None:
    assert set(defaults()) == set(OPTIONS)
    assert defaults()["slug"] == "portal"

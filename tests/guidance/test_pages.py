import io
import re
import zipfile

import pytest
import yaml
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from portal import tasks
from portal.guidance.generating.facts import CHECKED, CHECKED_ON
from tests.guidance.makers import Lock, a_publication, a_reviewer, an_application
from tests.support.wheels import WheelIndex

pytestmark = pytest.mark.django_db
ALL = {"tool": "pip", "platform": "upsun-fixed", "python": "3.13"}


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(a_reviewer())
    return client


def page(client: Client, url: str, **values: str) -> str:
    response = client.get(url, values)
    assert response.status_code == 200
    return response.content.decode()


def test_guidance_asks_for_a_login(client: Client) -> None:
    assert client.get(reverse("guidance")).status_code == 302


def test_the_page_shows_complete_files_with_exact_versions(reader: Client) -> None:
    text = page(reader, reverse("guidance"), **ALL)

    assert "<code>.platform.app.yaml</code>" in text
    assert f"pip=={CHECKED['pip']}\n" in text  # requirements/tool.in
    assert "the index was not asked about it yet" in text
    assert "What this tool does not catch" in text


@pytest.mark.parametrize("tool", ["pip", "pip-tools", "pipenv", "poetry", "uv"])
@pytest.mark.parametrize("platform", ["upsun-fixed", "upsun-flex", "docker", "server"])
def test_everything_comes_as_one_archive_whose_yaml_parses(
    reader: Client, tool: str, platform: str
) -> None:
    response = reader.get(reverse("guidance-zip"), {"tool": tool, "platform": platform})

    assert response["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        names = set(archive.namelist())
        files = {name: archive.read(name).decode() for name in names}
    assert {"tox.ini", "UPDATING.md"} < names
    for name, text in files.items():
        if name.endswith(".yaml"):
            assert isinstance(yaml.safe_load(text), dict)
        alone = reader.get(
            reverse("guidance-file", args=[name]), {"tool": tool, "platform": platform}
        )
        assert alone.content.decode() == text


def test_what_nobody_offers_is_the_default_and_what_cannot_be_is_a_sentence(
    reader: Client,
) -> None:
    text = page(reader, reverse("guidance"), tool="<b>", platform="", python="2.7")
    assert "<code>.platform.app.yaml</code>" in text

    an_application(slug="old", python="3.9", platform="upsun-flex")
    url = reverse("application-guidance", args=["old"])
    assert "Upsun has no image for Python 3.9: it has 3.10, 3.11" in page(reader, url)
    assert reader.get(f"{url}guidance.zip").status_code == 404
    assert reader.get(reverse("application-guidance", args=["nobody"])).status_code == 404


def test_an_application_gets_its_own_sets_and_its_published_locks(
    reader: Client,
    index: WheelIndex,
    lock: Lock,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    application = an_application(
        sets={"main": "rsfoo", "dev": "tool"}, tool="pip", start_command="gunicorn shop.wsgi"
    )
    url = reverse("application-guidance", args=["shop"])
    assert "Nothing is published yet" in page(reader, url)

    a_publication(application, lock)

    text = page(reader, url)
    assert "rsfoo==1.5" in text
    assert "Nothing is published yet" not in text
    assert ".venv/bin/gunicorn --bind unix:$SOCKET shop.wsgi" in text
    with django_assert_max_num_queries(12):
        page(reader, url)


@pytest.mark.parametrize(
    ("tool", "place"),
    [
        ("uv", ("pyproject.toml", '    "rsfoo==1.5",')),
        ("poetry", ("pyproject.toml", '    "rsfoo==1.5",')),
        ("pipenv", ("Pipfile.lock", '            "version": "==1.5"')),
        ("pip", ("requirements/main.txt", "rsfoo==1.5 \\")),
    ],
)
def test_what_was_published_binds_the_lock_of_the_tool(
    tool: str, place: tuple[str, str], reader: Client, index: WheelIndex, lock: Lock
) -> None:
    path, line = place
    a_publication(an_application(sets={"main": "rsfoo", "dev": "tool"}), lock)
    index.release("rsfoo", "1.9")
    url = reverse("application-guidance", args=["shop"])

    text = page(reader, url, tool=tool)
    files = reader.get(f"{url}guidance.zip", {"tool": tool})
    with zipfile.ZipFile(io.BytesIO(files.content)) as archive:
        assert line in archive.read(path).decode().splitlines()
    assert (
        "<li>Lock the sets in the portal, have the proposal reviewed, and publish it.</li>" in text
    )


def test_the_page_says_where_the_version_of_a_tool_comes_from(
    reader: Client, index: WheelIndex
) -> None:
    index.add("uv", "99.0", requires_python=">=3.8")
    index.add("uv", "99.1", requires_python=">=3.14")

    tasks.poll_indexes()

    text = " ".join(page(reader, reverse("guidance"), tool="uv").split())
    assert "<strong>uv 99.0</strong>, the newest on the index that runs on Python 3.13." in text
    assert f"Its commands were tried with {CHECKED['uv']}, on {CHECKED_ON}." in text
    assert "Newer ones do not run on Python 3.13: 99.1." in text
    assert f"<strong>tox-uv {CHECKED['tox-uv']}</strong>, as its commands were tried on" in text


def test_all_tools_stand_side_by_side_with_version_and_date(reader: Client) -> None:
    text = " ".join(page(reader, reverse("tools")).split())

    head, *rows = text.split('<table class="mx-cards">')[1].split("</tr>")[:6]
    for name in ("pip", "pip-tools", "pipenv", "poetry", "uv"):
        assert f">{CHECKED[name]}, {CHECKED_ON}<" in head
    # A cell whose command is another program's says which, and when.
    resolve, tox = rows[1], rows[3]
    assert f">uv {CHECKED['uv']}, {CHECKED_ON}<" in resolve.split("<td ")[1]
    assert "mx-seen" not in resolve.split("<td ")[2]
    assert tox.count(f">tox {CHECKED['tox']}, {CHECKED_ON}<") == 5
    assert f">tox-uv {CHECKED['tox-uv']}, {CHECKED_ON}<" in tox.split("<td ")[5]
    assert (
        f">pipenv {CHECKED['pipenv']}, {CHECKED_ON}<"
        in text.split('<th scope="row"><code>pipenv sync</code>')[1]
    )
    assert "Installs the old lock" in text
    assert "is out; not tried" not in text


def test_what_is_newer_on_the_index_than_what_was_tried_is_marked(
    reader: Client, index: WheelIndex
) -> None:
    index.add("poetry", "99.0")
    index.add("poetry", "99.1", yanked=True)
    index.add("poetry", "100.0rc1")
    index.add("uv", "0.1.0")  # Older than what was tried.
    index.add("tox-uv", "98.0")
    tasks.poll_indexes()

    text = " ".join(page(reader, reverse("tools")).split())

    head = text.split('<table class="mx-cards">')[1].split("</tr>")[0]
    assert re.findall(r">([\w.]+) is out; not tried<", head) == ["99.0"]
    assert "99.0 is out; not tried" in head.split("Poetry")[1].split("</th>")[0]
    assert "98.0 is out; not tried" in text.split("tox-uv 1.37.1")[1][:120]

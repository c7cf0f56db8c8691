"""What a newcomer gets: an SDK and an application, each with its first proposal."""

import io
import zipfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from django_q.models import OrmQ
from pytest_django import Settings

from integrations.catalogue.models import Sdk
from matrix.review.models import Channel, Proposal, PublishedFile
from matrix.sdk.publishing import approve_and_publish
from portal.guidance.example import EXAMPLE, SETS
from portal.guidance.models import Application, DependencySet
from portal.home import example
from tests.guidance.newcomers import NOWHERE, a_new_machine, a_small_example, quickstart
from tests.pages.conftest import text_of
from tests.support.wheels import WheelIndex

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def new_machine(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    a_new_machine(settings, monkeypatch, tmp_path)


@pytest.fixture
def wheels(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[WheelIndex]:
    with a_small_example(settings, monkeypatch, tmp_path) as index:
        yield index


def test_the_first_call_proposes_a_matrix_and_locks_and_names_both(wheels: WheelIndex) -> None:
    said = quickstart()

    assert "Proposal 1 waits for a review: the test matrix of Example SDK.\n" in said
    assert "Proposal 2 waits for a review: the locked requirements of Example site.\n" in said
    assert "+ django>=5.2,<6\n" in said
    assert "~ django 5.2.1 comes\n" in said
    kinds = Proposal.objects.open().order_by("number").values_list("channel__kind", flat=True)
    assert list(kinds) == ["sdk", "application"]


def test_once_it_is_published_the_guidance_has_its_hashes(wheels: WheelIndex) -> None:
    quickstart()
    admin = User.objects.get()
    approve_and_publish(2, by=admin, at=now())
    client = Client()
    client.force_login(admin)

    page = text_of(client.get(reverse("application-guidance", args=[EXAMPLE])))
    packed = client.get(reverse("application-guidance-zip", args=[EXAMPLE]))
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}

    assert "django==5.2.1 \\\n    --hash=sha256:" in page
    assert ".venv/bin/gunicorn" in page
    published = {file.path: file.read() for file in PublishedFile.objects.all()}
    assert {path: files[path] for path in published} == published


def test_called_again_it_leaves_what_people_changed(wheels: WheelIndex) -> None:
    quickstart()
    Application.objects.update(name="Our site")
    DependencySet.objects.filter(name="main").update(requirements="gunicorn")

    said = quickstart()

    assert "Locking" not in said
    assert "the locked requirements of Our site.\n" in said
    assert DependencySet.objects.get(name="main").requirements == "gunicorn"
    assert (Application.objects.count(), Proposal.objects.count()) == (1, 2)


def test_what_was_removed_stays_away(wheels: WheelIndex) -> None:
    quickstart()
    client = Client()
    client.force_login(User.objects.get())

    asked = text_of(client.get(reverse("remove-example")))
    gone = text_of(client.post(reverse("remove-example"), follow=True))
    said = quickstart()

    assert "<h1>Remove Example SDK and Example site?</h1>" in asked
    assert "Removed: Example SDK and Example site, with all proposals and publications." in gone
    assert "Proposal" not in said
    assert not Application.objects.exists()
    assert not Sdk.objects.exists()
    assert not Channel.objects.exists()


def test_without_an_index_both_are_there_and_the_next_call_proposes(
    wheels: WheelIndex, settings: Settings
) -> None:
    settings.PORTAL_INDEX_URL = NOWHERE
    without = quickstart()
    proposed = Proposal.objects.count()
    settings.PORTAL_INDEX_URL = wheels.url
    said = quickstart()

    assert "The index is not in reach, so nothing is proposed yet." in without
    assert without.count("could not be read") <= 2  # The first one's reason, and that of the rest.
    assert "Serve the portal with: make run" in without
    assert proposed == 0
    assert "Proposal 2 waits for a review: the locked requirements" in said


def test_the_index_can_be_named_for_both(wheels: WheelIndex, settings: Settings) -> None:
    settings.PORTAL_INDEX_URL = NOWHERE

    said = quickstart("--index-url", wheels.url)

    assert "Proposal 2 waits for a review: the locked requirements" in said
    assert "~ django 5.2.1 comes\n" in said


def test_a_portal_that_is_used_gets_no_example(wheels: WheelIndex) -> None:
    User.objects.create_superuser("ana")

    assert "example" not in quickstart()
    assert not Application.objects.exists()


def test_the_worker_that_is_served_with_it_is_asked_to_show_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served: list[int] = []
    command = "portal.operations.management.commands.quickstart"
    monkeypatch.setattr(f"{command}.serve", lambda port, **_: served.append(port))

    call_command("quickstart", "--no-example", stdout=StringIO())

    assert len(served) == 1
    assert [row.func() for row in OrmQ.objects.all()] == ["portal.tasks.heartbeat"]


def test_no_example_is_made_where_none_is_wanted(wheels: WheelIndex) -> None:
    quickstart("--no-example")

    assert not Application.objects.exists()


def test_both_come_by_the_button_too_for_those_who_may_add_them(client: Client) -> None:
    maintainer = User.objects.create_user("mia")
    maintainer.groups.set(Group.objects.filter(name="maintainers"))
    client.force_login(maintainer)

    said = text_of(client.post(reverse("import-example"), follow=True))

    assert "Example SDK is imported. Next: have a matrix proposed." in said
    assert "Example site is added to the applications." in said
    found = Application.objects.get(slug=EXAMPLE)
    assert {each.name: tuple(each.requirement_list) for each in found.sets.all()} == SETS
    assert Sdk.objects.get().slug == example.EXAMPLE


def test_the_home_page_says_for_which_of_the_two_how_much_is_to_decide(
    wheels: WheelIndex, client: Client
) -> None:
    quickstart()
    admin = User.objects.get()
    client.force_login(admin)

    parts = Proposal.objects.get(number=2).items.count()
    first = text_of(client.get("/"))
    for number in (1, 2):
        approve_and_publish(number, by=admin, at=now())
    after = text_of(client.get("/"))

    assert "<h1>Your turn: 2 proposals</h1>" in first
    assert f"Nobody has decided 2 items of Example SDK and {parts} items of Example site" in first
    assert "Test matrix: 1 row to add" in first
    assert "Locked requirements: " in first
    assert "None yet: those above are the first." in first
    assert '<td data-label="Of">example-site</td>' in after

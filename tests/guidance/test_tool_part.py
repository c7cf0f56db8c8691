"""The tool that installs the sets: locked apart, reviewed, published and pinned as they are."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from integrations.catalogue.models import Hold
from matrix.review.models import Finding, Item
from matrix.review.state import changes, published_files
from matrix.rules.locks.reading import read_lock
from matrix.sdk.publishing import approve_and_publish
from portal.guidance import running
from portal.guidance.channel import differences
from portal.guidance.models import Application
from portal.guidance.running import EVERYTHING, UnknownSets, request
from tests.guidance.makers import (
    NOW,
    Lock,
    a_lock,
    a_proposal,
    a_publication,
    a_reviewer,
    an_application,
    locked_as,
    run,
)
from tests.pages.conftest import text_of
from tests.support.wheels import WheelIndex

pytestmark = pytest.mark.django_db
As = Callable[..., Client]
WEEK = timedelta(days=7)
FIRST = locked_as("rsfoo==1.5", "uv==0.14.0", "poetry==3.0", "pip==27.0")


@pytest.fixture
def tools(index: WheelIndex) -> WheelIndex:
    """Poetry needs an older rsfoo than main may have; nobody is held back by that."""
    index.release("rsfoo", "2.0")
    index.release("poetry", "3.0", "rsfoo<2")
    index.release("uv", "0.14.0")
    return index


def versions(text: str) -> dict[str, str]:
    return {pin.name: pin.version for pin in read_lock(text)}


def parts(proposal: Any) -> set[str]:
    return {item.part for item in proposal.items.all()}


def test_a_tool_is_locked_with_all_that_it_needs_and_binds_no_set(
    tools: WheelIndex, lock: Lock
) -> None:
    application = an_application(
        sets={"main": "rsfoo", "dev": "tool"}, tool="poetry", locks_tool=True
    )

    publication = a_publication(application, lock)

    files = published_files(publication)
    assert files["requirements/tool.in"] == "poetry\n"
    assert versions(files["requirements/tool.txt"]) == {"poetry": "3.0", "rsfoo": "1.5"}
    assert versions(files["requirements/main.txt"]) == {"rsfoo": "2.0"}
    assert all(pin.hashes for pin in read_lock(files["requirements/tool.txt"]))
    assert "pylock.tool.toml" not in files
    assert "# What installs the sets, locked for Python 3.13" in files["requirements/tool.txt"]
    assert Finding.objects.count() == 0  # Neither a split pin nor one that is held back.


@pytest.mark.parametrize(
    ("tool", "program"),
    [
        ("pip", "pip"),
        ("pip-tools", "pip"),
        ("pipenv", "pipenv"),
        ("poetry", "poetry"),
        ("uv", "uv"),
    ],
)
def test_what_the_build_needs_is_what_is_locked(tool: str, program: str) -> None:
    lock = locked_as("rsfoo==1.5", "pip==27.0", "pipenv==2027.0", "poetry==3.0", "uv==0.14.0")

    publication = a_publication(an_application(tool=tool, locks_tool=True), lock)

    assert list(versions(published_files(publication)["requirements/tool.txt"])) == [program]


def test_another_tool_changes_the_declaration_of_its_lock() -> None:
    application = an_application(tool="poetry", locks_tool=True)
    a_publication(application, FIRST)
    application.tool = "uv"
    application.save()

    proposal = a_proposal(application, FIRST, NOW + WEEK)

    assert parts(proposal) == {"settings", "tool"}
    found = {diff.part: diff for diff in differences(changes(proposal))}
    assert found["tool"].declared_removed == ("poetry",)
    assert found["tool"].declared_added == ("uv",)
    assert found["settings"].settings == ("The tool: uv, not Poetry.",)


def test_a_tool_that_is_locked_no_more_goes_with_the_next_proposal() -> None:
    application = an_application(locks_tool=True)
    a_publication(application, FIRST)
    application.locks_tool = False
    application.save()

    proposal = a_proposal(application, FIRST, NOW + WEEK)

    assert parts(proposal) == {"settings", "tool"}
    assert proposal.items.get(part="tool").new is None
    publication = approve_and_publish(proposal.number, by=a_reviewer(), at=NOW + WEEK)
    assert "requirements/tool.txt" not in published_files(publication)


def test_a_run_of_the_tool_alone_locks_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    an_application(locks_tool=True)
    asked: list[tuple[str, ...]] = []

    def lock(question: Any) -> Any:
        asked.append(question.requirements)
        return FIRST(question)

    monkeypatch.setattr(running.carry_out, "__kwdefaults__", {"lock": lock, "index": None})
    call_command("lock", "shop", "--only", "tool", stdout=StringIO())

    assert [item.part for item in Item.objects.all()] == ["tool"]
    assert asked == [("uv",)]


def test_a_run_of_another_set_leaves_the_tool(tools: WheelIndex, lock: Lock) -> None:
    application = an_application(
        sets={"main": "rsfoo", "dev": "tool"}, tool="poetry", locks_tool=True
    )

    assert parts(a_proposal(application, lock, only=["main"])) == {"main"}


def test_a_tool_that_is_not_locked_cannot_be_named() -> None:
    with pytest.raises(UnknownSets, match=r"shop has no set named tool\."):
        request(an_application(), by=None, at=NOW, only=["tool"])


def test_a_tool_that_cannot_be_locked_keeps_its_lock_and_says_why(
    tools: WheelIndex, lock: Lock, tmp_path: Any
) -> None:
    application = an_application(tool="poetry", locks_tool=True)
    a_publication(application, lock)
    tools.release("poetry", "3.1", "rsfoo>=9")
    hold = Hold(project="poetry", releases="==3.0", reason="compromised")
    hold.full_clean()
    hold.save()
    assert run(application, a_lock(tmp_path), NOW + WEEK, refresh=EVERYTHING) is None

    application.sets.filter(name="main").update(requirements="rsfoo<2")
    proposal = a_proposal(application, a_lock(tmp_path), NOW + 2 * WEEK, refresh=EVERYTHING)

    assert parts(proposal) == {"main"}
    (told,) = (found.text for found in proposal.findings.all() if found.kind == "unresolved")
    assert "rsfoo" in told
    assert "Its published lock is kept." in told


def test_pins_of_the_tool_move_only_where_they_are_given_up() -> None:
    application = an_application(locks_tool=True)
    a_publication(application, FIRST)
    asked: list[Any] = []

    def lock(question: Any) -> Any:
        asked.append(question)
        return FIRST(question)

    run(application, lock, NOW + WEEK)
    run(application, lock, NOW + 2 * WEEK, refresh=EVERYTHING)

    kept, given_up = (one.preferences for one in asked if one.requirements == ("uv",))
    assert kept == ("uv==0.14.0",)
    assert given_up == ()


# --- Pages ---------------------------------------------------------------------------------------
def test_the_page_of_an_application_shows_what_installs(as_: As) -> None:
    a_publication(an_application(locks_tool=True), FIRST)

    client = as_("viewers")
    page = " ".join(text_of(client.get("/applications/shop/")).split())

    assert '<h2 id="set-tool">tool: what installs</h2>' in page
    assert page.index('id="set-main"') < page.index('id="set-tool"')
    assert 'href="/applications/shop/files/requirements/tool.txt"' in page
    Application.objects.update(locks_tool=False)
    again = text_of(client.get("/applications/shop/"))
    assert "no longer asked for: the next run takes it out." in again


def test_the_review_names_the_part_and_its_pins(as_: As) -> None:
    proposal = a_proposal(an_application(locks_tool=True), FIRST)

    page = text_of(as_("reviewers").get(f"/proposals/{proposal.number}/"))

    assert 'id="item-tool"' in page
    assert "tool: what installs" in page
    assert "uv 0.14.0" in " ".join(page.split())


def test_guidance_pins_the_tool_that_was_published(as_: As, index: WheelIndex) -> None:
    application = an_application(tool="poetry", locks_tool=True)
    a_publication(application, FIRST)
    client = as_("viewers")

    page = " ".join(text_of(client.get("/applications/shop/guidance/")).split())
    archive = client.get("/applications/shop/guidance/guidance.zip").content

    assert "<strong>poetry 3.0</strong>, from the published lock of Shop." in page
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        assert versions(files.read("requirements/tool.txt").decode()) == {"poetry": "3.0"}
        assert "requirements/main.txt" not in files.namelist()

    other = " ".join(text_of(client.get("/applications/shop/guidance/?tool=uv")).split())
    assert "requirements/tool.txt is not here" in other
    assert "from the published lock" not in other

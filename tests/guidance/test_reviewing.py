"""An application's proposals: read, decided, published and downloaded as those of an SDK."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django_q.models import Schedule

from matrix.environments.explaining import Failure, Unresolved
from matrix.environments.uv import Outcome
from matrix.review.errors import NeedsSecondPerson
from matrix.review.models import Proposal, Publication, Run
from matrix.rules.resolution import LockRequest
from matrix.sdk.publishing import approve_and_publish, publish_approved
from portal import tasks
from portal.guidance import running
from portal.guidance.models import Application
from portal.guidance.running import request
from portal.home.acting import seen
from portal.operations.retention import tidy
from portal.operations.schedules import synchronise
from tests.guidance.makers import (
    NOW,
    Lock,
    a_proposal,
    a_publication,
    a_reviewer,
    an_application,
    locked_as,
)
from tests.pages.conftest import text_of
from tests.support.wheels import WheelIndex

pytestmark = pytest.mark.django_db
As = Callable[..., Client]
FIRST = locked_as("rsfoo==1.5", "tool==1.0", "gone==3.0")
SECOND = locked_as("rsfoo==2.0", "tool==0.9", "fresh==1.0")
LATER = NOW + timedelta(weeks=1)


def moved() -> Proposal:
    """A second week: one major move, one lower version, one pin lost and one won."""
    application = an_application(sets={"main": "rsfoo\ngone", "dev": "tool"})
    a_publication(application, FIRST)
    application.sets.filter(name="main").update(requirements="rsfoo\nfresh")
    return a_proposal(application, SECOND, LATER)


def test_a_proposal_puts_what_is_risky_first_and_names_each_pin(as_: As) -> None:
    proposal = moved()

    page = " ".join(text_of(as_("reviewers").get(f"/proposals/{proposal.number}/")).split())

    assert "1 pin to add, 1 to remove, 2 to move" in page
    closely = page.split('id="closely"')[1]
    for risk in ("pin lower", "major pin", "pin removed", "declared lines"):
        assert f">{risk}<" in closely
    assert 'rsfoo 1.5 <span aria-hidden="true">→</span>' in closely
    assert "declared</span>" in closely
    assert "Poll and propose" not in page
    assert 'value="when a hold ends"' not in page
    assert 'href="/applications/shop/publications/1/"' in page


def test_items_are_decided_one_by_one_and_published_together(as_: As) -> None:
    proposal, client = moved(), as_("reviewers")
    path = f"/proposals/{proposal.number}/decide/"
    main, dev = (proposal.items.get(part=name) for name in ("main", "dev"))

    client.post(path, {"approve": str(main.pk)})
    decline = {"action": "decline", "item": dev.pk, "reason": "older", "propose_again": "next run"}
    client.post(path, decline)
    told = text_of(client.post(path, {"action": "publish"}, follow=True))

    assert "Publication 2 of shop is current." in told
    files = {one.path: one.read() for one in Publication.objects.get(number=2).files.all()}
    assert "rsfoo==2.0" in files["requirements/main.txt"]
    assert "tool==1.0" in files["requirements/dev.txt"]


def test_nothing_of_an_application_waits_for_a_hold_of_an_integration(as_: As) -> None:
    proposal, client = moved(), as_("owners")
    item = proposal.items.get(part="dev")
    fields = {"action": "decline", "item": item.pk, "reason": "x"}

    path = f"/proposals/{proposal.number}/decide/"
    page = text_of(client.post(path, {**fields, "propose_again": "when a hold ends"}, follow=True))

    assert "can wait for a hold of an integration" in page
    assert proposal.items.undecided().count() == 2


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/proposals/",
        "/proposals/{n}/",
        "/proposals/{n}/?kind=pins&find=main",
        "/proposals/{n}/items/{item}/",
        "/proposals/{n}/files/",
        "/proposals/{n}/selection/?item={item}",
        "/runs/",
        "/runs/{run}/",
        "/publications/",
        "/applications/shop/publications/1/",
        "/coverage/",
        "/integrations/",
        "/waiting/",
        "/holds/",
    ],
)
def test_every_page_that_reads_snapshots_stands_what_is_in_locks(path: str, as_: As) -> None:
    proposal = moved()
    keys = {"n": proposal.number, "item": proposal.items.get(part="main").pk}

    response = as_("owners").get(path.format(**keys, run=proposal.run_id), follow=True)

    page = text_of(response)
    if path == "/":
        assert "Your turn: 2 items in proposal 2" in page
        assert 'action="/applications/shop/lock/"' in page
    if "selection" in path:
        assert "1 pin to add, 1 to remove, 1 to move; 2 declared lines to change" in page


def test_candidates_patches_and_bundles_hold_the_locks(as_: As) -> None:
    number, client = moved().number, as_("viewers")

    patch = client.get(f"/proposals/{number}.patch").content.decode()
    candidate = client.get(f"/proposals/{number}/files/requirements/main.txt").content.decode()
    bundle = client.get(f"/proposals/{number}/bundle.zip").content

    assert {"-rsfoo==1.5 \\", "+rsfoo==2.0 \\"} <= set(patch.splitlines())
    assert "fresh==1.0" in candidate
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert json.loads(archive.read("manifest.json"))["application"] == "shop"


def test_an_older_publication_comes_back_with_a_reason(as_: As) -> None:
    number, client = moved().number, as_("owners")
    approve_and_publish(number, by=a_reviewer(), at=LATER)
    path = "/applications/shop/publications/1/again/"

    assert "rsfoo 2.0 → 1.5" in text_of(client.get(path))
    page = text_of(client.post(path, {"reason": "2.0 hangs", "seen": "2"}, follow=True))

    assert "Publication 3 of shop is current: 1 once more." in page


def test_who_approves_does_not_publish_where_two_are_asked_for(as_: As) -> None:
    proposal = a_proposal(an_application(second_person_publishes=True), FIRST)
    ana = a_reviewer()

    with pytest.raises(NeedsSecondPerson, match="shop asks for two people"):
        approve_and_publish(proposal.number, by=ana, at=NOW)
    client = as_("reviewers")
    path = f"/proposals/{proposal.number}/decide/"
    as_seen = seen(proposal.items.undecided())
    client.post(path, {"action": "approve all", "seen": as_seen})
    told = client.post(path, {"action": "publish"}, follow=True)

    assert Publication.objects.count() == 0
    assert "Shop asks for two people: who approves may not publish." in text_of(told)
    assert publish_approved(proposal.number, by=ana, at=NOW).number == 1


# --- Downloads -----------------------------------------------------------------------------------
FILES = ("files/requirements/main.txt", "files/pylock.toml", "bundle.zip")


@pytest.mark.parametrize("path", [*FILES, *(f"publications/1/{path}" for path in FILES)])
def test_files_are_downloaded_by_whoever_may_and_only_once(path: str, as_: As) -> None:
    application = an_application()
    a_publication(application, FIRST)
    path = f"/applications/shop/{path}"

    assert Client().get(path, headers={"Accept": "*/*"}).status_code == 401
    first = as_("viewers").get(path)
    Application.objects.update(public_publications=True)
    again = Client().get(path, headers={"If-None-Match": first["ETag"]})

    assert (first.status_code, again.status_code) == (200, 304)
    assert again["Cache-Control"] == "public, no-cache"


def test_what_is_not_there_is_told_with_its_kind(as_: As) -> None:
    an_application()

    client = as_("viewers")
    for path, sentence in (
        ("gone/bundle.zip", "There is no application gone."),
        ("shop/files/pylock.toml", "Nothing of shop is published yet"),
    ):
        assert sentence in text_of(client.get(f"/applications/{path}"), 404)


# --- By itself -----------------------------------------------------------------------------------
def test_an_application_is_updated_on_its_day_and_one_without_a_day_never() -> None:
    an_application()
    an_application("idle", propose_on=None)

    synchronise(NOW)

    row = Schedule.objects.get(name__startswith="update")
    assert (row.name, row.func) == ("update shop", "portal.tasks.update_locks_weekly")
    assert row.intended_date_kwarg == "intended_at"
    Application.objects.filter(slug="shop").delete()
    synchronise(NOW)
    assert not Schedule.objects.filter(name__startswith="update").exists()


def test_a_weekly_update_is_made_once_however_often_it_is_delivered(
    index: WheelIndex, lock: Lock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task has no resolver of its own to be given: the one of the module is taken."""
    answers(monkeypatch, lock)
    an_application()
    due = NOW.isoformat()

    first = tasks.update_locks_weekly("shop", intended_at=due)
    again = tasks.update_locks_weekly("shop", intended_at=due)

    assert first == "Proposal 1: 2 parts differ from an empty publication."
    assert "over" in again or again == first
    (found,) = Run.objects.all()
    assert (found.kind, found.options["refresh"]["everything"]) == ("scheduled", True)
    assert tasks.update_locks_weekly("gone") == "There is no application gone any more."


def test_tidying_up_reads_past_locks() -> None:
    a_publication(an_application(), FIRST)

    tidy(LATER + timedelta(days=400))

    assert Publication.objects.get().files.get(path="requirements/main.txt").read()


# --- Commands ------------------------------------------------------------------------------------
def called(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def refuses(_: LockRequest) -> Outcome:
    return Unresolved(Failure.UNSATISFIABLE, "rsfoo 9 does not exist.")


def test_the_commands_lock_show_publish_and_render(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    by = a_reviewer()
    an_application()
    answers(monkeypatch, FIRST)

    assert "1 pin to add, 0 to remove, 0 to move" in called("lock", "shop")
    text = called("proposal", "1")
    assert text.index("\n  settings\n") < text.index("\n  main\n")  # What decides for all first.
    assert "+ rsfoo" in text
    assert json.loads(called("proposal", "1", "--format", "json"))["application"] == "shop"
    assert "+rsfoo==1.5" in called("proposal", "1", "--format", "patch")
    assert "Publication 1 of shop" in called("publish", "1", "--as", by.username)
    assert called("lock", "shop", "--update-all").startswith("Nothing to propose")
    with pytest.raises(CommandError, match=r"Not current in .*: pylock.toml, requirements/main.in"):
        called("render", "shop", "--into", str(tmp_path), "--check")
    assert "3 files brought up to date" in called("render", "shop", "--into", str(tmp_path))
    assert "rsfoo==1.5" in (tmp_path / "requirements" / "main.txt").read_text()
    called("render", "shop", "--into", str(tmp_path), "--check")
    assert "Wrote the files of" in called("bundle", "shop", "--output", str(tmp_path / "b.zip"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(("nobody",), 'There is no application "nobody". There is shop.', id="slug"),
        pytest.param(("shop", "--only", "docs"), "shop has no set named docs.", id="set"),
        pytest.param(("shop", "--update", "x"), 'No published lock of shop pins "x".', id="pin"),
        pytest.param(("shop", "--older-than", "0"), '"0" is not a number of days', id="days"),
    ],
)
def test_a_command_that_cannot_lock_says_why(arguments: tuple[str, ...], sentence: str) -> None:
    an_application()

    with pytest.raises(CommandError) as error:
        called("lock", *arguments)

    assert sentence in str(error.value)


def test_a_set_that_cannot_be_locked_is_told_by_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    an_application()
    answers(monkeypatch, refuses)

    assert "rsfoo 9 does not exist. It has no lock." in called("lock", "shop")


def answers(monkeypatch: pytest.MonkeyPatch, lock: Lock) -> None:
    defaults = {**(running.carry_out.__kwdefaults__ or {}), "lock": lock}
    monkeypatch.setattr(running.carry_out, "__kwdefaults__", defaults)


def test_a_run_in_scope_of_one_set_asks_for_that_set() -> None:
    application = an_application(sets={"main": "rsfoo", "dev": "tool"})

    assert request(application, by=None, at=NOW, only=["dev"]).only == ["dev"]

"""One broken release: found, held everywhere, and taken out by runs of just what has it."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from integrations.catalogue.confirming import ConfirmationRefused
from integrations.catalogue.models import Hold, Sdk
from matrix.review.models import Proposal, Publication, Run
from matrix.review.permissions import NotAllowed
from matrix.review.state import proposed, published_files
from matrix.rules.parts import IntegrationPart, read
from matrix.sdk.channel import channel_of, pin_sets_of
from matrix.sdk.containing import containing
from matrix.sdk.emergency import (
    Held,
    confirm_and_run,
    hold_everywhere,
    preview,
    request_emergency_runs,
)
from matrix.sdk.publishing import approve_and_publish
from matrix.sdk.resolving import Resolver
from matrix.sdk.running import carry_out, request
from tests.pins.makers import a_publication
from tests.sdk import makers
from tests.sdk.makers import NOW, a_person, an_integration, an_sdk
from tests.support.parts import a_layout, a_part, a_row
from tests.support.pins import PinBook
from tests.support.small_index import SmallIndex

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def olga(db: None) -> User:
    return a_person("olga", "hold_everywhere", "change_hold", "decide", "publish")


def a_bad_release(**values: object) -> Hold:
    return Hold(**{"project": "anyio", "releases": "==4.9.1", "reason": "steals tokens", **values})


def publish(sdk: Sdk, book: PinBook) -> None:
    """Pin the bad anyio for httpx alone, and pick it in an integration of its own."""
    parts = [
        a_part("httpx", rows=[book.row("0.28.1", {"3.9": "anyio==4.9.1", "3.12": "anyio==4.9.0"})]),
        a_part("requests", rows=[book.row("2.31.0", {"3.9": "idna==3.7"})]),
        a_part("waves", project="anyio", rows=[a_row("4.9.0"), a_row("4.9.1")]),
    ]
    for name, project in (("httpx", "httpx"), ("requests", "requests"), ("waves", "anyio")):
        if not sdk.integrations.filter(name=name).exists():
            an_integration(sdk, name, project=project)
    a_publication(channel_of(sdk), a_layout(sdk=sdk.slug, pins_style="constraints"), parts, book)


@pytest.fixture
def kit(index: SmallIndex, book: PinBook) -> Sdk:
    index.add("anyio", "4.9.1")
    sdk = an_sdk()
    publish(sdk, book)
    return sdk


# --- Scope ----------------------------------------------------------------------------------------
def test_the_scope_is_what_has_it_and_nothing_else(kit: Sdk, olga: User) -> None:
    held = hold_everywhere(a_bad_release(), by=olga, at=LATER)

    (run,) = held.runs
    assert (run.kind, run.only, run.requested_by) == ("emergency", ["httpx", "waves"], olga)
    assert (run.intended_at, run.as_of, run.status) == (LATER, LATER, "queued")
    assert held.is_new
    assert held.hold.is_everywhere
    assert held.hold.starts_on == date(2026, 3, 2)


def test_each_sdk_that_has_it_gets_a_run_and_the_others_none(
    kit: Sdk, book: PinBook, olga: User
) -> None:
    publish(an_sdk("other"), book)
    an_integration(an_sdk("third"), "httpx")

    held = hold_everywhere(a_bad_release(), by=olga, at=LATER)

    assert [run.channel.slug for run in held.runs] == ["kit", "other"]


def test_pressed_twice_it_happens_once(kit: Sdk, olga: User) -> None:
    first = hold_everywhere(a_bad_release(), by=olga, at=LATER)
    again = hold_everywhere(a_bad_release(), by=olga, at=LATER + timedelta(seconds=2))

    assert (first.is_new, again.is_new) == (True, False)
    assert (again.hold, again.runs) == (first.hold, first.runs)
    assert (Hold.objects.count(), Run.objects.filter(kind="emergency").count()) == (1, 1)


def test_two_holds_of_one_moment_are_two_runs(kit: Sdk, olga: User) -> None:
    one = hold_everywhere(a_bad_release(), by=olga, at=LATER)
    other = hold_everywhere(a_bad_release(project="idna", releases=""), by=olga, at=LATER)

    assert [run.only for run in (*one.runs, *other.runs)] == [["httpx", "waves"], ["requests"]]
    assert one.runs[0].intended_at != other.runs[0].intended_at


def test_what_is_no_longer_in_the_catalogue_is_told_and_not_run(kit: Sdk, olga: User) -> None:
    kit.integrations.get(name="waves").delete()

    (caught,) = preview(a_bad_release(), at=LATER).caught
    held = hold_everywhere(a_bad_release(), by=olga, at=LATER)

    assert (caught.integrations, caught.forgotten) == (("httpx",), ("waves",))
    assert held.runs[0].only == ["httpx"]


def test_a_hold_that_is_refused_leaves_nothing(kit: Sdk, olga: User) -> None:
    with pytest.raises(NotAllowed):
        hold_everywhere(a_bad_release(), by=a_person("mia", "add_hold"), at=LATER)
    with pytest.raises(ValidationError):
        hold_everywhere(a_bad_release(ends_on=date(2026, 3, 2)), by=olga, at=LATER)

    assert not Hold.objects.exists()
    assert not Run.objects.filter(kind="emergency").exists()


# --- Preview --------------------------------------------------------------------------------------
def test_the_preview_says_what_comes_instead_and_saves_nothing(kit: Sdk) -> None:
    makers.run(kit)  # Reads the index: a pick can be told, a pin cannot.

    found = preview(a_bad_release(), at=NOW)

    assert found.matches == "4.9.1"
    assert found.run_count == 1
    assert found.caught[0].instead == {
        "httpx": "other pins: the run resolves them",
        "waves": "probably picks 4.9.0",  # Its metadata was never needed.
    }
    assert not Hold.objects.exists()


def test_before_the_index_was_read_the_preview_says_so(kit: Sdk) -> None:
    found = preview(a_bad_release(), at=NOW)

    assert found.matches is None
    assert found.caught[0].instead["waves"] == (
        "not known before the run: The index page of anyio was never read. Poll the index."
    )


# --- Second person --------------------------------------------------------------------------------
def test_an_sdk_that_asks_for_two_waits_and_its_run_starts_on_confirmation(
    kit: Sdk, book: PinBook, olga: User
) -> None:
    careful = an_sdk("careful", second_person_holds=True)
    publish(careful, book)

    held = hold_everywhere(a_bad_release(), by=olga, at=LATER)
    assert [run.channel.slug for run in held.runs] == ["kit"]
    assert held.waiting == (careful,)
    assert [run.channel.slug for run in request_emergency_runs(held.hold, by=olga, at=LATER)] == [
        "kit"
    ]

    with pytest.raises(ConfirmationRefused):
        confirm_and_run(held.hold, by=olga, at=LATER)
    ben = a_person("ben", "hold_everywhere")
    runs = confirm_and_run(held.hold, by=ben, at=LATER)

    assert [(run.channel.slug, run.only) for run in runs] == [("careful", ["httpx", "waves"])]
    held.hold.refresh_from_db()
    assert held.hold.approved_by == ben


def test_nobody_confirms_without_the_permission(kit: Sdk, olga: User) -> None:
    Sdk.objects.update(second_person_holds=True)
    held = hold_everywhere(a_bad_release(), by=olga, at=LATER)

    with pytest.raises(NotAllowed):
        confirm_and_run(held.hold, by=a_person("mia", "change_hold"), at=LATER)


# --- The whole way --------------------------------------------------------------------------------
Resolved = Callable[..., Proposal | None]


@pytest.fixture
def resolved(settings: LazySettings, tmp_path: Path) -> Resolved:
    settings.PORTAL_DATA_DIR = tmp_path
    moments = iter(NOW + timedelta(minutes=n) for n in range(100))

    def resolved(run: Run | None = None, *, sdk: Sdk | None = None) -> Proposal | None:
        at = next(moments)
        if run is None:
            assert sdk is not None
            run = request(sdk, by=None, at=at)
        resolver = Resolver(clock=lambda: at, until=at + timedelta(seconds=60))
        return carry_out(run, clock=lambda: at, resolver=resolver)

    return resolved


def published(sdk: Sdk, resolved: Resolved, by: User) -> Publication:
    proposal = resolved(sdk=sdk)
    assert proposal is not None
    return approve_and_publish(proposal.number, by=by, at=NOW)


def hold_now(by: User) -> Held:
    return hold_everywhere(a_bad_release(), by=by, at=NOW + timedelta(minutes=50))


def test_the_emergency_run_takes_the_pin_out_and_leaves_the_rest(
    index: SmallIndex, resolved: Resolved, olga: User
) -> None:
    index.add("httpx", "0.28.1", requires=["anyio"])
    index.add("anyio", "4.9.1")
    index.add("requests", "2.30.0")
    sdk = an_sdk(pythons="3.9 3.13", pins_style="constraints")
    for name in ("httpx", "requests"):
        an_integration(sdk, name)
    published(sdk, resolved, olga)
    index.add("requests", "2.31.0")  # Not in the scope: it stays for the weekly run.

    held = hold_now(olga)
    proposal = resolved(held.runs[0])

    assert held.runs[0].only == ["httpx"]
    assert proposal is not None
    assert [item.part for item in proposal.items.all()] == ["httpx"]
    pins = {
        pin
        for pin_set in pin_sets_of([read(proposed(proposal)["httpx"])]).values()
        for pin in pin_set
    }
    assert {pin for pin in pins if pin.startswith("anyio")} == {"anyio==4.9.0"}
    number = approve_and_publish(proposal.number, by=olga, at=NOW).number
    found = containing("anyio", "==4.9.1")
    assert (number, found.places) == (2, ())
    assert [one.number for one in found.publications] == [1]


def test_rows_of_an_integration_that_cannot_be_read_lose_what_is_held(
    index: SmallIndex, resolved: Resolved, olga: User
) -> None:
    index.add("httpx", "0.27.2", pythons=["3.9", "3.13"])
    index.add(
        "httpx", "0.28.1", pythons=["3.9", "3.13"], requires=["anyio; python_version>='3.10'"]
    )
    index.add("anyio", "4.9.1")
    sdk = an_sdk(pythons="3.9 3.13", pins_style="constraints")
    an_integration(sdk, "httpx")
    an_integration(sdk, "waves", project="anyio", minimum="4.9")
    published(sdk, resolved, olga)

    held = hold_now(olga)
    # The pages are gone for good: nothing can be selected anew.
    for name in ("httpx", "anyio"):
        del index.projects[name]
    proposal = resolved(held.runs[0])

    assert proposal is not None
    files = published_files(approve_and_publish(proposal.number, by=olga, at=NOW))
    rows = {
        str(row.version): [str(python) for python in row.pythons]
        for part in [read(proposed(proposal)["httpx"])]
        if isinstance(part, IntegrationPart)
        for row in part.rows
    }
    assert rows["0.28.1"] == ["3.9"]
    assert rows["0.27.2"] == ["3.9", "3.13"]
    assert "4.9.1" not in "".join(files.values())

"""The way back to what is held everywhere: nobody goes it without naming each release."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from integrations.catalogue.models import Hold, Sdk
from matrix.review.errors import ReasonMissing
from matrix.review.models import Publication
from matrix.sdk.channel import channel_of
from matrix.sdk.held_again import HeldEverywhere, held_in
from matrix.sdk.publishing import publish_again
from tests.guidance.makers import a_publication as a_locked_publication
from tests.guidance.makers import an_application, locked_as
from tests.pages.conftest import Open, text_of
from tests.pages.makers import a_person
from tests.pins.makers import a_publication
from tests.review.makers import AT
from tests.sdk.makers import a_hold, an_sdk
from tests.support.parts import a_layout, a_part, a_row
from tests.support.pins import PinBook

pytestmark = pytest.mark.django_db
As = Callable[..., Client]
BAD = "anyio==4.9.1 h11==0.14.0 httpx==0.28.1"
GOOD = "anyio==4.9.0 h11==0.14.0 httpx==0.28.1"
PATH = "/publications/kit/1/again/"
CONFIRMED = "\n\nHeld everywhere, and confirmed: anyio 4.9.1 (Steals tokens)."


@pytest.fixture
def kit(book: PinBook) -> Sdk:
    """Publication 1 pins anyio 4.9.1 in one environment, publication 2 in none."""
    sdk = an_sdk(pins_style="constraints")
    layout = a_layout(sdk="kit", pins_style="constraints")
    for pins in ({"3.9": BAD, "3.12": GOOD}, {"3.9": GOOD, "3.12": GOOD}):
        parts = [a_part(rows=[book.row("0.28.1", pins)]), a_part("other", rows=[a_row("1.0")])]
        a_publication(channel_of(sdk), layout, parts, book)
    return sdk


@pytest.fixture
def hold(kit: Sdk) -> Hold:
    return a_hold(project="anyio", releases="==4.9.1", reason="Steals tokens")


def first() -> Publication:
    return Publication.objects.get(number=1, channel__slug="kit")


def told(at: object = None) -> list[str]:
    return [f"{one} of {', '.join(one.parts)}" for one in held_in(first(), at=AT)]


def go_back(*confirmed: str, reason: str = "2 hangs.") -> Publication:
    by = a_person("olga", "owners")
    return publish_again(first(), by=by, at=AT, reason=reason, confirmed=confirmed)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"project": "anyio", "releases": "==4.9.1"}, ["anyio 4.9.1 (broken wheels) of httpx"]),
        ({"project": "AnyIO", "releases": ">4.9.0"}, ["anyio 4.9.1 (broken wheels) of httpx"]),
        (
            {"project": "anyio", "releases": ""},
            ["anyio 4.9.0 (broken wheels) of httpx", "anyio 4.9.1 (broken wheels) of httpx"],
        ),
        ({"project": "httpx", "releases": "<1"}, ["httpx 0.28.1 (broken wheels) of httpx"]),
        ({"project": "other", "releases": ""}, ["other 1.0 (broken wheels) of other"]),
        ({"project": "anyio", "releases": ">=5"}, []),
        ({"project": "any", "releases": ""}, []),
        ({"project": "anyio", "releases": "", "ends_on": AT.date()}, []),
        ({"project": "anyio", "releases": "", "starts_on": (AT + timedelta(days=1)).date()}, []),
        ({"project": "anyio", "releases": "", "sdk": "kit"}, []),
    ],
)
def test_what_a_publication_contains_of_what_is_held_everywhere(
    values: dict[str, object], expected: list[str], kit: Sdk
) -> None:
    a_hold(**{**values, **({"sdk": kit} if "sdk" in values else {})})

    assert told() == expected


def test_two_holds_of_a_release_are_told_together(hold: Hold) -> None:
    a_hold(project="anyio", releases=">=4.9.1", reason="Hangs")

    assert told() == ["anyio 4.9.1 (Steals tokens; Hangs) of httpx"]


def test_without_a_hold_nothing_of_the_publication_is_read(kit: Sdk) -> None:
    publication = first()

    with CaptureQueriesContext(connection) as queries:
        assert held_in(publication, at=AT) == []

    assert len(queries) == 1


def test_going_back_is_refused_until_each_release_is_named(hold: Hold) -> None:
    a_hold(project="h11", releases="==0.14.0", reason="Smuggles")

    with pytest.raises(HeldEverywhere) as refused:
        go_back("anyio==4.9.1", "anyio==4.9.0")

    assert [one.name for one in refused.value.held] == ["h11==0.14.0"]
    assert str(refused.value) == (
        "Publication 1 contains what is held everywhere: h11 0.14.0 (Smuggles). "
        "Confirm each by its name to publish it all the same."
    )
    assert Publication.objects.count() == 2


def test_who_names_it_goes_back_and_the_reason_tells(hold: Hold) -> None:
    found = go_back("anyio==4.9.1")

    assert (found.number, found.comment) == (3, f"2 hangs.{CONFIRMED}")


def test_a_confirmation_is_no_reason(hold: Hold) -> None:
    with pytest.raises(ReasonMissing):
        go_back("anyio==4.9.1", reason=" ")


def test_without_a_hold_the_reason_stays_as_it_is(kit: Sdk) -> None:
    assert go_back().comment == "2 hangs."


def test_an_application_is_asked_too() -> None:
    application = an_application("kit")
    a_locked_publication(application, locked_as("rsfoo==1.5"))
    a_hold(project="rsfoo", releases="<2", reason="Steals tokens")

    assert told() == ["rsfoo 1.5 (Steals tokens) of main"]


# --- The page ------------------------------------------------------------------------------------
def test_the_page_names_what_is_held_and_asks_for_a_tick(hold: Hold, as_: As, opened: Open) -> None:
    Hold.objects.update(link="https://example.org/issues/7")
    client = as_("reviewers")

    page = opened(client, PATH)

    assert "It contains 1 release held everywhere" in page
    assert 'name="held" value="anyio==4.9.1" required>' in page
    assert "<strong>anyio 4.9.1</strong> of httpx, although it is held:" in page
    assert "Steals tokens" in page
    assert 'href="https://example.org/issues/7"' in page
    assert "held or yanked since" not in page


def test_without_the_tick_nothing_is_published_and_what_was_typed_stays(
    hold: Hold, as_: As
) -> None:
    client = as_("reviewers")
    fields = {"seen": 2, "reason": "2 hangs <b>."}

    refused = text_of(client.post(PATH, fields))
    done = text_of(client.post(PATH, {**fields, "held": ["anyio==4.9.1"]}, follow=True))

    assert "contains what is held everywhere: anyio 4.9.1 (Steals tokens)." in refused
    assert "2 hangs &lt;b&gt;.</textarea>" in refused
    assert "Publication 3 of kit is current: 1 once more." in done
    assert "Held everywhere, and confirmed: anyio 4.9.1 (Steals tokens)." in done


def test_a_hold_of_the_last_minute_is_asked_for_and_what_was_ticked_stays(
    hold: Hold, as_: As
) -> None:
    client = as_("reviewers")
    fields = {"seen": 2, "reason": "2 hangs.", "held": ["anyio==4.9.1"]}
    a_hold(project="h11", releases="", reason="Smuggles")

    refused = text_of(client.post(PATH, fields))

    assert "everywhere: h11 0.14.0 (Smuggles)." in refused
    assert 'value="anyio==4.9.1" checked required>' in refused
    assert 'value="h11==0.14.0" required>' in refused
    assert Publication.objects.count() == 2


def test_without_a_hold_no_tick_is_asked_for(kit: Sdk, as_: As, opened: Open) -> None:
    page = opened(as_("reviewers"), PATH)

    assert 'name="held"' not in page
    assert "held or yanked since" in page


# --- The command ---------------------------------------------------------------------------------
def publish(*words: str) -> str:
    out = StringIO()
    common = ("publish", "1", "--as", "olga", "--comment", "2 hangs.")
    call_command(*common, *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_command_says_which_flags_it_takes(hold: Hold) -> None:
    a_person("olga", "owners")
    Hold.objects.update(starts_on=now().date())

    with pytest.raises(CommandError) as refused:
        publish("--again", "kit")
    said = publish("--again", "kit", "--with-held", "AnyIO == 4.9.1")

    assert str(refused.value).endswith("Add --with-held anyio==4.9.1")
    assert said.startswith("Publication 3 of kit: ")
    assert Publication.objects.get(number=3).comment == f"2 hangs.{CONFIRMED}"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--with-held", "anyio==4.9.1"), "--with-held belongs to --again"),
        (("--again", "kit", "--with-held", "anyio"), '--with-held: "anyio" is no release.'),
        (("--again", "kit", "--with-held", "a b==1"), '"a b==1" is no release. Write it as'),
    ],
)
def test_a_flag_that_says_nothing_is_refused(
    words: tuple[str, ...], sentence: str, hold: Hold
) -> None:
    a_person("olga", "owners")

    with pytest.raises(CommandError, match=sentence):
        publish(*words)
    assert Publication.objects.count() == 2

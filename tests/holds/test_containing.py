"""Where a release is installed: as a pick, as a pin of a pin, now and in older publications."""

from collections.abc import Sequence

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.catalogue.models import Sdk
from matrix.review.models import Assessment, Channel
from matrix.rules.parts import IntegrationPart
from matrix.sdk.channel import channel_of
from matrix.sdk.containing import Contained, containing
from tests.pins.makers import a_proposal, a_publication
from tests.sdk.makers import an_sdk
from tests.support.parts import a_layout, a_part, a_row
from tests.support.pins import PinBook

pytestmark = pytest.mark.django_db
BAD = "anyio==4.9.1 h11==0.14.0 httpx==0.28.1"
GOOD = "anyio==4.9.0 h11==0.14.0 httpx==0.28.1"


@pytest.fixture
def kit(db: None) -> Sdk:
    return an_sdk(pins_style="constraints")


def httpx(book: PinBook, pins: dict[str, str | None]) -> IntegrationPart:
    return a_part(rows=[book.row("0.28.1", pins)])


def publish(sdk: Sdk, book: PinBook, *parts: IntegrationPart, style: str = "constraints") -> None:
    a_publication(channel_of(sdk), a_layout(sdk=sdk.slug, pins_style=style), parts, book)


def places(found: Contained) -> list[str]:
    return [
        f"{one.sdk} {one.integration} {one.version} on {one.python}: {one.kind} {one.release}, "
        f"{' and '.join(one.states)}{'' if one.is_written else ', not written'}"
        for one in found.places
    ]


def publications(found: Contained) -> list[str]:
    return [
        f"{one.sdk} {one.number}{' current' if one.is_current else ''}: {one.environments} with "
        f"{' '.join(map(str, one.releases))}"
        for one in found.publications
    ]


def test_a_pin_is_found_in_its_environments_and_in_publications(kit: Sdk, book: PinBook) -> None:
    publish(kit, book, httpx(book, {"3.9": BAD, "3.12": GOOD}), a_part("other"))
    publish(kit, book, httpx(book, {"3.9": GOOD, "3.12": GOOD}), a_part("other"))
    layout = a_layout(sdk="kit", pins_style="constraints")
    parts = [httpx(book, {"3.9": GOOD, "3.12": BAD}), a_part("other")]
    a_proposal(channel_of(kit), layout, parts, book)

    found = containing("AnyIO", ">=4.9.1,<5")

    assert places(found) == ["kit httpx 0.28.1 on 3.12: pin 4.9.1, proposal 3"]
    assert publications(found) == ["kit 1: 1 with 4.9.1"]
    assert found.integrations("kit") == ["httpx"]


def test_a_pick_is_found_with_all_its_pythons(kit: Sdk, book: PinBook) -> None:
    publish(kit, book, a_part(rows=[a_row("0.27.2"), a_row("0.28.1")]), style="none")

    found = containing("httpx", "==0.28.1")

    assert places(found) == [
        "kit httpx 0.28.1 on 3.9: pick 0.28.1, publication 1",
        "kit httpx 0.28.1 on 3.12: pick 0.28.1, publication 1",
    ]
    assert publications(found) == ["kit 1 current: 2 with 0.28.1"]


@pytest.mark.parametrize(
    ("project", "releases", "is_found"),
    [
        pytest.param("anyio", "", True, id="every release"),
        pytest.param("anyio", "==4.9.1", True, id="the first of the pins"),
        pytest.param("h11", "==0.14.0", True, id="one in the middle"),
        pytest.param("anyio", "==4.9", False, id="another release"),
        pytest.param("nyio", "", False, id="the end of another name"),
        pytest.param("any", "", False, id="the beginning of another name"),
        pytest.param("zope-interface", "<6", True, id="a name with a dash"),
    ],
)
def test_which_pins_are_meant(
    kit: Sdk, book: PinBook, project: str, releases: str, *, is_found: bool
) -> None:
    publish(kit, book, httpx(book, {"3.9": f"{BAD} zope-interface==5.4.0"}))

    found = containing(project, releases)

    assert bool(found.places) is bool(found.publications) is is_found


@pytest.mark.parametrize("style", ["constraints", "inline"])
def test_pins_that_are_written_are_found_in_the_snapshot(
    kit: Sdk, book: PinBook, style: str
) -> None:
    publish(kit, book, httpx(book, {"3.9": BAD, "3.12": None}), style=style)

    found = containing("anyio", "==4.9.1")

    assert places(found) == ["kit httpx 0.28.1 on 3.9: pin 4.9.1, publication 1"]


def test_pins_that_are_not_written_are_those_of_the_last_run(kit: Sdk, book: PinBook) -> None:
    book.add(BAD)
    publish(kit, book, a_part(rows=[a_row("0.28.1")]), style="none")
    note({"0.28.1": {"py3.9": book.add(BAD), "py3.12": book.add(GOOD)}})

    found = containing("anyio", "==4.9.1")

    assert places(found) == ["kit httpx 0.28.1 on 3.9: pin 4.9.1, publication 1, not written"]
    assert publications(found) == []


def note(pin_sets: dict[str, dict[str, str]]) -> None:
    environments = {
        version: {factor: {"pin_set": sha, "problem": None} for factor, sha in factors.items()}
        for version, factors in pin_sets.items()
    }
    one = Assessment.objects.get(part="httpx")
    one.notes["environments"] = environments
    one.save()


def test_one_sdk_or_one_integration_can_be_asked_for(kit: Sdk, book: PinBook) -> None:
    parts = [httpx(book, {"3.9": BAD}), a_part("client", project="httpx", rows=[a_row("0.28.1")])]
    publish(kit, book, *parts)
    publish(an_sdk("other"), book, *parts)

    in_kit = containing("httpx", "", sdk="kit")
    of_client = containing("httpx", "", sdk="kit", integration="client")
    pins_of_client = containing("anyio", "", sdk="kit", integration="client")

    assert {place.sdk for place in in_kit.places} == {"kit"}
    assert [one.sdk for one in in_kit.publications] == ["kit"]
    assert {place.integration for place in of_client.places} == {"client"}
    assert (pins_of_client.places, pins_of_client.publications) == ((), ())


def test_older_publications_cost_no_more_queries(kit: Sdk, book: PinBook) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            containing("anyio", "<5")
        return len(found)

    publish(kit, book, httpx(book, {"3.9": BAD}))
    few = queries()
    history(kit, book, [{"3.9": BAD if number % 2 else GOOD} for number in range(12)])

    assert queries() == few
    assert len(containing("anyio", "==4.9.1").publications) == 7


def history(sdk: Sdk, book: PinBook, pins: Sequence[dict[str, str | None]]) -> None:
    for each in pins:
        publish(sdk, book, httpx(book, each))
    assert Channel.objects.get().publications.count() == 1 + len(pins)

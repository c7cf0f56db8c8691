"""Picks and pins have pages of their own: turning the one leaves the other."""

from datetime import timedelta

import pytest
from django.http import QueryDict

from integrations.catalogue.models import Sdk
from portal.home import waiting_page as pages
from portal.home.waiting_page import ShownWait, Typed, waiting_page
from tests.pages.makers import a_person
from tests.sdk import makers
from tests.sdk.makers import NOW
from tests.support.small_index import SmallIndex
from tests.waits.conftest import Resolve, ago, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(sdk: Sdk, index: SmallIndex, resolve: Resolve, monkeypatch: pytest.MonkeyPatch) -> Sdk:
    """Two picks wait and three pins, and a page takes one."""
    Sdk.objects.update(pins_style="constraints", pins_cooldown_days=7, cooldown_days=7)
    sdk.refresh_from_db()
    publish(resolve())
    for day, version in enumerate(("4.10", "4.11", "4.12"), start=1):
        index.add("wire", version, uploaded_at=ago(4 - day))
    for day, version in enumerate(("1.1", "2.0"), start=1):
        index.add("web", version, uploaded_at=ago(3 - day))
    makers.run(sdk, at=NOW + timedelta(minutes=1))
    monkeypatch.setattr(pages, "PER_PAGE", 1)
    return sdk


def told(rows: tuple[ShownWait, ...]) -> list[str]:
    return [f"{row.wait.project} {row.wait.version}" for row in rows]


@pytest.mark.parametrize(
    ("query", "picks", "pins"),
    [
        ("", ["web 1.1"], ["wire 4.10"]),
        ("picks=2", ["web 2.0"], ["wire 4.10"]),
        ("pins=3", ["web 1.1"], ["wire 4.12"]),
        ("picks=2&pins=2", ["web 2.0"], ["wire 4.11"]),
        ("picks=9&pins=9", ["web 2.0"], ["wire 4.12"]),
    ],
)
def test_each_has_its_page(query: str, picks: list[str], pins: list[str], waiting: Sdk) -> None:
    found = waiting_page(QueryDict(query), by=a_person("vic", "viewers"), at=NOW)

    assert (told(found.picks), told(found.pins)) == (picks, pins)
    assert (len(found.waits.picks), len(found.waits.pins)) == (2, 3)
    numbers = [row.number for row in (*found.picks, *found.pins)]
    assert numbers == [1, 2]


def test_what_was_refused_is_shown_wherever_it_stands(waiting: Sdk) -> None:
    refused = Typed(sdk=waiting.slug, project="wire", version="4.12", mistakes=("No.",))

    found = waiting_page(QueryDict("pins=2"), by=a_person("vic"), at=NOW, refused=refused)

    assert told(found.pins) == ["wire 4.12"]
    assert found.pins[0].typed == refused
    assert not found.is_refused_elsewhere

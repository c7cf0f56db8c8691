"""
The main job on real facts: 61 integrations, 59 projects, as of 10 August 2026.

``tests/data/recorded/tox.ini`` is what came out; the same bytes must come out on every database,
on every day, and in whatever order the facts arrive.
"""

import random
from datetime import UTC, datetime

import pytest
from django.core.management import call_command

from integrations.catalogue.models import Integration, Sdk
from matrix.review.models import Proposal
from matrix.review.publishing import differing_files
from matrix.review.state import proposed
from matrix.rules.parts import IntegrationPart, read
from matrix.sdk.channel import files_of
from matrix.sdk.computing import Question, compute
from matrix.sdk.gathering import index_of
from matrix.sdk.publishing import approve_and_publish
from tests.sdk import makers
from tests.support.index_server import IndexServer
from tests.support.recorded import FOLDER

pytestmark = pytest.mark.django_db

AS_OF = datetime(2026, 8, 10, 8, 45, tzinfo=UTC)
TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
CATALOGUE = FOLDER.parent / "catalogue" / "config_facts.json"
EXPECTED = FOLDER.parent / "recorded" / "tox.ini"


@pytest.fixture
def sdk(recorded_index: IndexServer, settings: object) -> Sdk:
    settings.PORTAL_INDEX_URL = recorded_index.url  # type: ignore[attr-defined]
    call_command("import_catalogue", str(CATALOGUE), sdk="recorded", verbosity=0)
    Sdk.objects.update(pins_style="none")  # Pins have tests of their own.
    return Sdk.objects.get(slug="recorded")


def propose(sdk: Sdk, *, at: datetime = TODAY) -> Proposal:
    proposal = makers.run(sdk, at=at, as_of=AS_OF, polls=False)
    assert proposal is not None
    return proposal


def test_all_integrations_give_rows_and_the_file_is_the_recorded_one(sdk: Sdk) -> None:
    bodies = proposed(propose(sdk))

    parts = [read(body) for body in bodies.values()]
    rows = {part.name: part.rows for part in parts if isinstance(part, IntegrationPart)}
    assert len(rows) == 61
    assert all(rows.values())
    assert files_of(bodies)["tox.ini"] == EXPECTED.read_text(encoding="utf-8")


def test_the_bytes_do_not_depend_on_the_day_the_order_of_pages_or_of_edits(
    sdk: Sdk, recorded_index: IndexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support import recorded  # noqa: PLC0415

    shuffled = random.Random(7)
    in_order = recorded.files_of

    def files_of_shuffled(*args: object) -> list[recorded.RecordedFile]:
        files = list(in_order(*args))  # type: ignore[arg-type]
        shuffled.shuffle(files)
        return files

    monkeypatch.setattr(recorded, "files_of", files_of_shuffled)
    _make_rows_anew_in_another_order(sdk)

    later = propose(sdk, at=datetime(2027, 1, 9, tzinfo=UTC))

    assert files_of(proposed(later))["tox.ini"] == EXPECTED.read_text(encoding="utf-8")


def _make_rows_anew_in_another_order(sdk: Sdk) -> None:
    """Give every row of the catalogue a new primary key, the last one first."""
    for integration in sorted(sdk.integrations.all(), key=lambda one: one.name, reverse=True):
        rules = list(integration.rules.all())
        restrictions = list(integration.restrictions.all())
        integration.delete()
        integration.pk = None
        integration.save()
        for rule in reversed(rules):
            rule.pk, rule.integration = None, integration
            rule.save()
        for restriction in reversed(restrictions):
            restriction.pk, restriction.integration = None, integration
            restriction.save()
    assert Integration.objects.filter(sdk=sdk).count() == 61


def test_a_publication_rendered_again_is_the_same_to_the_byte(sdk: Sdk) -> None:
    proposal = propose(sdk)
    publication = approve_and_publish(proposal.number, by=makers.a_reviewer(), at=TODAY)

    assert differing_files(publication, files_of) == []
    assert publication.files.get().read() == EXPECTED.read_text(encoding="utf-8")


def test_computing_twice_gives_the_same_parts_without_asking_the_index_again(
    sdk: Sdk, recorded_index: IndexServer
) -> None:
    index = index_of(sdk)
    first = compute(sdk, Question(as_of=AS_OF, now=TODAY, index=index))
    asked = len(recorded_index.requests)

    second = compute(sdk, Question(as_of=AS_OF, now=TODAY, index=index))

    assert second == first
    assert len(recorded_index.requests) == asked

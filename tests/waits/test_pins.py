"""The cooldown of pins, with real uv against an index on the loopback interface."""

from datetime import timedelta

import pytest

from integrations.catalogue.models import Integration, Sdk
from matrix.review.models import Finding
from tests.sdk import makers
from tests.support.small_index import SmallIndex
from tests.waits.conftest import DAY, NOW, Resolve, a_bypass, ago, pins, publish, resolutions

pytestmark = pytest.mark.django_db


@pytest.fixture
def young(index: SmallIndex) -> None:
    """Two releases of the dependency that are younger than a week."""
    index.add("wire", "4.10", uploaded_at=ago(5))
    index.add("wire", "4.11", uploaded_at=ago(2))


@pytest.mark.usefixtures("young")
@pytest.mark.parametrize(
    ("of_sdk", "of_integration", "pinned"),
    [
        pytest.param(0, None, "wire==4.11", id="none"),
        pytest.param(7, None, "wire==4.9", id="of the SDK"),
        pytest.param(7, 0, "wire==4.11", id="none on the integration really is none"),
        pytest.param(0, 3, "wire==4.10", id="of the integration"),
    ],
)
def test_an_environment_pins_nothing_younger_than_the_cooldown(
    sdk: Sdk, resolve: Resolve, of_sdk: int, of_integration: int | None, pinned: str
) -> None:
    Sdk.objects.update(pins_cooldown_days=of_sdk)
    Integration.objects.update(pins_cooldown_days=of_integration)

    resolve()

    assert pins(sdk) == [pinned]


def test_the_release_that_a_row_tests_need_not_wait_as_a_pin(
    sdk: Sdk, index: SmallIndex, resolve: Resolve
) -> None:
    index.add("web", "2.0", uploaded_at=ago(1), requires=["wire"])
    Sdk.objects.update(pins_cooldown_days=7)

    proposal = resolve()

    assert proposal is not None
    assert pins(sdk) == ["wire==4.9"]
    assert not Finding.objects.filter(kind="unresolved").exists()


@pytest.mark.usefixtures("young")
def test_a_bypass_lets_exactly_its_release_in(sdk: Sdk, resolve: Resolve) -> None:
    Sdk.objects.update(pins_cooldown_days=7)
    a_bypass(sdk, "wire", "4.10")

    resolve()

    assert pins(sdk) == ["wire==4.10"]


@pytest.mark.usefixtures("young")
def test_a_bypass_lets_nothing_in_that_came_before_it(sdk: Sdk, resolve: Resolve) -> None:
    Sdk.objects.update(pins_cooldown_days=7)
    makers.a_rule(Integration.objects.get(), "wire<4.11")
    a_bypass(sdk, "wire", "4.11")

    resolve()

    assert pins(sdk) == ["wire==4.9"]


@pytest.mark.usefixtures("young")
@pytest.mark.parametrize(
    ("needs_two", "is_held", "pinned"),
    [
        pytest.param(True, False, "wire==4.9", id="waits for a second person"),
        pytest.param(False, True, "wire==4.9", id="a hold wins"),
    ],
)
def test_a_bypass_that_nobody_confirmed_or_that_is_held_lets_nothing_in(
    sdk: Sdk, resolve: Resolve, *, needs_two: bool, is_held: bool, pinned: str
) -> None:
    Sdk.objects.update(pins_cooldown_days=7, second_person_cooldown=needs_two)
    a_bypass(sdk, "wire", "4.10")
    if is_held:
        makers.a_hold(sdk=sdk, project="wire", releases="==4.10")

    resolve()

    assert pins(sdk) == [pinned]


@pytest.mark.usefixtures("young")
def test_published_pins_are_kept_although_a_new_cooldown_finds_them_too_young(
    sdk: Sdk, index: SmallIndex, resolve: Resolve
) -> None:
    Sdk.objects.update(pins_style="constraints")
    makers.a_rule(Integration.objects.get(), "wire<4.11")
    publish(resolve())  # Pins 4.10, which is five days old.
    Sdk.objects.update(pins_cooldown_days=7)

    proposal = resolve(at=NOW + timedelta(hours=1))

    assert proposal is None
    assert pins(sdk) == ["wire==4.10"]


@pytest.mark.usefixtures("young")
def test_an_unchanged_run_resolves_nothing_under_a_cooldown(sdk: Sdk, resolve: Resolve) -> None:
    Sdk.objects.update(pins_cooldown_days=7)
    a_bypass(sdk, "wire", "4.10")
    resolve()
    before = resolutions()

    resolve()

    assert resolutions() == before


@pytest.mark.usefixtures("young")
def test_what_waited_comes_by_itself_when_the_cooldown_is_over(sdk: Sdk, resolve: Resolve) -> None:
    Sdk.objects.update(pins_cooldown_days=7)
    resolve()

    # A run that somebody asks for sees the index as the last run did, as long as nothing changed.
    resolve(at=NOW + 3 * DAY, kind="scheduled")

    assert pins(sdk) == ["wire==4.10"]


@pytest.mark.usefixtures("young")
def test_an_index_without_upload_times_is_told_not_guessed(
    sdk: Sdk, index: SmallIndex, resolve: Resolve
) -> None:
    Sdk.objects.update(pins_cooldown_days=7)
    for project in index.projects.values():
        for file in project.files:
            del file["upload-time"]

    resolve()

    assert pins(sdk) == ["wire==4.11"]
    assert Finding.objects.get(kind="cooldown of pins").text == (
        "The index does not say when files were uploaded, so the cooldown of pins (7 days) does "
        "nothing here."
    )

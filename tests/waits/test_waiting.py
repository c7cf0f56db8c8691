"""What waits for a cooldown, told from stored facts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from packaging.version import Version

from integrations.catalogue.models import Integration, Sdk
from integrations.index.models import Index, Project
from matrix.sdk.bypassing import Standing, states
from matrix.sdk.waiting import waits
from tests.sdk import makers
from tests.support.small_index import SmallIndex
from tests.waits.conftest import DAY, NOW, Resolve, a_bypass, ago, publish

# ruff: noqa: E501  (A table reads best with each case on its line.)
pytestmark = pytest.mark.django_db
Told = list[tuple[str, str | None, float]]  # Release, what it would replace, days left.


def picks(sdk: Sdk) -> Told:
    return [
        (
            f"{one.integration} {one.version}",
            str(one.replaces) if one.replaces else None,
            one.days_left(NOW),
        )
        for one in waits([sdk], NOW).picks
    ]


@pytest.mark.parametrize(
    ("uploads", "told"),
    [
        pytest.param({}, [], id="nothing is young"),
        pytest.param({"1.1": 2}, [("web 1.1", None, 5)], id="one more row"),
        pytest.param({"1.0.1": 6.5}, [("web 1.0.1", "1.0", 1)], id="a patch, half a day left"),
        pytest.param({"1.0.1": 3, "1.0.2": 1}, [("web 1.0.2", "1.0", 6)], id="the newer patch alone"),
        pytest.param({"1.1.dev1": 1}, [], id="never picked anyhow"),
        pytest.param({"1.1rc1": 1}, [("web 1.1rc1", None, 6)], id="a prerelease"),
    ],
)  # fmt: skip
def test_what_would_be_picked_but_for_the_cooldown(
    sdk: Sdk, index: SmallIndex, uploads: dict[str, float], told: Told
) -> None:
    Sdk.objects.update(cooldown_days=7)
    sdk.refresh_from_db()
    for version, days in uploads.items():
        index.add("web", version, uploaded_at=ago(days))
    makers.run(sdk)

    assert picks(sdk) == told


@pytest.mark.parametrize(
    ("of_integration", "bypassed", "held", "told"),
    [
        pytest.param(None, "", "", [("web 1.1", None, 5)], id="as the SDK says"),
        pytest.param(0, "", "", [], id="none here"),
        pytest.param(30, "", "", [("web 1.1", None, 28), ("web 1.0.1", "1.0", 20)], id="longer here"),
        pytest.param(None, "1.1", "", [], id="bypassed"),
        pytest.param(None, "", "==1.1", [], id="held"),
    ],
)  # fmt: skip
def test_whose_cooldown_it_is_and_what_else_keeps_it_out(
    sdk: Sdk,
    index: SmallIndex,
    *,
    of_integration: int | None,
    bypassed: str,
    held: str,
    told: Told,
) -> None:
    Sdk.objects.update(cooldown_days=7)
    Integration.objects.update(cooldown_days=of_integration)
    sdk.refresh_from_db()
    index.add("web", "1.0.1", uploaded_at=ago(10))
    index.add("web", "1.1", uploaded_at=ago(2))
    if bypassed:
        a_bypass(sdk, "web", bypassed)
    if held:
        makers.a_hold(sdk=sdk, project="web", releases=held)
    makers.run(sdk)

    assert sorted(picks(sdk)) == sorted(told)


def test_newer_releases_of_written_pins_wait_too(
    sdk: Sdk, index: SmallIndex, resolve: Resolve
) -> None:
    Sdk.objects.update(pins_style="constraints", pins_cooldown_days=7)
    sdk.refresh_from_db()
    publish(resolve())
    index.add("wire", "4.10", uploaded_at=ago(3))
    index.add("wire", "4.11", uploaded_at=ago(1), yanked=True)
    index.add("wire", "4.12rc1", uploaded_at=ago(1))
    index.add("wire", "4.7", uploaded_at=ago(1))
    makers.run(sdk, at=NOW)

    found = waits([sdk], NOW)

    assert found.picks == ()
    (pin,) = found.pins
    assert (pin.project, str(pin.version), pin.environments) == ("wire", "4.10", 1)
    assert pin.pinned == (Version("4.9"),)
    assert pin.until == NOW + 4 * DAY


def test_an_integration_that_was_never_read_is_not_called_quiet(sdk: Sdk) -> None:
    Sdk.objects.update(cooldown_days=7)
    sdk.refresh_from_db()

    assert waits([sdk], NOW).unknown == ((sdk, "web"),)


@pytest.mark.parametrize(
    ("version", "more", "standing", "said"),
    [
        pytest.param("1.1", {}, Standing.IN_FORCE, "Ends by itself on 7 Mar 2026, when the release is old enough.", id="young"),
        pytest.param("1.0", {}, Standing.ENDED, "Ended on 12 Jan 2026, does nothing any more: the release is old enough.", id="old"),
        pytest.param("1.1", {"needs_two": True}, Standing.WAITING, "It does nothing before somebody else has confirmed it.", id="alone"),
        pytest.param("9.9", {}, Standing.NOT_THERE, "The index shows no release 9.9 of web.", id="no such release"),
        pytest.param("1.1", {"held": True}, Standing.ON_HOLD, "A hold keeps it out all the same (broken wheels).", id="held"),
        pytest.param("1.1", {"days": 0}, Standing.ENDED, "No cooldown asks it to wait: it does nothing.", id="no cooldown"),
    ],
)  # fmt: skip
def test_what_a_bypass_does(
    sdk: Sdk,
    index: SmallIndex,
    *,
    version: str,
    more: dict[str, int],
    standing: Standing,
    said: str,
) -> None:
    Sdk.objects.update(
        cooldown_days=more.get("days", 7), second_person_cooldown=bool(more.get("needs_two"))
    )
    index.add("web", "1.1", uploaded_at=ago(2))
    makers.run(sdk)
    if more.get("held"):
        makers.a_hold(sdk=sdk, project="web", releases="==1.1")
    a_bypass(sdk, "web", version)
    bypass = Sdk.objects.get().cooldown_bypasses.select_related("sdk").get()

    (state,) = states([bypass], now=NOW).values()

    assert (state.standing, state.sentence) == (standing, said)


@pytest.mark.parametrize("number", [2, 40])
def test_the_number_of_queries_does_not_grow_with_what_waits(
    sdk: Sdk, index: SmallIndex, number: int
) -> None:
    Sdk.objects.update(cooldown_days=7)
    makers.run(sdk)
    known = Project.objects.get(name="web")
    copies = [
        Project(
            index=Index.objects.get(), name=f"copy{n}", first_seen_at=NOW, summary=known.summary
        )
        for n in range(number)
    ]
    Project.objects.bulk_create(copies)
    for project in copies:
        makers.an_integration(sdk, project.name)
    sdks = list(Sdk.objects.all())

    with CaptureQueriesContext(connection) as captured:
        waits(sdks, NOW + timedelta(hours=1))

    assert len(captured) == QUERIES


# What SDKs say takes eight, SDKs and indexes one each, the facts of one index three.
QUERIES = 13

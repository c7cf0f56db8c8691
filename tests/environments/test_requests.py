"""Keys of requests, and pins as text. Pure."""

import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from matrix.rules.facts import Python
from matrix.rules.resolution import (
    NEWEST_PATCHES,
    EnvironmentRequest,
    UnreadablePins,
    full_python,
    in_order,
    moment_text,
    pin_set_key,
    pins_text,
    read_pins,
)

AT = datetime(2026, 8, 10, 8, 45, tzinfo=UTC)
UV = "0.13.8"
NAMES = st.sampled_from(["a", "b2", "anyio", "zope-event", "zope-interface", "pytest-httpx"])
VERSIONS = st.sampled_from(["1", "2.0", "2.0.1", "10.4", "2.0rc1", "1!2.0", "2.0+cpu"])
PINS = st.dictionaries(NAMES, VERSIONS, max_size=5).map(
    lambda found: [f"{name}=={version}" for name, version in found.items()]
)
LINES = PINS.map(tuple)
MOMENTS = st.none() | st.integers(0, 3).map(lambda days: AT + timedelta(days=days))
REQUESTS = st.builds(
    EnvironmentRequest,
    requirements=LINES,
    python=st.builds(Python, st.integers(6, 16)),
    index_url=st.sampled_from(["http://one.test/simple/", "http://two.test/simple/"]),
    platform=st.sampled_from(["linux", "x86_64-manylinux_2_28"]),
    allows_prereleases=st.booleans(),
    allows_builds=st.booleans(),
    exclude_newer=MOMENTS,
    exclude_newer_projects=st.lists(st.tuples(NAMES, MOMENTS.filter(bool)), max_size=3).map(tuple),
    facts_at=MOMENTS,
    preferences=LINES,
    constraints=LINES,
)
REQUEST = EnvironmentRequest(
    requirements=("httpx==0.28.1", "pytest"), python=Python(9), index_url="http://one.test/simple/"
)
OTHER_VALUES: dict[str, Any] = {
    "requirements": ("httpx==0.28.1",),
    "python": Python(10),
    "index_url": "http://two.test/simple/",
    "platform": "macos",
    "allows_prereleases": True,
    "allows_builds": True,
    "exclude_newer": AT,
    "exclude_newer_projects": (("httpx", AT),),
    "facts_at": AT,
    "preferences": ("anyio==4.9.0",),
    "constraints": ("anyio!=4.9.0",),
}


@given(request=REQUESTS, data=st.data())
def test_the_order_of_lines_and_their_repetition_play_no_role(
    request: EnvironmentRequest, data: st.DataObject
) -> None:
    shuffled: dict[str, Any] = {
        name: tuple(data.draw(st.permutations(lines * 2)))
        for name in ("requirements", "preferences", "constraints")
        if (lines := getattr(request, name))
    }

    assert dataclasses.replace(request, **shuffled).key(UV) == request.key(UV)


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(EnvironmentRequest)])
def test_every_field_matters(field: str) -> None:
    other = dataclasses.replace(REQUEST, **{field: OTHER_VALUES[field]})

    assert other.key(UV) != REQUEST.key(UV)


@given(one=REQUESTS, other=REQUESTS)
def test_keys_are_equal_where_the_canonical_forms_are(
    one: EnvironmentRequest, other: EnvironmentRequest
) -> None:
    assert (one.key(UV) == other.key(UV)) == (one.canonical() == other.canonical())


def test_another_uv_is_another_question() -> None:
    assert REQUEST.key("0.13.8") != REQUEST.key("0.13.9")


@given(request=REQUESTS)
def test_a_request_that_was_written_down_is_read_as_the_same_question(
    request: EnvironmentRequest,
) -> None:
    read = EnvironmentRequest.read(request.canonical())

    assert read.canonical() == request.canonical()
    assert read.key(UV) == request.key(UV)


def test_a_free_threaded_python_shares_the_result_of_the_other() -> None:
    with_gil = dataclasses.replace(REQUEST, python=Python(14))
    without = dataclasses.replace(REQUEST, python=Python(14, free_threaded=True))

    assert without.key(UV) == with_gil.key(UV)
    assert without.full_python == "3.14.10"


def test_the_same_moment_in_another_zone_is_the_same_question() -> None:
    there = AT.astimezone(timezone(timedelta(hours=2)))

    assert moment_text(there) == "2026-08-10T08:45:00Z"
    assert dataclasses.replace(REQUEST, exclude_newer=there).key(UV) == dataclasses.replace(
        REQUEST, exclude_newer=AT
    ).key(UV)


@pytest.mark.parametrize(
    "values",
    [
        {"exclude_newer": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"facts_at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"exclude_newer_projects": (("httpx", datetime(2026, 1, 1)),)},  # noqa: DTZ001
    ],
    ids=["cut-off", "moment of the facts", "moment of a project"],
)
def test_a_moment_without_a_zone_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="A moment of a resolution needs a time zone"):
        dataclasses.replace(REQUEST, **values)


@pytest.mark.parametrize("minor", sorted(NEWEST_PATCHES))
def test_every_python_is_asked_for_by_a_patch_release(minor: int) -> None:
    version = Version(full_python(Python(minor)))

    assert version.release == (3, minor, NEWEST_PATCHES[minor])


def test_a_python_that_is_not_out_yet_is_asked_for_by_its_first_release() -> None:
    assert full_python(Python(99)) == "3.99.0"


@given(pins=PINS, data=st.data())
def test_pins_are_read_as_they_were_written_whatever_their_order(
    pins: list[str], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(pins))

    assert read_pins(pins_text(shuffled)) == in_order(pins)
    assert pin_set_key(shuffled) == pin_set_key(pins)


@given(one=PINS, other=PINS)
def test_pin_sets_have_one_name_each(one: list[str], other: list[str]) -> None:
    assert (pin_set_key(one) == pin_set_key(other)) == (sorted(one) == sorted(other))


def test_pins_are_sorted_by_normalised_names() -> None:
    assert in_order(["zope-event==5", "Zope_deferred==4", "b==1", "A==2"]) == (
        "A==2",
        "b==1",
        "Zope_deferred==4",
        "zope-event==5",
    )


def test_comments_and_blank_lines_are_no_pins() -> None:
    assert read_pins("# by uv\n\nanyio==4.9.0  # via httpx\n") == ("anyio==4.9.0",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("anyio>=4", '"anyio>=4" is not a pin such as anyio==4.9.0.'),
        ("anyio @ http://x", '"anyio @ http://x" is not a pin such as anyio==4.9.0.'),
        ("-e .", '"-e ." is not a pin such as anyio==4.9.0.'),
        ("a-b==1\nA_B==2", "a-b is pinned twice: a-b==1 and A_B==2."),
    ],
    ids=["a range", "an address", "an option", "two pins"],
)
def test_what_is_no_pin_is_refused(text: str, message: str) -> None:
    with pytest.raises(UnreadablePins) as refusal:
        read_pins(text)

    assert str(refusal.value) == message

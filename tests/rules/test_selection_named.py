"""Releases that the catalogue names, and what is noted on a whole selection."""

from dataclasses import replace
from datetime import timedelta

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from matrix.rules.facts import Check, Metadata, Policy, PrereleasePolicy, Release
from tests.rules.makers import (
    AS_OF,
    POLICY,
    WEEK,
    YESTERDAY,
    a_hold,
    a_pinned_pick,
    a_release,
    checks,
    on,
    picks,
    releases,
    remarks,
    selected,
    why,
)

TOMORROW = AS_OF + timedelta(days=1)


@pytest.mark.parametrize(
    ("known", "policy", "expected"),
    [
        pytest.param(
            a_release("1.0.1.post1"), replace(POLICY, minimum=Version("2")), True, id="6 and 7"
        ),
        pytest.param(
            a_release("1.0"), replace(POLICY, include=SpecifierSet(">1")), True, id="8 include"
        ),
        pytest.param(
            a_release("1.0rc1"),
            replace(POLICY, prereleases=PrereleasePolicy.NEVER),
            True,
            id="13 prereleases",
        ),
        pytest.param(
            a_release("1.0", uploaded_at=YESTERDAY), replace(POLICY, cooldown=WEEK), False, id="5"
        ),
        pytest.param(
            a_release("1.0"), replace(POLICY, holds=(a_hold(""),)), False, id="4 held here"
        ),
        pytest.param(
            a_release("1.0"),
            replace(POLICY, holds=(a_hold("", everywhere=True),)),
            False,
            id="3 held everywhere",
        ),
        pytest.param(a_release("1.0", is_yanked=True), POLICY, False, id="2 yanked"),
        pytest.param(
            a_release("1.0", uploaded_at=TOMORROW), POLICY, False, id="1 not uploaded yet"
        ),
    ],
)
def test_a_pinned_pick_skips_6_to_13_and_never_1_to_4(
    known: Release, policy: Policy, *, expected: bool
) -> None:
    pinned = a_pinned_pick(str(known.version))

    selection = selected([known], replace(policy, pinned_picks=(pinned,)))

    assert bool(selection.picks) is expected
    assert bool(remarks(selection, "pinned")) is not expected


def test_a_pinned_pick_skips_9_older_patch_10_low_end_and_11_sampling() -> None:
    known = releases("1.0.1", "1.0.2", "1.1", "1.2", "1.3")
    pinned = tuple(map(a_pinned_pick, ("1.0.1", "1.2")))
    policy = replace(POLICY, number_of_versions=2, pinned_picks=pinned)

    selection = selected(known, policy, {"1.0.2": on("2.7")})

    assert picks(selection) == ["1.0.1", "1.1", "1.2", "1.3"]
    assert why(selection, "1.2") == ["pinned: customers run it"]


def test_a_pinned_pick_skips_5_cooldown_when_it_may() -> None:
    known = [a_release("1.0"), a_release("1.1", uploaded_at=YESTERDAY)]
    pinned = a_pinned_pick("1.1", skips_cooldown=True)

    selection = selected(known, replace(POLICY, cooldown=WEEK, pinned_picks=(pinned,)))

    assert picks(selection) == ["1.0", "1.1"]
    assert why(selection, "1.1") == ["pinned: customers run it"]


def test_a_pinned_pick_in_vain_is_explained() -> None:
    pinned = tuple(map(a_pinned_pick, ("0.9", "1.0", "1.1", "3.0")))
    known = [
        a_release("0.9", uploaded_at=YESTERDAY),
        a_release("1.0", is_yanked=True, yank_reason="leaks"),
        *releases("1.1", "2.0"),
    ]
    policy = replace(POLICY, pinned_picks=pinned, holds=(a_hold("==1.1"),), cooldown=WEEK)

    selection = selected(known, policy)

    assert remarks(selection, "pinned") == [
        "The pinned pick 0.9 is kept out: cooldown (1 day old (needs 7)).",
        "The pinned pick 1.0 is kept out: unavailable (yanked: leaks).",
        "The pinned pick 1.1 is kept out: held (broken).",
        "The pinned pick 3.0 is not on the index.",
    ]


@pytest.mark.parametrize(
    ("minimum", "facts", "expected"),
    [
        pytest.param("1.0", on("3.9"), [], id="tested"),
        pytest.param("0.9", on("3.9"), ["The exact minimum 0.9 is not on the index."], id="absent"),
        pytest.param(
            "0.5",
            on("3.9"),
            ["The exact minimum 0.5 is kept out: unavailable (yanked)."],
            id="yanked",
        ),
    ],
)
def test_an_exact_minimum_in_vain_is_explained(
    minimum: str, facts: Metadata, expected: list[str]
) -> None:
    policy = replace(POLICY, minimum=Version(minimum), tests_exact_minimum=True)
    known = [a_release("0.5", is_yanked=True), *releases("1.0", "1.0.1")]

    selection = selected(known, policy, {"1.0": facts})

    assert remarks(selection, "exact minimum") == expected


def test_an_exact_minimum_without_a_python_is_reported() -> None:
    policy = replace(POLICY, minimum=Version("1.0.0"), tests_exact_minimum=True)

    selection = selected(releases("1.0", "1.0.1"), policy, {"1.0": on("2.7")})

    assert picks(selection) == ["1.0.1"]
    assert checks(selection, "1.0") == [Check.NO_PYTHON]
    assert remarks(selection, "no Python in common") == [
        "1.0 (exact minimum 1.0.0) is not tested: it declares 2.7; the SDK supports 3.6 to 3.14."
    ]


def test_nothing_to_pick_is_said_with_the_main_reasons_counted() -> None:
    known = [
        *releases("1.0", "1.1", "3.0", "3.1.dev1"),
        a_release("2.0", is_yanked=True),
    ]
    policy = replace(POLICY, minimum=Version("2.0"), holds=(a_hold("==3.0"),))

    selection = selected(known, policy)

    assert remarks(selection, "nothing to pick") == [
        (
            "There is nothing to pick among 5 releases: "
            "1 unavailable, 1 held, 2 below the minimum, 1 post or development release."
        )
    ]


def test_no_release_at_all_is_nothing_to_pick() -> None:
    selection = selected([])

    assert (selection.picks, dict(selection.rejected)) == ((), {})
    assert remarks(selection, "nothing to pick") == [
        "There is nothing to pick: the index shows no release."
    ]


def test_unknown_upload_times_among_picks_are_noted() -> None:
    unknown = [a_release(version, is_time_known=False) for version in ("1.0", "1.0.1", "1.1")]

    selection = selected([*unknown, a_release("1.2")])

    assert remarks(selection, "upload time") == [
        "The index does not say when 1.0.1 and 1.1 were uploaded."
    ]


def test_two_spellings_of_one_version_are_one_release() -> None:
    known = [
        a_release("1.0", is_yanked=True),
        a_release("1.0.0", uploaded_at=YESTERDAY, abi_tags=frozenset({"cp314"})),
    ]

    forward, backward = selected(known), selected(known[::-1])

    assert forward == backward
    assert picks(forward) == ["1.0"]
    assert len(forward.rejected) == 0

"""The order of the checks, and what each of them says."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from matrix.rules.facts import Check, Policy, PrereleasePolicy, Release
from tests.rules.makers import (
    AS_OF,
    POLICY,
    WEEK,
    YESTERDAY,
    a_hold,
    a_release,
    checks,
    on,
    picks,
    releases,
    remarks,
    selected,
    texts,
)

TOMORROW = AS_OF + timedelta(days=1)

# For each pair of neighbours: a release "1.0.1" or "1.0.1rc1" to which both apply.
NEIGHBOURS = [
    pytest.param(
        [a_release("1.0.1", uploaded_at=TOMORROW, is_yanked=True)],
        POLICY,
        [Check.NOT_UPLOADED_YET, Check.UNAVAILABLE],
        id="1 not uploaded yet, 2 yanked",
    ),
    pytest.param(
        [a_release("1.0.1", is_yanked=True)],
        replace(POLICY, holds=(a_hold("==1.0.1", everywhere=True),)),
        [Check.UNAVAILABLE, Check.HELD_EVERYWHERE],
        id="2 yanked, 3 held everywhere",
    ),
    pytest.param(
        [a_release("1.0.1", uploaded_at=None)],
        replace(POLICY, holds=(a_hold("==1.0.1", everywhere=True),)),
        [Check.UNAVAILABLE, Check.HELD_EVERYWHERE],
        id="2 no files, 3 held everywhere",
    ),
    pytest.param(
        [a_release("1.0.1")],
        replace(POLICY, quarantine="malware", holds=(a_hold("==1.0.1", everywhere=True),)),
        [Check.UNAVAILABLE, Check.HELD_EVERYWHERE],
        id="2 quarantined, 3 held everywhere",
    ),
    pytest.param(
        [a_release("1.0.1")],
        replace(POLICY, holds=(a_hold("<2"), a_hold("==1.0.1", everywhere=True))),
        [Check.HELD_EVERYWHERE, Check.HELD],
        id="3 held everywhere, 4 held here",
    ),
    pytest.param(
        [a_release("1.0.1", uploaded_at=YESTERDAY)],
        replace(POLICY, holds=(a_hold("<2"),), cooldown=WEEK),
        [Check.HELD, Check.COOLDOWN],
        id="4 held here, 5 cooldown",
    ),
    pytest.param(
        [a_release("1.0.1", uploaded_at=YESTERDAY)],
        replace(POLICY, cooldown=WEEK, minimum=Version("1.1")),
        [Check.COOLDOWN, Check.BELOW_MINIMUM],
        id="5 cooldown, 6 below the minimum",
    ),
    pytest.param(
        [a_release("1.0.1.post1")],
        replace(POLICY, minimum=Version("1.1")),
        [Check.BELOW_MINIMUM, Check.POST_OR_DEV],
        id="6 below the minimum, 7 post release",
    ),
    pytest.param(
        [a_release("1.0.1.dev1")],
        replace(POLICY, include=SpecifierSet(">=1.1")),
        [Check.POST_OR_DEV, Check.NOT_INCLUDED],
        id="7 development release, 8 outside include",
    ),
    pytest.param(
        releases("1.0.1", "1.0.2"),
        replace(POLICY, include=SpecifierSet("!=1.0.1")),
        [Check.NOT_INCLUDED, Check.OLDER_PATCH],
        id="8 outside include, 9 older patch",
    ),
    pytest.param(
        releases("1.0.1", "1.0.2", "1.1"),
        POLICY,
        [Check.OLDER_PATCH, Check.BELOW_LOW_END],
        id="9 older patch, 10 below the low end",
    ),
    pytest.param(
        releases("1.0.1", "1.1", "1.2", "1.3"),
        replace(POLICY, number_of_versions=2),
        [Check.BELOW_LOW_END],
        id="10 below the low end, so 11 it never was in the sample",
    ),
    pytest.param(
        [a_release("1.0.1rc1", uploaded_at=YESTERDAY), a_release("1.0.1rc2")],
        replace(POLICY, cooldown=WEEK),
        [Check.COOLDOWN, Check.PRERELEASE],
        id="5 cooldown, 13 prerelease below the one that is tested",
    ),
]


@pytest.mark.parametrize(("known", "policy", "expected"), NEIGHBOURS)
def test_of_two_checks_that_apply_the_first_is_the_main_one_and_both_are_kept(
    known: Sequence[Release], policy: Policy, expected: list[Check]
) -> None:
    unsupported = {"1.0.1": on("2.7"), "1.0.2": on("2.7")}

    selection = selected(known, policy, unsupported)

    assert checks(selection, str(known[0].version)) == expected


def test_12_the_exact_minimum_is_outside_the_count_in_which_11_others_are_sampled_out() -> None:
    policy = replace(
        POLICY, minimum=Version("1.0.0"), tests_exact_minimum=True, number_of_versions=2
    )

    selection = selected(releases("1.0.0", "1.0.1", "1.1", "1.2"), policy)

    assert picks(selection) == ["1.0.0", "1.0.1", "1.2"]
    assert checks(selection, "1.1") == [Check.SAMPLED_OUT]


def test_12_an_exact_minimum_that_is_a_prerelease_does_not_ask_13_the_policy() -> None:
    policy = replace(
        POLICY,
        minimum=Version("1.0rc1"),
        tests_exact_minimum=True,
        prereleases=PrereleasePolicy.NEVER,
    )

    selection = selected(releases("1.0rc1", "1.0rc2"), policy)

    assert picks(selection) == ["1.0rc1"]
    assert checks(selection, "1.0rc2") == [Check.PRERELEASE]


def test_14_a_prerelease_without_a_python_is_reported_and_13_no_other_takes_its_place() -> None:
    selection = selected(releases("1.0", "2.0b1", "2.0b2"), metadata={"2.0b2": on("3.15")})

    assert picks(selection) == ["1.0"]
    assert checks(selection, "2.0b2") == [Check.NO_PYTHON]
    assert checks(selection, "2.0b1") == [Check.PRERELEASE]
    assert remarks(selection, "no Python in common") == [
        (
            "2.0b2 (prerelease 2.0b2 above 1.0) is not tested: "
            "it declares 3.15; the SDK supports 3.6 to 3.14."
        )
    ]


@pytest.mark.parametrize(
    ("known", "policy", "expected"),
    [
        pytest.param(
            a_release("1.0", uploaded_at=AS_OF + timedelta(hours=2)),
            POLICY,
            ["uploaded 2026-08-10 10:45, after 2026-08-10 08:45"],
            id="not uploaded yet",
        ),
        pytest.param(a_release("1.0", uploaded_at=None), POLICY, ["no files"], id="no files"),
        pytest.param(a_release("1.0", is_yanked=True), POLICY, ["yanked"], id="yanked"),
        pytest.param(
            a_release("1.0", is_yanked=True, yank_reason="wrong metadata"),
            POLICY,
            ["yanked: wrong metadata"],
            id="yanked with a reason",
        ),
        pytest.param(
            a_release("1.0", is_yanked=True),
            replace(POLICY, quarantine="malware"),
            ["yanked", "project quarantined: malware"],
            id="yanked and quarantined",
        ),
        pytest.param(
            a_release("1.0"),
            replace(POLICY, holds=(a_hold("<2", "broken wheels (issue 7)"),)),
            ["broken wheels (issue 7)"],
            id="held",
        ),
        pytest.param(
            a_release("1.0", uploaded_at=AS_OF - timedelta(days=5, hours=3)),
            replace(POLICY, cooldown=WEEK),
            ["5 days old (needs 7)"],
            id="five days old",
        ),
        pytest.param(
            a_release("1.0", uploaded_at=YESTERDAY, is_time_known=False),
            replace(POLICY, cooldown=WEEK),
            ["first seen 1 day ago (needs 7)"],
            id="first seen a day ago",
        ),
        pytest.param(
            a_release("1.0", uploaded_at=AS_OF - timedelta(hours=3)),
            replace(POLICY, cooldown=timedelta(hours=12)),
            ["less than a day old (needs 0.5)"],
            id="hours old",
        ),
        pytest.param(
            a_release("1.0"),
            replace(POLICY, minimum=Version("1.1")),
            ["below 1.1"],
            id="below the minimum",
        ),
        pytest.param(a_release("1.0.post1"), POLICY, ["post release"], id="post release"),
        pytest.param(
            a_release("1.0.dev1"), POLICY, ["development release"], id="development release"
        ),
        pytest.param(
            a_release("1.0"),
            replace(POLICY, include=SpecifierSet(">=2")),
            ["outside >=2"],
            id="outside include",
        ),
        pytest.param(
            a_release("1.0rc1"),
            replace(POLICY, prereleases=PrereleasePolicy.NEVER),
            ["prereleases are not tested"],
            id="prereleases never",
        ),
        pytest.param(
            a_release("1.0b1"),
            replace(POLICY, prereleases=PrereleasePolicy.CANDIDATES),
            ["not a release candidate"],
            id="release candidates only",
        ),
    ],
)
def test_a_rejection_says_what_it_found(
    known: Release, policy: Policy, expected: list[str]
) -> None:
    selection = selected([known], policy)

    assert texts(selection, str(known.version)) == expected
    assert selection.picks == ()


def test_rejections_by_comparison_name_what_they_were_compared_with() -> None:
    versions = [f"1.{minor}.{patch}" for minor in range(9) for patch in (0, 1)]
    policy = replace(POLICY, number_of_versions=2)

    selection = selected(releases(*versions), policy, {"1.0.1": on("2.7"), "1.1.1": on("2.7")})

    assert picks(selection) == ["1.2.1", "1.8.1"]
    assert texts(selection, "1.0.1") == ["declares 2.7; the SDK supports 3.6 to 3.14"]
    assert texts(selection, "1.1.0") == [
        "older than 1.1.1",
        "below 1.2.1, the oldest with a Python in common (inferred)",
    ]
    assert texts(selection, "1.2.0") == ["older than 1.2.1"]
    assert texts(selection, "1.3.1") == ["2 of 7 minor versions are tested"]


def test_a_sample_of_several_majors_says_which_of_them_are_tested() -> None:
    policy = replace(POLICY, number_of_versions=2)

    selection = selected(releases("1.0", "1.1", "2.0", "2.1", "3.0"), policy)

    assert texts(selection, "1.1") == ["2 of 4 candidates are tested"]
    assert texts(selection, "2.0") == ["not the highest of major 2"]


def test_a_cooldown_ends_to_the_second() -> None:
    known = [a_release("1.0", uploaded_at=AS_OF - WEEK)]

    assert picks(selected(known, replace(POLICY, cooldown=WEEK))) == ["1.0"]
    assert picks(selected(known, replace(POLICY, cooldown=WEEK + timedelta(seconds=1)))) == []


def test_a_release_that_is_not_uploaded_yet_is_not_too_recent_as_well() -> None:
    known = [a_release("1.0", uploaded_at=TOMORROW)]

    assert checks(selected(known, replace(POLICY, cooldown=WEEK)), "1.0") == [
        Check.NOT_UPLOADED_YET
    ]


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        pytest.param("<2.0", ["1.96.1"], id="an exclusive bound excludes its own prereleases"),
        pytest.param(
            "<2.0b1", ["1.96.1", "2.0a1"], id="a prerelease as bound lets earlier ones in"
        ),
        pytest.param("!=2.0b1", ["1.96.1", "2.0a1"], id="one prerelease is left out"),
        pytest.param("<=1.96", ["1.96.0"], id="an inclusive bound drops later patches"),
    ],
)
def test_8_include_is_tested_with_prereleases(include: str, expected: list[str]) -> None:
    policy = replace(POLICY, include=SpecifierSet(include))

    selection = selected(releases("1.96.0", "1.96.1", "2.0a1", "2.0b1"), policy)

    assert picks(selection) == expected


def test_a_hold_counts_prereleases_in() -> None:
    policy = replace(POLICY, holds=(a_hold(">=2.0a1"),))

    selection = selected(releases("1.0", "2.0b1"), policy)

    assert checks(selection, "2.0b1") == [Check.HELD]

"""Check 13: the one prerelease that is worth a test."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from packaging.version import Version

from matrix.rules.facts import Policy, PrereleasePolicy
from tests.rules.makers import (
    AS_OF,
    POLICY,
    WEEK,
    YESTERDAY,
    a_hold,
    a_release,
    picks,
    releases,
    selected,
    texts,
    why,
)

RC = PrereleasePolicy.CANDIDATES


@pytest.mark.parametrize(
    ("versions", "policy", "expected"),
    [
        pytest.param(["1.0", "2.0a1", "2.0b1"], POLICY, ["2.0b1"], id="the highest"),
        pytest.param(["1.0", "1.0rc1"], POLICY, [], id="not below the stable release"),
        pytest.param(["2.0b1"], POLICY, ["2.0b1"], id="without any stable release"),
        pytest.param(
            ["1.0", "2.0rc1", "2.1b1"],
            replace(POLICY, prereleases=RC),
            ["2.0rc1"],
            id="release candidates only, though a beta is higher",
        ),
        pytest.param(
            ["1.0", "2.0rc1"],
            replace(POLICY, prereleases=PrereleasePolicy.NEVER),
            [],
            id="never",
        ),
        pytest.param(
            ["4.0", "5.0rc1", "5.0"],
            replace(POLICY, holds=(a_hold("==5.0"),)),
            [],
            id="a hold here on 5.0 does not make 5.0rc1 interesting",
        ),
        pytest.param(
            ["4.0", "5.0rc1", "5.0"],
            replace(POLICY, holds=(a_hold("==5.0", everywhere=True),)),
            ["5.0rc1"],
            id="a 5.0 that is held everywhere does not survive",
        ),
        pytest.param(
            ["4.0", "5.0b1", "5.0rc1"],
            replace(POLICY, holds=(a_hold("==5.0rc1"),)),
            [],
            id="a hold on a prerelease withholds lower ones of the same version",
        ),
        pytest.param(
            ["4.0", "5.0b1", "5.0.0rc1"],
            replace(POLICY, holds=(a_hold("==5.0rc1", everywhere=True),)),
            [],
            id="5.0 and 5.0.0 are the same version",
        ),
        pytest.param(
            ["4.0", "5.0b1", "5.1b1"],
            replace(POLICY, holds=(a_hold("==5.1b1"),)),
            ["5.0b1"],
            id="and not those of another version",
        ),
        pytest.param(
            ["4.0", "5.0b1", "5.0b2"],
            replace(POLICY, holds=(a_hold("==5.0b1"),)),
            ["5.0b2"],
            id="nor higher ones",
        ),
        pytest.param(
            ["4.0", "5.0b1"],
            replace(POLICY, minimum=Version("5.0")),
            [],
            id="a prerelease of the minimum is below it",
        ),
        pytest.param(
            ["4.0", "5.0.dev1"], POLICY, [], id="a development release is not a prerelease"
        ),
    ],
)
def test_13_at_most_one_prerelease(
    versions: Sequence[str], policy: Policy, expected: list[str]
) -> None:
    chosen = picks(selected(releases(*versions), policy))

    assert [text for text in chosen if Version(text).is_prerelease] == expected


def test_13_a_cooldown_on_a_prerelease_falls_back_to_the_one_before() -> None:
    known = [*releases("4.0", "5.0b1", "5.0b2"), a_release("5.0rc1", uploaded_at=YESTERDAY)]

    selection = selected(known, replace(POLICY, cooldown=WEEK))

    assert picks(selection) == ["4.0", "5.0b2"]
    assert why(selection, "5.0b2") == ["prerelease 5.0b2 above 4.0"]
    assert texts(selection, "5.0b1") == ["5.0b2 is newer"]


def test_13_a_cooldown_on_5_0_does_not_make_5_0rc1_interesting() -> None:
    known = [*releases("4.0", "5.0rc1"), a_release("5.0", uploaded_at=YESTERDAY)]

    selection = selected(known, replace(POLICY, cooldown=WEEK))

    assert picks(selection) == ["4.0"]
    assert texts(selection, "5.0rc1") == ["not above 5.0"]


def test_13_a_held_prerelease_that_is_not_uploaded_yet_withholds_nothing() -> None:
    coming = a_release("5.0rc1", uploaded_at=AS_OF + WEEK)

    selection = selected(
        [*releases("4.0", "5.0b1"), coming], replace(POLICY, holds=(a_hold("==5.0rc1"),))
    )

    assert picks(selection) == ["4.0", "5.0b1"]


def test_13_a_withheld_prerelease_names_the_held_one() -> None:
    selection = selected(
        releases("4.0", "5.0b1", "5.0rc1"), replace(POLICY, holds=(a_hold("==5.0rc1"),))
    )

    assert texts(selection, "5.0b1") == ["5.0rc1 is held, and what comes before it"]

"""What a specifier matches, rules that hide each other, and what never goes together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from matrix.rules.facts import FreeThreading, Python, RequirementRule
from matrix.rules.matching import KnownReleases, are_disjoint
from matrix.rules.parts import Row
from matrix.rules.shadowing import Universe, restriction_remarks, rule_remarks
from tests.rules.makers import a_restriction

RELEASES = ("1.0", "1.1", "2.0a1", "2.0", "6.0", "6.1a1", "6.1b1", "6.1rc1")
KNOWN = KnownReleases(map(Version, RELEASES))
PYTHONS = (Python(9), Python(10), Python(14), Python(14, free_threaded=True))
UNIVERSE = Universe(KNOWN, PYTHONS)
EVERYWHERE = "8 releases on every Python"
NOTHING = "nothing satisfies both"


@pytest.mark.parametrize(
    ("specifier", "matches", "surprises"),
    [
        pytest.param("", RELEASES, [], id="an empty one matches all, prereleases too"),
        pytest.param("<2", ("1.0", "1.1"), [], id="a bound leaves out its own prereleases"),
        pytest.param(
            ">=6,<6.1b1",
            ("6.0", "6.1a1"),
            ["<6.1b1 still matches 6.1a1; <6.1 leaves out every prerelease of 6.1."],
            id="a bound that is a prerelease keeps the earlier ones",
        ),
        pytest.param(">6,!=6.1a1,<6.1b1", (), [], id="unless those are left out one by one"),
        pytest.param(
            ">=6.1rc1,!=3.0,!=2.*",
            ("6.1rc1",),
            ["!=3.0 leaves nothing out: there is no such release."],
            id="what is no release cannot be left out",
        ),
        pytest.param("==7", (), [], id="a release that is not there"),
    ],
)
def test_a_specifier_matches_known_releases(
    specifier: str, matches: tuple[str, ...], surprises: list[str]
) -> None:
    found = KNOWN.matched(SpecifierSet(specifier))

    assert tuple(map(str, found.versions)) == matches
    assert list(found.surprises) == surprises
    assert found.known == len(RELEASES)


def test_a_long_list_is_cut_in_the_middle() -> None:
    found = KNOWN.matched(SpecifierSet(">=1.0"))

    assert found.shown == "1.0, 1.1, 2.0a1 … 6.1a1, 6.1b1, 6.1rc1"
    assert found.listed == ", ".join(RELEASES)
    assert [str(version) for version in found.prereleases] == ["2.0a1", "6.1a1", "6.1b1", "6.1rc1"]


@pytest.mark.parametrize(
    ("minimum", "number", "surprises"),
    [
        pytest.param("2.0", 5, (), id="a release"),
        pytest.param("1.5", 6, ("1.5 itself is no known release.",), id="no release"),
        pytest.param("9", 0, ("9 itself is no known release.",), id="above all"),
    ],
)
def test_a_minimum_matches_what_is_not_below_it(
    minimum: str, number: int, surprises: tuple[str, ...]
) -> None:
    found = KNOWN.at_least(Version(minimum))

    assert (len(found.versions), found.surprises) == (number, surprises)


# --- Restrictions --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("restrictions", "remarks"),
    [
        pytest.param([("<2", ">=3.10"), (">=2", "<3.14")], [], id="side by side"),
        pytest.param(
            [("", ">=3.10"), ("<2", "<3.14")],
            [(1, "never decides: A comes first for all of its releases.", True)],
            id="the second is hidden",
        ),
        pytest.param(
            [("<2", ">=3.10"), (">=2", ">=3.10"), ("==2.0", "<3.14")],
            [(2, "never decides: B comes first for all of its releases.", True)],
            id="only those that meet are named",
        ),
        pytest.param(
            [("<2", ">=3.10"), ("<6", "<3.14")],
            [(1, "does not decide for 2 of its 4 releases: A comes first.", False)],
            id="the second is hidden in part",
        ),
        pytest.param(
            [("==7", ">=3.10")], [(0, "matches no known release.", True)], id="matches nothing"
        ),
        pytest.param(
            [
                ("", "<3.9"),
            ],
            [(0, "leaves no Python of the SDK (3.9, 3.10, 3.14).", True)],
            id="leaves no Python",
        ),
        pytest.param(
            [("<2", ">=3.8")],
            [(0, "keeps out no Python of the SDK.", False)],
            id="keeps out no Python",
        ),
    ],
)
def test_the_first_restriction_that_matches_decides(
    restrictions: list[tuple[str, str]], remarks: list[tuple[int, str, bool]]
) -> None:
    rules = [a_restriction(pythons, of=releases) for releases, pythons in restrictions]

    found = restriction_remarks(rules, "ABC", Universe(KNOWN, PYTHONS[:3]))

    assert [(one.position, one.text, one.is_warning) for one in found] == remarks


# --- Dependency rules ----------------------------------------------------------------------------
def a_rule(
    requirements: str,
    releases: str = "",
    pythons: str = "",
    free_threading: FreeThreading = FreeThreading.ANY,
) -> RequirementRule:
    return RequirementRule(
        releases=SpecifierSet(releases),
        pythons=SpecifierSet(pythons),
        free_threading=free_threading,
        requirements=tuple(requirements.split(" and ")),
    )


ROWS = (
    Row(version=Version("1.1"), pythons=PYTHONS[:2]),
    Row(version=Version("6.0"), pythons=PYTHONS),
)


@pytest.mark.parametrize(
    ("rules", "remarks"),
    [
        pytest.param([a_rule("x"), a_rule("y", "<2")], [], id="each brings something"),
        pytest.param(
            [a_rule("x", "==7")], [(0, "matches no known release.")], id="matches no release"
        ),
        pytest.param(
            [a_rule("x", "", "<3.9")],
            [(0, "matches no Python of the SDK (3.9, 3.10, 3.14, 3.14t).")],
            id="matches no Python",
        ),
        pytest.param(
            [a_rule("x", "==2.0")],
            [(0, "matches 1 release, but no row of the matrix.")],
            id="matches no row",
        ),
        pytest.param(
            [a_rule("x", "<2", free_threading=FreeThreading.ONLY)],
            [(0, "matches 2 releases, but no row of the matrix.")],
            id="matches no row that is free-threaded",
        ),
        pytest.param(
            [a_rule("x and y", "<2", ">=3.10"), a_rule("x", "<2"), a_rule("y")],
            [(0, "adds nothing: all that it installs comes from B and C already.")],
            id="covered by two wider ones, before or after",
        ),
        pytest.param(
            [a_rule("x", "<2"), a_rule("x", "<2.0.dev0"), a_rule("x and z", "<2")],
            [(1, "adds nothing: all that it installs comes from A already.")],
            id="of two that match the same the second is idle; one requirement more is something",
        ),
        pytest.param(
            [a_rule("x<2", "<2"), a_rule("X >= 2.0", "", "<3.14")],
            [(1, f"asks for X>=2.0, and A for x<2: {NOTHING} (2 releases on 3.9, 3.10).")],
            id="a contradiction, where both apply",
        ),
        pytest.param(
            [a_rule("x<2 and x>3")],
            [(0, f"asks for x>3, and itself for x<2: {NOTHING} ({EVERYWHERE}).")],
            id="a contradiction inside of one rule",
        ),
        pytest.param(
            [a_rule("x<2", "<2"), a_rule("x>=2", ">=2")], [], id="they never meet: releases"
        ),
        pytest.param(
            [a_rule("x<2", "", "<3.10"), a_rule("x>=2", "", ">=3.10")],
            [],
            id="they never meet: Pythons",
        ),
        pytest.param(
            [a_rule('x<2; python_version<"3.10"'), a_rule('x>=2; python_version>="3.10"')],
            [],
            id="markers may keep them apart: nothing is claimed",
        ),
    ],
)  # fmt: skip
def test_rules_that_do_nothing_or_contradict_each_other_are_told(
    rules: list[RequirementRule], remarks: list[tuple[int, str]]
) -> None:
    found = rule_remarks(rules, "ABC", UNIVERSE, ROWS)

    assert [(remark.position, remark.text) for remark in found] == remarks


versions = st.builds(
    lambda major, minor, suffix: f"{major}.{minor}{suffix}",
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from(["", "", "a1", "rc1", ".post1", ".dev1"]),
)
specifiers = st.lists(
    st.builds(lambda o, v: o + v, st.sampled_from(["<", "<=", "==", ">=", ">", "!="]), versions),
    max_size=2,
).map(lambda parts: SpecifierSet(",".join(parts)))


@given(specifiers, specifiers, st.lists(versions, max_size=30))
def test_what_is_called_disjoint_shares_no_release(
    one: SpecifierSet, other: SpecifierSet, releases: list[str]
) -> None:
    known = KnownReleases(map(Version, releases))

    assert are_disjoint(one, other) == are_disjoint(other, one)
    assert not (are_disjoint(one, other) and known.matching(one) & known.matching(other))


@given(st.lists(st.tuples(specifiers, st.just(">=3.10")), max_size=4), st.lists(versions))
def test_a_restriction_is_said_never_to_decide_exactly_when_it_never_does(
    restrictions: list[tuple[SpecifierSet, str]], releases: list[str]
) -> None:
    rules = [a_restriction(pythons, of=str(each)) for each, pythons in restrictions]
    known = KnownReleases(map(Version, releases))
    deciding = {
        next(
            (at for at, rule in enumerate(rules) if known.matching(rule.releases) >> bit & 1), None
        )
        for bit in range(len(known.versions))
    }

    found = restriction_remarks(rules, "ABCD", Universe(known, PYTHONS))

    idle = {one.position for one in found if one.is_warning}
    assert idle == set(range(len(rules))) - deciding

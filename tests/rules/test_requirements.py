"""Where requirements apply, and what an environment installs."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from matrix.rules.facts import FreeThreading, Python, RequirementRule
from matrix.rules.parts import IntegrationPart, RequirementUse, Row
from matrix.rules.requirements import environment_requirements, requirement_uses
from tests.rules.recorded import suites


def a_rule(
    *requirements: str,
    releases: str = "",
    pythons: str = "",
    free_threading: FreeThreading = FreeThreading.ANY,
) -> RequirementRule:
    return RequirementRule(
        releases=SpecifierSet(releases),
        pythons=SpecifierSet(pythons),
        free_threading=free_threading,
        requirements=requirements,
    )


def a_row(version: str, pythons: str) -> Row:
    return Row(version=Version(version), pythons=tuple(map(Python.parse, pythons.split())))


ROWS = (a_row("1.0", "3.8 3.9"), a_row("2.0", "3.9 3.14 3.14t"), a_row("3.0rc1", "3.14 3.14t"))
EVERYWHERE = {"1.0": "3.8 3.9", "2.0": "3.9 3.14 3.14t", "3.0rc1": "3.14 3.14t"}


def where(use: RequirementUse) -> dict[str, str]:
    return {str(version): " ".join(map(str, pythons)) for version, pythons in use.where}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(a_rule("x"), EVERYWHERE, id="everywhere"),
        pytest.param(a_rule("x", releases="<2"), {"1.0": "3.8 3.9"}, id="some releases"),
        pytest.param(
            a_rule("x", releases=">=3.0rc1"), {"3.0rc1": "3.14 3.14t"}, id="prereleases count"
        ),
        pytest.param(a_rule("x", pythons="<3.9"), {"1.0": "3.8"}, id="some Pythons"),
        pytest.param(
            a_rule("x", pythons=">=3.14"),
            {"2.0": "3.14 3.14t", "3.0rc1": "3.14 3.14t"},
            id="both builds of a Python",
        ),
        pytest.param(
            a_rule("x", free_threading=FreeThreading.ONLY),
            {"2.0": "3.14t", "3.0rc1": "3.14t"},
            id="free-threaded builds only",
        ),
        pytest.param(
            a_rule("x", pythons=">=3.14", free_threading=FreeThreading.NEVER),
            {"2.0": "3.14", "3.0rc1": "3.14"},
            id="never free-threaded builds",
        ),
        pytest.param(
            a_rule("x", releases="<3.0a1", pythons=">=3.9", free_threading=FreeThreading.NEVER),
            {"1.0": "3.9", "2.0": "3.9 3.14"},
            id="difference 4: releases, Pythons and free threading in one rule",
        ),
    ],
)
def test_a_requirement_applies_where_its_rule_says(
    rule: RequirementRule, expected: dict[str, str]
) -> None:
    (use,) = requirement_uses(ROWS, [rule])

    assert where(use) == expected


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(a_rule("x", releases=">9"), id="no release"),
        pytest.param(a_rule("x", pythons="<3.6"), id="no Python"),
        pytest.param(
            a_rule("x", releases="<2", free_threading=FreeThreading.ONLY), id="no free threading"
        ),
    ],
)
def test_a_rule_that_matches_nothing_contributes_nothing(rule: RequirementRule) -> None:
    assert requirement_uses(ROWS, [rule]) == ()


def test_rules_add_up_in_their_order() -> None:
    rules = [a_rule("fakeredis", "pytest"), a_rule("fakeredis<2.36.0", releases="<2")]

    uses = requirement_uses(ROWS, rules)

    assert [use.requirement for use in uses] == ["fakeredis", "pytest", "fakeredis<2.36.0"]


def test_a_requirement_of_two_rules_is_one_use_in_the_place_of_the_first() -> None:
    rules = [
        a_rule("x", releases=">=2"),
        a_rule("y"),
        a_rule("x", pythons="<3.9"),
        a_rule("x", releases="<3", pythons=">=3.14"),
    ]

    uses = requirement_uses(ROWS, rules)

    assert [(use.requirement, where(use)) for use in uses] == [
        ("x", {"1.0": "3.8", "2.0": "3.9 3.14 3.14t", "3.0rc1": "3.14 3.14t"}),
        ("y", EVERYWHERE),
    ]


def a_part(rows: Sequence[Row], rules: Sequence[RequirementRule], *extras: str) -> IntegrationPart:
    return IntegrationPart(
        name="gql",
        project="gql",
        extras=extras,
        group="GraphQL",
        test_path="tests/integrations/gql",
        rows=tuple(rows),
        requirements=requirement_uses(rows, rules),
    )


@pytest.mark.parametrize(
    ("version", "python", "expected"),
    [
        ("1.0", "3.8", ["gql[all,tests]==1.0", "pytest", "httpx<1", "old"]),
        ("1.0", "3.9", ["gql[all,tests]==1.0", "pytest", "httpx<1"]),
        ("2.0", "3.14", ["gql[all,tests]==2.0", "pytest"]),
        ("2.0", "3.14t", ["gql[all,tests]==2.0", "pytest", "threads"]),
    ],
)
def test_an_environment_installs_the_release_first(
    version: str, python: str, expected: list[str]
) -> None:
    rules = [
        a_rule("pytest"),
        a_rule("httpx<1", releases="<2"),
        a_rule("old", pythons="<3.9"),
        a_rule("threads", free_threading=FreeThreading.ONLY),
    ]

    part = a_part(ROWS, rules, "all", "tests")

    assert environment_requirements(part, Version(version), Python.parse(python)) == expected


def test_without_extras_there_are_no_brackets() -> None:
    part = a_part(ROWS, [])

    assert environment_requirements(part, Version("1.0"), Python(8)) == ["gql==1.0"]


def test_httpx_has_a_ladder_of_pytest_httpx() -> None:
    suite = suites()["httpx"]
    rows = [Row(version=pick.version, pythons=pick.pythons) for pick in suite.selection().picks]

    uses = requirement_uses(rows, suite.rules)

    assert [(use.requirement, [str(version) for version, _ in use.where]) for use in uses] == [
        ("anyio>=3,<5", ["0.16.1", "0.20.0", "0.24.1", "0.28.1"]),
        ("pytest-asyncio", ["0.16.1", "0.20.0", "0.24.1", "0.28.1"]),
        ("anyio<4", ["0.16.1", "0.20.0"]),
        ("pytest-httpx==0.10.0", ["0.16.1"]),
        ("pytest-httpx==0.14.0", ["0.20.0"]),
        ("pytest-httpx==0.22.0", ["0.24.1"]),
        ("pytest-httpx==0.35.0", ["0.28.1"]),
    ]


rules = st.lists(
    st.builds(
        lambda names, releases, pythons, threading: a_rule(
            *names, releases=releases, pythons=pythons, free_threading=threading
        ),
        st.lists(st.sampled_from("abc"), min_size=1, max_size=2),
        st.sampled_from(["", "<2", ">=2", ">9"]),
        st.sampled_from(["", "<3.9", ">=3.14"]),
        st.sampled_from(FreeThreading),
    ),
    max_size=5,
)


@given(rules)
def test_each_environment_gets_what_every_rule_says_of_it(
    given_rules: list[RequirementRule],
) -> None:
    part = a_part(ROWS, given_rules)

    for row in ROWS:
        for python in row.pythons:
            expected = {
                requirement
                for rule in given_rules
                if applies(rule, row.version, python)
                for requirement in rule.requirements
            }
            _, *found = environment_requirements(part, row.version, python)
            assert sorted(found) == sorted(expected)


def applies(rule: RequirementRule, version: Version, python: Python) -> bool:
    builds = {
        FreeThreading.ANY: {True, False},
        FreeThreading.ONLY: {True},
        FreeThreading.NEVER: {False},
    }[rule.free_threading]
    return (
        rule.releases.contains(version, prereleases=True)
        and rule.pythons.contains(python.version, prereleases=True)
        and python.free_threaded in builds
    )

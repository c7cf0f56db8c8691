"""Cooldowns, bypasses and shared constraints as pure rules: tables, and what always holds."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from matrix.rules.bounds import carrying, contradictions
from matrix.rules.facts import FreeThreading, Policy, Python, Release, SharedConstraintRule
from matrix.rules.parts import IntegrationPart, RequirementUse, Row
from tests.rules.makers import (
    AS_OF,
    POLICY,
    WEEK,
    YESTERDAY,
    a_hold,
    a_pinned_pick,
    a_release,
    picks,
    releases,
    selected,
    texts,
    why,
)
from tests.rules.test_selection_laws import release_sets

# ruff: noqa: E501  (A table reads best with each case on its line.)
COOLING = replace(POLICY, cooldown=WEEK)


def bypassing(policy: Policy, *versions: str, reason: str = "fixes a leak") -> Policy:
    found = tuple(map(Version, versions))
    return replace(
        policy,
        bypasses=frozenset(found),
        bypass_reasons=tuple((version, reason) for version in found),
    )


# --- Bypasses ------------------------------------------------------------------------------------
def test_a_bypass_lets_one_release_in_and_the_pick_says_why() -> None:
    known = [*releases("1.0"), a_release("1.1", uploaded_at=YESTERDAY)]
    known.append(a_release("1.2", uploaded_at=YESTERDAY))

    found = selected(known, bypassing(COOLING, "1.1"))

    assert picks(found) == ["1.0", "1.1"]
    assert why(found, "1.1") == ["latest", "bypasses the cooldown: fixes a leak"]
    assert texts(found, "1.2") == ["1 day old (needs 7)"]


@pytest.mark.parametrize(
    ("policy", "picked"),
    [
        pytest.param(replace(COOLING, holds=(a_hold("==1.1"),)), ["1.0"], id="a hold wins"),
        pytest.param(replace(COOLING, include=SpecifierSet("<1.1")), ["1.0"], id="not included"),
        pytest.param(replace(COOLING, minimum=Version("1.2")), [], id="below the minimum"),
        pytest.param(replace(COOLING, pinned_picks=(a_pinned_pick("1.1"),)), ["1.0", "1.1"], id="a pinned pick that waits"),
        pytest.param(replace(COOLING, cooldown=timedelta()), ["1.0", "1.1"], id="no cooldown"),
    ],
)  # fmt: skip
def test_a_bypass_skips_the_cooldown_and_nothing_else(policy: Policy, picked: list[str]) -> None:
    known = [*releases("1.0"), a_release("1.1", uploaded_at=YESTERDAY)]

    assert picks(selected(known, bypassing(policy, "1.1"))) == picked


def test_a_bypass_of_a_release_that_is_old_enough_says_nothing() -> None:
    found = selected(releases("1.0", "1.1"), bypassing(COOLING, "1.1"))

    assert found == selected(releases("1.0", "1.1"), COOLING)


@given(known=release_sets, data=st.data())
def test_a_bypass_makes_a_release_old_and_leaves_all_others_alone(
    known: list[Release], data: st.DataObject
) -> None:
    cooling = [release for release in known if release.uploaded_at and release.uploaded_at <= AS_OF]
    if not cooling:
        return
    let_in = data.draw(st.sampled_from(cooling))
    aged = [replace(one, uploaded_at=AS_OF - 2 * WEEK) if one is let_in else one for one in known]

    bypassed = selected(known, bypassing(COOLING, str(let_in.version), reason=""))
    old = selected(aged, COOLING)

    assert bypassed.rejected == old.rejected
    assert picks(bypassed) == picks(old)


# --- Cooldowns -----------------------------------------------------------------------------------
@given(known=release_sets, days=st.lists(st.integers(0, 45), min_size=2, max_size=2))
def test_a_longer_cooldown_never_brings_a_newer_pick(known: list[Release], days: list[int]) -> None:
    shorter, longer = (
        selected(known, replace(POLICY, cooldown=timedelta(days=wait))) for wait in sorted(days)
    )

    if longer.picks:
        assert longer.picks[-1].version <= shorter.picks[-1].version


# --- Shared constraints --------------------------------------------------------------------------
PART = IntegrationPart(
    name="web",
    project="web",
    extras=(),
    group="Network",
    test_path="tests",
    rows=(
        Row(version=Version("1.0"), pythons=(Python(9), Python(14))),
        Row(version=Version("2.0"), pythons=(Python(14), Python(14, free_threaded=True))),
    ),
    requirements=(
        RequirementUse(requirement="pytest", where=((Version("1.0"), (Python(9),)),)),
        RequirementUse(requirement="setuptools>=82", where=((Version("2.0"), (Python(14),)),)),
    ),
)


def a_bound(requirement: str = "setuptools<82", **where: object) -> SharedConstraintRule:
    name, mark, bound = requirement.partition("<")
    rule = SharedConstraintRule(
        project=name, bound=SpecifierSet(mark + bound), requirement=requirement, text="why"
    )
    return replace(rule, **where)  # type: ignore[arg-type]  # Fields of SharedConstraintRule.


def carried(rule: SharedConstraintRule) -> list[str]:
    """Every environment that carries *rule* when each installs the project."""
    found = carrying(PART, [rule], lambda *_: True)
    uses = [use for use in found.requirements if use.requirement == rule.requirement]
    return [
        f"{version} {python}"
        for use in uses
        for version, pythons in use.where
        for python in pythons
    ]


@pytest.mark.parametrize(
    ("rule", "environments"),
    [
        pytest.param(a_bound(), ["1.0 3.9", "1.0 3.14", "2.0 3.14", "2.0 3.14t"], id="everywhere"),
        pytest.param(a_bound(group="Network"), ["1.0 3.9", "1.0 3.14", "2.0 3.14", "2.0 3.14t"], id="its group"),
        pytest.param(a_bound(group="Data"), [], id="another group"),
        pytest.param(a_bound(pythons=SpecifierSet("<3.10")), ["1.0 3.9"], id="some Pythons"),
        pytest.param(a_bound(free_threading=FreeThreading.ONLY), ["2.0 3.14t"], id="free-threaded alone"),
        pytest.param(a_bound(free_threading=FreeThreading.NEVER), ["1.0 3.9", "1.0 3.14", "2.0 3.14"], id="with the GIL"),
        pytest.param(a_bound("web<2"), [], id="the project that is tested"),
    ],
)  # fmt: skip
def test_whom_a_shared_constraint_reaches(
    rule: SharedConstraintRule, environments: list[str]
) -> None:
    assert carried(rule) == environments


def test_a_constraint_that_no_environment_needs_changes_nothing() -> None:
    assert carrying(PART, [a_bound()], lambda *_: False) == PART


def test_a_constraint_that_a_rule_installs_already_is_written_once() -> None:
    rule = a_bound("pytest<9")
    part = replace(
        PART,
        requirements=(
            RequirementUse(requirement="pytest<9", where=((Version("1.0"), (Python(9),)),)),
        ),
    )

    found = carrying(part, [rule], lambda _rule, version, _python: version == Version("1.0"))

    (use,) = found.requirements
    assert use.where == ((Version("1.0"), (Python(9), Python(14))),)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        pytest.param(a_bound(), ["setuptools>=82"], id="no release satisfies both"),
        pytest.param(a_bound("setuptools<83"), [], id="82.x satisfies both"),
        pytest.param(a_bound(pythons=SpecifierSet("<3.10")), [], id="they never meet"),
        pytest.param(a_bound(group="Data"), [], id="another group"),
    ],
)
def test_a_dependency_rule_that_a_constraint_contradicts_is_named(
    rule: SharedConstraintRule, said: list[str]
) -> None:
    assert [text for _, text in contradictions(PART, [rule])] == said

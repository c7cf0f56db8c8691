"""What would make a release a pick: told only when it is true, and true when it is done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import perf_counter

import pytest
from hypothesis import given, settings
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from matrix.rules.facts import Check, Needs, Policy, PrereleasePolicy, Release, Selection
from matrix.rules.hypotheses import would_be_picked
from matrix.rules.judging import Case, verdicts_of
from tests.rules.makers import (
    POLICY,
    WEEK,
    a_hold,
    a_pinned_pick,
    a_release,
    a_restriction,
    releases,
)
from tests.rules.recorded import suites
from tests.rules.test_selection_laws import Case as Drawn
from tests.rules.test_selection_laws import cases
from tests.verdicts.test_explaining import FEW, FOUR, RECENT, a_case

PINNED = "it becomes a pinned pick"
BUDGET = 0.15  # Seconds, for the project with the most releases; a busy machine gets twice that.


def told(case: Case, version: str, page: Mapping[Version, str] | None = None) -> list[str]:
    found = case.select()
    verdicts = verdicts_of(case, found)
    sentences = [
        one.sentence
        for one in would_be_picked(case, verdicts[Version(version)], verdicts, page=page)
    ]
    assert all(text.startswith("Would be picked if ") for text in sentences)
    return [text.removeprefix("Would be picked if ").removesuffix(".") for text in sentences]


TABLE = [
    pytest.param(FEW, {}, "2.2", [], id="a pick needs nothing"),
    pytest.param(
        [*FEW, a_release("2.3", is_yanked=True)],
        {},
        "2.3",
        ["its yank is taken back"],
        id="yanked: no pin helps",
    ),
    pytest.param(
        FEW,
        {"quarantine": "malware"},
        "2.2",
        ["the index ends the quarantine of the project"],
        id="quarantined",
    ),
    pytest.param([*FEW, a_release("2.3", uploaded_at=None)], {}, "2.3", [], id="no files"),
    pytest.param(
        FEW, {"holds": (a_hold("==2.2", "a worm"),)}, "2.2", ["the hold “a worm” ends"], id="held"
    ),
    pytest.param(
        FOUR,
        {"holds": (a_hold("==1.1", "a worm"),)},
        "1.1",
        [f"the hold “a worm” ends and {PINNED}"],
        id="held, and sampled out without the hold",
    ),
    pytest.param(
        FEW,
        {"holds": (a_hold("==2.2", "a worm"), a_hold(">2.1", "slow", everywhere=True))},
        "2.2",
        ["the holds “a worm” and “slow” end"],
        id="held twice",
    ),
    pytest.param(
        RECENT,
        {"cooldown": WEEK},
        "2.3",
        [
            "nothing else changes until 16 Aug 2026, when it is 7 days old",
            "a cooldown bypass lets it in at once",
            f"{PINNED} that skips the cooldown",
        ],
        id="too recent",
    ),
    pytest.param(
        RECENT,
        {"cooldown": WEEK, "holds": (a_hold(">2.2", "slow"),)},
        "2.3",
        ["the hold “slow” ends and nothing else changes until 16 Aug 2026, when it is 7 days old"],
        id="held and too recent",
    ),
    pytest.param(
        FEW,
        {"minimum": Version("2.0")},
        "1.1",
        ["the minimum is lowered to 1.1", PINNED],
        id="below the minimum",
    ),
    pytest.param([*FEW, a_release("2.2.post1")], {}, "2.2.post1", [PINNED], id="a post release"),
    pytest.param(
        FEW,
        {"include": SpecifierSet("<2.2,!=1.1")},
        "2.2",
        ["“<2.2” is taken out of “include”", PINNED],
        id="not included",
    ),
    pytest.param(
        [*FEW, a_release("2.2.1")],
        {},
        "2.2",
        ["2.2.1 is yanked or put on hold", PINNED],
        id="an older patch",
    ),
    pytest.param(
        releases("1.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4", "1.1"),
        {},
        "1.0",
        ["all 4 newer patches up to 1.0.4 are put on hold (<=1.0.4,>1.0)", PINNED],
        id="many newer patches",
    ),
    pytest.param(
        FEW,
        {},
        "2.1",
        ["2.2 is yanked or put on hold", PINNED],
        id="not the highest of its major",
    ),
    pytest.param(
        FOUR, {}, "1.1", ["the number of versions is raised to 6", PINNED], id="sampled out"
    ),
    pytest.param(
        releases("1.0", "1.1", "1.2", "1.2.1", "1.3", "1.4", "1.5", "1.6"),
        {"minimum": Version("1.2")},
        "1.2",
        ["1.2.1 is yanked or put on hold", "the exact minimum is tested", PINNED],
        id="the minimum itself",
    ),
    pytest.param(
        [*FEW, a_release("3.0rc1")],
        {"prereleases": PrereleasePolicy.NEVER},
        "3.0rc1",
        ["release candidates are allowed", PINNED],
        id="a release candidate",
    ),
    pytest.param(
        [*FEW, a_release("3.0b1"), a_release("3.0b2")],
        {},
        "3.0b1",
        ["3.0b2 is yanked", PINNED],
        id="an older prerelease",
    ),
    pytest.param(
        FEW,
        {"restrictions": (a_restriction("<3.6", of=">=2.2"),)},
        "2.2",
        ["the Python restriction <3.6 of >=2.2 is removed"],
        id="restricted to no Python",
    ),
]


@pytest.mark.parametrize(("known", "values", "version", "expected"), TABLE)
def test_each_reason_has_what_would_change_it(
    known: Sequence[Release], values: Mapping[str, object], version: str, expected: list[str]
) -> None:
    policy = replace(POLICY, **values)  # type: ignore[arg-type]  # Fields of Policy.

    assert told(a_case(known, policy), version) == expected


def held(policy: Policy, releases: str) -> Policy:
    return replace(policy, holds=(*policy.holds, a_hold(releases)))


DONE: list[tuple[str, str, Callable[[Policy], Policy]]] = [
    ("1.1", "the number of versions is raised to 6", lambda p: replace(p, number_of_versions=6)),
    ("1.1", PINNED, lambda p: replace(p, pinned_picks=(a_pinned_pick("1.1"),))),
]


@pytest.mark.parametrize(("version", "words", "do"), DONE)
def test_who_does_what_is_told_has_the_pick(
    version: str, words: str, do: Callable[[Policy], Policy]
) -> None:
    case = a_case(FOUR)
    assert words in told(case, version)

    after = replace(case, policy=do(case.policy)).select()

    assert isinstance(after, Selection)
    assert Version(version) in {pick.version for pick in after.picks}


def test_what_is_yanked_or_held_gives_the_pick_either_way() -> None:
    known = [*FEW, a_release("2.2.1")]
    yanked = [*FEW, a_release("2.2.1", is_yanked=True)]

    for case in (a_case(yanked), a_case(known, held(POLICY, "==2.2.1"))):
        found = case.select()
        assert isinstance(found, Selection)
        assert "2.2" in map(str, (pick.version for pick in found.picks))


def test_metadata_that_nobody_read_is_stood_in_for_by_the_index_page() -> None:
    known = [*FEW, a_release("2.2.1")]
    case = a_case(known)
    case = replace(case, metadata={v: m for v, m in case.metadata.items() if v != Version("2.2")})
    proviso = ", as far as the index page says: metadata that this needs was not read yet"

    assert told(case, "2.2") == [f"2.2.1 is yanked or put on hold{proviso}", PINNED + proviso]
    assert told(case, "2.2", {Version("2.2"): ">=3.40"}) == []


@given(cases())
@settings(max_examples=30)
def test_what_is_told_really_gives_a_pick(drawn: Drawn) -> None:
    policy, known, facts = drawn
    case = Case(policy=policy, releases=known, metadata=facts)
    verdicts = verdicts_of(case, case.select())

    for version, verdict in verdicts.items():
        for one in would_be_picked(case, verdict, verdicts):
            found = one.change.apply(case).select()
            assert not one.is_assumed
            assert isinstance(found, Selection)
            assert version in {pick.version for pick in found.picks}, one.sentence


@given(cases())
@settings(max_examples=20)
def test_a_pinned_pick_helps_unless_one_of_the_first_four_checks_or_pythons_stand_against_it(
    drawn: Drawn,
) -> None:
    policy, known, facts = drawn
    policy = replace(policy, pinned_picks=())
    case = Case(policy=policy, releases=known, metadata=facts)
    found = case.select()
    verdicts = verdicts_of(case, found)
    assert not isinstance(found, Needs)
    never = {check.value for check in list(Check)[:4]}

    for verdict in verdicts.values():
        kinds = {reason.kind for reason in verdict.reasons}
        words = [one.change.words for one in would_be_picked(case, verdict, verdicts)]
        is_told = any(text.startswith(PINNED) for text in words)
        pinned = replace(
            policy, pinned_picks=(a_pinned_pick(str(verdict.version), skips_cooldown=True),)
        )
        after = replace(case, policy=pinned).select()
        assert isinstance(after, Selection)
        has_python = verdict.version in {pick.version for pick in after.picks}
        if verdict.is_picked or kinds & never:
            assert not is_told
        else:
            assert is_told == has_python


def test_the_largest_project_is_explained_within_the_budget() -> None:
    suite = max(suites().values(), key=lambda one: len(one.releases))
    case = Case(policy=suite.policy, releases=suite.releases, metadata=suite.metadata)
    verdicts = verdicts_of(case, case.select())
    hardest = next(one for one in verdicts.values() if one.kind == Check.OLDER_PATCH.value)

    def seconds() -> float:
        start = perf_counter()
        assert would_be_picked(case, hardest, verdicts)
        return perf_counter() - start

    assert min(seconds() for _ in range(3)) < 2 * BUDGET

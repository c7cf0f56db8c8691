"""Each check with its state and its fact, as the page of a release lists them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from matrix.rules.explaining import Explanation, State, explain
from matrix.rules.facts import Check, Metadata, Needs, PickReason, Policy, PrereleasePolicy, Release
from matrix.rules.guidance import GUIDE, WORDS, pick_kind
from matrix.rules.judging import LACKING, Case, verdicts_of
from tests.rules.makers import (
    ANYWHERE,
    AS_OF,
    POLICY,
    WEEK,
    YESTERDAY,
    a_hold,
    a_pinned_pick,
    a_release,
    on,
    releases,
)
from tests.rules.test_selection_laws import Case as Drawn
from tests.rules.test_selection_laws import cases

ORDER = list(Check)


def a_case(
    known: Sequence[Release],
    policy: Policy = POLICY,
    metadata: Mapping[str, Metadata] | None = None,
) -> Case:
    """A case in which every release runs on any Python 3, but for the *metadata* given."""
    facts = {release.version: ANYWHERE for release in known}
    facts |= {Version(text): given for text, given in (metadata or {}).items()}
    return Case(policy=policy, releases=known, metadata=facts)


def states(explanation: Explanation) -> str:
    """``PPPPPPPPF···PP``: a letter for each check; a dot did not run, s was skipped."""
    letters = {State.PASS: "P", State.FAILS: "F", State.NOT_RUN: "·", State.SKIPPED: "s"}
    return "".join(letters[one.state] for one in explanation.checks)


def fact(explanation: Explanation, check: Check) -> str:
    return explanation.checks[ORDER.index(check)].fact


FEW = releases("1.0", "1.1", "2.0", "2.1", "2.2")
FOUR = releases("1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
RECENT = [*FEW, a_release("2.3", uploaded_at=YESTERDAY)]

Decides = tuple[Check, str] | None
TABLE = [
    pytest.param(FEW, {}, "2.2", "Picked", None, "PPPPPPPPPPPPP", id="picked as the latest"),
    pytest.param(
        [*FEW, a_release("2.3", uploaded_at=AS_OF + WEEK)],
        {},
        "2.3",
        "Waiting",
        (Check.NOT_UPLOADED_YET, "uploaded 2026-08-17 08:45, after 2026-08-10 08:45"),
        "FPPPPPPP···P·",
        id="not uploaded yet",
    ),
    pytest.param(
        [*FEW, a_release("2.3", is_yanked=True, yank_reason="broken")],
        {},
        "2.3",
        "Not picked",
        (Check.UNAVAILABLE, "yanked: broken"),
        "PFPPPPPP···P·",
        id="yanked",
    ),
    pytest.param(
        [*FEW, a_release("2.3", uploaded_at=None)],
        {"cooldown": WEEK},
        "2.3",
        "Not picked",
        (Check.UNAVAILABLE, "no files"),
        "·FPP·PPP···P·",
        id="without files",
    ),
    pytest.param(
        FEW,
        {"holds": (a_hold(">=2.2", "a worm", everywhere=True),)},
        "2.2",
        "On hold",
        (Check.HELD_EVERYWHERE, "a worm"),
        "PPFPPPPP···P·",
        id="held everywhere",
    ),
    pytest.param(
        FEW,
        {"holds": (a_hold("==2.2", "one"), a_hold(">2", "two"))},
        "2.2",
        "On hold",
        (Check.HELD, "one; two"),
        "PPPFPPPP···P·",
        id="two holds",
    ),
    pytest.param(
        RECENT,
        {"cooldown": WEEK},
        "2.3",
        "Waiting",
        (Check.COOLDOWN, "1 day old (needs 7)"),
        "PPPPFPPP···P·",
        id="too recent",
    ),
    pytest.param(
        FEW,
        {"minimum": Version("2.0")},
        "1.1",
        "Not picked",
        (Check.BELOW_MINIMUM, "below 2.0"),
        "PPPPPFPP···P·",
        id="below the minimum",
    ),
    pytest.param(
        [*FEW, a_release("2.2.post1")],
        {},
        "2.2.post1",
        "Not picked",
        (Check.POST_OR_DEV, "post release"),
        "PPPPPPFP···P·",
        id="a post release",
    ),
    pytest.param(
        [*FEW, a_release("3.0.dev1")],
        {},
        "3.0.dev1",
        "Not picked",
        (Check.POST_OR_DEV, "development release"),
        "PPPPPPFP·····",
        id="a development release",
    ),
    pytest.param(
        FEW,
        {"include": SpecifierSet("<2.2,!=1.1")},
        "2.2",
        "Not picked",
        (Check.NOT_INCLUDED, "outside !=1.1,<2.2"),
        "PPPPPPPF···P·",
        id="not included",
    ),
    pytest.param(
        [*FEW, a_release("2.2.1")],
        {},
        "2.2",
        "Not picked",
        (Check.OLDER_PATCH, "older than 2.2.1"),
        "PPPPPPPPF··P·",
        id="an older patch",
    ),
    pytest.param(
        FOUR,
        {},
        "1.1",
        "Not picked",
        (Check.SAMPLED_OUT, "4 of 8 minor versions are tested"),
        "PPPPPPPPPPFP·",
        id="sampled out",
    ),
    pytest.param(
        [*FEW, a_release("3.0rc1")],
        {"prereleases": PrereleasePolicy.NEVER},
        "3.0rc1",
        "Not picked",
        (Check.PRERELEASE, "prereleases are not tested"),
        "PPPPPPPP···F·",
        id="no prereleases",
    ),
    pytest.param(
        [*FEW, a_release("3.0rc1")],
        {},
        "3.0rc1",
        "Picked",
        None,
        "PPPPPPPP···PP",
        id="the prerelease",
    ),
    pytest.param(
        FOUR,
        {"pinned_picks": (a_pinned_pick("1.1"),)},
        "1.1",
        "Picked",
        None,
        "PPPPPPPPPPsPP",
        id="a pinned pick skips what would keep it out",
    ),
    pytest.param(
        FEW,
        {"pinned_picks": (a_pinned_pick("1.1"),), "minimum": Version("2.0")},
        "1.1",
        "Picked",
        None,
        "PPPPPsPP···PP",
        id="a pinned pick below the minimum",
    ),
    pytest.param(
        RECENT,
        {"pinned_picks": (a_pinned_pick("2.3"),), "cooldown": WEEK},
        "2.3",
        "Waiting",
        (Check.COOLDOWN, "1 day old (needs 7)"),
        "PPPPFPPP···P·",
        id="a pinned pick waits",
    ),
    pytest.param(
        RECENT,
        {"bypasses": frozenset({Version("2.3")}), "cooldown": WEEK},
        "2.3",
        "Picked",
        None,
        "PPPPsPPPPPPPP",
        id="a bypass of the cooldown",
    ),
    pytest.param(
        [a_release("2.0.0"), a_release("2.0.1"), a_release("2.1")],
        {"minimum": Version("2.0.0"), "tests_exact_minimum": True},
        "2.0.0",
        "Picked",
        None,
        "PPPPPPPPs··PP",
        id="the exact minimum",
    ),
]


@pytest.mark.parametrize(("known", "values", "version", "word", "decides", "expected"), TABLE)
def test_each_check_has_its_state_and_the_first_that_fails_decides(
    *,
    known: Sequence[Release],
    values: Mapping[str, object],
    version: str,
    word: str,
    decides: Decides,
    expected: str,
) -> None:
    policy = replace(POLICY, **values)  # type: ignore[arg-type]  # Fields of Policy.

    explanation = explain(a_case(known, policy), Version(version))

    assert explanation.verdict.word == word
    assert states(explanation) == expected
    if decides is not None:
        failing = [one for one in explanation.checks if one.is_deciding]
        assert [(one.check, one.fact) for one in failing] == [decides]


def test_a_release_without_a_python_in_common_says_what_it_declares() -> None:
    known = releases("1.0", "2.0", "3.0")
    case = a_case(known, metadata={"1.0": on("2.7"), "3.0": on("2.7")})

    below, none = (explain(case, Version(text)) for text in ("1.0", "3.0"))

    claim = "declares 2.7; the SDK supports 3.6 to 3.14"
    assert fact(below, Check.BELOW_LOW_END) == claim
    assert states(below) == "PPPPPPPPPF·P·"
    assert fact(none, Check.NO_PYTHON) == claim
    assert states(none)[-1] == "F"


def test_facts_say_what_was_compared() -> None:
    policy = replace(POLICY, cooldown=WEEK, minimum=Version("1.0"), include=SpecifierSet("<3"))

    explanation = explain(a_case(FEW, policy), Version("2.2"))

    assert [one.fact for one in explanation.checks] == [
        "uploaded 10 Aug 2025",
        "has files, not yanked",
        "no hold everywhere names it",
        "no hold names it",
        "365 days old (needs 7)",
        "not below 1.0",
        "neither of them",
        "inside <3",
        "no newer patch is in the running",
        "not before the low end",
        "latest; highest of major 2",
        "a final release",
        "tested on 3.6, 3.13, 3.14, 3.14t",
    ]


def test_an_unknown_time_is_not_told_as_an_age() -> None:
    known = [a_release("1.0", uploaded_at=AS_OF - timedelta(days=20_000), is_time_known=False)]

    explanation = explain(a_case(known, replace(POLICY, cooldown=WEEK)), Version("1.0"))

    assert fact(explanation, Check.COOLDOWN) == "there since the first poll (needs 7 days)"


def test_what_lacks_metadata_is_unknown_but_for_what_fails_by_itself() -> None:
    known = [*FEW, a_release("2.3", is_yanked=True), a_release("3.0rc1")]
    case = Case(policy=POLICY, releases=known, metadata={})

    verdicts = verdicts_of(case, case.select())
    explanation = explain(case, Version("2.2"))

    assert {str(version): one.word for version, one in verdicts.items()} == {
        **dict.fromkeys(["1.0", "1.1", "2.0", "2.1", "2.2", "3.0rc1"], "Unknown"),
        "2.3": "Not picked",
    }
    assert explanation.verdict.kind == LACKING
    assert explanation.verdict.text == "the metadata of 1.0, 2.2, 3.0rc1 was not read yet"
    assert states(explanation) == "PPPPPPPP···P·"


@given(cases())
@settings(max_examples=40)
def test_what_is_explained_is_what_select_says(drawn: Drawn) -> None:
    policy, known, facts = drawn
    case = Case(policy=policy, releases=known, metadata=facts)
    found = case.select()
    assert not isinstance(found, Needs)
    verdicts = verdicts_of(case, found)
    picked = {pick.version: pick for pick in found.picks}

    assert verdicts.keys() == picked.keys() | found.rejected.keys()
    for version in verdicts:
        explanation = explain(case, version, found=found, verdicts=verdicts)
        failing = [one for one in explanation.checks if one.state is State.FAILS]
        deciding = [one for one in explanation.checks if one.is_deciding]
        assert explanation.verdict.is_picked == (version in picked)
        if version in picked:
            assert explanation.verdict.reasons == picked[version].reasons
            assert failing == []
        else:
            assert explanation.verdict.reasons == found.rejected[version]
            assert deciding == failing[:1]
            assert deciding[0].check.value == found.rejected[version][0].kind


@given(cases())
@settings(max_examples=30)
def test_a_verdict_without_metadata_is_that_with_it_or_unknown(drawn: Drawn) -> None:
    policy, known, facts = drawn
    bare = Case(policy=policy, releases=known, metadata={})
    full = Case(policy=policy, releases=known, metadata=facts)

    before, after = (verdicts_of(case, case.select()) for case in (bare, full))

    for version, verdict in before.items():
        assert verdict.kind in {LACKING, after[version].kind}


def test_every_check_and_every_reason_to_pick_has_its_own_place_in_the_guide() -> None:
    anchors = [entry.anchor for entry in GUIDE.values()]

    assert list(GUIDE) == [
        *(check.value for check in Check),
        *(pick_kind(reason.value) for reason in PickReason),
    ]
    assert len(set(anchors)) == len(anchors)
    assert {entry.word for entry in GUIDE.values()} <= set(WORDS)
    assert all(max(map(len, (entry.rule, entry.word))) < 40 for entry in GUIDE.values())

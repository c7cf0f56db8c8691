"""What holds for every catalogue and every index."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from matrix.rules.facts import (
    Check,
    HoldRule,
    Metadata,
    Policy,
    PrereleasePolicy,
    Release,
    Selection,
)
from matrix.rules.selection import select
from tests.rules.makers import (
    AS_OF,
    POLICY,
    a_pinned_pick,
    a_restriction,
    asked_for,
    on,
)

NUMBERS = st.integers(0, 3)
ORDER = [check.value for check in Check]
BY_THEMSELVES = ORDER[: ORDER.index("older patch")]

versions = st.builds(
    lambda epoch, major, minor, patch, suffix: f"{epoch}{major}.{minor}{patch}{suffix}",
    st.sampled_from(["", "", "", "1!"]),
    NUMBERS,
    NUMBERS,
    st.sampled_from(["", ".0", ".1", ".2", ".1.1"]),
    st.sampled_from(["", "", "", "a1", "b1", "rc1", "rc2", ".post1", ".dev1"]),
)
specifiers = st.builds(
    lambda operator, version: SpecifierSet(operator + version),
    st.sampled_from(["<", "<=", "==", ">=", "!="]),
    versions,
)
release_sets = st.lists(
    st.builds(
        Release,
        version=versions.map(Version),
        uploaded_at=st.one_of(
            st.none(),
            st.integers(-3, 40).map(lambda days: AS_OF - timedelta(days=days)),
        ),
        is_time_known=st.booleans(),
        is_yanked=st.sampled_from([False, False, False, True]),
        abi_tags=st.sampled_from(
            [frozenset(), frozenset({"none"}), frozenset({"cp314t"}), frozenset({"abi3"})]
        ),
    ),
    max_size=25,
    unique_by=lambda release: release.version,
)
metadata = st.one_of(
    st.lists(st.sampled_from(["2.7", "3", "3.6", "3.9", "3.14"]), max_size=4).map(
        lambda pythons: on(*pythons)
    ),
    st.sampled_from(["", ">=3.6", "<3", ">=3.6.*", "nonsense"]).map(
        lambda text: Metadata(requires_python=text)
    ),
)
holds = st.builds(HoldRule, releases=specifiers, is_everywhere=st.booleans(), text=st.just("why"))
policies = st.builds(
    replace,
    st.just(POLICY),
    cooldown=st.sampled_from([timedelta(), timedelta(days=7)]),
    minimum=st.one_of(st.none(), versions.map(Version)),
    tests_exact_minimum=st.booleans(),
    include=st.one_of(st.just(SpecifierSet()), specifiers),
    number_of_versions=st.sampled_from([None, 2, 3, 4]),
    prereleases=st.sampled_from(PrereleasePolicy),
    restrictions=st.sampled_from([(), (a_restriction(">=3.9", of="<2"),)]),
    pinned_picks=st.lists(
        st.builds(a_pinned_pick, versions, skips_cooldown=st.booleans()), max_size=2
    ).map(tuple),
    holds=st.lists(holds, max_size=2).map(tuple),
    quarantine=st.sampled_from(["", "", "", "malware"]),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Policy, list[Release], dict[Version, Metadata]]:
    known = draw(release_sets)
    return draw(policies), known, {release.version: draw(metadata) for release in known}


Case = tuple[Policy, list[Release], dict[Version, Metadata]]


def the_selection(case: Case) -> Selection:
    found = select(*case)
    assert isinstance(found, Selection)
    return found


def named(policy: Policy) -> set[Version]:
    """The releases that the catalogue names itself."""
    exact = {policy.minimum} if policy.minimum and policy.tests_exact_minimum else set()
    return exact | {pinned.version for pinned in policy.pinned_picks}


@given(cases(), st.randoms())
def test_the_order_of_releases_plays_no_role(case: Case, random: Random) -> None:
    policy, known, facts = case
    shuffled = list(known)
    random.shuffle(shuffled)

    assert select(policy, shuffled, facts) == the_selection(case)
    assert list(the_selection(case).rejected) == sorted(the_selection(case).rejected)


@given(cases())
def test_every_release_has_exactly_one_verdict(case: Case) -> None:
    selection = the_selection(case)

    verdicts = [pick.version for pick in selection.picks] + list(selection.rejected)

    assert sorted(verdicts) == sorted(release.version for release in case[1])
    assert all(selection.rejected.values())


@given(cases())
def test_reasons_come_in_the_order_of_the_checks(case: Case) -> None:
    for reasons in the_selection(case).rejected.values():
        positions = [ORDER.index(reason.kind) for reason in reasons]
        assert positions == sorted(positions)


@given(cases())
def test_picks_ascend_and_have_pythons_and_reasons(case: Case) -> None:
    picks = the_selection(case).picks

    assert [pick.version for pick in picks] == sorted(pick.version for pick in picks)
    for pick in picks:
        assert pick.reasons
        assert pick.pythons
        assert list(pick.pythons) == sorted(set(pick.pythons))
        assert [python.free_threaded for python in pick.pythons[:-1]].count(True) == 0


@given(cases())
def test_at_most_one_prerelease_is_picked_that_nobody_named(case: Case) -> None:
    picked = {pick.version for pick in the_selection(case).picks if pick.version.is_prerelease}

    assert len(picked - named(case[0])) <= 1


@given(cases())
def test_no_more_stable_releases_are_sampled_than_asked_for(case: Case) -> None:
    policy = case[0]
    stable = [pick for pick in the_selection(case).picks if not pick.version.is_prerelease]
    sampled = [pick for pick in stable if pick.version not in named(policy)]

    assert policy.number_of_versions is None or len(sampled) <= policy.number_of_versions


@given(cases())
def test_what_is_asked_for_is_asked_once_and_decides(case: Case) -> None:
    policy, known, facts = case

    questions, selection = asked_for(known, policy, facts)  # Asserts that nothing is asked twice.

    asked = {Version(text) for question in questions for text in question}
    assert {pick.version for pick in selection.picks} <= asked
    assert asked <= {release.version for release in known}
    # Facts that were not asked for play no role.
    assert selection == the_selection(case)


@given(cases(), holds)
def test_a_hold_keeps_out_what_it_names_and_no_release_passes_because_of_it(
    case: Case, hold: HoldRule
) -> None:
    policy, known, facts = case
    before = the_selection(case)
    after = the_selection((replace(policy, holds=(*policy.holds, hold)), known, facts))

    for release in known:
        kinds = [reason.kind for reason in after.rejected.get(release.version, ())]
        if hold.releases.contains(release.version, prereleases=True):
            assert kinds[0] in BY_THEMSELVES
            assert Check.HELD.value in kinds or Check.HELD_EVERYWHERE.value in kinds
        else:
            # Checks that look at a release by itself say of it what they said before.
            assert alone(after, release.version) == alone(before, release.version)


def alone(selection: Selection, version: Version) -> list[str]:
    reasons = selection.rejected.get(version, ())
    return [reason.text for reason in reasons if reason.kind in BY_THEMSELVES]


@given(cases(), holds)
def test_a_hold_that_names_no_release_changes_nothing(case: Case, hold: HoldRule) -> None:
    policy, known, facts = case
    others = [
        release
        for release in known
        if not hold.releases.contains(release.version, prereleases=True)
    ]

    without = select(policy, others, facts)

    assert select(replace(policy, holds=(*policy.holds, hold)), others, facts) == without


@given(cases())
def test_nothing_that_is_uploaded_later_bears_on_the_past(case: Case) -> None:
    policy, known, facts = case
    there = [
        release
        for release in known
        if release.uploaded_at is None or release.uploaded_at <= policy.as_of
    ]

    now, then = the_selection(case), the_selection((policy, there, facts))

    assert now.picks == then.picks

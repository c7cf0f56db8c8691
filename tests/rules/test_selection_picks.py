"""What is picked: the low end, the sample, prereleases; with the worked examples of the past."""

from dataclasses import replace

import pytest
from packaging.version import Version

from matrix.rules.facts import Check, Needs
from matrix.rules.lowend import first_supported
from matrix.rules.sampling import spread
from matrix.rules.selection import select
from tests.rules.makers import (
    ANYWHERE,
    POLICY,
    a_pinned_pick,
    a_release,
    a_restriction,
    asked_for,
    checks,
    factors,
    on,
    picks,
    releases,
    selected,
    texts,
    why,
)
from tests.rules.recorded import suites


@pytest.mark.parametrize(
    ("count", "number", "expected"),
    [
        pytest.param(106, 4, [0, 35, 70, 105], id="anthropic"),
        pytest.param(63, 4, [0, 21, 42, 62], id="fastapi"),
        pytest.param(48, 4, [0, 16, 32, 47], id="grpc"),
        pytest.param(25, 4, [0, 8, 16, 24], id="boto3"),
        pytest.param(20, 4, [0, 6, 12, 19], id="litellm, the last gap is the widest"),
        pytest.param(13, 4, [0, 4, 8, 12], id="httpx"),
        pytest.param(11, 4, [0, 3, 6, 10], id="httpx2"),
        pytest.param(9, 4, [0, 3, 6, 8], id="sanic"),
        pytest.param(4, 4, [0, 1, 2, 3], id="four of four"),
        pytest.param(3, 4, [0, 1, 2], id="four of three"),
        pytest.param(2, 4, [0, 1], id="four of two"),
        pytest.param(1, 4, [0], id="four of one"),
        pytest.param(1, 2, [0], id="two of one"),
        pytest.param(0, 4, [], id="four of none"),
        pytest.param(13, 2, [0, 12], id="two of thirteen"),
    ],
)
def test_a_spread_has_both_ends_and_equal_steps(
    count: int, number: int, expected: list[int]
) -> None:
    assert spread(count, number) == expected


@pytest.mark.parametrize(
    ("count", "first", "probes", "expected"),
    [
        pytest.param(35, 12, [0, 17, 8, 13, 11, 12], 12, id="requests"),
        pytest.param(39, 9, [0, 19, 9, 4, 7, 8], 9, id="redis"),
        pytest.param(106, 0, [0], 0, id="the first supports"),
        pytest.param(4, 99, [0, 2, 3], 0, id="none supports, so nothing is cut"),
        pytest.param(1, 99, [0, 0], 0, id="the only one does not support"),
        pytest.param(0, 0, [], 0, id="nothing to probe"),
    ],
)
def test_the_low_end_is_found_with_few_probes(
    count: int, first: int, probes: list[int], expected: int
) -> None:
    probed = []

    def supports(position: int) -> bool:
        probed.append(position)
        return position >= first

    assert first_supported(count, supports) == expected
    assert probed == probes


def test_metadata_is_asked_for_one_probe_at_a_time_and_what_is_certain_with_the_first() -> None:
    suite = suites()["requests"]

    questions, _ = asked_for(suite.releases, suite.policy, suite.metadata)

    assert questions == [
        ["2.0.1", "2.34.2"],
        ["2.17.3"],
        ["2.8.1"],
        ["2.13.0"],
        ["2.11.1"],
        ["2.12.5"],
    ]


def test_the_first_question_names_the_prerelease_and_what_the_catalogue_names() -> None:
    policy = replace(
        POLICY,
        minimum=Version("1.0"),
        tests_exact_minimum=True,
        pinned_picks=(a_pinned_pick("1.2.0"),),
    )
    known = releases("1.0", "1.0.1", "1.1", "1.2.0", "1.2.1", "1.3", "2.0rc1")

    found = select(policy, known, {})

    assert found == Needs(frozenset(map(Version, ["1.0", "1.0.1", "1.2.0", "1.3", "2.0rc1"])))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("anthropic", ["0.16.0", "0.51.0", "0.86.0", "0.121.0"]),
        ("beam", ["2.14.0", "2.75.0"]),
        ("clickhouse_driver", ["0.2.11"]),
        ("dramatiq", ["1.9.0", "2.2.0"]),
        ("fastmcp", ["0.1.0", "0.4.1", "1.0", "2.14.7", "3.4.6", "4.0.0b2"]),
        ("gql", ["3.4.1", "4.0.0", "4.4.0b0"]),
        ("httpx", ["0.16.1", "0.20.0", "0.24.1", "0.28.1"]),
        ("pyreqwest", ["0.11.8", "0.12.3"]),
        ("redis", ["2.10.6", "3.5.3", "4.6.0", "5.3.1", "6.4.0", "7.4.1", "8.1.0"]),
        ("requests", ["2.12.5", "2.34.2"]),
        ("sanic", ["0.8.3", "20.12.7", "23.12.2", "25.12.1"]),
        ("sqlalchemy", ["1.2.19", "1.4.54", "2.0.51", "2.1.0b3"]),
        ("trytond", ["4.6.22", "4.8.18", "5.8.16", "6.8.17", "7.8.14", "8.0.8"]),
    ],
)
def test_worked_examples_are_picked(name: str, expected: list[str]) -> None:
    assert picks(suites()[name].selection()) == expected


def test_latest_is_never_a_prerelease() -> None:
    latest = suites()["gql"].selection().latest

    assert latest is not None
    assert str(latest.version) == "4.0.0"


def test_reasons_of_one_major_are_lowest_latest_and_evenly_spaced() -> None:
    selection = suites()["httpx"].selection()

    reasons = {version: why(selection, version) for version in picks(selection)}

    assert reasons == {
        "0.16.1": ["lowest"],
        "0.20.0": ["evenly spaced 2 of 4"],
        "0.24.1": ["evenly spaced 3 of 4"],
        "0.28.1": ["latest"],
    }


def test_reasons_of_several_majors_name_them() -> None:
    selection = selected(releases("1.0", "1.1", "2.0", "2.1", "1!0.1", "1!0.2"))

    reasons = {version: why(selection, version) for version in picks(selection)}

    assert reasons == {
        "1.0": ["lowest"],
        "1.1": ["highest of major 1"],
        "2.1": ["highest of major 2"],
        "1!0.2": ["latest", "highest of major 1!0"],
    }


def test_a_pick_may_have_several_reasons() -> None:
    policy = replace(
        POLICY,
        minimum=Version("1.0"),
        tests_exact_minimum=True,
        pinned_picks=(a_pinned_pick("1.0"), a_pinned_pick("2.0rc1")),
    )

    selection = selected(releases("1.0", "2.0rc1"), policy)

    assert why(selection, "1.0") == [
        "lowest",
        "latest",
        "exact minimum 1.0",
        "pinned: customers run it",
    ]
    assert why(selection, "2.0rc1") == ["prerelease 2.0rc1 above 1.0", "pinned: customers run it"]


@pytest.mark.parametrize("number", [0, 1, None])
def test_a_number_of_versions_below_two_says_nothing(number: int | None) -> None:
    known = releases("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")

    selection = selected(known, replace(POLICY, number_of_versions=number))

    assert picks(selection) == ["1.0", "1.2", "1.4", "1.5"]


def test_difference_1_a_restriction_of_some_releases_takes_part_in_the_low_end_search() -> None:
    known = releases("1.0", "1.1", "1.2", "1.3", "1.4")
    old = {"1.0": on("2.7"), "1.1": on("3.6")}
    restriction = a_restriction(">=3.8", of="<1.2")

    selection = selected(known, replace(POLICY, restrictions=(restriction,)), old)

    assert picks(selection) == ["1.2", "1.3", "1.4"]
    assert texts(selection, "1.0") == ["declares 2.7; the SDK supports 3.6 to 3.14"]
    assert texts(selection, "1.1") == ["declares 3.6, restricted to >=3.8"]


def test_difference_3_a_release_is_yanked_when_all_its_files_are_wherever_the_first_stands() -> (
    None
):
    selection = selected([a_release("1.0"), a_release("1.0.1", is_yanked=True)])

    assert picks(selection) == ["1.0"]
    assert checks(selection, "1.0.1") == [Check.UNAVAILABLE]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        pytest.param(["1.2.3", "1.2.3.1"], ["1.2.3.1"], id="the fourth component counts"),
        pytest.param(["1.2.3.1", "1.2.3"], ["1.2.3.1"], id="whichever the index names first"),
        pytest.param(["2.0.1", "1!2.0"], ["2.0.1", "1!2.0"], id="epochs are different versions"),
    ],
)
def test_difference_3_the_whole_version_counts(versions: list[str], expected: list[str]) -> None:
    assert picks(selected(releases(*versions))) == expected


def test_no_cut_when_no_release_has_a_python_in_common() -> None:
    known = releases("1.0", "1.1", "1.2")

    selection = selected(known, metadata=dict.fromkeys(["1.0", "1.1", "1.2"], on("2.7")))

    assert picks(selection) == []
    assert {checks(selection, str(release.version))[0] for release in known} == {Check.NO_PYTHON}


def test_what_lies_between_is_inferred_from_the_probes() -> None:
    known = releases("1.0", "1.1", "1.2", "1.3", "1.4")
    declared = {"1.0": on("2.7"), "1.1": on("3.9"), "1.2": on("2.7"), "1.3": on("2.7")}

    selection = selected(known, metadata=declared)

    assert picks(selection) == ["1.4"]
    assert texts(selection, "1.1") == ["below 1.4, the oldest with a Python in common (inferred)"]


@pytest.mark.parametrize("advisory", [True, False])
def test_picks_that_are_prereleases_are_advisory_where_the_policy_says_so(
    *, advisory: bool
) -> None:
    policy = replace(POLICY, advisory_prereleases=advisory, pinned_picks=(a_pinned_pick("2.0a1"),))

    selection = selected(releases("1.0", "2.0a1", "2.0b1"), policy)

    assert {str(pick.version): pick.is_advisory for pick in selection.picks} == {
        "1.0": False,
        "2.0a1": advisory,
        "2.0b1": advisory,
    }


def test_a_pick_has_the_pythons_that_its_release_and_the_sdk_share() -> None:
    declared = {"1.0": on("2.7", "3.6"), "1.1": on("3.9", "3.10", "3.13"), "1.2": ANYWHERE}
    restriction = a_restriction("<3.14", of=">=1.1")

    selection = selected(
        releases("1.0", "1.1", "1.2"), replace(POLICY, restrictions=(restriction,)), declared
    )

    assert factors(selection) == {
        "1.0": ["3.6"],
        "1.1": ["3.9", "3.10", "3.13"],
        "1.2": ["3.6", "3.12", "3.13"],
    }


def test_unreadable_requires_python_of_a_pick_is_noted() -> None:
    selection = selected(
        releases("1.0"), metadata={"1.0": on("3", requires_python="three or more")}
    )

    assert factors(selection) == {"1.0": ["3.6", "3.13", "3.14", "3.14t"]}
    assert [note.text for note in selection.notes] == [
        '1.0: Requires-Python "three or more" cannot be read, so it does not count.',
        (
            "Free threading of 1.0 is read from pure-Python wheels alone: "
            "they count as capable until environments are resolved."
        ),
    ]


def test_own_free_threaded_wheels_need_no_note() -> None:
    known = [a_release("1.0", abi_tags=frozenset({"cp314", "cp314t"}))]

    selection = selected(known)

    assert factors(selection) == {"1.0": ["3.6", "3.13", "3.14", "3.14t"]}
    assert selection.notes == ()

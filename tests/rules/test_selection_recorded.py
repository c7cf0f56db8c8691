"""
All 61 integrations of the replaced script, on what the index showed at its last full run.

Compared with ``oracle.py``, which shares no code with the rules.
"""

from collections import Counter
from dataclasses import fields, replace

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from matrix.rules.facts import Check
from tests.rules.makers import asked_for, checks, factors, picks
from tests.rules.oracle import PORTAL, SCRIPT, Differences, Oracle, Picks
from tests.rules.recorded import AS_OF, catalogue, index_files, index_metadata, suites

NAMES = [suite["name"] for suite in catalogue()["suites"]]


def an_oracle(name: str, differences: Differences) -> Oracle:
    (suite,) = (suite for suite in catalogue()["suites"] if suite["name"] == name)
    return Oracle(
        suite,
        index_files()[canonicalize_name(suite["package"])],
        index_metadata(),
        as_of=AS_OF,
        supported=catalogue()["sdk_python_versions"],
        differences=differences,
    )


def with_the_gil(name: str) -> Picks:
    """What the portal picks, without free-threaded builds."""
    found = factors(suites()[name].selection())
    return {
        version: [python for python in pythons if not python.endswith("t")]
        for version, pythons in found.items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_picks_and_factors_are_those_of_the_oracle(name: str) -> None:
    expected = an_oracle(name, PORTAL).picks()

    assert with_the_gil(name) == expected
    assert expected, "Every integration gives rows."


def test_there_are_61_integrations_with_182_rows() -> None:
    sizes = Counter(len(found) for name in NAMES for found in with_the_gil(name).values())

    assert len(NAMES) == 61
    # 181 rows of the script (12, 8 and 161) and the low end of huey, which it had lost.
    assert sizes == {1: 12, 2: 9, 3: 161}


def test_difference_1_gives_huey_its_low_end_back_and_nothing_else_differs_from_the_script() -> (
    None
):
    differing = {
        name: (script, with_the_gil(name))
        for name in NAMES
        if (script := an_oracle(name, SCRIPT).picks()) != with_the_gil(name)
    }

    latest = {"3.3.4": ["3.8", "3.13", "3.14"]}
    assert differing == {"huey": (latest, {"2.1.3": ["3.6", "3.7"], **latest})}


@pytest.mark.parametrize(
    ("switch", "expected"),
    [
        pytest.param("restrictions_in_low_end", ["huey"], id="1 restrictions in the search"),
        pytest.param("yanked_means_all_files", [], id="3 yanked means all files"),
        pytest.param("whole_version_counts", [], id="3 fourth component and epochs"),
        pytest.param("restrictions_match_prereleases", [], id="restrictions match prereleases"),
    ],
)
def test_each_deliberate_difference_changes_these_integrations(
    switch: str, expected: list[str]
) -> None:
    without = replace(PORTAL, **{switch: False})

    assert [
        name for name in NAMES if an_oracle(name, without).picks() != with_the_gil(name)
    ] == expected


def test_every_switch_of_the_oracle_is_tested() -> None:
    assert [field.name for field in fields(Differences)] == [
        "restrictions_in_low_end",
        "yanked_means_all_files",
        "whole_version_counts",
        "restrictions_match_prereleases",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_metadata_of_probes_and_picks_is_asked_for_and_of_nothing_else(name: str) -> None:
    suite, oracle = suites()[name], an_oracle(name, PORTAL)
    expected = {*oracle.picks(), *oracle.probes}

    questions, selection = asked_for(suite.releases, suite.policy, suite.metadata)

    assert {version for question in questions for version in question} == expected
    assert selection == suite.selection()


@pytest.mark.parametrize("name", NAMES)
def test_every_release_has_one_verdict(name: str) -> None:
    suite = suites()[name]
    selection = suite.selection()

    verdicts = [pick.version for pick in selection.picks] + list(selection.rejected)

    # A set: celery has both a 1.0 and a 1.0.0, which are one version.
    assert sorted(verdicts) == sorted({release.version for release in suite.releases})
    assert all(selection.rejected.values()), "Each rejection has a reason."


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        pytest.param("asyncpg", "0.31.0", True, id="asyncpg has cp314t wheels"),
        pytest.param("pymongo", "4.17.0", True, id="pymongo has cp314t wheels"),
        pytest.param("aiohttp", "3.14.3", True, id="aiohttp has cp314t wheels"),
        pytest.param("flask", "3.1.3", True, id="flask is pure Python"),
        pytest.param("trytond", "8.0.8", True, id="trytond is pure Python"),
        pytest.param("spark", "4.2.0", False, id="spark has an sdist alone"),
        pytest.param("grpc", "1.83.0", False, id="grpcio has no free-threaded wheel"),
        pytest.param("litellm", "1.96.0", False, id="litellm has no free-threaded wheel"),
        pytest.param("clickhouse_driver", "0.2.11", False, id="nor has clickhouse-driver"),
    ],
)
def test_a_free_threaded_factor_follows_the_release_s_own_wheels(
    name: str, version: str, *, expected: bool
) -> None:
    selection = suites()[name].selection()

    assert ("3.14t" in factors(selection)[version]) is expected


def test_what_was_uploaded_since_is_not_there_yet() -> None:
    selection = suites()["boto3"].selection()
    later = [
        release.version
        for release in suites()["boto3"].releases
        if release.uploaded_at is not None and release.uploaded_at > AS_OF
    ]

    assert later
    assert {checks(selection, str(version))[0] for version in later} == {Check.NOT_UPLOADED_YET}
    assert max(map(Version, picks(selection))) < min(later)

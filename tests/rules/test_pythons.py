"""Which Pythons a release declares, and which of these are tested."""

import pytest
from packaging.version import Version

from matrix.rules.facts import Metadata, Python
from matrix.rules.pythons import (
    declared_pythons,
    free_threaded,
    pick_pythons,
    requires_python_problem,
    restriction_of,
)
from tests.rules.makers import PYTHONS, a_restriction, on
from tests.rules.recorded import suites

ALL = "3.6 3.7 3.8 3.9 3.10 3.11 3.12 3.13 3.14"


def declared(metadata: Metadata) -> str:
    return " ".join(map(str, declared_pythons(metadata, PYTHONS)))


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        pytest.param(
            on("3", "3.9", "3.10"), "3.9 3.10", id="classifiers, in the order of versions"
        ),
        pytest.param(on("3.10", "3.9"), "3.9 3.10", id="whatever their own order"),
        pytest.param(
            on("3.6", requires_python=">=3.6.1"), "3.6", id="classifiers beat Requires-Python"
        ),
        pytest.param(on("3.14", "3.15"), "3.14", id="what the SDK does not support is harmless"),
        pytest.param(on("2.7"), "", id="an old minor version alone is an answer"),
        pytest.param(
            on("3", "2.7", requires_python=">=3.6"), "", id="and rules the other ways out"
        ),
        pytest.param(
            on("3", requires_python=">=3.12"), "3.12 3.13 3.14", id="Requires-Python beats plain 3"
        ),
        pytest.param(
            Metadata(requires_python=">=3.8.1,<3.11"),
            "3.9 3.10",
            id="a bound on a patch release excludes its minor version",
        ),
        pytest.param(Metadata(requires_python="<3.14,>=3.10"), "3.10 3.11 3.12 3.13", id="bounds"),
        pytest.param(Metadata(requires_python=">=3.8"), ALL[8:], id="no upper end"),
        pytest.param(Metadata(requires_python=" "), "", id="a blank Requires-Python says nothing"),
        pytest.param(on("3"), ALL, id="the plain classifier of Python 3 means all"),
        pytest.param(on("2"), "", id="that of Python 2 does not"),
        pytest.param(Metadata(), "", id="nothing declared"),
        pytest.param(
            Metadata(
                classifiers=(
                    "Programming Language :: Python :: 3 :: Only",
                    "Programming Language :: Python :: Implementation :: CPython",
                    "Programming Language :: Python :: Free Threading :: 2 - Beta",
                    "Topic :: Software Development :: Version 3.9",
                )
            ),
            "",
            id="other classifiers do not count",
        ),
        pytest.param(
            Metadata(classifiers=(" Programming Language::Python::3.9 ",)),
            "3.9",
            id="blanks are written as one likes",
        ),
        pytest.param(Metadata(requires_python=">=3.12.*"), "3.12 3.13 3.14", id="legacy >=3.12.*"),
        pytest.param(Metadata(requires_python="<=3.7.*"), "3.6 3.7", id="legacy <=3.7.*"),
        pytest.param(
            Metadata(requires_python=">=3.11, !=3.12*"), "3.11 3.13 3.14", id="legacy !=3.12*"
        ),
        pytest.param(Metadata(requires_python=">=3.12 <3.14"), "3.12 3.13", id="no comma"),
        pytest.param(Metadata(requires_python="'>=3.13'"), "3.13 3.14", id="quoted"),
        pytest.param(Metadata(requires_python=">=3.13,"), "3.13 3.14", id="trailing comma"),
        pytest.param(
            on("3", requires_python="three"), ALL, id="nonsense falls through to the classifier"
        ),
        pytest.param(Metadata(requires_python="three"), "", id="nonsense alone says nothing"),
    ],
)
def test_declared_pythons(metadata: Metadata, expected: str) -> None:
    assert declared(metadata) == expected


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        pytest.param("fastapi", "0.79.1", "3.6 3.7 3.8 3.9 3.10", id="fastapi"),
        pytest.param("gql", "4.0.0", "3.9 3.10 3.11 3.12 3.13", id="gql"),
        pytest.param("flask", "2.3.3", ALL[8:], id="flask"),
        pytest.param("litellm", "1.83.14", "3.10 3.11 3.12 3.13", id="litellm"),
        pytest.param("sqlalchemy", "1.2.19", ALL, id="sqlalchemy"),
        pytest.param("rq", "0.6.0", ALL, id="rq"),
        pytest.param("huey", "3.3.4", ALL, id="huey"),
        pytest.param("rq", "2.10.0", "3.10 3.11 3.12 3.13", id="rq, stale classifiers"),
    ],
)
def test_declared_pythons_of_real_releases(name: str, version: str, expected: str) -> None:
    assert declared(suites()[name].metadata[Version(version)]) == expected


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (Metadata(requires_python=">=3.6"), ""),
        (Metadata(requires_python=">=3.6.*"), ""),
        (Metadata(), ""),
        (on("3.9", requires_python="three"), ""),
        (
            Metadata(requires_python="three"),
            'Requires-Python "three" cannot be read, so it does not count',
        ),
    ],
    ids=["readable", "mended", "absent", "not asked, for classifiers decide", "unreadable"],
)
def test_a_requires_python_that_should_have_decided_is_a_problem(
    metadata: Metadata, expected: str
) -> None:
    assert requires_python_problem(metadata) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param("1.0.1", ">=3.8", id="the first that matches decides"),
        pytest.param("2.53.0", ">=3.9", id="another release, another restriction"),
        pytest.param("2.3b1", ">=3.10", id="prereleases match too"),
        pytest.param("3.0", None, id="no match, no restriction"),
    ],
)
def test_the_first_restriction_that_matches_decides(version: str, expected: str | None) -> None:
    restrictions = (
        a_restriction(">=3.8", of=">0.0,<2.3b1"),
        a_restriction(">=3.10", of="<2.3"),
        a_restriction(">=3.10", of="==2.3b1"),
        a_restriction(">=3.9", of="<3"),
    )

    found = restriction_of(Version(version), restrictions)

    assert (str(found.pythons) if found else None) == expected


@pytest.mark.parametrize(
    ("pythons", "expected"),
    [
        pytest.param("3.6", "3.6", id="redis 2.10.6"),
        pytest.param("3.7 3.8", "3.7 3.8", id="grpc 1.32.0"),
        pytest.param("3.6 3.7 3.8", "3.6 3.7 3.8", id="flask 1.1.4"),
        pytest.param("3.6 3.7 3.8 3.9 3.10 3.11 3.12", "3.6 3.11 3.12", id="sqlalchemy 1.4.54"),
        pytest.param("3.6 3.10 3.14", "3.6 3.10 3.14", id="with gaps"),
        pytest.param("", "", id="none"),
    ],
)
def test_the_oldest_the_second_newest_and_the_newest_are_picked(
    pythons: str, expected: str
) -> None:
    picked = pick_pythons([Python.parse(text) for text in pythons.split()])

    assert " ".join(map(str, picked)) == expected


@pytest.mark.parametrize(
    ("pythons", "tags", "since", "expected"),
    [
        pytest.param("3.9 3.14", {"cp313", "cp314t"}, "3.14", "3.14t", id="a wheel made for it"),
        pytest.param("3.9 3.14", {"none"}, "3.14", "3.14t", id="pure Python"),
        pytest.param("3.9 3.14", {"cp314"}, "3.14", None, id="a wheel with the GIL"),
        pytest.param("3.9 3.14", {"abi3"}, "3.14", None, id="abi3"),
        pytest.param("3.9 3.14", set(), "3.14", None, id="sdists alone"),
        pytest.param("3.9 3.14", {"cp313t"}, "3.14", None, id="a wheel for another Python"),
        pytest.param("3.9 3.13", {"none"}, "3.14", None, id="too old"),
        pytest.param("3.9 3.13", {"cp313t"}, "3.13", "3.13t", id="free threading from 3.13"),
        pytest.param("3.14 3.15", {"cp315t"}, "3.14", "3.15t", id="the newest alone"),
        pytest.param("3.14 3.15", {"cp314t"}, "3.14", None, id="not an older one"),
        pytest.param("3.9 3.14", {"none"}, "3.14t", "3.14t", id="since a free-threaded build"),
        pytest.param("3.9 3.14", {"none"}, None, None, id="the SDK has none"),
        pytest.param("", {"none"}, "3.14", None, id="no Python picked"),
    ],
)
def test_a_free_threaded_build_of_the_newest_when_a_wheel_fits(
    pythons: str, tags: set[str], since: str | None, expected: str | None
) -> None:
    found = free_threaded(
        [Python.parse(text) for text in pythons.split()],
        frozenset(tags),
        Python.parse(since) if since else None,
    )

    assert (str(found) if found else None) == expected

"""The conditions that end a hold, kind by kind."""

from datetime import UTC, datetime
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from matrix.rules.conditions import no_longer_latest, release_exists
from matrix.rules.facts import Release

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 3, 8, tzinfo=UTC)


def a_release(version: str, **values: Any) -> Release:
    return Release(version=Version(version), **{"uploaded_at": NOVEMBER, **values})


YANKED = {"is_yanked": True}
GONE = {"uploaded_at": None}
TO_COME = {"uploaded_at": datetime(2026, 11, 21, tzinfo=UTC)}
FIRST = {"uploaded_at": datetime(2026, 10, 31, tzinfo=UTC)}
UNKNOWN_TIME = {"is_time_known": False}


@pytest.mark.parametrize(
    ("wanted", "releases", "because"),
    [
        pytest.param(">=0.36", [], "", id="nothing is there"),
        pytest.param(">=0.36", [a_release("0.35")], "", id="only a lower one"),
        pytest.param(
            ">=0.36",
            [a_release("0.37"), a_release("0.36")],
            "pytest-httpx 0.36 was uploaded on 3 Nov 2026",
            id="the lowest of one moment",
        ),
        pytest.param(
            ">=0.36",
            [a_release("0.36"), a_release("0.37", **FIRST)],
            "pytest-httpx 0.37 was uploaded on 31 Oct 2026",
            id="the first upload is named",
        ),
        pytest.param(">=0.36", [a_release("0.36", **YANKED)], "", id="a yanked one"),
        pytest.param(">=0.36", [a_release("0.36", **GONE)], "", id="one without files"),
        pytest.param(">=0.36", [a_release("0.36", **TO_COME)], "", id="one of tomorrow"),
        pytest.param(">=0.36", [a_release("0.36rc1")], "", id="a prerelease nobody named"),
        pytest.param(
            ">=0.36rc1",
            [a_release("0.36rc1")],
            "pytest-httpx 0.36rc1 was uploaded on 3 Nov 2026",
            id="a prerelease by name",
        ),
        pytest.param(">=0.35,!=0.36rc1", [a_release("0.36rc2")], "", id="an excluded prerelease"),
        pytest.param(
            "==0.36.*",
            [a_release("0.36.post1")],
            "pytest-httpx 0.36.post1 was uploaded on 3 Nov 2026",
            id="a post release",
        ),
        pytest.param(
            ">=0.36",
            [a_release("0.36", **UNKNOWN_TIME)],
            "pytest-httpx 0.36 is there; the index does not say since when",
            id="an unknown time is said to be unknown",
        ),
    ],
)
def test_another_release_exists(wanted: str, releases: list[Release], because: str) -> None:
    found = release_exists("pytest-httpx", SpecifierSet(wanted), releases, at=AT)

    assert found == because


NEWER = "httpx 5.0.1 was uploaded on 3 Nov 2026: it is the latest release now"


@pytest.mark.parametrize(
    ("held", "releases", "because"),
    [
        pytest.param("==5.0", [a_release("4.9"), a_release("5.0")], "", id="it is the latest"),
        pytest.param("==5.0", [a_release("5.0"), a_release("5.0.1")], NEWER, id="a newer one"),
        pytest.param(">=5.0", [a_release("5.0"), a_release("5.0.1")], "", id="that is held too"),
        pytest.param(
            "==5.0", [a_release("5.0"), a_release("5.0.1", **YANKED)], "", id="but it is yanked"
        ),
        pytest.param(
            "==5.0", [a_release("5.0"), a_release("5.1rc1")], "", id="a prerelease is not latest"
        ),
        pytest.param(
            "==6.0rc1", [a_release("5.0.1"), a_release("6.0rc1")], "", id="a held prerelease is"
        ),
        pytest.param(
            "==6.0rc1",
            [a_release("6.0rc1"), a_release("6.0")],
            "httpx 6.0 was uploaded on 3 Nov 2026: it is the latest release now",
            id="the final release after it",
        ),
        pytest.param(
            "==5.1", [a_release("5.0.1"), a_release("5.1", **YANKED)], NEWER, id="it was yanked"
        ),
        pytest.param("==7.0", [a_release("5.0.1")], "", id="it is not there yet"),
        pytest.param("==5.0", [], "", id="nothing is known"),
    ],
)
def test_what_is_held_is_no_longer_the_latest(
    held: str, releases: list[Release], because: str
) -> None:
    assert no_longer_latest("httpx", SpecifierSet(held), releases, at=AT) == because

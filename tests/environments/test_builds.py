"""An sdist is built only where that is allowed; no older release takes its place in silence."""

from pathlib import Path

import pytest

from matrix.environments.explaining import Failure, Unresolved
from matrix.environments.uv import Resolved, Uv, resolve
from tests.environments.makers import (
    a_request,
    by_hand,
    with_own_backend,
    with_setup_py,
    with_static_metadata,
)
from tests.support.small_index import SmallIndex


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """What foreign code writes when it runs."""
    return tmp_path / "canary"


def test_an_sdist_that_says_what_it_requires_needs_no_build(
    index: SmallIndex, uv: Uv, tmp_path: Path
) -> None:
    index.add("tool", "1.0")
    index.add_sdist("tool", "2.0", with_static_metadata("tool", "2.0", "anyio<4.9"))

    outcome = resolve(a_request(index.url, "tool"), uv)

    assert isinstance(outcome, Resolved)
    assert outcome.pins == ("anyio==4.8.0", "tool==2.0")
    assert by_hand(tmp_path, index.url, ["tool"]).split() == list(outcome.pins)


def test_a_release_that_needs_a_build_is_named_and_no_older_one_taken(
    index: SmallIndex, uv: Uv, canary: Path, tmp_path: Path
) -> None:
    index.add("tool", "1.0")
    index.add_sdist("tool", "2.0", with_own_backend("tool", "2.0", canary, "anyio"))

    outcome = resolve(a_request(index.url, "tool"), uv)

    assert outcome == Unresolved(
        Failure.NEEDS_BUILD,
        "tool 2.0 has no usable wheel, and its sdist tells its requirements only when it is "
        "built, which runs foreign code and is not allowed here.",
        outcome.seconds,
    )
    assert not canary.exists()
    # What DESIGN 5 warns of: this flag pins an older release and says nothing.
    unsound = by_hand(tmp_path, index.url, ["tool"], "--no-build")
    assert unsound == "tool==1.0\n"


def test_a_dependency_that_needs_a_build_is_named_too(
    index: SmallIndex, uv: Uv, canary: Path
) -> None:
    index.add("tool", "1.0", requires=["part"])
    index.add_sdist("part", "0.3", with_setup_py("part", "0.3", canary))

    outcome = resolve(a_request(index.url, "tool"), uv)

    assert isinstance(outcome, Unresolved)
    assert outcome.kind is Failure.NEEDS_BUILD
    assert outcome.problem.startswith("part 0.3 has no usable wheel")
    assert not outcome.is_transient
    assert not canary.exists()


def test_a_build_does_not_run_with_the_setuptools_of_the_index_either(
    index: SmallIndex, uv: Uv, canary: Path
) -> None:
    """Its build requirements are there, and one of them would have to be built first."""
    index.add_sdist("setuptools", "80.0", with_own_backend("setuptools", "80.0", canary))
    index.add_sdist("tool", "2.0", with_setup_py("tool", "2.0", canary))

    outcome = resolve(a_request(index.url, "tool"), uv)

    assert isinstance(outcome, Unresolved)
    assert outcome.kind is Failure.NEEDS_BUILD
    assert not canary.exists()


def test_a_wheel_spares_the_build_of_the_sdist_beside_it(
    index: SmallIndex, uv: Uv, canary: Path
) -> None:
    index.add_sdist("tool", "2.0", with_own_backend("tool", "2.0", canary))
    index.add("tool", "2.0", requires=["anyio"])

    outcome = resolve(a_request(index.url, "tool"), uv)

    assert isinstance(outcome, Resolved)
    assert outcome.pins == ("anyio==4.9.0", "tool==2.0")
    assert not canary.exists()


def test_where_builds_are_allowed_the_sdist_is_asked_what_it_requires(
    index: SmallIndex, uv: Uv, canary: Path
) -> None:
    index.add_sdist("tool", "2.0", with_own_backend("tool", "2.0", canary, "anyio"))

    outcome = resolve(a_request(index.url, "tool", allows_builds=True), uv)

    assert isinstance(outcome, Resolved)
    assert outcome.pins == ("anyio==4.9.0", "tool==2.0")
    assert canary.read_text() == "foreign code ran"


def test_a_build_that_fails_is_a_fact_about_the_release(index: SmallIndex, uv: Uv) -> None:
    files = {"PKG-INFO": "", "setup.py": "raise SystemExit('no compiler here')\n"}
    index.add_sdist("tool", "2.0", files)

    outcome = resolve(a_request(index.url, "tool", allows_builds=True), uv)

    assert isinstance(outcome, Unresolved)
    assert outcome.kind is Failure.BUILD_FAILED
    assert outcome.problem.startswith("The sdist of tool 2.0 cannot be built.")
    assert not outcome.is_transient


def test_an_sdist_that_does_not_arrive_is_no_sdist_that_needs_a_build(
    index: SmallIndex, uv: Uv, canary: Path
) -> None:
    index.add_sdist("tool", "2.0", with_setup_py("tool", "2.0", canary))
    index.broken["/files/tool-2.0.tar.gz"] = 503

    outcome = resolve(a_request(index.url, "tool"), uv)

    assert isinstance(outcome, Unresolved)
    assert outcome.kind is Failure.UNREACHABLE

"""The plugin that skips tests whose service is missing, run by a pytest of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.needs import NEEDS
from tests.support.processes import ROOT

TESTS = """
import pytest

@pytest.mark.browser
def test_browser(): pass

@pytest.mark.postgres
def test_postgres(): pass

@pytest.mark.redis
def test_redis(): pass

def test_without_needs(): pass
"""
NOBODY = {
    "PORTAL_TESTS_POSTGRES_URL": "postgres://nobody:sesame@127.0.0.1:1/nothing",
    "PORTAL_TESTS_REDIS_URL": "redis://127.0.0.1:1/0",
}


def run_pytest(folder: Path, **variables: str) -> str:
    """What pytest prints for TESTS on a machine with nothing but *variables*."""
    (folder / "test_needs.py").write_text(TESTS)
    (folder / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n    browser\n    postgres\n    redis\n    slow\n"
    )
    inherited = {name: value for name, value in os.environ.items() if name[:7] != "PORTAL_"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.support.needs", "-p", "no:django", "-ra"],
        cwd=folder,
        env={**inherited, "PATH": "/nonexistent", "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


def test_what_is_missing_is_skipped_with_a_line_that_says_how_to_get_it(tmp_path: Path) -> None:
    printed = run_pytest(tmp_path)

    assert "1 passed, 3 skipped" in printed
    assert "no Chromium here: apt-get install chromium" in printed
    assert "no PostgreSQL named: set PORTAL_TESTS_POSTGRES_URL=" in printed
    assert "no Redis named: set PORTAL_TESTS_REDIS_URL=" in printed


def test_a_service_that_does_not_answer_is_missing_and_its_password_is_not_printed(
    tmp_path: Path,
) -> None:
    printed = run_pytest(tmp_path, **NOBODY)

    assert "1 passed, 3 skipped" in printed
    assert "PostgreSQL on 127.0.0.1 does not answer, start it:" in printed
    assert "Redis does not answer, start it:" in printed
    assert "sesame" not in printed


def test_what_is_required_fails_instead(tmp_path: Path) -> None:
    printed = run_pytest(tmp_path, PORTAL_TESTS_REQUIRE="browser, redis")

    assert "PORTAL_TESTS_REQUIRE asks for browser: no Chromium here" in printed
    assert "PORTAL_TESTS_REQUIRE asks for redis: no Redis named" in printed
    assert "1 passed, 1 skipped, 2 errors" in printed


def test_ci_requires_everything_that_may_be_missing() -> None:
    script = (ROOT / ".ci" / "run").read_text()

    (names,) = re.findall(r"^export PORTAL_TESTS_REQUIRE=(.*)$", script, flags=re.MULTILINE)
    assert names.split(",") == list(NEEDS)
    assert subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT, check=False).returncode == 0


def test_what_is_there_runs(tmp_path: Path) -> None:
    printed = run_pytest(
        tmp_path, PORTAL_TESTS_CHROMIUM=sys.executable, PORTAL_TESTS_REQUIRE="browser"
    )

    assert "2 passed, 2 skipped" in printed


def test_a_requirement_that_nobody_knows_stops_the_tests(tmp_path: Path) -> None:
    printed = run_pytest(tmp_path, PORTAL_TESTS_REQUIRE="browser,postgress")

    assert "PORTAL_TESTS_REQUIRE names postgress; known are browser, postgres, redis" in printed

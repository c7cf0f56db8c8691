"""`tox list` of what is published has every environment of the file, or the report says why not."""

import json
import re
from pathlib import Path

import pytest
from tox.config.loader.ini.factor import extend_factors

from integrations.catalogue.models import Integration, Sdk
from tests.support.processes import ROOT
from tests.support.small_index import SmallIndex
from tests.takeover.journey import Journey, come_over, run

pytestmark = pytest.mark.django_db

DATA = ROOT / "tests" / "data" / "takeover"
ALL = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]
NUMBERED = re.compile(r"^tox\.ini, lines? ([\d, -]+): ", re.MULTILINE)

SPARK = """\
[tox]
envlist =
    {py3.8,py3.10,py3.11}-spark-v{3.1,3.3,3.5,4.0}

[testenv]
deps =
    spark-v3.1: pyspark~=3.1.0
    spark-v3.3: pyspark~=3.3.0
    spark-v3.5: pyspark~=3.5.0
    spark-v4.0: pyspark~=4.0.0
commands = pytest
"""
STARLETTE = """\
[tox]
env_list =
    # Web
    {py3.8,py3.10}-starlette-v{0.19,0.24,0.32}

[testenv]
deps =
    starlette-v0.19: starlette==0.19.1
    starlette-v0.24: starlette~=0.24.0
    starlette-v0.32: starlette>=0.32,<0.33
    # Its client broke.
    starlette-v{0.19,0.24}: httpx<0.28.0
    starlette: pytest-asyncio
commands = pytest
"""
HTTPX = """\
[tox]
envlist =
    common
    {py3.8,py3.9}-httpx-v{0.16,0.20}
    {py3.9,py3.11}-httpx-latest

[testenv]
deps =
    common: brotli
    httpx-v0.16: httpx==0.16.0
    httpx-v0.20: httpx==0.20.0
    httpx-v0.16: pytest-httpx==0.10.0
    httpx-latest: httpx
    py3.9-httpx: anyio<4
    !py3.8-httpx: mock
setenv =
    httpx: TESTPATH=tests/integrations/httpx
commands = pytest {env:TESTPATH:tests}
"""


def rows(journey: Journey, name: str) -> list[str]:
    return [each for each in journey.after if f"-{name}-" in each]


def test_each_series_of_spark_gets_its_newest_release(index: SmallIndex, tmp_path: Path) -> None:
    index.add("pyspark", "3.1.1", "3.1.3", "3.2.4", "3.3.4", "3.5.8", "4.0.1", pythons=ALL)

    journey = come_over(SPARK, tmp_path)

    assert rows(journey, "spark") == [
        f"py{python}-spark-{version}"
        for version in ["v3.1.3", "v3.3.4", "v3.5.8", "v4.0.1", "latest"]
        for python in ["3.8", "3.10", "3.11"]
    ]
    assert "v3.3 means ==3.3.*, which is no exact release, so nothing is pinned." in journey.first
    assert "v3.3 is called v3.3.4 by the portal." in journey.second
    assert journey.check.endswith(
        "12 environments of integrations, 0 without a row; 0 stay hand-written.\n"
    )


def test_a_requirement_of_some_versions_becomes_a_rule_for_their_range(
    index: SmallIndex, tmp_path: Path
) -> None:
    index.add("starlette", "0.19.1", "0.24.0", "0.32.0", "0.40.0", pythons=ALL)

    journey = come_over(STARLETTE, tmp_path)

    starlette = Integration.objects.get(name="starlette")
    assert [
        (rule.releases, rule.requirements, rule.reason)
        for rule in starlette.rules.order_by("order")
    ] == [(">=0.19,<0.25", "httpx<0.28.0", "Its client broke."), ("", "pytest-asyncio", "")]
    assert (starlette.group.name, starlette.minimum) == ("Web", "0.19.1")
    assert "    starlette-v0.24.0: httpx<0.28.0\n" in journey.text
    assert "    starlette-v0.40.0: httpx<0.28.0\n" not in journey.text
    assert set(rows(journey, "starlette")) >= {
        f"py{python}-starlette-v{version}"
        for version in ["0.19.1", "0.24.0", "0.32.0"]
        for python in ["3.8", "3.10"]
    }


def test_exact_versions_and_the_latest_become_picks(index: SmallIndex, tmp_path: Path) -> None:
    index.add("httpx", "0.16.0", "0.16.1", "0.20.0", "0.28.1", pythons=ALL)

    journey = come_over(HTTPX, tmp_path)

    httpx = Integration.objects.get(name="httpx")
    assert [
        (rule.releases, rule.pythons, rule.requirements) for rule in httpx.rules.order_by("order")
    ] == [
        ("==0.16.*", "", "pytest-httpx==0.10.0"),
        ("", "==3.9", "anyio<4"),
        ("", ">=3.9", "mock"),
    ]
    assert [pick.version for pick in httpx.pinned_picks.order_by("version")] == ["0.16.0", "0.20.0"]
    assert httpx.test_path == "tests/integrations/httpx"
    assert "common" in journey.after
    assert {"py3.8-httpx-v0.16.0", "py3.9-httpx-v0.20.0", "py3.11-httpx-latest"} <= {*journey.after}
    assert "line 3: common stays: its suite has no version in any name" in journey.first


@pytest.mark.slow
def test_a_hand_written_file_of_a_thousand_lines_comes_over_whole(
    index: SmallIndex, tmp_path: Path
) -> None:
    text = (DATA / "hand_written.ini").read_text(encoding="utf-8")
    assert text.count("\n") >= 1000
    for project, known in json.loads((DATA / "releases.json").read_text()).items():
        for version in known["releases"]:
            pythons = ALL[1:-1] if version in known["fewer"] else ALL
            index.add(project, version, pythons=pythons)

    journey = come_over(text, tmp_path)

    told = _told(journey.first) | _told(journey.second)
    lost = {line.split(": ")[1]: line for line in journey.check.splitlines() if ": " in line}
    lines = _lines_of(text)
    unexplained = [
        name
        for name in journey.before
        if name not in journey.after and name not in lost and lines[name] not in told
    ]
    assert unexplained == []
    renamed = [name for name in journey.before if name not in journey.after and name not in lost]
    assert [name for name in renamed if not _stands_for(name, {*journey.after})] == []
    assert 0 < len(lost) < len(journey.before) / 4


@pytest.mark.parametrize("again", ["import_tox", "take_frame"])
def test_doing_a_step_twice_changes_nothing(again: str, index: SmallIndex, tmp_path: Path) -> None:
    index.add("httpx", "0.16.0", "0.16.1", "0.20.0", "0.28.1", pythons=ALL)
    come_over(HTTPX, tmp_path)
    path = str(tmp_path / "before" / "tox.ini")

    if again == "import_tox":
        assert run("import_tox", path, "--sdk", "kit").endswith("Nothing to change.\n")
    else:
        assert run("take_frame", "kit", path).endswith("kit has this frame already.\n")


def test_a_dry_run_saves_nothing(index: SmallIndex, tmp_path: Path) -> None:
    (tmp_path / "tox.ini").write_text(HTTPX, encoding="utf-8")

    printed = run("import_tox", str(tmp_path / "tox.ini"), "--sdk", "kit", "--dry-run")

    assert printed.endswith("Nothing was saved: this was a dry run.\n")
    assert not Sdk.objects.exists()


def _told(report: str) -> set[int]:
    """Return the lines that a report speaks of: ``lines 7-9, 12``."""
    told = set()
    for numbers in NUMBERED.findall(report):
        for stretch in numbers.split(", "):
            first, _, last = stretch.partition("-")
            told |= set(range(int(first), int(last or first) + 1))
    return told


def _lines_of(text: str) -> dict[str, int]:
    """Return where each environment stands, as tox's own functions read the list."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("envlist"))
    found = {
        "py3.12-shadowed_module": next(
            n for n, line in enumerate(lines, 1) if line.startswith("extra =")
        )
    }
    for number, line in enumerate(lines[start + 1 :], start + 2):
        if line and not line.startswith(" "):
            break
        if line.strip() and not line.strip().startswith(("#", "{[")):
            found |= dict.fromkeys(extend_factors(line.strip()), number)
    return found


def _stands_for(name: str, after: set[str]) -> bool:
    """Tell whether an environment has one of another name: a series its newest release."""
    match = re.fullmatch(r"py3\.?(\d+)-(.+?)-?(v[\d.]+|\d\d|latest)", name)
    assert match, name
    minor, suite, version = match.groups()
    if version == "latest":
        return f"py3.{minor}-{suite}-latest" in after
    series = version if version.startswith("v") else f"v{version[0]}.{version[1]}"
    return any(
        each.startswith((f"py3.{minor}-{suite}-{series}.", f"py3.{minor}-{suite}-{series}"))
        for each in after
    )

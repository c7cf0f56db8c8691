"""
Real tox on the recorded matrix: 61 integrations, and what their rules ask for.

The rules are read here from the recorded catalogue as the replaced script wrote them, and applied
one by one: nothing of the portal's own importing, selecting or rendering is believed.
"""

import json
import re
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tests.support.recorded import FOLDER
from tests.support.tox import a_folder_with, settings_of, tox

TEXT = (FOLDER.parent / "recorded" / "tox.ini").read_text(encoding="utf-8")
SUITES = {
    suite["name"]: suite
    for suite in json.loads((FOLDER.parent / "catalogue" / "config_facts.json").read_text())[
        "suites"
    ]
}
CHOSEN = [
    "py3.6-httpx-v0.16.1",
    "py3.9-httpx-latest",
    "py3.8-anthropic-v0.16.0",
    "py3.14t-django-v6.1",
    "py3.6-django-v1.11.29",
    "py3.14-django-latest",
    "py3.6-rq-v0.6.0",
    "py3.10-langchain-base-v1.3.14",
    "py3.12-langchain-notiktoken-v0.3.30",
    "py3.14t-redis-v8.1.0",
    "py3.6-starlette-v0.16.0",
    "py3.14-strawberry-latest",
]


def environments() -> list[str]:
    """Expand the lines of the envlist, which are all of one form."""
    found = []
    for line in TEXT.splitlines():
        if match := re.fullmatch(r"    \{(py[^}]*)\}-([^:\s]+)", line):
            found += [f"{factor}-{match[2]}" for factor in match[1].split(",")]
    return found


def asked_for(environment: str) -> list[str]:
    """What the recorded rules ask for in *environment*, the project first."""
    match = re.fullmatch(r"(py[\d.t]+)-(.+)-(v[\d.]+\w*|latest)", environment)
    assert match
    factor, name, version = match.groups()
    suite = SUITES[name]
    picked = _latest(name) if version == "latest" else version[1:]
    wanted = [f"{suite['package_raw']}=={picked}"]
    for rule in suite["deps"]:
        if _applies(rule["rule"], factor, Version(picked)):
            wanted += [one for one in rule["requirements"] if one not in wanted]
    return wanted


def _latest(name: str) -> str:
    line = re.search(rf"^    {name}-latest: .*==(.+)$", TEXT, re.MULTILINE)
    assert line
    return line[1]


def _applies(rule: str, factor: str, version: Version) -> bool:
    if rule == "*":
        return True
    if rule.startswith("py3"):
        return factor in rule.split(",")
    return SpecifierSet(rule).contains(version, prereleases=True)


@pytest.mark.slow
@pytest.mark.long
def test_tox_lists_every_environment_of_the_recorded_matrix(tmp_path: Path) -> None:
    expected = environments()

    assert len(expected) == len(set(expected)) > 700
    listed = tox(a_folder_with(TEXT, tmp_path), "list", "-q", "--no-desc").split()
    assert sorted(listed) == sorted(expected)


@pytest.mark.slow
@pytest.mark.long
def test_tox_installs_what_the_recorded_rules_ask_for(tmp_path: Path) -> None:
    assert set(CHOSEN) <= set(environments())

    read = settings_of(a_folder_with(TEXT, tmp_path), "deps", environments=CHOSEN)

    found = {
        name: sorted(set(read[f"testenv:{name}"]["deps"].split("\n")) - {""}) for name in CHOSEN
    }
    assert found == {name: sorted({"pytest", *asked_for(name)}) for name in CHOSEN}

"""Settings of CI with honest defaults, and what a reader of YAML finds in rendered workflows."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import yaml
from packaging.version import Version

from matrix.rules.ci import Ci, Service
from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, LayoutPart, Row
from matrix.rules.rendering import GROUP_FRAME, MAIN_FRAME, render_files
from tests.support.parts import a_layout, a_part
from tests.support.recorded import FOLDER

RECORDED = (FOLDER.parent / "recorded" / "tox.ini").read_text(encoding="utf-8")
MAIN = ".github/workflows/test-integrations.yml"
POSTGRES = Service(
    name="postgres",
    image="postgres:18",
    ports=("5432:5432",),
    environment=(("POSTGRES_PASSWORD", "postgres"),),
    health_command="pg_isready -U postgres",
    variables=(("POSTGRES_URL", "postgres://{host}:5432/"), ("POSTGRES_USER", "postgres")),
)
JAVA = Service(
    name="java",
    action="actions/setup-java@v5",
    inputs=(("distribution", "temurin"), ("java-version", "21")),
    commands="java -version\njavac -version",
)


def a_ci(**values: Any) -> Ci:
    given: dict[str, Any] = {
        "runner": ("ubuntu-24.04",),
        "container_pythons": ("3.6", "3.7"),
        "install": "python -m pip install tox",
        "container_install": "python -m pip install tox==3.28.0",
        "test": 'python -m tox run -e "$ENVIRONMENTS"',
        "checkout_action": "actions/checkout@v5",
        "python_action": "actions/setup-python@v6",
        "services": (JAVA, POSTGRES),
        "group_frame": GROUP_FRAME,
        "main_frame": MAIN_FRAME,
    }
    return Ci(**{**given, **values})


def with_ci(*groups: str, **values: Any) -> LayoutPart:
    return replace(a_layout(*groups), ci=a_ci(**values))


def path_of(slug: str) -> str:
    return f".github/workflows/test-integrations-{slug}.yml"


def workflows(layout: LayoutPart, parts: list[IntegrationPart]) -> dict[str, Any]:
    """Render, and return what a reader of YAML finds in each workflow, by path."""
    files = render_files(layout, parts)
    return {path: yaml.safe_load(text) for path, text in files.items() if path != "tox.ini"}


def entries(workflow: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the entries of the matrix of a reusable workflow."""
    found: list[dict[str, Any]] = workflow["jobs"]["tests"]["strategy"]["matrix"]["include"]
    return found


def named(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield every environment that a job runs, as often as jobs run it."""
    for path, workflow in found.items():
        if path != MAIN:
            for entry in entries(workflow):
                yield from entry["environments"].split(",")


def steps(workflow: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the steps of the tests by their names."""
    return {step["name"]: step for step in workflow["jobs"]["tests"]["steps"]}


def recorded_parts() -> list[IntegrationPart]:
    """Return the 61 integrations of the recorded file, read from the lines of its envlist."""
    rows: dict[tuple[str, str], list[Row]] = {}
    group = ""
    for line in RECORDED.splitlines():
        if heading := re.fullmatch(r" +# ~~~ (.+) ~~~", line):
            group = heading[1]
        elif row := re.fullmatch(r" +\{(py[^}]+)\}-([a-z0-9_-]+)-v([^:\s]+)", line):
            pythons = tuple(Python.parse(factor) for factor in row[1].split(","))
            version = Version(row[3])
            rows.setdefault((group, row[2]), []).append(
                Row(version=version, pythons=pythons, is_advisory=version.is_prerelease)
            )
    return [a_part(name, group=group, rows=found) for (group, name), found in rows.items()]

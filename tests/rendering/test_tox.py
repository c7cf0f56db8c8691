"""What tox itself reads in a rendered file: nothing here believes our own reader of such files."""

import configparser
from pathlib import Path

import pytest

from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, Row
from matrix.rules.rendering import render_files, render_into
from matrix.rules.rendering.factors import environment
from matrix.rules.requirements import environment_requirements
from tests.support.parts import a_layout, a_part, a_row, a_use, everywhere
from tests.support.tox import a_folder_with, settings_of, tox

HTTPX_ROWS = (
    a_row("0.16.1", "3.6 3.7 3.9"),
    a_row("0.20.0", "3.6 3.9 3.10"),
    a_row("0.28.1", "3.9 3.14 3.14t"),
)
LANGCHAIN_ROWS = (a_row("0.1.20", "3.8 3.11"), a_row("1.3.14", "3.10 3.14"))
PARTS = [
    a_part(
        rows=HTTPX_ROWS,
        requirements=[
            everywhere("anyio<4,>=3", HTTPX_ROWS),
            a_use("pytest-httpx==0.10.0", v0_16_1="3.6 3.7 3.9"),
            a_use("pytest-httpx==0.35.0", v0_28_1="3.9 3.14 3.14t"),
            a_use("typing-extensions", v0_16_1="3.6 3.7", v0_20_0="3.6"),
            a_use("free", v0_28_1="3.14t"),
            a_use("some", v0_16_1="3.6", v0_28_1="3.9 3.14"),
            everywhere('colors; python_version < "3.9"', HTTPX_ROWS),
            a_use("url @ https://example.org/{a}/b.zip#sha256=00", v0_28_1="3.9 3.14 3.14t"),
        ],
    ),
    a_part("httpx2", rows=[a_row("0.28.1", "3.9")]),
    a_part(
        "strawberry",
        project="strawberry-graphql",
        extras=("fastapi", "flask"),
        group="GraphQL",
        rows=[a_row("0.209.8", "3.8"), a_row("0.323.2", "3.10 3.14")],
    ),
    a_part(
        "fastmcp",
        group="MCP",
        rows=[a_row("1.0", "3.10"), a_row("3.4.6", "3.10 3.14"), a_row("4.0.0b2", "3.14")],
        requirements=[a_use("only-beta", v4_0_0b2="3.14")],
    ),
    a_part("gql", extras=("all",), group="GraphQL", rows=[a_row("4.4.0b0", "3.12")]),
    a_part(
        "langchain-base",
        project="langchain",
        group="AI",
        test_path="tests/integrations/langchain",
        rows=LANGCHAIN_ROWS,
        requirements=[everywhere("tiktoken", LANGCHAIN_ROWS)],
    ),
    a_part(
        "langchain-notiktoken",
        project="langchain",
        group="AI",
        test_path="tests/integrations/langchain",
        rows=LANGCHAIN_ROWS,
    ),
    # Two names of which one holds all factors of the other, as while a renaming is half approved.
    a_part("openai", group="AI", rows=[a_row("1.0.1", "3.8"), a_row("2.53.0", "3.14")]),
    a_part(
        "openai-base",
        project="openai",
        group="AI",
        rows=[a_row("1.0.1", "3.8"), a_row("2.53.0", "3.14")],
        requirements=[a_use("tiktoken", v1_0_1="3.8")],
    ),
    a_part(
        "odd",
        group="Web 1",
        rows=[
            a_row("1.0+corp1", "3.9"),
            a_row("2.0.post1", "3.9"),
            a_row("1!0.5", "3.9"),
            a_row("1!1.0rc1", "3.10"),
        ],
    ),
]
LAYOUT = a_layout("Network", "AI", "Web 1")

Expected = dict[str, tuple[IntegrationPart, Row, Python]]


def expected_environments() -> Expected:
    found: Expected = {}
    for part in PARTS:
        named = [(row, row.version) for row in part.rows]
        alias = [(part.latest, None)] if part.latest else []
        for row, version in [*named, *alias]:
            for python in row.pythons:
                found[environment(python, part.name, version)] = (part, row, python)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = render_files(LAYOUT, PARTS)["tox.ini"]
    return a_folder_with(text, tmp_path_factory.mktemp("repository"))


@pytest.fixture(scope="module")
def read(folder: Path) -> configparser.ConfigParser:
    return settings_of(folder, "deps", "set_env", "commands", "base_python")


def test_tox_lists_exactly_the_environments_of_the_matrix(folder: Path) -> None:
    listed = tox(folder, "list", "-q", "--no-desc").split()

    assert sorted(listed) == sorted(expected_environments())


def test_tox_installs_exactly_what_each_environment_requires(
    read: configparser.ConfigParser,
) -> None:
    found = {name: read[f"testenv:{name}"]["deps"].split("\n") for name in expected_environments()}

    expected = {
        name: ["pytest", *environment_requirements(part, row.version, python)]
        for name, (part, row, python) in expected_environments().items()
    }
    assert {name: list(filter(None, lines)) for name, lines in found.items()} == expected


def test_tox_gives_each_environment_its_tests_and_allows_prereleases_where_one_is_tested(
    read: configparser.ConfigParser,
) -> None:
    found = {}
    for name in expected_environments():
        lines = read[f"testenv:{name}"]["set_env"].split("\n")
        found[name] = sorted(line for line in lines if line.startswith(("_TEST", "UV_")))

    expected = {}
    for name, (part, row, _) in expected_environments().items():
        allowed = ["UV_PRERELEASE=allow"] if row.version.is_prerelease else []
        expected[name] = [*allowed, f"_TESTPATH={part.test_path}"]
    assert found == expected


def test_tox_runs_the_tests_of_the_integration_on_the_python_of_the_factor(
    read: configparser.ConfigParser,
) -> None:
    for name, (part, _, python) in expected_environments().items():
        section = read[f"testenv:{name}"]
        assert section["commands"].strip() == f"pytest {part.test_path}"
        assert section["base_python"].strip() == python.factor


def test_the_default_frame_works_before_there_are_any_rows(tmp_path: Path) -> None:
    folder = a_folder_with(render_files(a_layout(), [])["tox.ini"], tmp_path)

    found = settings_of(folder, "deps", "commands", "package")

    (section,) = found.sections()
    assert section == "testenv:py"
    assert dict(found[section]) == {
        "deps": "pytest",
        "commands": "pytest tests",
        "package": "editable",
    }


def test_tox_reads_a_file_with_line_ends_of_windows_and_a_byte_order_mark(tmp_path: Path) -> None:
    parts = [a_part(rows=[a_row("1.0", "3.9")])]
    empty = render_files(a_layout(), [])["tox.ini"]
    text = render_into("\ufeff" + empty.replace("\n", "\r\n"), a_layout(), parts)

    found = settings_of(a_folder_with(text, tmp_path), "deps")

    assert {name: found[name]["deps"].split() for name in found.sections()} == {
        "testenv:py3.9-httpx-v1.0": ["pytest", "httpx==1.0"],
        "testenv:py3.9-httpx-latest": ["pytest", "httpx==1.0"],
    }

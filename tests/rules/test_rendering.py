"""What is written into the regions of a tox.ini, as whole outputs."""

import hashlib
import re
from dataclasses import replace

import pytest
from packaging.version import Version

from matrix.rules.parts import IntegrationPart, RequirementUse
from matrix.rules.rendering import NamesClash, render_files
from matrix.rules.rendering.factors import conditions, environment, version_factor
from matrix.rules.rendering.tox import region_lines
from tests.support.parts import a_layout, a_part, a_row, a_use, everywhere, pythons

HTTPX_ROWS = (
    a_row("0.16.1", "3.6 3.7 3.9"),
    a_row("0.28.1", "3.9 3.11"),
    a_row("1.0b2", "3.11 3.14t"),
)
HTTPX = a_part(
    rows=HTTPX_ROWS,
    requirements=[
        everywhere("anyio<4", HTTPX_ROWS),
        a_use("pytest-httpx==0.10.0", v0_16_1="3.6 3.7 3.9"),
        a_use("pytest-httpx==0.35.0", v0_28_1="3.9 3.11"),
        a_use("typing-extensions", v0_16_1="3.6 3.7"),
        a_use("exceptiongroup", v0_16_1="3.9", v0_28_1="3.9"),
        a_use("tomli", v0_16_1="3.6", v0_28_1="3.9"),
    ],
)
STRAWBERRY = a_part(
    "strawberry",
    project="strawberry-graphql",
    extras=("fastapi", "flask"),
    group="GraphQL",
    rows=[a_row("0.209.8", "3.8"), a_row("0.323.2", "3.10 3.14 3.14t")],
)
GQL = a_part("gql", group="GraphQL", rows=[a_row("4.4.0b0", "3.12")], extras=("all",))

FRAME = """\
[tox]
env_list =
    py3.12-common
    # BEGIN GENERATED: envlist
    # END GENERATED: envlist
[testenv]
deps =
    pytest
  # BEGIN GENERATED: deps
  # END GENERATED: deps
set_env =
\t# BEGIN GENERATED: setenv
\t# END GENERATED: setenv
\t# BEGIN GENERATED: testpaths
\t# END GENERATED: testpaths
# The end
"""

WHOLE = """\
[tox]
env_list =
    py3.12-common
    # BEGIN GENERATED: envlist
    # ~~~ Network ~~~
    {py3.6,py3.7,py3.9}-httpx-v0.16.1
    {py3.9,py3.11}-httpx-v0.28.1
    {py3.11,py3.14t}-httpx-v1.0b2
    {py3.9,py3.11}-httpx-latest

    # ~~~ GraphQL ~~~
    {py3.12}-gql-v4.4.0b0

    {py3.8}-strawberry-v0.209.8
    {py3.10,py3.14,py3.14t}-strawberry-v0.323.2
    {py3.10,py3.14,py3.14t}-strawberry-latest
    # END GENERATED: envlist sha256:ENVLIST
[testenv]
deps =
    pytest
  # BEGIN GENERATED: deps
  # ~~~ Network ~~~
  httpx-v0.16.1: httpx==0.16.1
  httpx-v0.28.1: httpx==0.28.1
  httpx-v1.0b2: httpx==1.0b2
  httpx-latest: httpx==0.28.1
  httpx: anyio<4
  httpx-v0.16.1: pytest-httpx==0.10.0
  httpx-v0.28.1: pytest-httpx==0.35.0
  httpx-latest: pytest-httpx==0.35.0
  {py3.6,py3.7}-httpx: typing-extensions
  {py3.9}-httpx: exceptiongroup
  {py3.6}-httpx-v0.16.1: tomli
  {py3.9}-httpx-v0.28.1: tomli
  {py3.9}-httpx-latest: tomli

  # ~~~ GraphQL ~~~
  gql-v4.4.0b0: gql[all]==4.4.0b0

  strawberry-v0.209.8: strawberry-graphql[fastapi,flask]==0.209.8
  strawberry-v0.323.2: strawberry-graphql[fastapi,flask]==0.323.2
  strawberry-latest: strawberry-graphql[fastapi,flask]==0.323.2
  # END GENERATED: deps sha256:DEPS
set_env =
\t# BEGIN GENERATED: setenv
\thttpx-v1.0b2: UV_PRERELEASE=allow
\tgql-v4.4.0b0: UV_PRERELEASE=allow
\t# END GENERATED: setenv sha256:SETENV
\t# BEGIN GENERATED: testpaths
\tgql: _TESTPATH=tests/integrations/gql
\thttpx: _TESTPATH=tests/integrations/httpx
\tstrawberry: _TESTPATH=tests/integrations/strawberry
\t# END GENERATED: testpaths sha256:TESTPATHS
# The end
"""


def hashed(text: str) -> str:
    """Put the SHA-256 of the text between two markers in the place of each region's name."""
    for name in ("envlist", "deps", "setenv", "testpaths"):
        inside = re.search(
            rf"GENERATED: {name}\n(.*\n|)[ \t]*# END GENERATED: {name}", text, re.DOTALL
        )
        assert inside
        found = hashlib.sha256(inside[1].encode()).hexdigest()
        text = text.replace(f"sha256:{name.upper()}", f"sha256:{found}")
    return text


def deps(*parts: IntegrationPart) -> list[str]:
    return region_lines(a_layout(), parts)["deps"]


def test_regions_are_filled_and_hashed_and_nothing_else_changes() -> None:
    layout = a_layout("Network", frame=FRAME)

    files = render_files(layout, [STRAWBERRY, HTTPX, GQL])

    assert files == {"tox.ini": hashed(WHOLE)}


def test_an_sdk_without_integrations_has_empty_regions() -> None:
    text = render_files(a_layout(frame=FRAME), [])["tox.ini"]

    nothing = hashlib.sha256(b"").hexdigest()
    expected = re.sub(r"(# END GENERATED: \w+)", rf"\1 sha256:{nothing}", FRAME)
    assert text == expected


def test_groups_that_the_layout_does_not_know_come_last_by_name() -> None:
    parts = [a_part(name, group=group) for name, group in zip("abcd", "ZYXW", strict=True)]

    lines = region_lines(a_layout("Y", "Nobody", "X"), parts)["envlist"]

    headings = [line for line in lines if line.startswith("#")]
    assert headings == ["# ~~~ Y ~~~", "# ~~~ X ~~~", "# ~~~ W ~~~", "# ~~~ Z ~~~"]


def test_integrations_and_test_paths_are_in_plain_string_order() -> None:
    names = ["openai_agents", "openai-base", "openai-notiktoken"]

    lines = region_lines(a_layout(), [a_part(name) for name in names])["testpaths"]

    assert lines == [
        "openai-base: _TESTPATH=tests/integrations/openai-base",
        "openai-notiktoken: _TESTPATH=tests/integrations/openai-notiktoken",
        "openai_agents: _TESTPATH=tests/integrations/openai_agents",
    ]


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        pytest.param(
            a_use("r", v1_0="3.9 3.12", v2_0="3.9 3.12 3.14t"), ["x: r"], id="all environments"
        ),
        pytest.param(a_use("r", v1_0="3.9 3.12"), ["x-v1.0: r"], id="all of a row"),
        pytest.param(
            a_use("r", v2_0="3.9 3.12 3.14t"),
            ["x-v2.0: r", "x-latest: r"],
            id="all of the latest row",
        ),
        pytest.param(a_use("r", v1_0="3.9"), ["{py3.9}-x-v1.0: r"], id="some of a row"),
        pytest.param(
            a_use("r", v2_0="3.9 3.12"),
            ["{py3.9,py3.12}-x-v2.0: r", "{py3.9,py3.12}-x-latest: r"],
            id="some of the latest row",
        ),
        pytest.param(
            a_use("r", v1_0="3.9", v2_0="3.9"), ["{py3.9}-x: r"], id="a Python wherever it is"
        ),
        pytest.param(
            a_use("r", v1_0="3.12", v2_0="3.12 3.14t"),
            ["{py3.12,py3.14t}-x: r"],
            id="Pythons that not each row has",
        ),
        pytest.param(a_use("r", v2_0="3.14t"), ["{py3.14t}-x: r"], id="a Python that one row has"),
        pytest.param(
            a_use("r", v1_0="3.9", v2_0="3.12"),
            ["{py3.9}-x-v1.0: r", "{py3.12}-x-v2.0: r", "{py3.12}-x-latest: r"],
            id="other Pythons in each row",
        ),
        pytest.param(
            a_use("r", v1_0="3.9 3.12", v2_0="3.9"),
            ["x-v1.0: r", "{py3.9}-x-v2.0: r", "{py3.9}-x-latest: r"],
            id="all of one row and some of another",
        ),
    ],
)
def test_a_requirement_is_written_as_wide_as_it_holds(
    use: RequirementUse, expected: list[str]
) -> None:
    part = a_part("x", rows=[a_row("1.0", "3.9 3.12"), a_row("2.0", "3.9 3.12 3.14t")])

    lines = deps(replace(part, requirements=(use,)))

    projects = ["# ~~~ Network ~~~", "x-v1.0: x==1.0", "x-v2.0: x==2.0", "x-latest: x==2.0"]
    assert lines == [*projects, *expected]


def test_the_alias_stands_for_the_highest_row_that_is_no_prerelease() -> None:
    part = a_part("x", rows=[a_row("4.0", "3.9"), a_row("4.4b0", "3.12")])

    assert region_lines(a_layout(), [part])["envlist"][1:] == [
        "{py3.9}-x-v4.0",
        "{py3.12}-x-v4.4b0",
        "{py3.9}-x-latest",
    ]


def test_what_tox_would_read_as_its_own_is_escaped() -> None:
    url = "x @ https://example.org/{a}.zip#sha256=00"
    rows = [a_row("1.0")]
    part = a_part("x", rows=rows, requirements=[everywhere(url, rows), everywhere("y[]", rows)])

    assert deps(part)[-2:] == [
        r"x: x @ https://example.org/\{a\}.zip\#sha256=00",
        r"x: y\[]",
    ]


@pytest.mark.parametrize(
    ("version", "factor"),
    [
        ("0.28.1", "v0.28.1"),
        ("0.23", "v0.23"),
        ("4.0.0b2", "v4.0.0b2"),
        ("1.0.0-RC.1", "v1.0.0rc1"),
        ("3.7.4-post0", "v3.7.4.post0"),
        ("1!2.0", "v1e2.0"),
        ("1.0+corp1", "v1.0_corp1"),
        ("1!2.0a1.post2.dev3+Corp-1", "v1e2.0a1.post2.dev3_corp.1"),
    ],
)
def test_the_factor_of_a_version(version: str, factor: str) -> None:
    assert version_factor(Version(version)) == factor


def test_the_name_of_an_environment() -> None:
    (python,) = pythons("3.14t")

    assert environment(python, "langchain-base", Version("1.0")) == "py3.14t-langchain-base-v1.0"
    assert environment(python, "httpx", None) == "py3.14t-httpx-latest"


def test_lines_of_a_name_leave_out_the_names_that_hold_all_its_factors() -> None:
    found = conditions(["openai", "openai-base", "base-openai-x", "openai_agents", "httpx"])

    assert found == {
        "openai": "openai-!base",
        "openai-base": "openai-base-!x",
        "base-openai-x": "base-openai-x",
        "openai_agents": "openai_agents",
        "httpx": "httpx",
    }


def test_names_that_tox_cannot_tell_apart_are_refused() -> None:
    with pytest.raises(NamesClash) as caught:
        render_files(a_layout(), [a_part("a-b"), a_part("b-a")])

    assert str(caught.value) == (
        'tox cannot tell "a-b" from "b-a": the second has all factors of the first and none that '
        "sets it apart. Rename one of them."
    )


def test_a_name_that_every_environment_of_a_machine_has_is_refused() -> None:
    with pytest.raises(NamesClash, match=r"Rename it: linux-base\."):
        render_files(a_layout(), [a_part("linux")])

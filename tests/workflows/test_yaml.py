"""Whatever is written as YAML, readers find the same values."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from matrix.rules.rendering.yaml import scalar, yaml_lines

# What YAML 1.1 or 1.2 takes for something else than text, or for the structure of the file.
TRAPS = [
    "", " ", "3.10", "1e3", "0x1F", "0o17", "1_000", "12:30:45", "2026-08-10", ".5", ".inf", "-",
    "- a", "? a", ": ", "a: b", "a #b", "# a", "*a", "&a", "!a", "!!str a", "%a", "@a", "`a",
    "{a}", "[a]", "a, b", "|", ">", "'", '"', "it's", 'a "b" c', "a\\b", "'a\" b\\", "---", "...",
    "on", "On", "yes", "NO", "y", "off", "true", "null", "~", "Null", "<<", "=", "a\nb", "a\n",
    "\na", "a\n\nb", " a\nb", "a \nb", "a\n\n", "\ta\nb", "a\r\nb", "\x00", "\x85", "\u2028",
    "\ufeff", "\ud800", "é", "𝄞", "${{ github.token }}", "# END GENERATED: job\nx",
    "x\n# BEGIN GENERATED: job\n", "a\n  b\nc", "--- a\nb", "a\n--- b",
]  # fmt: skip
TEXTS = st.sampled_from(TRAPS) | st.text()
NODES = st.recursive(
    TEXTS | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize("text", TRAPS, ids=ascii)
def test_traps_stay_text(text: str) -> None:
    nodes: list[Any] = [{"key": text}, {text: "value"}, [text], [[text]], [{"a": [text], text: 1}]]
    for node in nodes:
        assert yaml.safe_load("\n".join([*yaml_lines(node), ""])) == node


@given(node=st.lists(NODES, min_size=1) | st.dictionaries(TEXTS, NODES, min_size=1))
def test_a_reader_finds_what_was_written(node: Any) -> None:
    lines = yaml_lines(node)

    assert yaml.safe_load("\n".join([*lines, ""])) == node
    assert (
        yaml.safe_load("".join(f"{'      ' if line else ''}{line}\r\n" for line in lines)) == node
    )
    assert not any(line.lstrip().startswith("#") for line in lines)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("ubuntu-24.04", "ubuntu-24.04"),
        ("actions/checkout@v5", "actions/checkout@v5"),
        ("./.github/actions/java", "./.github/actions/java"),
        ("All tests passed", "All tests passed"),
        ("3.10", '"3.10"'),
        ("on", '"on"'),
        ('tox -e "$ENVIRONMENTS"', "'tox -e \"$ENVIRONMENTS\"'"),
        (True, "true"),
        (30, "30"),
    ],
)
def test_values_are_written_as_people_would(value: str | int, written: str) -> None:
    assert scalar(value) == written


def test_lines_of_a_script_stand_below_each_other() -> None:
    assert yaml_lines({"run": "one\n\n  two\n"}) == ["run: |", "  one", "", "    two"]

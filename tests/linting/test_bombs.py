"""What somebody writes to keep the linter busy takes the time of its size, or is refused."""

import configparser
import json
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.policy.linting import examine
from integrations.policy.linting.findings import Unreadable
from integrations.policy.linting.groups import Groups
from integrations.policy.linting.ini import read_ini
from integrations.policy.linting.reading import TomlLines, read_toml, string_lines

UV_LOCK = """\
version = 1
[[package]]
name = "shop"
version = "0"
source = { virtual = "." }
[package.metadata]
"""
SOON = 10  # Seconds: what is tried takes one at most; each took minutes before, or all memory.


def doubled(levels: int) -> str:
    """Groups that each include the next one twice."""
    lines = [
        f'g{n} = [{{include-group="g{m}"}}, {{include-group="g{m}"}}]' for n, m in levels_of(levels)
    ]
    return "\n".join(["[dependency-groups]", *lines, f'g{levels} = ["x"]', ""])


def chained(levels: int) -> str:
    lines = [f'g{n} = [{{include-group="g{m}"}}]' for n, m in levels_of(levels)]
    return "\n".join(["[dependency-groups]", *lines, f'g{levels} = ["x"]', ""])


def levels_of(levels: int) -> list[tuple[int, int]]:
    return list(pairwise(range(levels + 1)))


def lines_of(number: int, text: str) -> str:
    return "".join(text.format(n=n) for n in range(number))


def shop(groups: str) -> dict[str, str]:
    return {"pyproject.toml": f'[project]\nname = "shop"\n{groups}', "uv.lock": UV_LOCK}


LARGE = {
    "a pin eight thousand times": {
        "requirements/main.txt": "x==1\n" * 4_000,
        "requirements/dev.txt": "x==1\n" * 4_000,
    },
    "split pins": {
        "requirements/main.txt": lines_of(4_000, "p{n}==1\n"),
        "requirements/dev.txt": lines_of(4_000, "p{n}==2\n"),
    },
    "a Pipfile": {"Pipfile": "[packages]\n" + lines_of(20_000, 'p{n} = "*"\n')},
    "sections of tox.ini": {"tox.ini": lines_of(20_000, "[testenv:e{n}]\nx=1\n")},
    "mistakes of tox.ini": {"tox.ini": "[testenv]\n" + "!\n" * 400_000},
    "blanks of tox.ini": {"tox.ini": f"[testenv]\na{' ' * 400_000}b = c\n"},
    "dependencies": {
        "pyproject.toml": "[project]\ndependencies = [\n" + lines_of(20_000, '"p{n}",\n') + "]\n"
    },
    "groups that include two": shop(doubled(16)),
    "requirements": {"requirements.txt": lines_of(5_000, "p{n}==1\n")},
}


@pytest.mark.parametrize("files", LARGE.values(), ids=LARGE)
def test_large_files_take_the_time_of_their_size(files: dict[str, str]) -> None:
    begun = time.process_time()

    report = examine(files)

    assert report.read or report.findings
    assert time.process_time() - begun < SOON


REFUSED = {
    "requirements": (
        {"requirements.txt": lines_of(10_001, "p{n}==1\n")},
        "more than 10,000 requirements or packages",
    ),
    "packages": (
        {"uv.lock": "[[package]]\n" * 10_001},
        "more than 10,000 requirements or packages",
    ),
    "what packages ask for": (
        {"poetry.lock": "[[package]]\n[package.dependencies]\n" + lines_of(10_000, 'p{n} = "*"\n')},
        "more than 10,000 requirements or packages",
    ),
    "sets": ({"Pipfile.lock": json.dumps({f"c{n}": {} for n in range(51)})}, "more than 50 sets"),
    "groups of a lock": (
        {"poetry.lock": "[[package]]\ngroups = [" + lines_of(51, '"g{n}",') + "]\n"},
        "more than 50 sets",
    ),
    "a chain of groups": (shop(chained(1_500)), "include one another more than 20 levels deep"),
    "groups of groups": (
        shop(
            '[dependency-groups]\na = [' + lines_of(5_000, '"p{n}",') + "]\n"
            + lines_of(30, 'g{n} = [{{include-group="a"}}]\n')
        ),
        "take more than 100,000 requirements from one another",
    ),
    "tables": ({"uv.lock": lines_of(50_001, "[a{n}]\n")}, "more than 50,000 tables"),
    "dotted keys": ({"uv.lock": lines_of(25_001, "a{n}.b.c = 1\n")}, "more than 50,000 tables"),
    "a quoted key": ({"uv.lock": '"a".' * 5_000 + "a = 1"}, "A key has more than 16 parts"),
    "a hexadecimal number": ({"uv.lock": "a = 0x" + "f" * 5_000}, "more than 400 digits"),
    "half a character": (
        {"Pipfile.lock": '{"default": {"\\ud800": {"version": "==1"}}}'},
        "half a character",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_no_application_has_is_refused_with_a_sentence(
    files: dict[str, str], sentence: str
) -> None:
    begun = time.process_time()

    told = [found.text for found in examine(files).findings if found.rule == "unreadable"]

    assert [text for text in told if sentence in text] == told[:1]
    assert time.process_time() - begun < SOON


def test_all_files_together_are_bounded_and_the_first_are_looked_at() -> None:
    files = {f"{n}/requirements.txt": lines_of(9_000, "p{n}==1\n") for n in range(4)}

    report = examine(files)

    assert list(report.read) == ["0/requirements.txt", "1/requirements.txt"]
    told = [found.text for found in report.findings if found.rule == "unreadable"]
    assert ["more than 20,000 requirements" in text for text in told] == [True, True]


def test_all_sets_together_are_bounded() -> None:
    lock = json.dumps({f"c{n}": {} for n in range(45)})

    report = examine({f"{n}/Pipfile.lock": lock for n in range(6)})

    assert len(report.read) == 4
    told = [found.text for found in report.findings if found.rule == "unreadable"]
    assert ["or 200 sets. Send fewer." in text for text in told] == [True, True]


def test_pairs_of_halves_are_one_character() -> None:
    report = examine({"Pipfile.lock": '{"_meta": {"title": "\\ud83d\\ude00"}}'})

    assert [found for found in report.findings if found.rule == "unreadable"] == []


# --- Groups --------------------------------------------------------------------------------------
def test_groups_are_named_as_pep_735_compares_them() -> None:
    groups = Groups.read({"Dev_Tools": ["ruff", {"include-group": "TEST"}], "test": ["pytest"]})

    assert groups.problems == []
    assert groups.of("dev-tools") == groups.of("DEV.Tools") == ["ruff", "pytest"]


def test_what_is_wrong_with_groups_is_told_once_and_the_rest_is_read() -> None:
    groups = Groups.read(
        {"a": [{"include-group": "a"}, "x"], "b": 3, "B": [], "c": [4, {"include-group": "d"}]}
    )

    assert groups.of("a") == ["x"]
    assert groups.problems == [
        ("B", 'the group "b" has the same name.'),
        ("a", "the group includes itself."),
        ("b", "it must be a list."),
        ("c", '"4" is not a requirement.'),
        ("c", 'there is no group "d".'),
    ]


# --- INI -----------------------------------------------------------------------------------------
PIECES = [
    "[a]", "[b]", "[a] x", "[DEFAULT]", "[]", "[a", "x = 1", "X=2", "y : a = b", "z", "= 1", "# c",
    "; c", "x", "", "  ", "k = v # c", "k =", "1 ] =",
]  # fmt: skip
LINES = st.tuples(st.sampled_from(["", " ", "  ", "\t"]), st.sampled_from(PIECES))


@pytest.mark.parametrize("delimiters", ["=", "=:"])
@pytest.mark.parametrize("is_strict", [True, False])
@given(lines=st.lists(LINES, max_size=9))
def test_ini_is_read_as_configparser_reads_it(
    delimiters: str, is_strict: bool, lines: list[tuple[str, str]]
) -> None:
    text = "\n".join(indent + piece for indent, piece in lines)
    expected = configparser.RawConfigParser(
        strict=is_strict, delimiters=delimiters, default_section="\0"
    )
    try:
        expected.read_string(text)
    except configparser.Error:
        with pytest.raises(Unreadable):
            read_ini(text, delimiters=delimiters, is_strict=is_strict)
        return
    found = read_ini(text, delimiters=delimiters, is_strict=is_strict)

    assert list(found) == expected.sections()
    for name, section in found.items():
        assert {key: one.text for key, one in section.values.items()} == dict(expected.items(name))


def test_sections_and_options_know_their_lines() -> None:
    found = read_ini("# tox\n[tox]\n\n[testenv]\nDeps =\n    a\ncommands = b\n")

    assert [(name, each.line) for name, each in found.items()] == [("tox", 2), ("testenv", 4)]
    assert found["testenv"].values["deps"].line == found["testenv"].line_of("deps") == 5
    assert found["testenv"].line_of("nothing") == 0
    with pytest.raises(Unreadable) as refused:
        read_ini("[a]\nb = 1\nc\n")
    assert refused.value.line == 3


# --- TOML ----------------------------------------------------------------------------------------
TOML = """\
a = 1
[ project ]
name = "x"
"quoted" = 'y'
dependencies = [
    "name", 'z',  # "z"
    "z",
]
[tool.uv.sources]
zope.interface = 1
[packages.web]
a = 2
"""


def test_tables_keys_and_strings_know_their_lines() -> None:
    lines = TomlLines(TOML)

    assert lines.of("", "a") == 1
    assert lines.of("project") == 2
    assert [lines.of("project", key) for key in ("name", "quoted", "nothing")] == [3, 4, 2]
    assert lines.of("tool.uv.sources", "zope") == 10
    assert lines.of("packages", "web") == 11
    assert lines.of("nothing", "a") == 0
    assert string_lines(TOML, 5)["name"] == 6
    assert string_lines(TOML, 7)["z"] == 7


@pytest.mark.parametrize("text", ["a = '.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a'", "# " + "a." * 99])
def test_dots_of_strings_and_comments_are_no_keys(text: str) -> None:
    read_toml(text)

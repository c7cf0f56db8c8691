"""What a new integration is suggested to begin with, and why."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from matrix.rules.facts import Metadata
from matrix.rules.suggesting import (
    Known,
    pythons_in_common,
    suggest_group,
    suggest_minimum,
    suggest_name,
    suggest_test_path,
    worth_knowing,
)
from tests.rules.makers import AS_OF, POLICY, a_release, on, releases


def is_factor(name: str) -> bool:
    """Stand in for the validator of names: no "py", nothing that starts with a digit."""
    return name[0].isalpha() and "py" not in name.split("-")


@pytest.mark.parametrize(
    ("project", "taken", "name", "why"),
    [
        pytest.param("h11", ["httpx"], "h11", "no other integration has it", id="free"),
        pytest.param(
            "openai", ["openai-base"], "openai-main", "openai-base shares its factors", id="hidden"
        ),
        pytest.param(
            "open-ai", ["open"], "open_ai", "open shares its factors", id="would hide another"
        ),
        pytest.param("h11", ["h11", "h11-base"], "h11_base", "h11 shares", id="twice"),
        pytest.param("2captcha", [], "the-2captcha", "no tox factor", id="starts with a digit"),
        pytest.param("py-rate", [], "py_rate", "no tox factor", id="a factor with a meaning"),
    ],
)
def test_a_name_is_a_free_factor(project: str, taken: list[str], name: str, why: str) -> None:
    found = suggest_name(project, taken, is_factor)

    assert found.value == name
    assert why in found.why


def a_known(name: str, test_path: str = "", *, project: str = "", group: str = "Web") -> Known:
    return Known(name, project or name, group, test_path or f"tests/integrations/{name}")


@pytest.mark.parametrize(
    ("others", "path", "why"),
    [
        pytest.param([], "tests/big_box", "a guess", id="no other integration"),
        pytest.param(
            [a_known("a", "tests/a"), a_known("b"), a_known("c")],
            "tests/integrations/big_box",
            "2 of 3 integrations follow tests/integrations/<name with _>.",
            id="the pattern of most",
        ),
        pytest.param(
            [a_known("c-d"), a_known("e")],
            "tests/integrations/big-box",
            "2 of 2 integrations follow tests/integrations/<name>.",
            id="a name with a dash decides how dashes are written",
        ),
        pytest.param(
            [a_known("x", "tests/x_y/unit", project="x-y"), a_known("z", "tests/z/unit")],
            "tests/big_project/unit",
            "2 of 2 integrations follow tests/<project with _>/unit.",
            id="it may be the project that names the folder",
        ),
        pytest.param(
            [a_known("a", "tests/all")], "tests/big_box", "a guess", id="none names itself"
        ),
    ],
)
def test_a_test_path_follows_those_of_others(others: list[Known], path: str, why: str) -> None:
    found = suggest_test_path("big-box", "big-project", others)

    assert found.value == path
    assert why in found.why


OTHERS = [
    a_known("flask"),
    a_known("django"),
    a_known("langchain-base", project="langchain", group="AI"),
    a_known("pg", project="async-postgres", group="DBs"),
]


@pytest.mark.parametrize(
    ("project", "others", "group", "why"),
    [
        pytest.param("langchain-openai", OTHERS, "AI", "begin alike: langchain.", id="begins"),
        pytest.param("my-postgres", OTHERS, "DBs", "share a word with it: async-p", id="a word"),
        pytest.param("python-box", OTHERS, "Web", "The largest group", id="nothing alike"),
        pytest.param("box", [], "First", "none holds an integration yet", id="an empty SDK"),
    ],
)
def test_a_group_is_that_of_projects_with_a_name_alike(
    project: str, others: list[Known], group: str, why: str
) -> None:
    found = suggest_group(project, others, ["First", "Second"])

    assert found.value == group
    assert why in found.why


def test_an_sdk_without_groups_is_told_so() -> None:
    assert suggest_group("box", [], []).why == "The SDK has no group yet: add one to it first."


OLD = AS_OF - timedelta(days=2000)


@pytest.mark.parametrize(
    ("old", "young", "declared", "minimum", "why"),
    [
        pytest.param(
            (), ("1.0", "1.1", "1.1.1"), {}, "1.0", "the oldest minor version whose", id="all"
        ),
        pytest.param(
            ("1.0", "1.1"),
            ("1.2", "1.2.1", "1.3"),
            {},
            "1.2",
            "minor version of the last 3 years whose newest release (1.2.1)",
            id="what is old is left behind",
        ),
        pytest.param(
            (),
            ("1.0", "2.0", "2.1", "3.0"),
            {},
            "2.0",
            "of the last 2 major versions whose",
            id="two major versions",
        ),
        pytest.param(
            ("1.0",), ("2023.1", "2024.1", "2025.1"), {}, "2023.1", "", id="years are no majors"
        ),
        pytest.param(
            (),
            ("1.0", "1.1", "1.2"),
            {"1.0": on("2.7"), "1.1": on("3.5")},
            "1.2",
            "declares Pythons of the SDK",
            id="the first with a Python in common",
        ),
        pytest.param(("1.0",), (), {}, "1.0", "", id="an old project has its newest"),
        pytest.param(
            (),
            ("1.0",),
            {"1.0": on("2.7")},
            "",
            "No recent release can be tested: 1.0 declares 2.7",
            id="nothing in common",
        ),
        pytest.param((), ("1.0a1",), {}, "", "no final release", id="prereleases alone"),
    ],
)
def test_a_minimum_begins_what_is_recent_and_can_be_tested(
    old: tuple[str, ...],
    young: tuple[str, ...],
    declared: dict[str, Metadata],
    minimum: str,
    why: str,
) -> None:
    known = [*(replace(each, uploaded_at=OLD) for each in releases(*old)), *releases(*young)]
    facts = {each.version: declared.get(str(each.version), on("3.9", "3.14")) for each in known}

    found = suggest_minimum(POLICY, known, facts)

    assert found.value == minimum
    assert why in found.why


def test_pythons_in_common_are_those_of_the_latest_release() -> None:
    known = releases("1.0", "2.0")
    facts = {known[0].version: on("3.6"), known[1].version: on("3.9", "3.14", "3.99")}

    assert pythons_in_common(POLICY, known, facts).value == "3.9, 3.14"
    assert "Not known" in pythons_in_common(POLICY, known, {}).why


def test_metadata_is_worth_knowing_of_each_minor_version_and_of_what_comes() -> None:
    known = [
        *releases("1.0", "1.0.1", "1.1", "2.0", "2.1a1", "2.1b1", "1.2rc1", "2.0.post1"),
        a_release("1.1.1", is_yanked=True),
        a_release("3.0", uploaded_at=None),
    ]

    assert [str(version) for version in worth_knowing(known)] == ["1.0.1", "1.1", "2.0", "2.1b1"]
    many = worth_knowing(releases(*(f"1.{minor}" for minor in range(100))))
    assert (len(many), str(many[-1])) == (40, "1.99")


def test_a_sentence_ends_as_one() -> None:
    found = [suggest_name("a", [], is_factor), suggest_group("a", OTHERS, ["Web"])]

    assert all(re.fullmatch(r"[A-Z].*\.", each.why) for each in found)

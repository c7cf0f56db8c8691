"""What a reviewer is told: rows that move, come and go, requirements, settings, one line."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix.rules.diffing import PartDiff, diff_parts, summary_line
from matrix.rules.parts import IntegrationPart
from matrix.rules.rendering import DEFAULT_FRAME
from tests.support.parts import a_layout, a_part, a_row, a_use, everywhere, parts, pythons, uses_of


def moves(old: str, new: str) -> dict[str, list[str]]:
    """Compare rows that are written as ``1.0 2.0``."""
    before = a_part(rows=[a_row(text) for text in old.split()])
    after = a_part(rows=[a_row(text) for text in new.split()])
    diff = diff_parts("httpx", before, after)
    return {
        "moved": [f"{row.old.version} -> {row.new.version}" for row in diff.moved],
        "added": [str(row.version) for row in diff.added],
        "removed": [str(row.version) for row in diff.removed],
    }


@pytest.mark.parametrize(
    ("old", "new", "moved", "added", "removed"),
    [
        pytest.param("1.0 2.0.1", "1.0 2.0.3", ["2.0.1 -> 2.0.3"], [], [], id="a patch"),
        pytest.param(
            "1.2.0 1.2.5", "1.2.6", ["1.2.5 -> 1.2.6"], [], ["1.2.0"], id="the highest patch first"
        ),
        pytest.param("2.1b2", "2.1", ["2.1b2 -> 2.1"], [], [], id="a prerelease that is final"),
        pytest.param("1.0 2.3", "1.0 2.4", ["2.3 -> 2.4"], [], [], id="the latest of a major"),
        pytest.param("1.0 2.3", "1.0 3.0", ["2.3 -> 3.0"], [], [], id="the latest to a new major"),
        pytest.param(
            "1.0 2.3", "1.0 2.3 3.0", [], ["3.0"], [], id="a new major beside the old one"
        ),
        pytest.param(
            "0.1 0.36 0.71 0.105",
            "0.1 0.37 0.73 0.107",
            ["0.36 -> 0.37", "0.71 -> 0.73", "0.105 -> 0.107"],
            [],
            [],
            id="evenly spaced picks that shift",
        ),
        pytest.param(
            "1.4 2.0 2.1b1", "1.4 2.0 2.2b1", ["2.1b1 -> 2.2b1"], [], [], id="a later prerelease"
        ),
        pytest.param(
            "1.4 2.0",
            "1.4 2.1b1",
            [],
            ["2.1b1"],
            ["2.0"],
            id="a final and a prerelease do not pair",
        ),
        pytest.param(
            "1.1 2.0", "2.0 3.0rc1", [], ["3.0rc1"], ["1.1"], id="other majors do not pair"
        ),
        pytest.param("1!1.0 1!2.0", "1.0 1!2.0", [], ["1.0"], ["1!1.0"], id="nor other epochs"),
        pytest.param("2.0", "1.9", ["2.0 -> 1.9"], [], [], id="the latest goes down"),
    ],
)
def test_rows_of_the_same_line_of_releases_move(
    old: str, new: str, moved: list[str], added: list[str], removed: list[str]
) -> None:
    assert moves(old, new) == {"moved": moved, "added": added, "removed": removed}


def test_a_row_of_the_same_release_gains_and_loses_pythons() -> None:
    old = a_part(rows=[a_row("1.0", "3.8 3.9"), a_row("2.0", "3.9")])
    new = a_part(rows=[a_row("1.0", "3.9 3.14t"), a_row("2.0", "3.9")])

    diff = diff_parts("httpx", old, new)

    (changed,) = diff.changed
    assert (changed.version, changed.gained, changed.lost) == (
        old.rows[0].version,
        pythons("3.14t"),
        pythons("3.8"),
    )
    assert diff.unchanged == 1


def test_a_row_that_becomes_advisory_is_changed() -> None:
    old = a_part(rows=[a_row("1.0b1")])
    new = a_part(rows=[a_row("1.0b1", is_advisory=True)])

    (changed,) = diff_parts("httpx", old, new).changed

    assert (changed.gained, changed.lost, changed.new.is_advisory) == ((), (), True)


def test_a_moved_row_says_which_pythons_it_gains_and_loses() -> None:
    old, new = a_part(rows=[a_row("1.0", "3.8 3.9")]), a_part(rows=[a_row("1.1", "3.9 3.10")])

    (moved,) = diff_parts("httpx", old, new).moved

    assert (moved.gained, moved.lost) == (pythons("3.10"), pythons("3.8"))


def test_a_requirement_that_only_moves_with_its_row_is_not_listed() -> None:
    old = a_part(
        rows=[a_row("0.16.1"), a_row("0.28.0")],
        requirements=[
            a_use("pytest-httpx==0.35.0", v0_28_0="3.9 3.12"),
            a_use("tomli", v0_16_1="3.9", v0_28_0="3.12"),
        ],
    )
    new = a_part(
        rows=[a_row("0.16.1"), a_row("0.28.1")],
        requirements=[
            a_use("pytest-httpx==0.35.0", v0_28_1="3.9 3.12"),
            a_use("tomli", v0_16_1="3.9", v0_28_1="3.12"),
        ],
    )

    diff = diff_parts("httpx", old, new)

    assert (diff.requirements_added, diff.requirements_removed, diff.rules) == ((), (), 0)


def test_a_row_that_moves_to_another_rung_of_a_ladder_lists_it_but_no_rule_changes() -> None:
    rows = [a_row("0.27.0"), a_row("0.28.0")]
    old = a_part(rows=rows[:1], requirements=[a_use("pytest-httpx==0.32", v0_27_0="3.9 3.12")])
    new = a_part(rows=rows[1:], requirements=[a_use("pytest-httpx==0.35", v0_28_0="3.9 3.12")])

    diff = diff_parts("httpx", old, new)

    assert diff.requirements_added == ("httpx: pytest-httpx==0.35",)
    assert diff.requirements_removed == ("httpx: pytest-httpx==0.32",)
    assert diff.rules == 0


def test_a_rule_changes_when_an_environment_that_stays_requires_something_else() -> None:
    rows = [a_row("0.16.1"), a_row("0.28.1")]
    old = a_part(
        rows=rows,
        requirements=[everywhere("anyio<4", rows), a_use("pytest-httpx==0.10", v0_16_1="3.9 3.12")],
    )
    new = a_part(
        rows=rows,
        requirements=[everywhere("anyio<4", rows), a_use("Pytest_HTTPX==0.11", v0_16_1="3.9 3.12")],
    )

    diff = diff_parts("httpx", old, new)

    assert diff == PartDiff(
        part="httpx",
        unchanged=2,
        requirements_added=("httpx-v0.16.1: Pytest_HTTPX==0.11",),
        requirements_removed=("httpx-v0.16.1: pytest-httpx==0.10",),
        rules=1,
    )


def test_an_integration_that_comes_adds_its_rows_and_requirements() -> None:
    rows = [a_row("1.0"), a_row("2.0")]
    part = a_part(rows=rows, requirements=[everywhere("anyio", rows)])

    assert diff_parts("httpx", None, part) == PartDiff(
        part="httpx", added=part.rows, requirements_added=("httpx: anyio",)
    )
    assert diff_parts("httpx", part, None) == PartDiff(
        part="httpx", removed=part.rows, requirements_removed=("httpx: anyio",)
    )


def test_settings_of_an_integration_are_sentences() -> None:
    rows = [a_row("1.0")]
    uses = [everywhere("a", rows), everywhere("b", rows)]
    old = a_part(rows=rows, requirements=uses)
    new = a_part(
        rows=rows,
        project="httpx-next",
        group="Web 1",
        test_path="tests/other",
        extras=("http2", "socks"),
        requirements=uses[::-1],
    )

    assert diff_parts("httpx", old, new).settings == (
        'The project changes from "httpx" to "httpx-next".',
        'The group changes from "Network" to "Web 1".',
        'The test path changes from "tests/integrations/httpx" to "tests/other".',
        'The list of extras changes from "none" to "http2, socks".',
        "The order of the requirements changes.",
    )


LONGER = DEFAULT_FRAME.replace("package = editable\n", "skip_install = true\npass_env = *\n")


@pytest.mark.parametrize(
    ("frames", "sentence"),
    [
        pytest.param(("", LONGER), "The frame changes: 2 lines added, 1 removed.", id="from none"),
        pytest.param((LONGER, ""), "The frame changes: 1 line added, 2 removed.", id="to none"),
        pytest.param(
            ("", DEFAULT_FRAME),
            "The frame stays as it is, but no longer follows the default one.",
            id="the default one, written out",
        ),
        pytest.param(
            (DEFAULT_FRAME, ""),
            "The frame stays as it is, and follows the default one from now on.",
            id="the default one, no longer written out",
        ),
    ],
)
def test_a_frame_that_changes_is_counted_in_lines(frames: tuple[str, str], sentence: str) -> None:
    old, new = (a_layout("A", frame=frame) for frame in frames)

    diff = diff_parts("layout", old, new)

    assert diff == PartDiff(part="layout", settings=(sentence,), layout="change")


def test_settings_of_a_layout_are_sentences() -> None:
    old = a_layout("Network", "AI")
    new = a_layout("AI", "Network", "Web 1", sdk="other", pins_style="inline")

    assert diff_parts("layout", old, new).settings == (
        'The SDK changes from "example-sdk" to "other".',
        'The order of groups changes from "Network, AI" to "AI, Network, Web 1".',
        'The pins style changes from "none" to "inline".',
    )


def test_a_layout_and_an_integration_cannot_be_compared() -> None:
    with pytest.raises(TypeError, match='"httpx" is a layout on one side'):
        diff_parts("httpx", a_layout(), a_part())


def a_diff(*, add: int = 0, remove: int = 0, change: int = 0, move: int = 0) -> PartDiff:
    """The difference of two integrations with that many rows of each kind, and one that stays."""
    old = [a_row("99!1.0"), *(a_row(f"1{n}!1.0") for n in range(remove))]
    new = [a_row("99!1.0"), *(a_row(f"3{n}!1.0") for n in range(add))]
    for n in range(move):
        old.append(a_row(f"2.{n}.1"))
        new.append(a_row(f"2.{n}.2"))
    for n in range(change):
        old.append(a_row(f"3.{n}", "3.8"))
        new.append(a_row(f"3.{n}", "3.9"))
    before, after = (sorted(rows, key=lambda row: row.version) for rows in (old, new))
    return diff_parts("httpx", a_part(rows=before), a_part(rows=after))


RULE = PartDiff(part="a", rules=1)
SETTING = PartDiff(part="a", settings=("The group changes.",))
LAYOUT = PartDiff(part="layout", settings=("The layout is new.",), layout="add")
NOTHING = PartDiff(part="a", unchanged=3)


@pytest.mark.parametrize(
    ("diffs", "unchanged", "expected"),
    [
        pytest.param([], 233, "No changes. 233 rows checked.", id="nothing to compare"),
        pytest.param([NOTHING, NOTHING], 1, "No changes. 1 row checked.", id="no difference"),
        pytest.param([], 0, "No changes. 0 rows checked.", id="no rows"),
        pytest.param(
            [a_diff(add=1)],
            1,
            "1 row to add, 0 to remove, 0 to change. 1 row unchanged.",
            id="one",
        ),
        pytest.param(
            [a_diff(remove=2)],
            0,
            "0 rows to add, 2 to remove, 0 to change. 0 rows unchanged.",
            id="zeros inside a group stay",
        ),
        pytest.param([RULE], 9, "1 rule to change. 9 rows unchanged.", id="one rule"),
        pytest.param(
            [RULE, SETTING, RULE, SETTING],
            9,
            "2 rules to change; 2 settings to change. 9 rows unchanged.",
            id="rules and settings",
        ),
        pytest.param([LAYOUT], 9, "layout to add. 9 rows unchanged.", id="the layout alone"),
        pytest.param(
            [
                LAYOUT,
                a_diff(add=9, remove=4, change=2, move=3),
                NOTHING,
                SETTING,
                RULE,
                a_diff(add=3),
            ],
            210,
            "12 rows to add, 4 to remove, 5 to change; 1 rule to change; 1 setting to change; "
            "layout to add. 210 rows unchanged.",
            id="everything, in the order of the grammar",
        ),
    ],
)
def test_the_summary_line(diffs: list[PartDiff], unchanged: int, expected: str) -> None:
    assert summary_line(diffs, unchanged=unchanged) == expected


few = settings(max_examples=60, deadline=None)


@few
@given(parts("httpx"))
def test_equal_parts_have_an_empty_difference(part: IntegrationPart) -> None:
    diff = diff_parts("httpx", part, part)

    assert diff == PartDiff(part="httpx", unchanged=len(part.rows))
    assert diff.is_empty


@few
@given(parts("httpx"), parts("httpx"))
def test_different_parts_have_a_difference_that_the_summary_names(
    old: IntegrationPart, new: IntegrationPart
) -> None:
    diff = diff_parts("httpx", old, new)

    assert diff.is_empty == (old == new)
    assert summary_line([diff], unchanged=0).startswith("No changes.") == (old == new)


REQUIRED_OTHERWISE = parts("httpx").flatmap(
    lambda part: st.tuples(
        st.just(part),
        uses_of(part.rows).map(lambda uses: replace(part, requirements=uses)),
    )
)


@few
@given(REQUIRED_OTHERWISE)
def test_other_requirements_of_the_same_rows_are_a_difference(
    pair: tuple[IntegrationPart, IntegrationPart],
) -> None:
    diff = diff_parts("httpx", *pair)

    assert diff.is_empty == (pair[0] == pair[1])
    assert diff.unchanged == len(pair[0].rows)
    assert summary_line([diff], unchanged=0).startswith("No changes.") == diff.is_empty


@few
@given(parts("httpx"), parts("httpx"))
def test_each_row_is_in_exactly_one_list(old: IntegrationPart, new: IntegrationPart) -> None:
    diff = diff_parts("httpx", old, new)

    same = [row for row in old.rows if row in new.rows]
    pairs = [(row.old, row.new) for row in diff.moved] + [
        (row.old, row.new) for row in diff.changed
    ]
    left = [*diff.removed, *(before for before, _ in pairs), *same]
    right = [*diff.added, *(after for _, after in pairs), *same]
    assert sorted(left, key=str) == sorted(old.rows, key=str)
    assert sorted(right, key=str) == sorted(new.rows, key=str)
    assert diff.unchanged == len(same)

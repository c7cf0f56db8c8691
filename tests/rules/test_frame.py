"""Frames: what is stripped, what is refused, what an edit by hand leads to."""

import configparser
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix.rules.rendering import (
    DEFAULT_FRAME,
    EditedRegion,
    FrameError,
    RegionEdited,
    check_frame,
    edited_regions,
    missing_regions,
    picked_versions_named,
    render_files,
    render_into,
    strip_frame,
)
from matrix.rules.rendering.ini import Outline
from tests.support.parts import a_layout, a_part, a_row

GOOD = """\
[tox]
env_list =
    # BEGIN GENERATED: envlist
    # END GENERATED: envlist
[testenv]
deps =
    # BEGIN GENERATED: deps
    # END GENERATED: deps
"""
PARTS = [a_part(rows=[a_row("1.0")])]
FILLED = render_files(a_layout(frame=GOOD), PARTS)["tox.ini"]


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(GOOD, id="a frame"),
        pytest.param(FILLED, id="a filled file"),
        pytest.param(FILLED.replace("httpx==1.0", "edited"), id="an edited file"),
        pytest.param(FILLED.replace("\n", "\r\n"), id="line ends of Windows"),
        pytest.param(FILLED.replace("\n", "\r"), id="line ends of an old Macintosh"),
        pytest.param(f"\ufeff{FILLED}", id="a byte order mark"),
        pytest.param(FILLED.removesuffix("\n"), id="no end of the last line"),
    ],
)
def test_a_received_file_becomes_its_frame(received: str) -> None:
    assert strip_frame(received) == GOOD


def test_an_empty_file_has_an_empty_frame() -> None:
    assert strip_frame("") == ""


def test_a_file_whose_markers_do_not_pair_up_has_no_frame() -> None:
    with pytest.raises(FrameError) as caught:
        strip_frame(GOOD.replace("# END GENERATED: envlist", "#"))

    expected = 'Line 3: the region "envlist" has no END. Put "# END GENERATED: envlist" behind it.'
    assert str(caught.value) == expected


@pytest.mark.parametrize("text", [GOOD, FILLED, DEFAULT_FRAME], ids=["bare", "filled", "default"])
def test_a_good_frame_has_no_mistakes(text: str) -> None:
    assert check_frame(text) == []


MISSING_ENVLIST = (
    'The region "envlist" is missing. Put "# BEGIN GENERATED: envlist" and '
    '"# END GENERATED: envlist" below "env_list =" in [tox].'
)
MISSING_DEPS = (
    'The region "deps" is missing. Put "# BEGIN GENERATED: deps" and '
    '"# END GENERATED: deps" below "deps =" in [testenv].'
)


def lines_of(number: int, *, become: str, of: int = 1) -> str:
    """GOOD with *of* lines, from the one of that *number*, replaced."""
    lines = GOOD.splitlines(keepends=True)
    lines[number - 1 : number - 1 + of] = [become] if become else []
    return "".join(lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [MISSING_ENVLIST, MISSING_DEPS], id="nothing"),
        pytest.param(lines_of(3, become="", of=2), [MISSING_ENVLIST], id="no envlist"),
        pytest.param(lines_of(7, become="", of=2), [MISSING_DEPS], id="no deps"),
        pytest.param(
            lines_of(8, become=""),
            ['Line 7: the region "deps" has no END. Put "# END GENERATED: deps" behind it.'],
            id="no end",
        ),
        pytest.param(
            lines_of(3, become=""),
            ['Line 3: the END of "envlist" has no BEGIN before it.'],
            id="no begin",
        ),
        pytest.param(
            lines_of(4, become="    # END GENERATED: deps\n"),
            [
                'Line 4: this END names "deps", but the region that began on line 3 is "envlist".',
            ],
            id="the end of another",
        ),
        pytest.param(
            f"{GOOD}    # BEGIN GENERATED: deps\n    # END GENERATED: deps\n",
            ['Line 9: the region "deps" stands in the file already, from line 7.'],
            id="twice",
        ),
        pytest.param(
            lines_of(8, become="    # BEGIN GENERATED: setenv\n    # END GENERATED: setenv\n")
            + "    # END GENERATED: deps\n",
            [
                (
                    'Line 8: the region "setenv" stands in "deps" of [testenv]. '
                    'Put it below "set_env =".'
                ),
                (
                    'Line 8: the region "setenv" stands inside the region "deps", which begins on '
                    "line 7. Put one behind the other."
                ),
            ],
            id="nested",
        ),
        pytest.param(
            GOOD.replace("envlist", "evnlist"),
            ['Line 3: there is no region "evnlist". Did you mean "envlist"?'],
            id="unknown, with a near one",
        ),
        pytest.param(
            f"{GOOD}    # BEGIN GENERATED: pins\n    # END GENERATED: pins\n",
            ['Line 9: there is no region "pins". There are envlist, deps, setenv, testpaths.'],
            id="unknown, with no near one",
        ),
        pytest.param(
            lines_of(3, become="    #BEGIN GENERATED envlist\n"),
            [
                (
                    'Line 3: "#BEGIN GENERATED envlist" is not a marker. '
                    'Write it as "# BEGIN GENERATED: envlist".'
                )
            ],
            id="a misspelled marker",
        ),
        pytest.param(
            lines_of(3, become="# BEGIN GENERATED: envlist\n"),
            [
                (
                    'Line 3: the region "envlist" belongs to no setting. '
                    'Put it below "env_list =" and indent it further than that line.'
                )
            ],
            id="not indented",
        ),
        pytest.param(
            GOOD.replace("[tox]", "[base]"),
            [
                (
                    'Line 3: the region "envlist" stands in "env_list" of [base]. '
                    'Put it below "env_list =".'
                )
            ],
            id="in the wrong section",
        ),
        pytest.param(
            GOOD.replace("deps =", "set_env ="),
            ['Line 7: the region "deps" stands in "set_env" of [testenv]. Put it below "deps =".'],
            id="in the wrong setting",
        ),
        pytest.param(
            f"description\n{GOOD}nonsense\n[testenv]\n[tox]\nskip=1\nskip=2\n",
            [
                'Line 1: "description" stands before the first [section].',
                'Line 10: "nonsense" is not a setting. Write it as NAME = VALUE.',
                "Line 11: the section [testenv] stands in the file already, on line 6.",
                "Line 12: the section [tox] stands in the file already, on line 2.",
                'Line 14: the setting "skip" of [tox] stands in the file already, on line 13.',
            ],
            id="five mistakes of an INI file",
        ),
    ],
)
def test_every_mistake_of_a_frame_is_reported(text: str, expected: list[str]) -> None:
    assert check_frame(text) == expected
    assert check_frame(text.replace("\n", "\r\n")) == expected


def test_a_section_of_ones_own_may_hold_the_requirements() -> None:
    text = GOOD.replace("[testenv]\ndeps =", "[matrix]\nrequirements =")

    assert check_frame(text) == []


def test_optional_regions_are_named_with_what_is_lost() -> None:
    assert list(missing_regions(GOOD)) == ["setenv", "testpaths"]
    assert missing_regions(DEFAULT_FRAME) == {}


@given(
    st.lists(
        st.sampled_from(
            [
                "[a]",
                "[b]",
                "[DEFAULT]",
                "x = 1",
                "  x = 2",
                "X: 3",
                "y",
                "  y",
                "",
                " ",
                "# c",
                "   ; c",
                "= 4",
                "[]",
                "[a",
                "[a] z",
                "\tz = 1",
            ]
        ),
        max_size=12,
    )
)
def test_mistakes_are_found_where_configparser_finds_one(lines: list[str]) -> None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string("\n".join(lines))
    except configparser.Error:
        refused = True
    else:
        refused = False

    assert bool(Outline.of(lines).mistakes) == refused


def test_lines_of_a_value_are_at_home_in_its_setting() -> None:
    lines = ["[testenv]", "Deps = a", "    b", "", "    c", "skip = 1", "[testenv]", "  d = 1"]

    assert Outline.of(lines).homes == {3: ("testenv", "deps"), 5: ("testenv", "deps")}


HASH_OF_A = hashlib.sha256(b"    a\n").hexdigest()
EDITED = FILLED.replace("httpx-v1.0: httpx==1.0", "httpx-v1.0: httpx==1.1")


def test_an_edit_inside_a_region_is_found_without_the_portal() -> None:
    assert edited_regions(FILLED) == []
    assert edited_regions(EDITED) == [EditedRegion("deps", 10, 14)]


def test_an_edit_inside_a_region_is_not_overwritten() -> None:
    with pytest.raises(RegionEdited) as caught:
        render_into(EDITED, a_layout(), PARTS)

    assert str(caught.value) == (
        'Lines 10 to 14: the region "deps" was edited by hand. '
        "Take the edit back, or let it be discarded."
    )
    assert caught.value.regions == (EditedRegion("deps", 10, 14),)


def test_an_edit_inside_a_region_is_discarded_when_asked_for() -> None:
    assert render_into(EDITED, a_layout(), PARTS, discard_edits=True) == FILLED


@pytest.mark.parametrize(
    ("end", "inside", "edited"),
    [
        pytest.param("", "", False, id="no hash and no text"),
        pytest.param("", "\n\n", False, id="no hash and blank lines"),
        pytest.param("", "    a\n", True, id="no hash but text"),
        pytest.param(" sha256:00", "", True, id="a wrong hash"),
        pytest.param(" sha256:", "", True, id="an empty hash"),
        pytest.param(f" sha256:{HASH_OF_A}", "    a\n", False, id="its hash"),
    ],
)
def test_a_region_is_edited_when_its_hash_does_not_fit(end: str, inside: str, edited: bool) -> None:
    marker = "    # END GENERATED: deps"

    text = GOOD.replace(marker, f"{inside}{marker}{end}")

    assert bool(edited_regions(text)) is edited


def test_an_edit_outside_of_regions_is_kept() -> None:
    text = FILLED.replace("[testenv]\n", "[testenv]\nskip_install = true\n")

    assert render_into(text, a_layout(), PARTS) == text


def test_lines_take_the_indentation_and_the_line_end_of_their_marker() -> None:
    text = GOOD.replace("    # BEGIN GENERATED: deps\n", "\t# BEGIN GENERATED: deps\r\n")

    rendered = render_into(text, a_layout(), PARTS)

    assert "\thttpx-v1.0: httpx==1.0\r\n\thttpx-latest: httpx==1.0\r\n    # END" in rendered
    assert "    {py3.9,py3.12}-httpx-v1.0\n" in rendered


def test_a_file_with_mistakes_is_not_rendered_into() -> None:
    with pytest.raises(FrameError) as caught:
        render_into("[tox]\n[tox]\n", a_layout(), PARTS)

    assert caught.value.mistakes == (
        "Line 2: the section [tox] stands in the file already, on line 1.",
        MISSING_ENVLIST,
        MISSING_DEPS,
    )


def test_a_stored_frame_without_a_required_region_is_refused() -> None:
    with pytest.raises(FrameError) as caught:
        render_files(a_layout(frame=lines_of(7, become="", of=2)), PARTS)

    assert caught.value.mistakes == (MISSING_DEPS,)


def test_a_last_line_without_an_end_stays_without_one() -> None:
    rendered = render_into(GOOD.removesuffix("\n"), a_layout(), PARTS)

    assert rendered == FILLED.removesuffix("\n")


def test_hand_written_lines_that_name_a_picked_version_are_pointed_out() -> None:
    written = """\
    # spark-v3.5.6 in a comment does no harm
    spark-v{3.0.3,3.5.6}: JAVA_HOME=/opt/java
    {py3.9}-spark-base-v1.0: A=1
    spark-latest: B=1
    sparkling-v2: C=1
"""

    found = picked_versions_named(f"{FILLED}set_env =\n{written}", ["spark", "spark-base"])

    advice = "names a picked version, which the next proposal may move."
    assert found == [
        f'Line 17: "spark-v{{3.0.3,3.5.6}}" {advice} Write "spark" or "spark-latest".',
        f'Line 18: "spark-base-v1.0" {advice} Write "spark-base" or "spark-base-latest".',
    ]
    assert picked_versions_named(FILLED, ["httpx"]) == []
    assert picked_versions_named(f"{FILLED}a-v1", []) == []

"""What a file is, and what no file is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix.rules.checking.judging import State, judge_offline
from matrix.rules.checking.reading import MOST_MARKERS, Kind, Unreadable, read_file
from tests.checking.makers import a_file

CONSTRAINTS = "# Written by the Matrix Portal for py3.9-httpx-v0.28.1.\nanyio==4.9.0\n"
MANIFEST = '{"files": [], "generator": "matrix-portal 0.1.0", "snapshots": {}, "sdk": "kit"}'


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [
        pytest.param(a_file(), Kind.TOX, "", id="tox.ini"),
        pytest.param(
            CONSTRAINTS, Kind.CONSTRAINTS, "constraints/httpx-v0.28.1-py3.9.txt", id="constraints"
        ),
        pytest.param(MANIFEST, Kind.MANIFEST, "", id="manifest"),
    ],
)
def test_a_generated_file_is_known_by_what_is_in_it(text: str, kind: Kind, path: str) -> None:
    file = read_file(text)

    assert (file.kind, file.path) == (kind, path)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        pytest.param(" \n", "Nothing was compared: the file is empty.", id="empty"),
        pytest.param(
            "[tox]\nenv_list = py312\n",
            "Nothing was compared: the file has no generated region, and is neither a constraint "
            "file nor a manifest of the portal.",
            id="another tox.ini",
        ),
        pytest.param(
            "a\0b",
            "Cannot read line 1: it holds a NUL, so this is no text file.",
            id="no text",
        ),
        pytest.param(
            "\n# END GENERATED: deps\n",
            'Cannot read line 2: the END of "deps" has no BEGIN before it.',
            id="an END alone",
        ),
        pytest.param(
            "# BEGIN GENERATED: deps\n# END GENERATED: deps\n"
            "# BEGIN GENERATED: jobs\n# END GENERATED: jobs\n",
            'Cannot read line 3: the region "jobs" belongs to another kind of file than deps.',
            id="regions of two kinds of files",
        ),
        pytest.param('{"files": [', "Cannot read line 1: it is not JSON", id="half of a manifest"),
        pytest.param(
            "# BEGIN GENERATED: x\n" * (MOST_MARKERS + 1),
            "Nothing was compared: the file has more than 1,000 markers.",
            id="an attack",
        ),
    ],
)
def test_what_is_no_generated_file_is_told_in_the_verdict(text: str, verdict: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_file(text)

    assert str(caught.value).startswith(verdict)


def test_further_mistakes_are_told_as_well() -> None:
    with pytest.raises(Unreadable) as caught:
        read_file("# BEGIN GENERATED: dept\n# END GENERATED: dept\n# END GENERATED: envlist\n")

    assert str(caught.value).startswith('Cannot read line 1: there is no region "dept".')
    assert caught.value.others == ('Line 3: the END of "envlist" has no BEGIN before it.',)


def test_offline_the_hashes_of_regions_prove_that_nobody_edited_them() -> None:
    text = a_file()

    intact = judge_offline(read_file(text))
    edited = judge_offline(read_file(text.replace("redis==5.0", "redis==5.1")))

    assert intact.state is State.INTACT
    assert intact.verdict == "All 2 regions are as the portal wrote them."
    assert (intact.exit_code(), intact.exit_code(strict=True)) == (0, 1)
    assert edited.verdict == '1 of 2 regions was edited by hand: "deps" (lines 16 to 26).'
    assert edited.exit_code() == 1


def test_a_file_without_hashes_is_never_in_order_offline() -> None:
    report = judge_offline(read_file(CONSTRAINTS))

    assert report.verdict == "Nothing was compared: a constraint file bears no hash of its own."
    assert report.exit_code() == 3


LINES = st.sampled_from(
    [
        "# BEGIN GENERATED: deps",
        "# END GENERATED: deps",
        "# END GENERATED: deps sha256:0",
        "# BEGIN GENERATED: envlist",
        "  # END GENERATED: envlist",
        "# BEGIN GENERATED: job",
        "#BEGIN GENERATED deps",
        "{",
        "# Written by the Matrix Portal for ",
        "text",
        "",
        "\x0c\u2028",
    ]
)


@given(lines=st.lists(LINES, max_size=12), end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_whatever_is_sent_gets_a_verdict(lines: list[str], end: str) -> None:
    try:
        file = read_file(end.join(lines), "a\0path")
        verdict = judge_offline(file).verdict
    except Unreadable as error:
        verdict = str(error)

    assert verdict.startswith(("Nothing was compared: ", "Cannot read line ", "1 of ", "2 of "))

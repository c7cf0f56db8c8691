"""A file of toxgen, or of people, becomes a frame; what is hand-written stays byte for byte."""

import re
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from integrations.catalogue.models import Sdk
from matrix.review.models import Finding
from matrix.review.state import published
from matrix.rules.rendering.markers import FrameError
from matrix.rules.rendering.takeover import take_over
from matrix.rules.toxini.naming import Suite
from matrix.sdk.channel import channel_of, files_of
from tests.sdk import makers
from tests.support.processes import ROOT
from tests.support.small_index import SmallIndex
from tests.support.tox import a_folder_with, settings_of, tox
from tests.takeover.journey import run

TOXGEN = (ROOT / "tests" / "data" / "takeover" / "toxgen.ini").read_text(encoding="utf-8")
SUITES = [
    Suite(name="httpx", project="httpx"),
    Suite(name="requests", project="requests"),
    Suite(name="spark", project="pyspark"),
]
OURS = {"httpx", "requests", "spark"}


def listed(text: str, folder: Path) -> list[str]:
    """Return all that ``tox list`` names, additional environments too."""
    folder.mkdir()
    return tox(a_folder_with(text, folder), "list", "--no-desc").split()


def hand_kept(names: list[str]) -> set[str]:
    return {name for name in names if not OURS & {*name.split("-")}}


@pytest.fixture
def sdk(db: None, index: SmallIndex) -> Sdk:
    index.add("httpx", "0.16.1", "0.28.1")
    index.add("requests", "2.31.0", "2.32.0rc1")
    index.add("pyspark", "3.0.3", "3.5.7", "3.5.9")
    made = makers.an_sdk(pythons="3.8 3.9 3.10 3.11 3.12 3.13 3.14")
    makers.an_integration(made, "httpx")
    makers.an_integration(made, "requests")
    makers.an_integration(made, "spark", project="pyspark")
    return made


def test_only_lines_of_integrations_make_room_for_regions() -> None:
    taken = take_over(TOXGEN, SUITES)

    changes = [
        line
        for line in unified_diff(TOXGEN.splitlines(), taken.text.splitlines(), n=0, lineterm="")
        if line[0] in "+-" and line[:3] not in {"+++", "---"}
    ]
    added = [line[1:].strip() for line in changes if line.startswith("+")]
    removed = [line[1:].strip() for line in changes if line.startswith("-")]
    assert added == [
        f"# {which} GENERATED: {region}"
        for region in ["envlist", "deps", "setenv", "testpaths"]
        for which in ["BEGIN", "END"]
    ]
    assert all(
        not line or OURS & {*line.replace(":", "-").split("-")}
        for line in removed
        if "~" not in line
    )
    assert len(removed) == len(taken.removed) == 40
    assert taken.notes == ()


def test_the_frame_with_its_regions_filled_lists_the_same_hand_kept_environments(
    sdk: Sdk, tmp_path: Path
) -> None:
    (tmp_path / "tox.ini").write_text(TOXGEN, encoding="utf-8")
    run("take_frame", "kit", str(tmp_path / "tox.ini"))
    makers.publish(sdk)
    text = files_of(published(channel_of(sdk)))["tox.ini"]

    before, after = listed(TOXGEN, tmp_path / "before"), listed(text, tmp_path / "after")

    assert hand_kept(after) == hand_kept(before)
    assert {"py3.9-spark-v3.5.9", "py3.12-httpx-latest"} <= {*after}
    names = ["py3.9-common", "py3.14t-common", "py3.12-gevent", "py3.12-asgi"]
    assert _settings(tmp_path / "after", names) == _settings(tmp_path / "before", names)


def _settings(folder: Path, names: list[str]) -> list[tuple[str, str, str]]:
    """Return what tox does in some environments, but for folders and what is drawn by lot."""
    found = settings_of(folder, "deps", "set_env", "commands", environments=names)
    return [
        (name, key, re.sub(r"PYTHONHASHSEED=\d+", "", value.replace(str(folder), ".")))
        for name in names
        for key, value in found[f"testenv:{name}"].items()
    ]


def test_a_line_that_names_what_is_not_picked_any_more_is_a_finding(
    sdk: Sdk, tmp_path: Path
) -> None:
    (tmp_path / "tox.ini").write_text(TOXGEN, encoding="utf-8")
    run("take_frame", "kit", str(tmp_path / "tox.ini"))
    proposal = makers.run(sdk)

    found = Finding.objects.get(proposal=proposal, kind="version in the frame")

    line = 1 + sdk_frame().splitlines().index(
        "    spark-v{3.0.3,3.5.6}: JAVA_HOME=/usr/lib/jvm/temurin-11-jdk-amd64"
    )
    assert (found.severity, found.text) == (
        "warning",
        (
            f'Line {line}: "spark-v{{3.0.3,3.5.6}}" names 3.5.6, which is not picked, so it does '
            'nothing for it. Picked now: 3.0.3, 3.5.9. Write "spark" or "spark-latest".'
        ),
    )


def sdk_frame() -> str:
    return Sdk.objects.get(slug="kit").frame


def test_a_dry_run_stores_no_frame_and_the_history_says_where_one_came_from(
    sdk: Sdk, tmp_path: Path
) -> None:
    path = tmp_path / "tox.ini"
    path.write_text(TOXGEN, encoding="utf-8")

    dry = run("take_frame", "kit", str(path), "--dry-run", "--output", str(tmp_path / "new.ini"))
    assert dry.endswith("the portal would write 40 lines anew. Nothing was saved: a dry run.\n")
    assert (sdk_frame(), (tmp_path / "new.ini").exists()) == ("", False)

    wet = run("take_frame", "kit", str(path), "--output", str(tmp_path / "new.ini"))
    assert wet.endswith("its frame is stored; the portal writes 40 lines anew from now on.\n")
    assert (tmp_path / "new.ini").read_text(encoding="utf-8") == sdk_frame()
    history: Any = Sdk.history
    assert history.latest().history_change_reason == "The frame was taken from tox.ini."


def test_line_ends_stay_as_they_are_in_the_output(tmp_path: Path) -> None:
    text = take_over(TOXGEN.replace("\n", "\r\n"), SUITES).text

    assert text.replace("\r\n", "") == text.replace("\r\n", "").replace("\n", "")
    assert text.replace("\r\n", "\n") == take_over(TOXGEN, SUITES).text


def test_a_file_with_our_markers_is_taken_as_it_is(tmp_path: Path) -> None:
    text = take_over(TOXGEN, SUITES).text

    assert take_over(text, SUITES).text == text


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        (
            "[tox]\nenvlist = py38,lint\n\n[testenv]\ncommands = pytest\n",
            (
                "[tox]\nenvlist = py38,lint\n    <envlist>\n\n[testenv]\ncommands = pytest\n"
                "deps =\n    <deps>\nsetenv =\n    <setenv>\n    <testpaths>\n"
            ),
        ),
        (
            "[tox]\nenv_list = py3.9-httpx-v0.16\n[testenv]\ndeps = httpx: httpx\nset_env = A=b\n",
            (
                "[tox]\nenv_list =\n    <envlist>\n[testenv]\ndeps =\n    <deps>\n"
                "set_env = A=b\n    <setenv>\n    <testpaths>\n"
            ),
        ),
        (
            "# Mine.\n[testenv]\ndeps =\n\tpytest",
            (
                "# Mine.\n[tox]\nenv_list =\n    <envlist>\n\n[testenv]\ndeps =\n\tpytest\n"
                "\t<deps>\nset_env =\n    <setenv>\n    <testpaths>\n"
            ),
        ),
        (
            "[tox]\nenv_list = a\n",
            (
                "[tox]\nenv_list = a\n    <envlist>\n\n[testenv]\ndeps =\n    <deps>\n"
                "set_env =\n    <setenv>\n    <testpaths>\n"
            ),
        ),
    ],
    ids=["no deps and no setenv", "values on one line", "no [tox]", "no [testenv]"],
)
def test_regions_are_put_where_none_are(text: str, frame: str) -> None:
    taken = take_over(text, SUITES)

    expected = frame
    for name in ["envlist", "deps", "setenv", "testpaths"]:
        indent = "\t" if f"\t<{name}>" in frame else "    "
        markers = f"# BEGIN GENERATED: {name}\n{indent}# END GENERATED: {name}"
        expected = expected.replace(f"<{name}>", markers)
    assert taken.text == expected


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        (
            "[tox]\nenvlist =\n    lint\n    {py27,py38}-httpx-v0.16\n    py38-httpx-v1, docs\n",
            (
                (
                    'Line 4: "{py27,py38}-httpx-v0.16" holds environments of integrations and '
                    "others. Put the others on a line of their own: py27-httpx-v0.16"
                ),
                (
                    'Line 5: "py38-httpx-v1, docs" holds environments of integrations and others. '
                    "Put the others on a line of their own: docs"
                ),
            ),
        ),
        (
            "[tox]\nenvlist =\n    {a,b\n",
            ('Line 3: "{a,b" has a brace too few or too many.',),
        ),
        (
            "envlist = a\n[tox]\n[tox]\n",
            (
                'Line 1: "envlist = a" stands before the first [section].',
                "Line 3: the section [tox] stands in the file already, on line 2.",
            ),
        ),
    ],
    ids=["mixed lines", "braces", "not INI"],
)
def test_what_cannot_be_done_is_refused_by_its_line(text: str, mistakes: tuple[str, ...]) -> None:
    with pytest.raises(FrameError) as caught:
        take_over(text, SUITES)

    assert caught.value.mistakes == mistakes


def test_lines_that_stay_and_might_surprise_are_told() -> None:
    text = (
        "[tox]\nenvlist =\n    {py38,py39}-httpx-v0.16\n    py39-flask-v1\n    py39-common\n"
        "[testenv]\ndeps =\n    httpx: anyio<4\n    httpx: mock\n    {httpx,common}: attrs\n"
        "    py39: pytz\nsetenv =\n    httpx: TESTPATH=tests/httpx\n"
        "commands = pytest {env:TESTPATH}\n"
    )

    taken = take_over(
        text, [Suite(name="httpx", project="httpx", requirements=frozenset({"mock"}))]
    )

    assert taken.removed == (3, 9)
    assert taken.notes == (
        "Line 4: kept, because the SDK has no integration named flask.",
        'Line 8: kept, because no dependency rule of httpx says "anyio<4".',
        "Line 10: kept, because it is not for httpx alone.",
        (
            "Line 13: kept, because the portal writes _TESTPATH. To let it write this too, use "
            "{env:TESTPATH:{env:_TESTPATH:tests}} in the commands, and take the line out."
        ),
        (
            "Line 14: the commands do not use {env:_TESTPATH}, in which the portal tells each "
            "environment where its tests are."
        ),
    )


def test_a_file_that_is_refused_or_missing_is_told_in_a_sentence(sdk: Sdk, tmp_path: Path) -> None:
    path = tmp_path / "tox.ini"
    path.write_text("[tox]\nenvlist = py39-httpx-v1, lint\n", encoding="utf-8")

    with pytest.raises(CommandError) as caught:
        run("take_frame", "kit", str(path))
    assert str(caught.value).startswith(f"{path} cannot be taken over (1 line):\nLine 2: ")
    with pytest.raises(CommandError, match=r"cannot be read: No such file or directory\."):
        run("take_frame", "kit", str(tmp_path / "none.ini"))
    assert sdk_frame() == ""

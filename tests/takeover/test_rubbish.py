"""Whatever a file holds, there are sentences and no tracebacks."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.catalogue import portable
from integrations.catalogue.apply import apply
from integrations.catalogue.importing import ImportRefused, SourceFile
from integrations.catalogue.importing.tox_ini import read_matrix, read_tox_ini
from matrix.rules.rendering.markers import FrameError
from matrix.rules.rendering.takeover import take_over
from matrix.rules.toxini.comparing import difference
from matrix.rules.toxini.naming import Suite
from tests.support.processes import ROOT

LINES = [
    "[tox]", "[testenv]", "[testenv:lint]", "[base]", "envlist =", "env_list = py3.8-a-v1",
    "deps =", "deps = pytest", "setenv =", "commands = pytest tests/a", "    # ~~~ Web ~~~",
    "    # Web", "    {py3.8,py3.9}-httpx-v{0.16,0.20}", "    py{38,39}-django{32,42}",
    "    py3.9-httpx-latest", "    lint, docs", "    py27-httpx-v1", "    {a,b", "    {[base]deps}",
    "    httpx-v0.16: httpx==0.16.0", "    httpx-v0.20: httpx~=0.20.0", "    httpx: mock \\",
    "    django32: Django>=3.2,<4", "    !py3.8-httpx: x", "    httpx: -r a.txt", "    httpx:",
    "    httpx: TESTPATH=tests/httpx", "    httpx-v0.16: _TESTPATH=a", "    httpx-v0.16: A=b",
    "    httpx-v99999999999999: httpx==1", "    a: b==1.*,~=2", "    v1: x", "", "\t", "x",
    "    # BEGIN GENERATED: deps", "    httpx-v1: UV_PRERELEASE=allow", "    py3.8-layout-v1",
    "    py3.8-x-v1!2", "    py3.8-x-v1.0rc1", "    x-v1.0rc1: x==1.0rc1", "deps = {[testenv]deps}",
]  # fmt: skip
RUBBISH = st.lists(st.sampled_from(LINES) | st.text(max_size=20), max_size=25).map("\n".join)
SUITES = [Suite(name="httpx", project="httpx"), Suite(name="django", project="django")]
SDK = portable.Sdk(name="Kit", pythons="3.8 3.9 3.10", free_threading_from="3.10")
ENDS = (".", ":", "?", "NAME = VALUE.")


@settings(max_examples=600, deadline=None)
@given(RUBBISH)
def test_any_text_becomes_a_frame_or_is_refused_with_lines(text: str) -> None:
    try:
        taken = take_over(text, SUITES)
    except FrameError as error:
        mistakes = error.mistakes
    else:
        mistakes = ()
        assert take_over(taken.text, SUITES).text == taken.text
        shown = list(difference(text.removeprefix("\ufeff"), taken.text, taken.removed))
        assert shown or taken.text == text

    assert all(0 < len(mistake) < 500 for mistake in mistakes)


@pytest.mark.django_db
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(RUBBISH)
def test_any_text_is_imported_or_refused_with_sentences(text: str) -> None:
    try:
        matrix = read_matrix(SourceFile("tox.ini", text))
        found = read_tox_ini(matrix, portable.Catalogue(sdk=SDK), lambda _: ())
        apply(found.imported, slug="kit", reason="imported", dry_run=True)
    except ImportRefused as error:
        for problem in error.problems:
            assert problem.where.startswith("tox.ini") or problem.where.startswith("sdk")
            assert problem.message


def test_the_long_file_with_any_line_cut_out_still_reads() -> None:
    text = (ROOT / "tests/data/takeover/hand_written.ini").read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    for cut in range(0, len(lines), 101):
        broken = "".join(lines[:cut] + lines[cut + 1 :])
        matrix = read_matrix(SourceFile("tox.ini", broken))
        found = read_tox_ini(matrix, portable.Catalogue(sdk=SDK), lambda _: ())
        assert all(re.match(r"tox\.ini, lines? \d", note) for note in found.imported.notes)

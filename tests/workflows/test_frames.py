"""Hand-written steps survive; edits inside regions are found; mistakes of frames have sentences."""

import pytest
import yaml

from matrix.rules.rendering import (
    GROUP_FRAME,
    MAIN_FRAME,
    FrameError,
    RegionEdited,
    UnknownWorkflow,
    check_workflow_frame,
    picked_versions_named,
    regions_at,
    render_files,
    render_workflow_into,
    strip_workflow_frame,
)
from tests.support.parts import a_part, a_row
from tests.workflows.makers import MAIN, path_of, with_ci

WEB = path_of("web")
LAYOUT = with_ci("Web")
PARTS = [a_part("flask", group="Web", rows=[a_row("3.1", "3.12")])]
NEWER = [a_part("flask", group="Web", rows=[a_row("3.2", "3.12 3.14t")])]
UPLOAD = """\
      - name: Upload coverage
        uses: codecov/codecov-action@v5
"""


def the_file(path: str = WEB) -> str:
    return render_files(LAYOUT, PARTS)[path]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_hand_written_steps_survive_new_releases(ending: str) -> None:
    begin = "      # BEGIN GENERATED: tests\n"
    edited = the_file().replace(begin, f"      - run: make ready\n{begin}") + UPLOAD
    edited = edited.replace("\n", ending)

    rendered = render_workflow_into(edited, WEB, LAYOUT, NEWER)

    names = [step.get("name", step.get("run")) for step in steps_of(rendered)]
    assert names[-3:] == [
        "make ready",
        "Test ${{ matrix.integration }} on Python ${{ matrix.python }}",
        "Upload coverage",
    ]
    assert "py3.14t-flask-v3.2" in rendered
    assert "flask-v3.1" not in rendered
    assert rendered.count(ending) == rendered.count("\n")
    assert render_workflow_into(rendered, WEB, LAYOUT, NEWER) == rendered


def steps_of(text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = yaml.safe_load(text)["jobs"]["tests"]["steps"]
    return found


def test_the_frame_that_the_repository_gave_is_the_one_that_is_published() -> None:
    frame = strip_workflow_frame(the_file() + UPLOAD, WEB)
    layout = with_ci("Web", frames=((WEB, frame),))

    assert render_files(layout, PARTS)[WEB] == the_file() + UPLOAD
    assert render_files(layout, PARTS)[MAIN] == the_file(MAIN)


@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        (
            WEB,
            "timeout-minutes: 30",
            "timeout-minutes: 90",
            'the region "job" was edited by hand. Take the edit back, or let it be discarded.',
        ),
        (
            MAIN,
            "      - test-web\n",
            "",
            'the region "gate" was edited by hand. Take the edit back, or let it be discarded.',
        ),
    ],
)
def test_an_edit_inside_a_region_is_found_and_may_be_discarded(
    path: str, old: str, new: str, message: str
) -> None:
    edited = the_file(path).replace(old, new)

    with pytest.raises(RegionEdited) as refused:
        render_workflow_into(edited, path, LAYOUT, PARTS)

    assert message in str(refused.value)
    assert render_workflow_into(edited, path, LAYOUT, PARTS, discard_edits=True) == the_file(path)


def test_a_path_that_is_not_written_is_refused_by_name() -> None:
    with pytest.raises(UnknownWorkflow) as refused:
        render_workflow_into(GROUP_FRAME, path_of("wbe"), LAYOUT, PARTS)

    assert str(refused.value) == (
        "No workflow of example-sdk is written to .github/workflows/test-integrations-wbe.yml. "
        "There are .github/workflows/test-integrations.yml, "
        ".github/workflows/test-integrations-web.yml."
    )


def edited(frame: str, old: str, new: str) -> str:
    assert old in frame
    return frame.replace(old, new)


@pytest.mark.parametrize(
    ("path", "frame", "mistakes"),
    [
        pytest.param(WEB, GROUP_FRAME, [], id="the default of a group"),
        pytest.param(MAIN, MAIN_FRAME, [], id="the default of the one that calls"),
        pytest.param(
            WEB,
            edited(GROUP_FRAME, "    steps:\n", "    steps:  # Mine.\n      - run: one\n"),
            [],
            id="steps before the set-up",
        ),
        pytest.param(
            WEB,
            GROUP_FRAME.replace("      #", "    #"),
            [],
            id="dashes right below their key",
        ),
        pytest.param(
            WEB,
            edited(GROUP_FRAME, "# BEGIN GENERATED: name\n# END GENERATED: name\n", "name: Mine\n"),
            [],
            id="a name of one's own",
        ),
        pytest.param(
            WEB,
            GROUP_FRAME.replace("BEGIN GENERATED: tests", "").replace("END GENERATED: tests", ""),
            [
                ('The region "tests" is missing. Put "# BEGIN GENERATED: tests" and '
                '"# END GENERATED: tests" below "jobs > (a job) > steps".')
            ],
            id="no tests",
        ),
        pytest.param(
            WEB,
            edited(GROUP_FRAME, "    steps:\n", "    env:\n"),
            [
                ('Line 17: the region "setup" stands below "jobs > tests > env". '
                'Put it below "jobs > (a job) > steps", and indent it so.'),
                ('Line 20: the region "tests" stands below "jobs > tests > env". '
                'Put it below "jobs > (a job) > steps", and indent it so.'),
            ],
            id="steps that are none",
        ),
        pytest.param(
            WEB,
            edited(GROUP_FRAME, "    # BEGIN GENERATED: job\n", "# BEGIN GENERATED: job\n"),
            [
                ('Line 14: the region "job" stands below "no key". '
                'Put it below "jobs > (a job)", and indent it so.')
            ],
            id="a job at the left",
        ),
        pytest.param(
            WEB,
            edited(GROUP_FRAME, "  contents", "\tcontents"),
            ["Line 10: the line is indented by a tab, which YAML refuses. Use blanks."],
            id="a tab",
        ),
        pytest.param(
            WEB,
            edited(GROUP_FRAME, "GENERATED: setup", "GENERATED: setups"),
            [
                'Line 17: there is no region "setups". Did you mean "setup"?',
            ],
            id="another word",
        ),
        pytest.param(
            MAIN,
            edited(MAIN_FRAME, "  # BEGIN GENERATED: gate\n", "# BEGIN GENERATED: gate\n"),
            [
                ('Line 21: the region "gate" stands below "no key". '
                'Put it below "jobs", and indent it so.')
            ],
            id="a gate at the left",
        ),
        pytest.param(
            MAIN,
            GROUP_FRAME,
            [
                'Line 3: there is no region "name". There are jobs, gate.',
                'Line 14: there is no region "job". Did you mean "jobs"?',
                'Line 17: there is no region "setup". There are jobs, gate.',
                'Line 20: there is no region "tests". There are jobs, gate.',
                ('The region "gate" is missing. Put "# BEGIN GENERATED: gate" and '
                '"# END GENERATED: gate" below "jobs".'),
            ],
            id="the frame of another file",
        ),
    ],
)  # fmt: skip
def test_every_mistake_of_a_frame_is_told(path: str, frame: str, mistakes: list[str]) -> None:
    assert check_workflow_frame(frame, path) == mistakes


def test_a_frame_with_a_mistake_is_not_rendered_into() -> None:
    with pytest.raises(FrameError, match="is indented by a tab"):
        render_workflow_into(GROUP_FRAME.replace("  contents", "\tcontents"), WEB, LAYOUT, PARTS)


def test_a_stored_frame_without_a_region_is_not_published() -> None:
    layout = with_ci("Web", frames=((WEB, "jobs:\n"),))

    with pytest.raises(FrameError, match='The region "job" is missing'):
        render_files(layout, PARTS)


def test_hand_written_lines_that_name_a_picked_version_are_told_but_not_those_of_the_matrix() -> (
    None
):
    text = the_file() + "      - run: tox -e py3.12-flask-v3.1\n"

    (sentence,) = picked_versions_named(text, ["flask"], regions_at(WEB))

    assert '"flask-v3.1" names a picked version' in sentence

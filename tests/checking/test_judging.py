"""A tox.ini beside the publications of its SDK."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix.rules.checking.judging import State, judge_offline
from matrix.rules.checking.reading import lines_of, marks_of, read_file
from matrix.rules.rendering import TOX_INI, edited_regions, render_files, render_into
from tests.checking.makers import FRAME, NEW, OLD, a_file, judged, layout, parts
from tests.support.parts import PARTS, a_layout


def test_the_current_file_matches() -> None:
    report = judged(a_file())

    assert report.state is State.CURRENT
    assert report.verdict == "Matches publication 2, which is current."
    assert [(one.name, one.state, one.origin) for one in report.regions] == [
        ("envlist", "as generated", "publication 2"),
        ("deps", "as generated", "publication 2"),
    ]
    assert (report.exit_code(), report.exit_code(strict=True)) == (0, 0)


def test_an_older_file_is_told_with_what_is_current() -> None:
    report = judged(a_file(OLD))

    assert report.state is State.OLDER
    assert report.verdict == "Matches publication 1; publication 2 is current."
    assert (report.exit_code(), report.exit_code(strict=True)) == (0, 1)


def test_what_was_published_twice_is_the_newer_one() -> None:
    report = judged(a_file(OLD), a_file(OLD), a_file(NEW), a_file(OLD))

    assert report.verdict == "Matches publication 3, which is current."


@pytest.mark.parametrize(
    "mangle",
    [
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="ends of lines of Windows"),
        pytest.param(lambda text: "\ufeff" + text, id="a byte order mark"),
    ],
)
def test_what_git_or_an_editor_does_to_the_bytes_plays_no_role(mangle) -> None:  # type: ignore[no-untyped-def]
    assert judged(mangle(a_file())).state is State.CURRENT


def test_an_edit_of_the_frame_is_welcome() -> None:
    text = a_file().replace("    pytest\n", "    pytest\n    coverage\n")

    report = judged(text)

    assert report.state is State.FRAME_EDITED
    assert report.verdict == (
        "Matches publication 2, which is current. "
        "Its hand-written part differs in 1 place, which is welcome."
    )
    assert [(one.line, one.written) for one in report.frame] == [
        (text.splitlines().index("    coverage") + 1, ("    coverage",))
    ]
    assert report.exit_code(strict=True) == 0


def test_a_frame_that_is_indented_otherwise_has_the_same_regions() -> None:
    frame = FRAME.replace("    #", "  #").replace("    pytest\n", "  pytest\n")
    text = render_into(frame, layout(), parts())

    report = judged(text)

    assert report.state is State.FRAME_EDITED
    assert "which is current" in report.verdict


def test_each_place_of_an_edited_region_is_told_with_its_fix() -> None:
    lines = a_file().splitlines()
    changed = lines.index("    httpx-v0.28.1: httpx==0.28.1")
    lines[changed] = "    httpx-v0.28.1: httpx==0.28.0"
    removed = lines.index("    redis-latest: redis==5.0")
    del lines[removed]
    added = lines.index("    # BEGIN GENERATED: deps") + 1
    lines.insert(added, "    colorama")

    report = judged("\n".join(lines) + "\n")

    assert report.state is State.REGION_EDITED
    assert report.verdict == "Differs in 3 places from publication 2, which is current."
    assert [(one.place, one.missing, one.written, one.fix) for one in report.differences] == [
        (f"Line {added + 1}", (), ("    colorama",), f"Remove line {added + 1}."),
        (
            f"Line {changed + 2}",
            ("    httpx-v0.28.1: httpx==0.28.1",),
            ("    httpx-v0.28.1: httpx==0.28.0",),
            f"Change line {changed + 2} back to what was generated.",
        ),
        (
            f"Before line {removed + 2}",
            ("    redis-latest: redis==5.0",),
            (),
            f"Put the missing line back before line {removed + 2}.",
        ),
    ]
    assert {one.region for one in report.differences} == {"deps"}
    assert [one.state for one in report.regions] == ["as generated", "edited"]
    assert (report.exit_code(), report.exit_code(strict=True)) == (1, 1)


def test_the_blank_lines_between_integrations_are_no_differences() -> None:
    text = a_file()
    assert "\n\n" in text

    report = judged(text.replace("redis==5.0", "redis==6.0"))

    assert report.verdict == "Differs in 1 place from publication 2, which is current."
    assert report.routine == []


def test_an_edit_is_compared_with_the_publication_that_was_edited() -> None:
    text = a_file(OLD).replace("httpx==0.27.2", "httpx==0.27.1")

    report = judged(text)

    assert report.verdict == "Differs in 1 place from publication 1."
    assert report.publication == 1


def test_order_and_blanks_are_counted_apart() -> None:
    lines = a_file().splitlines()
    first = lines.index("    httpx-v0.16.1: httpx==0.16.1")
    lines[first : first + 2] = [lines[first + 1], lines[first] + "  "]

    alone = judged("\n".join(lines) + "\n")
    lines.insert(first, "    colorama")
    among_others = judged("\n".join(lines) + "\n")

    assert alone.state is State.REGION_EDITED
    assert "in the order of lines and in blanks alone." in alone.verdict
    assert alone.real == []
    assert alone.routine
    assert among_others.real[0].written == ("    colorama",)
    assert "more in order or blanks alone) from publication 2" in among_others.verdict


def test_a_changed_hash_alone_is_told() -> None:
    text = a_file()
    sha = marks_of(text)["deps"].digest

    report = judged(text.replace(sha, "0" * 64))

    assert report.state is State.REGION_EDITED
    assert report.differences == ()
    assert report.verdict.startswith("The hash of a region was changed; its text is that of")


def test_halves_of_two_publications_do_not_belong_together() -> None:
    new, old = a_file(NEW), a_file(OLD)
    text = new[: new.index("[testenv]")] + old[old.index("[testenv]") :]

    report = judged(text)

    assert report.state is State.MIXED
    assert report.verdict == (
        "Its regions come from different publications: "
        '"envlist" from publication 2, "deps" from publication 1.'
    )
    assert report.exit_code() == 1


def test_regions_that_nobody_published_are_unknown() -> None:
    report = judged(a_file("0.99"))

    assert report.state is State.UNKNOWN
    assert "No publication of kit has the text of" in report.verdict
    assert report.exit_code() == 3


@pytest.mark.parametrize("text", [FRAME], ids=["empty regions"])
def test_nothing_is_in_order_where_nothing_was_compared(text: str) -> None:
    assert judged(text).state is State.UNKNOWN
    assert judged(text).verdict.startswith("Nothing was compared: ")
    assert judge_offline(read_file(text)).exit_code() == 3


@settings(max_examples=40)
@given(found=PARTS.filter(bool), noise=st.sampled_from(["", "x", "# x", "    a: b"]))
def test_whatever_is_rendered_is_recognised_and_every_edit_is_seen(found, noise) -> None:  # type: ignore[no-untyped-def]
    text = render_files(a_layout("Network", frame=FRAME, sdk="kit"), found)[TOX_INI]
    end = text.index("    # END GENERATED: deps")
    edited = f"{text[:end]}{noise}\n{text[end:]}"

    assert judged(text, text).state is State.CURRENT
    report = judged(edited, text)
    assert report.state is State.REGION_EDITED
    assert bool(report.real) == bool(noise)
    assert judge_offline(read_file(edited)).state is State.REGION_EDITED
    assert [one.name for one in edited_regions(edited)] == ["deps"]


def test_the_quick_reading_of_what_the_portal_wrote_agrees_with_the_thorough_one() -> None:
    text = a_file()
    file = read_file(text)

    assert marks_of(text) == {region.name: region.mark for region in file.regions}
    assert lines_of(text) == {
        region.name: tuple(line.removeprefix(region.indent) for line in region.lines)
        for region in file.regions
    }

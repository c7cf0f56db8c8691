"""What is remembered of files, and what a release is as of a moment."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from integrations.index.facts import (
    LONG_AGO,
    KnownRelease,
    group,
    known_release,
    merge,
    pack_files,
    pack_releases,
    summarise,
    unpack_files,
    unpack_releases,
)
from integrations.index.known import SeenStatus, StatusAsOf
from integrations.index.pages import Page, PageFile
from tests.index.making import a_page, a_page_file, day, known, seen

SDIST = "foo-1.0.tar.gz"
WHEEL = "foo-1.0-py3-none-any.whl"
COMPILED = "foo-1.0-cp314-cp314t-linux_x86_64.whl"


def release(project_files: list[Any], as_of: datetime) -> KnownRelease:
    (only,) = known(project_files).releases(as_of)
    return only


# --- Per file, as of a moment --------------------------------------------------------------------
def test_a_file_that_came_later_does_not_exist_yet() -> None:
    files = seen(
        (
            a_page(
                a_page_file(SDIST, upload_time=day(1)),
                a_page_file(COMPILED, upload_time=day(9), yanked=True),
            ),
            None,
        )
    )

    assert release(files, day(5)) == KnownRelease(version=Version("1.0"), uploaded_at=day(1))
    assert release(files, day(9)).abi_tags == {"cp314t"}


def test_a_release_without_a_file_yet_says_when_the_first_one_comes() -> None:
    files = seen((a_page(a_page_file(SDIST, upload_time=day(7))), None))

    assert release(files, day(6)) == KnownRelease(version=Version("1.0"), uploaded_at=day(7))


def test_a_release_is_yanked_only_when_all_its_files_are() -> None:
    yanked = a_page_file(SDIST, upload_time=day(1), yanked="broken")
    good = a_page_file(WHEEL, upload_time=day(2))
    files = seen((a_page(yanked, good), None))

    assert release(files, day(1)).is_yanked
    assert release(files, day(1)).yank_reason == "broken"
    assert not release(files, day(2)).is_yanked


def test_a_yank_counts_from_when_the_portal_saw_it() -> None:
    file = a_page_file(SDIST, upload_time=day(1))
    yanked = a_page_file(SDIST, upload_time=day(1), yanked="broken")
    files = seen((a_page(file), None), (a_page(yanked), day(10)), (a_page(file), day(20)))

    states = [release(files, moment).is_yanked for moment in (day(9), day(10), day(19), day(20))]

    assert states == [False, True, True, False]


def test_a_yank_that_was_there_from_the_first_counts_always() -> None:
    files = seen((a_page(a_page_file(SDIST, upload_time=day(1), yanked=True)), None))

    assert release(files, day(1)).is_yanked


def test_a_file_that_vanishes_is_gone_from_then_on() -> None:
    page = a_page(a_page_file(SDIST, upload_time=day(1)))
    files = seen((page, None), (a_page(), day(10)))

    assert release(files, day(9)).uploaded_at == day(1)
    assert release(files, day(10)) == KnownRelease(version=Version("1.0"), uploaded_at=None)


def test_a_file_that_comes_back_is_not_gone() -> None:
    page = a_page(a_page_file(SDIST, upload_time=day(1)))

    files = seen((page, None), (a_page(), day(10)), (page, day(20)))

    assert files == seen((page, None))


def test_a_file_stays_gone_since_it_was_first_missed() -> None:
    page = a_page(a_page_file(SDIST, upload_time=day(1)))

    files = seen((page, None), (a_page(), day(10)), (a_page(), day(20)))

    assert [file.gone_at for file in files] == [day(10)]


# --- Unknown upload times ------------------------------------------------------------------------
def test_files_of_the_first_page_without_a_time_are_old() -> None:
    files = seen((a_page(a_page_file(SDIST)), None))

    assert release(files, day(1)) == KnownRelease(
        version=Version("1.0"), uploaded_at=LONG_AGO, is_time_known=False
    )


def test_a_later_file_without_a_time_came_when_it_was_seen() -> None:
    files = seen((a_page(), None), (a_page(a_page_file(SDIST)), day(10)))

    assert release(files, day(10)) == KnownRelease(
        version=Version("1.0"), uploaded_at=day(10), is_time_known=False
    )


def test_a_time_that_becomes_known_is_kept_when_the_page_is_silent_again() -> None:
    silent, known_time = a_page_file(SDIST), a_page_file(SDIST, upload_time=day(3))

    files = seen((a_page(silent), None), (a_page(known_time), day(10)), (a_page(silent), day(20)))

    assert release(files, day(20)).uploaded_at == day(3)
    assert release(files, day(20)).is_time_known


# --- Names ---------------------------------------------------------------------------------------
def test_bad_names_among_good_ones_are_left_out_and_noted() -> None:
    page = a_page(a_page_file(SDIST), a_page_file("foo-x-py3-none-any.whl"), a_page_file("foo.zip"))

    groups, notes = group("foo", seen((page, None)))

    assert list(groups) == [Version("1.0")]
    assert notes == [
        '"foo-x-py3-none-any.whl" is not the name of a wheel or sdist of foo; it was left out.',
        '"foo.zip" is not the name of a wheel or sdist of foo; it was left out.',
    ]


def test_files_that_no_installer_takes_are_left_out_silently() -> None:
    files = seen((a_page(a_page_file("foo-1.0-py2.7.egg")), None))

    assert group("foo", files) == ({}, [])
    assert [file.filename for file in files] == ["foo-1.0-py2.7.egg"]


def test_two_spellings_of_a_version_are_one_release() -> None:
    page = a_page(a_page_file("foo-1.0.tar.gz"), a_page_file("foo-1.0.0-py3-none-any.whl"))

    assert len(known(seen((page, None))).releases(day(1))) == 1


def test_releases_ascend_as_versions_do() -> None:
    page = a_page(*(a_page_file(f"foo-{text}.tar.gz") for text in ("1.10", "1.9", "1.9rc1")))

    versions = [str(one.version) for one in known(seen((page, None))).releases(day(1))]

    assert versions == ["1.9rc1", "1.9", "1.10"]


# --- Laws ----------------------------------------------------------------------------------------
NAMES = [
    SDIST,
    WHEEL,
    COMPILED,
    "foo-1.0.0.zip",
    "foo-2.0rc1.tar.gz",
    "foo-2.0-py3-none-any.whl",
    "foo-bad.zip",
]
MOMENTS = st.integers(0, 400).map(lambda days: day(1) + timedelta(days=days))
PAGE_FILES = st.builds(
    PageFile,
    filename=st.sampled_from(NAMES),
    url=st.sampled_from(["https://a.test/x", "https://b.test/y"]),
    requires_python=st.sampled_from([None, ">=3.9", "nonsense"]),
    yanked=st.sampled_from([False, True, "", "broken"]),
    upload_time=st.none() | MOMENTS,
)
PAGES = st.lists(PAGE_FILES, max_size=6).map(lambda files: Page(files=files, notes=[]))
VISITS = st.lists(st.tuples(PAGES, MOMENTS), min_size=1, max_size=5).map(
    lambda visits: [
        (page, at if number else None)
        for number, (page, at) in enumerate(sorted(visits, key=lambda visit: visit[1]))
    ]
)


@given(VISITS)
def test_reading_the_same_page_again_changes_nothing(
    visits: list[tuple[Page, datetime | None]],
) -> None:
    files = seen(*visits)

    again = merge(files, visits[-1][0], seen_at=day(1, year=2030))

    assert pack_files(again) == pack_files(files)


@given(VISITS, st.randoms(use_true_random=False))
def test_the_order_of_files_on_a_page_plays_no_role(
    visits: list[tuple[Page, datetime | None]], dice: Any
) -> None:
    shuffled = []
    for page, at in visits:
        files = list(page.files)
        dice.shuffle(files)
        shuffled.append((Page(files=files, notes=[]), at))

    assert pack_files(seen(*shuffled)) == pack_files(seen(*visits))


@given(VISITS)
def test_nothing_is_ever_dropped(visits: list[tuple[Page, datetime | None]]) -> None:
    named = {file.filename for page, _ in visits for file in page.files}

    assert {file.filename for file in seen(*visits)} == named


@given(VISITS)
def test_what_is_packed_is_read_back(visits: list[tuple[Page, datetime | None]]) -> None:
    files = seen(*visits)
    releases = summarise(group("foo", files)[0])

    assert unpack_files(pack_files(files)) == files
    assert unpack_releases(pack_releases(releases)) == releases


@settings(max_examples=300)
@given(VISITS, MOMENTS)
def test_the_summary_says_what_the_files_say(
    visits: list[tuple[Page, datetime | None]], as_of: datetime
) -> None:
    files = seen(*visits)
    project = known(files)

    expected = [
        known_release(version, found, as_of) for version, found in group("foo", files)[0].items()
    ]

    assert project.releases(as_of) == expected


def test_a_project_reads_its_files_only_for_a_moment_that_the_summary_does_not_cover() -> None:
    files = seen(
        (
            a_page(a_page_file(SDIST, upload_time=day(1)), a_page_file(WHEEL, upload_time=day(9))),
            None,
        )
    )
    project = known(files)
    project.load_files = lambda: pytest.fail("the files were read")

    assert [project.needs_files(moment) for moment in (day(9), day(5))] == [False, True]
    assert project.releases(day(9))


# --- Status --------------------------------------------------------------------------------------
QUARANTINED = SeenStatus(day(10), "quarantined", "malware")


@pytest.mark.parametrize(
    ("statuses", "as_of", "expected"),
    [
        pytest.param([], day(6), StatusAsOf("active", "", True), id="never anything else"),
        pytest.param([], day(4), StatusAsOf("active", "", False), id="before the first look"),
        pytest.param(
            [QUARANTINED], day(10), StatusAsOf("quarantined", "malware", True), id="as seen"
        ),
        pytest.param(
            [QUARANTINED], day(9), StatusAsOf("active", "", True), id="before it was quarantined"
        ),
        pytest.param(
            [SeenStatus(day(5), "archived", "")],
            day(4),
            StatusAsOf("archived", "", False),
            id="what was seen first",
        ),
        pytest.param(
            [QUARANTINED, SeenStatus(day(12), "active", "")],
            day(13),
            StatusAsOf("active", "", True),
            id="active again",
        ),
    ],
)
def test_the_status_is_what_the_portal_saw(
    statuses: list[SeenStatus], as_of: datetime, expected: StatusAsOf
) -> None:
    assert known([], statuses=statuses, first_seen_at=day(5)).status(as_of) == expected


@pytest.mark.parametrize(
    ("filenames", "expected"),
    [
        (["foo-1.0.tar.gz"], set()),
        (["foo-1.0-py3-none-any.whl"], {"none"}),
        (["foo-1.0-cp27-cp27m.cp27mu-linux_x86_64.whl"], {"cp27m", "cp27mu"}),
        (
            ["foo-1.0-cp39-abi3-any.whl", "foo-1.0-1-cp314-cp314t-any.whl", "foo-1.0.zip"],
            {"abi3", "cp314t"},
        ),
    ],
)
def test_a_release_has_the_abi_tags_of_its_wheels(filenames: list[str], expected: set[str]) -> None:
    page = a_page(*(a_page_file(name, upload_time=day(1)) for name in filenames))

    assert release(seen((page, None)), day(1)).abi_tags == expected

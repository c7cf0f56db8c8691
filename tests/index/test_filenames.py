import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from integrations.index.filenames import FilenameReader
from tests.support import recorded


@pytest.mark.parametrize(
    ("project", "filename", "expected"),
    [
        pytest.param("foo", "foo-1.0-py3-none-any.whl", "1.0", id="wheel"),
        pytest.param("foo", "foo-1.0-1-py3-none-any.whl", "1.0", id="wheel with a build number"),
        pytest.param("foo-bar", "Foo_Bar-1.0-py3-none-any.whl", "1.0", id="name in other letters"),
        pytest.param("foo", "foo-1.0.tar.gz", "1.0", id="sdist"),
        pytest.param("foo-bar", "foo-bar-1.0.zip", "1.0", id="sdist with a dash in its name"),
        pytest.param("foo-bar", "foo.bar-1.0.tar.bz2", "1.0", id="sdist with a dot in its name"),
        pytest.param("foo", "foo-1.0-1.tar.gz", "1.0.post1", id="version with a dash"),
        pytest.param("foo", "foo-1!2.0.tar.gz", "1!2.0", id="epoch"),
        pytest.param("foo", "foo-1.0+abc.1.tar.gz", "1.0+abc.1", id="local version"),
        pytest.param("foo-bar", "foo--bar-1.0.tar.gz", "1.0", id="name longer than normalised"),
    ],
)
def test_a_file_name_tells_the_version(project: str, filename: str, expected: str) -> None:
    assert FilenameReader(project).version(filename) == Version(expected)


@pytest.mark.parametrize(
    "filename",
    [
        "foo-not.a.version-py3-none-any.whl",
        "foo-1.0-py3-none.whl",
        "foo-1.0-x-py3-none-any.whl",
        "foo.tar.gz",
        "foo-.tar.gz",
        "foo-1.0.dev.banana.tar.gz",
        "bar-1.0.tar.gz",
        "bar-1.0-py3-none-any.whl",
        "foobar-1.0.tar.gz",
        "foo-1.0.egg",
        "readme.txt",
        "",
    ],
)
def test_a_name_that_is_no_file_of_the_project_has_no_version(filename: str) -> None:
    assert FilenameReader("foo").version(filename) is None


def test_the_cheap_way_reads_all_recorded_names_as_packaging_does() -> None:
    different = [
        file.filename
        for project, files in recorded.recorded_files().items()
        for reader in [FilenameReader(project)]
        for file in files
        if reader.version(file.filename) != as_packaging_reads(file.filename)
    ]

    # packaging takes the last dash of an sdist's name for the border: "2.0.6-1" becomes "1".
    assert different == ["aiohttp-2.0.6-1.tar.gz", "celery-3.1.26-1.tar.gz"]


def as_packaging_reads(filename: str) -> Version:
    if filename.endswith(".whl"):
        return parse_wheel_filename(filename)[1]
    return parse_sdist_filename(filename)[1]


@given(st.text(alphabet="foo-_.1!+a ", max_size=20))
def test_a_wheel_that_the_cheap_way_takes_is_one_for_packaging(middle: str) -> None:
    filename = f"{middle}-py3-none-any.whl"

    version = FilenameReader("foo").version(filename)

    if version is not None:
        try:
            assert parse_wheel_filename(filename)[1] == version
        except InvalidWheelFilename:
            # packaging refuses spellings of a name that no page of ours would hold: "f--oo".
            assert "foo" in middle.lower()

import pytest
from packaging.version import Version

from portal.home.moves import Text, move


@pytest.mark.parametrize(
    ("old", "new", "word", "risky"),
    [
        pytest.param("4.2.16", "4.2.17", "patch", False, id="a patch"),
        pytest.param("4.2.16", "4.3", "minor", False, id="a minor version"),
        pytest.param("4.2.16", "5.0", "major", True, id="a major version"),
        pytest.param("2.0", "1!0.1", "major", True, id="an epoch"),
        pytest.param("2024.1", "2025.3", "newer", False, id="a version that counts years"),
        pytest.param("5.0", "4.2.17", "lower", True, id="a step back"),
        pytest.param("5.0rc1", "5.0rc2", "prerelease", True, id="the next candidate"),
        pytest.param("4.2", "5.0a1", "prerelease", True, id="an alpha"),
        pytest.param("5.0rc1", "5.0", "patch", False, id="the final release of a candidate"),
        pytest.param("1.0", "1.0.0", "same version", False, id="the same in other words"),
    ],
)
def test_a_move_is_named_for_what_it_does(old: str, new: str, word: str, risky: bool) -> None:
    found = move(Version(old), Version(new))

    assert (found.word, found.is_risky) == (word, risky)


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [
        pytest.param(
            "4.2.16", "4.2.17", (Text("4.2.", "16"), Text("4.2.", "17")), id="the last component"
        ),
        pytest.param("4.2", "5.0", (Text("", "4.2"), Text("", "5.0")), id="all of it"),
        pytest.param("1.0", "1.0.1", (Text("1.0", ""), Text("1.0.", "1")), id="a longer one"),
    ],
)
def test_what_changed_is_told_from_what_both_versions_share(
    old: str, new: str, texts: tuple[Text, Text]
) -> None:
    found = move(Version(old), Version(new))

    assert (found.old, found.new) == texts

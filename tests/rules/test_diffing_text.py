"""Patches: what they look like, and that git takes them."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix.rules.diffing import unified_diff


def patched(folder: Path, path: str, old: str, patch: str) -> str:
    """Apply *patch* with git to the file *path*; "" stands for a file that is not there."""
    file = folder / path
    if old:
        file.write_bytes(old.encode())
    elif file.exists():
        file.unlink()
    subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"],
        cwd=folder,
        input=patch.encode(),
        check=True,
    )
    return file.read_bytes().decode() if file.exists() else ""


def test_a_unified_diff() -> None:
    old = "".join(f"{n}\n" for n in range(1, 10))
    new = old.replace("5\n", "five\nand a half\n")

    assert unified_diff("tox.ini", old, new) == (
        "--- a/tox.ini\n"
        "+++ b/tox.ini\n"
        "@@ -2,7 +2,8 @@\n"
        " 2\n 3\n 4\n-5\n+five\n+and a half\n 6\n 7\n 8\n"
    )


def test_equal_texts_have_no_diff() -> None:
    assert unified_diff("tox.ini", "a\n", "a\n") == ""


def test_a_missing_end_of_the_last_line_is_said() -> None:
    assert unified_diff("a b.txt", "a", "a\n") == (
        "--- a/a b.txt\t\n+++ b/a b.txt\t\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"
    )


def test_a_file_that_comes_or_goes_has_no_other_side() -> None:
    assert unified_diff("f", "", "a\n") == "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+a\n"
    assert unified_diff("f", "a\n", "") == "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"


LINES = st.lists(st.sampled_from(["", "a", "b", "c\r", "x\x0cy", "é", "\u2028"]), max_size=9)


@settings(max_examples=25, deadline=None)
@given(LINES, LINES, st.booleans(), st.booleans())
def test_git_makes_the_new_text_of_the_old_one_and_the_patch(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[str],
    after: list[str],
    old_ends: bool,
    new_ends: bool,
) -> None:
    old = "\n".join(before) + ("\n" if old_ends and before else "")
    new = "\n".join(after) + ("\n" if new_ends and after else "")
    patch = unified_diff("some file.ini", old, new)

    if patch:
        folder = tmp_path_factory.mktemp("folder")
        assert patched(folder, "some file.ini", old, patch) == new


def test_a_diff_of_large_files_keeps_what_both_have(tmp_path: Path) -> None:
    lines = [f"{n}\n" if n % 5 else "\n" for n in range(5000)]
    old = "".join(lines)
    new = "".join([*lines[:1000], "new\n", *lines[1100:3000], *lines[4000:], *lines[3000:4000]])

    patch = unified_diff("f", old, new)

    assert patched(tmp_path, "f", old, patch) == new
    signs = [line[0] for line in patch.splitlines() if not line.startswith(("---", "+++"))]
    assert (signs.count("+"), signs.count("-")) == (1001, 1100)

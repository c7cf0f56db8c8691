"""From uv's words to a reviewer's: a table of what uv 0.13.8 says."""

import pytest

from matrix.environments.explaining import LONGEST, Failure, explain

URL = "http://one.test/simple/dep/"
FETCH = f"error: Failed to fetch: {URL}\n  cause: "
NO_SOLUTION = "error: No solution found when resolving dependencies\n  cause: Because "
MISSING = f"{NO_SOLUTION}dep was not found in the package registry and you require dep, we …"
BUILD = "error: Failed to download and build `dep==1.0`\n  cause: "
FULL = "error: Failed to write to the client cache\n  cause: "
TABLE = [
    (Failure.UNREACHABLE, f"{FETCH}tcp connect error\n  cause: refused (os error 111)"),
    (Failure.UNREACHABLE, f"{FETCH}HTTP status server error (500 Internal Server Error)"),
    (
        Failure.UNREACHABLE,
        "error: Failed to download `a`\n  cause: error decoding response body",
    ),
    (Failure.UNREACHABLE, f"{BUILD}Failed to fetch: http://one.test/dep-1.0.tar.gz"),
    (Failure.NO_TRUST, f"{FETCH}invalid peer certificate: UnknownIssuer"),
    (Failure.NO_TRUST, f"{FETCH}invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))"),
    (Failure.NO_SPACE, "error: Failed to initialize cache at `/x`\n  cause: no such folder"),
    (Failure.NO_SPACE, f"{FULL}No space left on device (os error 28)"),
    (Failure.NO_SPACE, f"{FULL}Read-only file system (os error 30)"),
    (Failure.REFUSED, f"{MISSING}\n\nhint: An index URL ({URL}) … (401 Unauthorized)"),
    (Failure.REFUSED, f"{MISSING}\n\nhint: An index ({URL}) returned a 403 Forbidden error. Check"),
    (Failure.NEEDS_BUILD, f"{BUILD}Failed to resolve requirements from `setup.py` build"),
    (Failure.NEEDS_BUILD, f"{BUILD}Failed to resolve requirements from build\n  {FETCH}refused"),
    (
        Failure.NEEDS_BUILD,
        "error: Failed to build `a==1`\n  cause: The build backend returned …",
    ),
    (Failure.NOT_FOUND, MISSING),
    (Failure.UNSATISFIABLE, f"{NO_SOLUTION}only dep<=2.0 is available and you require dep>3, we"),
    (Failure.BAD_REQUEST, "error: Couldn't parse requirement in `requirements.in` at position 0"),
    (Failure.BAD_REQUEST, "error: invalid value 'beos' for '--python-platform <PLATFORM>'"),
    (Failure.OTHER, "error: Something that nobody has seen yet"),
    (Failure.OTHER, ""),
]


@pytest.mark.parametrize(("kind", "text"), TABLE, ids=str)
def test_what_uv_says_is_understood(kind: Failure, text: str) -> None:
    assert explain(text, allows_builds=False).kind is kind


def test_all_projects_that_are_missing_are_named() -> None:
    text = "Because b was not found in the package registry and a was not found in the package "

    said = explain(f"{text}registry, we can conclude …", allows_builds=False).problem

    assert said.splitlines()[0] == "The index has no project named a and b."


def test_a_hint_says_what_is_and_not_what_to_type() -> None:
    said = explain(
        "error: No solution found when resolving dependencies\n"
        "  cause: Because there are no versions of dep and you require dep, we can conclude that "
        "your requirements are unsatisfiable.\n\n"
        "hint: `dep` was filtered by `exclude-newer` to only include packages uploaded before "
        "2026-01-01T00:00:00Z. The latest version is v2.0. Consider using "
        "`exclude-newer-package` to override the cutoff for this package.\n"
        "hint: The `--python-version` value (>=3.6.15) is too old.\n",
        allows_builds=False,
    ).problem

    assert said == (
        "No set of releases satisfies all requirements.\n"
        "No solution found when resolving dependencies\n"
        "Because there are no versions of dep and you require dep, we can conclude that your "
        "requirements are unsatisfiable.\n"
        "`dep` was filtered by `exclude-newer` to only include packages uploaded before "
        "2026-01-01T00:00:00Z. The latest version is v2.0."
    )


def test_logins_and_secrets_are_not_repeated() -> None:
    text = "error: Failed to fetch: http://reader:s3cret@one.test/\n  cause: token s3cret, more"

    said = explain(text, allows_builds=False, secrets=["", "s3cret"]).problem

    assert "s3cret" not in said
    assert "reader" not in said
    assert "http://…@one.test/" in said


def test_a_long_explanation_is_cut() -> None:
    said = explain("error: No solution found\n" + "because " * 9_999, allows_builds=False).problem

    assert len(said) < LONGEST + 100
    assert said.endswith("…")


def test_the_output_of_a_failed_build_is_left_out() -> None:
    said = explain(
        "error: Failed to build `dep==1.0`\n  cause: The build backend returned an error\n\n"
        "         [stderr]\n         /home/someone/secret\nhint: depends on `encodings`\n",
        allows_builds=True,
    ).problem

    assert said == (
        "The sdist of dep 1.0 cannot be built.\n"
        "Failed to build `dep==1.0`\n"
        "The build backend returned an error"
    )

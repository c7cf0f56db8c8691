"""Files that are made to keep the reader busy: read in the time of their size, or refused."""

import time

import pytest

from portal.guidance.declarations import read_declarations
from portal.guidance.declared import MOST_TOLD

SOON = 10  # Seconds: what is tried takes one at most; each took far more before, or all memory.


def lines(number: int, text: str) -> str:
    return "".join(text.format(n=n, m=n + 1) for n in range(number))


LARGE = {
    "a dotted key": ("pyproject.toml", "a." * 40_000 + "a = 1", "more than 16 parts"),
    "groups that include two": (
        "pyproject.toml",
        "[dependency-groups]\n"
        + lines(19, 'g{n} = [{{include-group="g{m}"}}, {{include-group="g{m}"}}]\n')
        + 'g19 = ["x"]',
        "",
    ),
    "a chain of groups": (
        "pyproject.toml",
        "[dependency-groups]\n"
        + lines(1_500, 'g{n} = [{{include-group="g{m}"}}]\n')
        + 'g1500 = ["x"]',
        "include one another more than 20 levels deep",
    ),
    "a long number": ("pyproject.toml", "x = " + "1" * 5_000, "more than 400 digits"),
    "requirements": ("main.in", lines(100_000, "p{n}\n"), "main would have more than 20,000 char"),
    "one requirement": ("main.in", "p\n" * 400_000, ""),
    "requirements of setup.cfg": (
        "setup.cfg",
        "[options]\ninstall_requires =\n" + lines(100_000, " p{n}\n"),
        "main would have more than 20,000 characters",
    ),
    "mistakes of setup.cfg": ("setup.cfg", "[a]\n" + "!\n" * 400_000, "setup.cfg, line 2: "),
    "continued lines": ("main.in", "\\\n" * 490_000, ""),
    "mistakes": ("main.in", "!\n" * 490_000, "More is wrong: the first 50 problems are told."),
    "layers": ("main.in", "a\n" + "-r b\n" * 190_000, ""),
    "sets": ("setup.cfg", "[options.extras_require]\n" + lines(60, "e{n} = x\n"), "than 50 sets"),
    "headings of a Pipfile": ("Pipfile", lines(40_000, "[a{n}]\nx = '*'\n"), "more than 50 sets"),
    "odd headings of a Pipfile": ("Pipfile", lines(40_000, "[{n}]\n"), "More is wrong"),
}


@pytest.mark.parametrize(("name", "text", "problem"), LARGE.values(), ids=LARGE)
def test_a_large_file_is_read_or_refused_soon(name: str, text: str, problem: str) -> None:
    begun = time.process_time()

    declared = read_declarations(name, text)

    assert time.process_time() - begun < SOON
    assert bool(declared.problems) is bool(problem)
    assert problem in "".join(declared.problems[-1:])
    assert len(declared.problems) <= MOST_TOLD + 1
    assert len(declared.notes) <= MOST_TOLD + 1

"""What rules compare with each other is bounded: no upload keeps the portal busy."""

import time

import pytest

from integrations.policy.linting import examine
from integrations.policy.linting.requirement_files import MOST_OF_ONE, few
from integrations.policy.linting.upload import MOST_SCRIPTED
from tests.locks.makers import pin

SHELL = 199_000  # Characters of the largest script that is read.


def many(line: str, number: int) -> str:
    return "".join(line.replace("#", str(each)) for each in range(number))


FILES: dict[str, dict[str, str]] = {
    "declarations and pins of one project": {
        "main.in": many("a>2\n", 5_000), "main.txt": many("a==1.#\n", 5_000)
    },
    "what a release asks for": {
        "x.dist-info/METADATA": "Name: a\nVersion: 1\n" + many("Requires-Dist: a<#\n", 150_000),
        "Pipfile.lock": "{" + many('"c#": {"a": {"version": "==1"}},', 49) + '"z": {}}',
    },
    "copies of an environment": {
        "Dockerfile": "FROM a:1.2 AS b\n" + "RUN python -m venv /x\n" * 1_000
        + "FROM b\nCOPY --from=b " + many("/x# ", 15_000) + "/y\n"
    },
    "files that a command names": {
        ".platform.app.yaml": "name: s\ntype: 'python:3.13'\nweb:\n  commands:\n    start: "
        + many("a/b#.py ", 20_000) + "\n",
        **{f"x{number}.py": "" for number in range(4_900)},
    },
    "scripts": {f"{n}/build.sh": ("pip install -r a.txt\n" * 9_500)[:SHELL] for n in range(60)},
}  # fmt: skip


@pytest.mark.parametrize("files", FILES.values(), ids=FILES)
def test_much_of_anything_is_looked_at_soon_or_refused(files: dict[str, str]) -> None:
    begun = time.process_time()

    report = examine(files)

    assert time.process_time() - begun < 6  # Or it takes minutes.
    assert report.findings


def test_shell_is_bounded_over_all_files_and_the_first_are_looked_at() -> None:
    number = MOST_SCRIPTED // SHELL
    report = examine({f"{n}/build.sh": "#" * SHELL for n in range(number + 1)})

    assert [one.path for one in report.findings] == [f"{number}/build.sh"]
    assert "more than 1,000,000 characters of configuration and shell." in report.findings[0].text
    assert len(report.read) == number


def test_of_one_project_only_the_first_pins_are_compared() -> None:
    pins = [pin(f"rsfoo 1.{number}") for number in range(MOST_OF_ONE + 10)]

    assert few([*pins, pin("rsdev 1.0")]) == (*pins[:MOST_OF_ONE], pin("rsdev 1.0"))

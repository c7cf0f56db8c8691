"""How long it takes to render a tox.ini and to say what changes in it."""

import difflib
import time
from collections.abc import Callable
from dataclasses import replace

from packaging.version import Version

from bench.report import Row as Measured
from bench.report import print_rows
from matrix.rules.diffing import diff_parts, summary_line, unified_diff
from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, LayoutPart, RequirementUse, Row
from matrix.rules.rendering import render_files, render_into

INTEGRATIONS = 61  # As many as the largest catalogue that we know.
MANY = 2000
PYTHONS = (Python(9), Python(12), Python(13), Python(14, free_threaded=True))
LAYOUT = LayoutPart(sdk="example-sdk", groups=("Group 3", "Group 1"), frame="")
REPEATS = 5


def a_part(number: int, patch: int = 0) -> IntegrationPart:
    """An integration with four rows, and requirements of each kind."""
    rows = tuple(Row(version=Version(f"{n}.2.{patch}"), pythons=PYTHONS) for n in range(1, 5))
    everywhere = tuple((row.version, row.pythons) for row in rows)
    return IntegrationPart(
        name=f"integration-{number}",
        project=f"project-{number}",
        extras=("all",),
        group=f"Group {number % 15}",
        test_path=f"tests/integrations/integration_{number}",
        rows=rows,
        requirements=(
            RequirementUse(requirement="pytest-asyncio", where=everywhere),
            RequirementUse(requirement="first<2", where=everywhere[:2]),
            RequirementUse(
                requirement="old<3", where=tuple((row.version, PYTHONS[:1]) for row in rows)
            ),
        ),
    )


def run() -> list[Measured]:
    """Measure at both sizes; the many are allowed what is linear, with a third on top."""
    few = [a_part(number) for number in range(INTEGRATIONS)]
    many = [a_part(number) for number in range(MANY)]
    seconds = best_of(lambda: render_files(LAYOUT, few))
    text = render_files(LAYOUT, many)["tox.ini"]
    old = render_files(LAYOUT, many[: MANY // 2])["tox.ini"]
    new = old.replace("3.2.0", "3.2.1")
    later = [replace(part, rows=a_part(n, patch=1).rows) for n, part in enumerate(many)]
    return [
        Measured(work=f"render {INTEGRATIONS} integrations", seconds=seconds, limit=0.1),
        Measured(
            work=f"render {MANY} integrations: linear",
            seconds=best_of(lambda: render_files(LAYOUT, many)),
            floor=seconds * MANY / INTEGRATIONS,
            limit=1.33,
        ),
        Measured(
            work=f"render {MANY} integrations into their own file",
            seconds=best_of(lambda: render_into(text, LAYOUT, many)),
            limit=2,
        ),
        Measured(
            work=f"say what changes in {MANY} integrations",
            seconds=best_of(lambda: difference(many, later)),
            limit=2,
        ),
        Measured(
            work=f"diff of {len(old.splitlines())} lines, against difflib's own",
            seconds=best_of(lambda: unified_diff("tox.ini", old, new)),
            floor=best_of(lambda: list(difflib.unified_diff(old.splitlines(), new.splitlines()))),
            limit=1,
        ),
    ]


def difference(old: list[IntegrationPart], new: list[IntegrationPart]) -> str:
    diffs = [diff_parts(part.name, part, after) for part, after in zip(old, new, strict=True)]
    return summary_line(diffs, unchanged=0)


def best_of(work: Callable[[], object]) -> float:
    """Return the seconds of the fastest of a few runs: the others waited for the machine."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    print_rows(run())

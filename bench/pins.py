"""Pins of a matrix as large as the largest that we know: written, compared, bundled."""

import sys

from bench.rendering import best_of
from bench.report import Row, print_rows
from matrix.rules.diffing import diff_parts, summary_line
from matrix.rules.rendering import render_files
from matrix.sdk.bundling import zipped
from tests.support.invented import Matrix, a_matrix

SECONDS = 0.5  # DESIGN 11: select + render 61 integrations.


def run() -> list[Row]:
    matrix, later = a_matrix(), a_matrix(week=1)
    inline = files(matrix, "inline")
    constraints = files(matrix, "constraints")
    sets = len(matrix.book.sets)
    lines = inline["tox.ini"].count("\n")
    return [
        Row(
            work=f"render {len(matrix.parts)} integrations, {sets} pin sets: {lines} lines",
            seconds=best_of(lambda: files(matrix, "inline")),
            limit=SECONDS,
        ),
        Row(
            work=f"the same as {len(constraints) - 1} constraint files",
            seconds=best_of(lambda: files(matrix, "constraints")),
            limit=SECONDS,
        ),
        Row(
            work="say which pins move in a week",
            seconds=best_of(lambda: difference(matrix, later)),
            limit=SECONDS,
        ),
        Row(
            work=f"bundle {len(constraints)} files",
            seconds=best_of(lambda: zipped(constraints)),
            limit=0.1,
        ),
    ]


def files(matrix: Matrix, style: str) -> dict[str, str]:
    return render_files(matrix.layout(style), matrix.parts, matrix.book.sets)


def difference(old: Matrix, new: Matrix) -> str:
    pin_sets = {**old.book.sets, **new.book.sets}
    pairs = zip(old.parts, new.parts, strict=True)
    diffs = [diff_parts(part.name, part, after, pin_sets) for part, after in pairs]
    return summary_line(diffs, unchanged=0)


if __name__ == "__main__":
    import django

    django.setup()
    sys.exit(0 if print_rows(run()) else 1)

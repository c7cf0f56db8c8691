"""How benchmarks say what they measured: ratios to a floor that was measured in the same run."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One measurement; ``limit`` is the budget, times the floor or in seconds without one."""

    work: str
    seconds: float
    limit: float
    floor: float | None = None  # Seconds.

    @property
    def measured(self) -> float:
        return self.seconds / self.floor if self.floor else self.seconds

    @property
    def is_within(self) -> bool:
        return self.measured <= self.limit


def print_rows(rows: Iterable[Row]) -> bool:
    """Print a table of *rows*; return whether all are within their budgets."""
    within = True
    print(f"{'work':<52} {'floor s':>8} {'ours s':>8} {'measured':>9} {'budget':>8}")
    for row in rows:
        unit = "×" if row.floor else " s"  # noqa: RUF001
        floor = f"{row.floor:8.3f}" if row.floor else " " * 8
        verdict = "" if row.is_within else "  over"
        print(
            f"{row.work:<52} {floor} {row.seconds:8.3f} "
            f"{row.measured:7.2f}{unit:<2} {row.limit:6g}{unit:<2}{verdict}"
        )
        within &= row.is_within
    return within

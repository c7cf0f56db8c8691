"""
Until when each minor version of CPython gets fixes for vulnerabilities.

Source: the release schedules of CPython, one PEP for each minor version, and the table "Status of
Python versions" of the Python Developer's Guide. Future ends are known by their month.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from matrix.rules.facts import Python


class Month(NamedTuple):
    year: int
    month: int

    def __str__(self) -> str:
        """``Oct 2024``."""
        return f"{date(self.year, self.month, 1):%b %Y}"


ENDS: Mapping[int, Month] = {
    4: Month(2019, 3),  # PEP 429
    5: Month(2020, 9),  # PEP 478
    6: Month(2021, 12),  # PEP 494
    7: Month(2023, 6),  # PEP 537
    8: Month(2024, 10),  # PEP 569
    9: Month(2025, 10),  # PEP 596
    10: Month(2026, 10),  # PEP 619
    11: Month(2027, 10),  # PEP 664
    12: Month(2028, 10),  # PEP 693
    13: Month(2029, 10),  # PEP 719
    14: Month(2030, 10),  # PEP 745
    15: Month(2031, 10),  # PEP 790
}


def end_of(python: Python) -> Month | None:
    """Return the last month in which *python* gets fixes; None: not known."""
    return ENDS.get(python.minor)


def has_ended(python: Python, on: date) -> bool:
    """Tell whether its last month is over."""
    end = end_of(python)
    return end is not None and end < (on.year, on.month)


def months_left(python: Python, on: date) -> int | None:
    """Return how many months are left after this one; negative: it has ended; None: not known."""
    end = end_of(python)
    return None if end is None else (end.year - on.year) * 12 + end.month - on.month

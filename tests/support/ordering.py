"""
The order of the tests: files whose tests take long come first.

A worker gets whole files. The last of them alone, for minutes, is what a run would wait for.
"""

import pytest

LONGEST_FIRST = ("tools", "long", "browser", "slow")  # Marks.


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks: dict[str, int] = {}
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        found = [rank for rank, name in enumerate(LONGEST_FIRST) if name in marks]
        rank = min(found, default=len(LONGEST_FIRST))
        ranks[item.location[0]] = min(rank, ranks.get(item.location[0], rank))
    items.sort(key=lambda item: ranks[item.location[0]])  # Stable: else as they were collected.

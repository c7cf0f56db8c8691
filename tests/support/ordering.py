"""
The order of the tests, and which of them ask a database.

Files whose tests take long come first: a worker gets whole files, and the last of them alone, for
minutes, is what a run would wait for. ``-m database`` picks what behaves differently on another
database, however a test came to have one.
"""

import pytest

LONGEST_FIRST = ("tools", "long", "browser", "slow")  # Marks.
ASKING = {"db", "transactional_db", "live_server", "admin_user", "admin_client"}  # Fixtures.


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks: dict[str, int] = {}
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        if "django_db" in marks or ASKING & set(getattr(item, "fixturenames", ())):
            item.add_marker("database")
        found = [rank for rank, name in enumerate(LONGEST_FIRST) if name in marks]
        rank = min(found, default=len(LONGEST_FIRST))
        ranks[item.location[0]] = min(rank, ranks.get(item.location[0], rank))
    items.sort(key=lambda item: ranks[item.location[0]])  # Stable: else as they were collected.

"""Many workers at once over PostgreSQL, each with a connection of its own."""

from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from matrix.environments import leasing, resolving
from matrix.environments.models import PinSet, Resolution
from tests.environments.makers import AT, a_request, a_script, a_uv, now
from tests.support.small_index import SmallIndex
from tests.support.together import require_postgresql, together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
WORKERS, ROWS = 8, 60


@pytest.fixture(autouse=True)
def postgresql(transactional_db: None) -> None:
    require_postgresql()


def ask(url: str, number: int = ROWS) -> list[str]:
    wanted = [a_request(url, "httpx", f"anyio!=0.{minor}") for minor in range(number)]
    return list(resolving.enqueue(wanted, at=AT).values())


def claim_all(owner: str) -> list[str]:
    found: list[str] = []
    while batch := leasing.claim(owner, most=3, now=AT):
        found += [claim.key for claim in batch]
    return found


def test_every_row_is_claimed_by_one_worker() -> None:
    keys = ask("http://one.test/simple/")

    claimed = together([partial(claim_all, f"worker {number}") for number in range(WORKERS)])

    assert Counter(key for found in claimed for key in found) == Counter(keys)
    assert set(Resolution.objects.values_list("attempts", flat=True)) == {1}


def test_what_is_asked_for_at_once_is_asked_for_once() -> None:
    asked = together([partial(ask, "http://one.test/simple/")] * WORKERS)

    assert len({tuple(keys) for keys in asked}) == 1
    assert Resolution.objects.count() == ROWS


def test_pin_sets_that_are_stored_at_once_are_stored_once() -> None:
    keys = ask("http://one.test/simple/", WORKERS)
    for key in keys:
        leasing.claim(key, most=1, now=AT, keys=[key])

    def store(key: str) -> bool:
        return leasing.store_pins(key, key, ["anyio==4.9.0"], seconds=1, at=AT)

    assert together([partial(store, key) for key in keys]) == [True] * WORKERS
    assert PinSet.objects.count() == 1


def test_a_clean_up_removes_no_pin_set_that_is_stored_meanwhile() -> None:
    keys = ask("http://one.test/simple/")
    claimed = leasing.claim("me", most=ROWS, now=AT)

    def store() -> int:
        return sum(
            leasing.store_pins("me", claim.key, ["anyio==4.9.0"], seconds=1, at=AT)
            for claim in claimed
        )

    def clean_up() -> int:
        for _ in range(ROWS):
            PinSet.objects.bulk_create([PinSet(sha256="0" * 64, made_at=AT)], ignore_conflicts=True)
            resolving.prune(keep_since=AT, keep=[])
        return ROWS

    assert together([store, clean_up]) == [ROWS, ROWS]
    assert {result.pins for result in resolving.results(keys).values()} == {("anyio==4.9.0",)}


def test_two_workers_resolve_every_row_once(index: SmallIndex, tmp_path: Path) -> None:
    keys = ask(index.url, 12)
    tells = 'echo begun >> {folder}/begun\nexec {uv} "$@"\n'
    uv = a_uv(tmp_path, binary=a_script(tmp_path, tells))
    until = now() + timedelta(seconds=60)
    work = partial(resolving.drain, clock=now, until=until, uv=uv, keys=keys)

    finished = together([partial(work, owner="one"), partial(work, owner="other")])

    assert sum(finished) == 12
    assert (tmp_path / "begun").read_text().count("begun") == 12
    assert resolving.progress(keys) == {"done": 12}

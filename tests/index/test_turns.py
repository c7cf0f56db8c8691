import asyncio
import time
from collections.abc import Callable

import pytest

from integrations.index import turns
from integrations.index.turns import Turns


def test_one_page_is_finished_before_the_next_is_begun() -> None:
    done: list[str] = []

    def piece(name: str) -> Callable[[], None]:
        return lambda: done.append(name)

    async def everybody() -> None:
        work = Turns().work
        await asyncio.gather(*(work(piece(f"{page}1"), piece(f"{page}2")) for page in "abc"))

    asyncio.run(everybody())

    assert done == ["a1", "a2", "c1", "c2", "b1", "b2"]


def test_between_stretches_of_work_others_go_on_for_some_rounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "AT_A_STRETCH", 0.01)
    monkeypatch.setattr(turns, "ROUNDS", 3)
    rounds = 0
    seen: list[int] = []

    async def count() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    def long() -> None:
        seen.append(rounds)
        time.sleep(0.02)

    def short() -> None:
        seen.append(rounds)

    async def story() -> None:
        counting = asyncio.create_task(count())
        await Turns().work(long, short, short, long, short)
        counting.cancel()

    asyncio.run(story())

    first, *others = seen
    assert [number - first for number in others] == [3, 3, 3, 6]


def test_work_that_fails_leaves_the_turn_to_others() -> None:
    async def story() -> list[str]:
        every = Turns()
        done: list[str] = []
        with pytest.raises(ZeroDivisionError):
            await every.work(lambda: 1 / 0, lambda: done.append("never"))
        async with asyncio.timeout(1):
            await every.work(lambda: done.append("after it"))
        return done

    assert asyncio.run(story()) == ["after it"]

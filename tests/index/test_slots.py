import asyncio

import pytest

from integrations.index.slots import Slots


def test_the_latest_goes_first_and_no_more_than_the_bound_at_a_time() -> None:
    order: list[int] = []
    busy: list[int] = []

    async def one(slots: Slots, number: int) -> None:
        async with slots.taken():
            busy.append(number)
            assert len(busy) <= 2
            order.append(number)
            await asyncio.sleep(0)
            busy.remove(number)

    async def everybody() -> None:
        slots = Slots(2)
        await asyncio.gather(*(one(slots, number) for number in range(5)))

    asyncio.run(everybody())

    assert order == [0, 1, 4, 3, 2]


@pytest.mark.parametrize("is_given", [False, True], ids=["still waiting", "given a slot just now"])
def test_somebody_who_is_cancelled_takes_no_slot_along(is_given: bool) -> None:
    async def story() -> bool:
        slots = Slots(1)
        holder = slots.taken()
        await holder.__aenter__()
        waiter = asyncio.create_task(slots.taken().__aenter__())
        await asyncio.sleep(0)
        if is_given:
            await holder.__aexit__(None, None, None)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        if not is_given:
            await holder.__aexit__(None, None, None)
        async with asyncio.timeout(1), slots.taken():
            return True

    assert asyncio.run(story())

"""A bound on how much happens at a time, that lets the latest in first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """
    Lets a bounded number in; of those who wait, whoever came last goes first.

    A poll asks for all pages at once, and for metadata after it has read a page. First come,
    first served would read all pages while nothing is on its way, and then wait for metadata while
    there is nothing to read. This way what a page leads to is on its way while others are read.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        await self._take()
        try:
            yield
        finally:
            self._give_back()

    async def _take(self) -> None:
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back()  # It was given a slot and cancelled at the same moment.
            raise

    def _give_back(self) -> None:
        while self._waiting:
            turn = self._waiting.pop()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

"""Long work between short waits, in the thread of the network."""

import asyncio
import time
from collections.abc import Callable

from integrations.index.slots import Slots

AT_A_STRETCH = 0.004  # Seconds of work after which connections are attended to.
ROUNDS = 6  # Of the loop, until an answer that has come has led to the next request.


class Turns:
    """
    Runs long work piece by piece, when nothing else in the loop is due.

    An answer that has come is useless until somebody reads it, and a connection until somebody
    asks. While a page of a megabyte is read, nobody does either. So only one page is worked on at
    a time, and after each stretch of work the loop attends to all connections.
    """

    def __init__(self) -> None:
        self._slots = Slots(1)  # Whoever came last goes first: a page that was begun is finished.
        self._paused_at = 0.0  # When connections were last attended to.

    async def work(self, *pieces: Callable[[], object]) -> None:
        """Call *pieces*, one after the other; raises what they raise."""
        async with self._slots.taken():
            for piece in pieces:
                if time.monotonic() - self._paused_at > AT_A_STRETCH:
                    await self._pause()
                piece()

    async def _pause(self) -> None:
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
        self._paused_at = time.monotonic()

"""
A thread for the network, and a desk in the calling thread where it asks and hands in.

Django's connections belong to one thread. So coroutines never touch the database: they ask the
desk, and hand their results in to be written in batches while the network goes on.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")
Reply = TypeVar("Reply")

BATCH = 16  # Results that are written together at the latest.
LONGEST_WAIT = 0.25  # Seconds that a result waits for others.


class Desk(Generic[Result]):
    """Calls *write* with the results that were handed in; used for one ``run``."""

    def __init__(self, write: Callable[[Sequence[Result]], None]) -> None:
        self._write = write
        self._entries: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._waiting: list[Result] = []
        self._last_write = time.monotonic()
        self._is_open = True
        self._has_started = threading.Event()
        self._error: BaseException | None = None

    def run(self, work: Callable[["Desk[Result]"], Coroutine[Any, Any, None]]) -> None:
        """Run *work* in a thread of its own and attend to it until it ends; raises its error."""
        thread = threading.Thread(target=self._work, args=(work,), name="index-network")
        thread.start()
        try:
            while self._is_open:
                self._attend()
            self._write_waiting()
        except BaseException:
            # Ctrl-C, the time-out of a task, a database that refuses: nobody listens any more.
            self._has_started.wait()
            self._cancel()
            raise
        finally:
            thread.join()
        if self._error is not None:
            raise self._error

    # --- Called from the thread of the network ---------------------------------------------------
    async def ask(self, question: Callable[[], Reply]) -> Reply:
        """Return what *question* returns when it is called in the thread of the database."""
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[Reply] = loop.create_future()

        def answer() -> None:
            try:
                found = question()
            except Exception as error:  # noqa: BLE001  (belongs to whoever asked)
                loop.call_soon_threadsafe(_fail, reply, error)
            else:
                loop.call_soon_threadsafe(_fulfil, reply, found)

        self._entries.put(answer)
        return await reply

    def hand_in(self, result: Result) -> None:
        self._entries.put(lambda: self._waiting.append(result))

    def _work(self, work: Callable[["Desk[Result]"], Coroutine[Any, Any, None]]) -> None:
        try:
            with asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                self._task = self._loop.create_task(work(self))
                self._has_started.set()
                runner.run(self._until_done())
        except BaseException as error:  # noqa: BLE001  (raised again by run)
            self._error = error
        finally:
            self._has_started.set()
            self._entries.put(self._close)

    async def _until_done(self) -> None:
        await self._task

    # --- Called from the thread of the database --------------------------------------------------
    def _attend(self) -> None:
        try:
            entry = self._entries.get(timeout=LONGEST_WAIT if self._waiting else None)
        except Empty:
            self._write_waiting()
            return
        entry()
        is_late = time.monotonic() - self._last_write > LONGEST_WAIT
        if len(self._waiting) >= BATCH or (self._waiting and is_late):
            self._write_waiting()

    def _write_waiting(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._write(waiting)
        self._last_write = time.monotonic()

    def _close(self) -> None:
        self._is_open = False

    def _cancel(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._task.cancel)
        except RuntimeError:
            return  # The loop has ended by itself.


def _fulfil(reply: "asyncio.Future[Reply]", found: Reply) -> None:
    if not reply.done():
        reply.set_result(found)


def _fail(reply: "asyncio.Future[Any]", error: Exception) -> None:
    if not reply.done():
        reply.set_exception(error)

"""A small HTTP/1.1 server on the loopback interface, for tests and benchmarks."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str  # With its query, as it was sent.
    headers: Mapping[str, str]  # Names in lower case.


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """An answer, and what goes wrong with it."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunks: Iterable[bytes] | None = None  # Sent one after the other instead of a body.
    pause: float = 0  # Seconds between chunks.
    delay: float = 0  # Seconds before the first byte.
    cut_after: int | None = None  # Close the connection after so many bytes of the body.


Handler = Callable[[Request], Response]


class HttpServer:
    """
    Answers with what *handler* returns, until the ``with`` block ends.

    ``latency`` is added before each answer, in seconds. ``requests`` holds all that came.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        latency: float = 0,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.handler = handler
        self.latency = latency
        self.requests: list[Request] = []
        self.connections = 0
        self.open: set[_Connection] = set()
        self._port = port
        self._tls = tls
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def root(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}/"

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [request.path for request in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await self._loop.create_server(
            lambda: _Connection(self), "127.0.0.1", self._port, backlog=256, ssl=self._tls
        )
        self._port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stop.wait()
        server.close()
        for connection in list(self.open):
            connection.abort()
        await asyncio.sleep(0)  # The next round of the loop closes their sockets.
        assert not self.open

    def wait(self) -> None:
        """Serve until the thread ends; for a server that is a process of its own."""
        while self._thread.is_alive():
            self._thread.join(1)


class _Connection(asyncio.Protocol):
    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._received = b""
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections += 1
        self._server.open.add(self)

    def abort(self) -> None:
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._server.open.discard(self)
        for task in self._tasks:
            task.cancel()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            request = _parse(head)
            self._server.requests.append(request)
            self._answer(request)

    def _answer(self, request: Request) -> None:
        response = self._server.handler(request)
        delay = self._server.latency + response.delay
        loop = asyncio.get_running_loop()
        if response.chunks is not None or response.cut_after is not None:
            task = loop.create_task(self._stream(response, delay))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif delay:
            loop.call_later(delay, self._write, request, response)
        else:
            self._write(request, response)

    def _write(self, request: Request, response: Response) -> None:
        body = b"" if request.method == "HEAD" else response.body
        if not self._transport.is_closing():
            self._transport.writelines([_head(response, len(response.body)), body])

    async def _stream(self, response: Response, delay: float) -> None:
        await asyncio.sleep(delay)
        if response.cut_after is not None:
            self._transport.write(_head(response, len(response.body)))
            self._transport.write(response.body[: response.cut_after])
            self._transport.close()
            return
        self._transport.write(_head(response, None))
        for chunk in response.chunks or ():
            await self._may_write.wait()
            self._transport.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            await asyncio.sleep(response.pause)
        self._transport.write(b"0\r\n\r\n")


def _parse(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Request(method, path, headers)


def _head(response: Response, length: int | None) -> bytes:
    """The status line and the headers; without a length the body comes in chunks."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    if response.status == HTTPStatus.NOT_MODIFIED:
        size = "Content-Length: 0"
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}", size]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

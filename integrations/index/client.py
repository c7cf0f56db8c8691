"""
The way to an index over HTTP. Nothing else imports httpx.

Answers are read as streams, so that a bound on their size and a deadline hold whatever a server
sends. Credentials are added to each request by its own address: a redirect takes none along.
"""

import asyncio
import ssl
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import httpx
import stamina
import truststore
from django.conf import settings

from integrations.index.address import Login, Origin, configured_logins, legacy_url
from integrations.index.errors import IndexDataError, IndexUnavailable, ProjectNotFound
from integrations.index.pages import ACCEPT
from integrations.index.slots import Slots

ATTEMPTS = 4
HOSTS = 2  # Connections of a lane: pages are on one host, files often on another.
FIRST_WAIT = 0.5  # Seconds; doubled for each further attempt, and a little dice on top.
LONGEST_WAIT = 60.0  # Seconds; a server that asks for more patience is asked again after these.
DEADLINE = 6  # Times the time-out: how long a whole answer may take, however steadily it trickles.
GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A whole answer. ``url`` is where it came from in the end, after redirects."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


class _TryAgainError(Exception):
    """Something that may pass; ``wait`` is what the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


@cache
def user_agent() -> str:
    """``matrix-portal/0.1.0``: who asks, for the people who run the index."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    return f"matrix-portal/{project['project']['version']}"


class IndexClient:
    """
    Asks one index, with a bounded number of requests at a time; use it as ``async with``.

    Raises IndexUnavailable (try later), ProjectNotFound and IndexDataError. Their messages name
    the address, which never holds credentials.
    """

    def __init__(
        self,
        simple_url: str,
        *,
        logins: Mapping[Origin, Login] | None = None,
        timeout: float | None = None,
        first_wait: float = FIRST_WAIT,
    ) -> None:
        self.simple_url = simple_url
        self.legacy_url = legacy_url(simple_url)
        self.max_body: int = settings.PORTAL_INDEX_MAX_BODY
        self._timeout: float = timeout or settings.PORTAL_INDEX_TIMEOUT
        self._first_wait = first_wait
        self._logins = configured_logins() if logins is None else dict(logins)
        self._slots = Slots(settings.PORTAL_INDEX_CONNECTIONS)
        self._idle: list[httpx.AsyncClient] = []
        self._has_answered = False
        self._given_up = ""  # Why, when it never answered and one request ran out of attempts.

    async def __aenter__(self) -> Self:
        self._trust = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._exits = await AsyncExitStack().__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._exits.__aexit__(kind, error, traceback)

    @asynccontextmanager
    async def _lane(self) -> AsyncIterator[httpx.AsyncClient]:
        """
        Lend one of the lanes, each with connections of its own, kept from request to request.

        httpcore looks at the sockets of all idle connections of a pool whenever a request begins
        or ends; sixteen in one pool made that dear. The lane that was used last goes out first,
        so that few requests at a time need few connections.
        """
        async with self._slots.taken():
            lane = self._idle.pop() if self._idle else await self._open_lane()
            try:
                yield lane
            finally:
                self._idle.append(lane)

    async def _open_lane(self) -> httpx.AsyncClient:
        return await self._exits.enter_async_context(
            httpx.AsyncClient(
                verify=self._trust,
                timeout=self._timeout,
                limits=httpx.Limits(max_connections=HOSTS, max_keepalive_connections=HOSTS),
                headers={"User-Agent": user_agent()},
                follow_redirects=True,
                event_hooks={"request": [self._sign]},
            )
        )

    # --- Documents -------------------------------------------------------------------------------
    async def page(self, project: str, *, etag: str = "", last_modified: str = "") -> Answer | None:
        """Return the project's page; None when it is still the one with these validators."""
        headers = {"Accept": ACCEPT}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        url = urljoin(self.simple_url, f"{quote(project)}/")
        try:
            answer = await self.get(url, headers)
        except ProjectNotFound as error:
            raise ProjectNotFound(f"The index has no project named {project} ({url}).") from error
        return None if answer.status == HTTPStatus.NOT_MODIFIED else answer

    async def legacy_page(self, project: str) -> Answer | None:
        """Return the legacy document of the project; None when the index has no place for it."""
        if self.legacy_url is None:
            return None
        return await self.get(urljoin(self.legacy_url, f"{quote(project)}/json"))

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the whole answer: 200, 206 or 304."""
        try:
            return await self._get_once(url, headers)
        except _TryAgainError as first:
            # Most requests never come here, and retrying has its price.
            return await self._get_again(url, headers, first)

    async def _get_again(
        self, url: str, headers: Mapping[str, str] | None, last: _TryAgainError
    ) -> Answer:
        try:
            async for attempt in stamina.retry_context(
                on=_patience, attempts=ATTEMPTS, timeout=None, wait_initial=self._first_wait
            ):
                with attempt:
                    if attempt.num == 1:
                        raise last
                    return await self._get_once(url, headers)
        except _TryAgainError as error:
            reason = f"{without_login(url)} {error}; it was tried {ATTEMPTS} times."
            if not self._has_answered:
                self._given_up = f"The index does not answer: {reason}"
            raise IndexUnavailable(reason) from error
        raise AssertionError("stamina ends with an answer or an error")

    async def _get_once(self, url: str, headers: Mapping[str, str] | None) -> Answer:
        async with self._open(url, headers) as response:
            body = await self._read(response)
            return Answer(
                url=without_login(str(response.url)),
                status=response.status_code,
                headers=response.headers,
                body=body,
            )

    @asynccontextmanager
    async def stream(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[tuple[int, Mapping[str, str], AsyncIterator[bytes]]]:
        """Yield status, headers and the body piece by piece; it is tried once."""
        try:
            async with self._open(url, headers) as response:
                yield response.status_code, response.headers, response.aiter_bytes()
        except _TryAgainError as error:
            raise IndexUnavailable(f"{without_login(url)} {error}.") from error

    # --- One request -----------------------------------------------------------------------------
    @asynccontextmanager
    async def _open(
        self, url: str, headers: Mapping[str, str] | None
    ) -> AsyncIterator[httpx.Response]:
        """Yield an answer that is worth reading; everything else is an error by its name."""
        deadline = self._timeout * DEADLINE
        try:
            async with self._lane() as lane:
                if self._given_up:
                    raise IndexUnavailable(self._given_up)
                async with (
                    asyncio.timeout(deadline),
                    lane.stream("GET", url, headers=headers) as response,
                ):
                    self._has_answered = True
                    _check_status(response, url)
                    yield response
        except TimeoutError as error:
            raise _TryAgainError(f"did not end within {deadline:g} seconds") from error
        except httpx.TimeoutException as error:
            raise _TryAgainError(f"did not answer within {self._timeout:g} seconds") from error
        except (httpx.DecodingError, httpx.TooManyRedirects) as error:
            raise IndexDataError(f"{_name(error)}.", where=without_login(url)) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise IndexDataError("It is not an address.", where=without_login(url)) from error
        except httpx.TransportError as error:
            raise _TryAgainError(f"could not be read ({_name(error)})") from error

    async def _read(self, response: httpx.Response) -> bytes:
        """Read a body, and stop as soon as it is larger than the bound."""
        said = response.headers.get("content-length", "")
        if said.isdigit() and int(said) > self.max_body:
            raise self._too_large(response)
        chunks = []
        size = 0
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > self.max_body:
                raise self._too_large(response)
            chunks.append(chunk)
        return b"".join(chunks)

    def _too_large(self, response: httpx.Response) -> IndexDataError:
        return IndexDataError(
            f"The answer is larger than {self.max_body:,} bytes (PORTAL_INDEX_MAX_BODY).",
            where=without_login(str(response.url)),
        )

    async def _sign(self, request: httpx.Request) -> None:
        """Called for each request, redirects included: what it takes along depends on its host."""
        request.headers.pop("Authorization", None)
        if not self._logins:
            return
        login = self._logins.get(Origin.of(str(request.url)))
        if login is not None:
            signed = httpx.BasicAuth(login.user, login.password)
            next(signed.auth_flow(request))


def _check_status(response: httpx.Response, url: str) -> None:
    status = response.status_code
    if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NOT_MODIFIED):
        return
    if status in GONE:
        raise ProjectNotFound(f"{without_login(url)} answered {status}.")
    if status in PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wait = retry_after(response.headers.get("retry-after", ""), now=datetime.now(UTC))
        raise _TryAgainError(f"answered {status}", wait)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise IndexDataError(
            f"It answered {status}: it wants other credentials (PORTAL_INDEX_CREDENTIALS).",
            where=without_login(url),
        )
    raise IndexDataError(f"It answered {status}.", where=without_login(url))


def _patience(error: Exception) -> bool | float:
    """Tell stamina whether to try again, and after how long when the server said so."""
    if not isinstance(error, _TryAgainError):
        return False
    return True if error.wait is None else error.wait


def retry_after(text: str, *, now: datetime) -> float | None:
    """Return the seconds that Retry-After asks for, bounded; None when it does not say."""
    if text.strip().isdigit():
        return min(float(text), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_WAIT)


def without_login(url: str) -> str:
    """Return *url* as it may be shown: without user and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _name(error: Exception) -> str:
    """``ConnectError: All connection attempts failed``; httpx's own words, where it has any."""
    words = str(error).strip()
    return f"{type(error).__name__}: {words}" if words else type(error).__name__

"""The client against servers that misbehave, each on a real socket."""

import asyncio
import base64
import gzip
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import repeat
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from integrations.index.address import logins
from integrations.index.client import Answer, IndexClient, retry_after, user_agent, without_login
from integrations.index.errors import IndexDataError, IndexUnavailable, ProjectNotFound
from tests.index.making import HTML, Answers, json_page, json_response
from tests.support.http_server import Response

FOO = "/simple/foo/"
GOOD = json_response()


@pytest.fixture
def server() -> Iterator[Answers]:
    with Answers() as answers:
        yield answers


def use(url: str, work: Callable[[IndexClient], Awaitable[Any]], **options: Any) -> Any:
    async def inside() -> Any:
        async with IndexClient(url, **{"timeout": 5, "first_wait": 0.01, **options}) as client:
            return await work(client)

    return asyncio.run(inside())


def page(server: Answers, **options: Any) -> Answer:
    found = use(server.url, lambda client: client.page("foo"), **options)
    assert isinstance(found, Answer)
    return found


def test_a_page_is_asked_for_as_json_by_name_and_version(server: Answers) -> None:
    server.answers[FOO] = GOOD

    assert page(server).body == json_page()
    headers = server.requests[0].headers
    assert headers["accept"].startswith("application/vnd.pypi.simple.v1+json,")
    assert headers["user-agent"] == user_agent()
    assert user_agent().startswith("matrix-portal/")


@pytest.mark.parametrize("status", [404, 410])
def test_a_project_that_is_not_there_is_not_asked_for_again(server: Answers, status: int) -> None:
    server.answers[FOO] = Response(status=status)

    with pytest.raises(ProjectNotFound) as caught:
        page(server)

    assert str(caught.value) == f"The index has no project named foo ({server.url}foo/)."
    assert server.paths == [FOO]


def test_two_server_errors_and_then_an_answer(server: Answers) -> None:
    server.answers[FOO] = [Response(status=500), Response(status=503), GOOD]

    assert page(server).status == 200
    assert server.paths == [FOO] * 3


def test_a_server_error_that_stays_is_unavailable(server: Answers) -> None:
    server.answers[FOO] = Response(status=502)

    with pytest.raises(IndexUnavailable) as caught:
        page(server)

    assert str(caught.value) == f"{server.url}foo/ answered 502; it was tried 4 times."
    assert server.paths == [FOO] * 4


def test_too_many_requests_waits_as_long_as_the_server_says(server: Answers) -> None:
    server.answers[FOO] = [Response(status=429, headers={"Retry-After": "1"}), GOOD]
    began = time.monotonic()

    assert page(server).status == 200
    assert 1 <= time.monotonic() - began < 3


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7),
        ("3600", 60),
        (format_datetime(NOW + timedelta(seconds=9), usegmt=True), 9),
        (format_datetime(NOW - timedelta(days=9), usegmt=True), 0),
        (format_datetime(NOW + timedelta(days=9), usegmt=True), 60),
        ("soon", None),
        ("", None),
        ("-1", None),
    ],
)
def test_how_long_a_server_may_ask_to_wait(text: str, expected: float | None) -> None:
    assert retry_after(text, now=NOW) == expected


def test_a_connection_that_is_cut_is_tried_again(server: Answers) -> None:
    server.answers[FOO] = [Response(body=b"x" * 1000, cut_after=10), GOOD]

    assert page(server).status == 200


def test_a_connection_that_is_always_cut_is_unavailable(server: Answers) -> None:
    server.answers[FOO] = Response(body=b"x" * 1000, cut_after=10)

    with pytest.raises(IndexUnavailable, match=r"could not be read \(RemoteProtocolError: peer"):
        page(server)


def test_a_slow_server_is_given_up(server: Answers) -> None:
    server.answers[FOO] = Response(delay=5)

    with pytest.raises(IndexUnavailable, match=r"did not answer within 0\.1 seconds; it was tried"):
        page(server, timeout=0.1)


def test_a_server_that_trickles_is_given_up(server: Answers) -> None:
    server.answers[FOO] = Response(chunks=repeat(b"x", 1000), pause=0.04)
    began = time.monotonic()

    with pytest.raises(IndexUnavailable, match=r"did not end within 0\.6 seconds"):
        page(server, timeout=0.1)

    assert time.monotonic() - began < 10


def test_an_index_that_is_not_there_is_given_up_once_for_all() -> None:
    async def all_of_them(client: IndexClient) -> list[Any]:
        first = [client.page(f"foo{number}") for number in range(40)]
        errors = await asyncio.gather(*first, return_exceptions=True)
        return [*errors, *await asyncio.gather(client.page("bar"), return_exceptions=True)]

    with Answers() as server:
        url = server.url

    errors = use(url, all_of_them)

    assert {type(error) for error in errors} == {IndexUnavailable}
    assert str(errors[-1]).startswith(f"The index does not answer: {url}foo")


def test_a_large_page_is_refused_without_reading_it(server: Answers, settings: Settings) -> None:
    settings.PORTAL_INDEX_MAX_BODY = 1_000_000
    sent = []

    def chunks() -> Iterator[bytes]:
        for _ in range(200):
            sent.append(1)
            yield bytes(1_000_000)

    server.answers[FOO] = Response(chunks=chunks())

    with pytest.raises(IndexDataError) as caught:
        page(server)

    assert str(caught.value) == (
        f"{server.url}foo/: The answer is larger than 1,000,000 bytes (PORTAL_INDEX_MAX_BODY)."
    )
    assert len(sent) < 50
    assert server.paths == [FOO]


def test_a_page_that_says_how_large_it_is_is_refused_at_once(
    server: Answers, settings: Settings
) -> None:
    settings.PORTAL_INDEX_MAX_BODY = 1_000_000
    server.answers[FOO] = Response(body=bytes(1_000_001))

    with pytest.raises(IndexDataError, match="larger than 1,000,000 bytes"):
        page(server)


def test_the_bound_holds_for_what_was_compressed(server: Answers, settings: Settings) -> None:
    settings.PORTAL_INDEX_MAX_BODY = 1_000_000
    bomb = gzip.compress(bytes(200_000_000))
    server.answers[FOO] = Response(headers={"Content-Encoding": "gzip"}, body=bomb)

    with pytest.raises(IndexDataError, match="larger than 1,000,000 bytes"):
        page(server)


def test_what_says_to_be_gzip_and_is_not_is_refused(server: Answers) -> None:
    server.answers[FOO] = Response(headers={"Content-Encoding": "gzip"}, body=b"no")

    with pytest.raises(IndexDataError, match=r"/simple/foo/: DecodingError"):
        page(server)


def test_a_redirect_is_followed_and_remembered(server: Answers) -> None:
    server.answers[FOO] = Response(status=301, headers={"Location": "/elsewhere/foo/"})
    server.answers["/elsewhere/foo/"] = Response(headers={"Content-Type": HTML})

    assert page(server).url == f"{server.root}elsewhere/foo/"


def test_redirects_in_circles_are_refused(server: Answers) -> None:
    server.answers[FOO] = Response(status=302, headers={"Location": FOO})

    with pytest.raises(IndexDataError, match="TooManyRedirects"):
        page(server)


def test_an_unchanged_page_is_none(server: Answers) -> None:
    server.answers[FOO] = Response(status=304)

    found = use(
        server.url,
        lambda client: client.page("foo", etag='"x"', last_modified="Mon, 05 Jan 2026"),
    )

    assert found is None
    headers = server.requests[0].headers
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('"x"', "Mon, 05 Jan 2026")


def test_connections_are_kept_and_bounded(server: Answers, settings: Settings) -> None:
    settings.PORTAL_INDEX_CONNECTIONS = 3
    server.answers[FOO] = GOOD

    async def many(client: IndexClient) -> None:
        await asyncio.gather(*(client.page("foo") for _ in range(30)))

    use(server.url, many)

    assert len(server.requests) == 30
    assert server.connections <= 3


# --- Credentials ---------------------------------------------------------------------------------
SECRET = base64.b64encode(b"me:secret").decode()


def with_login(server: Answers) -> str:
    return server.root.replace("http://", "http://me:secret@")


def test_credentials_reach_the_host_that_they_are_for(server: Answers) -> None:
    server.answers[FOO] = GOOD

    page(server, logins=logins([with_login(server)]))

    assert server.requests[0].headers["authorization"] == f"Basic {SECRET}"


def test_credentials_come_from_the_environment(server: Answers, settings: Settings) -> None:
    settings.PORTAL_INDEX_CREDENTIALS = [with_login(server)]
    server.answers[FOO] = GOOD

    page(server)

    assert server.requests[0].headers["authorization"] == f"Basic {SECRET}"


def test_a_redirect_takes_no_credentials_to_another_host(server: Answers) -> None:
    with Answers({"/foo/": GOOD}) as other:
        there = Response(status=302, headers={"Location": f"{other.root}foo/"})
        server.answers[FOO] = there

        page(server, logins=logins([with_login(server)]))

        assert "authorization" in server.requests[0].headers
        assert "authorization" not in other.requests[0].headers


def test_credentials_are_in_no_message_and_no_log(
    server: Answers, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers[FOO] = Response(status=500)
    caplog.set_level(logging.DEBUG)

    with pytest.raises(IndexUnavailable) as caught:
        page(server, logins=logins([with_login(server)]))

    errors: list[BaseException | None] = [caught.value]
    while errors[-1] is not None:
        errors.append(errors[-1].__cause__ or errors[-1].__context__)
    told = " ".join(map(repr, errors)) + caplog.text
    assert "secret" not in told
    assert SECRET not in told


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_names_the_setting_that_is_wrong(server: Answers, status: int) -> None:
    server.answers[FOO] = Response(status=status)

    with pytest.raises(IndexDataError) as caught:
        page(server)

    assert str(caught.value) == (
        f"{server.url}foo/: It answered {status}: it wants other credentials "
        "(PORTAL_INDEX_CREDENTIALS)."
    )


def test_an_address_is_shown_without_user_and_password() -> None:
    assert without_login("https://me:secret@index.test/x?y") == "https://index.test/x?y"

"""
A pytest plugin for tests that need something which a machine may lack.

A test marked ``browser``, ``postgres``, ``redis``, ``tools`` or ``long`` is skipped where that is
missing, with a line that says how to get it. Where ``PORTAL_TESTS_REQUIRE`` names the mark, it
fails instead: a CI that skips in silence proves nothing.
"""

import os
import shutil
from collections.abc import Callable
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
Need = Callable[[], str]  # What to do about it; empty when nothing is missing.


def chromium() -> str | None:
    """The Chromium of this machine."""
    named = os.environ.get("PORTAL_TESTS_CHROMIUM")
    return named or next(filter(None, map(shutil.which, CHROMIUMS)), None)


def postgres_url() -> str:
    """A server where tests may make databases; they have names of their own."""
    return os.environ.get("PORTAL_TESTS_POSTGRES_URL", "")


def redis_url() -> str:
    """A server whose database with that number tests may empty."""
    return os.environ.get("PORTAL_TESTS_REDIS_URL", "")


def need_browser() -> str:
    if chromium():
        return ""
    return "no Chromium here: apt-get install chromium, or name one in PORTAL_TESTS_CHROMIUM"


def need_postgres() -> str:
    if not postgres_url():
        return (
            "no PostgreSQL named: set PORTAL_TESTS_POSTGRES_URL=postgres://USER:PASSWORD@HOST/NAME "
            "to a server where that user may create databases"
        )
    try:
        with psycopg.connect(postgres_url(), connect_timeout=5):
            return ""
    except psycopg.Error as error:
        host = urlsplit(postgres_url()).hostname
        return f"PostgreSQL on {host} does not answer, start it: {str(error).splitlines()[0]}"


def need_redis() -> str:
    if not redis_url():
        return "no Redis named: set PORTAL_TESTS_REDIS_URL=redis://HOST:6379/15"
    try:
        with redis.Redis.from_url(redis_url(), socket_timeout=5) as server:
            server.ping()
    except redis.RedisError as error:
        return f"Redis does not answer, start it: {error}"
    return ""


def need_tools() -> str:
    if os.environ.get("PORTAL_TESTS_TOOLS"):
        return ""
    return (
        "no folder for downloads named: set PORTAL_TESTS_TOOLS=/PATH; pip-tools, Pipenv, Poetry, "
        "uv and a few wheels are fetched from the index"
    )


def need_time() -> str:
    if os.environ.get("PORTAL_TESTS_LONG"):
        return ""
    return "takes long: set PORTAL_TESTS_LONG=1 to run it"


NEEDS: dict[str, Need] = {
    "browser": need_browser,
    "postgres": need_postgres,
    "redis": need_redis,
    "tools": need_tools,
    "long": need_time,
}
MISSING = pytest.StashKey[dict[str, str]]()


def required() -> set[str]:
    names = set(os.environ.get("PORTAL_TESTS_REQUIRE", "").replace(",", " ").split())
    if unknown := names - NEEDS.keys():
        raise pytest.UsageError(
            f"PORTAL_TESTS_REQUIRE names {', '.join(sorted(unknown))}; "
            f"known are {', '.join(NEEDS)}."
        )
    return names


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MISSING] = {}
    required()


def pytest_runtest_setup(item: pytest.Item) -> None:
    asked = item.config.stash[MISSING]  # Each service is asked once.
    for name, need in NEEDS.items():
        if item.get_closest_marker(name) is None:
            continue
        if name not in asked:
            asked[name] = need()
        if reason := asked[name]:
            if name in required():
                pytest.fail(f"PORTAL_TESTS_REQUIRE asks for {name}: {reason}", pytrace=False)
            pytest.skip(reason)

"""
System checks: a misconfiguration is named with an id and a hint before it does harm.

Errors stop every command; warnings stop the container, whose start runs
``check --deploy --fail-level WARNING``. Values that cannot even be read stop earlier, in env.py.
"""

import os
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from math import ceil
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from portal.env import READ

LOCAL = {"localhost", "127.0.0.1", "[::1]", "testserver"}
NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "fuse.sshfs", "ceph"}
# Read by the tests and by what starts them, not by the portal.
OF_THE_TESTS = "PORTAL_TESTS_"
# Seconds between two heartbeats, and until the scheduler wakes up after a start.
HEARTBEAT_EVERY, SCHEDULER_WAKES = 60, 30


def public_hosts() -> list[str]:
    return sorted(set(settings.ALLOWED_HOSTS) - LOCAL)


def is_sqlite() -> bool:
    return bool(settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"))


@register(Tags.compatibility)
def check_variables(**kwargs: Any) -> Iterator[CheckMessage]:
    meant = (name for name in sorted(os.environ) if name.startswith("PORTAL_"))
    for name in meant:
        if name in READ or name.startswith(OF_THE_TESTS):
            continue
        near = get_close_matches(name, READ, n=1)
        yield Warning(
            f"The environment variable {name} has no meaning here.",
            hint=f"Did you mean {near[0]}?" if near else "README.md lists the variables.",
            id="portal.W001",
        )


@register(Tags.urls)
def check_index_address(**kwargs: Any) -> Iterator[CheckMessage]:
    url = settings.PORTAL_INDEX_URL
    if not url:
        return
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or parts.query or parts.fragment:
        yield Error(
            "PORTAL_INDEX_URL is not the address of an index.",
            hint="Write it as https://HOST/simple/, without “?” and “#”.",
            id="portal.E001",
        )
    elif parts.username or parts.password:
        yield Error(
            "PORTAL_INDEX_URL holds a user or a password, which would reach pages and logs.",
            hint="Leave them out there, and write the address with them in "
            "PORTAL_INDEX_CREDENTIALS.",
            id="portal.E002",
        )
    elif not parts.path.rstrip("/").endswith("/simple"):
        yield Warning(
            f"PORTAL_INDEX_URL is “{url}”, whose last part is not “simple”.",
            hint="If pages of projects lie there it works, but without the JSON documents that "
            "stand beside /simple/: upload times may be unknown.",
            id="portal.W002",
        )


@register(Tags.security)
def check_credentials(**kwargs: Any) -> Iterator[CheckMessage]:
    for place, url in enumerate(settings.PORTAL_INDEX_CREDENTIALS, start=1):
        try:
            parts = urlsplit(url)
            is_usable = parts.scheme in {"http", "https"} and parts.hostname and parts.username
        except ValueError:
            is_usable = False
        if not is_usable:
            yield Error(
                f"Entry {place} of PORTAL_INDEX_CREDENTIALS is not an address with a user.",
                hint="Write https://USER:PASSWORD@HOST/, and %40 for an @ in the password.",
                id="portal.E003",
            )


@register(Tags.security)
def check_secret_key(**kwargs: Any) -> Iterator[CheckMessage]:
    is_kept = not os.environ.get("PORTAL_SECRET_KEY") and not os.environ.get(
        "PORTAL_SECRET_KEY_FILE"
    )
    if is_kept and not is_sqlite():
        yield Warning(
            "The secret key is kept in PORTAL_DATA_DIR, but the database is a server.",
            hint="Machines with different keys refuse each other's sessions and tasks: give all "
            "of them the same PORTAL_SECRET_KEY or PORTAL_SECRET_KEY_FILE.",
            id="portal.W003",
        )


@register(Tags.compatibility)
def check_sqlite(**kwargs: Any) -> Iterator[CheckMessage]:
    if not is_sqlite():
        return
    options = settings.DATABASES["default"].get("OPTIONS", {})
    is_wal = "journal_mode=wal" in options.get("init_command", "").replace(" ", "").lower()
    if options.get("transaction_mode") != "IMMEDIATE" or not is_wal:
        yield Error(
            "SQLite runs without WAL or without BEGIN IMMEDIATE.",
            hint="Web and worker write at the same time, and one of them would fail with "
            "“database is locked”. Keep SQLITE_OPTIONS of portal/env.py.",
            id="portal.E004",
        )


@register(Tags.files)
def check_place_of_sqlite(**kwargs: Any) -> Iterator[CheckMessage]:
    if not is_sqlite():
        return
    path = Path(settings.DATABASES["default"]["NAME"])
    kind = file_system_of(path, mounts())
    if kind in NETWORK_FILE_SYSTEMS:
        yield Warning(
            f"The SQLite file {path} lies on a network file system ({kind}).",
            hint="WAL needs memory that all processes share, and locks there are unreliable: use "
            "a local disk, or PostgreSQL by DATABASE_URL.",
            id="portal.W004",
        )


def mounts() -> dict[str, str]:
    """Mount point → kind of file system, where the system tells (Linux)."""
    try:
        lines = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {words[1].replace("\\040", " "): words[2] for line in lines if (words := line.split())}


def file_system_of(path: Path, kinds: dict[str, str]) -> str:
    for place in (path, *path.parents):
        if kind := kinds.get(str(place)):
            return kind
    return ""


@register(Tags.files)
def check_data_folder(**kwargs: Any) -> Iterator[CheckMessage]:
    folder = settings.PORTAL_DATA_DIR
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        yield Error(
            f"The portal cannot write to its data folder {folder}: {error.strerror}.",
            hint="Give the user who runs it the right to, or name another place in "
            "PORTAL_DATA_DIR.",
            id="portal.E005",
        )


@register(Tags.compatibility)
def check_retry(**kwargs: Any) -> Iterator[CheckMessage]:
    cluster: dict[str, Any] = settings.Q_CLUSTER
    rounds = 1 + ceil((cluster["queue_limit"] + 1) / cluster["workers"])
    least = cluster["timeout"] * rounds
    if cluster["retry"] <= least:
        yield Error(
            f"Q_CLUSTER retries a task after {cluster['retry']} seconds, but one may rightly take "
            f"{least} from being fetched to its end.",
            hint="Tasks would run twice at the same time. Keep "
            "retry > timeout * (1 + ceil((queue_limit + 1) / workers)).",
            id="portal.E006",
        )


@register(Tags.compatibility)
def check_heartbeat_limit(**kwargs: Any) -> Iterator[CheckMessage]:
    limit = settings.PORTAL_HEARTBEAT_LIMIT
    cluster: dict[str, Any] = settings.Q_CLUSTER
    least = cluster["timeout"] + HEARTBEAT_EVERY + SCHEDULER_WAKES
    if limit < least:
        yield Warning(
            f"PORTAL_HEARTBEAT_LIMIT is {limit} seconds, but {least} may "
            "rightly pass without a finished task.",
            hint="The supervisor would restart workers that are well.",
            id="portal.W005",
        )


@register(Tags.compatibility)
def check_pool(**kwargs: Any) -> Iterator[CheckMessage]:
    options = settings.DATABASES["default"].get("OPTIONS", {})
    if options.get("pool") and settings.PORTAL_ROLE != "web":
        yield Error(
            "A pool of connections is open in a process that is not the web's.",
            hint="The worker forks, and a pool does not survive that: only PORTAL_ROLE=web may "
            "have one.",
            id="portal.E007",
        )


@register(Tags.urls)
def check_redis_address(**kwargs: Any) -> Iterator[CheckMessage]:
    url = settings.PORTAL_REDIS_URL
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        yield Error(
            "PORTAL_REDIS_URL is not the address of a Redis server.",
            hint="Write redis://HOST:6379/0, rediss://… for TLS, or unix:///PATH.",
            id="portal.E008",
        )


@register(Tags.compatibility)
def check_time_zone(**kwargs: Any) -> Iterator[CheckMessage]:
    if settings.TIME_ZONE != "UTC" or not settings.USE_TZ:
        yield Error(
            "The portal's time zone is not UTC.",
            hint='Schedules and “as of” count in UTC: keep TIME_ZONE = "UTC", USE_TZ = True.',
            id="portal.E009",
        )


@register(Tags.security)
def check_debug(**kwargs: Any) -> Iterator[CheckMessage]:
    if settings.DEBUG and public_hosts():
        yield Error(
            f"PORTAL_DEBUG is on while others reach the portal as {', '.join(public_hosts())}.",
            hint="Its error pages show settings and source. Switch it off, or leave "
            "PORTAL_ALLOWED_HOSTS empty on your own machine.",
            id="portal.E010",
        )


@register(Tags.security, deploy=True)
def check_hosts(**kwargs: Any) -> Iterator[CheckMessage]:
    for host in settings.ALLOWED_HOSTS:
        if "*" in host:
            yield Warning(
                f"PORTAL_ALLOWED_HOSTS accepts “{host}”, so links in answers may be forged.",
                hint="Name the hosts: portal.example.org, or .example.org for a whole domain.",
                id="portal.W006",
            )
    if public_hosts() and not settings.PORTAL_TLS:
        yield Warning(
            f"Others reach the portal as {', '.join(public_hosts())}, without TLS.",
            hint="Passwords and sessions could be read on the way. Put a proxy with TLS before "
            "it, one that sets X-Forwarded-Proto, and set PORTAL_TLS=1.",
            id="portal.W007",
        )


@register(Tags.database, deploy=True)
def check_migrations(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterator[CheckMessage]:
    for alias in databases or ():
        executor = MigrationExecutor(connections[alias])
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            yield Error(
                f"{len(plan)} migrations have not been applied, the first is {plan[0][0]}.",
                hint="Run “python manage.py migrate”.",
                id="portal.E011",
            )


@register(Tags.database, deploy=True)
def check_administrator(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterator[CheckMessage]:
    users = get_user_model().objects
    for alias in databases or ():
        if users.model._meta.db_table not in connections[alias].introspection.table_names():
            continue  # portal.E011 says what to do.
        if not users.using(alias).filter(is_superuser=True, is_active=True).exists():
            yield Warning(
                "The portal has no administrator.",
                hint="Run “python manage.py createsuperuser”.",
                id="portal.W008",
            )

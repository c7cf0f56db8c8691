"""Each check by its id: what sets it off, what it says, and that it is silent otherwise."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import CheckMessage, run_checks
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from portal import checks
from tests.support.processes import ROOT


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PORTAL_"):
            monkeypatch.delenv(name)


Configure = Callable[..., None]


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Change settings of the database, for tests that do not use it."""

    def configure(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setitem(settings.DATABASES["default"], name, value)

    return configure


def found(check: Any, **arguments: Any) -> list[str]:
    """The ids that *check* finds; its messages must be sentences with a hint."""
    messages: list[CheckMessage] = list(check(**arguments))
    for message in messages:
        assert message.msg.endswith(".")
        assert message.hint
        assert message.id
    return [str(message.id) for message in messages]


@pytest.mark.django_db
def test_a_portal_as_it_comes_has_nothing_to_complain_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORTAL_SECRET_KEY", settings.SECRET_KEY)
    User.objects.create_superuser("root")

    messages = run_checks(include_deployment_checks=True, databases=["default"])

    assert [message for message in messages if not message.is_silenced()] == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", []),
        ("https://packages.example.org/simple/", []),
        ("http://127.0.0.1:3141/root/dev/simple", []),
        ("packages.example.org/simple/", ["portal.E001"]),
        ("ftp://packages.example.org/simple/", ["portal.E001"]),
        ("file:///srv/simple/", ["portal.E001"]),
        ("https:///simple/", ["portal.E001"]),
        ("https://[::1/simple/", ["portal.E001"]),
        ("https://packages.example.org/simple/?token=x", ["portal.E001"]),
        ("https://me:sesame@packages.example.org/simple/", ["portal.E002"]),
        ("https://packages.example.org/", ["portal.W002"]),
        ("https://packages.example.org/simple/httpx/", ["portal.W002"]),
    ],
)
def test_portal_e001_e002_w002_the_address_of_the_index(
    settings: Settings, url: str, expected: list[str]
) -> None:
    settings.PORTAL_INDEX_URL = url

    assert found(checks.check_index_address) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://me:sesame@packages.example.org/", []),
        ("https://token@packages.example.org", []),
        ("https://packages.example.org/", ["portal.E003"]),
        ("me:sesame@packages.example.org", ["portal.E003"]),
        ("https://me:ses@me@[packages", ["portal.E003"]),
    ],
)
def test_portal_e003_credentials_that_name_no_host_or_no_user(
    settings: Settings, url: str, expected: list[str]
) -> None:
    settings.PORTAL_INDEX_CREDENTIALS = [url]

    assert found(checks.check_credentials) == expected


def test_portal_e003_does_not_repeat_a_password(settings: Settings) -> None:
    settings.PORTAL_INDEX_CREDENTIALS = ["https://me@x/", "me:sesame@packages.example.org"]

    (message,) = checks.check_credentials()

    assert message.msg == ("Entry 2 of PORTAL_INDEX_CREDENTIALS is not an address with a user.")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"transaction_mode": "IMMEDIATE"},
        {"transaction_mode": "DEFERRED", "init_command": "PRAGMA journal_mode=WAL;"},
        {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=DELETE;"},
    ],
)
def test_portal_e004_sqlite_without_wal_or_immediate(
    database: Configure, options: dict[str, str]
) -> None:
    database(ENGINE="django.db.backends.sqlite3", OPTIONS=options)

    assert found(checks.check_sqlite) == ["portal.E004"]


def test_portal_e005_a_data_folder_that_cannot_be_written(
    settings: Settings, tmp_path: Path
) -> None:
    settings.PORTAL_DATA_DIR = tmp_path / "new"
    assert found(checks.check_data_folder) == []

    (tmp_path / "file").touch()
    settings.PORTAL_DATA_DIR = tmp_path / "file" / "below"

    assert found(checks.check_data_folder) == ["portal.E005"]


@pytest.mark.parametrize(
    ("workers", "queue_limit", "retry", "expected"),
    [
        pytest.param(2, 1, 601, [], id="two rounds and a second"),
        pytest.param(2, 1, 600, ["portal.E006"], id="exactly two rounds"),
        pytest.param(1, 1, 901, [], id="one worker takes three rounds"),
        pytest.param(1, 1, 900, ["portal.E006"], id="one worker and too short"),
        pytest.param(2, 4, 1200, ["portal.E006"], id="a longer queue"),
    ],
)
def test_portal_e006_tasks_that_are_retried_while_they_run(
    settings: Settings, workers: int, queue_limit: int, retry: int, expected: list[str]
) -> None:
    settings.Q_CLUSTER = {
        "workers": workers,
        "queue_limit": queue_limit,
        "timeout": 300,
        "retry": retry,
    }

    assert found(checks.check_retry) == expected


def test_portal_e007_a_pool_outside_of_the_web(settings: Settings, database: Configure) -> None:
    database(OPTIONS={"pool": {"min_size": 1}})

    settings.PORTAL_ROLE = "web"
    assert found(checks.check_pool) == []

    settings.PORTAL_ROLE = "worker"
    assert found(checks.check_pool) == ["portal.E007"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", []),
        ("redis://127.0.0.1:6379/0", []),
        ("rediss://redis.example.org", []),
        ("unix:///run/redis.sock", []),
        ("127.0.0.1:6379", ["portal.E008"]),
        ("https://redis.example.org", ["portal.E008"]),
    ],
)
def test_portal_e008_the_address_of_redis(
    settings: Settings, url: str, expected: list[str]
) -> None:
    settings.PORTAL_REDIS_URL = url

    assert found(checks.check_redis_address) == expected


def test_portal_e009_another_time_zone(settings: Settings) -> None:
    settings.USE_TZ = False

    assert found(checks.check_time_zone) == ["portal.E009"]


@pytest.mark.parametrize(
    ("debug", "hosts", "expected"),
    [
        (True, ["localhost", "127.0.0.1", "[::1]"], []),
        (False, ["portal.example.org"], []),
        (True, ["portal.example.org", "localhost"], ["portal.E010"]),
    ],
)
def test_portal_e010_debug_where_others_reach_it(
    settings: Settings, debug: bool, hosts: list[str], expected: list[str]
) -> None:
    settings.DEBUG = debug
    settings.ALLOWED_HOSTS = hosts

    assert found(checks.check_debug) == expected


@pytest.mark.django_db
def test_portal_e011_migrations_that_have_not_been_applied() -> None:
    assert found(checks.check_migrations, databases=["default"]) == []

    MigrationRecorder(connection).record_unapplied("sessions", "0001_initial")

    assert found(checks.check_migrations, databases=["default"]) == ["portal.E011"]


def test_portal_e011_and_w008_leave_the_database_alone_unless_asked() -> None:
    assert found(checks.check_migrations, databases=None) == []
    assert found(checks.check_administrator, databases=None) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("PORTAL_ALOWED_HOSTS", "Did you mean PORTAL_ALLOWED_HOSTS?"),
        ("PORTAL_INDEX", "Did you mean PORTAL_INDEX_URL?"),
        ("PORTAL_XYZZY_42", "README.md lists the variables."),
    ],
)
def test_portal_w001_a_variable_that_nothing_reads(
    monkeypatch: pytest.MonkeyPatch, name: str, hint: str
) -> None:
    monkeypatch.setenv(name, "1")

    (message,) = checks.check_variables()

    assert (message.id, message.hint) == ("portal.W001", hint)
    assert name in message.msg


def test_portal_w001_knows_every_variable_that_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORTAL_TLS", "PORTAL_SECRET_KEY_FILE", "PORTAL_TESTS_REQUIRE"):
        monkeypatch.setenv(name, "")

    assert found(checks.check_variables) == []


def test_portal_w003_machines_with_different_keys(
    monkeypatch: pytest.MonkeyPatch, database: Configure
) -> None:
    database(ENGINE="django.db.backends.postgresql")
    assert found(checks.check_secret_key) == ["portal.W003"]

    monkeypatch.setenv("PORTAL_SECRET_KEY_FILE", "/run/secrets/key")

    assert found(checks.check_secret_key) == []


MOUNTS = {"/": "ext4", "/srv": "nfs4", "/srv/local": "xfs"}


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/srv/portal/portal.sqlite3", "nfs4"),
        ("/srv/local/portal.sqlite3", "xfs"),
        ("/srvother/portal.sqlite3", "ext4"),
    ],
)
def test_portal_w004_finds_the_file_system_by_the_nearest_mount(place: str, kind: str) -> None:
    assert checks.file_system_of(Path(place), MOUNTS) == kind


def test_portal_w004_sqlite_on_a_network_file_system(
    database: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    database(ENGINE="django.db.backends.sqlite3", NAME="/srv/portal.sqlite3")
    monkeypatch.setattr(checks, "mounts", lambda: MOUNTS)

    assert found(checks.check_place_of_sqlite) == ["portal.W004"]


def test_portal_w005_a_limit_that_restarts_healthy_workers(settings: Settings) -> None:
    settings.PORTAL_HEARTBEAT_LIMIT = 389

    assert found(checks.check_heartbeat_limit) == ["portal.W005"]


@pytest.mark.parametrize(
    ("hosts", "tls", "expected"),
    [
        (["localhost"], False, []),
        (["portal.example.org"], True, []),
        (["portal.example.org", "localhost"], False, ["portal.W007"]),
        (["*"], True, ["portal.W006"]),
    ],
)
def test_portal_w006_w007_hosts_that_others_reach(
    settings: Settings, hosts: list[str], tls: bool, expected: list[str]
) -> None:
    settings.ALLOWED_HOSTS = hosts
    settings.PORTAL_TLS = tls

    assert found(checks.check_hosts) == expected


@pytest.mark.django_db
def test_portal_w008_no_administrator() -> None:
    User.objects.create_superuser("left-us", is_active=False)

    assert found(checks.check_administrator, databases=["default"]) == ["portal.W008"]


def test_every_id_is_given_once_described_and_has_a_test_of_its_name() -> None:
    source = Path(str(checks.__file__)).read_text(encoding="utf-8")
    ids = [line.split('"')[1] for line in source.splitlines() if 'id="portal.' in line]
    tests = " ".join(name for name in globals() if name.startswith("test_portal_"))

    described = re.findall(
        r"^\| `(portal\.\w+)` \|", (ROOT / "docs/checks.md").read_text(), re.MULTILINE
    )

    assert len(ids) == len(set(ids))
    assert described == sorted(ids)
    assert [one for one in ids if one.partition(".")[2].lower() not in tests] == []

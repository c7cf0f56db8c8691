"""The readers of environment variables: what they take, and what they say of the rest."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.env import (
    BadEnvironment,
    env_bool,
    env_choice,
    env_database,
    env_int,
    env_list,
    env_path,
    env_secret,
    env_text,
)

DEFAULT = Path("/srv/data/portal.sqlite3")


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    monkeypatch.delenv("NAME", raising=False)
    monkeypatch.delenv("NAME_FILE", raising=False)
    return lambda value: monkeypatch.setenv("NAME", value)


@pytest.mark.parametrize(("value", "expected"), [("", "x"), ("  ", "x"), (" y ", "y")])
def test_text_is_stripped_and_empty_means_the_default(
    given: Callable[[str], None], value: str, expected: str
) -> None:
    given(value)

    assert env_text("NAME", default="x") == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("Yes", True), ("off", False), ("", True)]
)
def test_a_switch(given: Callable[[str], None], value: str, expected: bool) -> None:
    given(value)

    assert env_bool("NAME", default=True) is expected


def test_a_list_splits_at_commas_and_blanks(given: Callable[[str], None]) -> None:
    given("a.example.org, b.example.org  c.example.org,")

    assert env_list("NAME", default="") == ["a.example.org", "b.example.org", "c.example.org"]


def test_a_path_may_start_at_home(given: Callable[[str], None]) -> None:
    given("~/portal")

    assert env_path("NAME", default=DEFAULT) == Path.home() / "portal"


@pytest.mark.parametrize(
    ("read", "value", "sentence"),
    [
        pytest.param(
            lambda: env_bool("NAME", default=True),
            "maybe",
            'NAME is "maybe"; write one of 1, true, yes, on, 0, false, no, off.',
            id="a switch",
        ),
        pytest.param(
            lambda: env_int("NAME", default=1, least=1, most=9),
            "many",
            'NAME is "many"; write a whole number.',
            id="a number",
        ),
        pytest.param(
            lambda: env_int("NAME", default=1, least=1, most=9),
            "10",
            "NAME is 10; it must lie between 1 and 9.",
            id="a number out of bounds",
        ),
        pytest.param(
            lambda: env_choice("NAME", default="web", choices=("web", "worker")),
            "both",
            'NAME is "both"; write one of web, worker.',
            id="a choice",
        ),
        pytest.param(
            lambda: env_database("NAME", default=DEFAULT, pooled=False),
            "mysql://me:sesame@host/portal",
            'NAME is "mysql://…@host/portal"; write sqlite:///PATH or '
            "postgres://USER:PASSWORD@HOST:PORT/NAME.",
            id="another database",
        ),
        pytest.param(
            lambda: env_database("NAME", default=DEFAULT, pooled=False),
            "sqlite://portal.sqlite3",
            'NAME is "sqlite://portal.sqlite3"; write sqlite:///PATH or '
            "postgres://USER:PASSWORD@HOST:PORT/NAME.",
            id="SQLite with two slashes",
        ),
        pytest.param(
            lambda: env_database("NAME", default=DEFAULT, pooled=False),
            "postgres://me:sesame@host:port/portal",
            'NAME is "postgres://…@host:port/portal": '
            "Port could not be cast to integer value as 'port'.",
            id="a port that is no number",
        ),
        pytest.param(
            lambda: env_database("NAME", default=DEFAULT, pooled=False),
            "sqlite:////proc/nowhere/portal.sqlite3",
            'NAME needs the folder "/proc/nowhere", which cannot be made: '
            "No such file or directory.",
            id="a folder that cannot be made",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence_without_passwords(
    given: Callable[[str], None], read: Callable[[], object], value: str, sentence: str
) -> None:
    given(value)

    with pytest.raises(BadEnvironment) as refused:
        read()

    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("sqlite:///{0}/portal.sqlite3", "{0}/portal.sqlite3"),
        ("sqlite:///{0}/a%20b.sqlite3", "{0}/a b.sqlite3"),
    ],
)
def test_sqlite_by_its_path(
    given: Callable[[str], None], tmp_path: Path, value: str, expected: str
) -> None:
    given(value.format(tmp_path))

    found = env_database("NAME", default=DEFAULT, pooled=True)

    assert found["NAME"] == Path(expected.format(tmp_path))
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_the_default_place_may_hold_any_character(
    given: Callable[[str], None], tmp_path: Path
) -> None:
    given("")
    place = tmp_path / "100% #1?" / "portal.sqlite3"

    assert env_database("NAME", default=place, pooled=False)["NAME"] == place


def test_postgresql_by_its_address(given: Callable[[str], None]) -> None:
    given("postgres://me:s%40fe@db.example.org:5433/portal?sslmode=require")

    found = env_database("NAME", default=DEFAULT, pooled=False)

    assert found == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "portal",
        "USER": "me",
        "PASSWORD": "s@fe",
        "HOST": "db.example.org",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def test_only_the_web_has_a_pool(given: Callable[[str], None]) -> None:
    given("postgres:///portal?host=/run/postgresql")

    found = env_database("NAME", default=DEFAULT, pooled=True)

    assert found["HOST"] == "/run/postgresql"
    assert found["OPTIONS"] == {"pool": {"min_size": 1, "max_size": 8, "timeout": 10}}
    assert found["CONN_MAX_AGE"] == 0


def test_a_secret_from_the_variable(given: Callable[[str], None], tmp_path: Path) -> None:
    given("sesame")

    assert env_secret("NAME", kept_in=tmp_path / "key") == "sesame"
    assert not (tmp_path / "key").exists()


def test_a_secret_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("sesame\n")
    monkeypatch.setenv("NAME_FILE", str(tmp_path / "secret"))

    assert env_secret("NAME", kept_in=tmp_path / "key") == "sesame"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "which cannot be read: No such file or directory."),
        (b"\n", "which is empty."),
        (b"\xff", "which is not UTF-8 text."),
    ],
)
def test_a_file_without_a_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("NAME_FILE", str(path))

    with pytest.raises(BadEnvironment) as refused:
        env_secret("NAME", kept_in=tmp_path / "key")

    assert str(refused.value) == f'NAME_FILE is "{path}", {sentence}'


def test_a_secret_is_made_once_and_is_for_its_owner_alone(
    given: Callable[[str], None], tmp_path: Path
) -> None:
    path = tmp_path / "new" / "key"

    first = env_secret("NAME", kept_in=path)

    assert len(first) >= 50
    assert env_secret("NAME", kept_in=path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]

"""
Typed readers of environment variables: a value that makes no sense stops the portal.

Every reader names the variable, the value and what would be right in :class:`BadEnvironment`.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


class BadEnvironment(ImproperlyConfigured):
    """An environment variable holds something that the portal cannot use."""


def env_text(name: str, *, default: str) -> str:
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, *, default: bool) -> bool:
    text = env_text(name, default=str(default)).lower()
    if text in TRUE | FALSE:
        return text in TRUE
    raise BadEnvironment(f'{name} is "{text}"; write one of 1, true, yes, on, 0, false, no, off.')


def env_int(name: str, *, default: int, least: int, most: int) -> int:
    text = env_text(name, default=str(default))
    try:
        number = int(text)
    except ValueError:
        raise BadEnvironment(f'{name} is "{text}"; write a whole number.') from None
    if not least <= number <= most:
        raise BadEnvironment(f"{name} is {number}; it must lie between {least} and {most}.")
    return number


def env_list(name: str, *, default: str) -> list[str]:
    """Split at commas and blanks; empty parts are dropped."""
    return env_text(name, default=default).replace(",", " ").split()


def env_path(name: str, *, default: Path) -> Path:
    return Path(env_text(name, default=str(default))).expanduser().absolute()


def env_secret(name: str, *, kept_in: Path) -> str:
    """
    Read NAME, else the file that NAME_FILE names, else a key made once and kept in *kept_in*.

    The last is for a portal on one machine; ``portal.W003`` warns where several may run.
    """
    if text := os.environ.get(name, "").strip():
        return text
    if path := os.environ.get(f"{name}_FILE", "").strip():
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadEnvironment(
                f'{name}_FILE is "{path}", which cannot be read: {error.strerror}.'
            ) from error
    return _made_once(kept_in)


def _made_once(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Two processes may start at the same moment: whoever creates the file wins.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(50))
    return path.read_text(encoding="utf-8")


SQLITE_OPTIONS = {
    # A reader that turns into a writer fails at once under DEFERRED, whatever the time-out is.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,  # Seconds.
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;"
        "PRAGMA cache_size=-16000; PRAGMA mmap_size=134217728; PRAGMA temp_store=MEMORY;"
    ),
}


def env_database(name: str, *, default: Path, pooled: bool) -> dict[str, Any]:
    """
    Turn ``sqlite:///PATH`` or ``postgres://USER:PASSWORD@HOST:PORT/NAME`` into Django's settings.

    ``sqlite:////srv/portal.sqlite3`` (four slashes) is an absolute path. Only the web process may
    have a *pooled* connection: a pool does not survive the forks of the worker.
    """
    text = env_text(name, default=f"sqlite:///{default}")
    parts = urlsplit(text)
    if parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1:
        path = Path(unquote(parts.path[1:])).expanduser().absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path,
            "OPTIONS": SQLITE_OPTIONS,
            "TEST": {"NAME": None},
        }
    if parts.scheme in {"postgres", "postgresql"} and parts.path.strip("/"):
        return _postgres(name, text, parts.query, pooled=pooled)
    raise BadEnvironment(
        f'{name} is "{_without_password(text)}"; write sqlite:///PATH or '
        "postgres://USER:PASSWORD@HOST:PORT/NAME."
    )


def _postgres(name: str, text: str, query: str, *, pooled: bool) -> dict[str, Any]:
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        raise BadEnvironment(f"{name} has a port that is not a number.") from None
    options: dict[str, Any] = dict(parse_qsl(query))
    if pooled:
        options["pool"] = {"min_size": 1, "max_size": 8, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or options.pop("host", ""),
        "PORT": str(port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 0 if pooled else 60,  # Seconds.
        "CONN_HEALTH_CHECKS": not pooled,
    }


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}…@{rest.rsplit('@', 1)[1]}" if "@" in rest else url


def known_variables(environment: Mapping[str, str]) -> set[str]:
    """The names in *environment* that are meant for the portal."""
    return {name for name in environment if name.startswith("PORTAL_") or name == "DATABASE_URL"}

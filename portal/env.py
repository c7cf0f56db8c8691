"""
Typed readers of environment variables: a value that makes no sense stops the portal.

Every reader names the variable, the value and what would be right in :class:`BadEnvironment`.
"""

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
# The names that somebody asked for. portal.W001 takes any other PORTAL_… for a slip of the pen.
# These are asked for by the quickstart alone, when it makes an administrator.
READ = {"PORTAL_ADMIN_USER", "PORTAL_ADMIN_PASSWORD", "PORTAL_ADMIN_PASSWORD_FILE"}


class BadEnvironment(ImproperlyConfigured):
    """An environment variable holds something that the portal cannot use."""


def env_text(name: str, *, default: str) -> str:
    READ.add(name)
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


def env_choice(name: str, *, default: str, choices: Sequence[str]) -> str:
    text = env_text(name, default=default)
    if text not in choices:
        raise BadEnvironment(f'{name} is "{text}"; write one of {", ".join(choices)}.')
    return text


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
    return env_given_secret(name) or _made_once(name, kept_in)


def env_given_secret(name: str) -> str:
    """Read NAME, else the file that NAME_FILE names; "" when neither is set."""
    text, path = env_text(name, default=""), env_text(f"{name}_FILE", default="")
    if text:
        return text
    return _read_secret(f"{name}_FILE", Path(path)) if path else ""


def _read_secret(name: str, path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        reason = f"which cannot be read: {error.strerror}"
        raise BadEnvironment(f'{name} is "{path}", {reason}.') from error
    except UnicodeDecodeError:
        raise BadEnvironment(f'{name} is "{path}", which is not UTF-8 text.') from None
    if not text:
        raise BadEnvironment(f'{name} is "{path}", which is empty.')
    return text


def _made_once(name: str, path: Path) -> str:
    make_folder(path.parent, "PORTAL_DATA_DIR")
    if not path.exists():
        # Two processes may start at the same moment: the link can be made once, and only when the
        # key is whole.
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50), encoding="utf-8")
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return _read_secret(name, path)


def make_folder(path: Path, name: str) -> None:
    """Make the folder that the variable *name* asks for."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadEnvironment(
            f'{name} needs the folder "{path}", which cannot be made: {error.strerror}.'
        ) from error


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
    text = env_text(name, default="")
    if not text:
        return _sqlite("PORTAL_DATA_DIR", default)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:  # Brackets that do not pair, a port that is no number.
        raise BadEnvironment(f'{name} is "{_without_password(text)}": {error}.') from None
    if parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1:
        return _sqlite(name, Path(unquote(parts.path[1:])).expanduser().absolute())
    if parts.scheme in {"postgres", "postgresql"} and parts.path.strip("/"):
        return _postgres(parts, port, pooled=pooled)
    raise BadEnvironment(
        f'{name} is "{_without_password(text)}"; write sqlite:///PATH or '
        "postgres://USER:PASSWORD@HOST:PORT/NAME."
    )


def _sqlite(name: str, path: Path) -> dict[str, Any]:
    make_folder(path.parent, name)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": SQLITE_OPTIONS,
        "TEST": {"NAME": None},
    }


def _postgres(parts: SplitResult, port: int | None, *, pooled: bool) -> dict[str, Any]:
    options: dict[str, Any] = dict(parse_qsl(parts.query))
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

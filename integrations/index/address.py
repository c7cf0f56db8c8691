"""Addresses of indexes, and who may sign in where. No host is written down here."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote, urlsplit, urlunsplit

from distlib.index import DEFAULT_INDEX
from django.conf import settings

SIMPLE = "simple"
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """What credentials are bound to: they are sent to no other scheme, host or port."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def of(cls, url: str) -> "Origin":
        parts = urlsplit(url)
        scheme = parts.scheme.lower()
        return cls(scheme, (parts.hostname or "").lower(), parts.port or DEFAULT_PORTS.get(scheme))


@dataclass(frozen=True, slots=True)
class Login:
    user: str
    password: str

    def __repr__(self) -> str:
        return "Login(…)"  # It must not reach a log through a traceback.


def default_index_url() -> str:
    """Return the simple index that is used unless somebody says otherwise, ending with ``/``."""
    if settings.PORTAL_INDEX_URL:
        return clean_url(settings.PORTAL_INDEX_URL)
    return _public_index_url()


@cache
def _public_index_url() -> str:
    # The library names the legacy root of the public index: ``…/pypi``.
    return f"{DEFAULT_INDEX.rstrip('/').rpartition('/')[0]}/{SIMPLE}/"


def clean_url(url: str) -> str:
    """Return *url* without user, password, query and fragment, ending with ``/``."""
    parts = urlsplit(url.strip())
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path.rstrip("/") + "/", "", ""))


def legacy_url(simple_url: str) -> str | None:
    """Return the base of the legacy documents, ``…/pypi/``; None when the address has none."""
    root, _, last = simple_url.rstrip("/").rpartition("/")
    return f"{root}/pypi/" if last == SIMPLE else None


def logins(urls: Iterable[str]) -> dict[Origin, Login]:
    """Return the users and passwords that *urls* hold, by the origin that may see them."""
    found = {}
    for url in urls:
        parts = urlsplit(url)
        if parts.username is not None:
            password = unquote(parts.password or "")
            found[Origin.of(url)] = Login(unquote(parts.username), password)
    return found


def configured_logins() -> dict[Origin, Login]:
    """Return the credentials of the environment; the database never holds any."""
    return logins([settings.PORTAL_INDEX_URL, *settings.PORTAL_INDEX_CREDENTIALS])

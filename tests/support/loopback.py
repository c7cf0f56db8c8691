"""Tests reach the loopback interface and nothing else."""

import ipaddress
from typing import Any

NAMES = {"", "localhost", "localhost.localdomain"}


class NetworkRefused(RuntimeError):
    """A test wanted to leave the machine."""


def refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook (PEP 578): sees every connection, whichever library makes it."""
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""  # Else a Unix socket.
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not is_loopback(host):
        raise NetworkRefused(f"A test wanted to reach {host!r}; only the loopback is allowed.")


def is_loopback(host: object) -> bool:
    if host is None:
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in NAMES:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified

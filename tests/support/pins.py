"""Makers of pins: rows that name pin sets, and the pin sets that they name."""

import hashlib
from collections.abc import Mapping

from packaging.version import Version

from matrix.rules.facts import Python
from matrix.rules.parts import Row


class PinBook:
    """Pin sets by their hashes, filled while rows are made."""

    def __init__(self) -> None:
        self.sets: dict[str, tuple[str, ...]] = {}

    def add(self, pins: str) -> str:
        """Return the hash of *pins*, such as ``"anyio==4.9.0 h11==0.14.0"``."""
        found = tuple(pins.split())
        name = hashlib.sha256("\n".join(found).encode()).hexdigest()
        self.sets[name] = found
        return name

    def row(self, version: str, pins: Mapping[str, str | None]) -> Row:
        """Return a row on the Pythons of *pins*; None: that environment cannot be resolved."""
        found = [
            (Python.parse(python), None if text is None else self.add(text))
            for python, text in pins.items()
        ]
        return Row(
            version=Version(version),
            pythons=tuple(python for python, _ in found),
            pins=tuple(found),
        )

"""All tools side by side: each fact with the version that it was seen with, and the day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from packaging.version import Version

from integrations.index.models import Index
from portal.guidance.generating.facts import (
    CHECKED_APART,
    REFUSALS,
    REQUIREMENTS,
    TABLE,
    Checked,
    checked,
    not_caught,
)
from portal.guidance.models import Tool
from portal.guidance.toolversions import newest_releases

STATES = ("Lock out of date", "No lock", "Wrong hash")  # As REFUSALS has them.


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What was run, and what the index has since."""

    name: str
    version: str
    on: str  # "20 Nov 2026"
    newer: str  # The newest release of the index, where it is newer than what was run; else "".


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    column: "Column"
    text: str
    seen: tuple[Seen, ...]  # Empty: as the head of its column says.


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    tool: str
    label: str
    seen: Seen


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]  # By requirement.
    # By command: what was run, and its answer to each state of a lock.
    refusals: tuple[tuple[str, Seen, tuple[tuple[str, str], ...]], ...]
    not_caught: tuple[tuple[Column, tuple[str, ...]], ...]
    states: tuple[str, ...] = STATES


def compare(index: Index | None, *, now: datetime) -> Comparison:
    """Return the table, and mark what is newer on *index* than what was run; writes nothing."""
    newest = newest_releases(index, as_of=now)
    columns = tuple(
        Column(tool=str(value), label=str(label), seen=_seen(checked(str(value)), newest))
        for value, label in Tool.choices
    )
    return Comparison(
        columns=columns,
        rows=tuple(
            (requirement, tuple(_cell(column, place, newest) for column in columns))
            for place, requirement in enumerate(REQUIREMENTS)
        ),
        # A command begins with the name of its program.
        refusals=tuple(
            (
                command,
                _seen(checked(command.split()[0]), newest),
                tuple(zip(STATES, answers, strict=True)),
            )
            for command, answers in REFUSALS.items()
        ),
        not_caught=tuple((column, not_caught(column.tool, locks_tool=False)) for column in columns),
    )


def _cell(column: Column, place: int, newest: Mapping[str, str]) -> Cell:
    apart = CHECKED_APART.get((column.tool, place), ())
    return Cell(
        column=column,
        text=TABLE[column.tool][place],
        seen=tuple(_seen(one, newest) for one in apart),
    )


def _seen(one: Checked, newest: Mapping[str, str]) -> Seen:
    there = newest.get(one.name, one.version)
    return Seen(
        name=one.name,
        version=one.version,
        on=one.on,
        newer=there if Version(there) > Version(one.version) else "",
    )

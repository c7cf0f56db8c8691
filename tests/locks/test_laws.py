"""What holds for every locked set."""

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from hypothesis import given, settings
from packaging.markers import Marker
from packaging.version import Version

from matrix.rules.locks.conflicts import held_back, split_pins
from matrix.rules.locks.diffing import diff_locks
from matrix.rules.locks.parts import ApplicationPart, LockPart, Pinned, read, write
from matrix.rules.locks.reading import read_lock
from matrix.rules.locks.rendering import requirements_txt
from tests.locks.makers import forked, locks, machines


@given(locks())
def test_a_snapshot_is_read_as_it_was_written(part: LockPart) -> None:
    assert read(write(part)) == part
    assert write(read(write(part))) == write(part)


SETTINGS = ApplicationPart(
    application="shop",
    python="3.13",
    tool="uv",
    platform="docker",
    start_command="gunicorn shop.wsgi",
    environment_path=".venv",
    sets=("main", "dev"),
)


def test_the_settings_of_an_application_are_read_as_they_were_written() -> None:
    part = replace(
        SETTINGS,
        is_django=False,
        test_command="pytest",
        base_image=f"python:3.13-slim@sha256:{'0' * 64}",
        locks_tool=True,
        installs_pylock=True,
    )

    assert read(write(part)) == part


def test_settings_from_before_there_was_a_choice_are_read() -> None:
    new = {"is_django", "test_command", "base_image", "locks_tool", "installs_pylock"}
    older = {key: value for key, value in json.loads(write(SETTINGS)).items() if key not in new}

    assert read(json.dumps(older)) == SETTINGS


@given(locks())
def test_the_file_that_pip_installs_says_all_that_the_lock_knows(part: LockPart) -> None:
    assert read_lock(requirements_txt(part)) == part.pinned


@given(locks(), locks())
def test_a_difference_leads_from_one_lock_to_the_other(old: LockPart, new: LockPart) -> None:
    diff = diff_locks("main", old, new)

    versions = {(pin.name, pin.marker): pin.version for pin in old.pinned}
    for move in diff.moves:
        place = (move.project, move.marker)
        assert versions.get(place) == move.old
        if move.new is None:
            del versions[place]
        else:
            versions[place] = move.new
    assert versions == {(pin.name, pin.marker): pin.version for pin in new.pinned}
    kept = len(old.pinned) - sum(move.old is not None for move in diff.moves)
    assert diff.unchanged == kept - len(diff.rehashed)


def installed(pins: Iterable[Pinned], machine: dict[str, str]) -> dict[str, str]:
    """What pip installs there: each pin whose marker holds."""
    return {pin.name: pin.version for pin in pins if not pin.marker or holds(pin.marker, machine)}


@cache
def parsed(marker: str) -> Marker:
    return Marker(marker)


def holds(marker: str, machine: dict[str, str]) -> bool:
    return parsed(marker).evaluate(machine)


@settings(deadline=None)
@given(forked())
def test_a_lock_neither_splits_from_itself_nor_holds_itself_back(pins: tuple[Pinned, ...]) -> None:
    assert split_pins({"main": pins, "dev": pins}) == []
    assert held_back(pins, pins) == []


@settings(deadline=None)
@given(forked(), forked())
def test_two_locks_split_where_some_machine_installs_two_versions(
    main: tuple[Pinned, ...], dev: tuple[Pinned, ...]
) -> None:
    differing: set[str] = set()
    for machine in machines():
        ours, theirs = installed(main, machine), installed(dev, machine)
        differing |= {name for name in ours.keys() & theirs.keys() if ours[name] != theirs[name]}

    assert {split.project for split in split_pins({"main": main, "dev": dev})} == differing


@settings(deadline=None)
@given(forked(), forked())
def test_main_is_held_back_where_some_machine_has_an_older_version(
    alone: tuple[Pinned, ...], together: tuple[Pinned, ...]
) -> None:
    older: set[str] = set()
    for machine in machines():
        ours, theirs = installed(alone, machine), installed(together, machine)
        older |= {
            name
            for name in ours.keys() & theirs.keys()
            if Version(theirs[name]) < Version(ours[name])
        }

    assert {held.project for held in held_back(alone, together)} == older

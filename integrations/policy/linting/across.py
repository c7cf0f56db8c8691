"""What no single file shows: split pins, what is held back, and what a dependant does not allow."""

from collections.abc import Iterator, Sequence

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from integrations.policy.linting.findings import Finding
from integrations.policy.linting.forms import root_of
from integrations.policy.linting.lockfiles import Lock, locks_of
from integrations.policy.linting.requirement_files import parsed
from integrations.policy.linting.rules import finding
from integrations.policy.linting.upload import Known, Upload
from matrix.rules.locks.conflicts import held_back, split_pins
from matrix.rules.locks.parts import TOOL

UPPER = frozenset(["<", "<=", "==", "~=", "==="])


def check_across(upload: Upload) -> Iterator[Finding]:
    """Yield what the locks of each application say about one another."""
    locks = [lock for lock in locks_of(upload) if lock.pins]
    known = {**_told(locks), **upload.known}
    for root in sorted({root_of(lock.path) for lock in locks}):
        ours = [lock for lock in locks if root_of(lock.path) == root]
        # What installs the others has an environment of its own.
        found = list(_held_and_split([lock for lock in ours if lock.set != TOOL]))
        yield from found
        held = {one.text.partition(" ")[0] for one in found if one.rule == "held-back"}
        for lock in ours:
            if lock.is_main:
                yield from _bounded(lock, ours, held, upload.known)
            yield from _violated(lock, known)


# --- Split pins and what is held back ------------------------------------------------------------
def _held_and_split(locks: list[Lock]) -> Iterator[Finding]:
    joint = [lock for lock in locks if lock.is_joint]
    apart = [lock for lock in locks if not lock.is_joint]
    told: set[str] = set()
    for found in _split(apart):
        told.add(found.text.partition(" ")[0])
        yield found
    for together in (lock for lock in joint if lock.is_main):
        all_pins = [pin for lock in joint if lock.path == together.path for pin in lock.pins]
        main = set(together.pins)
        others = [pin for pin in all_pins if pin not in main]
        for alone in (lock for lock in apart if lock.is_main):
            for held in held_back(alone.pins, all_pins, others=others):
                if held.project in told:
                    continue
                told.add(held.project)
                yield finding(
                    "held-back",
                    together.path,
                    together.lines.get(held.project, 0),
                    f"{str(held).removesuffix('.')}; {alone.label} is the main set by itself.",
                )
    for found in _split([*apart, *(lock for lock in joint if lock.is_main)]):
        if found.text.partition(" ")[0] not in told:
            yield found


def _split(locks: Sequence[Lock]) -> Iterator[Finding]:
    by_label = {lock.label: lock for lock in locks}
    for split in split_pins({label: lock.pins for label, lock in by_label.items()}):
        # Where it is mended: in the set that has to agree with the main one.
        having = [by_label[label] for label in split.versions]
        place = next((lock for lock in reversed(having) if not lock.is_main), having[-1])
        line = place.lines.get(split.project, 0)
        yield finding("split-pin", place.path, line, str(split))


# --- What bounds production from outside ---------------------------------------------------------
def _bounded(main: Lock, locks: list[Lock], held: set[str], known: Known) -> Iterator[Finding]:
    """Yield pins of the main set that only another set bounds from above, as far as one knows."""
    versions = {pin.name: pin.version for pin in main.pins}
    inside: dict[str, Version] = {}  # The lowest bound of production itself.
    outside: list[tuple[str, Requirement]] = []
    for who, text in dict.fromkeys([*main.asked, *_known_bounds(main, locks, known)]):
        wanted = parsed(text)
        if wanted is None or wanted.marker:  # What holds only somewhere is not judged.
            continue
        if who in versions:
            name, bound = canonicalize_name(wanted.name), _upper(wanted.specifier)
            if bound is not None:
                inside[name] = min(bound, inside.get(name, bound))
        else:
            outside.append((who, wanted))
    sets = {pin.name: lock.set for lock in locks if lock.path == main.path for pin in lock.pins}
    for who, wanted in outside:
        name = canonicalize_name(wanted.name)
        bound = _upper(wanted.specifier)
        if name not in versions or name in held or bound is None:
            continue
        if name in inside and inside[name] <= bound:
            continue  # Production itself asks for as much.
        yield finding(
            "held-back",
            main.path,
            main.lines.get(name, 0),
            f"{name} {versions[name]} of production may be held back: {who}, which only "
            f"{sets.get(who, 'another set')} has, asks for {name} {wanted.specifier}.",
        )


def _known_bounds(main: Lock, locks: list[Lock], known: Known) -> Iterator[tuple[str, str]]:
    """Yield what releases ask for that were resolved together with the main set."""
    for lock in locks:
        if main.is_joint and lock.path == main.path:
            for pin in lock.pins:
                yield from ((pin.name, text) for text in known.get(str(pin), ()))


def _upper(specifier: SpecifierSet) -> Version | None:
    """Return the lowest version at which *specifier* ends, as near as one can be told."""
    found = []
    for one in specifier:
        if one.operator in UPPER:
            try:
                version = Version(one.version.removesuffix(".*"))
            except InvalidVersion:
                continue
            found.append(_next(version) if one.operator == "~=" else version)
    return min(found, default=None)


def _next(version: Version) -> Version:
    """``~=1.4.2`` ends at 1.5."""
    numbers = version.release[:-1] or version.release
    return Version(".".join(map(str, (*numbers[:-1], numbers[-1] + 1))))


def _told(locks: list[Lock]) -> dict[str, list[str]]:
    """Return what locks that name bounds say about releases that other locks have too."""
    pins: dict[str, dict[str, str]] = {}  # Of all sets of a file, which say the same.
    asked: dict[str, tuple[tuple[str, str], ...]] = {}
    for lock in locks:
        pins.setdefault(lock.path, {}).update((pin.name, str(pin)) for pin in lock.pins)
        asked.setdefault(lock.path, lock.asked)
    found: dict[str, list[str]] = {}
    for path, entries in asked.items():
        for who, text in entries:
            if who in pins[path]:
                found.setdefault(pins[path][who], []).append(text)
    return found


# --- Dependants ----------------------------------------------------------------------------------
def _violated(lock: Lock, known: Known) -> Iterator[Finding]:
    """Yield pins that a release of the same lock does not allow."""
    asked: list[tuple[str, str]] = []
    for pinned in dict.fromkeys(map(str, lock.pins)):
        asked += [(pinned.replace("==", " "), text) for text in known.get(pinned, ())]
    versions: dict[str, list[str]] = {}
    for pin in lock.pins:
        versions.setdefault(pin.name, []).append(pin.version)
    for who, text in dict.fromkeys(asked):
        wanted = parsed(text)
        if wanted is None or wanted.marker:  # What holds only somewhere is not judged.
            continue
        name = canonicalize_name(wanted.name)
        had = versions.get(name, [])
        if had and not any(wanted.specifier.contains(each, prereleases=True) for each in had):
            yield finding(
                "violated",
                lock.path,
                lock.lines.get(name, 0),
                f"{lock.set} has {name} {', '.join(had)}, but {who} asks for "
                f"{name}{wanted.specifier}.",
            )

"""
What one integration tests on one Python, in a word, and why nothing where it tests nothing.

Each word says a fact that is stored: what releases declare, what restrictions take away, what the
last run said of a release. Where a fact lacks, the word is "not known".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from packaging.version import Version

from matrix.rules.facts import Metadata, Python, PythonRestrictionRule
from matrix.rules.parts import Row
from matrix.rules.pythons import PURE, declared_pythons, own_abi, restriction_of

DASH = "\N{EN DASH}"
MOST_NAMED = 4  # Releases that a sentence names; more are counted.


class Word(Enum):
    TESTED = "tested"
    NOT_DECLARED = "not declared"
    RESTRICTED = "restricted"
    NO_WHEELS = "no wheels"
    NO_ROWS = "no rows"
    ON_HOLD = "on hold"
    WAITING = "waiting"
    PROPOSED = "proposed"
    PAUSED = "paused"
    FAILED = "failed"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A release, and on which Pythons of the SDK it could be tested."""

    version: Version
    declared: frozenset[Python] | None  # None: its metadata was never read.
    restricted: frozenset[Python] = frozenset()  # Declared, and taken away by a restriction.
    abi_tags: frozenset[str] | None = None  # Of its wheels; None: not known.


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What is known of one integration."""

    rows: Sequence[Row] = ()
    before: Sequence[Row] = ()  # Its rows in the state that this one is compared with.
    tested: Sequence[Candidate] = ()  # The releases of the rows.
    held: Sequence[Candidate] = ()  # Kept out by a hold, as the last run said.
    waiting: Sequence[Candidate] = ()  # Kept out by a cooldown.
    refused: Sequence[Candidate] = ()  # Would be picked, and have no Python in common.
    # What holds for the whole integration: paused, failed, proposed; and in a sentence.
    standing: Word | None = None
    why: str = ""
    not_free_threaded: str = ""  # Why a row is not tested free-threaded, as a run found out.
    was_computed: bool = True  # Whether a run ever said something of it.


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    word: Word
    why: str  # A sentence; the versions where something is tested.
    versions: tuple[Version, ...] = ()  # Ascending.
    lost: tuple[Version, ...] = ()  # What was tested before, where nothing is any more.

    @property
    def text(self) -> str:
        """``4: 1.11-5.0``, or why there is nothing; a loss comes first."""
        if self.versions:
            return f"{len(self.versions)}: {_range(self.versions)}"
        return f"lost {_range(self.lost)}: {self.word.value}" if self.lost else self.word.value


def candidate(
    version: Version,
    metadata: Metadata | None,
    *,
    supported: Sequence[Python],
    restrictions: Sequence[PythonRestrictionRule],
    abi_tags: frozenset[str] | None = None,
) -> Candidate:
    """Return what stored facts say of a release; *metadata* is None where it was never read."""
    if metadata is None:
        return Candidate(version=version, declared=None, abi_tags=abi_tags)
    declared = frozenset(declared_pythons(metadata, supported))
    rule = restriction_of(version, restrictions)
    taken = frozenset(
        python
        for python in declared
        if rule is not None and not rule.pythons.contains(python.version, prereleases=True)
    )
    return Candidate(version=version, declared=declared, restricted=taken, abi_tags=abi_tags)


def cell_of(python: Python, subject: Subject) -> Cell:
    """Say what *subject* tests on *python*, or why it tests nothing there."""
    versions = tuple(sorted(row.version for row in subject.rows if python in row.pythons))
    if versions:
        return Cell(word=Word.TESTED, why=_list(versions, most=len(versions)), versions=versions)
    word, why = _why_nothing(python, subject)
    lost = tuple(sorted(row.version for row in subject.before if python in row.pythons))
    return Cell(word=word, why=why, lost=lost)


def _why_nothing(python: Python, subject: Subject) -> tuple[Word, str]:
    if subject.standing is not None:
        return subject.standing, subject.why
    if not subject.was_computed and not subject.rows:
        return Word.NOT_KNOWN, "No run has computed it yet."
    if python.free_threaded:
        return _why_not_free_threaded(python, subject)
    found = next(_explained(python, subject), None)
    if found is not None:
        return found
    if subject.rows or subject.refused:
        releases = [*subject.tested, *subject.refused]
        number = f"None of the {len(releases)} releases that could be tested declares"
        one = f"{releases[0].version} does not declare" if len(releases) == 1 else number
        return Word.NOT_DECLARED, f"{one} {python}.{_unread(subject)}"
    return Word.NO_ROWS, "The last run found nothing to pick."


def _explained(python: Python, subject: Subject) -> Iterator[tuple[Word, str]]:
    """Yield what is in the way, what says most first."""
    for found in (subject.tested, subject.refused):
        if taken := [one.version for one in found if python in one.restricted]:
            yield Word.RESTRICTED, f"A Python restriction takes {python} from {_list(taken)}."
    if able := [one.version for one in subject.tested if python in (one.declared or ())]:
        yield (
            Word.NO_ROWS,
            f"{_list(able)} {_declares(able)} it; its oldest and two newest Pythons are tested.",
        )
    for word, found, what in (
        (Word.ON_HOLD, subject.held, "on hold"),
        (Word.WAITING, subject.waiting, "waiting for the cooldown"),
    ):
        able = [one.version for one in found if python in (one.declared or ())]
        if able:
            yield word, f"{_list(able)}, which {_declares(able)} it, {_is(able)} {what}."
        elif found and not subject.rows:
            kept = [one.version for one in found]
            yield word, f"{_list(kept)} {_is(kept)} {what}."
    if unread := [one.version for one in subject.tested if one.declared is None]:
        yield Word.NOT_KNOWN, f"The metadata of {_list(unread)} was never read."


def _why_not_free_threaded(python: Python, subject: Subject) -> tuple[Word, str]:
    base = Python(python.minor)
    on_base = [row.version for row in subject.rows if base in row.pythons]
    if not on_base:
        return _why_nothing(base, subject)
    if subject.not_free_threaded:
        return Word.NO_WHEELS, subject.not_free_threaded
    fits = {own_abi(python), PURE}
    known = [one for one in subject.tested if one.version in on_base and one.abi_tags is not None]
    if len(known) < len(on_base):
        return Word.NOT_KNOWN, "Which wheels the releases have is not known."
    if any(fits & (one.abi_tags or frozenset()) for one in known):
        return Word.NO_ROWS, f"{_list(on_base)} may fit; no run has proposed it yet."
    return Word.NO_WHEELS, f"{_list(on_base)} {_has(on_base)} no wheel for free-threaded {base}."


def _unread(subject: Subject) -> str:
    """Say what is kept out and might declare it."""
    unread = [one.version for one in (*subject.held, *subject.waiting) if one.declared is None]
    return f" What {_list(unread)} would declare is not known." if unread else ""


def _declares(versions: Sequence[Version]) -> str:
    return "declares" if len(versions) == 1 else "declare"


def _has(versions: Sequence[Version]) -> str:
    return "has" if len(versions) == 1 else "have"


def _is(versions: Sequence[Version]) -> str:
    return "is" if len(versions) == 1 else "are"


def _list(versions: Iterable[Version], most: int = MOST_NAMED) -> str:
    """``1.11, 2.0``; the newest of many, and how many more there are."""
    ordered = sorted(versions)
    named = ", ".join(map(str, ordered[-most:]))
    more = len(ordered) - most
    return f"{named} and {more} more" if more > 0 else named


def _range(versions: Sequence[Version]) -> str:
    first, last = str(min(versions)), str(max(versions))
    return first if first == last else f"{first}{DASH}{last}"

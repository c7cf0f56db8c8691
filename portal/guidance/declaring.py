"""Taking over what a file declares: read, shown, and saved only as a whole and as it was shown."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from integrations.catalogue.models.sdk import change_reason
from integrations.catalogue.validators import quoted
from portal.guidance.declarations import read_declarations
from portal.guidance.models import Application, DependencySet

MOST_BYTES = 1_000_000
LONGEST_NAME = 300
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
MEANWHILE = "Somebody changed the sets since they were shown. This is what would change now."


class NotTakenOver(ValueError):
    """What a file declares cannot be taken over; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SetChange:
    """What becomes of one set of the application."""

    name: str
    is_new: bool
    added: tuple[str, ...]
    removed: tuple[str, ...]
    requirements: tuple[str, ...]  # All of them, as they would be.


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What a file declares, beside what the application does; saved when nothing is wrong."""

    name: str  # Of the file.
    text: str
    changes: tuple[SetChange, ...]  # Of the sets that the file names; the others stay.
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    shown: str = ""  # A digest of what is shown, with the rows that it was compared with.

    @property
    def can_be_saved(self) -> bool:
        return not self.problems and any(
            one.is_new or one.added or one.removed for one in self.changes
        )


def take(application: Application, name: str, text: str, *, may_add: bool = True) -> Taken:
    """
    Read the file *name*; what is wrong with it stands in ``problems``.

    *may_add*: whether a set that the application does not have may come of it.
    """
    if not name or len(name) > LONGEST_NAME or CONTROL.search(name):
        return _refused("", f"{quoted(name)} is not the name of a file.")
    if len(text.encode()) > MOST_BYTES:
        return _refused(name, f"{name} is larger than {MOST_BYTES:,} bytes.")
    try:
        declared = read_declarations(name, text)
    except ValueError as error:
        return _refused(name, str(error))
    sets = {each.name: each for each in application.sets.all()}
    found = {one: tuple(lines) for one, lines in declared.sets.items() if lines}
    changes = tuple(_change(one, sets.get(one), lines) for one, lines in found.items())
    shown = _digest(sets, changes)  # Before the rows are tried with what they would hold.
    problems = [*declared.problems, *_mistakes(application, sets, found)]
    if not may_add:
        problems += [
            f"{one.name} would be a new set. You may change sets, but adding one needs a "
            "permission that you do not have."
            for one in changes
            if one.is_new
        ]
    if not found and not problems:
        problems = [f"{name} declares nothing."]
    return Taken(
        name=name,
        text=text,
        changes=changes,
        problems=tuple(problems),
        notes=tuple(declared.notes),
        shown=shown,
    )


def _digest(sets: Mapping[str, DependencySet], changes: Iterable[SetChange]) -> str:
    """Return what two people have in common only if both see the same sets and the same changes."""
    content = [
        [one.name, sets[one.name].requirements if one.name in sets else None, one.requirements]
        for one in changes
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _refused(name: str, why: str) -> Taken:
    return Taken(name=name, text="", changes=(), problems=(why,), notes=())


def _change(name: str, old: DependencySet | None, lines: tuple[str, ...]) -> SetChange:
    before = tuple(old.requirement_list) if old else ()
    return SetChange(
        name=name,
        is_new=old is None,
        added=tuple(line for line in lines if line not in before),
        removed=tuple(line for line in before if line not in lines),
        requirements=lines,
    )


def _mistakes(
    application: Application,
    sets: dict[str, DependencySet],
    found: dict[str, tuple[str, ...]],
) -> Iterator[str]:
    """Say what saving would refuse."""
    for name, lines in found.items():
        row = _row(application, sets.get(name), name, lines)
        try:
            row.full_clean(validate_constraints=False)
        except ValidationError as error:
            yield from (f"{name}: {message}" for message in error.messages)


def _row(
    application: Application, old: DependencySet | None, name: str, lines: tuple[str, ...]
) -> DependencySet:
    row = old or DependencySet(application=application, name=name)
    row.requirements = "\n".join(lines)
    row.normalise()
    return row


def save(application: Application, taken: Taken, *, shown: str) -> list[str]:
    """
    Save the sets of *taken*, and return their names; raises NotTakenOver, and saves nothing.

    *shown* is the digest of what somebody looked at before they said so.
    """
    if taken.problems:
        raise NotTakenOver(" ".join(taken.problems))
    try:
        return _save(application, taken, shown)
    except ValidationError as error:
        raise NotTakenOver(" ".join(error.messages)) from error
    except IntegrityError as error:  # Of two who add the same set, one comes first.
        raise NotTakenOver(MEANWHILE) from error


@transaction.atomic
def _save(application: Application, taken: Taken, shown: str) -> list[str]:
    sets = {each.name: each for each in application.sets.select_for_update()}
    if _digest(sets, taken.changes) != shown:
        raise NotTakenOver(MEANWHILE)
    saved = []
    for one in taken.changes:
        if not (one.is_new or one.added or one.removed):
            continue
        row = _row(application, sets.get(one.name), one.name, one.requirements)
        row.full_clean()
        change_reason(row, f"taken from {taken.name}"[:LONGEST_NAME])
        row.save()
        saved.append(one.name)
    return saved

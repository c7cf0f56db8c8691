"""Taking over what a file declares: read, shown, and saved only as a whole."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from integrations.catalogue.models.sdk import change_reason
from portal.guidance.declarations import read_declarations
from portal.guidance.models import Application, DependencySet

MOST_BYTES = 1_000_000


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

    @property
    def can_be_saved(self) -> bool:
        return not self.problems and any(
            one.is_new or one.added or one.removed for one in self.changes
        )


def take(application: Application, name: str, text: str) -> Taken:
    """Read the file *name*; what is wrong with it stands in ``problems``."""
    if len(text.encode()) > MOST_BYTES:
        return _refused(name, f"{name} is larger than {MOST_BYTES:,} bytes.")
    try:
        declared = read_declarations(name, text)
    except ValueError as error:
        return _refused(name, str(error))
    sets = {each.name: each for each in application.sets.all()}
    found = {one: tuple(lines) for one, lines in declared.sets.items() if lines}
    changes = tuple(_change(one, sets.get(one), lines) for one, lines in found.items())
    problems = [*declared.problems, *_mistakes(application, sets, found)]
    if not found and not problems:
        problems = [f"{name} declares nothing."]
    return Taken(
        name=name,
        text=text,
        changes=changes,
        problems=tuple(problems),
        notes=tuple(declared.notes),
    )


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


@transaction.atomic
def save(application: Application, taken: Taken) -> list[str]:
    """Save the sets of *taken*, and return their names; raises NotTakenOver, and saves nothing."""
    if taken.problems:
        raise NotTakenOver(" ".join(taken.problems))
    sets = {each.name: each for each in application.sets.select_for_update()}
    saved = []
    for one in taken.changes:
        if not (one.is_new or one.added or one.removed):
            continue
        row = _row(application, sets.get(one.name), one.name, one.requirements)
        row.full_clean()
        change_reason(row, f"taken from {taken.name}"[:300])
        row.save()
        saved.append(one.name)
    return saved

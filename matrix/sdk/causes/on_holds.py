"""Causes that are barriers in time: holds and shared constraints that began, ended or changed."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from packaging.version import InvalidVersion, Version

from integrations.catalogue.models import Hold, SharedConstraint
from matrix.sdk.causes.cases import Case, Cause, sentence
from matrix.sdk.causes.edits import Edit, day, restored
from matrix.sdk.translating import hold_rules

InForce = Callable[[Any, datetime], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Barrier:
    """A hold or a shared constraint at both ends of the time that a case looks at."""

    before: Any  # As it was in force when the published state was computed; None: it was not.
    now: Any  # As it is in force; None: it is not.
    last: Any  # As it was at the last, in force or not.
    edits: Sequence[Edit]  # Of this row, oldest first.
    is_there: bool  # Whether the catalogue still has it.


def on_holds(case: Case) -> Iterator[Cause]:
    """Yield the holds that began to keep out what goes, and those that let in what comes."""
    if case.integration is None:
        return
    sdk = case.catalogue.sdk

    def in_force(hold: Hold, at: datetime) -> bool:
        return bool(hold_rules([hold], sdk, as_of=at))

    for barrier in _barriers(case, Hold, case.catalogue.holds, in_force):
        hold = barrier.last
        own = hold.integration_id == case.integration.pk or (
            hold.integration_id is None and hold.project == case.project
        )
        going, coming = (case.outgoing, case.incoming) if own else ([], [])
        if hold.integration_id is None:
            moves = [move for move in case.diff.pins.moves if move.project == hold.project]
            going = [*going, *_versions(move.old for move in moves)]
            coming = [*coming, *_versions(move.new for move in moves)]
        project = hold.project or case.project
        what = f"The hold on {project} {hold.releases}".rstrip()
        if _matches(barrier.now, going) - _matches(barrier.before, going):
            yield _began(case, barrier, "hold began", what, hold.reason)
        let_in = barrier.before or (hold if _has_ended(case, barrier) else None)
        if _matches(let_in, coming) - _matches(barrier.now, coming):
            yield _ended(case, barrier, "hold ended", what, hold.reason)


def on_shared_constraints(case: Case) -> Iterator[Cause]:
    """
    Yield the shared constraints that began, ended or changed, where pins of their project moved,
    or lines that carry them came or went.
    """
    if case.integration is None:
        return
    moved = {move.project for move in case.diff.pins.moves}
    lines = (*case.diff.requirements_added, *case.diff.requirements_removed)
    rows = case.catalogue.shared_constraints
    for barrier in _barriers(case, SharedConstraint, rows, SharedConstraint.is_in_force):
        bound = barrier.last
        is_here = bound.group_id is None or bound.group_id == case.integration.group_id
        states = [one for one in (barrier.before, barrier.now) if one]
        is_carried = any(line.endswith(f": {one.requirement}") for one in states for line in lines)
        if not is_here or not (bound.project in moved or case.diff.pins.lost or is_carried):
            continue
        what = f"The shared constraint {bound.requirement}"
        kind = "shared constraint"
        if barrier.now and not barrier.before:
            yield _began(case, barrier, kind, what, bound.reason)
        elif barrier.before and not barrier.now:
            yield _ended(case, barrier, kind, what, bound.reason)
        elif barrier.now and barrier.edits:
            yield Cause(kind, _edited(barrier, what))


def _barriers(
    case: Case, model: Any, rows: Collection[Any], in_force: InForce
) -> Iterator[_Barrier]:
    """Yield what is or was there, by key; rows that were removed since are among them."""
    present = {row.pk: row for row in rows}
    edits: dict[int, list[Edit]] = {pk: [] for pk in present}
    for edit in case.edits:
        if edit.model is model:
            edits.setdefault(edit.row.id, []).append(edit)
    for pk, mine in sorted(edits.items()):
        now = present.get(pk)
        before = now
        if mine:
            before = restored(model, mine[0].before) if mine[0].before else None
        last = now or restored(model, mine[-1].row)
        yield _Barrier(
            before=before if before and in_force(before, case.since) else None,
            now=now if now and in_force(now, case.as_of) else None,
            last=last,
            edits=mine,
            is_there=now is not None,
        )


def _versions(texts: Iterator[str | None]) -> list[Version]:
    found = []
    for text in texts:
        try:
            found.append(Version(text or ""))
        except InvalidVersion:  # No version at all, or a pin by its address.
            continue
    return found


def _matches(hold: Hold | None, versions: Collection[Version]) -> set[Version]:
    return {one for one in versions if hold.matches(str(one))} if hold else set()


def _has_ended(case: Case, barrier: _Barrier) -> bool:
    """Whether it both began and ended since: what it kept out comes all the same."""
    hold = barrier.last
    end = hold.ends_on and case.since.astimezone(UTC).date() < hold.ends_on <= _today(case)
    return not barrier.is_there or case.is_recent(hold.lifted_at) or bool(end)


def _today(case: Case) -> date:
    return case.as_of.astimezone(UTC).date()


def _began(case: Case, barrier: _Barrier, kind: str, what: str, reason: str) -> Cause:
    """Tell since when: its first day, unless it was made or changed after that day."""
    row, edits = barrier.now, barrier.edits
    by = f" ({edits[-1].told})" if edits else ""
    first = row.starts_on
    if first and case.since.astimezone(UTC).date() < first <= _today(case):
        return Cause(kind, sentence(f"{what} began on {_day(first)}{by}", reason))
    if edits:
        return Cause(kind, sentence(f"{what} was {edits[-1].told}", reason))
    return Cause(kind, sentence(f"{what} began", reason))


def _ended(case: Case, barrier: _Barrier, kind: str, what: str, reason: str) -> Cause:
    row = barrier.last
    lifted_at = getattr(row, "lifted_at", None)
    if not barrier.is_there:
        return Cause(kind, _edited(barrier, what))
    if lifted_at and lifted_at <= case.as_of:
        because = row.lifted_because.rstrip(".")
        return Cause(kind, f"{what} was lifted on {day(lifted_at)} because {because}.")
    if row.ends_on and row.ends_on <= _today(case):
        return Cause(kind, sentence(f"{what} ended on {_day(row.ends_on)}", reason))
    return Cause(kind, _edited(barrier, what))


def _edited(barrier: _Barrier, what: str) -> str:
    if not barrier.edits:
        return sentence(f"{what} is not in force any more")
    return sentence(f"{what} was {barrier.edits[-1].told}", barrier.edits[-1].reason)


def _day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"

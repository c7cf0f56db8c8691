"""
Because of what the parts of a run differ from the publication, told from facts that are stored.

A cause is something that happened since the published state was computed and that touches what
differs: a release, a yank, the end of a cooldown, a hold, an edit of somebody. Nothing is guessed:
where nothing is known one cause says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from integrations.catalogue.models import Sdk
from integrations.index.models import Index
from integrations.index.store import known_projects
from matrix.review.models import Run
from matrix.review.snapshots import digest
from matrix.review.state import published
from matrix.review.values import Change, ComputedPart
from matrix.rules.diffing import PartDiff
from matrix.rules.parts import IntegrationPart, Part, read
from matrix.sdk.causes.cases import ORDER, Case, Cause, sentence
from matrix.sdk.causes.edits import Edit, day, read_additions, read_edits
from matrix.sdk.causes.on_edits import on_edits
from matrix.sdk.causes.on_holds import on_holds, on_shared_constraints
from matrix.sdk.causes.on_releases import on_pins, on_pins_alone, on_releases
from matrix.sdk.causes.windows import windows
from matrix.sdk.channel import differences
from matrix.sdk.preferring import Refresh
from matrix.sdk.translating import read_catalogue

__all__ = ["Cause", "causes_of", "with_causes"]


def with_causes(
    run: Run, sdk: Sdk, parts: Sequence[ComputedPart], *, index: Index
) -> list[ComputedPart]:
    """
    Return *parts* with the causes of those that differ from the publication.

    A published part that the run covers and did not make comes with them, without a body: it has
    causes as well.
    """
    bodies = published(run.channel)
    made = {part.part for part in parts}
    gone = [name for name in bodies if name not in made and run.covers(name)]
    everything = [*parts, *(ComputedPart(part=name, body=None) for name in gone)]
    changes = [
        Change(part.part, bodies.get(part.part), part.body)
        for part in everything
        if run.covers(part.part) and bodies.get(part.part) != part.body
    ]
    causes = causes_of(run, sdk, changes, index=index) if changes else {}
    return [
        replace(part, causes=[cause._asdict() for cause in causes[part.part]])
        if part.part in causes
        else part
        for part in everything
    ]


def causes_of(
    run: Run, sdk: Sdk, changes: Sequence[Change], *, index: Index
) -> dict[str, list[Cause]]:
    """
    Return the causes of each of *changes* against the publication, the most telling first.

    Never empty for a change. The number of queries does not depend on how many there are.
    """
    names = {change.part for change in changes}
    bases = {change.part: digest(change.old_body) for change in changes if change.old_body}
    since = windows(run.channel, bases, names, run=run)
    if not since:
        additions = read_additions(sdk)
        return {name: [_first(name, additions)] for name in names}
    return {case.part: _causes(case) for case in _cases(run, sdk, changes, since, index)}


def _cases(
    run: Run, sdk: Sdk, changes: Sequence[Change], since: dict[str, datetime], index: Index
) -> Iterator[Case]:
    catalogue = read_catalogue(sdk)
    edits = read_edits(sdk, min(since.values()))
    additions = read_additions(sdk)
    diffs = differences(changes)
    states = {one.part: (_read(one.old_body), _read(one.new_body)) for one in changes}
    projects = known_projects(index, _projects(states.values(), diffs))
    for change, diff in zip(changes, diffs, strict=True):
        old, new = states[change.part]
        begin = since[change.part]
        yield Case(
            part=change.part,
            since=begin,
            as_of=run.as_of,
            old=old,
            new=new,
            diff=diff,
            catalogue=catalogue,
            edits=[edit for edit in edits if edit.at > begin],
            addition=additions.get(change.part),
            projects=projects,
            refresh=Refresh.read(run.options.get("refresh", {})),
            asked_by=str(run.requested_by or ""),
        )


def _read(body: str | None) -> Part | None:
    return read(body) if body else None


def _projects(
    states: Iterable[tuple[Part | None, Part | None]], diffs: Iterable[PartDiff]
) -> set[str]:
    """Return what is tested, and what environments install otherwise than before."""
    tested = {part.project for pair in states for part in pair if isinstance(part, IntegrationPart)}
    return tested | {move.project for diff in diffs for move in diff.pins.moves}


def _causes(case: Case) -> list[Cause]:
    if case.old is None and case.addition and case.addition.at > case.since:
        return [_added(case.part, case.addition)]
    found = [
        *on_edits(case),
        *on_holds(case),
        *on_shared_constraints(case),
        *on_releases(case),
        *on_pins(case),
    ]
    if not found and not (case.changes_rows or case.changes_requirements or case.diff.settings):
        found += on_pins_alone(case)
    found = found or [_unknown(case)]
    return sorted(dict.fromkeys(found), key=lambda cause: ORDER.index(cause.kind))


def _unknown(case: Case) -> Cause:
    if case.old is None and case.addition:
        return _added(case.part, case.addition)
    text = "Nothing that the portal keeps explains it: no release, hold or edit since"
    return Cause("unknown", sentence(f"{text} {day(case.since)}"))


def _first(part: str, additions: Mapping[str, Edit]) -> Cause:
    """Tell why *part* is there while nothing is published."""
    if part in additions:
        return _added(part, additions[part])
    return Cause("new", "Nothing of this SDK is published yet.")


def _added(part: str, addition: Edit) -> Cause:
    by = addition.told.removeprefix(addition.verb)
    return Cause("new", sentence(f"{part} was added to the catalogue{by}", addition.reason))

"""Causes that the index brings: releases, cooldowns, yanks, files, metadata, dependencies."""

from collections.abc import Iterator
from datetime import timedelta

from packaging.version import Version

from integrations.index.facts import ReleaseFact
from integrations.index.store import KnownProject
from matrix.rules.diffing import MovedRow, PinMove
from matrix.rules.facts import Python
from matrix.rules.pythons import declared_pythons
from matrix.sdk.causes.cases import Case, Cause, sentence
from matrix.sdk.causes.edits import day
from matrix.sdk.preferring import KEEP
from matrix.sdk.translating import metadata_of, policy_of

MOST = 3  # Dependencies that are told by name.


def on_releases(case: Case) -> Iterator[Cause]:
    """Yield what happened to the releases that come and go, and to their Pythons."""
    project = case.known
    if project is None:
        return
    yield from _status(case, project)
    for version in case.outgoing:
        yield from _lost(case, project, str(version))
    cooldown = _cooldown(case)
    for version in case.incoming:
        yield from _came(case, project, version, cooldown)
    for row in case.diff.changed:
        yield from _files(case, project, row.version)
    for move in case.diff.moved:
        yield from _pythons(case, project, move)


def _status(case: Case, project: KnownProject) -> Iterator[Cause]:
    status, reason, _ = project.status(case.as_of)
    if status == "quarantined" and case.is_recent(project.statuses[-1].seen_at):
        since = day(project.statuses[-1].seen_at)
        text = f"The index has called {project.name} quarantined since {since}"
        yield Cause("quarantined", sentence(text, reason))


def _cooldown(case: Case) -> timedelta:
    if case.integration is None:
        return timedelta()
    return policy_of(case.integration, case.catalogue, as_of=case.as_of).cooldown


def _lost(case: Case, project: KnownProject, version: str) -> Iterator[Cause]:
    """Tell a release that was taken back; the last thing that happened to it is the yank."""
    fact = project.facts.get(version)
    if fact is None or not case.is_recent(fact.settled_at):
        return
    if fact.uploaded_at is None:
        text = f"{project.name} {version} is gone from the index, seen on {day(fact.settled_at)}"
        yield Cause("gone", sentence(text))
    elif fact.is_yanked:
        text = f"{project.name} {version} was yanked, seen on {day(fact.settled_at)}"
        yield Cause("yanked", sentence(text, fact.yank_reason))


def _came(
    case: Case, project: KnownProject, version: Version, cooldown: timedelta
) -> Iterator[Cause]:
    fact = project.facts.get(str(version))
    if fact is None or fact.uploaded_at is None:
        return
    over = fact.uploaded_at + cooldown
    if cooldown and case.is_recent(over):
        text = f"The cooldown of {version} was over on {day(over)}; it {_uploaded(fact)}"
        yield Cause("cooldown over", sentence(text))
    elif case.is_recent(fact.uploaded_at):
        yield Cause("release", sentence(f"Release {version} {_uploaded(fact)}"))
    else:
        yield from _files(case, project, version)


def _uploaded(fact: ReleaseFact) -> str:
    assert fact.uploaded_at is not None
    how = "was uploaded" if fact.is_time_known else "was first seen"
    return f"{how} on {day(fact.uploaded_at)}"


def _files(case: Case, project: KnownProject, version: Version) -> Iterator[Cause]:
    """Tell a release that got files, or whose yank was taken back."""
    fact = project.facts.get(str(version))
    if fact is not None and not fact.is_yanked and case.is_recent(fact.settled_at):
        text = f"The files of {version} on the index changed on {day(fact.settled_at)}"
        yield Cause("files", sentence(text))


def _pythons(case: Case, project: KnownProject, move: MovedRow) -> Iterator[Cause]:
    """Tell which Pythons a release declares and the one before did not, or the other way."""
    metadata = metadata_of(project.metadata)
    old, new = move.old.version, move.new.version
    if old not in metadata or new not in metadata:
        return
    supported = tuple(map(Python.parse, case.catalogue.sdk.python_list))
    before, after = (set(declared_pythons(metadata[one], supported)) for one in (old, new))
    if lost := sorted((before - after) & set(move.lost)):
        yield Cause("python", f"{new} does not declare {_named(lost)}, which {old} does.")
    if gained := sorted((after - before) & set(move.gained)):
        yield Cause("python", f"{new} declares {_named(gained)}, which {old} does not.")


def _named(pythons: list[Python]) -> str:
    return f"Python {', '.join(map(str, pythons))}"


# --- Pins ----------------------------------------------------------------------------------------
def on_pins(case: Case) -> Iterator[Cause]:
    """Yield why pins moved: what became unusable, what was asked for, what was released."""
    pins = case.diff.pins
    for move in pins.moves:
        if move.old is not None and (project := case.projects.get(move.project)):
            yield from _status(case, project)
            yield from _lost(case, project, move.old)
    if pins.moves and case.refresh != KEEP:
        by = f" {case.asked_by} asked for that." if case.asked_by else ""
        yield Cause("refresh", f"The run gave up published pins: {_refreshed(case)}.{by}")


def _refreshed(case: Case) -> str:
    refresh = case.refresh
    if refresh.everything:
        return "all of them"
    told = [f"those of {', '.join(sorted(refresh.projects))}"] if refresh.projects else []
    told += [f"those resolved before {day(refresh.before)}"] if refresh.before else []
    return " and ".join(told)


def on_pins_alone(case: Case) -> Iterator[Cause]:
    """Yield what there is to say when nothing but pins changed, and nothing else explains it."""
    pins = case.diff.pins
    if pins.moves:
        yield Cause("dependencies released", _dependencies(case))
    if pins.gained:
        yield Cause("resolved", f"{_counted(pins.gained)} got pins, which had none.")
    if pins.lost:
        yield Cause("unresolved", f"{_counted(pins.lost)} cannot be pinned any more.")


def _counted(environments: tuple[str, ...]) -> str:
    count = len(environments)
    return f"{count} environment{'' if count == 1 else 's'}"


def _dependencies(case: Case) -> str:
    """Name the releases of dependencies that are new since then, the latest first."""
    found: dict[tuple[str, str], ReleaseFact] = {}
    for move in case.diff.pins.moves:
        fact = _released(case, move)
        if fact is not None and move.new is not None:
            found[move.project, move.new] = fact
    if not found:
        projects = list(dict.fromkeys(move.project for move in case.diff.pins.moves))
        return f"Only dependencies moved: {_some(projects)}."
    ordered = sorted(found, key=lambda key: (found[key].appeared_at, key), reverse=True)
    told = [f"{name} {new} on {day(found[name, new].appeared_at)}" for name, new in ordered]
    return f"Dependencies released new versions: {_some(told)}."


def _released(case: Case, move: PinMove) -> ReleaseFact | None:
    project = case.projects.get(move.project)
    fact = project.facts.get(move.new) if project and move.new else None
    return fact if fact and case.is_recent(fact.appeared_at) else None


def _some(words: list[str]) -> str:
    more = len(words) - MOST
    return ", ".join(words[:MOST]) + (f" and {more} more" if more > 0 else "")

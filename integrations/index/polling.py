"""
Visits to an index: what changed, and the metadata that a selection needs.

No project waits for another: each has a coroutine of its own (``visiting.py``), in a thread for
the network. The calling thread alone touches the database (``desk.py``).
"""

import gc
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from packaging.utils import canonicalize_name
from packaging.version import Version

from integrations.index.client import IndexClient
from integrations.index.desk import Desk
from integrations.index.facts import unpack_files
from integrations.index.models import Index, Poll, PollOutcome
from integrations.index.store import (
    Finding,
    prune_polls,
    read_files,
    read_metadata,
    read_projects,
    store_findings,
)
from integrations.index.visiting import Fetcher, Result, Visitor, Wanted

__all__ = ["Wanted", "fetch_metadata", "poll"]

Progress = Callable[[PollOutcome], None]
OpenClient = Callable[[str], IndexClient]

MOST_NOTES = 20  # Sentences kept of one page.


def poll(
    index: Index,
    projects: Collection[str],
    *,
    at: datetime,
    wanted: Wanted,
    poll: Poll | None = None,
    on_progress: Progress | None = None,
    open_client: OpenClient = IndexClient,
) -> Poll:
    """
    Read the pages of *projects* and the metadata that *wanted* asks for, and store both.

    *wanted* is given a project's name, its releases as of *at* and the metadata known so far; it
    is asked again until it wants nothing new. It is not asked about an unchanged page, unless the
    last poll could not get all that it wanted. It is called in the thread of the network and must
    not touch the database. *on_progress* is called in the calling thread, for each project.

    A project that fails never stops the others; its outcome says why. When something else ends
    the visit early, the poll is finished with an error and the exception goes on.
    """
    names = sorted({str(canonicalize_name(name)) for name in projects})
    began = time.monotonic()
    visit, outcomes = _start(index, names, poll, at)
    try:
        book = _Book(index=index, outcomes=outcomes, on_progress=on_progress)
        before = {project.name: project for project in read_projects(index, names)}
        with _settled_memory():
            Desk(book.write).run(
                lambda desk: Visitor(
                    client=open_client(index.url), desk=desk, at=at, wanted=wanted, before=before
                ).visit(names)
            )
    except BaseException as error:
        _finish(visit, at, began, error=f"The poll was ended early by {type(error).__name__}.")
        raise
    _finish(visit, at, began)
    prune_polls(index)
    return visit


@contextmanager
def _settled_memory() -> Iterator[None]:
    """
    Keep the collector of garbage off what is older than the poll, and off what lives as long.

    Pages are many objects that stay, and make it look through all memory again and again: that
    took a fifth of a first poll.
    """
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _start(
    index: Index, names: Sequence[str], visit: Poll | None, at: datetime
) -> tuple[Poll, dict[str, PollOutcome]]:
    with transaction.atomic():
        if visit is None:
            visit = Poll.objects.create(index=index, started_at=at)
        else:
            visit.outcomes.all().delete()  # A task may be delivered twice.
        waiting = [PollOutcome(poll=visit, project=name) for name in names]
        made = PollOutcome.objects.bulk_create(waiting)
    return visit, {outcome.project: outcome for outcome in made}


def _finish(visit: Poll, at: datetime, began: float, *, error: str = "") -> None:
    took = timedelta(seconds=time.monotonic() - began)
    visit.finished_at = max(at, visit.started_at) + took
    visit.error = error
    with transaction.atomic():
        visit.save(update_fields=["finished_at", "error"])
        if error:
            left = visit.outcomes.filter(state=PollOutcome.State.WAITING)
            left.update(state=PollOutcome.State.FAILED, reason=error)


@dataclass(kw_only=True)
class _Book:
    """Writes results and outcomes, in the calling thread."""

    index: Index
    outcomes: Mapping[str, PollOutcome]
    on_progress: Progress | None

    def write(self, results: Sequence[Result]) -> None:
        findings = [result.finding for result in results if result.finding]
        done = [self._outcome(result) for result in results]
        with transaction.atomic():
            store_findings(self.index, findings)
            _update_outcomes(done)
        if self.on_progress:
            for outcome in done:
                self.on_progress(outcome)

    def _outcome(self, result: Result) -> PollOutcome:
        outcome = self.outcomes[result.name]
        outcome.state = result.state.value
        outcome.reason = _printable(result.reason)
        notes = result.finding.notes if result.finding else []
        more = [f"And {len(notes) - MOST_NOTES} more."] if len(notes) > MOST_NOTES else []
        outcome.notes = _printable("\n".join([*notes[:MOST_NOTES], *more]))
        return outcome


def _update_outcomes(done: Sequence[PollOutcome]) -> None:
    """Write outcomes; those without words, usually nearly all, with one statement per state."""
    for state in PollOutcome.State:
        plain = [one.pk for one in done if one.state == state and not one.reason + one.notes]
        if plain:
            PollOutcome.objects.filter(pk__in=plain).update(state=state)
    wordy = [one for one in done if one.reason or one.notes]
    PollOutcome.objects.bulk_update(wordy, ["state", "reason", "notes"])


def _printable(text: str) -> str:
    """PostgreSQL stores no NUL and no half of a surrogate pair."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def fetch_metadata(
    index: Index,
    wanted: Mapping[str, Collection[str]],
    *,
    at: datetime,
    open_client: OpenClient = IndexClient,
) -> dict[tuple[str, str], str]:
    """
    Fetch and store the metadata of releases, by project and version, that is not known yet.

    Returns ``{(project, version): reason}`` for what could not be had, with the names as given.
    """
    findings, lacking = _lacking(index, wanted, at)
    reasons: dict[str, Mapping[str, str]] = {}

    def write(results: Sequence[Result]) -> None:
        store_findings(index, [result.finding for result in results if result.finding])
        reasons.update({result.name: result.lost for result in results})

    if findings:
        Desk(write).run(
            lambda desk: Fetcher(client=open_client(index.url), desk=desk).fetch(lacking, findings)
        )
    known = {project.name for project in read_projects(index, wanted)}
    return {
        (name, version): reason
        for name, versions in wanted.items()
        for version in versions
        if (reason := _reason(canonicalize_name(name), version, known, reasons))
    }


def _lacking(
    index: Index, wanted: Mapping[str, Collection[str]], at: datetime
) -> tuple[list[Finding], dict[str, set[str]]]:
    """Return the projects of which something is not known yet, and which versions."""
    projects = {project.name: project for project in read_projects(index, wanted)}
    known = read_metadata([project.pk for project in projects.values()])
    lacking: dict[str, set[str]] = {}
    for name, versions in wanted.items():
        project = projects.get(canonicalize_name(name))
        if project is not None:
            needed = {str(Version(version)) for version in versions} - known[project.pk].keys()
            if needed:
                lacking.setdefault(project.name, set()).update(needed)
    findings = [
        Finding(
            name=name,
            seen_at=at,
            before=projects[name],
            old_files=unpack_files(read_files(projects[name].pk)),
        )
        for name in lacking
    ]
    return findings, lacking


def _reason(
    name: str, version: str, known: Collection[str], reasons: Mapping[str, Mapping[str, str]]
) -> str:
    if name not in known:
        return f"The index page of {name} was never read."
    return reasons.get(name, {}).get(str(Version(version)), "")

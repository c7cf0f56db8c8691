"""What the pages of applications show, in a fixed number of queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, OuterRef, Subquery

from matrix.review.models import Assessment, Channel, Proposal, Publication, PublishedFile, Run
from matrix.rules.locks.parts import MAIN, TOOL, LockPart, Pinned
from portal.guidance.ageing import pinned_since
from portal.guidance.channel import KIND, in_order, installer_of, published_locks
from portal.guidance.models import Application, DependencySet
from portal.guidance.schedules import update_of
from portal.home.listing import proposals, with_sizes


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One application of the list."""

    application: Application
    sets: tuple[DependencySet, ...]
    publication: Publication | None
    proposal: Proposal | None  # The open one, counted.
    run: Run | None  # The last one.
    next_update_at: datetime | None  # None: only when somebody asks.


def listed(now: datetime) -> list[Row]:
    """Return all applications by name."""
    rows = list(Application.objects.prefetch_related("sets"))
    if not rows:
        return []
    channels = Channel.objects.filter(kind=KIND)
    current = Publication.objects.filter(channel__in=channels, channel__current=F("pk"))
    published_now = {
        one.channel.slug: one for one in current.select_related("channel", "published_by")
    }
    latest = Run.objects.filter(channel=OuterRef("channel")).order_by("-pk").values("pk")[:1]
    last = Run.objects.filter(channel__in=channels, pk=Subquery(latest))
    runs = {one.channel.slug: one for one in last.select_related("channel")}
    open_rows = proposals(Proposal.objects.open().filter(channel__in=channels))
    open_ones = {one.channel.slug: one for one in open_rows}
    return [
        Row(
            application=one,
            sets=tuple(in_order(one.sets.all())),
            publication=published_now.get(one.slug),
            proposal=open_ones.get(one.slug),
            run=runs.get(one.slug),
            next_update_at=declared.next_after(now) if (declared := update_of(one)) else None,
        )
        for one in sorted(rows, key=lambda one: (one.name.casefold(), one.slug))
    ]


@dataclass(frozen=True, slots=True)
class ShownPin:
    pin: Pinned
    since: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownSet:
    """A set as it is declared, and as its lock is published."""

    name: str
    declared: tuple[str, ...]  # Empty and not is_declared: it is published, and no longer declared.
    is_declared: bool
    lock: LockPart | None
    pins: tuple[ShownPin, ...]
    is_newer: bool  # What is declared is not what was locked.
    problem: str  # Of the last run.

    @property
    def is_tool(self) -> bool:
        return self.name == TOOL

    @property
    def title(self) -> str:
        return f"{self.name}: what installs" if self.is_tool else self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One application with everything on its page."""

    application: Application
    sets: tuple[ShownSet, ...]
    conflicts: tuple[Mapping[str, str], ...]  # Findings of the last run: part, severity, text.
    publication: Publication | None
    files: tuple[PublishedFile, ...]
    proposal: Proposal | None
    run: Run | None
    next_run_at: datetime | None


def shown(application: Application, *, now: datetime) -> Shown:
    channels = Channel.objects.filter(kind=KIND, slug=application.slug)  # None before a run.
    rows = Publication.objects.filter(channel__in=channels, channel__current=F("pk"))
    current = rows.select_related("channel", "published_by").first()
    notes = {one.part: one for one in Assessment.objects.filter(channel__in=channels)}
    runs = Run.objects.filter(channel__in=channels).order_by("-pk")
    declared = update_of(application)
    files = with_sizes(current.files.order_by("path")) if current else ()
    return Shown(
        application=application,
        sets=tuple(_sets(application, notes)),
        conflicts=tuple(_conflicts(notes)),
        publication=current,
        files=tuple(files),
        proposal=proposals(Proposal.objects.open().filter(channel__in=channels)).first(),
        run=runs.select_related("requested_by").first(),
        next_run_at=declared.next_after(now) if declared else None,
    )


def _sets(application: Application, notes: Mapping[str, Assessment]) -> Iterable[ShownSet]:
    """Yield what is declared, then what is only published, and the tool at the end."""
    declared = {
        each.name: tuple(each.requirement_list) for each in in_order(application.sets.all())
    }
    if application.locks_tool:
        declared[TOOL] = installer_of(application.tool)
    locks = published_locks(application)
    since = pinned_since(application)
    for name in sorted({*declared, *locks}, key=lambda one: _place(one, declared)):
        lines, lock = declared.get(name, ()), locks.get(name)
        ages = since.get(name, {})
        yield ShownSet(
            name=name,
            declared=lines,
            is_declared=name in declared,
            lock=lock,
            pins=tuple(ShownPin(pin, ages.get(pin.name)) for pin in (lock.pinned if lock else ())),
            is_newer=lock is not None and name in declared and lock.declared != lines,
            problem=notes[name].problem if name in notes else "",
        )


def _place(name: str, declared: Mapping[str, object]) -> tuple[bool, bool, bool, str]:
    return name == TOOL, name not in declared, name != MAIN, name


def _conflicts(notes: Mapping[str, Assessment]) -> Iterable[Mapping[str, str]]:
    for part in sorted(notes):
        for found in notes[part].notes.get("findings", []):
            if found["severity"] != "info":
                yield {"part": part, "severity": found["severity"], "text": found["text"]}

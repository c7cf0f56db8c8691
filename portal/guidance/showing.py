"""What the pages of applications show, in a fixed number of queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, OuterRef, Subquery

from matrix.review.models import Assessment, Channel, Proposal, Publication, PublishedFile, Run
from matrix.review.state import published
from matrix.rules.locks.parts import LockPart, Pinned
from portal.guidance.ageing import pinned_since
from portal.guidance.channel import KIND, channel_of, in_order, locks_in
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


def listed() -> list[Row]:
    """Return all applications by name."""
    rows = list(Application.objects.prefetch_related("sets"))
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
    def path(self) -> str:
        return f"requirements/{self.name}.txt"


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
    channel = channel_of(application)
    rows = Publication.objects.filter(channel=channel, channel__current=F("pk"))
    current = rows.select_related("channel", "published_by").first()
    notes = {one.part: one for one in Assessment.objects.filter(channel=channel)}
    declared = update_of(application)
    files = with_sizes(current.files.order_by("path")) if current else ()
    return Shown(
        application=application,
        sets=tuple(_sets(application, notes)),
        conflicts=tuple(_conflicts(notes)),
        publication=current,
        files=tuple(files),
        proposal=proposals(Proposal.objects.open().filter(channel=channel)).first(),
        run=channel.runs.order_by("-pk").select_related("requested_by").first(),
        next_run_at=declared.next_after(now) if declared else None,
    )


def _sets(application: Application, notes: Mapping[str, Assessment]) -> Iterable[ShownSet]:
    """Yield what is declared, then what is only published."""
    sets = {each.name: each for each in in_order(application.sets.all())}
    locks = locks_in(published(channel_of(application)))
    since = pinned_since(application)
    for name in (*sets, *(name for name in locks if name not in sets)):
        each, lock = sets.get(name), locks.get(name)
        declared = tuple(each.requirement_list) if each else ()
        ages = since.get(name, {})
        yield ShownSet(
            name=name,
            declared=declared,
            is_declared=each is not None,
            lock=lock,
            pins=tuple(ShownPin(pin, ages.get(pin.name)) for pin in (lock.pinned if lock else ())),
            is_newer=lock is not None and each is not None and lock.declared != declared,
            problem=notes[name].problem if name in notes else "",
        )


def _conflicts(notes: Mapping[str, Assessment]) -> Iterable[Mapping[str, str]]:
    for part in sorted(notes):
        for found in notes[part].notes.get("findings", []):
            if found["severity"] != "info":
                yield {"part": part, "severity": found["severity"], "text": found["text"]}

"""What became of one release over time: verdicts that changed, and publications with its row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, Case, F, Prefetch, Value, When
from packaging.version import Version

from matrix.review.models import Channel, Decision, Item, Run, VerdictChange
from matrix.rules.guidance import word_of
from matrix.sdk.channel import KIND

MOST_RUNS = 2_000  # Counted, from the newest: five years of daily runs.


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One line of a history."""

    at: datetime
    kind: str  # verdict, same, brought in, taken out, released
    before: str = ""  # The word of the verdict before; "" where there was none.
    now: str = ""
    text: str = ""
    count: int = 0  # Of runs with the same answer.
    run: int | None = None
    publication: int | None = None
    proposal: int | None = None
    by: str = ""  # Who approved it, else who published it.


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    events: tuple[Event, ...]  # Newest first.
    since: datetime | None  # When the present answer was given first; None: no run gave one.
    runs: int  # That covered the integration since the release came.


def history_of(slug: str, part: str, version: Version, *, released_at: datetime | None) -> History:
    """Return the history of a release in the channel of an SDK, in five queries at most."""
    channel = Channel.objects.filter(kind=KIND, slug=slug).first()
    if channel is None:
        return History(events=tuple(_released(released_at)), since=None, runs=0)
    rows = VerdictChange.objects.filter(channel=channel, part=part, release=str(version))
    changes = list(rows.order_by("-changed_at", "-pk"))
    moments = _moments(channel, part, since=released_at)
    events = [
        *map(_changed, changes),
        *_same(changes, moments),
        *_published(channel, part, version),
        *_released(released_at),
    ]
    since = changes[0].changed_at if changes else moments[-1] if moments else None
    return History(
        events=tuple(sorted(events, key=lambda event: event.at, reverse=True)),
        since=since,
        runs=len(moments),
    )


def _moments(channel: Channel, part: str, *, since: datetime | None) -> list[datetime]:
    """Return the moments of the runs that covered *part*, newest first; none that looked back."""
    finished = Run.objects.filter(channel=channel, status=Run.Status.FINISHED)
    runs = finished.filter(as_of__gte=F("intended_at"))
    rows = runs.order_by("-pk").only("as_of", "only", "hold_back")[:MOST_RUNS]
    moments = [run.as_of for run in rows if run.covers(part)]
    return sorted((at for at in moments if since is None or at >= since), reverse=True)


def _changed(change: VerdictChange) -> Event:
    return Event(
        at=change.changed_at,
        kind="verdict",
        before=word_of(change.before) if change.before else "",
        now=word_of(change.now),
        text=change.text,
        run=change.run_id,
    )


def _same(changes: Sequence[VerdictChange], moments: Sequence[datetime]) -> Iterator[Event]:
    """Count the runs between two changes, and before the first where the release was there."""
    edges = [change.changed_at for change in changes]
    is_new = bool(changes) and not changes[-1].before
    for later, earlier in zip([None, *edges], [*edges, None], strict=True):
        if earlier is None and is_new:
            return
        between = [
            at
            for at in moments
            if (later is None or at < later) and (earlier is None or at > earlier)
        ]
        if between:
            yield Event(at=between[0], kind="same", count=len(between))


def _published(channel: Channel, part: str, version: Version) -> Iterator[Event]:
    """Yield the publications that brought a row of the release in, or took it out."""
    # As snapshots write a row; requirements name versions without this key.
    text = f'"version":"{version}"'
    approved = Decision.objects.filter(verdict=Decision.Verdict.APPROVED, withdrawn_at=None)
    items = (
        Item.objects.filter(part=part, proposal__channel=channel, published_in__isnull=False)
        .annotate(had=_has("old", text), has=_has("new", text))
        .exclude(had=F("has"))
        .select_related("published_in__published_by", "proposal")
        .prefetch_related(Prefetch("decisions", approved.select_related("decided_by")))
    )
    for item in items.order_by("pk"):
        assert item.published_in is not None
        deciders = [decision.decided_by for decision in item.decisions.all()]
        person = deciders[0] if deciders else item.published_in.published_by
        yield Event(
            at=item.published_in.published_at,
            kind="brought in" if item.has else "taken out",
            publication=item.published_in.number,
            proposal=item.proposal.number,
            by=person.get_username(),
        )


def _has(side: str, text: str) -> Case:
    found = When(**{f"{side}__body__contains": text}, then=Value(True))
    return Case(found, default=Value(False), output_field=BooleanField())


def _released(at: datetime | None) -> Iterator[Event]:
    if at is not None:
        yield Event(at=at, kind="released")

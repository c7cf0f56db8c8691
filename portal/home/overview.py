"""What the home page says of each SDK, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, OuterRef, QuerySet, Subquery

from integrations.catalogue.models import Integration, Sdk
from integrations.index.address import default_index_url
from integrations.index.models import Poll, PollOutcome
from matrix.review.kinds import Subject, kind_named, other_kinds
from matrix.review.models import Channel, Proposal, Publication, Run
from matrix.sdk.channel import KIND
from portal.home.example import EXAMPLE
from portal.home.listing import proposals
from portal.operations.schedules import proposal_of

RECENT_POLLS = 20
MOST_FAILURES = 5  # Shown by name; the rest is counted.


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """What finished polls last said of the projects of an SDK."""

    url: str  # The address of the index.
    finished_at: datetime  # The last poll among them.
    error: str  # Why that poll ended early.
    projects: int
    failed: list[tuple[str, str]]  # Project and reason.

    @property
    def shown(self) -> list[tuple[str, str]]:
        return self.failed[:MOST_FAILURES]

    @property
    def hidden(self) -> int:
        return max(0, len(self.failed) - MOST_FAILURES)


@dataclass(frozen=True, kw_only=True, slots=True)
class SdkOverview:
    sdk: Sdk
    proposal: Proposal | None  # The open one, counted.
    run: Run | None  # The last one.
    visit: Visit | None
    publication: Publication | None  # The current one, with its ``file_count``.
    next_run_at: datetime | None  # None: only when somebody asks.
    integrations: int  # In the catalogue, paused ones too.

    @property
    def is_example(self) -> bool:
        return self.sdk.slug == EXAMPLE


def overview(now: datetime) -> list[SdkOverview]:
    """Return the SDKs by name."""
    counted = Sdk.objects.annotate(number=Count("integrations"))
    sdks = list(counted.defer("frame").order_by("name", "slug"))
    channels = Channel.objects.filter(kind=KIND, slug__in=[sdk.slug for sdk in sdks])
    proposed = {found.channel.slug: found for found in _open_proposals(channels)}
    runs = {run.channel.slug: run for run in _last_runs(channels)}
    current = {found.channel.slug: found for found in _current_publications(channels)}
    visits = _visits(sdks)
    return [
        SdkOverview(
            sdk=sdk,
            proposal=proposed.get(sdk.slug),
            run=runs.get(sdk.slug),
            visit=visits.get(sdk.pk),
            publication=current.get(sdk.slug),
            next_run_at=declared.next_after(now) if (declared := proposal_of(sdk)) else None,
            integrations=sdk.number,
        )
        for sdk in sdks
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherOverview:
    """The open proposal of something else than an SDK, beside what it belongs to."""

    sdk: Subject  # Called so for the templates.
    proposal: Proposal  # Counted.
    next_run_at: datetime | None = None
    is_example: bool = False


def others(next_runs: Mapping[str, datetime | None] | None = None) -> list[OtherOverview]:
    """
    Return the open proposals of everything but SDKs, by name.

    *next_runs* says when each of them runs by itself the next time, by slug.
    """
    times = next_runs or {}
    found: dict[str, list[Proposal]] = defaultdict(list)
    rows = Proposal.objects.open().filter(channel__kind__in=other_kinds(KIND))
    for proposal in proposals(rows):
        found[proposal.channel.kind].append(proposal)
    subjects = {
        kind: kind_named(kind).subjects([one.channel.slug for one in open_ones])
        for kind, open_ones in found.items()
    }
    overviews = [
        OtherOverview(sdk=subject, proposal=one, next_run_at=times.get(subject.slug))
        for kind, open_ones in found.items()
        for one in open_ones
        if (subject := subjects[kind].get(one.channel.slug))
    ]
    return sorted(overviews, key=lambda one: (one.sdk.name, one.sdk.slug))


def _open_proposals(channels: QuerySet[Channel]) -> QuerySet[Proposal]:
    return proposals(Proposal.objects.open().filter(channel__in=channels))


def _last_runs(channels: QuerySet[Channel]) -> QuerySet[Run]:
    latest = Run.objects.filter(channel=OuterRef("channel")).order_by("-pk").values("pk")[:1]
    rows = Run.objects.filter(channel__in=channels, pk=Subquery(latest))
    return rows.select_related("channel", "requested_by")


def _current_publications(channels: QuerySet[Channel]) -> QuerySet[Publication]:
    rows = Publication.objects.filter(channel__in=channels, channel__current=F("pk"))
    return rows.select_related("channel", "published_by").annotate(file_count=Count("files"))


def _visits(sdks: Iterable[Sdk]) -> dict[int, Visit]:
    """
    Return what is known of the visits to each SDK's projects, by the key of the SDK.

    The newest outcome of each project counts: SDKs share an index, and a run may poll again the
    projects that no poll has read yet.
    """
    urls = {sdk.pk: sdk.index_url or default_index_url() for sdk in sdks}
    finished = Poll.objects.filter(index__url__in=urls.values(), finished_at__isnull=False)
    recent = finished.select_related("index").order_by("-started_at", "-pk")[:RECENT_POLLS]
    polls = {poll.pk: poll for poll in recent}
    own: dict[int, set[str]] = defaultdict(set)
    for pk, project in Integration.objects.filter(sdk__in=urls).values_list("sdk", "project"):
        own[pk].add(project)
    newest = _newest_outcomes(polls)
    return {
        pk: visit
        for pk, url in urls.items()
        if (
            visit := _visit(
                url, polls, [newest[url, name] for name in own[pk] if (url, name) in newest]
            )
        )
    }


def _newest_outcomes(polls: Mapping[int, Poll]) -> dict[tuple[str, str], PollOutcome]:
    """Return the last outcome of each project, by the address of its index and its name."""
    asked = PollOutcome.objects.filter(poll__in=polls)
    latest = asked.values("poll__index", "project").annotate(latest=Max("pk")).values("latest")
    return {
        (polls[outcome.poll_id].index.url, outcome.project): outcome
        for outcome in PollOutcome.objects.filter(pk__in=latest)
    }


def _visit(url: str, polls: Mapping[int, Poll], outcomes: Collection[PollOutcome]) -> Visit | None:
    if not outcomes:
        return None
    last = max(
        (polls[one.poll_id] for one in outcomes), key=lambda poll: (poll.started_at, poll.pk)
    )
    assert last.finished_at is not None
    failed = [one for one in outcomes if one.state == PollOutcome.State.FAILED]
    return Visit(
        url=url,
        finished_at=last.finished_at,
        error=last.error,
        projects=len(outcomes),
        failed=sorted((one.project, one.reason) for one in failed),
    )

"""What the home page says of each SDK, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Exists, F, OuterRef, QuerySet, Subquery, Value, When

from integrations.catalogue.models import Integration, Sdk
from integrations.index.address import default_index_url
from integrations.index.models import Poll, PollOutcome
from matrix.review.models import Channel, Proposal, Publication, PublishedFile, Run
from matrix.sdk.channel import KIND
from portal.home.example import EXAMPLE
from portal.home.listing import proposals
from portal.operations.schedules import proposal_of

MOST_FAILURES = 5  # Shown by name; the rest is counted.


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """The last finished poll that asked for projects of an SDK."""

    finished_at: datetime
    error: str  # Why the whole poll ended early.
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
    files: list[PublishedFile]  # Of the current publication, without their bodies; by path.
    next_run_at: datetime | None  # None: only when somebody asks.

    @property
    def publication(self) -> Publication | None:
        """The current one. It always has files: a channel without parts publishes none."""
        return self.files[0].publication if self.files else None

    @property
    def is_example(self) -> bool:
        return self.sdk.slug == EXAMPLE


def overview(now: datetime) -> list[SdkOverview]:
    """Return the SDKs by name."""
    sdks = list(_with_last_poll(Sdk.objects.defer("frame").order_by("name", "slug")))
    channels = Channel.objects.filter(kind=KIND, slug__in=[sdk.slug for sdk in sdks])
    proposed = {found.channel.slug: found for found in _open_proposals(channels)}
    runs = {run.channel.slug: run for run in _last_runs(channels)}
    files = _files(channels)
    visits = _visits(sdks)
    return [
        SdkOverview(
            sdk=sdk,
            proposal=proposed.get(sdk.slug),
            run=runs.get(sdk.slug),
            visit=visits.get(sdk.pk),
            files=files.get(sdk.slug, []),
            next_run_at=declared.next_after(now) if (declared := proposal_of(sdk)) else None,
        )
        for sdk in sdks
    ]


def _open_proposals(channels: QuerySet[Channel]) -> QuerySet[Proposal]:
    return proposals(Proposal.objects.open().filter(channel__in=channels))


def _last_runs(channels: QuerySet[Channel]) -> QuerySet[Run]:
    latest = Run.objects.filter(channel=OuterRef("channel")).order_by("-pk").values("pk")[:1]
    rows = Run.objects.filter(channel__in=channels, pk=Subquery(latest))
    return rows.select_related("channel", "requested_by")


def _files(channels: QuerySet[Channel]) -> dict[str, list[PublishedFile]]:
    """Return the files of the current publications by the slug of their channel."""
    found: dict[str, list[PublishedFile]] = defaultdict(list)
    current = PublishedFile.objects.filter(
        publication__channel__in=channels,
        publication__channel__current=F("publication"),
    )
    rows = current.select_related("publication__channel", "publication__published_by")
    for file in rows.defer("body").order_by("path"):
        found[file.publication.channel.slug].append(file)
    return found


def _with_last_poll(sdks: QuerySet[Sdk]) -> QuerySet[Sdk]:
    """
    Add ``last_poll``: the last finished poll of the SDK's index that asked for one of its projects.

    Several SDKs share an index, and a run polls the projects of its own SDK alone.
    """
    own = Integration.objects.filter(sdk=OuterRef(OuterRef("pk"))).values("project")
    asked = PollOutcome.objects.filter(poll=OuterRef("pk"), project__in=own)
    url = Case(When(index_url="", then=Value(default_index_url())), default=F("index_url"))
    polls = Poll.objects.filter(
        Exists(asked), index__url=OuterRef("asked_url"), finished_at__isnull=False
    )
    return sdks.annotate(asked_url=url).annotate(
        last_poll=Subquery(polls.order_by("-started_at", "-pk").values("pk")[:1])
    )


def _visits(sdks: Iterable[Sdk]) -> dict[int, Visit]:
    """Return the last visit of each SDK, by its key."""
    wanted = {sdk.pk: sdk.last_poll for sdk in sdks if sdk.last_poll}  # type: ignore[attr-defined]
    polls = Poll.objects.in_bulk(wanted.values())
    own: dict[int, set[str]] = defaultdict(set)
    for pk, project in Integration.objects.filter(sdk__in=wanted).values_list("sdk", "project"):
        own[pk].add(project)
    outcomes: dict[int, list[PollOutcome]] = defaultdict(list)
    for outcome in PollOutcome.objects.filter(poll__in=polls).order_by("project"):
        outcomes[outcome.poll_id].append(outcome)
    return {
        pk: _visit(polls[poll], [one for one in outcomes[poll] if one.project in own[pk]])
        for pk, poll in wanted.items()
    }


def _visit(poll: Poll, outcomes: list[PollOutcome]) -> Visit:
    assert poll.finished_at is not None
    failed = [one for one in outcomes if one.state == PollOutcome.State.FAILED]
    return Visit(
        finished_at=poll.finished_at,
        error=poll.error,
        projects=len(outcomes),
        failed=[(one.project, one.reason) for one in failed],
    )

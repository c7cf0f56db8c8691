"""One run of an SDK's channel from its request to its proposal."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Count, F

from integrations.catalogue.models import Hold, Sdk
from integrations.index.models import Index, Poll, PollOutcome
from matrix.review.errors import ReviewError
from matrix.review.models import Proposal, Run
from matrix.review.proposing import propose
from matrix.review.runs import OVER, advance, fail, keep_alive, request_run, start, suspend
from matrix.rules.rendering import FrameError
from matrix.sdk.causes import with_causes
from matrix.sdk.channel import KIND, channel_of, summary_of
from matrix.sdk.computing import Question, compute
from matrix.sdk.declining import ended_holds
from matrix.sdk.gathering import Progress, failures_of, index_of, poll_sdks
from matrix.sdk.lifting import look_at_holds
from matrix.sdk.preferring import KEEP, Refresh
from matrix.sdk.resolving import OutOfTime, Resolver
from matrix.sdk.resolving import done as resolved
from matrix.sdk.scope import Scope, UnknownParts
from matrix.sdk.translating import read_catalogue

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]


def request(
    sdk: Sdk,
    *,
    by: User | None,
    at: datetime,
    kind: str = Run.Kind.MANUAL.value,
    as_of: datetime | None = None,
    only: Collection[str] | None = None,
    hold_back: Collection[str] = (),
    refresh: Refresh = KEEP,
) -> Run:
    """Ask for a run. The same kind and time ask for the same run. Raises UnknownParts."""
    scope = Scope(only=None if only is None else frozenset(only), hold_back=frozenset(hold_back))
    scope.check(read_catalogue(sdk))
    return request_run(
        channel_of(sdk),
        kind=kind,
        intended_at=at,
        as_of=as_of or at,
        by=by,
        only=only,
        hold_back=hold_back,
        options={"refresh": refresh.written()},
    )


def carry_out(
    run: Run,
    *,
    clock: Clock,
    polls: bool = True,
    index: Index | None = None,
    on_progress: Progress | None = None,
    resolver: Resolver | None = None,
) -> Proposal | None:
    """
    Poll the index (when *polls*), compute every part in scope, and propose what changed.

    With a *resolver* every environment is resolved; when its time is over the run is queued again
    and OutOfTime is raised: whoever carries it out next goes on where this one stopped. Whatever
    goes wrong ends in the run's outcome; then it is raised again. RunIsTaken and RunIsOver leave
    the run as it is: another worker has it.
    """
    start(run, at=clock())
    try:
        return _carry_out(
            run,
            clock=clock,
            polls=polls,
            index=index,
            on_progress=on_progress,
            resolver=resolver,
        )
    except OutOfTime:
        suspend(run)
        raise
    except (ReviewError, UnknownParts, FrameError) as error:
        _fail(run, str(error), at=clock())
        raise
    except Exception as error:
        logger.exception("%s of %s failed", run, run.channel)
        _fail(run, f"{type(error).__name__}: {error}", at=clock())
        raise


def _carry_out(
    run: Run,
    *,
    clock: Clock,
    polls: bool,
    index: Index | None,
    on_progress: Progress | None,
    resolver: Resolver | None,
) -> Proposal | None:
    sdk = Sdk.objects.get(slug=run.channel.slug)
    index = index or index_of(sdk)
    failed = _poll(run, sdk, index, clock, on_progress) if polls else {}
    advance(run, Run.Status.SELECTING)
    if resolver is not None:
        resolver.on_keys = lambda keys: _wait_for(run, keys)
        resolver.on_sign_of_life = lambda: keep_alive(run, at=clock())
    question = Question(
        as_of=run.as_of,
        now=clock(),
        index=index,
        scope=Scope(
            only=None if run.only is None else frozenset(run.only),
            hold_back=frozenset(run.hold_back),
        ),
        failed=failed,
        resolver=resolver,
        refresh=_refresh(run),
        cut_off=_cut_off(run, index),
    )
    parts = with_causes(run, sdk, compute(sdk, question), index=index)
    return propose(
        run,
        parts,
        at=clock(),
        summarise=summary_of(run.channel),
        ended=ended_holds(run.channel, as_of=run.as_of),
    )


def _poll(
    run: Run, sdk: Sdk, index: Index, clock: Clock, on_progress: Progress | None
) -> dict[str, str]:
    """Poll once for the run, however often it is suspended; return what could not be read."""
    done = Poll.objects.filter(pk=run.poll_id or 0).exclude(finished_at=None).first()
    if done is None:
        at = clock()
        row = Poll.objects.create(index=index, started_at=at)
        Run.objects.filter(pk=run.pk).update(poll_id=row.pk)
        done = poll_sdks([sdk], index, at=at, row=row, on_progress=on_progress)
        look_at_holds(at=at)
        _see_what_was_polled(run, at)
    return failures_of(done)


def _refresh(run: Run) -> Refresh:
    return Refresh.read(run.options.get("refresh", {}))


def _cut_off(run: Run, index: Index) -> datetime:
    """
    Return the moment after which files do not exist for the resolver.

    A run of now that somebody asked for takes over that of the last run, unless a poll saw a change
    since: then what is unchanged has been resolved already, and pins still do not freeze for ever.
    One that refreshes pins wants to see what is new.
    """
    if noted := run.options.get("cut_off"):
        return datetime.fromisoformat(noted)
    moment = run.as_of
    is_of_now = run.as_of >= run.intended_at
    if run.kind == Run.Kind.MANUAL and is_of_now and _refresh(run) == KEEP:
        moment = _inherited(run, index) or moment
    run.options["cut_off"] = moment.isoformat()
    Run.objects.filter(pk=run.pk).update(options=run.options)
    return moment


def _inherited(run: Run, index: Index) -> datetime | None:
    finished = run.channel.runs.filter(status=Run.Status.FINISHED, as_of__gte=F("intended_at"))
    last = finished.order_by("-pk").first()
    if last is None or "cut_off" not in last.options:
        return None
    moment = datetime.fromisoformat(last.options["cut_off"])
    has_changed = index.projects.filter(changed_at__gt=moment).exists()
    return None if has_changed else moment


def _wait_for(run: Run, keys: Collection[str]) -> None:
    """Note what the run waits for, so that its progress can be counted."""
    if run.status == Run.Status.SELECTING:
        advance(run, Run.Status.RESOLVING)
    Run.objects.filter(pk=run.pk).update(waits_for=sorted(keys))


def _see_what_was_polled(run: Run, at: datetime) -> None:
    """
    Let a run of now see what its own poll saw: a yank counts from the moment it was seen, which
    comes after the request. A run of a past moment stays there.
    """
    if run.intended_at <= run.as_of < at:
        run.as_of = at
        Run.objects.filter(pk=run.pk).update(as_of=at)


def _fail(run: Run, reason: str, *, at: datetime) -> None:
    try:
        fail(run, reason, at=at)
    except ReviewError:
        logger.warning("%s is over or with another worker; its failure is not recorded", run)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunProgress:
    """How far a run has come, counted from the rows of its poll."""

    status: str
    done: int
    total: int
    failed: list[tuple[str, str]]  # Project and reason.
    sentence: str

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    @property
    def unit(self) -> str:
        return "environment" if self.status == Run.Status.RESOLVING else "project"


def progress_of(run: Run) -> RunProgress:
    """Return the progress of *run* in three queries at most."""
    outcomes = PollOutcome.objects.filter(poll_id=run.poll_id) if run.poll_id else None
    states: dict[str, int] = {}
    failed: list[tuple[str, str]] = []
    if outcomes is not None:
        rows = outcomes.values_list("state").annotate(count=Count("pk")).order_by("state")
        states = dict(rows)
        failures = outcomes.filter(state=PollOutcome.State.FAILED)
        failed = sorted(failures.values_list("project", "reason"))
    total = sum(states.values())
    done = total - states.get(PollOutcome.State.WAITING, 0)
    if run.status == Run.Status.RESOLVING:
        total, done = len(run.waits_for), resolved(run.waits_for)
    return RunProgress(
        status=run.status,
        done=done,
        total=total,
        failed=failed,
        sentence=_sentence(run, done, total),
    )


def _sentence(run: Run, done: int, total: int) -> str:
    match run.status:
        case Run.Status.QUEUED:
            return "Waiting for a worker."
        case Run.Status.POLLING if total:
            return f"Reading the index: {done} of {total} projects."
        case Run.Status.POLLING:
            return "Reading the index."
        case Run.Status.SELECTING:
            return "Selecting releases." if run.channel.kind == KIND else "Locking the sets."
        case Run.Status.RESOLVING:
            return f"Resolving environments: {done} of {total}."
        case Run.Status.PROPOSING:
            return "Comparing with what is published."
    return run.outcome


def sdk_of(run: Run) -> Sdk | None:
    """Return the SDK of the run's channel, unless it was removed."""
    return Sdk.objects.filter(slug=run.channel.slug).first() if run.channel.kind == KIND else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Polled:
    """What came of polling every index once."""

    polls: tuple[Poll, ...]
    ended: tuple[Hold, ...]  # The holds that waited for what the polls saw.

    def __str__(self) -> str:
        outcomes = PollOutcome.objects.filter(poll__in=self.polls)
        failed = outcomes.filter(state=PollOutcome.State.FAILED).count()
        indexes = "1 index" if len(self.polls) == 1 else f"{len(self.polls)} indexes"
        counted = f"{outcomes.count()} projects of {indexes} polled, {failed} failed."
        return f"{counted}{_ended(len(self.ended))}"


def poll_everything(*, at: datetime, also: Mapping[str, Collection[str]] | None = None) -> Polled:
    """
    Poll every index once: for all SDKs that use it, and for the projects that *also* names by the
    address of their index. No project is asked for twice.
    """
    further = also or {}
    using: dict[Index, list[Sdk]] = {}
    for sdk in Sdk.objects.order_by("slug"):
        using.setdefault(index_of(sdk), []).append(sdk)
    for url in further:
        using.setdefault(Index.objects.get_or_create(url=url)[0], [])
    polls = [
        poll_sdks(sdks, index, at=at, also=further.get(index.url, ()))
        for index, sdks in using.items()
    ]
    return Polled(polls=tuple(polls), ended=look_at_holds(at=at).ended)


def _ended(holds: int) -> str:
    if not holds:
        return ""
    return " 1 hold ended." if holds == 1 else f" {holds} holds ended."

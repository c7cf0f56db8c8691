"""One run of an application's channel from its request to its proposal."""

import logging
from collections.abc import Callable, Collection
from datetime import datetime

from django.contrib.auth.models import User

from integrations.index.models import Index
from matrix.environments.uv import resolve
from matrix.review.errors import ReviewError
from matrix.review.models import Proposal, Run
from matrix.review.proposing import propose
from matrix.review.runs import advance, fail, request_run, start
from matrix.rules.locks.parts import SETTINGS, TOOL
from matrix.sdk.preferring import KEEP, Refresh
from portal.guidance.channel import application_of, channel_of, summarise
from portal.guidance.computing import LockFunction, Question, compute, held_everywhere, index_of
from portal.guidance.models import Application

logger = logging.getLogger(__name__)
EVERYTHING = Refresh(everything=True)  # What a weekly update does: every lock anew.


class UnknownSets(ValueError):
    """A run names sets that the application does not have."""


def request(
    application: Application,
    *,
    by: User | None,
    at: datetime,
    as_of: datetime | None = None,
    kind: str = Run.Kind.MANUAL.value,
    only: Collection[str] | None = None,
    refresh: Refresh = KEEP,
) -> Run:
    """
    Ask for a run; the same kind and time ask for the same one.

    *refresh* says which published pins are given up: none (only what is new or changed is locked),
    everything, some projects, or those of a certain age. *as_of* is *at* where nothing else is
    said. Raises UnknownSets.
    """
    known = {*application.sets.values_list("name", flat=True), SETTINGS}
    known |= {TOOL} if application.locks_tool else set()
    if unknown := sorted(set(only or ()) - known):
        raise UnknownSets(f"{application.slug} has no set named {', '.join(unknown)}.")
    return request_run(
        channel_of(application),
        kind=kind,
        intended_at=at,
        as_of=as_of or at,
        by=by,
        only=only,
        options={"refresh": refresh.written()},
    )


def carry_out(
    run: Run,
    *,
    clock: Callable[[], datetime],
    lock: LockFunction = resolve,
    index: Index | None = None,
) -> Proposal | None:
    """
    Lock every set in scope from *index*, else the application's own, and propose what changed.

    Whatever goes wrong ends in the run's outcome; then it is raised again. RunIsTaken and RunIsOver
    leave the run as it is: another worker has it.
    """
    start(run, at=clock())
    try:
        return _carry_out(run, clock=clock, lock=lock, index=index)
    except ReviewError as error:
        _fail(run, str(error), at=clock())
        raise
    except Exception as error:
        logger.exception("%s of %s failed", run, run.channel)
        _fail(run, f"{type(error).__name__}: {error}", at=clock())
        raise


def _carry_out(
    run: Run, *, clock: Callable[[], datetime], lock: LockFunction, index: Index | None
) -> Proposal | None:
    application = application_of(run.channel)
    if application is None:
        raise ReviewError(f"There is no application {run.channel.slug} any more.")
    advance(run, Run.Status.SELECTING)
    index = index or index_of(application)
    question = Question(
        as_of=run.as_of,
        index=index,
        only=None if run.only is None else frozenset(run.only),
        refresh=Refresh.read(run.options.get("refresh", {})),
        constraints=held_everywhere(index, as_of=run.as_of, at=clock()),
    )
    parts = compute(application, question, lock)
    return propose(run, parts, at=clock(), summarise=summarise)


def _fail(run: Run, reason: str, *, at: datetime) -> None:
    try:
        fail(run, reason, at=at)
    except ReviewError:
        logger.warning("%s is over or with another worker; its failure is not recorded", run)

"""
Every function that is queued or scheduled.

Their dotted paths stand in the database: renaming one needs a data migration. Each takes plain
values, loads, makes one call, and may run twice: delivery is at least once.
"""

from datetime import datetime

from django.utils.timezone import now

from integrations.catalogue.models.sdk import sdk_named
from matrix.environments.resolving import sweep as revive
from matrix.review.errors import ReviewError
from matrix.review.models import Run
from matrix.sdk.learning import learn
from matrix.sdk.lifting import look_at_holds as look_at_all_holds
from matrix.sdk.resolving import OutOfTime
from matrix.sdk.running import carry_out, poll_everything, request
from portal.guidance import running as applications
from portal.guidance.channel import KIND as APPLICATION
from portal.guidance.reporting import find as application_named
from portal.guidance.toolversions import watched as watched_by_guidance
from portal.operations import queueing, retention
from portal.operations.resolvers import a_resolver, help_to_resolve

TASK_SECONDS = 240  # Then a task makes room for others; it is killed after 300.


def heartbeat() -> None:
    """Do nothing: that the task comes through is the message (portal/operations/health.py)."""


def tidy() -> str:
    return str(retention.tidy(now()))


def poll_indexes() -> str:
    """
    Poll every index once, for all SDKs and applications that use it; return what came of it.

    The pages of the tools that install applications are read with those of the SDKs' projects.
    """
    at = now()
    return str(poll_everything(at=at, also=watched_by_guidance(at)))


def look_at_holds() -> str:
    """Lift the holds whose condition has come true, and note what the others keep out today."""
    return str(look_at_all_holds(at=now()))


def ask_index(poll_id: int, project: str, versions: list[str]) -> str:
    """Ask an index about one project, and for the metadata of some of its releases."""
    return learn(poll_id, project, versions, at=now())


def propose_weekly(slug: str, intended_at: datetime | str | None = None) -> str:
    """
    Make the weekly proposal of an SDK; delivered twice for one intended time, it is made once.

    *intended_at* comes from the schedule: the time when it was due.
    """
    sdk = sdk_named(slug)
    if sdk is None:
        return f"There is no SDK {slug} any more."
    due = _moment(intended_at)
    run = request(sdk, by=None, at=due or now(), as_of=now(), kind=Run.Kind.SCHEDULED.value)
    return run_channel(run.pk)


def update_locks_weekly(slug: str, intended_at: datetime | str | None = None) -> str:
    """
    Lock every set of an application anew and propose what moves, once for one intended time.

    *intended_at* comes from the schedule, as that of ``propose_weekly`` does.
    """
    application = application_named(slug)
    if application is None:
        return f"There is no application {slug} any more."
    run = applications.request(
        application,
        by=None,
        at=_moment(intended_at) or now(),
        as_of=now(),
        kind=Run.Kind.SCHEDULED.value,
        refresh=applications.EVERYTHING,
    )
    return run_channel(run.pk)


def _moment(written: datetime | str | None) -> datetime | None:
    return datetime.fromisoformat(written) if isinstance(written, str) else written


def run_channel(run_id: int) -> str:
    """Carry out a run, unless it is over or with another worker; return its outcome."""
    run = Run.objects.select_related("channel").get(pk=run_id)
    try:
        if run.channel.kind == APPLICATION:
            applications.carry_out(run, clock=now)
        else:
            resolver = a_resolver(seconds=TASK_SECONDS, on_open=queueing.ask_for_help)
            carry_out(run, clock=now, resolver=resolver)
    except OutOfTime as error:
        queueing.enqueue(run)
        return f"{error} Another task goes on."
    except ReviewError as error:
        return str(error)
    run.refresh_from_db()
    return run.outcome


def drain() -> str:
    """Help to resolve what waits, whoever asked for it."""
    return f"{help_to_resolve(seconds=TASK_SECONDS)} environments resolved."


def sweep() -> str:
    """Enqueue again what a broker lost or a killed worker left."""
    revived = revive(now())
    return f"{queueing.sweep(now())} runs enqueued again, {revived} leases taken back."

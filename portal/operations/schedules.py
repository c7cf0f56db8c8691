"""
What happens by itself, and when: declared here, written to django-q2's table by ``synchronise``.

The table is read-only elsewhere: one row with arguments that do not parse stops all schedules.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_q.models import Schedule

from integrations.catalogue.models import Sdk

OURS = "portal.tasks."  # Every function that is scheduled stands in portal/tasks.py.
WEEK = timedelta(weeks=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """
    One schedule. It falls on *anchor* and on every multiple of *every* before and after it; all
    times are UTC, so that each step has the same length.
    """

    name: str
    function: str
    anchor: datetime
    every: timedelta
    arguments: tuple[str, ...] = ()
    intended_date_kwarg: str | None = None

    def is_due_time(self, moment: datetime) -> bool:
        return (moment - self.anchor) % self.every == timedelta(0)

    def next_after(self, moment: datetime) -> datetime:
        return moment + self.every - (moment - self.anchor) % self.every


MONDAY = datetime(2024, 1, 1, tzinfo=UTC)  # A Monday: day n of its week is MONDAY + (n - 1) days.


def at(weekday: int, moment: time) -> datetime:
    """The anchor of a weekly schedule; Monday is 1."""
    day = MONDAY + (weekday - 1) * DAY
    return datetime.combine(day.date(), moment, tzinfo=UTC)


HOUSEKEEPING = (
    Declared(
        name="heartbeat",
        function="portal.tasks.heartbeat",
        anchor=MONDAY,
        every=timedelta(minutes=1),
    ),
    Declared(
        name="sweep", function="portal.tasks.sweep", anchor=MONDAY, every=timedelta(minutes=5)
    ),
    Declared(
        name="poll", function="portal.tasks.poll_indexes", anchor=at(1, time(2, 17)), every=DAY
    ),
    # After the poll, and on its own where that fails: days pass without an index.
    Declared(
        name="holds", function="portal.tasks.look_at_holds", anchor=at(1, time(2, 47)), every=DAY
    ),
    Declared(name="tidy", function="portal.tasks.tidy", anchor=at(7, time(4, 41)), every=WEEK),
)


def proposal_of(sdk: Sdk) -> Declared | None:
    """The weekly proposal of *sdk*; None when it is made only when somebody asks."""
    if sdk.propose_on is None:
        return None
    return Declared(
        name=f"propose {sdk.slug}",
        function="portal.tasks.propose_weekly",
        anchor=at(sdk.propose_on, sdk.propose_at),
        every=WEEK,
        arguments=(sdk.slug,),
        intended_date_kwarg="intended_at",
    )


def declared(sdks: Iterable[Sdk]) -> list[Declared]:
    proposals = (proposal_of(sdk) for sdk in sdks)
    others = (one for declare in _further for one in declare())
    return [*HOUSEKEEPING, *(one for one in proposals if one is not None), *others]


_further: list[Callable[[], Iterable[Declared]]] = []


def also_declare(declare: Callable[[], Iterable[Declared]]) -> None:
    """Have ``synchronise`` ask *declare* too: apps after this one have schedules of their own."""
    if declare not in _further:
        _further.append(declare)


@transaction.atomic
def synchronise(now: datetime) -> None:
    """
    Make django-q2's table say what is declared, and remove what is not declared any more.

    A next run that lies on the declared times stays, also when it has passed: that is a run which
    was missed, and the worker makes it up once.
    """
    wanted = declared(Sdk.objects.order_by("slug"))
    stale = Schedule.objects.filter(func__startswith=OURS)
    stale.exclude(name__in=[one.name for one in wanted]).delete()
    for one in wanted:
        _write(one, now)


def synchronise_after_saving(**_: Any) -> None:
    """Synchronise once the transaction that saved or deleted something with a day is committed."""
    transaction.on_commit(lambda: synchronise(timezone.now()))


def _write(one: Declared, now: datetime) -> None:
    fields = {
        "func": one.function,
        "args": repr(one.arguments) if one.arguments else None,
        "kwargs": None,
        "intended_date_kwarg": one.intended_date_kwarg,
        "repeats": -1,
        **_rhythm(one.every),
    }
    rows = Schedule.objects.filter(name=one.name).order_by("pk")
    row = rows.first() or Schedule(name=one.name)
    rows.exclude(pk=row.pk).delete()
    for name, value in fields.items():
        setattr(row, name, value)
    if row.pk is None or not row.next_run or not one.is_due_time(row.next_run):
        row.next_run = one.next_after(now)
    row.save()


def _rhythm(every: timedelta) -> dict[str, object]:
    """How django-q2 says *every*."""
    if every == WEEK:
        return {"schedule_type": Schedule.WEEKLY, "minutes": None}
    if every == DAY:
        return {"schedule_type": Schedule.DAILY, "minutes": None}
    return {"schedule_type": Schedule.MINUTES, "minutes": every // timedelta(minutes=1)}

"""
Who works on a resolution. Every change of hands is settled by the row count.

A row is claimed under a lease that its worker extends while it lives. A worker whose lease was
taken over can store nothing any more; so each row ends once, however often it was begun.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from matrix.environments.explaining import Failure, Unresolved
from matrix.environments.models import PinSet, Resolution
from matrix.rules.resolution import EnvironmentRequest, pin_set_key, pins_text

State = Resolution.State
LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 3
MOST_IN_ONE_QUERY = 5_000  # Databases bound the number of parameters.
FREE = {"lease_owner": "", "lease_until": None}
GAVE_UP = (
    f"The worker died {MOST_ATTEMPTS} times while this environment was resolved; "
    "look into its log, then ask again."
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A row in the hands of one worker."""

    key: str
    request: EnvironmentRequest
    attempts: int  # This one included.


def rows_of(keys: Collection[str] | None) -> Iterator[QuerySet[Resolution]]:
    """Yield the rows with these keys, or all, in portions that a database can be asked for."""
    if keys is None:
        yield Resolution.objects.all()
    else:
        for some in in_portions(keys):
            yield Resolution.objects.filter(key__in=some)


def in_portions(values: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), MOST_IN_ONE_QUERY):
        yield ordered[start : start + MOST_IN_ONE_QUERY]


def claim(
    owner: str, *, most: int, now: datetime, keys: Collection[str] | None = None
) -> list[Claim]:
    """Take up to *most* waiting rows, those with few attempts first, and count the attempt."""
    for rows in rows_of(keys):
        if claimed := _claim(rows, owner, most=most, now=now):
            return claimed
    return []


def _claim(rows: QuerySet[Resolution], owner: str, *, most: int, now: datetime) -> list[Claim]:
    with transaction.atomic():
        # The lock is for PostgreSQL, where two workers could else wait for each other's rows.
        waiting = rows.filter(state=State.WAITING).order_by("attempts", "pk")
        chosen = list(
            waiting.select_for_update(skip_locked=True).values_list("pk", flat=True)[:most]
        )
        mine = Resolution.objects.filter(pk__in=chosen, state=State.WAITING)
        mine.update(
            state=State.LEASED,
            lease_owner=owner,
            lease_until=now + LEASE,
            attempts=F("attempts") + 1,
        )
        taken = _held(owner).filter(pk__in=chosen).order_by("attempts", "pk")
        return [
            Claim(key, EnvironmentRequest.read(request), attempts)
            for key, request, attempts in taken.values_list("key", "request", "attempts")
        ]


def _held(owner: str) -> QuerySet[Resolution]:
    return Resolution.objects.filter(state=State.LEASED, lease_owner=owner)


def are_open(keys: Collection[str]) -> bool:
    """Whether any of these rows waits or is in somebody's hands."""
    open_states = [State.WAITING, State.LEASED]
    return any(rows.filter(state__in=open_states).exists() for rows in rows_of(keys))


def extend(owner: str, *, now: datetime) -> set[str]:
    """Extend the leases of *owner*; return the keys that are still in its hands."""
    _held(owner).update(lease_until=now + LEASE)
    return set(_held(owner).values_list("key", flat=True))


def give_back(owner: str, *, unstarted: Collection[str] = ()) -> int:
    """Let others have what *owner* holds; attempts that never began are not counted."""
    with transaction.atomic():
        for some in in_portions(unstarted):
            _held(owner).filter(key__in=some).update(attempts=F("attempts") - 1)
        return _held(owner).update(state=State.WAITING, **FREE)


def store_pins(
    owner: str, key: str, pins: Collection[str], *, seconds: float, at: datetime
) -> bool:
    """Store the answer; False when the row is no longer the caller's."""
    for _ in range(MOST_ATTEMPTS - 1):
        try:
            return _store_pins(owner, key, pins, seconds=seconds, at=at)
        except IntegrityError:  # A clean-up removed the pin set between the two statements.
            continue
    return _store_pins(owner, key, pins, seconds=seconds, at=at)


def _store_pins(
    owner: str, key: str, pins: Collection[str], *, seconds: float, at: datetime
) -> bool:
    pin_set = PinSet(sha256=pin_set_key(pins), pins=pins_text(pins), made_at=at)
    with transaction.atomic():
        PinSet.objects.bulk_create([pin_set], ignore_conflicts=True)
        changed = (
            _held(owner)
            .filter(key=key)
            .update(
                state=State.DONE,
                pin_set=pin_set,
                seconds=seconds,
                resolved_at=at,
                failure="",
                problem="",
                is_transient=False,
                **FREE,
            )
        )
    return changed == 1


def store_failure(
    owner: str, key: str, why: Unresolved, *, at: datetime, is_over: bool = True
) -> bool:
    """
    Store why there is no answer; False when the row is no longer the caller's.

    Unless it *is_over* the row waits for another attempt.
    """
    changed = (
        _held(owner)
        .filter(key=key)
        .update(
            state=State.FAILED if is_over else State.WAITING,
            failure=why.kind.value,
            problem=why.problem,
            is_transient=why.is_transient,
            seconds=why.seconds,
            resolved_at=at if is_over else None,
            **FREE,
        )
    )
    return changed == 1


def fail_all(
    owner: str,
    why: Unresolved,
    *,
    at: datetime,
    keys: Collection[str] | None,
    index_url: str | None,
    besides: Collection[str] = (),
) -> int:
    """
    Fail what *owner* holds and what waits, without trying: they would all end as one did.

    *index_url* narrows it to one index, *besides* leaves out what runs already.
    """
    number = 0
    for rows in rows_of(keys):
        theirs = rows if index_url is None else rows.filter(index_url=index_url)
        number += (
            theirs.filter(Q(state=State.WAITING) | Q(state=State.LEASED, lease_owner=owner))
            .exclude(key__in=list(besides))
            .update(
                state=State.FAILED,
                failure=why.kind.value,
                problem=why.problem,
                is_transient=True,
                resolved_at=at,
                **FREE,
            )
        )
    return number


def sweep(now: datetime) -> int:
    """Take back what dead workers hold; a row that outlived three of them is failed."""
    expired = Resolution.objects.filter(state=State.LEASED, lease_until__lt=now)
    failed = expired.filter(attempts__gte=MOST_ATTEMPTS).update(
        state=State.FAILED,
        failure=Failure.KILLED.value,
        problem=GAVE_UP,
        is_transient=True,
        resolved_at=now,
        **FREE,
    )
    return failed + expired.update(state=State.WAITING, **FREE)

"""
Ask for resolutions, work them off, read the answers.

uv runs outside of transactions. Answers are remembered under the key of the request: what was
asked before is not resolved again.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from matrix.environments.explaining import Failure
from matrix.environments.leasing import in_portions, rows_of, sweep
from matrix.environments.models import PinSet, Resolution
from matrix.environments.uv import Calls, Uv, UvMissing, configured_uv, not_writable, uv_version
from matrix.environments.working import Clock, Worker, ending_on_sigterm
from matrix.environments.workspace import locked_folder, sweep_cache, sweep_folders
from matrix.rules.resolution import EnvironmentRequest

__all__ = ["Result", "drain", "enqueue", "pins_of", "progress", "prune", "results", "sweep"]

State = Resolution.State
HALF_MADE = timedelta(hours=1)  # Longer than uv ever takes.
OVER = {State.DONE.value, State.FAILED.value}


# --- Asking --------------------------------------------------------------------------------------
def enqueue(
    requests: Collection[EnvironmentRequest], *, at: datetime, uv: Uv | None = None
) -> dict[EnvironmentRequest, str]:
    """
    Return the key of each request, under which there is a row from now on.

    What failed for a passing reason is tried again.
    """
    try:
        version = uv_version(uv)
    except UvMissing:
        version = "missing"  # The rows fail and say so, unless the worker has one.
    keys = {request: request.key(version) for request in requests}
    by_key = {key: request for request, key in keys.items()}
    known: set[str] = set()
    for rows in rows_of(by_key):
        known |= set(rows.values_list("key", flat=True))
        rows.filter(state=State.FAILED, is_transient=True).update(
            state=State.WAITING, attempts=0, resolved_at=None
        )
        rows.filter(used_at__lt=at).update(used_at=at)
    Resolution.objects.bulk_create(
        [
            Resolution(
                key=key, index_url=request.index_url, request=request.canonical(), used_at=at
            )
            for key, request in by_key.items()
            if key not in known
        ],
        ignore_conflicts=True,
    )
    return keys


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What is known of one resolution."""

    state: str  # A Resolution.State.
    pin_set: str | None  # Its hash.
    pins: tuple[str, ...]
    failure: str  # A Failure; also of an attempt that is going to be repeated.
    problem: str  # A plain sentence, then what uv said; empty unless it failed.
    needs_build: bool

    @property
    def is_over(self) -> bool:
        return self.state in OVER


def results(keys: Collection[str]) -> dict[str, Result]:
    """Return what is known of each key; those without a row are missing."""
    found: dict[str, Result] = {}
    pins: dict[str | None, tuple[str, ...]] = {None: ()}
    for rows in rows_of(keys):
        table = list(rows.values_list("key", "state", "pin_set_id", "failure", "problem"))
        pins.update(pins_of({pin_set for _, _, pin_set, _, _ in table if pin_set} - pins.keys()))
        for key, state, pin_set, failure, problem in table:
            found[key] = Result(
                state=state,
                pin_set=pin_set,
                pins=pins[pin_set],
                failure=failure,
                problem=problem if state == State.FAILED else "",
                needs_build=failure == Failure.NEEDS_BUILD,
            )
    return found


def pins_of(pin_sets: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the pins of each pin set that is known."""
    return {
        sha256: tuple(pins.splitlines())
        for some in in_portions(pin_sets)
        for sha256, pins in PinSet.objects.filter(pk__in=some).values_list("sha256", "pins")
    }


def progress(keys: Collection[str]) -> Counter[str]:
    """Count the rows with these keys by their state."""
    return Counter(
        state for rows in rows_of(keys) for state in rows.values_list("state", flat=True)
    )


def prune(*, keep_since: datetime, keep: Collection[str]) -> int:
    """
    Remove answers that nobody asked for since then, and pin sets that nothing refers to.

    *keep* names the pin sets of snapshots. Returns how many rows went.
    """
    old = Resolution.objects.filter(used_at__lt=keep_since).exclude(state=State.LEASED)
    number, _ = old.delete()
    unused = set(PinSet.objects.filter(resolutions=None).values_list("pk", flat=True))
    for some in in_portions(unused - set(keep)):
        removed, _ = PinSet.objects.filter(pk__in=some, resolutions=None).delete()
        number += removed
    return number


# --- Working -------------------------------------------------------------------------------------
def drain(
    *,
    owner: str,
    clock: Clock,
    until: datetime,
    processes: int = 2,
    keys: Collection[str] | None = None,
    on_progress: Callable[[], object] | None = None,
    uv: Uv | None = None,
) -> int:
    """
    Resolve what waits; return how many rows this worker finished.

    With *keys* it stays until those are over, whoever works on them; else until nothing waits.
    At *until* it starts no more, and what then runs for too long is given back, as is everything
    when it is interrupted or told to end.
    """
    uv = uv or configured_uv()
    sweep(clock())
    worker = Worker(
        owner=f"{owner[:80]}/{secrets.token_hex(4)}",  # A restarted worker is another one.
        clock=clock,
        until=until,
        processes=processes,
        keys=keys,
        on_progress=on_progress or (lambda: None),
    )
    try:
        sweep_folders(uv.runs)
        sweep_cache(uv.cache, before=(clock() - HALF_MADE).timestamp())
        with ending_on_sigterm(), locked_folder(uv.runs) as folder, Calls(uv, folder) as calls:
            worker.work(calls)
    except OSError as error:
        worker.fail_rest(not_writable(error), index_url=None, running=())
    return worker.finished

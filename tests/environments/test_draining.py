"""A worker that works rows off, and everything that may happen to it meanwhile."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from matrix.environments import leasing, resolving, working
from matrix.environments.models import Resolution
from matrix.environments.resolving import Result
from matrix.environments.uv import Uv
from matrix.rules.resolution import EnvironmentRequest
from tests.environments.makers import a_request, a_script, a_uv, now
from tests.support.http_server import Request, Response
from tests.support.processes import descendants, running
from tests.support.small_index import SmallIndex

pytestmark = pytest.mark.django_db
FOUND = ("anyio==4.9.0", "httpx==0.28.1")


def many(url: str, number: int) -> list[EnvironmentRequest]:
    """Environments that all come out the same."""
    return [a_request(url, "httpx", f"anyio!=0.{minor}") for minor in range(number)]


def ask(requests: Sequence[EnvironmentRequest]) -> list[str]:
    return list(resolving.enqueue(requests, at=now()).values())


def drain(
    uv: Uv,
    keys: Sequence[str] | None = None,
    *,
    seconds: float = 60,
    clock: Callable[[], datetime] = now,
    on_progress: Callable[[], object] | None = None,
) -> int:
    return resolving.drain(
        owner="tests",
        clock=clock,
        until=clock() + timedelta(seconds=seconds),
        keys=keys,
        uv=uv,
        on_progress=on_progress,
    )


def states(keys: Sequence[str]) -> dict[str, int]:
    return dict(resolving.progress(keys))


def the_failure(keys: Sequence[str]) -> Result:
    """What the first one says; the others failed for the same reason."""
    found = resolving.results(keys)
    assert {(one.state, one.failure) for one in found.values()} == {
        ("failed", found[keys[0]].failure)
    }
    return found[keys[0]]


def assert_nothing_is_left(uv: Uv) -> None:
    assert descendants(os.getpid()) & running().keys() == set()  # Without "ps" itself.
    assert list(uv.runs.iterdir()) == []
    assert not Resolution.objects.filter(state="leased").exists()


# --- Work ----------------------------------------------------------------------------------------
def test_all_that_waits_is_worked_off(index: SmallIndex, uv: Uv) -> None:
    keys = ask([*many(index.url, 9), a_request(index.url, "nope")])
    seen: list[int] = []

    finished = drain(uv, on_progress=lambda: seen.append(resolving.progress(keys)["waiting"]))

    found = resolving.results(keys)
    assert finished == 10
    assert [found[key].pins for key in keys[:9]] == [FOUND] * 9
    assert found[keys[9]].problem.startswith("The index has no project named nope.\n")
    assert len(seen) == 10
    assert seen == sorted(seen, reverse=True)
    assert_nothing_is_left(uv)
    assert drain(uv) == 0


def test_only_what_is_asked_for_is_worked_off(index: SmallIndex, uv: Uv) -> None:
    keys = ask(many(index.url, 4))

    assert drain(uv, keys[:2]) == 2

    assert states(keys) == {"done": 2, "waiting": 2}


def test_requests_are_resolved_as_they_were_asked(index: SmallIndex, uv: Uv) -> None:
    (key,) = ask([a_request(index.url, "httpx", constraints=("anyio<4.9",))])

    drain(uv)

    assert resolving.results([key])[key].pins == ("anyio==4.8.0", "httpx==0.28.1")


def test_nothing_is_begun_when_the_time_is_over(index: SmallIndex, uv: Uv) -> None:
    keys = ask(many(index.url, 2))

    assert drain(uv, seconds=0) == 0

    assert states(keys) == {"waiting": 2}
    assert index.requests == []
    assert set(Resolution.objects.values_list("attempts", flat=True)) == {0}


def test_what_takes_too_long_after_that_is_given_back(
    index: SmallIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "OVERTIME", timedelta(seconds=0.3))
    uv = a_uv(tmp_path, binary=a_script(tmp_path, "sleep 60"))
    keys = ask(many(index.url, 6))

    assert drain(uv, seconds=0.3) == 0

    assert states(keys) == {"waiting": 6}
    assert sorted(Resolution.objects.values_list("attempts", flat=True)) == [0, 0, 0, 0, 1, 1]
    assert_nothing_is_left(uv)


def test_whoever_asks_for_rows_waits_for_those_that_others_work_on(
    index: SmallIndex, uv: Uv
) -> None:
    keys = ask(many(index.url, 2))
    leasing.claim("dead", most=1, now=now())
    start = now()

    def fast_clock() -> datetime:
        return start + 100 * (now() - start)

    assert drain(uv, keys, seconds=6_000, clock=fast_clock) == 2

    assert states(keys) == {"done": 2}


# --- Faults --------------------------------------------------------------------------------------
def test_where_uv_is_missing_all_fail_at_once_and_say_so(index: SmallIndex, tmp_path: Path) -> None:
    keys = ask(many(index.url, 30))

    assert drain(a_uv(tmp_path, binary="/no/uv")) == 30

    why = the_failure(keys)
    assert why.failure == "no uv"
    assert why.problem == "uv cannot be started as /no/uv: No such file or directory."
    assert resolving.results(keys)[keys[-1]].problem == (
        "uv cannot be started as /no/uv: No such file or directory. "
        "It was not tried (again) after others had failed so."
    )
    ask(many(index.url, 30))
    assert drain(a_uv(tmp_path)) == 30
    assert states(keys) == {"done": 30}


def test_a_uv_that_is_killed_is_tried_three_times(index: SmallIndex, tmp_path: Path) -> None:
    uv = a_uv(tmp_path, binary=a_script(tmp_path, "echo x >> {folder}/begun; kill -9 $$"))
    keys = ask(many(index.url, 2))

    assert drain(uv) == 2

    why = the_failure(keys)
    assert (why.failure, why.problem) == ("killed", "uv was killed (SIGKILL); was memory short?")
    assert (tmp_path / "begun").read_text().count("x") == 6
    assert_nothing_is_left(uv)


def test_a_uv_that_hangs_is_stopped_with_all_that_it_started(
    index: SmallIndex, tmp_path: Path
) -> None:
    stubborn = "trap '' TERM\nsleep 60 &\necho half > $TMPDIR/half\nsleep 60\nsleep 60\n"
    uv = a_uv(tmp_path, binary=a_script(tmp_path, stubborn), seconds=0.3, grace=0.2)
    keys = ask(many(index.url, 1))

    assert drain(uv) == 1

    why = the_failure(keys)
    assert why.failure == "time-out"
    assert why.problem == "uv found no answer within 0.3 seconds and was stopped."
    assert_nothing_is_left(uv)


def test_a_uv_that_ends_when_it_is_asked_to_is_not_killed(
    index: SmallIndex, tmp_path: Path
) -> None:
    polite = "trap 'echo bye > {folder}/bye; exit 1' TERM\nwhile true; do sleep 0.05; done\n"
    uv = a_uv(tmp_path, binary=a_script(tmp_path, polite), seconds=0.3, grace=20)
    keys = ask(many(index.url, 1))
    Resolution.objects.update(attempts=2)

    drain(uv)

    assert the_failure(keys).failure == "time-out"
    assert (tmp_path / "bye").exists()


def test_a_uv_that_talks_without_end_is_stopped(index: SmallIndex, tmp_path: Path) -> None:
    uv = a_uv(tmp_path, binary=a_script(tmp_path, "yes >&2"), output=10_000, grace=0.2)
    keys = ask(many(index.url, 1))

    drain(uv)

    assert the_failure(keys).problem == "uv wrote more than 10000 bytes and was stopped."
    assert_nothing_is_left(uv)


def test_pins_that_make_no_sense_are_a_failure(index: SmallIndex, tmp_path: Path) -> None:
    uv = a_uv(tmp_path, binary=a_script(tmp_path, "echo '<html>' > pins.txt"))
    keys = ask(many(index.url, 1))

    drain(uv)

    assert the_failure(keys).problem == (
        'uv wrote pins that cannot be read: "<html>" is not a pin such as anyio==4.9.0.'
    )


def test_a_cache_that_cannot_be_written_fails_all_at_once(index: SmallIndex, uv: Uv) -> None:
    uv.cache.write_text("in the way")
    keys = ask(many(index.url, 30))

    assert drain(uv) == 30

    why = the_failure(keys)
    assert why.failure == "no space"
    assert why.problem.startswith("uv cannot write to the data folder of the portal; is it full?")
    uv.cache.unlink()
    ask(many(index.url, 30))
    drain(uv)
    assert states(keys) == {"done": 30}


def test_a_data_folder_that_cannot_be_written_fails_all_at_once(index: SmallIndex, uv: Uv) -> None:
    uv.runs.write_text("in the way")
    keys = ask(many(index.url, 3))

    assert drain(uv) == 3

    why = the_failure(keys)
    assert why.failure == "no space"
    assert why.problem.startswith("The portal cannot write to its data folder: ")


def test_a_disk_that_is_full_is_said_to_be(index: SmallIndex, tmp_path: Path) -> None:
    """uv may write no file over 512 bytes: what it says then is what it says of a full disk."""
    limited = "trap '' XFSZ\nulimit -f 1\nexec {uv} \"$@\"\n"
    uv = a_uv(tmp_path, binary=a_script(tmp_path, limited))
    keys = ask(many(index.url, 5))

    assert drain(uv) == 5

    why = the_failure(keys)
    assert why.failure == "no space"


def test_an_index_that_goes_down_in_the_middle_costs_only_the_rest(
    index: SmallIndex, uv: Uv
) -> None:
    asked = index.handler

    def dying(request: Request) -> Response:
        if resolving_is_half_done.is_set():
            return Response(status=503)
        return asked(request)

    resolving_is_half_done = threading.Event()
    index.handler = dying
    first, rest = many(index.url, 4), [a_request(index.url, f"new{n}") for n in range(30)]
    for request in rest:
        index.add(request.requirements[0], "1.0")
    keys = ask([*first, *rest])
    drain(uv, keys[:4])
    resolving_is_half_done.set()
    asked_before = len(index.requests)

    assert drain(uv, keys) == 30

    assert states(keys) == {"done": 4, "failed": 30}
    assert the_failure(keys[4:]).failure == "unreachable"
    assert len(index.requests) - asked_before < 10  # Thirty attempts would help nobody.
    resolving_is_half_done.clear()
    ask([*first, *rest])
    assert drain(uv) == 30
    assert states(keys) == {"done": 34}


def test_an_index_that_stumbles_once_is_asked_again(index: SmallIndex, uv: Uv) -> None:
    asked, stumbles = index.handler, iter([503])

    def stumbling(request: Request) -> Response:
        status = next(stumbles, 200)
        return asked(request) if status == 200 else Response(status=status)

    index.handler = stumbling
    keys = ask(many(index.url, 3))

    assert drain(uv) == 3

    assert states(keys) == {"done": 3}
    assert sorted(Resolution.objects.values_list("attempts", flat=True)) == [1, 1, 2]


def test_another_index_goes_on_where_one_refuses(index: SmallIndex, uv: Uv) -> None:
    with SmallIndex() as private:
        private.handler = lambda _: Response(status=401)
        refused = ask(many(private.url, 20))
        fine = ask(many(index.url, 3))

        assert drain(uv) == 23

        assert states(fine) == {"done": 3}
        assert the_failure(refused).failure == "refused"
        assert len(private.requests) < 10


# --- Interruptions -------------------------------------------------------------------------------
@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a shell starts in the background ignores interruptions, and so would the tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_ends_uv_and_gives_everything_back(
    index: SmallIndex, tmp_path: Path
) -> None:
    uv = a_uv(tmp_path, binary=a_script(tmp_path, "touch {folder}/begun\nsleep 60"))
    keys = ask(many(index.url, 5))
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        drain(uv)

    assert (tmp_path / "begun").exists()
    assert states(keys) == {"waiting": 5}
    assert_nothing_is_left(uv)


def test_the_signal_to_end_does_the_same(index: SmallIndex, tmp_path: Path) -> None:
    uv = a_uv(tmp_path, binary=a_script(tmp_path, "sleep 60"))
    keys = ask(many(index.url, 5))
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()

    with pytest.raises(SystemExit):
        drain(uv)

    assert states(keys) == {"waiting": 5}
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert_nothing_is_left(uv)


def test_who_has_a_way_of_its_own_with_signals_keeps_it(index: SmallIndex, uv: Uv) -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: seen.append(number))
    try:
        keys = ask(many(index.url, 1))
        index.latency = 0.2
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()

        drain(uv)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert seen == [signal.SIGTERM]
    assert states(keys) == {"done": 1}


def test_a_worker_that_lost_its_leases_drops_what_it_does(
    index: SmallIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its machine slept: another worker took over, and this one must not go on."""
    monkeypatch.setattr(working, "HEARTBEAT", timedelta(0))
    uv = a_uv(tmp_path, binary=a_script(tmp_path, "sleep 60"))
    keys = ask(many(index.url, 2))
    calls = iter(range(10_000))
    other = now() + timedelta(hours=1)

    def clock() -> datetime:
        if next(calls) == 6:
            leasing.sweep(other)
            leasing.claim("other", most=9, now=other)
        return now()

    assert drain(uv, clock=clock) == 0

    assert set(Resolution.objects.values_list("lease_owner", flat=True)) == {"other"}
    assert states(keys) == {"leased": 2}
    assert list(uv.runs.iterdir()) == []

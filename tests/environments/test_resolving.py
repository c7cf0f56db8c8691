"""Asking for resolutions, reading the answers, and forgetting them."""

import dataclasses
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from pytest_django import DjangoAssertNumQueries

from matrix.environments import leasing, resolving
from matrix.environments.explaining import Failure, Unresolved
from matrix.environments.models import PinSet, Resolution
from matrix.rules.facts import Python
from matrix.rules.resolution import EnvironmentRequest, pin_set_key
from tests.environments.makers import AT, a_request, a_uv

pytestmark = pytest.mark.django_db
URL = "http://one.test/simple/"
PINS = ("anyio==4.9.0", "httpx==0.28.1")
LATER = AT + timedelta(days=7)
ME = "me"


def many(number: int) -> list[EnvironmentRequest]:
    return [a_request(URL, f"httpx==0.{minor}") for minor in range(number)]


def ask(*requests: EnvironmentRequest, at: datetime = AT) -> list[str]:
    return list(resolving.enqueue(requests, at=at).values())


def answer(key: str, pins: Collection[str] = PINS, *, at: datetime = AT) -> None:
    leasing.claim(ME, most=99, now=at, keys=[key])
    assert leasing.store_pins(ME, key, pins, seconds=1, at=at)


def fail(key: str, why: Unresolved, *, at: datetime = AT) -> None:
    leasing.claim(ME, most=99, now=at, keys=[key])
    assert leasing.store_failure(ME, key, why, at=at)


def test_a_request_is_asked_for_once() -> None:
    again = dataclasses.replace(a_request(URL, "a", "b"), requirements=("b", "a", "b"))

    first = resolving.enqueue([a_request(URL, "a", "b"), again], at=AT)
    second = resolving.enqueue([again], at=AT)

    assert len(set(first.values())) == 1
    assert set(second.values()) == set(first.values())
    assert Resolution.objects.count() == 1


@pytest.mark.parametrize("number", [1, 60], ids=["one", "sixty"])
def test_asking_takes_the_same_queries_however_many_are_asked_for(
    number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):
        keys = resolving.enqueue(many(number), at=AT)
    for key in keys.values():
        answer(key)

    with django_assert_num_queries(3):
        resolving.enqueue(many(number), at=LATER)
    with django_assert_num_queries(2):
        found = resolving.results(keys.values())

    assert {result.state for result in found.values()} == {"done"}


def test_an_answer_is_remembered() -> None:
    (key,) = ask(a_request(URL))
    answer(key)

    assert ask(a_request(URL), at=LATER) == [key]

    assert resolving.results([key]) == {
        key: resolving.Result(
            state="done",
            pin_set=pin_set_key(PINS),
            pins=PINS,
            failure="",
            problem="",
            needs_build=False,
        )
    }
    assert Resolution.objects.get().used_at == LATER


def test_asking_for_an_older_moment_does_not_make_a_row_older() -> None:
    ask(a_request(URL), at=LATER)
    ask(a_request(URL), at=AT)

    assert Resolution.objects.get().used_at == LATER


def test_what_nobody_asked_for_has_no_result() -> None:
    assert resolving.results(["0" * 64]) == {}


def test_a_failure_that_lasts_is_remembered() -> None:
    (key,) = ask(a_request(URL))
    fail(key, Unresolved(Failure.NEEDS_BUILD, "It needs a build.", 1.5))

    ask(a_request(URL), at=LATER)

    result = resolving.results([key])[key]
    assert (result.state, result.failure, result.problem, result.needs_build, result.pin_set) == (
        "failed",
        "needs a build",
        "It needs a build.",
        True,
        None,
    )
    assert result.is_over


def test_a_failure_that_may_pass_is_tried_again_by_whoever_asks_next() -> None:
    (key,) = ask(a_request(URL))
    fail(key, Unresolved(Failure.UNREACHABLE, "The index is down."))
    assert resolving.results([key])[key].problem == "The index is down."

    ask(a_request(URL), at=LATER)

    row = Resolution.objects.get()
    assert (row.state, row.attempts) == ("waiting", 0)
    result = resolving.results([key])[key]
    assert (result.is_over, result.problem) == (False, "")


def test_two_that_come_out_the_same_share_their_pin_set() -> None:
    one, other = ask(a_request(URL), a_request(URL, python=Python(13)))

    answer(one)
    answer(other, PINS[::-1])

    assert PinSet.objects.count() == 1
    assert resolving.pins_of([pin_set_key(PINS), "0" * 64]) == {pin_set_key(PINS): PINS}


def test_progress_is_counted_from_the_rows() -> None:
    keys = ask(*many(6))
    answer(keys[0])
    fail(keys[1], Unresolved(Failure.UNSATISFIABLE, "It does not work out."))
    leasing.claim(ME, most=1, now=AT, keys=[keys[2]])

    assert resolving.progress(keys) == {"done": 1, "failed": 1, "leased": 1, "waiting": 3}
    assert resolving.progress(keys[:2]) == {"done": 1, "failed": 1}


def test_without_uv_there_are_rows_all_the_same(tmp_path: Path) -> None:
    (key,) = resolving.enqueue([a_request(URL)], at=AT, uv=a_uv(tmp_path, binary="/no/uv")).values()

    assert resolving.results([key])[key].state == "waiting"
    assert key == a_request(URL).key("missing")


# --- Forgetting ----------------------------------------------------------------------------------
def test_what_nobody_asked_for_lately_goes_with_its_pins() -> None:
    old, fresh = ask(a_request(URL))[0], ask(a_request(URL, "trio"), at=LATER)[0]
    answer(old)
    answer(fresh, ["trio==1"])

    assert resolving.prune(keep_since=LATER, keep=[]) == 2

    assert set(resolving.results([old, fresh])) == {fresh}
    assert set(PinSet.objects.values_list("pk", flat=True)) == {pin_set_key(["trio==1"])}


def test_pin_sets_of_snapshots_stay() -> None:
    (key,) = ask(a_request(URL))
    answer(key)

    assert resolving.prune(keep_since=LATER, keep=[pin_set_key(PINS)]) == 1

    assert resolving.pins_of([pin_set_key(PINS)]) == {pin_set_key(PINS): PINS}


def test_what_a_worker_holds_is_not_forgotten() -> None:
    (key,) = ask(a_request(URL))
    leasing.claim(ME, most=1, now=AT)

    assert resolving.prune(keep_since=LATER, keep=[]) == 0
    assert leasing.store_pins(ME, key, PINS, seconds=1, at=LATER)


def test_a_pin_set_that_is_in_use_cannot_be_removed() -> None:
    (key,) = ask(a_request(URL))
    answer(key)

    with pytest.raises(ProtectedError):
        PinSet.objects.all().delete()


# --- What the tables refuse ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"state": "leased"}, "environments_resolution_lease_is_whole"),
        ({"lease_owner": "me"}, "environments_resolution_lease_is_whole"),
        ({"lease_until": AT}, "environments_resolution_lease_is_whole"),
        ({"state": "leased", "lease_owner": "me"}, "environments_resolution_lease_is_whole"),
        ({"state": "done"}, "environments_resolution_done_has_pins"),
        ({"state": "failed", "failure": "other"}, "environments_resolution_failure_has_a_reason"),
        ({"state": "failed", "problem": "x"}, "environments_resolution_failure_has_a_reason"),
    ],
    ids=[
        "leased by nobody",
        "an owner without a lease",
        "an end without a lease",
        "a lease without an end",
        "done without pins",
        "failed without a reason",
        "failed without a kind",
    ],
)
def test_a_row_that_makes_no_sense_is_refused(values: dict[str, object], constraint: str) -> None:
    row = Resolution(key="k", index_url=URL, request={}, used_at=AT, **values)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save()


# --- Leases --------------------------------------------------------------------------------------
def test_a_row_is_claimed_once_and_its_attempt_counted() -> None:
    keys = ask(*many(5))

    mine = leasing.claim("me", most=3, now=AT)
    yours = leasing.claim("you", most=3, now=AT)

    assert [len(mine), len(yours)] == [3, 2]
    assert {claim.key for claim in [*mine, *yours]} == set(keys)
    assert {claim.attempts for claim in [*mine, *yours]} == {1}
    assert [claim.request.requirements for claim in mine] == [
        (f"httpx==0.{minor}",) for minor in range(3)
    ]


def test_only_what_is_asked_for_is_claimed() -> None:
    keys = ask(*many(5))

    assert {claim.key for claim in leasing.claim(ME, most=9, now=AT, keys=keys[3:])} == {*keys[3:]}


def test_whoever_lost_the_lease_stores_nothing() -> None:
    (key,) = ask(a_request(URL))
    leasing.claim("dead", most=1, now=AT)
    later = AT + leasing.LEASE + timedelta(seconds=1)
    assert leasing.sweep(later) == 1
    leasing.claim("alive", most=1, now=later)

    assert not leasing.store_pins("dead", key, ["wrong==1"], seconds=1, at=later)
    assert not leasing.store_failure("dead", key, Unresolved(Failure.OTHER, "x"), at=later)
    assert leasing.store_pins("alive", key, PINS, seconds=1, at=later)

    assert resolving.results([key])[key].pins == PINS


def test_a_lease_that_is_extended_is_not_swept() -> None:
    (key,) = ask(a_request(URL))
    leasing.claim(ME, most=1, now=AT)
    later = AT + leasing.LEASE + timedelta(seconds=1)

    assert leasing.extend(ME, now=later) == {key}
    assert leasing.sweep(later) == 0


def test_a_row_that_outlives_three_workers_is_failed() -> None:
    (key,) = ask(a_request(URL))
    now = AT
    for attempt in range(1, 4):
        assert [claim.attempts for claim in leasing.claim(ME, most=1, now=now)] == [attempt]
        now += leasing.LEASE + timedelta(seconds=1)
        assert leasing.sweep(now) == 1

    result = resolving.results([key])[key]
    assert (result.state, result.failure) == ("failed", "killed")
    assert result.problem == (
        "The worker died 3 times while this environment was resolved; "
        "look into its log, then ask again."
    )


def test_what_never_began_is_given_back_uncounted() -> None:
    begun, unstarted = ask(*many(2))
    leasing.claim(ME, most=2, now=AT)

    assert leasing.give_back(ME, unstarted=[unstarted]) == 2

    attempts = dict(Resolution.objects.values_list("key", "attempts"))
    assert attempts == {begun: 1, unstarted: 0}
    assert resolving.progress([begun, unstarted]) == {"waiting": 2}


def test_portions_leave_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leasing, "MOST_IN_ONE_QUERY", 4)

    keys = ask(*many(11))

    assert set(resolving.results(keys)) == set(keys)
    assert resolving.progress(keys) == {"waiting": 11}
    assert len(leasing.claim(ME, most=99, now=AT, keys=keys)) == 4

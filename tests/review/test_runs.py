from datetime import timedelta

import pytest

from matrix.review import proposing, runs
from matrix.review.errors import GaveUp, RunIsOver, RunIsTaken
from matrix.review.models import Proposal, Run
from tests.review.makers import AT, LATER, a_channel, a_run, a_user, computed, in_words

pytestmark = pytest.mark.django_db
Status = Run.Status


def requested() -> Run:
    channel = a_channel()
    return runs.request_run(channel, kind="scheduled", intended_at=AT, as_of=AT, by=None)


def test_a_run_of_one_kind_and_time_is_made_once() -> None:
    channel = a_channel()
    first = runs.request_run(
        channel, kind="scheduled", intended_at=AT, as_of=AT, by=None, only={"b", "a"}
    )
    again = runs.request_run(channel, kind="scheduled", intended_at=AT, as_of=LATER, by=a_user())

    assert again == first
    assert (again.as_of, again.only, again.hold_back, again.requested_by) == (
        AT,
        ["a", "b"],
        [],
        None,
    )


def test_another_kind_time_or_channel_is_another_run() -> None:
    channel = a_channel()
    rows = {
        runs.request_run(where, kind=what, intended_at=when, as_of=AT, by=None)
        for where in (channel, a_channel("other"))
        for what in ("manual", "scheduled")
        for when in (AT, LATER)
    }

    assert len(rows) == 8


def test_starting_counts_an_attempt() -> None:
    run = requested()

    runs.start(run, at=LATER)

    assert (run.status, run.attempts, run.started_at) == (Status.POLLING, 1, LATER)


def test_a_run_that_goes_on_cannot_be_started_by_another_worker() -> None:
    run = requested()
    runs.start(run, at=AT)

    with pytest.raises(RunIsTaken) as refusal:
        runs.start(Run.objects.get(pk=run.pk), at=AT + timedelta(minutes=9, seconds=59))

    assert str(refusal.value) == (
        f"Run #{run.pk} was started at 08:45:00 UTC and goes on; "
        "unless it ends before, it can be started again at 08:55:00 UTC."
    )


@pytest.mark.parametrize("status", [Status.POLLING, Status.SELECTING, Status.PROPOSING])
def test_a_run_whose_worker_died_can_be_started_again(status: Run.Status) -> None:
    run = requested()
    runs.start(run, at=AT)
    if status != Status.POLLING:
        runs.advance(run, status)

    runs.start(run, at=AT + runs.STUCK_AFTER)

    assert (run.status, run.attempts) == (Status.POLLING, 2)


def test_after_three_attempts_a_run_is_failed() -> None:
    run = requested()
    for hour in range(3):
        runs.start(run, at=AT + timedelta(hours=hour))

    with pytest.raises(GaveUp) as refusal:
        runs.start(run, at=LATER)

    run.refresh_from_db()
    assert (run.status, run.attempts, run.finished_at) == (Status.FAILED, 3, LATER)
    assert run.outcome == str(refusal.value)
    assert run.outcome == (
        "The run was started 3 times and never came to its end; "
        "look into the log of the worker, then start a new run."
    )


def test_a_run_that_is_over_cannot_be_started() -> None:
    run = requested()
    runs.fail(run, "The index did not answer.", at=AT)

    with pytest.raises(RunIsOver, match=r"^Run #\d+ is over: The index did not answer\.$"):
        runs.start(run, at=LATER)


def test_a_failed_run_keeps_its_reason_and_time() -> None:
    run = a_run(a_channel())

    runs.fail(run, "The index did not answer.", at=LATER)

    assert (run.status, run.outcome, run.finished_at) == (
        Status.FAILED,
        "The index did not answer.",
        LATER,
    )


ALLOWED = {
    ("queued", "polling"),
    ("queued", "failed"),
    ("polling", "polling"),
    ("polling", "selecting"),
    ("polling", "proposing"),
    ("polling", "failed"),
    ("selecting", "polling"),
    ("selecting", "resolving"),
    ("selecting", "proposing"),
    ("selecting", "failed"),
    ("resolving", "polling"),
    ("resolving", "queued"),
    ("resolving", "proposing"),
    ("resolving", "failed"),
    ("proposing", "polling"),
    ("proposing", "finished"),
    ("proposing", "failed"),
}


def in_status(status: Run.Status) -> Run:
    run = requested()
    is_over = status in runs.OVER
    is_started = status != Status.QUEUED
    Run.objects.filter(pk=run.pk).update(
        status=status,
        attempts=int(is_started),
        started_at=AT if is_started else None,
        outcome="Over." if is_over else "",
        finished_at=AT if is_over else None,
    )
    run.refresh_from_db()
    return run


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", [Status.SELECTING, Status.RESOLVING, Status.PROPOSING])
def test_a_run_goes_only_where_the_table_lets_it(before: Run.Status, after: Run.Status) -> None:
    run = in_status(before)

    if (before.value, after.value) in ALLOWED:
        runs.advance(run, after)
    else:
        with pytest.raises(RunIsTaken):
            runs.advance(run, after)

    expected = after if (before.value, after.value) in ALLOWED else before
    assert Run.objects.get(pk=run.pk).status == expected


@pytest.mark.parametrize("before", Status)
def test_a_run_is_suspended_only_while_it_resolves(before: Run.Status) -> None:
    run = in_status(before)

    if (before.value, "queued") in ALLOWED:
        runs.suspend(run)
        assert (run.status, run.attempts, run.started_at) == (Status.QUEUED, 0, None)
        runs.start(run, at=AT)
        assert run.attempts == 1
    else:
        with pytest.raises(RunIsTaken):
            runs.suspend(run)


def test_a_run_that_shows_signs_of_life_is_not_taken_for_stuck() -> None:
    run = requested()
    runs.start(run, at=AT)

    runs.keep_alive(run, at=AT + timedelta(minutes=9))

    with pytest.raises(RunIsTaken):
        runs.start(Run.objects.get(pk=run.pk), at=AT + timedelta(minutes=18))


@pytest.mark.parametrize("before", Status)
def test_a_run_is_failed_at_any_time_before_its_end(before: Run.Status) -> None:
    run = in_status(before)

    if (before.value, "failed") in ALLOWED:
        runs.fail(run, "Stopped.", at=LATER)
    else:
        with pytest.raises(RunIsTaken):
            runs.fail(run, "Stopped.", at=LATER)

    assert Run.objects.get(pk=run.pk).status == (
        before if before == Status.FINISHED else Status.FAILED
    )


@pytest.mark.parametrize("before", Status)
def test_a_run_is_finished_only_after_proposing(before: Run.Status) -> None:
    run = in_status(before)

    if before == Status.PROPOSING:
        runs.finish(run, "Proposed.", at=LATER)
        assert (run.status, run.outcome, run.finished_at) == (Status.FINISHED, "Proposed.", LATER)
    else:
        with pytest.raises(RunIsTaken):
            runs.finish(run, "Proposed.", at=LATER)


def test_two_workers_do_not_both_propose_for_one_run() -> None:
    run = a_run(a_channel())
    other = Run.objects.get(pk=run.pk)
    proposing.propose(run, computed({"a": "one"}), at=AT, summarise=in_words)

    with pytest.raises(RunIsTaken):
        proposing.propose(other, computed({"a": "two"}), at=AT, summarise=in_words)

    assert Proposal.objects.get().summary == "a: - → one"


@pytest.mark.parametrize("status", [Status.POLLING, Status.SELECTING, Status.PROPOSING])
def test_a_worker_that_was_taken_for_dead_cannot_propose_any_more(status: Run.Status) -> None:
    lost = a_run(a_channel())
    if status != Status.POLLING:
        runs.advance(lost, status)
    runs.start(Run.objects.get(pk=lost.pk), at=LATER)

    with pytest.raises(RunIsTaken):
        proposing.propose(lost, computed({"a": "one"}), at=LATER, summarise=in_words)

    assert Proposal.objects.count() == 0
    assert Run.objects.get(pk=lost.pk).status == Status.POLLING

from datetime import UTC, datetime

import pytest

from portal.operations.supervising import (
    Pulse,
    Seen,
    Step,
    next_step,
    pause,
    restarts_in_a_row,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def seen(*, is_stop_asked: bool = False, exit_code: int | None = None, silence: float = 0) -> Seen:
    return Seen(is_stop_asked=is_stop_asked, exit_code=exit_code, silence=silence)


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        pytest.param(seen(), (Step.GO_ON, ""), id="all is well"),
        pytest.param(seen(silence=100), (Step.GO_ON, ""), id="silent for exactly the limit"),
        pytest.param(
            seen(silence=100.6),
            (Step.RESTART, "No task came through for 101 seconds; restarting."),
            id="silent for longer than the limit",
        ),
        pytest.param(
            seen(exit_code=-9),
            (Step.RESTART, "The sentinel ended with code -9; restarting."),
            id="the sentinel was killed",
        ),
        pytest.param(
            seen(exit_code=0),
            (Step.RESTART, "The sentinel ended with code 0; restarting."),
            id="the sentinel ended by itself",
        ),
        pytest.param(
            seen(is_stop_asked=True),
            (Step.STOP, "Stopping, as asked."),
            id="asked to stop",
        ),
        pytest.param(
            seen(is_stop_asked=True, exit_code=-15, silence=500),
            (Step.STOP, "Stopping, as asked."),
            id="asked to stop while everything is broken",
        ),
    ],
)
def test_a_look_leads_to_a_step_and_its_reason(look: Seen, expected: tuple[Step, str]) -> None:
    assert next_step(look, limit=100) == expected


def test_silence_counts_from_the_start_until_a_first_task_comes_through() -> None:
    pulse = Pulse(1000.0)

    pulse.see(None, at=1050.0)

    assert pulse.silence(at=1060.0) == 60.0


def test_a_new_sign_of_life_ends_the_silence() -> None:
    pulse = Pulse(1000.0)

    pulse.see(NOON, at=1050.0)

    assert pulse.silence(at=1060.0) == 10.0


def test_the_same_sign_of_life_seen_again_does_not() -> None:
    pulse = Pulse(1000.0)

    pulse.see(NOON, at=1050.0)
    pulse.see(NOON, at=1055.0)

    assert pulse.silence(at=1060.0) == 10.0


def test_a_sign_from_a_machine_whose_clock_is_behind_is_a_sign_all_the_same() -> None:
    pulse = Pulse(1000.0, last_sign=NOON)

    pulse.see(NOON.replace(hour=3), at=1050.0)

    assert pulse.silence(at=1050.0) == 0.0


@pytest.mark.parametrize(
    ("restarts", "seconds"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (2000, 60)]
)
def test_pauses_double_up_to_a_minute(restarts: int, seconds: float) -> None:
    assert pause(restarts) == seconds


@pytest.mark.parametrize(
    ("before", "lived", "expected"),
    [
        pytest.param(0, 3.0, 1, id="the first one"),
        pytest.param(4, 3.0, 5, id="another short life"),
        pytest.param(4, 60.0, 1, id="after a steady life"),
    ],
)
def test_restarts_are_counted_in_a_row(before: int, lived: float, expected: int) -> None:
    assert restarts_in_a_row(before, lived=lived) == expected

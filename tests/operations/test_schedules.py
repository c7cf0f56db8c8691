import ast
from datetime import UTC, datetime, time, timedelta
from importlib import import_module

import pytest
from django.db import transaction
from django_q.models import Schedule
from hypothesis import given
from hypothesis import strategies as st

from integrations.catalogue.models import Sdk
from portal.operations.schedules import DAY, HOUSEKEEPING, WEEK, Declared, at, synchronise

# A Friday.
NOW = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)


def an_sdk(slug: str = "example-sdk", **values: object) -> Sdk:
    return Sdk(slug=slug, name=slug, pythons="3.12 3.13", **values)


def next_run(name: str) -> datetime | None:
    return Schedule.objects.get(name=name).next_run


@pytest.mark.parametrize(
    ("weekday", "moment", "expected"),
    [
        pytest.param(1, time(3, 23), datetime(2026, 11, 23, 3, 23, tzinfo=UTC), id="next Monday"),
        pytest.param(5, time(13), datetime(2026, 11, 20, 13, tzinfo=UTC), id="later today"),
        pytest.param(5, time(11), datetime(2026, 11, 27, 11, tzinfo=UTC), id="earlier today"),
        pytest.param(7, time(0), datetime(2026, 11, 22, tzinfo=UTC), id="Sunday at midnight"),
    ],
)
def test_a_weekly_schedule_falls_on_its_day_and_time(
    weekday: int, moment: time, expected: datetime
) -> None:
    weekly = Declared(name="w", function="f", anchor=at(weekday, moment), every=WEEK)

    assert weekly.next_after(NOW) == expected


@given(
    weekday=st.integers(1, 7),
    moment=st.times().map(lambda value: value.replace(microsecond=0)),
    now=st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)),  # noqa: DTZ001
    every=st.sampled_from([timedelta(minutes=1), timedelta(minutes=5), DAY, WEEK]),
)
def test_the_next_run_is_the_first_due_time_that_is_still_to_come(
    weekday: int, moment: time, now: datetime, every: timedelta
) -> None:
    one = Declared(name="w", function="f", anchor=at(weekday, moment), every=every)

    found = one.next_after(now)

    assert one.is_due_time(found)
    assert now < found <= now + every


@pytest.mark.parametrize("one", HOUSEKEEPING, ids=lambda one: one.name)
def test_every_scheduled_function_exists(one: Declared) -> None:
    module, _, function = one.function.rpartition(".")

    assert callable(getattr(import_module(module), function))


@pytest.mark.django_db
def test_an_sdk_gets_its_weekly_proposal_and_each_run_its_intended_time() -> None:
    an_sdk(propose_on=1, propose_at=time(3, 23)).save()

    synchronise(NOW)

    row = Schedule.objects.get(name="propose example-sdk")
    assert (row.func, row.schedule_type, row.intended_date_kwarg) == (
        "portal.tasks.propose_weekly",
        Schedule.WEEKLY,
        "intended_at",
    )
    assert ast.literal_eval(row.args or "") == ("example-sdk",)
    assert row.next_run == datetime(2026, 11, 23, 3, 23, tzinfo=UTC)


@pytest.mark.django_db
def test_an_sdk_without_a_day_has_no_schedule() -> None:
    an_sdk(propose_on=None).save()

    synchronise(NOW)

    assert not Schedule.objects.filter(name__startswith="propose").exists()


@pytest.mark.django_db
def test_synchronising_again_changes_nothing() -> None:
    an_sdk().save()
    synchronise(NOW)
    before = list(Schedule.objects.order_by("pk").values())

    synchronise(NOW + timedelta(hours=1))

    assert list(Schedule.objects.order_by("pk").values()) == before


@pytest.mark.django_db
def test_a_missed_run_is_not_forgotten() -> None:
    an_sdk(propose_on=1, propose_at=time(3, 23)).save()
    synchronise(NOW)

    synchronise(NOW + timedelta(days=4))

    assert next_run("propose example-sdk") == datetime(2026, 11, 23, 3, 23, tzinfo=UTC)


@pytest.mark.django_db
def test_a_new_day_moves_the_next_run() -> None:
    sdk = an_sdk(propose_on=1, propose_at=time(3, 23))
    sdk.save()
    synchronise(NOW)

    sdk.propose_on = 3
    sdk.save()
    synchronise(NOW)

    assert next_run("propose example-sdk") == datetime(2026, 11, 25, 3, 23, tzinfo=UTC)


@pytest.mark.django_db
def test_what_somebody_changed_by_hand_or_doubled_is_put_right() -> None:
    synchronise(NOW)
    Schedule.objects.filter(name="poll").update(args="((", minutes=3, repeats=0)
    Schedule.objects.create(name="poll", func="portal.tasks.poll_indexes")

    synchronise(NOW)

    row = Schedule.objects.get(name="poll")
    assert (row.args, row.minutes, row.repeats) == (None, None, -1)


@pytest.mark.django_db
def test_only_our_own_schedules_are_removed() -> None:
    Schedule.objects.create(name="propose long-gone", func="portal.tasks.propose_weekly")
    Schedule.objects.create(name="somebody else's", func="their.module.function")

    synchronise(NOW)

    names = set(Schedule.objects.values_list("name", flat=True))
    assert names == {"somebody else's", "heartbeat", "sweep", "poll", "holds", "tidy"}


@pytest.mark.django_db(transaction=True)
def test_the_schedule_follows_the_sdk_once_its_transaction_is_committed() -> None:
    with transaction.atomic():
        sdk = an_sdk(propose_on=2)
        sdk.save()
        assert not Schedule.objects.filter(name="propose example-sdk").exists()
    assert Schedule.objects.filter(name="propose example-sdk").exists()

    sdk.delete()

    assert not Schedule.objects.filter(name="propose example-sdk").exists()


@pytest.mark.django_db
def test_migrating_has_written_the_schedules() -> None:
    names = set(Schedule.objects.values_list("name", flat=True))

    assert names == {"heartbeat", "sweep", "poll", "holds", "tidy"}

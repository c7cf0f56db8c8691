"""Which sets go together: those that would be split by publishing one of them."""

from hypothesis import given, settings

from matrix.rules.locks.agreeing import disagreements, going_together
from matrix.rules.locks.parts import LockPart, Pinned
from tests.locks.makers import forked, lock, pin

OLD, NEW = pin("foo 1.0", declared=True), pin("foo 2.0", declared=True)
TOGETHER = {"main": lock("main", OLD), "dev": lock("dev", OLD)}
MOVED = {"main": lock("main", NEW), "dev": lock("dev", NEW)}


def told(before: dict[str, LockPart], after: dict[str, LockPart]) -> list[tuple[str, str, str]]:
    return [(name, other, str(split)) for name, other, split in going_together(before, after)]


def test_a_pin_that_moves_in_two_sets_couples_them_both_ways() -> None:
    assert told(TOGETHER, MOVED) == [
        ("dev", "main", "foo is 1.0 in main and 2.0 in dev."),
        ("main", "dev", "foo is 2.0 in main and 1.0 in dev."),
    ]


def test_a_set_that_is_new_needs_main_and_main_does_not_need_it() -> None:
    assert told({"main": TOGETHER["main"]}, MOVED) == [
        ("dev", "main", "foo is 1.0 in main and 2.0 in dev.")
    ]


def test_sets_without_a_shared_pin_that_moves_are_free() -> None:
    own = {"main": lock("main", OLD, pin("bar 1")), "dev": lock("dev", OLD, pin("tool 1"))}
    moved = {"main": lock("main", OLD, pin("bar 2")), "dev": lock("dev", OLD, pin("tool 2"))}

    assert told(own, moved) == []


def test_what_stays_split_with_both_couples_nothing() -> None:
    split = {"main": lock("main", NEW), "dev": lock("dev", OLD)}
    other = {"main": lock("main", NEW, pin("bar 2")), "dev": lock("dev", OLD, pin("tool 2"))}

    assert told(split, other) == []


def test_the_tool_agrees_with_nobody() -> None:
    locks = {"main": lock("main", OLD), "tool": lock("tool", NEW)}

    assert disagreements(locks) == []
    assert told({"main": lock("main", NEW), "tool": lock("tool", OLD)}, locks) == []


@settings(deadline=None)
@given(forked(), forked(), forked(), forked())
def test_who_goes_with_nobody_can_be_published_alone(
    main: tuple[Pinned, ...],
    dev: tuple[Pinned, ...],
    new_main: tuple[Pinned, ...],
    new_dev: tuple[Pinned, ...],
) -> None:
    before = {"main": lock("main", *main), "dev": lock("dev", *dev)}
    after = {"main": lock("main", *new_main), "dev": lock("dev", *new_dev)}
    coupled = {name for name, _, _ in going_together(before, after)}

    known = {*map(str, disagreements(before)), *map(str, disagreements(after))}
    for name in {"main", "dev"} - coupled:
        alone = {**before, name: after[name]}
        assert {*map(str, disagreements(alone))} <= known

"""The case that started it: main wants rsfoo, dev needs rsdev, which needs rsfoo below 2."""

import time
from collections.abc import Iterator
from typing import ClassVar

import pytest
from packaging.version import Version

from matrix.rules.locks import conflicts
from matrix.rules.locks.chains import Chains
from matrix.rules.locks.conflicts import MOST_CHAINS, held_back, split_pins
from matrix.rules.locks.parts import Pinned
from tests.locks.makers import pin

ALONE = (pin("rsfoo 2.0", declared=True),)
DEV = (pin("rsdev 1.0", declared=True), pin("rsfoo 1.5", "rsdev"))
TOGETHER = (pin("rsdev 1.0", declared=True), pin("rsfoo 1.5", "rsdev", declared=True))


def test_a_project_at_two_versions_is_a_split_pin_and_the_chain_says_why() -> None:
    (split,) = split_pins({"main": ALONE, "dev": DEV})

    assert split.project == "rsfoo"
    assert split.versions == {"main": "2.0", "dev": "1.5"}
    assert split.chains == {"main": ("rsfoo 2.0",), "dev": ("rsdev 1.0", "rsfoo 1.5")}
    assert str(split) == "rsfoo is 2.0 in main and 1.5 in dev because of rsdev 1.0 → rsfoo 1.5."


def test_a_main_set_that_is_older_with_the_others_is_held_back() -> None:
    (held,) = held_back(ALONE, TOGETHER)

    assert str(held) == (
        "rsfoo is held back: 1.5 with all sets, 2.0 by itself because of rsdev 1.0 → rsfoo 1.5."
    )


def test_what_is_newer_together_or_new_with_the_others_is_not_held_back() -> None:
    assert held_back([pin("a 1.0")], [pin("a 1.1"), pin("b 0.1")]) == []


def forks(*versions: str) -> tuple[Pinned, ...]:
    """One project at up to three versions: of Python 3.11, 3.12, and what comes later."""
    places = (
        'python_full_version < "3.12"',
        'python_full_version == "3.12.*"',
        'python_full_version >= "3.13"',
    )
    return tuple(
        pin(f"foo {version}", declared=True, marker=place)
        for version, place in zip(versions, places, strict=False)
    )


@pytest.mark.parametrize(
    ("one", "other", "splits"),
    [
        ("", "", True),
        ("", 'sys_platform == "win32"', True),
        ('sys_platform == "win32"', 'sys_platform == "win32"', True),
        ('sys_platform == "win32"', 'sys_platform == "linux"', False),
        ('sys_platform == "win32"', 'sys_platform != "win32"', False),
        ('python_full_version < "3.11"', 'python_full_version >= "3.12"', False),
        ('python_full_version < "3.12"', 'sys_platform == "linux"', True),
    ],
)
def test_sets_disagree_only_where_both_can_be_installed(one: str, other: str, splits: bool) -> None:
    found = split_pins({"main": [pin("a 1.0", marker=one)], "dev": [pin("a 2.0", marker=other)]})
    held = held_back([pin("a 2.0", marker=one)], [pin("a 1.0", marker=other)])

    assert bool(found) is splits
    assert bool(held) is splits


def test_two_locks_with_the_same_forks_agree() -> None:
    assert split_pins({"main": forks("1", "2", "3"), "dev": forks("1", "2", "3")}) == []


def test_of_forks_those_are_told_that_disagree() -> None:
    (split,) = split_pins({"main": forks("1", "2", "3"), "dev": forks("1", "2.5", "3")})

    assert str(split) == (
        'foo is 2 (python_full_version == "3.12.*") in main and '
        '2.5 (python_full_version == "3.12.*") in dev.'
    )


def test_what_is_held_back_for_one_python_alone_is_found() -> None:
    (held,) = held_back([pin("foo 3.0")], forks("1.0", "2.0", "3.0"))

    assert str(held) == (
        'foo is held back: 1.0 (python_full_version < "3.12"), '
        '2.0 (python_full_version == "3.12.*") with all sets, 3.0 by itself.'
    )


def test_a_requirement_of_another_set_that_holds_back_is_told_as_the_cause() -> None:
    (held,) = held_back(
        [pin("foo 2.0", declared=True)],
        [pin("foo 1.0", declared=True)],
        declared={"docs": ["foo"], "dev": ["other", "Foo<2"]},
    )

    assert str(held) == (
        "foo is held back: 1.0 with all sets, 2.0 by itself because dev declares Foo<2."
    )


def test_what_another_set_bounds_is_told_as_the_head_of_the_chain() -> None:
    alone = [pin("bar 2.0", declared=True), pin("foo 2.0", "bar")]
    together = [
        pin("bar 1.0", declared=True),
        pin("foo 1.0", "bar"),
        pin("rsdev 1.0", declared=True),
    ]

    bar, foo = held_back(alone, together, declared={"dev": ["rsdev", "bar<2"]})

    assert str(bar).endswith("by itself because dev declares bar<2.")
    assert str(foo).endswith("by itself because dev declares bar<2: bar 1.0 → foo 1.0.")


def test_a_chain_begins_with_what_the_other_set_declares() -> None:
    (held,) = held_back(ALONE, TOGETHER, declared={"dev": ["rsdev>=1"]})

    assert str(held) == (
        "rsfoo is held back: 1.5 with all sets, 2.0 by itself because dev declares rsdev>=1: "
        "rsdev 1.0 → rsfoo 1.5."
    )


def test_a_set_that_declares_what_main_does_not_have_says_so() -> None:
    main, dev = [pin("foo 2.0", declared=True)], [pin("foo 1.0", declared=True)]

    (split,) = split_pins({"main": main, "dev": dev}, declared={"main": ["foo"], "dev": ["foo<2"]})

    assert str(split) == "foo is 2.0 in main and 1.0 in dev (it declares foo<2)."


def test_a_project_that_main_declares_itself_is_no_chain() -> None:
    (held,) = held_back([pin("foo 2.0", declared=True)], [pin("foo 1.0", declared=True)])

    assert str(held) == "foo is held back: 1.0 with all sets, 2.0 by itself."


def test_a_lock_with_absurdly_many_pins_of_one_project_is_compared_in_time() -> None:
    places = [f'platform_machine == "m{i}"' for i in range(3_000)]
    many = [pin(f"foo {i}.0", marker=place) for i, place in enumerate(places)]
    started = time.perf_counter()

    split_pins({"main": many, "dev": [*reversed(many)]})
    held_back(many, [*reversed(many)])

    assert time.perf_counter() - started < 10  # One on a quiet machine.


@pytest.mark.parametrize("other", ["1.0", "1.0.0", "1"])
def test_one_version_written_two_ways_is_no_split(other: str) -> None:
    assert split_pins({"main": [pin("a 1.0")], "dev": [pin(f"a {other}")]}) == []


def test_the_shortest_chain_is_told_and_circles_end() -> None:
    pins = (
        pin("app 1", declared=True),
        pin("b 1", "app", "c"),
        pin("c 1", "b"),
        pin("d 1", "c", "b"),
    )

    assert Chains(pins).to("d") == ("app 1", "b 1", "d 1")
    assert Chains(pins).to("nobody") == ()
    assert Chains([pin("x 1", "y"), pin("y 1", "x")]).to("x") == ()


def test_a_chain_over_what_only_the_others_bring_comes_first() -> None:
    pins = (
        pin("a 1", declared=True),
        pin("tool 1", declared=True),
        Pinned(name="shared", version="1", required_by=("a", "tool")),
    )

    assert Chains(pins).to("shared", {"tool"}) == ("tool 1", "shared 1")


class Counted(tuple[Pinned, ...]):
    """Pins that count how often somebody goes through all of them."""

    __slots__ = ()
    passes: ClassVar[list[int]] = []

    def __iter__(self) -> Iterator[Pinned]:
        self.passes.append(len(self))
        return super().__iter__()


@pytest.fixture
def passes() -> list[int]:
    Counted.passes.clear()
    return Counted.passes


def test_many_split_pins_take_no_pass_through_the_locks_each(passes: list[int]) -> None:
    main = Counted(pin(f"p{n} 1", f"p{n + 1}", declared=n == 500) for n in range(501))
    dev = Counted(pin(f"p{n} 2", declared=True) for n in range(501))

    found = split_pins({"main": main, "dev": dev})

    assert len(found) == 501
    assert len(passes) < 10
    assert [len(split.chains) for split in found] == [2] * MOST_CHAINS + [0] * (501 - MOST_CHAINS)
    assert str(found[0]) == (
        "p0 is 1 in main because of p500 1 → p499 1 → p498 1 → p497 1 → p496 1 → p495 1 → … → "
        "p5 1 → p4 1 → p3 1 → p2 1 → p1 1 → p0 1 and 2 in dev."
    )


def test_many_that_are_held_back_take_no_pass_through_the_locks_each(passes: list[int]) -> None:
    alone = Counted(pin(f"p{n} 2", declared=True) for n in range(500))
    together = Counted(
        [pin("tool 1", declared=True), *(pin(f"p{n} 1", "tool") for n in range(500))]
    )

    found = held_back(alone, together)

    assert len(passes) < 10
    assert [held.chain for held in found[:1]] == [("tool 1", "p0 1")]
    assert [bool(held.chain) for held in found] == [True] * MOST_CHAINS + [False] * 400


@pytest.mark.parametrize("marker", ["", "python_version < '3.{n}'"])
def test_a_project_that_is_pinned_often_is_read_once_for_each_pin(
    marker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []

    def counted(text: str) -> Version:
        parsed.append(text)
        return Version(text)

    monkeypatch.setattr(conflicts, "Version", counted)
    often = [pin("x 1", marker=marker.format(n=n)) for n in range(300)]

    assert split_pins({"main": often, "dev": often}) == []
    assert len(parsed) == 600

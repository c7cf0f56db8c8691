"""The case that started it: main wants rsfoo, dev needs rsdev, which needs rsfoo below 2."""

import pytest

from matrix.rules.locks.conflicts import chain_to, held_back, split_pins
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


@pytest.mark.parametrize(
    ("one", "other", "splits"),
    [
        ("", "", True),
        ("", 'sys_platform == "win32"', True),
        ('sys_platform == "win32"', 'sys_platform == "win32"', True),
        ('sys_platform == "win32"', 'sys_platform != "win32"', False),
        ('python_full_version < "3.12"', 'python_full_version >= "3.12"', False),
        ('python_full_version < "3.12"', 'sys_platform == "linux"', True),
    ],
)
def test_sets_disagree_only_where_both_can_be_installed(one: str, other: str, splits: bool) -> None:
    found = split_pins({"main": [pin("a 1.0", marker=one)], "dev": [pin("a 2.0", marker=other)]})

    assert bool(found) is splits


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

    assert chain_to("d", pins) == ("app 1", "b 1", "d 1")
    assert chain_to("nobody", pins) == ()
    assert chain_to("x", [pin("x 1", "y"), pin("y 1", "x")]) == ()


def test_a_chain_over_what_only_the_others_bring_comes_first() -> None:
    pins = (
        pin("a 1", declared=True),
        pin("tool 1", declared=True),
        Pinned(name="shared", version="1", required_by=("a", "tool")),
    )

    assert chain_to("shared", pins, through={"tool"}) == ("tool 1", "shared 1")

"""Which markers can both hold: a table, and the truth on every machine of a grid."""

import time
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from packaging.markers import Marker

from matrix.rules.locks.markers import Meeting
from tests.locks.makers import PLATFORM_ROWS, machines, markers

WINDOWS, LINUX = 'sys_platform == "win32"', 'sys_platform == "linux"'
OLD, NEW = 'python_full_version < "3.12"', 'python_full_version >= "3.12"'


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("", "", True),
        ("", WINDOWS, True),
        (WINDOWS, WINDOWS, True),
        (WINDOWS, LINUX, False),
        (WINDOWS, 'sys_platform != "win32"', False),
        (LINUX, 'sys_platform != "win32"', True),
        (WINDOWS, 'os_name == "posix"', False),
        (WINDOWS, 'platform_system != "Windows"', False),
        ('os_name == "nt"', LINUX, False),
        ('sys_platform == "cygwin"', 'os_name == "posix"', True),
        ('sys_platform == "freebsd14"', 'sys_platform != "linux"', True),
        ('sys_platform == "freebsd14"', LINUX, False),
        ('platform_python_implementation == "PyPy"', 'implementation_name == "cpython"', False),
        (OLD, NEW, False),
        ('python_full_version < "3.11"', NEW, False),
        (OLD, 'python_full_version >= "3.11"', True),
        ('python_version < "3.12"', NEW, False),
        ('python_version == "3.12"', 'python_full_version >= "3.12.5"', True),
        ('python_version <= "3.11"', NEW, False),
        ('python_full_version == "3.12.*"', 'python_full_version >= "3.13"', False),
        ('python_version in "3.10 3.11"', 'python_version >= "3.12"', False),
        (OLD, LINUX, True),
        (f"{OLD} and {LINUX}", f"{NEW} or {WINDOWS}", False),
        (f"{OLD} and {LINUX}", f"{NEW} or {LINUX}", True),
        ('platform_machine == "arm64"', 'platform_machine == "x86_64"', False),
        ('platform_machine == "arm64"', 'platform_machine != "x86_64"', True),
        ('extra == "one"', 'extra == "two"', True),
        ('"one" in extras', '"one" not in extras', True),
        ('platform_release > "5"', 'platform_release < "6"', True),
        ('platform_release >= "6"', 'platform_release < "5"', False),
    ],
)
def test_markers_meet_where_one_machine_has_both(one: str, other: str, meet: bool) -> None:
    assert Meeting().may_meet(one, other) is meet
    assert Meeting().may_meet(other, one) is meet


@settings(deadline=None)
@given(markers(), markers())
def test_the_answer_is_what_a_grid_of_machines_says(one: str, other: str) -> None:
    assume(one != other)  # Which meets itself, if anywhere.
    first, second = Marker(one), Marker(other)

    both = any(first.evaluate(machine) and second.evaluate(machine) for machine in machines())

    assert Meeting().may_meet(one, other) == both


@settings(deadline=None)
@given(st.lists(markers(), min_size=2, max_size=3))
def test_an_answer_that_is_remembered_is_the_same(texts: list[str]) -> None:
    meeting = Meeting()
    pairs = list(product(texts, texts))

    first = [meeting.may_meet(*pair) for pair in pairs]

    assert [meeting.may_meet(*pair) for pair in pairs] == first
    assert [meeting.may_meet(b, a) for a, b in pairs] == first


def test_what_would_take_too_long_counts_as_meeting() -> None:
    many = " or ".join(
        f'(platform_machine == "m{i}" and platform_release == "{i}.1" and os_name == "o{i}")'
        for i in range(40)
    )

    started = time.perf_counter()

    assert Meeting().may_meet(many, 'platform_machine == "none of them"')
    assert time.perf_counter() - started < 1  # Trying all of them would take minutes.


def test_one_comparison_of_many_pairs_ends() -> None:
    meeting = Meeting()

    pairs = [(f'python_full_version < "3.{n}"', f'python_version >= "3.{n}"') for n in range(9_999)]
    started = time.perf_counter()
    answers = [meeting.may_meet(*pair) for pair in pairs]

    assert answers[0] is False
    assert answers[-1] is True  # It worked enough.
    assert time.perf_counter() - started < 20  # 2 on a quiet machine.


def test_the_grid_has_the_machines_that_people_have() -> None:
    names = {row["sys_platform"] for row in machines()}

    assert names >= {row[0] for row in PLATFORM_ROWS}

"""What a reviewer is told of pins that move, come and go."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix.rules.diffing import PartDiff, PinMove, PinsDiff, diff_parts, summary_line
from matrix.rules.parts import IntegrationPart, Row
from matrix.rules.rendering import UnknownPins
from tests.support.parts import a_part, a_row
from tests.support.pins import PinBook

BOOK = PinBook()
OLD = {"3.9": "anyio==4.14.1 h11==0.14.0", "3.12": "anyio==4.14.1", "3.14": "anyio==4.9.0"}


def compared(old: list[Row], new: list[Row], name: str = "httpx") -> PartDiff:
    return diff_parts(name, a_part(name, rows=old), a_part(name, rows=new), BOOK.sets)


def test_a_move_is_told_once_for_all_of_its_environments() -> None:
    new = {"3.9": "anyio==4.14.2 idna==3.10", "3.12": "anyio==4.14.2", "3.14": "anyio==4.14.2"}

    diff = compared([BOOK.row("0.28.1", OLD)], [BOOK.row("0.28.1", new)])

    assert diff == PartDiff(
        part="httpx",
        unchanged=1,
        pins=PinsDiff(
            moves=(
                PinMove(
                    "anyio", "4.14.1", "4.14.2", ("py3.9-httpx-v0.28.1", "py3.12-httpx-v0.28.1")
                ),
                PinMove("anyio", "4.9.0", "4.14.2", ("py3.14-httpx-v0.28.1",)),
                PinMove("h11", "0.14.0", None, ("py3.9-httpx-v0.28.1",)),
                PinMove("idna", None, "3.10", ("py3.9-httpx-v0.28.1",)),
            )
        ),
    )
    assert not diff.is_empty
    assert [str(move) for move in diff.pins.moves] == [
        "anyio 4.14.1 → 4.14.2 in 2 environments",
        "anyio 4.9.0 → 4.14.2 in 1 environment",
        "h11 0.14.0 goes in 1 environment",
        "idna 3.10 comes in 1 environment",
    ]
    assert summary_line([diff], unchanged=1) == "4 pins to move. 1 row unchanged."


def test_environments_of_a_row_that_moves_are_compared_under_their_new_names() -> None:
    old = BOOK.row("0.28.1", {"3.9": "anyio==4.14.1 httpx==0.28.1"})
    new = BOOK.row("0.28.2", {"3.9": "anyio==4.14.2 httpx==0.28.2"})

    diff = compared([old], [new])

    assert [str(row.new.version) for row in diff.moved] == ["0.28.2"]
    assert diff.pins == PinsDiff(
        moves=(PinMove("anyio", "4.14.1", "4.14.2", ("py3.9-httpx-v0.28.2",)),)
    )


def test_environments_that_come_and_go_are_told_by_their_rows() -> None:
    old = [BOOK.row("1.0", {"3.8": "a==1", "3.9": "a==1"})]
    new = [BOOK.row("1.0", {"3.9": "a==1", "3.12": "a==2"}), BOOK.row("2.0", {"3.9": "b==2"})]

    diff = compared(old, new)

    assert (len(diff.changed), len(diff.added), diff.pins) == (1, 1, PinsDiff())


def test_a_part_that_comes_or_goes_has_no_moves() -> None:
    part = a_part(rows=[BOOK.row("1.0", OLD)])

    assert diff_parts("httpx", None, part, BOOK.sets).pins == PinsDiff()
    assert diff_parts("httpx", part, None, BOOK.sets).pins == PinsDiff()


@pytest.mark.parametrize(
    ("old", "new", "pins", "summary"),
    [
        pytest.param(
            BOOK.row("1.0", {"3.9": "a==1", "3.12": "a==1"}),
            BOOK.row("1.0", {"3.9": "a==1", "3.12": None}),
            PinsDiff(lost=("py3.12-httpx-v1.0",)),
            "0 environments to pin, 1 to unpin. 1 row unchanged.",
            id="one can no longer be resolved",
        ),
        pytest.param(
            BOOK.row("1.0", {"3.9": None, "3.12": "a==1"}),
            BOOK.row("1.0", {"3.9": "a==1", "3.12": "a==2"}),
            PinsDiff(
                moves=(PinMove("a", "1", "2", ("py3.12-httpx-v1.0",)),),
                gained=("py3.9-httpx-v1.0",),
            ),
            "1 pin to move; 1 environment to pin, 0 to unpin. 1 row unchanged.",
            id="one can be resolved again",
        ),
        pytest.param(
            a_row("1.0", "3.9 3.12"),
            BOOK.row("1.0", {"3.9": "a==1", "3.12": None}),
            PinsDiff(gained=("py3.9-httpx-v1.0",)),
            "1 environment to pin, 0 to unpin. 1 row unchanged.",
            id="pinned for the first time",
        ),
        pytest.param(
            BOOK.row("1.0", {"3.9": "a==1", "3.12": None}),
            a_row("1.0", "3.9 3.12"),
            PinsDiff(lost=("py3.9-httpx-v1.0",)),
            "0 environments to pin, 1 to unpin. 1 row unchanged.",
            id="the style is none from now on",
        ),
    ],
)
def test_environments_that_get_or_lose_pins(
    old: Row, new: Row, pins: PinsDiff, summary: str
) -> None:
    diff = compared([old], [new])

    assert (diff.pins, diff.settings) == (pins, ())
    assert summary_line([diff], unchanged=1) == summary


def test_a_failure_that_is_noted_for_the_first_time_is_told_though_no_file_changes() -> None:
    diff = compared([a_row("1.0", "3.9")], [BOOK.row("1.0", {"3.9": None})])

    assert diff.settings == (
        "What is noted about environments without pins changes; what they install does not.",
    )


def test_the_same_move_in_several_integrations_is_one_pin_to_move() -> None:
    old, new = BOOK.row("1.0", {"3.9": "a==1 b==1"}), BOOK.row("1.0", {"3.9": "a==2 b==1"})

    diffs = [compared([old], [new], name) for name in ("httpx", "falcon")]

    assert summary_line(diffs, unchanged=2) == "1 pin to move. 2 rows unchanged."


def test_names_are_compared_as_an_index_does() -> None:
    old = BOOK.row("1.0", {"3.9": "Zope.Interface==7.0 b==1"})
    new = BOOK.row("1.0", {"3.9": "b==1 zope-interface==7.0"})

    assert compared([old], [new]).pins == PinsDiff()


def test_pins_that_differ_and_are_not_known_are_an_error() -> None:
    old, new = BOOK.row("1.0", {"3.9": "a==1"}), BOOK.row("1.0", {"3.9": "a==2"})

    with pytest.raises(UnknownPins):
        diff_parts("httpx", a_part(rows=[old]), a_part(rows=[new]))


def without_pins(part: IntegrationPart) -> IntegrationPart:
    return replace(part, rows=tuple(replace(row, pins=()) for row in part.rows))


@st.composite
def pinned_parts(draw: st.DrawFn) -> IntegrationPart:
    pins = st.sampled_from(["a==1", "a==2", "a==1 b==1", "b==2", None])
    pythons = st.sets(st.sampled_from(["3.10", "3.12", "3.14"]), min_size=1)
    versions = draw(st.sets(st.sampled_from(["1.0", "1.1", "2.0", "3.0b1"]), min_size=1))
    rows = [
        BOOK.row(version, {python: draw(pins) for python in sorted(draw(pythons))})
        for version in sorted(versions)
    ]
    part = a_part(rows=rows)
    return part if draw(st.booleans()) else without_pins(part)


@given(pinned_parts(), pinned_parts())
def test_different_parts_have_a_difference_that_the_summary_names(
    old: IntegrationPart, new: IntegrationPart
) -> None:
    diff = diff_parts("httpx", old, new, BOOK.sets)

    assert diff.is_empty == (old == new)
    assert summary_line([diff], unchanged=0).startswith("No changes.") == (old == new)


@given(pinned_parts(), pinned_parts())
def test_moves_back_are_the_moves_turned_round(old: IntegrationPart, new: IntegrationPart) -> None:
    there = diff_parts("httpx", old, new, BOOK.sets).pins
    back = diff_parts("httpx", new, old, BOOK.sets).pins

    def told(pins: PinsDiff) -> set[tuple[str, str | None, str | None, int]]:
        return {(m.project, m.old, m.new, len(m.environments)) for m in pins.moves}

    assert told(there) == {(p, old, new, n) for p, new, old, n in told(back)}
    assert (len(there.gained), len(there.lost)) == (len(back.lost), len(back.gained))


@given(pinned_parts(), pinned_parts())
def test_pins_do_not_change_what_is_told_of_rows(
    old: IntegrationPart, new: IntegrationPart
) -> None:
    diff = diff_parts("httpx", old, new, BOOK.sets)
    plain = diff_parts("httpx", without_pins(old), without_pins(new))

    assert (diff.unchanged, diff.added != (), len(diff.moved), len(diff.changed)) == (
        plain.unchanged,
        plain.added != (),
        len(plain.moved),
        len(plain.changed),
    )

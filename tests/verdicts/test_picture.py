"""The geometry of the time line: everything has its place, nothing covers a name."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from portal.home.picture import MOST_LINKS, WIDTH, Dot, Label, Picture, State, draw, shape

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
DAY = timedelta(days=1)


def a_dot(version: str, days: float | None, state: State = State.NOT_PICKED, **more: bool) -> Dot:
    return Dot(
        version=version,
        at=None if days is None else NOW - days * DAY,
        state=state,
        is_prerelease="rc" in version,
        title=f"{version}: told",
        **more,
    )


def many(number: int, *, every: int = 100) -> list[Dot]:
    """*number* releases, two days apart; one in *every* is picked."""
    return [
        a_dot(f"1.{n}.0", 2 * (number - n), State.PICKED if n % every == 0 else State.NOT_PICKED)
        for n in range(number)
    ]


def boxes(labels: Sequence[Label]) -> list[tuple[float, float, float]]:
    return [(label.y, label.x - label.width / 2, label.x + label.width / 2) for label in labels]


def is_sound(picture: Picture) -> None:
    for (y, start, end), (other_y, other_start, other_end) in combinations(
        boxes(picture.labels), 2
    ):
        assert y != other_y or end <= other_start or other_end <= start
    for _, start, end in boxes(picture.labels):
        assert start >= 0
        assert end <= WIDTH
    for mark in picture.marks:
        assert 0 < mark.x < WIDTH
        assert 0 < mark.y < picture.axis < picture.height
    places = [tick.x for tick in picture.ticks]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "dots",
    [
        pytest.param([a_dot("1.0", 900, State.PICKED)], id="one release"),
        pytest.param([a_dot("1.0", 0, State.WAITING)], id="a release of this moment"),
        pytest.param([a_dot("1.0", None, State.PICKED)], id="one release without a time"),
        pytest.param(
            [a_dot(f"1.{n}", n / 10, State.PICKED) for n in range(5)], id="picks in one place"
        ),
        pytest.param(many(2000), id="2,000 releases"),
        pytest.param(many(200, every=7), id="200 releases"),
    ],
)
def test_nothing_leaves_the_drawing_and_no_name_covers_another(dots: list[Dot]) -> None:
    picture = draw(dots, now=NOW, cooldown=7 * DAY)

    is_sound(picture)
    assert [lane.name for lane in picture.lanes] == ["Finals"]


def test_later_is_further_right_and_now_is_the_end() -> None:
    picture = draw([a_dot("1.0", 800), a_dot("1.1", 400), a_dot("2.0", 1)], now=NOW)

    places = [mark.x for mark in picture.marks]

    assert places == sorted(places)
    assert picture.now == WIDTH - 24
    assert [tick.text for tick in picture.ticks] == ["2025", "2026"]


def test_prereleases_have_a_lane_of_their_own() -> None:
    picture = draw([a_dot("1.0", 80), a_dot("2.0rc1", 40, State.PICKED)], now=NOW)

    assert [lane.name for lane in picture.lanes] == ["Finals", "Prereleases"]
    assert {mark.dot.version: mark.y for mark in picture.marks} == {
        "1.0": picture.lanes[0].y,
        "2.0rc1": picture.lanes[1].y,
    }


def test_each_state_has_a_shape_of_its_own() -> None:
    assert len({shape(state, 0, 0) for state in State}) == len(State)


def test_up_to_200_marks_are_links_and_above_that_picks_and_the_present_release() -> None:
    few, crowd = many(MOST_LINKS), many(MOST_LINKS + 1)
    crowd[3] = a_dot("1.3.0", 300, is_present=True)

    all_linked, some_linked = draw(few, now=NOW), draw(crowd, now=NOW)

    assert (len(all_linked.marks), all_linked.crowd) == (MOST_LINKS, ())
    linked = {mark.dot.version for mark in some_linked.marks}
    assert linked == {"1.0.0", "1.3.0", "1.100.0", "1.200.0"}
    assert [kind for kind, _ in some_linked.crowd] == ["not-picked"]
    assert some_linked.crowd[0][1].count("M") == MOST_LINKS + 1 - 4


def test_unknown_times_stand_apart_in_the_order_of_versions() -> None:
    dots = [a_dot(f"0.{n}", None) for n in range(4)] + [a_dot("1.0", 300), a_dot("1.1", 5)]

    picture = draw(dots, now=NOW)
    places = {mark.dot.version: mark.x for mark in picture.marks}

    assert picture.apart is not None
    start, end = picture.apart
    assert all(start < places[f"0.{n}"] < end for n in range(4))
    assert places["0.0"] < places["0.1"] < places["0.2"] < places["0.3"]
    assert end < places["1.0"] < places["1.1"]


def test_where_no_time_is_known_there_are_no_years() -> None:
    picture = draw([a_dot(f"0.{n}", None) for n in range(4)], now=NOW, cooldown=7 * DAY)

    assert (picture.ticks, picture.bands) == ((), ())


def test_the_cooldown_and_runs_of_holds_are_shaded() -> None:
    held = State.ON_HOLD
    dots = [
        a_dot("1.0", 500, held),
        a_dot("1.1", 400, held),
        a_dot("1.2", 300),
        a_dot("1.3", 200, held),
        a_dot("2.0rc1", 100, held),
    ]

    picture = draw(dots, now=NOW, cooldown=30 * DAY)
    x = {mark.dot.version: mark.x for mark in picture.marks}

    cooling, first, second, third = picture.bands
    assert (cooling.kind, first.kind) == ("cooldown", "hold")
    assert cooling.x < picture.now <= cooling.x + cooling.width
    assert first.x < x["1.0"] < x["1.1"] < first.x + first.width < x["1.2"]
    assert second.x < x["1.3"] < second.x + second.width
    assert third.y > second.y


def test_the_present_release_is_always_named() -> None:
    dots = [a_dot(f"1.{n}", 0.1, State.PICKED) for n in range(40)]
    dots[20] = a_dot("1.20", 0.1, is_present=True)

    picture = draw(dots, now=NOW)

    assert "1.20" in [label.text for label in picture.labels if label.is_present]
    is_sound(picture)

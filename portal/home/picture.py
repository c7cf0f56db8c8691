"""
The picture of a project's releases on a line of time: where everything stands. Pure.

Lengths are units of the drawing, which is ``WIDTH`` wide and scales. A template draws what comes
out; nothing here knows HTML.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

WIDTH = 960
LEFT, RIGHT = 96, 24  # Room for the names of the lanes, and for half a mark.
APART = 120  # Room for releases whose time is not known.
GAP = 24
LINE = 15  # Height of a row of labels.
LANE = 34
MOST_ROWS = 8
CHARACTER, PADDING = 7.2, 8  # Of a label, at its widest.
MOST_LINKS = 200
SHORTEST = timedelta(days=60)  # A single release needs some time around it.
TICK_DISTANCE = 46


class State(Enum):
    PICKED = "picked"
    NOT_PICKED = "not-picked"
    WAITING = "waiting"
    ON_HOLD = "hold"
    YANKED = "yanked"
    UNKNOWN = "unknown"


WORDS = {
    State.PICKED: "Picked",
    State.NOT_PICKED: "Not picked",
    State.WAITING: "Waiting",
    State.ON_HOLD: "On hold",
    State.YANKED: "Yanked or gone",
    State.UNKNOWN: "Unknown?",
}
SHADES = {"cooldown": "Cooldown", "hold": "Held releases"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Dot:
    """One release, as it is to be drawn."""

    version: str
    at: datetime | None  # None: nobody knows when it came.
    state: State
    is_prerelease: bool
    title: str  # "5.1.7: Not picked, 6 Mar 2025"
    is_present: bool = False  # The release that the page is about.


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    x: float
    y: float
    dot: Dot
    path: str

    @property
    def kind(self) -> str:
        return self.dot.state.value

    @property
    def reach(self) -> int:
        """How far from its middle a pointer still meets it."""
        return 12 if self.dot.is_present or self.dot.state is State.PICKED else 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    x: float  # Its middle.
    y: float  # Its base line.
    text: str
    is_present: bool
    line: tuple[float, float, float]  # From the label to its mark: x, and both ends.

    @property
    def width(self) -> float:
        return len(self.text) * CHARACTER + PADDING


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """A stretch that is shaded."""

    x: float
    y: float
    width: float
    height: float
    kind: str  # cooldown, hold


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    name: str
    y: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    width: float
    height: float
    axis: float  # Where years stand.
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    bands: tuple[Band, ...]
    marks: tuple[Mark, ...]  # Drawn one by one, each a link.
    crowd: tuple[tuple[str, str], ...]  # State and one path for all other marks of that state.
    labels: tuple[Label, ...]
    apart: tuple[float, float] | None  # From and to: releases whose time is not known.
    now: float
    left: float = LEFT
    right: float = WIDTH - RIGHT / 2

    @property
    def years(self) -> float:
        """The base line of the years."""
        return self.axis + 18

    @property
    def legend(self) -> list[tuple[str, str, str]]:
        """The state, an outline around (9, 9) and a word for each state that is drawn."""
        drawn = {mark.kind for mark in self.marks} | {kind for kind, _ in self.crowd}
        return [
            (state.value, shape(state, 9, 9), word)
            for state, word in WORDS.items()
            if state.value in drawn
        ]

    @property
    def shades(self) -> list[tuple[str, str]]:
        kinds = {band.kind for band in self.bands}
        return [(kind, word) for kind, word in SHADES.items() if kind in kinds]


@dataclass(frozen=True, slots=True)
class Scale:
    """From moments to places."""

    first: datetime
    last: datetime
    left: float
    right: float

    def x(self, at: datetime) -> float:
        share = (at - self.first) / (self.last - self.first)
        return round(self.left + min(1.0, max(0.0, share)) * (self.right - self.left), 1)


def draw(dots: Sequence[Dot], *, now: datetime, cooldown: timedelta = timedelta()) -> Picture:
    """Draw *dots*, which are in the order of their versions; nothing comes after *now*."""
    timeless = [dot for dot in dots if dot.at is None]
    scale, apart = _scale(dots, timeless, now)
    lanes, axis, marks, labels = _lanes(dots, scale, apart)
    linked, crowd = _linked(marks)
    cooling = _cooling(scale, lanes, now, cooldown) if len(timeless) < len(dots) else []
    return Picture(
        width=WIDTH,
        height=axis + 24,
        axis=axis,
        lanes=lanes,
        ticks=_ticks(scale) if len(timeless) < len(dots) else (),
        bands=(*cooling, *_held(marks)),
        marks=tuple(linked),
        crowd=tuple(crowd),
        labels=labels,
        apart=apart,
        now=scale.x(now),
    )


def _scale(
    dots: Sequence[Dot], timeless: Sequence[Dot], now: datetime
) -> tuple[Scale, tuple[float, float] | None]:
    known = [dot.at for dot in dots if dot.at is not None]
    first = min([*known, now - SHORTEST])
    first -= (now - first) * 0.02
    left: float = LEFT
    apart = None
    if timeless:
        end = LEFT + APART if known else WIDTH - RIGHT
        apart = (LEFT, end)
        left = end + GAP if known else LEFT
    return Scale(first, now, left, WIDTH - RIGHT), apart


def _places(
    dots: Sequence[Dot], scale: Scale, apart: tuple[float, float] | None
) -> list[tuple[float, Dot]]:
    """Return where each dot of one lane stands; those without a time evenly, by version."""
    timeless = [dot for dot in dots if dot.at is None]
    places = [(scale.x(dot.at), dot) for dot in dots if dot.at is not None]
    if apart and timeless:
        start, end = apart[0] + PADDING, apart[1] - PADDING
        step = (end - start) / max(1, len(timeless) - 1)
        places += [(round(start + n * step, 1), dot) for n, dot in enumerate(timeless)]
    return sorted(places, key=lambda place: place[0])


def _lanes(
    dots: Sequence[Dot], scale: Scale, apart: tuple[float, float] | None
) -> tuple[tuple[Lane, ...], float, list[Mark], tuple[Label, ...]]:
    """Stack the lanes, each below the labels of its picks."""
    lanes, marks, labels = [], [], []
    y = 8.0
    for name, is_prerelease in (("Finals", False), ("Prereleases", True)):
        places = _places([dot for dot in dots if dot.is_prerelease == is_prerelease], scale, apart)
        if not places:
            continue
        rows = _label_rows(places)
        height = (max(rows.values(), default=-1) + 1) * LINE
        middle = y + height + LANE / 2
        lanes.append(Lane(name=name, y=middle))
        marks += [_mark(x, middle, dot) for x, dot in places]
        labels += [
            _label(x, y + height - row * LINE - 4, middle, dot)
            for (x, dot) in places
            if (row := rows.get(dot.version)) is not None
        ]
        y = middle + LANE / 2
    return tuple(lanes), y + 6, marks, tuple(labels)


# --- Labels --------------------------------------------------------------------------------------
def _label_rows(places: Iterable[tuple[float, Dot]]) -> dict[str, int]:
    """Return the row of each label, 0 next to the lane; one that finds no room has none."""
    ends: list[list[tuple[float, float]]] = [[] for _ in range(MOST_ROWS)]
    rows: dict[str, int] = {}
    named = [(x, dot) for x, dot in places if dot.is_present or dot.state is State.PICKED]
    # The present release comes first: its name must not be the one that finds no room.
    for x, dot in sorted(named, key=lambda place: (not place[1].is_present, place[0])):
        half = (len(dot.version) * CHARACTER + PADDING) / 2
        start, end = _middle(x, half) - half, _middle(x, half) + half
        for number, taken in enumerate(ends):
            if all(end <= one or start >= other for one, other in taken):
                taken.append((start, end))
                rows[dot.version] = number
                break
    return rows


def _middle(x: float, half: float) -> float:
    """Keep a label inside of the drawing."""
    return min(max(x, half), WIDTH - half)


def _label(x: float, y: float, lane: float, dot: Dot) -> Label:
    half = (len(dot.version) * CHARACTER + PADDING) / 2
    return Label(
        x=round(_middle(x, half), 1),
        y=y,
        text=dot.version,
        is_present=dot.is_present,
        line=(x, y + 3, lane - 7),
    )


# --- Marks ---------------------------------------------------------------------------------------
def _mark(x: float, y: float, dot: Dot) -> Mark:
    return Mark(x=x, y=y, dot=dot, path=shape(dot.state, x, y))


def shape(state: State, x: float, y: float) -> str:
    """Return the outline of a mark; each state has its own, so that colour only repeats it."""
    match state:
        case State.PICKED:  # A disc.
            return f"M{x - 6:g} {y:g}a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z"
        case State.WAITING:  # An empty diamond.
            return f"M{x:g} {y - 7:g}l7 7l-7 7l-7 -7z"
        case State.ON_HOLD:  # A square in a square.
            return f"M{x - 6:g} {y - 6:g}h12v12h-12zM{x - 2.5:g} {y - 2.5:g}h5v5h-5z"
        case State.YANKED:  # A cross.
            return f"M{x - 5:g} {y - 5:g}l10 10M{x + 5:g} {y - 5:g}l-10 10"
        case State.UNKNOWN:  # An empty triangle.
            return f"M{x:g} {y - 6:g}l6 11h-12z"
    return f"M{x:g} {y - 5:g}v10"  # A stroke: the quiet one, and there may be thousands.


def _linked(marks: Sequence[Mark]) -> tuple[list[Mark], list[tuple[str, str]]]:
    """Part the marks that are links from those of which there are too many."""
    if len(marks) <= MOST_LINKS:
        return list(marks), []
    linked = [mark for mark in marks if mark.dot.is_present or mark.dot.state is State.PICKED]
    crowd = [mark for mark in marks if mark not in linked]
    kinds = [state.value for state in State]
    paths = {kind: "".join(mark.path for mark in crowd if mark.kind == kind) for kind in kinds}
    return linked, [(kind, path) for kind, path in paths.items() if path]


# --- Shades and years ----------------------------------------------------------------------------
def _cooling(scale: Scale, lanes: Sequence[Lane], now: datetime, cooldown: timedelta) -> list[Band]:
    if not cooldown or not lanes:
        return []
    start = scale.x(now - cooldown)
    top = lanes[0].y - LANE / 2
    end = WIDTH - RIGHT / 2
    height = lanes[-1].y + LANE / 2 - top
    return [Band(x=start, y=top, width=round(end - start, 1), height=height, kind="cooldown")]


def _held(marks: Sequence[Mark]) -> list[Band]:
    """Return a stretch for each run of neighbours that are on hold."""
    bands: list[Band] = []
    is_open = False
    for mark in marks:
        if mark.dot.state is not State.ON_HOLD:
            is_open = False
            continue
        if is_open and bands[-1].y == mark.y - LANE / 2:
            start = bands[-1].x
            bands[-1] = replace(bands[-1], width=round(mark.x + 10 - start, 1))
        else:
            bands.append(
                Band(x=mark.x - 10, y=mark.y - LANE / 2, width=20, height=LANE, kind="hold")
            )
        is_open = True
    return bands


def _ticks(scale: Scale) -> tuple[Tick, ...]:
    """Return the years, or their quarters where there are fewer than two of them."""
    years = range(scale.first.year, scale.last.year + 1)
    months = (1, 4, 7, 10) if scale.last - scale.first < timedelta(days=600) else (1,)
    moments = [datetime(year, month, 1, tzinfo=UTC) for year in years for month in months]
    ticks: list[Tick] = []
    for at in moments:
        if scale.first <= at <= scale.last:
            text = f"{at.year}" if len(months) == 1 else f"{at:%b} {at.year}"
            x = scale.x(at)
            if not ticks or x - ticks[-1].x >= TICK_DISTANCE + 4 * (len(text) - 4):
                ticks.append(Tick(x, text))
    return tuple(ticks)

"""The verdict on a file, from its marks and those of what the portal rendered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from matrix.rules.checking.differences import Difference
from matrix.rules.checking.reading import CheckedFile, FoundRegion, Mark

MOST_SHOWN = 50  # Places that a report shows; what is more is counted.


class State(Enum):
    CURRENT = "current"
    OLDER = "older"
    CANDIDATE = "candidate"
    FRAME_EDITED = "frame edited"
    INTACT = "intact"  # Hashes were compared, publications were not.
    REGION_EDITED = "region edited"
    MIXED = "mixed"
    UNKNOWN = "unknown"


EXIT_CODES = {State.REGION_EDITED: 1, State.MIXED: 1, State.UNKNOWN: 3}
NOT_CURRENT = {State.OLDER, State.CANDIDATE, State.INTACT}  # Fail where "current" is asked for.


@dataclass(frozen=True, kw_only=True, slots=True)
class Edition:
    """A file as a publication has it, or as a proposal would publish it."""

    number: int
    is_current: bool = False
    is_candidate: bool = False  # The number is that of a proposal.
    content: str  # The SHA-256 of its text.
    marks: Mapping[str, Mark]

    @property
    def name(self) -> str:
        return f"proposal {self.number}" if self.is_candidate else f"publication {self.number}"


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedRegion:
    name: str
    first_line: int
    last_line: int
    state: str  # "as generated", "edited", "not generated yet"
    origin: str  # "publication 11"; "": not known.


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What is said of a file. The verdict is a sentence, and the first thing to be said."""

    state: State
    verdict: str
    notes: tuple[str, ...] = ()
    kind: str = ""
    path: str = ""
    sdk: str = ""  # The slug of the SDK whose file it is; "": not known.
    publication: int | None = None  # The newest that the file agrees with.
    current: int | None = None  # The number of the current publication.
    proposal: int | None = None  # The open one, whose candidate the file is.
    regions: tuple[CheckedRegion, ...] = ()
    differences: tuple[Difference, ...] = ()  # From what the portal wrote.
    frame: tuple[Difference, ...] = ()  # Of the hand-written part, which is welcome.

    def exit_code(self, *, strict: bool = False) -> int:
        """0: in order; 1: edited or, when *strict*, not current; 3: nothing can be said."""
        return EXIT_CODES.get(self.state, int(strict and self.state in NOT_CURRENT))

    @property
    def real(self) -> list[Difference]:
        return [one for one in self.differences if not one.is_routine]

    @property
    def routine(self) -> list[Difference]:
        return [one for one in self.differences if one.is_routine]


def origin_of(region: FoundRegion, editions: Sequence[Edition]) -> Edition | None:
    """
    Return the first of *editions* that a region comes from.

    The text of a region that was edited is no one's; what its END marker says is.
    """
    for edition in editions:
        mark = edition.marks.get(region.name)
        if mark is not None and _is_from(region, mark):
            return edition
    return None


def _is_from(region: FoundRegion, mark: Mark) -> bool:
    if region.is_edited:
        return region.claimed == mark.digest
    return region.mark.plain == mark.plain


def common_origin(regions: Sequence[FoundRegion], editions: Sequence[Edition]) -> Edition | None:
    """Return the first of *editions* that all *regions* come from."""
    for edition in editions:
        marks = edition.marks
        if all(one.name in marks and _is_from(one, marks[one.name]) for one in regions):
            return edition
    return None


def checked_regions(
    file: CheckedFile, editions: Sequence[Edition], common: Edition | None
) -> tuple[CheckedRegion, ...]:
    """Return the regions with their origins: the *common* one, else the newest of each."""
    found = []
    for region in file.regions:
        origin = common or origin_of(region, editions)
        found.append(
            CheckedRegion(
                name=region.name,
                first_line=region.first_line,
                last_line=region.last_line,
                state=_state_of(region),
                origin=origin.name if origin else "",
            )
        )
    return tuple(found)


def _state_of(region: FoundRegion) -> str:
    if region.is_blank:
        return "not generated yet"
    return "edited" if region.is_edited else "as generated"


def judge_offline(file: CheckedFile) -> Report:
    """Say what the file itself proves: whether its regions are as the portal wrote them."""
    signed = signed_regions(file)
    edited = [region for region in signed if region.is_edited]
    state, verdict = State.UNKNOWN, nothing_to_compare(file)
    if edited:
        state, verdict = State.REGION_EDITED, _edited_offline(edited, len(signed))
    elif signed:
        state = State.INTACT
        which = "The region is" if len(signed) == 1 else f"All {len(signed)} regions are"
        verdict = f"{which} as the portal wrote {'it' if len(signed) == 1 else 'them'}."
    return Report(
        state=state,
        verdict=verdict,
        notes=("Hashes were compared. Which publication it is was not asked.",) if signed else (),
        kind=file.kind.value,
        path=file.path,
        regions=checked_regions(file, (), None),
    )


def signed_regions(file: CheckedFile) -> list[FoundRegion]:
    """Return the regions into which something was generated once."""
    return [region for region in file.regions if not region.is_blank]


def nothing_to_compare(file: CheckedFile) -> str:
    if file.regions:
        return "Nothing was compared: the regions are empty, so nothing was generated yet."
    return f"Nothing was compared: a {file.kind.value} bears no hash of its own."


def _edited_offline(edited: Sequence[FoundRegion], signed: int) -> str:
    places = [f'"{one.name}" (lines {one.first_line} to {one.last_line})' for one in edited]
    verb = "was" if len(edited) == 1 else "were"
    return f"{len(edited)} of {signed} regions {verb} edited by hand: {', '.join(places)}."

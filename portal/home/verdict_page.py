"""What the pages of verdicts show: rows, filters, the dots of the picture. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator
from packaging.version import Version

from integrations.index.facts import KnownRelease
from matrix.rules.facts import Check
from matrix.rules.guidance import GUIDE, NOT_PICKED, ON_HOLD, PICKED, UNKNOWN, WAITING, Entry
from matrix.rules.judging import Verdict
from matrix.rules.passing import day_text, uploaded_text
from matrix.sdk.verdicts import IntegrationVerdicts
from portal.home.picture import Dot, Picture, State, draw

PER_PAGE = 100
STATES = {
    PICKED: State.PICKED,
    NOT_PICKED: State.NOT_PICKED,
    WAITING: State.WAITING,
    ON_HOLD: State.ON_HOLD,
    UNKNOWN: State.UNKNOWN,
}
WORDS = {state.value: word for word, state in STATES.items()}  # As addresses name them.
FINALS, PRERELEASES = "finals", "prereleases"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One release in the table."""

    release: KnownRelease
    verdict: Verdict

    @property
    def kind(self) -> str:
        return badge_kind(self.verdict.word)

    @property
    def entry(self) -> Entry | None:
        return GUIDE.get(self.verdict.kind)

    @property
    def uploaded_at(self) -> datetime | None:
        """None where the index does not say."""
        return self.release.uploaded_at if self.release.is_time_known else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What the address asks for; values that make no sense ask for everything."""

    kind: str = FINALS
    verdict: str = ""
    text: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> "Filters":
        kind, verdict = asked.get("kind", ""), asked.get("verdict", "")
        return cls(
            kind=PRERELEASES if kind == PRERELEASES else FINALS,
            verdict=verdict if verdict in WORDS else "",
            text=asked.get("q", "").strip()[:100],
        )

    def pass_on(self, row: Row) -> bool:
        if self.verdict and row.verdict.word != WORDS[self.verdict]:
            return False
        text = self.text.casefold()
        return text in f"{row.release.version} {row.verdict.text}".casefold()


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One value of a filter, and how many releases it shows."""

    value: str
    name: str
    count: int
    is_on: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """The table of an integration's releases: what passes the filters, newest first."""

    filters: Filters
    kinds: tuple[Choice, ...]
    verdicts: tuple[Choice, ...]
    page: Page
    hidden: int  # Of this kind, by the filters.


def badge_kind(word: str) -> str:
    return STATES[word].value


def listing_of(seen: IntegrationVerdicts, filters: Filters, page: str | None) -> Listing:
    rows = [
        Row(release=seen.known[version], verdict=verdict)
        for version, verdict in reversed(seen.verdicts.items())
    ]
    kinds = {
        FINALS: [row for row in rows if not row.release.version.is_prerelease],
        PRERELEASES: [row for row in rows if row.release.version.is_prerelease],
    }
    own = kinds[filters.kind]
    shown = [row for row in own if filters.pass_on(row)]
    return Listing(
        filters=filters,
        kinds=tuple(
            Choice(value=kind, name=kind.capitalize(), count=len(found), is_on=kind == filters.kind)
            for kind, found in kinds.items()
        ),
        verdicts=_choices(own, filters.verdict),
        page=Paginator(shown, PER_PAGE).get_page(page),
        hidden=len(own) - len(shown),
    )


def _choices(rows: Sequence[Row], chosen: str) -> tuple[Choice, ...]:
    counts = Counter(row.kind for row in rows)
    words = [
        Choice(value=value, name=word, count=counts[value], is_on=value == chosen)
        for value, word in WORDS.items()
        if counts[value] or value == chosen
    ]
    return (Choice(value="", name="Any", count=len(rows), is_on=not chosen), *words)


def counts_of(seen: IntegrationVerdicts) -> tuple[tuple[str, str, int], ...]:
    """Return each word of a verdict with its badge and how many releases have it."""
    counts = Counter(verdict.word for verdict in seen.verdicts.values())
    return tuple((word, badge_kind(word), counts[word]) for word in STATES if counts[word])


def age_of(release: KnownRelease, now: datetime) -> str:
    """``6 Mar 2025, 624 days old``."""
    at = release.uploaded_at
    if at is None:
        return "Its files are gone from the index."
    if not release.is_time_known:
        return f"Not known: {uploaded_text(release)}."
    days = (now - at).days
    return f"{day_text(at)}, {days} day{'' if days == 1 else 's'} old"


# --- The picture ---------------------------------------------------------------------------------
def picture_of(seen: IntegrationVerdicts, present: Version | None = None) -> Picture:
    dots = [
        _dot(seen.known[version], verdict, is_present=version == present)
        for version, verdict in seen.verdicts.items()
    ]
    return draw(dots, now=seen.at, cooldown=seen.case.policy.cooldown)


def _dot(release: KnownRelease, verdict: Verdict, *, is_present: bool) -> Dot:
    at = release.uploaded_at if release.is_time_known else None
    is_yanked = verdict.kind == Check.UNAVAILABLE.value
    word = f"{verdict.word}, {verdict.text}" if is_yanked else verdict.word
    return Dot(
        version=str(release.version),
        at=at,
        state=State.YANKED if is_yanked else STATES[verdict.word],
        is_prerelease=release.version.is_prerelease,
        title=f"{release.version}: {word}, {day_text(at) if at else 'time not known'}",
        is_present=is_present,
    )

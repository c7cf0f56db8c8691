"""What the page of waiting releases shows, in a fixed number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.http import QueryDict

from integrations.catalogue.models import CooldownBypass, Sdk
from matrix.sdk.bypassing import ADD, Standing, State, states
from matrix.sdk.waiting import Waiting, Waits, waits

CHANGE = "catalogue.change_cooldownbypass"
PER_PAGE = 100  # Of picks and of pins, each by itself: every row has a form.
# The edge of each badge says what its word says.
BADGES = {
    Standing.IN_FORCE: "approved",
    Standing.WAITING: "undecided",
    Standing.ON_HOLD: "hold",
    Standing.ENDED: "not-picked",
    Standing.NOT_THERE: "error",
    Standing.UNKNOWN: "unknown",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """What somebody typed into the form of a bypass, and why it was refused."""

    sdk: str
    project: str
    version: str
    reason: str = ""
    link: str = ""
    mistakes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.sdk}/{self.project}/{self.version}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownWait:
    wait: Waiting
    days_left: int
    typed: Typed  # Empty but for the release, unless it was refused.
    number: int  # Tells the fields of one form from those of another.


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownBypass:
    bypass: CooldownBypass
    state: State
    may_confirm: bool

    @property
    def badge(self) -> str:
        return BADGES[self.state.standing]


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingPage:
    waits: Waits
    picks: tuple[ShownWait, ...]  # Of this page, as the pins.
    pins: tuple[ShownWait, ...]
    pick_page: Page
    pin_page: Page
    bypasses: tuple[ShownBypass, ...]
    sdks: tuple[str, ...]
    chosen: str
    may_bypass: bool
    may_edit: bool
    refused: Typed | None

    @property
    def first(self) -> Waiting | None:
        """What is over first."""
        both = [*self.waits.picks[:1], *self.waits.pins[:1]]
        return min(both, key=lambda one: one.until, default=None)

    @property
    def is_refused_elsewhere(self) -> bool:
        """Whether the release of a refused form waits no more, so that no row shows the form."""
        shown = {one.typed.key for one in (*self.picks, *self.pins)}
        return self.refused is not None and self.refused.key not in shown


def waiting_page(
    query: QueryDict, *, by: User, at: datetime, refused: Typed | None = None
) -> WaitingPage:
    """Return what waits in all SDKs, or in the one that *query* names."""
    sdks = sorted(Sdk.objects.defer("frame"), key=lambda sdk: sdk.slug)
    chosen = query.get("sdk", "")
    wanted = [sdk for sdk in sdks if sdk.slug == chosen] or sdks
    found = waits(wanted, at)
    pick_page = _page_of(found.picks, query.get("picks"), refused)
    pin_page = _page_of(found.pins, query.get("pins"), refused)
    shown = [
        ShownWait(wait=one, days_left=one.days_left(at), typed=_typed(one, refused), number=number)
        for number, one in enumerate((*pick_page, *pin_page), start=1)
    ]
    picks = len(pick_page)
    return WaitingPage(
        waits=found,
        picks=tuple(shown[:picks]),
        pins=tuple(shown[picks:]),
        pick_page=pick_page,
        pin_page=pin_page,
        bypasses=tuple(_bypasses(wanted, by, at)),
        sdks=tuple(sdk.slug for sdk in sdks),
        chosen=chosen if chosen in {sdk.slug for sdk in sdks} else "",
        may_bypass=by.has_perm(ADD),
        may_edit=by.is_staff and by.has_perm(CHANGE),
        refused=refused,
    )


def _page_of(rows: Sequence[Waiting], number: str | None, refused: Typed | None) -> Page:
    """Return the page of this number, or the one on which somebody typed what was refused."""
    if refused is not None:
        place = next((n for n, row in enumerate(rows) if _empty(row).key == refused.key), 0)
        number = str(place // PER_PAGE + 1)
    return Paginator(rows, PER_PAGE).get_page(number)


def _typed(wait: Waiting, refused: Typed | None) -> Typed:
    empty = _empty(wait)
    return refused if refused is not None and refused.key == empty.key else empty


def _empty(wait: Waiting) -> Typed:
    return Typed(sdk=wait.sdk.slug, project=wait.project, version=str(wait.version))


def _bypasses(sdks: list[Sdk], by: User, at: datetime) -> list[ShownBypass]:
    rows = CooldownBypass.objects.filter(sdk__in=sdks)
    rows = rows.select_related("requested_by", "approved_by")
    known: Mapping[int, Sdk] = {sdk.pk: sdk for sdk in sdks}
    found = sorted(rows, key=lambda row: (row.project, row.version, row.pk))
    for row in found:
        row.sdk = known[row.sdk_id]
    does = states(found, now=at)
    order = list(BADGES)
    shown = [
        ShownBypass(
            bypass=row,
            state=does[row.pk],
            may_confirm=does[row.pk].standing is Standing.WAITING
            and row.requested_by_id != by.pk
            and by.has_perm(CHANGE),
        )
        for row in found
    ]
    return sorted(shown, key=lambda one: order.index(one.state.standing))

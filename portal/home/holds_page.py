"""What the list of holds and the home page say of holds, in a fixed number of queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from packaging.utils import canonicalize_name

from integrations.catalogue.choices import Standing
from integrations.catalogue.models import Hold, Sdk
from matrix.sdk.emergency import EVERYWHERE
from matrix.sdk.holding import CHANGE

PER_PAGE = 50
WEEK = timedelta(days=7)
# The edge of each badge says what its word says.
BADGES = {
    Standing.ENDED: "ended",
    Standing.OVERDUE: "warning",
    Standing.NO_EFFECT: "no-effect",
    Standing.WAITING: "undecided",
    Standing.IN_FORCE: "hold",
    Standing.LATER: "later",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownHold:
    hold: Hold
    standing: Standing
    who: str
    since: datetime | date | None
    effects: tuple[str, ...]  # Sentences; none: nobody has looked yet.
    may_end: bool
    may_renew: bool
    may_confirm: bool

    @property
    def badge(self) -> str:
        return BADGES[self.standing]

    @property
    def needs_somebody(self) -> bool:
        return self.standing not in (Standing.IN_FORCE, Standing.LATER)

    @property
    def integration(self) -> Any:
        return self.hold.integration

    @property
    def where(self) -> str:
        """What it reaches, where no single integration is named."""
        return f"all of {self.hold.sdk.slug}" if self.hold.sdk else "everywhere"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One state to filter by, and how many holds are in it."""

    value: str
    label: str
    count: int
    is_chosen: bool
    query: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldList:
    page: Page
    holds: tuple[ShownHold, ...]
    states: tuple[Choice, ...]
    sdks: tuple[str, ...]
    owners: tuple[str, ...]
    chosen: Mapping[str, str]
    total: int  # Without any filter.
    query: str  # The filters, for links to other pages of the list.


def hold_list(query: QueryDict, *, by: User, at: datetime) -> HoldList:
    """Return the page of holds that *query* asks for; what needs somebody comes first."""
    chosen = {
        name: query.get(name, "").replace("\0", "").strip()
        for name in ("sdk", "state", "owner", "project")
    }
    today = at.astimezone(UTC).date()
    everything = Hold.objects.with_standing(today)
    found = _filtered(everything, chosen)
    counts = dict(found.values_list("standing").annotate(count=Count("pk")).order_by())
    state = chosen["state"]
    rows = found.filter(standing=state) if state in Standing.values else found
    related = rows.select_related("sdk", "integration__sdk", "requested_by", "approved_by")
    page = Paginator(related.order_by("rank", "-pk"), PER_PAGE).get_page(query.get("page"))
    owners = Hold.objects.exclude(owner="").values_list("owner", flat=True).distinct()
    return HoldList(
        page=page,
        holds=tuple(_shown(list(page), by)),
        states=tuple(_states(counts, chosen)),
        sdks=tuple(sorted(Sdk.objects.values_list("slug", flat=True))),
        owners=tuple(sorted(owners)),
        chosen=chosen,
        total=Hold.objects.count(),
        query=_query(chosen),
    )


def _filtered(rows: QuerySet[Any], chosen: Mapping[str, str]) -> QuerySet[Any]:
    if slug := chosen["sdk"]:
        here = Q(sdk__slug=slug) | Q(integration__sdk__slug=slug)
        rows = rows.filter(here | Q(sdk=None, integration=None))
    if owner := chosen["owner"]:
        rows = rows.filter(owner=owner)
    if project := canonicalize_name(chosen["project"]):
        rows = rows.filter(Q(project=project) | Q(integration__project=project))
    return rows


def _states(counts: Mapping[str, int], chosen: Mapping[str, str]) -> Iterable[Choice]:
    state = chosen["state"] if chosen["state"] in Standing.values else ""
    offered = [("", "All", sum(counts.values()))]
    offered += [(one.value, str(one.label), counts.get(one.value, 0)) for one in Standing]
    for value, label, count in offered:
        yield Choice(
            value=value,
            label=label,
            count=count,
            is_chosen=value == state,
            query=_query({**chosen, "state": value}),
        )


def _query(chosen: Mapping[str, str]) -> str:
    found = QueryDict(mutable=True)
    found.update({name: value for name, value in chosen.items() if value})
    return found.urlencode()


def _shown(holds: list[Hold], by: User) -> Iterable[ShownHold]:
    made = _first_records(holds)
    may_change, may_everywhere = by.has_perm(CHANGE), by.has_perm(EVERYWHERE)
    for hold in holds:
        standing = Standing(hold.standing)  # type: ignore[attr-defined]  # Annotated.
        record = made.get(hold.pk)
        may = may_change and (may_everywhere or not hold.is_everywhere)
        is_asked = hold.is_everywhere and not hold.is_confirmed and hold.asks_for_two  # type: ignore[attr-defined]
        yield ShownHold(
            hold=hold,
            standing=standing,
            who=hold.owner or (str(record.history_user) if record and record.history_user else ""),
            since=hold.starts_on or (record.history_date if record else None),
            effects=tuple(hold.effect.splitlines()) if standing != Standing.ENDED else (),
            may_end=may and standing != Standing.ENDED,
            may_renew=may,
            may_confirm=is_asked and may_everywhere and hold.requested_by_id != by.pk,
        )


def _first_records(holds: list[Hold]) -> dict[int, Any]:
    """Return the record of who made each hold, by its key."""
    history: Any = Hold.history  # django-simple-history ships no types.
    records = history.filter(id__in=[hold.pk for hold in holds], history_type="+")
    return {record.id: record for record in records.select_related("history_user")}


# --- What other pages say -------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True, slots=True)
class HoldsToWatch:
    """Holds that want somebody's eye this week."""

    ending: tuple[Hold, ...]  # Those that end within seven days, the first first.
    overdue: tuple[Hold, ...]  # Somebody wanted to look at them again by now.

    def __bool__(self) -> bool:
        return bool(self.ending or self.overdue)


def holds_to_watch(at: datetime) -> HoldsToWatch:
    """Return what templates/holds/_watch.html shows; one query."""
    today = at.astimezone(UTC).date()
    soon = Q(ends_on__gt=today, ends_on__lte=today + WEEK)
    rows = Hold.objects.not_ended(today).filter(soon | Q(remind_on__lte=today))
    found = list(rows.select_related("sdk", "integration__sdk").order_by("ends_on", "pk"))
    return HoldsToWatch(
        ending=tuple(one for one in found if one.ends_on and one.ends_on <= today + WEEK),
        overdue=tuple(
            one for one in found if one.remind_on and one.remind_on <= today and one.is_in_force(at)
        ),
    )

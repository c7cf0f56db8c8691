"""Which items of a proposal a page shows, and in which order: read from its address. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

from portal.home.presenting import RISKS, ShownItem

ALL = "all"
SHOWS: Mapping[str, tuple[str, Callable[[ShownItem], bool]]] = {
    "undecided": ("Undecided", lambda item: item.is_open),
    "closely": ("Look closely", lambda item: item.is_risky),
    "routine": ("Routine", lambda item: not item.is_risky),
    "again": ("Look again", lambda item: item.again is not None),
    ALL: ("All", lambda item: True),  # noqa: ARG005
}
KINDS: Mapping[str, str] = {
    "": "any",
    "add": "rows added",
    "remove": "rows removed",
    "change": "rows changed",
    "pins": "pins",
    "requirements": "requirements",
    "settings": "settings",
    "problems": "problems",
}
SORTS: Mapping[str, str] = {"risk": "risk", "name": "name"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What the address asks for; a word that it misspells counts as left out."""

    show: str = ALL
    kind: str = ""
    group: str = ""
    find: str = ""
    sort: str = "risk"

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filters":
        known = {"show": SHOWS, "kind": KINDS, "sort": SORTS}
        values = {field.name: query.get(field.name, "").strip()[:200] for field in fields(cls)}
        kept = {
            name: value
            for name, value in values.items()
            if value and value in known.get(name, {value})
        }
        return cls(**kept)

    @property
    def is_on(self) -> bool:
        """Whether items may be hidden."""
        return replace(self, sort="risk") != Filters()

    def query(self, **changes: str) -> str:
        """Return ``?show=undecided&find=django``; "?" alone when nothing is asked for."""
        asked = replace(self, **changes)
        default = Filters()
        values = {
            field.name: getattr(asked, field.name)
            for field in fields(asked)
            if getattr(asked, field.name) != getattr(default, field.name)
        }
        return f"?{urlencode(values)}"

    def lets_pass(self, item: ShownItem) -> bool:
        return (
            SHOWS[self.show][1](item)
            and (not self.kind or self.kind in item.kinds)
            and (not self.group or self.group == item.group)
            and self.find.casefold() in f"{item.title} {item.project}".casefold()
        )

    def ordered(self, items: Sequence[ShownItem]) -> list[ShownItem]:
        """Return all of *items*: those to look closely at first, each half in the order asked."""
        return sorted(items, key=lambda item: (not item.is_risky, *self._key(item)))

    def _key(self, item: ShownItem) -> tuple[object, ...]:
        name = (item.report.rank, item.part)
        if self.sort == "name":
            return name
        worst = RISKS.index(item.risks[0]) if item.risks else len(RISKS)
        return (worst, -len(item.risks), item.report.rank, item.group, item.part)


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the filters that stand in a row, with the number of items behind it."""

    name: str
    number: int
    query: str
    is_on: bool


def tabs(filters: Filters, items: Sequence[ShownItem]) -> list[Tab]:
    """Count what each filter shows of all items; "look again" stands there when there is any."""
    counted = {show: sum(map(lets, items)) for show, (_, lets) in SHOWS.items()}
    return [
        Tab(name, counted[show], filters.query(show=show), filters.show == show)
        for show, (name, _) in SHOWS.items()
        if show != "again" or counted[show] or filters.show == show
    ]

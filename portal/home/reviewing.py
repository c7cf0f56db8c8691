"""The page of a proposal: its items, filtered and in order, and what is selected of them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from django.core.paginator import Page, Paginator

from matrix.review.commenting import comments_on
from matrix.review.kinds import Kind, kind_of
from matrix.review.looking_again import LostDecision, lost_decisions
from matrix.review.models import Comment, Decision, Proposal
from matrix.review.values import Change
from matrix.rules.diffing import PartDiff, PinMove
from matrix.sdk.coupling import companions
from matrix.sdk.reporting import ProposalReport, report_on
from portal.home.acting import with_required
from portal.home.filtering import Filters, Tab, tabs
from portal.home.presenting import ShownItem, shown_items

MOST_LINES = 500  # More are shown item by item, each on a page of its own.
MOST_UNFOLDED = 15  # Routine items; the details of more come folded.
MOST_ITEMS = 500  # On one page: more would be too long to search in.
PER_PAGE = 100
MOST_PINS = 40  # Moves told for the whole proposal; the items have all of theirs.


@dataclass(frozen=True, slots=True)
class FoldedPin:
    """What becomes of one pin in all items together."""

    move: PinMove
    environments: int
    integrations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Items that stand together: those of one group, or of no group in particular."""

    name: str
    items: tuple[ShownItem, ...]

    @property
    def open(self) -> list[ShownItem]:
        return [item for item in self.items if item.is_open]


@dataclass(frozen=True, kw_only=True)
class Review:
    """All items of a proposal in the order of the page, and which of them it shows."""

    report: ProposalReport
    kind: Kind
    items: tuple[ShownItem, ...]
    filters: Filters
    page: Page
    selected: frozenset[int]  # Keys of undecided items.
    comments: tuple[Comment, ...]  # On the proposal as a whole.

    @property
    def shown(self) -> list[ShownItem]:
        return list(self.page.object_list)

    @property
    def hidden(self) -> int:
        return len(self.items) - self.page.paginator.count

    @cached_property
    def tabs(self) -> list[Tab]:
        return tabs(self.filters, self.items)

    @property
    def groups(self) -> list[str]:
        return sorted({item.group for item in self.items if item.group})

    @property
    def look_closely(self) -> list[ShownItem]:
        return [item for item in self.shown if item.is_risky]

    @property
    def routine(self) -> list[ShownItem]:
        return [item for item in self.shown if not item.is_risky]

    @cached_property
    def clusters(self) -> list[Cluster]:
        """The routine items by group; as one where they are sorted by name."""
        if self.filters.sort == "name":
            return [Cluster("", tuple(self.routine))] if self.routine else []
        return [
            Cluster(name, tuple(items))
            for name, items in groupby(self.routine, key=lambda item: item.group)
        ]

    @cached_property
    def is_condensed(self) -> bool:
        """Whether details stand on the pages of the items: there are too many for one page."""
        return sum(item.length for item in self.shown) > MOST_LINES

    @property
    def is_routine_folded(self) -> bool:
        return len(self.routine) > MOST_UNFOLDED

    @cached_property
    def counts(self) -> Counter[str]:
        """Undecided, approved, declined and published items: together all of them."""
        return Counter(_state(item) for item in self.items)

    @property
    def undecided(self) -> int:
        return self.counts["undecided"]

    @property
    def approved(self) -> int:  # And not published yet.
        return self.counts["approved"]

    @property
    def declined(self) -> int:
        return self.counts["declined"]

    @property
    def published(self) -> int:
        return self.counts["published"]

    @property
    def decided(self) -> int:
        return len(self.items) - self.undecided

    @property
    def again(self) -> list[ShownItem]:
        return [item for item in self.items if item.again]

    @cached_property
    def kept(self) -> int:
        """Approvals that the last rebuild, or the run that replaced a proposal, left standing."""
        proposal = self.report.proposal
        since = proposal.rebuilt_at or proposal.proposed_at
        return sum(
            item.decision is not None
            and not item.report.item.published_in_id
            and item.decision.verdict == Decision.Verdict.APPROVED
            and item.decision.decided_at <= since
            for item in self.items
        )

    @cached_property
    def open_shown(self) -> list[ShownItem]:
        """What can be decided on this page."""
        return [item for item in self.shown if item.is_open]

    @cached_property
    def selection(self) -> "Selection":
        return selection_of(self.items, self.selected, kind=self.kind)

    @cached_property
    def pins(self) -> list[FoldedPin]:
        """What moves in most environments first, told once for all items."""
        return folded_pins(self.items)

    def after(self, pk: int | None) -> ShownItem | None:
        """Return the next undecided shown item after that of key *pk*, else the first one."""
        places = {item.pk: place for place, item in enumerate(self.items)}
        start = places.get(pk, -1) if pk else -1
        following = [item for item in self.open_shown if places[item.pk] > start]
        return next(iter([*following, *self.open_shown]), None)

    def beside(self, pk: int) -> tuple[ShownItem | None, ShownItem | None]:
        """Return the undecided items before and after that of key *pk*, whatever is filtered."""
        places = [item.pk for item in self.items]
        here = places.index(pk)
        before = [item for item in self.items[:here] if item.is_open]
        following = [item for item in self.items[here + 1 :] if item.is_open]
        return (before[-1] if before else None), (following[0] if following else None)


def _state(item: ShownItem) -> str:
    if item.report.item.published_in_id:
        return "published"
    return item.decision.verdict if item.decision else "undecided"


def review_of(
    proposal: Proposal,
    filters: Filters,
    *,
    selected: Collection[int] = (),
    selects_shown: bool = False,
    page: str | None = None,
) -> Review:
    """Read the whole proposal in a fixed number of queries, and show what *filters* let pass."""
    report, kind = report_on(proposal), kind_of(proposal.channel)
    lost = lost_decisions(proposal)
    comments = comments_on(proposal)
    found = shown_items(
        report,
        lost=lost,
        diffs=_diffs(lost, kind),
        goes_with=companions(report.items),
        comments=comments,
    )
    items = filters.ordered(_with_needs(found))
    passing = [item for item in items if filters.lets_pass(item)]
    per_page = PER_PAGE if len(passing) > MOST_ITEMS else MOST_ITEMS
    shown = Paginator(passing, per_page).get_page(page)
    chosen = shown.object_list if selects_shown else items
    return Review(
        report=report,
        kind=kind,
        items=tuple(items),
        filters=filters,
        page=shown,
        selected=frozenset(
            item.pk for item in chosen if item.is_open and (selects_shown or item.pk in selected)
        ),
        comments=tuple(comments.get("", ())),
    )


def _diffs(lost: Mapping[str, LostDecision], kind: Kind) -> dict[str, PartDiff]:
    """Return the changes that lost decisions were about, by part."""
    changes = [Change(part, one.old_body, one.new_body) for part, one in lost.items()]
    diffs = [diff for _, _, diff in kind.compare(changes)] if changes else []
    return dict(zip(lost, diffs, strict=True))


# --- What is selected ----------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    items: tuple[ShownItem, ...]
    along: tuple[ShownItem, ...]  # Required by them; an approval takes them along.
    tally: str  # "1 row to add, 0 to remove, 1 to change; 1 pin to move"

    @property
    def number(self) -> int:
        return len(self.items) + len(self.along)


def selection_of(items: Sequence[ShownItem], selected: Collection[int], *, kind: Kind) -> Selection:
    chosen = tuple(item for item in items if item.pk in selected)
    needed = {int(key) for item in chosen for key in item.needs.split()}
    along = tuple(item for item in items if item.pk in needed and item not in chosen)
    tally = kind.tally(item.diff for item in (*chosen, *along))
    return Selection(items=chosen, along=along, tally=tally)


def _with_needs(items: Sequence[ShownItem]) -> list[ShownItem]:
    """Say of each item which others an approval of it takes along."""
    needs = {item.part: [one.part for one in item.goes_with if one.is_required] for item in items}
    open_items = {item.part: item.pk for item in items if item.is_open}
    return [
        replace(item, needs=" ".join(map(str, _keys_along(item, needs, open_items))))
        if needs[item.part] and item.is_open
        else item
        for item in items
    ]


def _keys_along(
    item: ShownItem, needs: Mapping[str, list[str]], open_items: Mapping[str, int]
) -> list[int]:
    along = with_required(needs, open_items, [item.part]) - {item.part}
    return sorted(open_items[part] for part in along)


def folded_pins(items: Iterable[ShownItem]) -> list[FoldedPin]:
    moves: dict[tuple[str, str | None, str | None], list[tuple[str, PinMove]]] = defaultdict(list)
    for item in items:
        for move in item.pins.moves:
            moves[move.project, move.old, move.new].append((item.part, move))
    folded = [
        FoldedPin(
            PinMove(*key, environments=()),
            sum(len(move.environments) for _, move in found),
            tuple(part for part, _ in found),
        )
        for key, found in moves.items()
    ]
    return sorted(folded, key=lambda pin: (-pin.environments, pin.move.project))

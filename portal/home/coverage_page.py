"""What the coverage page shows of a coverage: filters, links, and the same as CSV."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from django.http import QueryDict
from django.urls import reverse

from matrix.rules.coverage import Cell, Word
from matrix.rules.facts import Python
from matrix.sdk.coverage import Column, Coverage, CoveredIntegration

PUBLISHED, PROPOSED = "published", "proposed"
# How a cell is drawn, beside its word; see coverage.css.
STYLES = {
    Word.TESTED: "tested",
    Word.ON_HOLD: "hold",
    Word.WAITING: "waiting",
    Word.PROPOSED: "waiting",
    Word.FAILED: "failed",
    Word.NOT_KNOWN: "unknown",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What is asked for in the address of the page."""

    state: str = ""  # published, proposed, or what there is
    group: str = ""
    owner: str = ""
    losses: bool = False

    @classmethod
    def of(cls, query: QueryDict) -> "Filters":
        return cls(
            state=query.get("state", ""),
            group=query.get("group", ""),
            owner=query.get("owner", ""),
            losses=bool(query.get("losses")),
        )

    @property
    def is_narrow(self) -> bool:
        return bool(self.group or self.owner or self.losses)

    def query(self) -> str:
        """Return the same filters as the end of an address."""
        chosen = {
            "state": self.state,
            "group": self.group,
            "owner": self.owner,
            "losses": "1" if self.losses else "",
        }
        query = QueryDict(mutable=True)
        query.update({name: value for name, value in chosen.items() if value})
        return query.urlencode()

    def apply(self, coverage: Coverage) -> Coverage:
        return replace(
            coverage, integrations=tuple(one for one in coverage.integrations if self._has(one))
        )

    def _has(self, one: CoveredIntegration) -> bool:
        return (
            (not self.group or one.group == self.group)
            and (not self.owner or one.owner == self.owner)
            and (not self.losses or one.is_lossy)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownCell:
    python: Python
    text: str
    why: str
    style: str
    is_tested: bool
    is_lost: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownIntegration:
    one: CoveredIntegration
    url: str  # Of the rows behind it; "": there are none to show.
    cells: tuple[ShownCell, ...]

    @property
    def tested(self) -> int:
        """On how many Pythons."""
        return sum(cell.is_tested for cell in self.cells)


def shown(coverage: Coverage) -> list[ShownIntegration]:
    return [
        ShownIntegration(
            one=one,
            url=_url(coverage, one),
            cells=tuple(
                _cell(column, cell)
                for column, cell in zip(coverage.columns, one.cells, strict=True)
            ),
        )
        for one in coverage.integrations
    ]


def _url(coverage: Coverage, one: CoveredIntegration) -> str:
    """The item of the proposal where that is what is shown, else the integration's page."""
    proposal = coverage.states.proposal
    if proposal is not None and one.is_proposed and coverage.states.is_proposed:
        return f"{reverse('proposal', args=[proposal.number])}#item-{one.name}"
    if one.is_in_catalogue:
        return reverse("integration", args=[coverage.sdk.slug, one.name])
    return ""


def _cell(column: Column, cell: Cell) -> ShownCell:
    return ShownCell(
        python=column.python,
        text=f"{cell.text}?" if cell.word is Word.NOT_KNOWN else cell.text,
        why=cell.why,
        style="lost" if cell.lost else STYLES.get(cell.word, "quiet"),
        is_tested=bool(cell.versions),
        is_lost=bool(cell.lost),
    )


def choices(coverage: Coverage) -> Mapping[str, list[str]]:
    """Return the groups, as the tox.ini orders them, and the owners."""
    return {
        "groups": list(dict.fromkeys(one.group for one in coverage.integrations if one.group)),
        "owners": sorted({one.owner for one in coverage.integrations if one.owner}),
    }


def as_csv(coverage: Coverage) -> str:
    """Return one line for each integration and Python, with the reasons of empty cells."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(
        ["integration", "project", "group", "owner", "python", "state", "releases", "lost", "why"]
    )
    writer.writerows(_lines(coverage))
    return target.getvalue()


def _lines(coverage: Coverage) -> Iterator[list[str]]:
    for one in coverage.integrations:
        for column, cell in zip(coverage.columns, one.cells, strict=True):
            yield [
                _plain(one.name),
                _plain(one.project),
                _plain(one.group),
                _plain(one.owner),
                str(column.python),
                cell.word.value,
                " ".join(map(str, cell.versions)),
                " ".join(map(str, cell.lost)),
                "" if cell.versions else _plain(cell.why),
            ]


def _plain(text: str) -> str:
    """A spreadsheet takes a text that begins so for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text

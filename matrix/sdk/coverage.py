"""
What an SDK tests of each integration on each Python, and what it tested before.

Read only, from what is stored: snapshots, the catalogue, facts of the index, and what the last run
said. The number of queries does not depend on the number of integrations.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from packaging.version import Version

from integrations.catalogue.models import Integration, Sdk
from integrations.index.store import KnownProject, known_projects
from matrix.review.models import Assessment, Channel, Proposal, Publication
from matrix.review.state import proposed, publication_state
from matrix.rules.coverage import Candidate, Cell, Subject, Word, candidate, cell_of
from matrix.rules.facts import Check, Python, PythonRestrictionRule
from matrix.rules.lifetimes import end_of, has_ended
from matrix.rules.parts import IntegrationPart, Row
from matrix.sdk.channel import KIND, read_parts
from matrix.sdk.free_threading import NOT_FREE_THREADED
from matrix.sdk.learning import stored_index
from matrix.sdk.translating import (
    Catalogue,
    metadata_of,
    place_of,
    read_catalogue,
    restriction_rule,
)

# Kinds of verdicts whose releases could fill a cell.
HELD = (Check.HELD.value, Check.HELD_EVERYWHERE.value)
WAITING = (Check.COOLDOWN.value, Check.NOT_UPLOADED_YET.value)
REFUSED = (Check.NO_PYTHON.value,)
GONE = "It is no longer in the catalogue."
Parts = Mapping[str, IntegrationPart]


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    python: Python
    ended: str  # "ended Oct 2024"; "": it has not, or nobody knows.


@dataclass(frozen=True, kw_only=True, slots=True)
class CoveredIntegration:
    name: str
    project: str
    group: str
    owner: str
    is_in_catalogue: bool
    is_proposed: bool  # The open proposal changes it.
    problem: str  # Why the last run failed for it; its published rows are kept.
    rows: tuple[Row, ...]
    cells: tuple[Cell, ...]  # One for each column.

    @property
    def environments(self) -> int:
        return sum(len(row.pythons) for row in self.rows)

    @property
    def is_lossy(self) -> bool:
        return any(cell.lost for cell in self.cells)


@dataclass(frozen=True, kw_only=True, slots=True)
class States:
    """Two states of an SDK's matrix: the one that is shown, and the one before."""

    publication: Publication | None  # The current one.
    proposal: Proposal | None  # The open one.
    is_proposed: bool  # What is shown is as the open proposal would make it.
    before: Publication | None  # What is compared with.
    now: Parts
    then: Parts
    touched: frozenset[str]  # Parts that the open proposal changes.


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    sdk: Sdk
    states: States
    columns: tuple[Column, ...]  # The newest Python comes last.
    integrations: tuple[CoveredIntegration, ...]  # By group, as the tox.ini has them, and name.

    def totals(self) -> list[tuple[int, int]]:
        """Return for each column how many integrations are tested there, and how many rows."""
        counts = []
        for place in range(len(self.columns)):
            tested = [len(one.cells[place].versions) for one in self.integrations]
            counts.append((sum(map(bool, tested)), sum(tested)))
        return counts

    @property
    def rows(self) -> int:
        return sum(len(one.rows) for one in self.integrations)

    @property
    def environments(self) -> int:
        return sum(one.environments for one in self.integrations)


def coverage_of(sdk: Sdk, *, now: datetime, is_proposed: bool | None = None) -> Coverage:
    """
    Return the coverage of *sdk* as it is published, or as the open proposal would make it.

    None: as it is published where something is. What was lost is told against the publication
    before, and in a proposal against the current one.
    """
    catalogue = read_catalogue(sdk)
    states = _states(sdk, is_proposed=is_proposed)
    columns = _columns(catalogue, states, now.date())
    facts = _Facts.of(catalogue, states)
    supported = tuple(map(Python.parse, sdk.python_list))
    known = {integration.name: integration for integration in catalogue.integrations}
    found = []
    for name in sorted(known.keys() | states.now.keys() | states.then.keys()):
        part = states.now.get(name) or states.then.get(name)
        subject = facts.subject(name, known.get(name), states, supported)
        integration = known.get(name)
        found.append(
            CoveredIntegration(
                name=name,
                project=integration.project if integration else part.project if part else "",
                group=integration.group.name if integration else part.group if part else "",
                owner=integration.owner if integration else "",
                is_in_catalogue=integration is not None,
                is_proposed=name in states.touched,
                problem=facts.problems.get(name, ""),
                rows=tuple(subject.rows),
                cells=tuple(cell_of(column.python, subject) for column in columns),
            )
        )
    place = {group: number for number, group in enumerate(catalogue.groups)}
    return Coverage(
        sdk=sdk,
        states=states,
        columns=columns,
        integrations=tuple(
            sorted(found, key=lambda one: (place.get(one.group, len(place)), one.group, one.name))
        ),
    )


# --- States --------------------------------------------------------------------------------------
def _states(sdk: Sdk, *, is_proposed: bool | None) -> States:
    channels = Channel.objects.filter(kind=KIND, slug=sdk.slug)
    channel = channels.select_related("current__base").first()
    current = channel.current if channel else None
    proposal = Proposal.objects.open().filter(channel=channel).first() if channel else None
    wants_proposal = current is None if is_proposed is None else is_proposed
    shows_proposal = wants_proposal and proposal is not None
    before = current if shows_proposal else current.base if current else None
    return States(
        publication=current,
        proposal=proposal,
        is_proposed=shows_proposal,
        before=before,
        now=_parts(proposed(proposal)) if proposal and shows_proposal else _state(current),
        then=_state(before),
        touched=frozenset(
            proposal.items.unpublished().values_list("part", flat=True) if proposal else ()
        ),
    )


def _state(publication: Publication | None) -> Parts:
    return _parts(publication_state(publication)) if publication else {}


def _parts(bodies: Mapping[str, str]) -> Parts:
    return {part.name: part for part in read_parts(bodies)[1]}


def _columns(catalogue: Catalogue, states: States, on: date) -> tuple[Column, ...]:
    """Return the Pythons that the SDK supports, and those of rows that are there all the same."""
    sdk = catalogue.sdk
    pythons = set(map(Python.parse, sdk.python_list))
    if sdk.free_threading_from:
        first = Python.parse(sdk.free_threading_from)
        pythons |= {Python(one.minor, True) for one in pythons if one.minor >= first.minor}
    for part in (*states.now.values(), *states.then.values()):
        pythons |= {python for row in part.rows for python in row.pythons}
    return tuple(
        Column(python=python, ended=f"ended {end_of(python)}" if has_ended(python, on) else "")
        for python in sorted(pythons)
    )


# --- Facts ---------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True, slots=True)
class _Facts:
    """What is stored of the projects, and what the last run said of the integrations."""

    projects: Mapping[str, KnownProject]
    problems: Mapping[str, str]  # By the name of the integration, as all that follow.
    kinds: Mapping[str, Mapping[str, Sequence[str]]]  # {kind of verdict: releases}
    not_free_threaded: Mapping[str, str]
    computed: frozenset[str]
    has_free_threading: bool  # The SDK has such Pythons.

    @classmethod
    def of(cls, catalogue: Catalogue, states: States) -> "_Facts":
        names = {one.project for one in catalogue.integrations}
        names |= {part.project for part in (*states.now.values(), *states.then.values())}
        index = stored_index(catalogue.sdk)
        rows = Assessment.objects.filter(channel__kind=KIND, channel__slug=catalogue.sdk.slug)
        # Not the whole notes: they hold a sentence for each of thousands of releases.
        said = list(
            rows.values_list("part", "problem", "notes__verdicts__kinds", "notes__findings")
        )
        return cls(
            projects=known_projects(index, names) if index else {},
            problems={part: problem for part, problem, _, _ in said if problem},
            kinds={part: kinds or {} for part, _, kinds, _ in said},
            not_free_threaded={part: _told(findings or []) for part, _, _, findings in said},
            computed=frozenset(part for part, *_ in said),
            has_free_threading=bool(catalogue.sdk.free_threading_from),
        )

    def subject(
        self,
        name: str,
        integration: Integration | None,
        states: States,
        supported: Sequence[Python],
    ) -> Subject:
        part, before = states.now.get(name), states.then.get(name)
        rows = part.rows if part else ()
        standing, why = self._standing(name, integration, part, states)
        either = integration or part or before
        assert either is not None
        releases = _Releases(
            project=self.projects.get(either.project),
            supported=supported,
            restrictions=_restrictions(integration),
            reads_wheels=self.has_free_threading and not all(map(_has_free_threaded, rows)),
        )
        kinds = self.kinds.get(name, {})
        return Subject(
            rows=rows,
            before=before.rows if before else (),
            tested=releases.of(str(row.version) for row in rows),
            held=releases.of(_in(kinds, HELD)),
            waiting=releases.of(_in(kinds, WAITING)),
            refused=releases.of(_in(kinds, REFUSED)),
            standing=standing,
            why=why,
            not_free_threaded=self.not_free_threaded.get(name, ""),
            was_computed=name in self.computed,
        )

    def _standing(
        self,
        name: str,
        integration: Integration | None,
        part: IntegrationPart | None,
        states: States,
    ) -> tuple[Word | None, str]:
        if integration is None:
            return Word.NO_ROWS, GONE
        if integration.is_paused:
            return Word.PAUSED, "The integration is paused: kept, and not run."
        if part is not None:
            return None, ""
        if name in states.touched and states.proposal and not states.is_proposed:
            return Word.PROPOSED, f"Its rows wait in proposal {states.proposal.number}."
        if problem := self.problems.get(name):
            return Word.FAILED, problem
        return None, ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Releases:
    """Where the releases of one project could be tested."""

    project: KnownProject | None
    supported: Sequence[Python]
    restrictions: Sequence[PythonRestrictionRule]
    reads_wheels: bool  # They play a role; to read them takes a while.

    def of(self, versions: Iterable[str]) -> tuple[Candidate, ...]:
        return tuple(self._candidate(version) for version in versions)

    def _candidate(self, version: str) -> Candidate:
        known = self.project.metadata.get(version) if self.project else None
        number = Version(version)
        return candidate(
            number,
            metadata_of({version: known})[number] if known else None,
            supported=self.supported,
            restrictions=self.restrictions,
            abi_tags=self._abi_tags(version),
        )

    def _abi_tags(self, version: str) -> frozenset[str] | None:
        if not self.reads_wheels or self.project is None or version not in self.project.facts:
            return None
        return frozenset(self.project.facts[version].abi_tags)


def _has_free_threaded(row: Row) -> bool:
    return any(python.free_threaded for python in row.pythons)


def _restrictions(integration: Integration | None) -> list[PythonRestrictionRule]:
    if integration is None:
        return []
    return [restriction_rule(row) for row in sorted(integration.restrictions.all(), key=place_of)]


def _in(kinds: Mapping[str, Sequence[str]], wanted: Iterable[str]) -> list[str]:
    return [version for kind in wanted for version in kinds.get(kind, ())]


def _told(findings: Iterable[Mapping[str, Any]]) -> str:
    """Return why rows are not tested free-threaded, as a run found out when it resolved them."""
    return " ".join(str(one["text"]) for one in findings if one["kind"] == NOT_FREE_THREADED)

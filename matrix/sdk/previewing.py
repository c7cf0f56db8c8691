"""
What the matrix would become if a form were saved: from stored facts, by the rules of a run.

It is compared with the saved catalogue, computed at the same moment. Environments are not
resolved, nothing is fetched, and nothing is written.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from integrations.catalogue.models import Hold, Integration
from integrations.index.models import Index, PollOutcome
from integrations.index.store import KnownProject, known_projects
from matrix.rules.diffing import PartDiff, diff_parts, summary_line
from matrix.rules.diffing.comparing import installed
from matrix.rules.facts import Needs, PickReason, Policy, Selection
from matrix.rules.judging import Case
from matrix.rules.matching import KnownReleases
from matrix.rules.parts import LAYOUT, IntegrationPart, Part
from matrix.rules.rendering.factors import environment
from matrix.sdk.assembling import findings_of, made_of, reasons_of
from matrix.sdk.computing import layout_of
from matrix.sdk.drafting import Draft, saved_state, with_draft
from matrix.sdk.gathering import quarantine_of, shared_facts, status_findings, why_unusable
from matrix.sdk.learning import stored_index
from matrix.sdk.losses import losses
from matrix.sdk.remarking import FieldMatch, Outcome, Remark, matches_of, remarks_on
from matrix.sdk.translating import Catalogue, policy_of, read_catalogue

READ = (PollOutcome.State.OK.value, PollOutcome.State.UNCHANGED.value)
Reasons = Mapping[str, Sequence[Mapping[str, Any]]]  # By version, as review has them.
Lacking = dict[str, frozenset[str]]  # By project the releases whose metadata is not known.


@dataclass(frozen=True, kw_only=True, slots=True)
class RequirementChange:
    """A requirement that environments which stay gain or lose."""

    requirement: str
    is_gained: bool
    environments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """One part as it is saved and as it would be; a new name makes two parts of one."""

    diff: PartDiff
    reasons: Reasons  # Of each pick, and of each one lost.
    old: Part | None
    new: Part | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What saving would do to the matrix; without a comparison *problem* says why."""

    at: datetime
    read_at: datetime | None  # When the index was last read for the project; None: not known.
    project: str
    is_new: bool
    problem: str = ""
    lacking: Mapping[str, frozenset[str]]  # What a poll would have to bring, by project.
    summary: str = ""
    parts: tuple[Compared, ...] = ()
    after: IntegrationPart | None = None
    gained: tuple[str, ...] = ()  # Environments.
    lost: tuple[str, ...] = ()
    requirements: tuple[RequirementChange, ...] = ()
    matches: tuple[FieldMatch, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, kw_only=True)
class State:
    """The integration as it is saved, or as it would be: what is selected, or why nothing is."""

    saved_catalogue: Catalogue
    catalogue: Catalogue  # With the integration in this state.
    integration: Integration
    project: KnownProject | None
    case: Case | None
    found: Selection | Needs | None
    problem: str

    @cached_property
    def known(self) -> KnownReleases:
        releases = self.case.releases if self.case else ()
        return KnownReleases(release.version for release in releases)

    @property
    def lacking(self) -> Lacking:
        """What is not known, as far as the index could tell it."""
        name = self.integration.project
        if self.project is None or self.project.first_seen_at is None:
            return {name: frozenset()}
        needs = self.found.versions if isinstance(self.found, Needs) else ()
        return {name: frozenset(map(str, needs))} if needs else {}


def preview(draft: Draft, *, now: datetime) -> Preview:
    """Return what saving *draft* would change, in a fixed number of queries."""
    catalogue = read_catalogue(draft.integration.sdk)
    saved = saved_state(draft, catalogue)
    later, integration = with_draft(catalogue, draft)
    names = {one.project for one in (integration, saved) if one}
    index = stored_index(catalogue.sdk)
    projects = known_projects(index, names, as_of=now) if index else {}
    after = _state(integration, projects, now, catalogue=later, saved_catalogue=catalogue)
    before = None
    if saved is not None:
        is_known = saved.project == integration.project
        before = _state(
            saved,
            projects,
            now,
            catalogue=catalogue,
            saved_catalogue=catalogue,
            known=after if is_known else None,
        )
    found = Preview(
        at=now,
        read_at=_read_at(index, projects.get(integration.project)),
        project=integration.project,
        is_new=before is None,
        lacking={**(before.lacking if before else {}), **after.lacking},
        problem=_problem(before, after),
        matches=tuple(matches_of(draft, after.known)),
    )
    return found if found.problem else _compared(found, draft, before, after)


def _state(
    integration: Integration,
    projects: Mapping[str, KnownProject],
    now: datetime,
    *,
    catalogue: Catalogue,
    saved_catalogue: Catalogue,
    known: State | None = None,
) -> State:
    """*known* is another state of the same project: its facts hold here, too."""
    project, case, found = projects.get(integration.project), None, None
    problem = why_unusable(project, integration.project, {}, now)
    if project is not None and not problem:
        quarantine = quarantine_of(project, now)
        policy = policy_of(integration, catalogue, as_of=now, quarantine=quarantine)
        case = _case(policy, project, now, known.case if known else None)
        if not integration.is_paused:
            same = (
                known is not None
                and known.case is not None
                and known.case.policy == policy
                and known.found is not None
            )
            found = known.found if known and same else case.select()
        problem = _missing(integration.project, found) if isinstance(found, Needs) else ""
    return State(
        saved_catalogue=saved_catalogue,
        catalogue=catalogue,
        integration=integration,
        project=project,
        case=case,
        found=found,
        problem="" if integration.is_paused else problem,
    )


def _case(policy: Policy, project: KnownProject, now: datetime, known: Case | None) -> Case:
    if known is not None:
        return replace(known, policy=policy)
    releases, metadata = shared_facts(project, now)
    return Case(policy=policy, releases=releases, metadata=metadata)


def _missing(project: str, needs: Needs) -> str:
    names = ", ".join(str(version) for version in sorted(needs.versions))
    return (
        f"Which Pythons {project} {names} declares is not known yet: "
        "no run has needed that metadata so far."
    )


def _problem(before: State | None, after: State) -> str:
    if after.problem or before is None or not before.problem:
        return after.problem
    return f"There is nothing to compare with. What is saved: {before.problem}"


def _read_at(index: Index | None, project: KnownProject | None) -> datetime | None:
    if index is None or project is None:
        return None
    read = PollOutcome.objects.filter(poll__index=index, project=project.name, state__in=READ)
    ordered = read.order_by("-poll__started_at", "-pk")
    # Polls are forgotten after a while; then the first time is all that is known.
    return ordered.values_list("poll__started_at", flat=True).first() or project.first_seen_at


# --- The comparison ------------------------------------------------------------------------------
def _compared(found: Preview, draft: Draft, before: State | None, after: State) -> Preview:
    old, new = _part(before), _part(after)
    parts = tuple(_parts(before, old, after, new))
    diffs = [part.diff for part in parts]
    gone, come = _environments(old), _environments(new)
    return replace(
        found,
        summary=summary_line(diffs, unchanged=sum(diff.unchanged for diff in diffs)),
        parts=parts,
        after=new,
        gained=tuple(name for name in come if name not in gone),
        lost=tuple(name for name in gone if name not in come),
        requirements=tuple(_requirement_changes(old, new)),
        remarks=(*_remarks(draft, after, new), *_findings(after, old, new)),
    )


def _part(state: State | None) -> IntegrationPart | None:
    """Return the part as a run makes it; a paused integration is not even selected for."""
    if state is None or not isinstance(state.found, Selection):
        return None
    name = state.integration.name
    return made_of([state.integration], {name: state.found}).get(name)


def _parts(
    before: State | None, old: IntegrationPart | None, after: State, new: IntegrationPart | None
) -> Iterator[Compared]:
    """Compare as review does: another name makes another part, and the layout is one too."""
    name = after.integration.name
    rows = [row.version for row in old.rows] if old else []
    reasons = reasons_of(after.found, rows) if isinstance(after.found, Selection) else {}
    if before is not None and before.integration.name != name:
        yield _pair(before.integration.name, old, None, reasons)
        yield _pair(name, None, new, reasons)
    else:
        yield _pair(name, old, new, reasons)
    earlier, later = after.saved_catalogue, after.catalogue
    if earlier.groups != later.groups or later.sdk.writes_workflows:
        layout = _pair(LAYOUT, layout_of(earlier), layout_of(later), {})
        if layout.diff.layout:
            yield layout


def _pair(name: str, old: Part | None, new: Part | None, reasons: Reasons) -> Compared:
    return Compared(diff=diff_parts(name, old, new), reasons=reasons, old=old, new=new)


def _environments(part: IntegrationPart | None) -> dict[str, None]:
    """Return the names of the environments, in the order of the file."""
    if part is None:
        return {}
    return {
        environment(python, part.name, row.version): None
        for row in part.rows
        for python in row.pythons
    }


def _requirement_changes(
    old: IntegrationPart | None, new: IntegrationPart | None
) -> Iterator[RequirementChange]:
    """Yield what environments that stay install otherwise, by requirement."""
    if old is None or new is None or old.name != new.name:
        return
    before, after = installed(old), installed(new)
    changes: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for version, python in sorted(before.keys() & after.keys()):
        name = environment(python, new.name, version)
        for text in after[version, python] - before[version, python]:
            changes[text, True].append(name)
        for text in before[version, python] - after[version, python]:
            changes[text, False].append(name)
    for text, is_gained in sorted(changes):
        yield RequirementChange(
            requirement=text, is_gained=is_gained, environments=tuple(changes[text, is_gained])
        )


def _remarks(draft: Draft, after: State, new: IntegrationPart | None) -> Iterator[Remark]:
    if after.case is None or not isinstance(after.found, Selection):
        return

    def without(hold: Hold) -> Selection | None:
        rest = [entry for entry in draft.holds if entry.row is not hold]
        catalogue, integration = with_draft(after.saved_catalogue, replace(draft, holds=rest))
        assert after.case is not None
        policy = policy_of(
            integration,
            catalogue,
            as_of=after.case.policy.as_of,
            quarantine=after.case.policy.quarantine,
        )
        found = replace(after.case, policy=policy).select()
        return found if isinstance(found, Selection) else None

    yield from remarks_on(
        draft,
        Outcome(
            policy=after.case.policy,
            known=after.known,
            selection=after.found,
            rows=new.rows if new else (),
            without=without,
        ),
    )


def _findings(
    after: State, old: IntegrationPart | None, new: IntegrationPart | None
) -> Iterator[Remark]:
    """Yield what a reviewer of the run would be told beside the remarks on single fields."""
    if after.case is None or after.project is None or not isinstance(after.found, Selection):
        return
    findings = (
        *findings_of(after.found),
        *status_findings(after.project, after.case.policy.as_of),
        *losses(new, old, ()),
    )
    for found in findings:
        if found.kind != PickReason.PINNED.value:
            yield Remark(text=found.text, is_warning=found.severity != "info")

"""
The facts that the selections of an SDK need: read from the store, and fetched where they lack.

``select()`` returns picks, or the releases whose metadata it still needs; this module fetches
those, for all integrations at once, and asks again.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from packaging.utils import canonicalize_name
from packaging.version import Version

from integrations.catalogue.models import Integration, Sdk
from integrations.index.address import clean_url, default_index_url
from integrations.index.facts import KnownMetadata, KnownRelease
from integrations.index.models import Index, Poll, PollOutcome
from integrations.index.polling import fetch_metadata, poll
from integrations.index.store import KnownProject, known_projects, never_read
from matrix.review.state import published
from matrix.review.values import Found
from matrix.rules.facts import Metadata, Needs, Policy, Release, Selection
from matrix.rules.rendering.pins import project_of
from matrix.rules.selection import select
from matrix.sdk.channel import channel_of, pin_sets_of, read_parts
from matrix.sdk.translating import (
    Catalogue,
    metadata_of,
    policy_of,
    read_catalogue,
    releases_of,
)

Progress = Callable[[PollOutcome], None]


@dataclass(kw_only=True, slots=True)
class Facts:
    """For each integration a selection, or the problem that stood in its way."""

    selections: dict[str, Selection] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    findings: dict[str, list[Found]] = field(default_factory=dict)
    proves_upload_times: bool = False  # Each page says when its files came.


def index_of(sdk: Sdk, *, url: str = "") -> Index:
    """Return the index of *sdk*: the given one, its own, or the portal's."""
    address = clean_url(url or sdk.index_url) if url or sdk.index_url else default_index_url()
    index, _ = Index.objects.get_or_create(url=address)
    return index


def poll_sdks(
    sdks: Iterable[Sdk],
    index: Index,
    *,
    at: datetime,
    also: Collection[str] = (),
    row: Poll | None = None,
    on_progress: Progress | None = None,
) -> Poll:
    """
    Poll every project that an integration of *sdks* tests, with the metadata it needs, and those
    that published pins and holds name: a pin that was yanked must be seen.

    *also* names further projects whose pages are read. *row* is the row to use for the poll, made
    by a caller who wants to know it at once.
    """
    catalogues = [read_catalogue(sdk) for sdk in sdks]
    watched = {project for catalogue in catalogues for project in watched_by(catalogue)}
    watched |= {str(canonicalize_name(name)) for name in also}
    return poll_catalogues(
        catalogues, index, at=at, watched=watched, row=row, on_progress=on_progress
    )


def watched_by(catalogue: Catalogue) -> set[str]:
    """
    Return the projects that published pins and holds name, beside those that are tested: a release
    of another project may be what ends a hold.
    """
    parts = read_parts(published(channel_of(catalogue.sdk)))[1]
    pins = {pin for pin_set in pin_sets_of(parts).values() for pin in pin_set}
    named = {name for hold in catalogue.holds for name in (hold.project, hold.lift_project)}
    return (named - {""}) | {project_of(pin) for pin in pins}


def poll_catalogues(
    catalogues: Iterable[Catalogue],
    index: Index,
    *,
    at: datetime,
    projects: Collection[str] | None = None,
    watched: Collection[str] = (),
    row: Poll | None = None,
    on_progress: Progress | None = None,
) -> Poll:
    """Poll what *catalogues* test, or only the *projects* named, and the pages of *watched*."""
    testing: dict[str, list[Policy]] = defaultdict(list, {name: [] for name in watched})
    for catalogue in catalogues:
        for integration in catalogue.active():
            if projects is None or integration.project in projects:
                policy = policy_of(integration, catalogue, as_of=at)
                testing[integration.project] += [policy, *_tried(policy)]

    def wanted(
        project: str, releases: Sequence[KnownRelease], metadata: Mapping[str, KnownMetadata]
    ) -> set[str]:
        translated, facts = releases_of(releases), metadata_of(metadata)
        results = [select(policy, translated, facts) for policy in testing[project]]
        needs = [result.versions for result in results if isinstance(result, Needs)]
        return {str(version) for versions in needs for version in versions}

    return poll(index, sorted(testing), at=at, wanted=wanted, poll=row, on_progress=on_progress)


def _tried(policy: Policy) -> list[Policy]:
    """What holds and a cooldown keep out can be told once the metadata of that is known, too."""
    without_hold = [
        replace(policy, holds=tuple(other for other in policy.holds if other is not hold))
        for hold in policy.holds
    ]
    without_cooldown = [replace(policy, cooldown=timedelta())] if policy.cooldown else []
    return [*without_hold, *without_cooldown]


def gather(
    catalogue: Catalogue,
    integrations: Collection[Integration],
    *,
    as_of: datetime,
    now: datetime,
    index: Index,
    offline: bool = False,
    failed: Mapping[str, str] | None = None,
) -> Facts:
    """
    Select for each of *integrations* as of a moment.

    Projects that were never read and metadata that was never needed are fetched and stored,
    unless *offline*. *failed* says why a project could not be read a moment ago: it is not asked
    for again.
    """
    names = {integration.project for integration in integrations}
    reasons = dict(failed or {})
    if not offline:
        reasons |= _read_unread(index, names - reasons.keys(), catalogue, now)
    projects = known_projects(index, names, as_of=as_of)
    shared = {name: shared_facts(project, as_of) for name, project in projects.items()}
    facts = Facts(
        proves_upload_times=all(project.has_upload_times for project in projects.values())
    )
    questions: dict[str, Question] = {}
    for integration in integrations:
        project = projects.get(integration.project)
        if problem := why_unusable(project, integration.project, reasons, as_of):
            facts.problems[integration.name] = problem
            continue
        assert project is not None
        releases, metadata = shared[integration.project]
        facts.findings[integration.name] = status_findings(project, as_of)
        questions[integration.name] = Question(
            project=integration.project,
            policy=policy_of(
                integration, catalogue, as_of=as_of, quarantine=quarantine_of(project, as_of)
            ),
            releases=releases,
            metadata=metadata,
        )
    _answer(questions, facts, index, now=now, offline=offline)
    return facts


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One selection that has no answer yet; what is known of a project is shared."""

    project: str
    policy: Policy
    releases: Sequence[Release]
    metadata: dict[Version, Metadata]


def _read_unread(
    index: Index, names: Collection[str], catalogue: Catalogue, now: datetime
) -> dict[str, str]:
    """Poll the projects whose page was never read; return why it failed, by project."""
    unread = never_read(index, names)
    if not unread:
        return {}
    return failures_of(poll_catalogues([catalogue], index, at=now, projects=unread))


def failures_of(poll: Poll) -> dict[str, str]:
    """Return why each project could not be read, by its name."""
    failed = poll.outcomes.filter(state=PollOutcome.State.FAILED)
    return dict(failed.values_list("project", "reason"))


def shared_facts(
    project: KnownProject, as_of: datetime
) -> tuple[list[Release], dict[Version, Metadata]]:
    return releases_of(project.releases(as_of)), metadata_of(project.metadata)


def why_unusable(
    project: KnownProject | None, name: str, reasons: Mapping[str, str], as_of: datetime
) -> str:
    """Say why nothing can be selected for a project; "" when something can."""
    if project is None or project.first_seen_at is None:
        return reasons.get(name) or f"The index page of {name} was never read. Poll the index."
    if project.gone_at is not None and project.gone_at <= as_of:
        return f"The index has had no project named {name} since {project.gone_at:%d %b %Y}."
    return ""


def quarantine_of(project: KnownProject, as_of: datetime) -> str:
    status, reason, _ = project.status(as_of)
    return (reason or "no reason given") if status == "quarantined" else ""


def status_findings(project: KnownProject, as_of: datetime) -> list[Found]:
    """Say what a reviewer should know of a project beyond its releases (PEP 792)."""
    status, reason, is_certain = project.status(as_of)
    if status == "active":
        return []
    why = f": {reason}" if reason else ""
    sure = "" if is_certain else " (as the portal saw it later; it cannot tell for that moment)"
    return [
        Found(
            kind=status,
            severity="error" if status == "quarantined" else "info",
            text=f"The index calls {project.name} {status}{why}{sure}.",
        )
    ]


def _answer(
    questions: dict[str, Question], facts: Facts, index: Index, *, now: datetime, offline: bool
) -> None:
    """Select, fetch what is still needed for all of them at once, and ask again."""
    lost: dict[tuple[str, str], str] = {}  # Metadata that cannot be had, and why.
    while questions:
        needs: dict[str, set[str]] = defaultdict(set)
        for name, question in list(questions.items()):
            result = select(question.policy, question.releases, question.metadata)
            if isinstance(result, Needs):
                wanted = {(question.project, str(version)) for version in result.versions}
                if not offline and not wanted & lost.keys():
                    needs[question.project] |= {version for _, version in wanted}
                    continue
                facts.problems[name] = _missing(wanted, lost)
            else:
                facts.selections[name] = result
            del questions[name]
        if needs:
            lost |= fetch_metadata(index, needs, at=now)
            _learn(questions, known_projects(index, needs))
            lost |= _still_unknown(needs, questions, lost)


def _still_unknown(
    needs: Mapping[str, set[str]],
    questions: Mapping[str, Question],
    lost: Mapping[tuple[str, str], str],
) -> dict[tuple[str, str], str]:
    """Name what was neither learnt nor refused, so that nothing is asked for twice."""
    learnt = {
        (question.project, str(version))
        for question in questions.values()
        for version in question.metadata
    }
    asked = {(project, version) for project, versions in needs.items() for version in versions}
    return {
        key: f"The metadata of {' '.join(key)} did not come."
        for key in asked - learnt - lost.keys()
    }


def _missing(wanted: set[tuple[str, str]], lost: Mapping[tuple[str, str], str]) -> str:
    reasons = sorted(lost[key] for key in wanted & lost.keys())
    if reasons:
        return " ".join(reasons)
    names = ", ".join(sorted(" ".join(key) for key in wanted))
    return f"The metadata of {names} is not known yet, and the index was not asked."


def _learn(questions: Mapping[str, Question], projects: Mapping[str, KnownProject]) -> None:
    for question in questions.values():
        if question.project in projects:
            question.metadata.update(metadata_of(projects[question.project].metadata))

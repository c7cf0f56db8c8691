"""
What the portal says of each release of an integration's project, from what is stored.

The same engine as a run's, offline and now: what a run would pick if it were made at this moment
and the index said nothing new. Read only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from packaging.version import Version

from integrations.catalogue.models import Hold, Integration, Sdk
from integrations.index.facts import KnownRelease
from integrations.index.models import Index, PollOutcome
from integrations.index.store import KnownProject, known_projects
from matrix.review.models import Assessment
from matrix.review.verdicts import told_in
from matrix.rules.explaining import Explanation, explain
from matrix.rules.facts import Needs, Pick, Policy, Reason, Selection
from matrix.rules.guidance import GUIDE, NOT_PICKED, ON_HOLD, UNKNOWN, Entry, word_of
from matrix.rules.hypotheses import would_be_picked
from matrix.rules.judging import LACKING, Case, Verdict, verdicts_of
from matrix.rules.notes import NOTHING
from matrix.sdk.channel import KIND
from matrix.sdk.gathering import quarantine_of, shared_facts, why_unusable
from matrix.sdk.learning import stored_index
from matrix.sdk.translating import Catalogue, policy_of, read_catalogue

NOT_ANSWERED = "Waits for the next poll"
NO_OWNER = "Waits for a maintainer"


POLLS_LOOKED_AT = 3  # A single question to the index need not have read all that is needed.
EVER = datetime.max.replace(tzinfo=UTC)
NO_CASE = Case(policy=Policy(as_of=EVER, pythons=()), releases=(), metadata={})


class NoSuchRelease(LookupError):
    """The index has no such release of the project, as far as the portal has read it."""


@dataclass(kw_only=True)
class IntegrationVerdicts:
    """Every release of an integration's project with its verdict; read by :func:`look_at`."""

    catalogue: Catalogue
    integration: Integration
    index: Index | None  # None: it was never polled.
    project: KnownProject | None
    polls: Sequence[PollOutcome]  # The last answers of the index about it, newest first.
    assessment: Assessment | None  # What the last run said, with its run.
    asked_at: datetime
    at: datetime = EVER  # The moment that the answer is about: ``asked_at``, or the last poll.
    problem: str = ""  # Why nothing can be selected; "" when something can.
    case: Case = NO_CASE

    @property
    def sdk(self) -> Sdk:
        return self.catalogue.sdk

    @cached_property
    def known(self) -> dict[Version, KnownRelease]:
        """What is known of each release, ascending."""
        releases = self.project.releases(self.at) if self.project else []
        return {release.version: release for release in releases}

    @cached_property
    def found(self) -> Selection | Needs:
        return self.case.select()

    @cached_property
    def verdicts(self) -> dict[Version, Verdict]:
        """Ascending; all of them unknown when nothing can be selected."""
        if self.problem:
            why = (Reason(LACKING, self.problem.rstrip(".")),)
            return {
                version: Verdict(version=version, kind=LACKING, reasons=why)
                for version in self.known
            }
        return verdicts_of(self.case, self.found)

    @property
    def polled(self) -> PollOutcome | None:
        return self.polls[0] if self.polls else None

    @property
    def lacking(self) -> list[str]:
        """The releases whose metadata is needed and was not read yet, ascending."""
        if self.problem or isinstance(self.found, Selection):
            return []
        return [str(version) for version in sorted(self.found.versions)]

    @property
    def is_unread(self) -> bool:
        """Whether the index can tell more than is stored."""
        return bool(self.lacking) or self.project is None or self.project.first_seen_at is None

    @property
    def picks(self) -> list[Pick]:
        """Newest first."""
        if self.problem or not isinstance(self.found, Selection):
            return []
        return list(reversed(self.found.picks))

    @property
    def nothing(self) -> str:
        """Say why nothing is picked; "" when the problem does."""
        if self.problem or not isinstance(self.found, Selection):
            return ""
        return " ".join(note.text for note in self.found.notes if note.kind == NOTHING)

    @cached_property
    def holds(self) -> list[Hold]:
        """Those that reach the integration and are in force."""
        reaching = self.catalogue.holds_of(self.integration)
        return [hold for hold in reaching if hold.is_in_force(self.at)]

    def find(self, version: Version) -> Version:
        """Return the release as the index writes it: 1.0 is 1.0.0. Raises NoSuchRelease."""
        for known in self.known:
            if known == version:
                return known
        raise NoSuchRelease(
            f"The index has no release {version} of {self.integration.project}, as far as the "
            "portal has read it."
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What the last run that covered the integration said of one release."""

    run: int
    as_of: datetime
    word: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseVerdict:
    """The answer of one release's page."""

    sdk: Sdk
    integration: Integration
    release: KnownRelease
    explanation: Explanation | None  # None: nothing can be selected for the project.
    verdict: Verdict
    turn: str  # Who must act.
    would_be_picked: tuple[str, ...]  # Sentences, each of them tried.
    said: Said | None  # By the last run, where that was something else.
    holds: tuple[Hold, ...]  # Those that name it.
    before: Version | None
    after: Version | None

    @property
    def rule(self) -> Entry | None:
        """The section of the guide about what decides."""
        return GUIDE.get(self.verdict.kind)


def look_at(sdk: Sdk, integration: Integration, *, now: datetime) -> IntegrationVerdicts:
    """
    Read what is stored of the integration's project, in a fixed number of queries.

    Where facts lack for *now* and the last poll left none out for its own moment, the answer is as
    of that poll: a release that has become old enough since has metadata that nobody read yet.
    """
    catalogue = read_catalogue(sdk)
    # As the catalogue read it: with its rules, so that nothing of it is read twice.
    integration = next(one for one in catalogue.integrations if one.pk == integration.pk)
    index = stored_index(sdk)
    name = integration.project
    assessments = Assessment.objects.filter(
        channel__kind=KIND, channel__slug=sdk.slug, part=integration.name
    )
    seen = _seen_at(
        IntegrationVerdicts(
            catalogue=catalogue,
            integration=integration,
            index=index,
            project=known_projects(index, [name], as_of=now).get(name) if index else None,
            polls=_polls(index, name),
            assessment=assessments.select_related("run", "channel").first(),
            asked_at=now,
        ),
        now,
    )
    if seen.problem or isinstance(seen.found, Selection):
        return seen
    moments = (one.poll.started_at for one in seen.polls)
    earlier = (_seen_at(seen, at) for at in moments if at < now)
    return next(
        (one for one in earlier if not one.problem and isinstance(one.found, Selection)), seen
    )


def _polls(index: Index | None, project: str) -> list[PollOutcome]:
    """Return the last answers of the index about the project with their polls, newest first."""
    if index is None:
        return []
    rows = PollOutcome.objects.filter(poll__index=index, project=project)
    answered = rows.exclude(state=PollOutcome.State.WAITING)
    return list(answered.select_related("poll").order_by("-pk")[:POLLS_LOOKED_AT])


def _seen_at(seen: IntegrationVerdicts, at: datetime) -> IntegrationVerdicts:
    """Return the same facts as of a moment."""
    project, integration = seen.project, seen.integration
    releases, metadata = shared_facts(project, at) if project else ([], {})
    quarantine = quarantine_of(project, at) if project else ""
    policy = policy_of(integration, seen.catalogue, as_of=at, quarantine=quarantine)
    return replace(
        seen,
        at=at,
        problem=why_unusable(project, integration.project, {}, at),
        case=Case(policy=policy, releases=releases, metadata=metadata),
    )


def verdict_of(
    sdk: Sdk, integration: Integration, version: Version, *, now: datetime
) -> ReleaseVerdict:
    """Return the verdict of one release; raises NoSuchRelease."""
    return verdict_in(look_at(sdk, integration, now=now), version)


def verdict_in(seen: IntegrationVerdicts, version: Version) -> ReleaseVerdict:
    """Return the verdict of one release of what was looked at; raises NoSuchRelease."""
    version = seen.find(version)
    verdict = seen.verdicts[version]
    holds = tuple(hold for hold in seen.holds if hold.matches(str(version)))
    order = list(seen.known)
    at = order.index(version)
    return ReleaseVerdict(
        sdk=seen.sdk,
        integration=seen.integration,
        release=seen.known[version],
        explanation=None
        if seen.problem
        else explain(seen.case, version, found=seen.found, verdicts=seen.verdicts),
        verdict=verdict,
        turn=_turn(verdict, holds),
        would_be_picked=() if seen.problem else _would(seen, verdict),
        said=_said(seen, verdict),
        holds=holds,
        before=order[at - 1] if at else None,
        after=order[at + 1] if at + 1 < len(order) else None,
    )


def _would(seen: IntegrationVerdicts, verdict: Verdict) -> tuple[str, ...]:
    if verdict.word == UNKNOWN:
        return ()
    page = {version: release.requires_python for version, release in seen.known.items()}
    told = would_be_picked(seen.case, verdict, seen.verdicts, page=page)
    return tuple(one.sentence for one in told)


def _turn(verdict: Verdict, holds: tuple[Hold, ...]) -> str:
    if verdict.word == UNKNOWN:
        return NOT_ANSWERED
    if verdict.word == ON_HOLD:
        owners = sorted({hold.owner for hold in holds if hold.owner})
        return f"Waits for {' and '.join(owners)}" if owners else NO_OWNER
    return GUIDE[verdict.kind].who


def _said(seen: IntegrationVerdicts, verdict: Verdict) -> Said | None:
    """Return what the last run of now said, where it is another verdict than today's."""
    assessment = seen.assessment
    if assessment is None or assessment.problem:
        return None
    run, notes, version = assessment.run, assessment.notes, str(verdict.version)
    told = told_in(notes)
    if told is not None and told.as_of != run.as_of:
        return None  # A run that looked back: it spoke of another moment.
    kind = told.kinds.get(version) if told else None
    rejected: str | None = notes.get("rejected", {}).get(version)
    reasons = notes.get("reasons", {}).get(version, [])
    if kind is None and rejected is None and not reasons:
        word, text = "", "it did not know the release yet"
    elif rejected is not None:
        word, text = word_of(kind) if kind else NOT_PICKED, rejected
    else:
        word = word_of(kind) if kind else "Picked"
        text = "; ".join(str(reason["text"]) for reason in reasons)
    is_same = kind == verdict.kind if kind else (word == "Picked") == verdict.is_picked
    return None if is_same and word else Said(run=run.pk, as_of=run.as_of, word=word, text=text)

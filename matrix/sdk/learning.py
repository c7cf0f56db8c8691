"""Asking an index about one project: its releases, and the metadata that is worth knowing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count

from integrations.catalogue.models import Sdk
from integrations.index.address import clean_url, default_index_url
from integrations.index.models import Index, Poll, PollOutcome
from integrations.index.polling import fetch_metadata, poll
from integrations.index.store import known_projects
from matrix.review.models import Run
from matrix.rules.suggesting import worth_knowing
from matrix.sdk.gathering import index_of
from matrix.sdk.translating import releases_of

AGAIN_AFTER = timedelta(minutes=5)  # A question without an answer is asked anew.
KEPT = 5  # Questions that are over, beside the polls of all projects.
MOST_NOTES = 5
FAILED = PollOutcome.State.FAILED.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came of a question to the index so far."""

    project: str
    asked_at: datetime
    is_over: bool
    problem: str  # Why the project could not be read; "" when it could, or nobody knows yet.
    notes: str  # What could not be read of it, by lines.


def stored_index(sdk: Sdk) -> Index | None:
    """Return the index of *sdk* when anything is known of it; no row is made."""
    url = clean_url(sdk.index_url) if sdk.index_url else default_index_url()
    return Index.objects.filter(url=url).first()


def ask_about(sdk: Sdk, project: str, *, at: datetime) -> tuple[Poll, bool]:
    """
    Return a poll of *project* for a worker to carry out and True, or one that is under way and
    False. *project* is normalised.
    """
    index = index_of(sdk)
    waiting = PollOutcome.objects.filter(
        project=project,
        poll__index=index,
        poll__finished_at=None,
        poll__started_at__gt=at - AGAIN_AFTER,
    )
    if under_way := waiting.select_related("poll").order_by("-poll").first():
        return under_way.poll, False
    row = Poll.objects.create(index=index, started_at=at)
    PollOutcome.objects.create(poll=row, project=project)
    return row, True


def learn(poll_id: int, project: str, versions: Collection[str], *, at: datetime) -> str:
    """
    Carry out a question that :func:`ask_about` wrote down; return a sentence.

    Beside the page it reads the metadata of *versions*, and of the releases that a suggestion
    looks at. Carried out twice, it asks twice and stores the same.
    """
    question = Poll.objects.select_related("index").filter(pk=poll_id).first()
    if question is None:
        return f"The question about {project} was forgotten meanwhile."
    if question.finished_at is not None:
        return f"{project} has been read already."
    try:
        reason = _learn(question, project, versions, at)
    except BaseException as error:
        text = f"The portal could not read {project} ({type(error).__name__})."
        _finish(question, at, outcome=PollOutcome(state=FAILED, reason=text))
        raise
    forget_questions(question.index)
    return reason or f"{project} has been read."


def _learn(question: Poll, project: str, versions: Collection[str], at: datetime) -> str:
    # A poll of its own: the question is over once the metadata is known too.
    visit = poll(question.index, [project], at=at, wanted=lambda *_: ())
    outcome = visit.outcomes.get()
    if outcome.state != FAILED:
        lost = fetch_metadata(question.index, _wanted(question.index, project, versions, at), at=at)
        notes = [*filter(None, [outcome.notes]), *sorted(lost.values())[:MOST_NOTES]]
        outcome.notes = "\n".join(notes)
    _finish(question, visit.finished_at or at, outcome=outcome)
    visit.delete()
    return outcome.reason


def _wanted(
    index: Index, project: str, versions: Collection[str], at: datetime
) -> dict[str, set[str]]:
    known = known_projects(index, [project]).get(project)
    releases = releases_of(known.releases(at)) if known else []
    there = {str(release.version) for release in releases}
    return {project: {*map(str, worth_knowing(releases)), *(there & set(versions))}}


@transaction.atomic
def _finish(question: Poll, at: datetime, *, outcome: PollOutcome) -> None:
    question.finished_at = max(at, question.started_at)
    question.save(update_fields=["finished_at"])
    question.outcomes.update(state=outcome.state, reason=outcome.reason, notes=outcome.notes)


def last_answer(sdk: Sdk, project: str, *, poll_id: int | None = None) -> Answer | None:
    """
    Return what came of the last question about *project*, or of the one in *poll_id*; None: the
    index was never asked, or that is forgotten.
    """
    index = stored_index(sdk)
    outcomes = PollOutcome.objects.filter(poll__index=index, project=project)
    if poll_id is not None:
        outcomes = outcomes.filter(poll=poll_id)
    last = outcomes.select_related("poll").order_by("-poll__started_at", "-pk").first()
    if index is None or last is None:
        return None
    return Answer(
        project=project,
        asked_at=last.poll.started_at,
        is_over=last.poll.finished_at is not None,
        problem=last.reason,
        notes=last.notes,
    )


def forget_questions(index: Index) -> None:
    """
    Keep the last questions alone: the number of polls that are kept is meant for whole ones, in
    which the home page looks for every project.
    """
    small = index.polls.exclude(finished_at=None).alias(asked=Count("outcomes")).filter(asked=1)
    of_runs = Run.objects.exclude(poll_id=None).values("poll_id")
    rows = small.exclude(pk__in=of_runs).order_by("-started_at", "-pk")
    index.polls.filter(pk__in=list(rows.values_list("pk", flat=True)[KEPT:])).delete()

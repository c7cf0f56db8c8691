"""The panel beside the form of an integration: what saving it would do, or why nobody can tell."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from integrations.catalogue.models import Sdk
from matrix.rules.diffing import PartDiff, diff_parts
from matrix.rules.parts import LAYOUT
from matrix.sdk.drafting import Draft
from matrix.sdk.learning import AGAIN_AFTER, Answer, ask_about, last_answer
from matrix.sdk.previewing import Compared, Preview, preview
from matrix.sdk.remarking import Remark
from portal.home.rows import Line, lines_of
from portal.operations.health import WorkerState, worker_state
from portal.operations.queueing import enqueue_question
from portal.operations.schedules import proposal_of

FRESH, INVALID, UNKNOWN, ASKING, EMPTY = "fresh", "invalid", "unknown", "asking", "empty"
MOST_VERSIONS = 200  # Whose metadata one question may ask for.
RECENT = timedelta(hours=1)  # An older failure says nothing about now.


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """What a field of the form is refused for."""

    label: str
    field: str  # The id of its input; "" for what belongs to the whole form.
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownPart:
    """One part of a preview in the signs and words of the pages."""

    title: str
    integration: str  # Its name, for links; "" for the layout.
    lines: tuple[Line, ...]
    diff: PartDiff


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    state: str  # One of the five above.
    status: str  # What stands beside the heading.
    sdk: Sdk | None = None
    preview: Preview | None = None
    parts: tuple[ShownPart, ...] = ()
    rows: tuple[Line, ...] = ()  # The matrix after the change.
    mistakes: tuple[Mistake, ...] = ()
    answer: Answer | None = None  # What the index last said, where facts lack.
    worker: WorkerState | None = None  # Where one is waited for.
    acts_at: datetime | None = None  # The next run by schedule.
    is_beside_form: bool = True  # Then remarks lead to the fields.

    @property
    def warnings(self) -> list[Remark]:
        return [each for each in self._remarks if each.is_warning]

    @property
    def notes(self) -> list[Remark]:
        return [each for each in self._remarks if not each.is_warning]

    @property
    def _remarks(self) -> Sequence[Remark]:
        return self.preview.remarks if self.preview else ()

    @property
    def tally(self) -> str:
        """``+1 -2 ~0 rows``: the summary where there is no room for it."""
        if self.preview is None or self.preview.problem:
            return ""
        diffs = [part.diff for part in self.preview.parts]
        added = sum(len(diff.added) for diff in diffs)
        removed = sum(len(diff.removed) for diff in diffs)
        changed = sum(len(diff.moved) + len(diff.changed) for diff in diffs)
        return f"+{added} -{removed} ~{changed} rows"


def empty_panel() -> Panel:
    return Panel(state=EMPTY, status="Nothing to preview yet")


def invalid_panel(mistakes: Collection[Mistake]) -> Panel:
    names = list(dict.fromkeys(mistake.label for mistake in mistakes))
    return Panel(
        state=INVALID, status=f"Out of date: fix {', '.join(names)}", mistakes=tuple(mistakes)
    )


def panel_of(draft: Draft, *, at: datetime, is_beside_form: bool = True) -> Panel:
    """Return the panel of a form without mistakes, in a fixed number of queries."""
    sdk = draft.integration.sdk
    found = preview(draft, now=at)
    schedule = proposal_of(sdk)
    state, status, answer = FRESH, "Up to date", None
    if found.problem:
        answer = last_answer(sdk, _lacking_project(found))
        if answer is not None and answer.is_over and answer.asked_at < at - RECENT:
            answer = None
        state = ASKING if is_awaited(answer, at) else UNKNOWN
        status = "Asking the index" if state == ASKING else "Cannot preview"
    return Panel(
        state=state,
        status=status,
        sdk=sdk,
        preview=found,
        parts=tuple(_shown(part) for part in found.parts if _has_something(part)),
        rows=_rows(found),
        answer=answer,
        worker=worker_state(at) if answer is not None and not answer.is_over else None,
        acts_at=schedule.next_after(at) if schedule else None,
        is_beside_form=is_beside_form,
    )


def is_awaited(answer: Answer | None, at: datetime) -> bool:
    """Whether a worker may still bring *answer*."""
    return answer is not None and not answer.is_over and answer.asked_at > at - AGAIN_AFTER


def _lacking_project(found: Preview) -> str:
    return next(iter(found.lacking), found.project)


def _has_something(part: Compared) -> bool:
    return not part.diff.is_empty or bool(part.diff.layout)


def _shown(part: Compared) -> ShownPart:
    is_layout = part.diff.part == LAYOUT
    return ShownPart(
        title="The layout of the file" if is_layout else part.diff.part,
        integration="" if is_layout or part.old is None else part.diff.part,
        lines=lines_of(part),
        diff=part.diff,
    )


def _rows(found: Preview) -> tuple[Line, ...]:
    """Return every row of the matrix after the change, as if it came."""
    if found.after is None:
        return ()
    name, reasons = found.after.name, found.parts[0].reasons
    diff = diff_parts(name, None, found.after)
    return lines_of(Compared(diff=diff, reasons=reasons, old=None, new=found.after))


# --- What the index has to be asked for ----------------------------------------------------------
def ask_for_facts(draft: Draft, *, at: datetime) -> None:
    """Have a worker ask the index for what the preview of *draft* lacks."""
    found = preview(draft, now=at)
    for project, versions in _questions(found):
        ask(draft.integration.sdk, project, versions, at=at)


def _questions(found: Preview) -> Iterator[tuple[str, list[str]]]:
    for project, versions in sorted(found.lacking.items()):
        yield project, sorted(versions)[:MOST_VERSIONS]


@transaction.atomic
def ask(sdk: Sdk, project: str, versions: Collection[str] = (), *, at: datetime) -> int:
    """Have a worker ask the index of *sdk* about *project*; return the key of the question."""
    question, is_new = ask_about(sdk, project, at=at)
    if is_new:
        enqueue_question(question.pk, project, versions)
    return question.pk

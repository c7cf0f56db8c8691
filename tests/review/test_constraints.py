"""Each constraint of the app refuses a row; a new one fails here until it has a bad row."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models import BaseConstraint

from matrix.review.contents import store_texts
from matrix.review.models import (
    Assessment,
    Channel,
    Comment,
    Decision,
    Finding,
    Item,
    Proposal,
    Publication,
    PublishedFile,
    PublishedPart,
    Run,
    Snapshot,
    VerdictChange,
)
from matrix.review.snapshots import store
from tests.review.makers import AT, a_channel, a_user

pytestmark = pytest.mark.django_db
Make = Callable[..., models.Model]


def constraints() -> Iterator[BaseConstraint]:
    for model in apps.get_app_config("review").get_models():
        yield from model._meta.constraints


class Rows:
    """Good rows of every table; keyword arguments make them bad."""

    def __init__(self) -> None:
        self.channel = a_channel()
        self.user = a_user()
        self.one: Snapshot = store("one")
        self.two: Snapshot = store("two")
        self.numbers = iter(range(1, 1000))

    def a_channel(self, **changes: Any) -> Channel:
        return Channel.objects.create(**{"kind": "sdk", "slug": "another", **changes})

    def a_run(self, **changes: Any) -> Run:
        values = {"channel": self.channel, "kind": "manual", "intended_at": AT, "as_of": AT}
        return Run.objects.create(**{**values, **changes})

    def an_assessment(self, **changes: Any) -> Assessment:
        values = {"channel": self.channel, "part": "a", "run": self.once(self.a_run)}
        return Assessment.objects.create(**{**values, **changes})

    def a_publication(self, **changes: Any) -> Publication:
        values = {"channel": self.channel, "number": 1, "published_by": self.user}
        return Publication.objects.create(**{**values, "published_at": AT, **changes})

    def a_published_part(self, **changes: Any) -> PublishedPart:
        values = {"publication": self.once(self.a_publication), "part": "a", "snapshot": self.one}
        return PublishedPart.objects.create(**{**values, **changes})

    def a_published_file(self, **changes: Any) -> PublishedFile:
        values = {"publication": self.once(self.a_publication), "path": "tox.ini"}
        (content,) = store_texts(["one"]).values()
        return PublishedFile.objects.create(**{**values, "content_id": content, **changes})

    def a_proposal(self, **changes: Any) -> Proposal:
        values = {
            "number": next(self.numbers),
            "channel": self.channel,
            "run": self.once(self.a_run),
            "proposed_at": AT,
        }
        return Proposal.objects.create(**{**values, **changes})

    def a_replaced_proposal(self, **changes: Any) -> Proposal:
        by = self.once(self.a_proposal)
        return self.a_proposal(
            **{"status": "replaced", "closed_at": AT, "replaced_by": by, **changes}
        )

    def a_closed_proposal(self, **changes: Any) -> Proposal:
        values = {"status": "closed", "closed_at": AT, "closing_reason": "Rejected."}
        return self.a_proposal(**{**values, **changes})

    def an_item(self, **changes: Any) -> Item:
        values = {"proposal": self.once(self.a_proposal), "part": "a", "new": self.one}
        return Item.objects.create(**{**values, **changes})

    def a_decision(self, **changes: Any) -> Decision:
        values = {"item": self.once(self.an_item), "verdict": "approved"}
        return Decision.objects.create(
            **{**values, "decided_by": self.user, "decided_at": AT, **changes}
        )

    def a_finding(self, **changes: Any) -> Finding:
        values = {"proposal": self.once(self.a_proposal), "kind": "install", "severity": "error"}
        return Finding.objects.create(**{**values, "text": "It cannot.", **changes})

    def a_declined_one(self, **changes: Any) -> Decision:
        values = {"verdict": "declined", "reason": "No.", "propose_again": "next run"}
        return self.a_decision(**{**values, **changes})

    def a_comment(self, **changes: Any) -> Comment:
        values = {"proposal": self.once(self.a_proposal), "text": "Why?", "written_by": self.user}
        return Comment.objects.create(**{**values, "written_at": AT, **changes})

    def a_verdict_change(self, **changes: Any) -> VerdictChange:
        values = {"channel": self.channel, "part": "a", "release": "1.0", "now": "held"}
        run = self.once(self.a_run)
        return VerdictChange.objects.create(**{**values, "run": run, "changed_at": AT, **changes})

    def once(self, make: Callable[..., Any]) -> Any:
        """Return the row that *make* made the first time."""
        rows = self.__dict__.setdefault("_once", {})
        if make.__name__ not in rows:
            rows[make.__name__] = make()
        return rows[make.__name__]


def twice(make: Make, **values: Any) -> None:
    make(**values)
    make(**values)


BAD_ROWS: dict[str, list[Callable[[Rows], object]]] = {
    "review_channel_slug_unique": [lambda rows: twice(rows.a_channel)],
    "review_run_happens_once": [lambda rows: twice(rows.a_run)],
    "review_run_is_finished_with_a_time_and_an_outcome": [
        lambda rows: rows.a_run(status="failed", outcome="It failed."),
        lambda rows: rows.a_run(status="failed", finished_at=AT),
        lambda rows: rows.a_run(finished_at=AT),
    ],
    "review_run_is_started_by_an_attempt": [
        lambda rows: rows.a_run(status="polling"),
        lambda rows: rows.a_run(status="polling", attempts=1),
        lambda rows: rows.a_run(status="polling", started_at=AT),
        lambda rows: rows.a_run(attempts=1, started_at=AT),
    ],
    "review_run_kind_is_known": [lambda rows: rows.a_run(kind="weekly")],
    "review_run_status_is_known": [
        lambda rows: rows.a_run(status="running", attempts=1, started_at=AT)
    ],
    "review_assessment_part_once": [lambda rows: twice(rows.an_assessment)],
    "review_publication_number_unique": [lambda rows: twice(rows.a_publication)],
    "review_publication_follows_another_unless_it_is_the_first": [
        lambda rows: rows.a_publication(number=2),
        lambda rows: rows.a_publication(number=0),
        lambda rows: rows.a_publication(
            base=rows.a_publication(channel=rows.a_channel())
        ),
    ],
    "review_publishedpart_part_once": [lambda rows: twice(rows.a_published_part)],
    "review_publishedfile_path_once": [lambda rows: twice(rows.a_published_file)],
    "review_proposal_one_open_in_channel": [lambda rows: twice(rows.a_proposal)],
    "review_proposal_is_replaced_by_another": [
        lambda rows: rows.a_replaced_proposal(replaced_by=None),
        lambda rows: rows.a_closed_proposal(replaced_by=rows.a_proposal()),
    ],
    "review_proposal_is_closed_at_a_time": [
        lambda rows: rows.a_closed_proposal(closed_at=None),
        lambda rows: rows.a_proposal(closed_at=AT),
    ],
    "review_proposal_is_closed_for_a_reason": [
        lambda rows: rows.a_closed_proposal(closing_reason="")
    ],
    "review_proposal_numbers_start_at_1": [lambda rows: rows.a_proposal(number=0)],
    "review_proposal_status_is_known": [lambda rows: rows.a_closed_proposal(status="done")],
    "review_item_part_once": [lambda rows: twice(rows.an_item)],
    "review_item_published_is_not_dropped": [
        lambda rows: rows.an_item(published_in=rows.a_publication(), dropped_at=AT)
    ],
    "review_item_changes_something": [
        lambda rows: rows.an_item(new=None),
        lambda rows: rows.an_item(old=rows.one),
    ],
    "review_decision_one_stands": [lambda rows: twice(rows.a_decision)],
    "review_decision_declined_with_a_reason": [
        lambda rows: rows.a_decision(verdict="declined", reason="No."),
        lambda rows: rows.a_decision(verdict="declined", propose_again="next run"),
        lambda rows: rows.a_decision(propose_again="next run"),
    ],
    "review_decision_is_withdrawn_at_a_time": [
        lambda rows: rows.a_decision(withdrawn_by=rows.user)
    ],
    "review_decision_verdict_is_known": [
        lambda rows: rows.a_decision(verdict="maybe", reason="No.", propose_again="next run")
    ],
    "review_decision_propose_again_is_known": [
        lambda rows: rows.a_decision(verdict="declined", reason="No.", propose_again="later")
    ],
    "review_decision_waits_for_what_it_names": [
        lambda rows: rows.a_declined_one(propose_again="when a hold ends"),
        lambda rows: rows.a_declined_one(waits_for="hold 12"),
        lambda rows: rows.a_decision(waits_for="hold 12"),
    ],
    "review_comment_says_something": [lambda rows: rows.a_comment(text="")],
    "review_verdictchange_once_in_a_run": [lambda rows: twice(rows.a_verdict_change)],
    "review_verdictchange_changes_something": [lambda rows: rows.a_verdict_change(before="held")],
    "review_finding_waived_by_at_and_why_together": [
        lambda rows: rows.a_finding(waived_at=AT),
        lambda rows: rows.a_finding(waived_at=AT, waived_by=rows.user),
        lambda rows: rows.a_finding(waiver="Known."),
        lambda rows: rows.a_finding(waived_at=AT, waiver="Known."),
    ],
    "review_finding_severity_is_known": [lambda rows: rows.a_finding(severity="fatal")],
}  # fmt: skip

# A row with an unknown value breaks the rules about known values, too, and the databases
# check them in orders of their own.
ALSO = {
    "review_decision_verdict_is_known": {"review_decision_declined_with_a_reason"},
    "review_run_status_is_known": set(),
}


def test_every_constraint_has_a_bad_row() -> None:
    assert BAD_ROWS.keys() == {constraint.name for constraint in constraints()}


@pytest.mark.parametrize(
    ("name", "make"),
    [
        pytest.param(name, make, id=f"{name}-{number}")
        for name, makers in BAD_ROWS.items()
        for number, make in enumerate(makers, start=1)
    ],
)
def test_the_table_refuses_a_bad_row(name: str, make: Callable[[Rows], object]) -> None:
    rows = Rows()

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        make(rows)

    assert {name, *ALSO.get(name, ())} & set(named_in(refusal.value))


def named_in(error: IntegrityError) -> list[str]:
    """PostgreSQL names a constraint; SQLite names a check, and the columns of an index."""
    text = str(error)
    return [constraint.name for constraint in constraints() if is_named(constraint, text)]


def is_named(constraint: BaseConstraint, text: str) -> bool:
    if constraint.name in text:
        return True
    if not isinstance(constraint, models.UniqueConstraint):
        return False
    _, separator, columns = text.partition("UNIQUE constraint failed: ")
    names = [column.split(".")[1].removesuffix("_id") for column in columns.split(", ") if column]
    table = columns.split(".")[0]
    owner = constraint.name.split("_")[1]
    return bool(separator) and names == list(constraint.fields) and table == f"review_{owner}"


@pytest.mark.parametrize(
    "make",
    [value for name, value in vars(Rows).items() if name.startswith(("a_", "an_"))],
    ids=lambda make: make.__name__,
)
def test_the_good_rows_are_good(make: Callable[[Rows], models.Model]) -> None:
    assert make(Rows()).pk is not None


def test_checks_speak_in_sentences() -> None:
    checks = [found for found in constraints() if isinstance(found, models.CheckConstraint)]
    texts = {found.name: str(found.violation_error_message) for found in checks}

    assert [name for name, text in texts.items() if "violated" in text] == []
    assert [name for name, text in texts.items() if not text.endswith(".")] == []


def test_one_part_may_be_proposed_again_after_it_was_published_or_dropped() -> None:
    rows = Rows()
    rows.an_item(published_in=rows.a_publication())
    rows.an_item(dropped_at=AT)

    assert rows.an_item().pk is not None


def test_an_item_can_be_decided_again_after_a_withdrawal() -> None:
    rows = Rows()
    rows.a_decision(withdrawn_at=AT)

    assert rows.a_decision().pk is not None

"""
An SDK, its index and its reviewers, step by step, with what must hold after each step.

All that is computed is computed by the code that computes it for users; beside the tables the world
remembers no more than what somebody decided about and what was published.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from integrations.catalogue.models import DependencyRule, Group, Hold, Integration, Sdk
from integrations.index.models import Index
from matrix.review import deciding
from matrix.review.errors import BaseMoved, NothingApproved, NothingToRollBack
from matrix.review.models import Channel, Decision, Proposal, Publication, Run
from matrix.review.publishing import differing_files
from matrix.review.state import changes_of, publication_state, published, published_files
from matrix.review.values import Change
from matrix.rules.parts import LAYOUT
from matrix.sdk import holding
from matrix.sdk.channel import channel_of, file_with, files_of, workflow_with
from matrix.sdk.computing import Question, compute
from matrix.sdk.declining import CannotHold, decline_until_hold_ends
from matrix.sdk.publishing import publish_again, publish_approved, render
from matrix.sdk.running import carry_out, request
from tests.laws.invented_index import GLUE, InventedIndex
from tests.sdk.makers import an_integration, an_sdk

BEGIN = datetime(2026, 3, 2, 3, 23, tzinfo=UTC)
NAMES = ("crates", "labels")
PARTS = (*NAMES, LAYOUT)
WAITING = Decision.ProposeAgain.WHEN_A_HOLD_ENDS


@dataclass
class World:
    sdk: Sdk
    index: InventedIndex
    by: User
    at: datetime = BEGIN
    # What somebody saw and decided about, by the decision that they made.
    seen: dict[int, Change] = field(default_factory=dict)
    history: list[dict[str, str]] = field(default_factory=list)  # Publications, the first first.

    @classmethod
    def begin(cls, **settings: Any) -> "World":
        """Make an SDK with two integrations whose projects have one release each."""
        index = InventedIndex(Index.objects.create(url="https://index.test/simple/"))
        sdk = an_sdk(index_url=index.row.url, pythons="3.9 3.13", **settings)
        world = cls(sdk, index, User.objects.create_superuser("ana"))
        for name in (*NAMES, GLUE):
            index.upload(name, "1.0", "3.9 3.13", at=BEGIN - timedelta(days=90))
        for name in NAMES:
            an_integration(sdk, name, group="Cargo" if name == "crates" else "Paper")
        return world

    @property
    def channel(self) -> Channel:
        return channel_of(self.sdk)

    @property
    def open(self) -> Proposal | None:
        return self.channel.proposals.filter(status="open").first()

    def state(self) -> dict[str, str]:
        return published(self.channel)

    # --- Releases, and the catalogue -----------------------------------------------------------
    def pass_time(self, days: int) -> None:
        self.at += timedelta(days=days)

    def upload(self, project: str, version: str, pythons: str) -> None:
        self.at += timedelta(hours=1)
        self.index.upload(project, version, pythons, at=self.at - timedelta(minutes=30))

    def change_page(self, project: str, place: int, what: str) -> None:
        self.at += timedelta(hours=1)
        self.index.change(project, place, what, at=self.at)

    def edit(self, name: str, values: Mapping[str, object]) -> None:
        row = Integration.objects.get(name=name)
        for field_name, value in values.items():
            setattr(row, field_name, value)
        row.full_clean()
        row.save()

    def bound(self, name: str, requirement: str) -> None:
        """Make *requirement* the one rule of an integration."""
        DependencyRule.objects.filter(integration__name=name).delete()
        integration = Integration.objects.get(name=name)
        DependencyRule.objects.create(integration=integration, requirements=requirement)

    def regroup(self, name: str, group: str) -> None:
        found, _ = Group.objects.get_or_create(sdk=self.sdk, name=group)
        Integration.objects.filter(name=name).update(group=found)

    def hold(self, project: str, releases: str) -> None:
        reason = "It is broken."
        hold = Hold(sdk=self.sdk, project=project, releases=releases, reason=reason)
        holding.add(hold, by=self.by, at=self.at)

    def end_hold(self, place: int) -> None:
        holds = Hold.objects.filter(lifted_at=None).order_by("pk")
        if holds:
            pk = holds[place % len(holds)].pk
            holding.end(pk, by=self.by, at=self.at, reason="It is mended.")

    # --- Runs ----------------------------------------------------------------------------------
    def run(self, only: set[str] | None = None, hold_back: Collection[str] = ()) -> Run:
        self.at += timedelta(seconds=1)
        run = request(self.sdk, by=None, at=self.at, only=only, hold_back=hold_back)
        carry_out(
            run,
            clock=lambda: self.at,
            polls=False,
            index=self.index.row,
            resolver=self.index.resolver(lambda: self.at),
        )
        run.refresh_from_db()
        return run

    def computed(self) -> dict[str, str]:
        """Return the parts that a run of now makes of everything, whatever is proposed."""
        last = Run.objects.latest("pk")
        question = Question(
            as_of=self.at,
            now=self.at,
            index=self.index.row,
            resolver=self.index.resolver(lambda: self.at),
            cut_off=datetime.fromisoformat(last.options["cut_off"]),
        )
        parts = compute(Sdk.objects.get(pk=self.sdk.pk), question)
        return {
            part.part: part.body
            for part in sorted(parts, key=lambda part: part.part)
            if part.body is not None
        }

    # --- Decisions -----------------------------------------------------------------------------
    def undecided(self, parts: set[str] | None) -> list[int]:
        if self.open is None:
            return []
        items = self.open.items.undecided()
        chosen = items if parts is None else items.filter(part__in=parts)
        return list(chosen.values_list("pk", flat=True))

    def approve(self, parts: set[str] | None) -> None:
        """Approve what is undecided of *parts*; None: all of it."""
        if not (self.open and (ids := self.undecided(parts))):
            return
        number = self.open.number
        if self.has_moved():
            with pytest.raises(BaseMoved):
                deciding.approve_items(number, ids, by=self.by, at=self.at)
            return
        deciding.approve_items(number, ids, by=self.by, at=self.at)
        self._note(ids)

    def decline(self, parts: set[str], again: Decision.ProposeAgain) -> None:
        if not (self.open and (ids := self.undecided(parts))):
            return
        number = self.open.number
        if again == WAITING:
            try:
                decline_until_hold_ends(number, ids, by=self.by, at=self.at, reason="Not now.")
            except CannotHold:
                return
        else:
            deciding.decline_items(
                number, ids, by=self.by, at=self.at, reason="Not now.", propose_again=again
            )
        self._note(ids)

    def withdraw(self, parts: set[str]) -> None:
        rows = Decision.objects.filter(
            item__proposal=self.open, item__published_in=None, withdrawn_at=None
        )
        ids = list(rows.filter(item__part__in=parts).values_list("pk", flat=True))
        if self.open and ids:
            deciding.withdraw_all(self.open.number, ids, by=self.by, at=self.at)

    def reject(self) -> None:
        if self.open:
            ids = self.undecided(None)
            deciding.reject(self.open.number, by=self.by, at=self.at, reason="Not this week.")
            self._note(ids)

    def proposed(self) -> dict[str, Change]:
        """Return what the open proposal does to each part."""
        items = self.open.items.unpublished() if self.open else ()
        return {change.part: change for change in changes_of(list(items))}

    def decided(self) -> dict[str, tuple[str, Change]]:
        """Return the verdict on each part of the open proposal, with what it was about."""
        rows = Decision.objects.filter(
            item__in=self.open.items.unpublished() if self.open else (), withdrawn_at=None
        )
        said = dict(rows.values_list("item__part", "verdict"))
        return {part: (said[part], self.proposed()[part]) for part in said}

    def _note(self, items: list[int]) -> None:
        rows = list(
            Decision.objects.filter(item__in=items, withdrawn_at=None).select_related("item")
        )
        assert len(rows) == len(items)
        for row in rows:
            (self.seen[row.pk],) = changes_of([row.item])

    def has_moved(self) -> bool:
        return self.open is not None and self.open.base_id != self.channel.current_id

    # --- Publications --------------------------------------------------------------------------
    def publish(self) -> None:
        if self.open is None:
            return
        number = self.open.number
        approved = list(self.open.items.unpublished().approved())
        if self.has_moved() or not approved:
            with pytest.raises(BaseMoved if self.has_moved() else NothingApproved):
                publish_approved(number, by=self.by, at=self.at)
            return
        expected = self.state()
        for change in changes_of(approved):
            expected.pop(change.part, None)
            if change.new_body is not None:
                expected[change.part] = change.new_body
        publication = publish_approved(number, by=self.by, at=self.at)

        state = self.state()
        assert publication_state(publication) == state == dict(sorted(expected.items()))
        check_rendering(publication, state)
        self.history.append(state)

    def publish_again(self, place: int) -> None:
        older = list(Publication.objects.order_by("number"))
        if not older:
            return
        number = place % len(older)
        if self.history[number] == self.state():
            with pytest.raises(NothingToRollBack):
                publish_again(older[number], by=self.by, at=self.at, reason="It was better.")
            return
        publish_again(older[number], by=self.by, at=self.at, reason="It was better.")
        assert self.state() == self.history[number]
        self.history.append(self.history[number])

    def publish_everything(self) -> None:
        """Approve all that stands between the catalogue and the publication, and publish it."""
        lasting = Decision.objects.exclude(propose_again="").filter(withdrawn_at=None)
        lasting.update(withdrawn_at=self.at)
        self.run()
        if self.open:
            self.approve(None)
            self.publish()

    # --- What must hold ------------------------------------------------------------------------
    def check(self) -> None:
        """No standing decision is about anything else than what somebody saw."""
        rows = Decision.objects.select_related("item").in_bulk()
        standing = [row for row in rows.values() if row.withdrawn_at is None]
        assert [row for row in standing if row.item.dropped_at is not None] == []
        changes = {(row.item.part, row.item.pk): row for row in standing}
        told = changes_of([row.item for row in standing])
        for key, change in zip(sorted(changes), told, strict=True):
            assert change == self.seen[made(changes[key], rows)]
        assert self.channel.proposals.filter(status="open").count() <= 1

    def check_publications(self) -> None:
        """Each has its number, the parts that it was given, and the bytes that these render to."""
        rows = list(Publication.objects.order_by("number"))
        assert [row.number for row in rows] == list(range(1, len(self.history) + 1))
        assert [publication_state(row) for row in rows] == self.history
        assert [differing_files(row, render) for row in rows] == [[]] * len(rows)


def made(decision: Decision, rows: Mapping[int, Decision]) -> int:
    """Return the decision of a person that *decision* was kept from, or itself."""
    while decision.kept_from_id is not None:
        decision = rows[decision.kept_from_id]
    return decision.pk


def check_rendering(publication: Publication, state: dict[str, str]) -> None:
    """Rendering is idempotent: from scratch, and into its own output."""
    files = published_files(publication)
    assert files_of(dict(reversed(state.items()))) == files
    for path, text in files.items():
        if path == "tox.ini":
            assert file_with(text, state, discard_edits=False) == text
        elif path.startswith(".github/"):
            assert workflow_with(text, path, state, discard_edits=False) == text

"""Reviewers, editors, runs and publishers in one moment: nothing is lost, nothing happens twice."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import count, cycle, islice
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection

from matrix.review import commenting, deciding
from matrix.review.errors import ReviewError
from matrix.review.models import Comment, Decision, Item, Proposal, Publication, Run
from matrix.review.state import changes_of, publication_state, published
from matrix.sdk.publishing import publish_again, publish_approved
from matrix.sdk.running import carry_out, request
from tests.laws.world import World
from tests.sdk.makers import an_integration
from tests.support.together import one_file, require_postgresql, together

pytestmark = pytest.mark.django_db(transaction=True)
MORE = [f"part{number}" for number in range(14)]
Call = Callable[[], object]


@dataclass
class Moment:
    """One open proposal of many items, and what everybody does to it at once."""

    world: World
    number: int
    items: dict[str, int]  # By part.
    standing: list[int]  # Decisions from before, for somebody to withdraw.
    done: list[tuple[str, str, list[int]]] = field(default_factory=list)  # Verb, user, keys.

    @classmethod
    def prepare(cls) -> "Moment":
        world = World.begin()
        for name in MORE:
            world.index.upload(name, "1.0", "3.9 3.13", at=world.at - timedelta(days=9))
            an_integration(world.sdk, name, group="Paper")
        world.publish_everything()
        for name in MORE:
            world.upload(name, "2.0", "3.9 3.13")
        world.run()
        proposal = world.open
        assert proposal is not None
        items = dict(proposal.items.undecided().values_list("part", "pk"))
        early = sorted(items.values())[-4:]
        deciding.approve_items(proposal.number, early, by=world.by, at=world.at)
        standing = Decision.objects.filter(item__in=early).values_list("pk", flat=True)
        return cls(world, proposal.number, items, list(standing))

    def calls(self) -> list[Call]:
        """Return 50 calls; each runs into some of the others."""
        undecided = list(self.items.values())[:-4]
        people = (User.objects.create_superuser(f"user {number}") for number in count())
        alone = [partial(self.approve, [pk]) for pk in islice(cycle(undecided), 14)]
        pairs = [partial(self.decline, undecided[n : n + 2]) for n in range(6)]
        found: list[Call] = [partial(call, by=next(people)) for call in [*alone, *pairs]]
        found += [partial(self.withdraw, [pk], by=next(people)) for pk in self.standing]
        found += [partial(self.comment, part, by=next(people)) for part in MORE[:6]]
        found += [partial(self.publish, by=next(people)) for _ in range(6)]
        found += [partial(self.go_back, by=next(people))]
        found += [partial(self.world.edit, part, {"minimum": "2.0"}) for part in MORE[:6]]
        found += [partial(self.run, n, MORE[n : n + 2]) for n in range(5)]
        found += [partial(self.run, 10 + n, None) for n in range(2)]
        return found

    def approve(self, ids: list[int], by: User) -> None:
        deciding.approve_items(self.number, ids, by=by, at=self.world.at)
        self.done.append(("approved", by.username, ids))

    def decline(self, ids: list[int], by: User) -> None:
        deciding.decline_items(
            self.number,
            ids,
            by=by,
            at=self.world.at,
            reason="Not now.",
            propose_again=Decision.ProposeAgain.WHEN_IT_CHANGES,
        )
        self.done.append(("declined", by.username, ids))

    def withdraw(self, ids: list[int], by: User) -> None:
        deciding.withdraw_all(self.number, ids, by=by, at=self.world.at)
        self.done.append(("withdrawn", by.username, ids))

    def comment(self, part: str, by: User) -> None:
        commenting.comment(self.number, part=part, text="Look here.", by=by, at=self.world.at)
        self.done.append(("commented", by.username, []))

    def run(self, place: int, only: list[str] | None) -> None:
        world = self.world
        at = world.at + timedelta(seconds=1 + place)
        run = request(world.sdk, by=None, at=at, only=only)
        carry_out(run, clock=lambda: at, polls=False, index=world.index.row)

    def publish(self, by: User) -> None:
        made = publish_approved(self.number, by=by, at=self.world.at)
        self.done.append(("published", by.username, [made.pk]))

    def go_back(self, by: User) -> None:
        first = Publication.objects.get(number=1)
        made = publish_again(first, by=by, at=self.world.at, reason="It was better.")
        self.done.append(("published", by.username, [made.pk]))

    def keys(self, *verbs: str) -> list[tuple[str, int]]:
        return sorted((by, key) for verb, by, keys in self.done if verb in verbs for key in keys)

    # --- What must hold afterwards -------------------------------------------------------------
    def check(self) -> None:
        assert Proposal.objects.filter(status="open").count() <= 1
        assert not Run.objects.exclude(status="finished").exists()
        self.check_decisions()
        self.check_publications()
        assert Comment.objects.count() == len([1 for verb, *_ in self.done if verb == "commented"])

    def check_decisions(self) -> None:
        """Each success left its decision, and each refusal none."""
        rows = Decision.objects.filter(kept_from=None).exclude(decided_by=self.world.by)
        made = sorted(rows.values_list("decided_by__username", "item_id"))
        assert made == self.keys("approved", "declined")
        withdrawn = Decision.objects.exclude(withdrawn_by=None)
        found = sorted(withdrawn.values_list("withdrawn_by__username", "pk"))
        assert found == self.keys("withdrawn")
        for decision in Decision.objects.exclude(kept_from=None):
            assert decision.kept_from is not None
            now, before = decision.item, decision.kept_from.item
            assert changes_of([now]) == changes_of([before])
        for decision in rows.filter(withdrawn_at__isnull=False, withdrawn_by=None):
            assert decision.item.dropped_at == decision.withdrawn_at, "a run changed its item"

    def check_publications(self) -> None:
        """Numbers have no gap, and each publication is its base and what was approved for it."""
        rows = list(Publication.objects.order_by("number"))
        assert [row.number for row in rows] == list(range(1, len(rows) + 1))
        assert sorted(row.pk for row in rows[1:]) == sorted(
            key for _, key in self.keys("published")
        )
        state: dict[str, str] = {}
        for row in rows:
            items = list(Item.objects.filter(published_in=row).select_related("new"))
            approved = Decision.objects.filter(item__in=items, withdrawn_at=None)
            assert set(approved.values_list("verdict", flat=True)) <= {"approved"}
            assert approved.count() == len(items)
            state |= {item.part: item.new.body for item in items if item.new}
            if row.proposal_id is None:
                state = publication_state(rows[0])
            assert publication_state(row) == dict(sorted(state.items()))
        assert published(self.world.channel) == publication_state(rows[-1])


def hold_the_moment(*, every: int = 1) -> None:
    moment = Moment.prepare()
    calls = moment.calls()[::every]
    began = time.monotonic()

    together(calls, refusals=(ReviewError,))

    assert time.monotonic() - began < 60, "somebody waited for somebody who waited"
    moment.check()
    world = moment.world
    world.at += timedelta(minutes=1)
    world.publish_everything()
    assert world.run().outcome.startswith("Nothing to propose")


@pytest.mark.postgres
def test_fifty_calls_at_once_lose_nothing_and_make_nothing_twice() -> None:
    require_postgresql()

    hold_the_moment()


def test_the_same_holds_in_one_file(tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the suite runs on PostgreSQL, where the other test looks")

    with one_file(tmp_path / "portal.sqlite3"):
        hold_the_moment(every=4)

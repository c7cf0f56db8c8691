"""Many workers and reviewers at once, each with a connection of its own."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import pytest

from matrix.review import deciding, proposing, publishing, runs
from matrix.review.errors import ReviewError, RunIsTaken
from matrix.review.models import Channel, Decision, Item, Proposal, Publication, Run, Snapshot
from matrix.review.snapshots import store_all
from matrix.review.state import published
from tests.review.makers import AT, LATER, a_channel, a_proposal, a_user, computed, in_words, render
from tests.support.together import require_postgresql
from tests.support.together import together as at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
PARTS = [f"part {number}" for number in range(12)]


@pytest.fixture(autouse=True)
def postgresql(transactional_db: None) -> None:
    require_postgresql()


def together(calls: Sequence[Callable[[], object]]) -> list[object]:
    """Call all at once; what review refuses is a result too."""
    return at_once(calls, refusals=(ReviewError,))


def started_run(channel: Channel, number: int, only: list[str] | None = None) -> Run:
    at = AT.replace(minute=number)
    run = runs.request_run(channel, kind="manual", intended_at=at, as_of=AT, by=None, only=only)
    runs.start(run, at=AT)
    return run


def proposing_by(run: Run, state: Mapping[str, str | None]) -> Callable[[], object]:
    return lambda: proposing.propose(run, computed(state), at=AT, summarise=in_words)


def publishing_by(name: str, number: int) -> Callable[[], object]:
    user = a_user(name)
    return lambda: publishing.publish(number, by=user, at=AT, comment="", render=render)


def approving_by(name: str, number: int) -> Callable[[], object]:
    user = a_user(name)
    return lambda: deciding.approve_all(number, by=user, at=AT)


def succeeded(results: Sequence[object]) -> list[object]:
    return [result for result in results if not isinstance(result, ReviewError)]


def test_one_run_proposes_once_whoever_tries() -> None:
    run = started_run(a_channel(), 0)
    copies = [Run.objects.get(pk=run.pk) for _ in range(20)]

    results = together([proposing_by(copy, dict.fromkeys(PARTS, "one")) for copy in copies])

    assert Counter(type(result) for result in results) == {Proposal: 1, RunIsTaken: 19}
    assert Proposal.objects.count() == 1


def test_one_run_is_started_once_at_a_time() -> None:
    run = runs.request_run(a_channel(), kind="manual", intended_at=AT, as_of=AT, by=None)

    def start() -> bool:
        runs.start(Run.objects.get(pk=run.pk), at=AT)
        return True

    results = together([start] * 20)

    assert len(succeeded(results)) == 1
    assert Run.objects.get(pk=run.pk).attempts == 1


def test_a_run_is_requested_once_whoever_asks() -> None:
    channel = a_channel()

    results = together(
        [lambda: runs.request_run(channel, kind="scheduled", intended_at=AT, as_of=AT, by=None).pk]
        * 20
    )

    assert len(set(results)) == Run.objects.count() == 1


def test_many_runs_of_one_channel_leave_one_open_proposal() -> None:
    channel = a_channel()
    states = [{**dict.fromkeys(PARTS, "one"), "part 0": f"body {n}"} for n in range(20)]
    calls = [proposing_by(started_run(channel, n), states[n]) for n in range(20)]

    results = together(calls)

    assert len(succeeded(results)) == 20
    assert channel.proposals.filter(status="open").count() == 1
    numbers = sorted(Proposal.objects.values_list("number", flat=True))
    assert numbers == list(range(1, 21))
    assert channel.proposals.filter(status="replaced").count() == 19


def test_proposals_of_many_channels_get_numbers_of_their_own() -> None:
    state = dict.fromkeys(PARTS, "one")
    channels = [a_channel(f"channel-{number}") for number in range(20)]

    together([proposing_by(started_run(channel, 0), state) for channel in channels])

    numbers = sorted(Proposal.objects.values_list("number", flat=True))
    assert numbers == list(range(1, 21))


def test_the_same_bodies_are_stored_once_whoever_stores_them() -> None:
    bodies = [f"body {number}" for number in range(100)]
    orders = [bodies[number:] + bodies[:number] for number in range(20)]

    together([partial(store_all, order) for order in orders])

    assert Snapshot.objects.count() == 100


def test_every_item_is_decided_once_whoever_approves() -> None:
    proposal = a_proposal(a_channel(), dict.fromkeys(PARTS, "one"))

    results = together([approving_by(f"user {n}", proposal.number) for n in range(20)])

    assert succeeded(results) == [len(PARTS)]
    assert Decision.objects.count() == len(PARTS)
    assert Decision.objects.values("decided_by").distinct().count() == 1


def test_what_was_approved_is_published_once_whoever_publishes() -> None:
    channel = a_channel()
    proposal = a_proposal(channel, dict.fromkeys(PARTS, "one"))
    deciding.approve_all(proposal.number, by=a_user(), at=AT)

    results = together([publishing_by(f"user {n}", proposal.number) for n in range(20)])

    assert [type(result) for result in succeeded(results)] == [Publication]
    assert Publication.objects.count() == 1
    assert published(channel) == dict.fromkeys(PARTS, "one")


def test_approving_and_rejecting_at_once_lets_one_of_them_win() -> None:
    proposal = a_proposal(a_channel(), dict.fromkeys(PARTS, "one"))
    ana = a_user()

    def rejecting() -> int:
        return deciding.reject(proposal.number, by=ana, at=AT, reason="Too early.")

    together([approving_by(f"user {n}", proposal.number) for n in range(10)] + [rejecting] * 10)

    assert Decision.objects.count() == len(PARTS)
    assert Decision.objects.values("verdict").distinct().count() == 1
    proposal.refresh_from_db()
    assert proposal.status == "closed"


def test_runs_decisions_and_publications_at_once_lose_nothing() -> None:
    """Runs with a scope of one part each, approvals and publications, 50 calls in one moment."""
    channel = a_channel()
    proposal = a_proposal(channel, dict.fromkeys(PARTS, "one"))
    calls = [
        proposing_by(started_run(channel, 10 + n, only=[part]), {part: f"body {n}"})
        for n, part in enumerate([*PARTS, *PARTS[:8]])
    ]
    approvals: list[int] = []

    def approve(name: str) -> Callable[[], object]:
        call = approving_by(name, proposal.number)

        def counted() -> object:
            count = call()
            assert isinstance(count, int)
            approvals.append(count)
            return count

        return counted

    calls += [approve(f"user {n}") for n in range(20)]
    calls += [publishing_by(f"publisher {n}", proposal.number) for n in range(10)]

    results = together(calls)

    assert channel.proposals.filter(status="open").count() <= 1
    made = [result for result in succeeded(results) if isinstance(result, Publication)]
    numbers = list(Publication.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(made) + 1))
    assert Decision.objects.count() == sum(approvals), "no decision is lost"
    assert_what_is_published_was_approved(channel)


def assert_what_is_published_was_approved(channel: Channel) -> None:
    state: dict[str, str] = {}
    for publication in Publication.objects.order_by("number"):
        items = list(Item.objects.filter(published_in=publication).select_related("new"))
        for item in items:
            assert item.decisions.filter(withdrawn_at=None).get().verdict == "approved"
            assert item.new
            state[item.part] = item.new.body
    assert published(channel) == dict(sorted(state.items()))
    assert not Decision.objects.filter(withdrawn_at=None, item__dropped_at__isnull=False).exists()


def test_a_worker_that_was_taken_for_dead_loses_against_the_one_that_took_over() -> None:
    slow = started_run(a_channel(), 0)
    taken = Run.objects.get(pk=slow.pk)
    runs.start(taken, at=LATER)

    results = together(
        [proposing_by(slow, {"a": "slow"})] * 5 + [proposing_by(taken, {"a": "taken"})]
    )

    assert [type(result) for result in results] == [RunIsTaken] * 5 + [Proposal]
    assert Proposal.objects.get().summary == "a: - → taken"

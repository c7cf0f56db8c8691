from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matrix.review import deciding, state
from matrix.review.models import Channel, Proposal
from matrix.review.values import Change
from tests.review.makers import AT, a_channel, a_proposal, a_publication, a_user, publish

pytestmark = pytest.mark.django_db


def test_nothing_is_published_in_a_new_channel() -> None:
    assert state.published(a_channel()) == {}


def test_what_is_published_is_read_from_the_database_not_from_the_channel_in_hand() -> None:
    channel = a_channel()
    a_publication(Channel.objects.get(pk=channel.pk), {"a": "one"})

    assert state.published(channel) == {"a": "one"}


def test_parts_come_in_the_order_of_their_names_as_python_sorts_them() -> None:
    channel = a_channel()
    names = ["b", "a", "B", "a-b", "a_b", "ä", "a1", "A"]

    publication = a_publication(channel, dict.fromkeys(names, "one"))

    assert list(state.published(channel)) == sorted(names)
    assert list(state.published_hashes(publication.pk)) == sorted(names)
    assert list(state.publication_state(publication)) == sorted(names)


def test_an_older_publication_keeps_its_state() -> None:
    channel = a_channel()
    first = a_publication(channel, {"a": "one", "b": "one"})
    a_publication(channel, {"a": "two"})

    assert state.publication_state(first) == {"a": "one", "b": "one"}
    assert state.published(channel) == {"a": "two"}


def a_mixed_proposal() -> Proposal:
    """Base a, b, c: one. Proposed: a two (approved), b two (declined), c removed, d one."""
    channel = a_channel()
    a_publication(channel, {"a": "one", "b": "one", "c": "one"})
    proposal = a_proposal(channel, {"a": "two", "b": "two", "d": "one"})
    deciding.approve(proposal.number, ["a"], by=a_user(), at=AT)
    deciding.decline(proposal.number, ["b"], by=a_user(), at=AT, reason="Not now.")
    return proposal


def test_the_proposed_state_is_the_base_with_everything_that_is_not_declined() -> None:
    assert state.proposed(a_mixed_proposal()) == {"a": "two", "b": "one", "d": "one"}


def test_the_proposed_state_stays_the_same_after_part_of_it_was_published() -> None:
    proposal = a_mixed_proposal()
    before = state.proposed(proposal)

    publish(proposal.number)

    assert state.proposed(Proposal.objects.get(pk=proposal.pk)) == before


def test_a_published_proposal_proposed_what_was_published() -> None:
    proposal = a_mixed_proposal()
    deciding.approve_all(proposal.number, by=a_user(), at=AT)
    publish(proposal.number)

    published = Proposal.objects.get(pk=proposal.pk)
    assert state.proposed(published) == state.published(proposal.channel)


def test_changes_have_both_bodies_in_the_order_of_the_names_of_parts() -> None:
    assert state.changes(a_mixed_proposal()) == [
        Change("a", "one", "two"),
        Change("b", "one", "two"),
        Change("c", "one", None),
        Change("d", None, "one"),
    ]


def test_a_hash_without_a_snapshot_is_named() -> None:
    with pytest.raises(LookupError, match=r"^No snapshot is stored for abc, def\.$"):
        state.bodies_of({"a": "def", "b": "abc"})


def state_of_the_base(proposal: Proposal) -> object:
    assert proposal.base
    return state.publication_state(proposal.base)


READERS: list[Callable[[Proposal], object]] = [
    lambda proposal: state.published(proposal.channel),
    state.proposed,
    state.proposed_hashes,
    state.changes,
    state_of_the_base,
]


@pytest.mark.parametrize(("read", "expected"), [*zip(READERS, [1, 3, 2, 2, 2], strict=True)])
def test_reading_takes_a_fixed_number_of_queries(
    read: Callable[[Proposal], object], expected: int
) -> None:
    assert [queries_of(read, count) for count in (2, 100)] == [expected, expected]


def queries_of(read: Callable[[Proposal], object], count: int) -> int:
    channel = a_channel(f"channel-{count}")
    a_publication(channel, {f"part {number}": "one" for number in range(count)})
    proposal = a_proposal(channel, {f"part {number}": "two" for number in range(count)})
    with CaptureQueriesContext(connection) as queries:
        read(proposal)
    return len(queries)


def test_lists_of_hashes_read_no_bodies() -> None:
    proposal = a_mixed_proposal()

    with CaptureQueriesContext(connection) as queries:
        state.proposed_hashes(proposal)

    assert not [query for query in queries.captured_queries if "body" in query["sql"]]

"""The way back: an older publication is published again."""

import pytest

from matrix.review.errors import (
    BaseMoved,
    NothingToRollBack,
    ReasonMissing,
    ReviewError,
    TextRefused,
)
from matrix.review.models import Channel, Publication
from matrix.review.publishing import differing_files, republish
from matrix.review.state import published
from tests.review.makers import (
    LATER,
    a_channel,
    a_proposal,
    a_publication,
    a_user,
    in_words,
    render,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    """Publication 1 has a and b; in publication 2 b is another one, and c came."""
    channel = a_channel()
    a_publication(channel, {"a": "one", "b": "one"})
    channel.refresh_from_db()
    a_publication(channel, {"a": "one", "b": "two", "c": "one"})
    channel.refresh_from_db()
    return channel


def again(number: int, *, reason: str = "2 hangs.", seen: int | None = None) -> Publication:
    return republish(
        Publication.objects.get(number=number),
        by=a_user("ben"),
        at=LATER,
        reason=reason,
        render=render,
        seen=seen,
        summarise=in_words,
    )


def test_the_older_snapshots_become_current_as_a_publication_of_their_own(
    channel: Channel,
) -> None:
    found = again(1, seen=2)

    channel.refresh_from_db()
    assert channel.current == found
    assert (found.number, found.base and found.base.number, found.proposal) == (3, 2, None)
    assert (found.comment, found.summary) == ("2 hangs.", "b: two → one, c: one → -")
    assert published(channel) == {"a": "one", "b": "one"}
    old = Publication.objects.get(number=1)
    assert {file.path: file.sha256 for file in found.files.all()} == {
        file.path: file.sha256 for file in old.files.all()
    }
    assert differing_files(found, render) == []


def test_the_open_proposal_stays_and_waits_for_a_comparison(channel: Channel) -> None:
    proposal = a_proposal(channel, {"a": "two", "b": "two", "c": "one"})

    again(1)

    proposal.refresh_from_db()
    assert proposal.status == "open"
    assert proposal.base_id != Channel.objects.get().current_id


@pytest.mark.parametrize(
    ("number", "values", "refusal", "sentence"),
    [
        pytest.param(1, {"reason": " "}, ReasonMissing, "the reason is empty", id="no reason"),
        pytest.param(1, {"reason": "a\0"}, TextRefused, ".", id="a reason that does not print"),
        pytest.param(2, {}, NothingToRollBack, "is the current one already", id="current"),
        pytest.param(1, {"seen": 1}, BaseMoved, "publication 2 has become current", id="stale"),
    ],
)
def test_what_cannot_be_published_again_is_a_sentence(
    number: int,
    values: dict[str, object],
    refusal: type[ReviewError],
    sentence: str,
    channel: Channel,
) -> None:
    with pytest.raises(refusal, match=sentence):
        again(number, **values)  # type: ignore[arg-type]

    assert Publication.objects.count() == 2


def test_a_way_back_that_changes_nothing_is_refused(channel: Channel) -> None:
    again(1)

    with pytest.raises(NothingToRollBack, match="has the same parts as publication 3"):
        again(1)

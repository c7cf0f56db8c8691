import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matrix.review import deciding
from matrix.review.commenting import comment, comments_on
from matrix.review.errors import NoSuchProposal, NotProposed, ReviewError, TextRefused
from matrix.review.models import Comment, Proposal
from matrix.review.permissions import NotAllowed
from tests.review.makers import AT, LATER, a_channel, a_proposal, a_user, propose

pytestmark = pytest.mark.django_db


def a_commenter(name: str = "cleo") -> User:
    user = a_user(name)
    user.user_permissions.set(Permission.objects.filter(codename="comment"))
    return User.objects.get(pk=user.pk)  # Permissions are remembered by the object.


def said(proposal: Proposal) -> dict[str, list[str]]:
    return {part: [one.text for one in found] for part, found in comments_on(proposal).items()}


def test_comments_are_kept_by_part_oldest_first() -> None:
    proposal = a_proposal(a_channel(), {"a": "one", "b": "one"})
    by = a_commenter()

    comment(proposal.number, text="Second.", by=by, at=LATER)
    comment(proposal.number, text=" First.\r\nReally.\n", by=by, at=AT)
    made = comment(proposal.number, part="a", text="Why a?", by=by, at=AT)

    assert said(proposal) == {"": ["First.\nReally.", "Second."], "a": ["Why a?"]}
    assert (made.written_by.username, made.written_at, made.part) == ("cleo", AT, "a")


def test_comments_follow_a_proposal_that_is_replaced_and_stay_with_the_parts() -> None:
    channel, by = a_channel(), a_commenter()
    first = a_proposal(channel, {"a": "one", "b": "one"})
    comment(first.number, part="b", text="Is b needed?", by=by, at=AT)
    comment(first.number, text="Week 1.", by=by, at=AT)
    second = propose(channel, {"a": "one"})
    third = propose(channel, {"a": "two"})
    other = a_proposal(a_channel("other"), {"a": "one"})
    comment(other.number, text="Elsewhere.", by=by, at=AT)
    assert second
    assert third

    comment(third.number, part="a", text="And a?", by=by, at=LATER)

    assert said(third) == {"b": ["Is b needed?"], "": ["Week 1."], "a": ["And a?"]}
    assert said(second) == {"b": ["Is b needed?"], "": ["Week 1."]}
    assert [one.proposal.number for one in comments_on(third)["b"]] == [first.number]


def test_a_proposal_that_is_over_can_be_commented_on() -> None:
    proposal = a_proposal(a_channel(), {"a": "one"})
    deciding.reject(proposal.number, by=a_user(), at=AT, reason="No.")

    comment(proposal.number, part="a", text="Because of CI.", by=a_commenter(), at=AT)

    assert said(proposal) == {"a": ["Because of CI."]}


@pytest.mark.parametrize(
    ("part", "text", "error", "sentence"),
    [
        ("", " \r\n ", TextRefused, "Write something: the comment is empty."),
        (
            "",
            "a\0b",
            TextRefused,
            "The text holds the character U+0000, which does not print. Take it out.",
        ),
        (
            "",
            "x" * 10_001,
            TextRefused,
            "The comment is 10,001 characters long; write 10,000 at most, and link to the rest.",
        ),
        (
            "c\0",
            "Why?",
            NotProposed,
            (
                "Proposal 1 has no part of that name to comment on; "
                "comment on one of its parts, or on the proposal."
            ),
        ),
    ],
    ids=["empty", "nul", "long", "unknown part"],
)
def test_a_comment_that_cannot_be_kept_is_refused_with_a_sentence(
    part: str, text: str, error: type[ReviewError], sentence: str
) -> None:
    proposal = a_proposal(a_channel(), {"a": "one"})

    with pytest.raises(error) as refusal:
        comment(proposal.number, part=part, text=text, by=a_commenter(), at=AT)

    assert str(refusal.value) == sentence
    assert Comment.objects.count() == 0


def test_the_longest_comment_is_kept() -> None:
    proposal = a_proposal(a_channel(), {"a": "one"})

    comment(proposal.number, text="é" * 10_000, by=a_commenter(), at=AT)

    assert len(Comment.objects.get().text) == 10_000


def test_commenting_takes_the_permission_and_a_proposal() -> None:
    proposal = a_proposal(a_channel(), {"a": "one"})

    with pytest.raises(NotAllowed) as refusal:
        comment(proposal.number, text="Why?", by=a_user("visitor"), at=AT)
    assert str(refusal.value).startswith(
        "visitor may not comment on proposal 1: that takes the permission review.comment, "
    )
    with pytest.raises(NoSuchProposal):
        comment(77, text="Why?", by=a_commenter(), at=AT)


def test_comments_take_two_queries_however_many_there_are() -> None:
    channel, by = a_channel(), a_commenter()
    proposal = a_proposal(channel, {"a": "one"})
    for number in range(30):
        comment(proposal.number, part="a", text=f"No. {number}", by=by, at=AT)
    again = propose(channel, {"a": "two"})
    assert again is not None

    with CaptureQueriesContext(connection) as queries:
        found = comments_on(again)
        assert len({(one.written_by.username, one.proposal.number) for one in found["a"]}) == 1

    assert len(queries) == 2

import hashlib
import zlib
from collections.abc import Mapping, Sequence

import pytest

from matrix.review import deciding, publishing
from matrix.review.contents import store_texts
from matrix.review.errors import (
    BaseMoved,
    Blocked,
    NeedsSecondPerson,
    NoSuchProposal,
    NothingApproved,
)
from matrix.review.models import (
    Channel,
    Decision,
    FileContent,
    Finding,
    Proposal,
    Publication,
)
from matrix.review.state import published
from matrix.review.values import Change, ComputedPart, Found
from tests.review.makers import (
    AT,
    LATER,
    a_channel,
    a_proposal,
    a_publication,
    a_user,
    decided,
    in_words,
    pairs,
    publish,
    render,
)

pytestmark = pytest.mark.django_db
Status = Proposal.Status
PARTS: dict[str, str | None] = {"a": "one", "b": "one", "c": "one"}


def approve(proposal: Proposal, *parts: str, by: str = "ana") -> None:
    deciding.approve(proposal.number, parts, by=a_user(by), at=AT)


def decline(proposal: Proposal, *parts: str) -> None:
    deciding.decline(proposal.number, parts, by=a_user(), at=AT, reason="Not now.")


def test_a_publication_holds_what_was_approved_and_its_files() -> None:
    channel = a_channel()
    proposal = a_proposal(channel, PARTS)
    deciding.approve_all(proposal.number, by=a_user(), at=AT)

    publication = publishing.publish(
        proposal.number, by=a_user("ben"), at=LATER, comment="For CI.", render=render
    )

    publication.refresh_from_db()
    assert (publication.channel, publication.number, publication.base, publication.proposal) == (
        channel,
        1,
        None,
        proposal,
    )
    assert (publication.published_by, publication.published_at, publication.comment) == (
        a_user("ben"),
        LATER,
        "For CI.",
    )
    assert published(channel) == PARTS
    text = "a = one\nb = one\nc = one\n"
    file = publication.files.get(path="tox.ini")
    assert (file.read(), file.sha256) == (text, hashlib.sha256(text.encode()).hexdigest())
    assert publication.files.get(path="parts.txt").read() == "a\nb\nc\n"


def test_publishing_all_ends_the_proposal() -> None:
    channel = a_channel()
    publication = a_publication(channel, PARTS)

    channel.refresh_from_db()
    proposal = channel.proposals.get()
    assert channel.current == publication
    assert (proposal.status, proposal.closed_at, proposal.closed_by) == (
        Status.PUBLISHED,
        AT,
        a_user(),
    )
    assert set(publication.items.values_list("part", flat=True)) == {"a", "b", "c"}


def test_a_part_approved_as_removed_goes() -> None:
    channel = a_channel()
    a_publication(channel, PARTS)

    a_publication(channel, {"a": "one", "c": "two"})

    assert published(channel) == {"a": "one", "c": "two"}


def test_everything_can_be_removed() -> None:
    channel = a_channel()
    a_publication(channel, PARTS)

    publication = a_publication(channel, {})

    assert published(channel) == {}
    assert publication.files.get(path="tox.ini").read() == ""


def test_undecided_items_stay_open_against_the_new_publication() -> None:
    channel = a_channel()
    a_publication(channel, PARTS)
    proposal = a_proposal(channel, {"a": "two", "b": "two", "c": "two"})
    approve(proposal, "a")
    decline(proposal, "b")

    publication = publish(proposal.number)

    proposal.refresh_from_db()
    assert published(channel) == {"a": "two", "b": "one", "c": "one"}
    assert (proposal.status, proposal.base, publication.number) == (Status.OPEN, publication, 2)
    assert pairs(proposal) == {"b": ("one", "two"), "c": ("one", "two")}
    assert decided(proposal) == {"b": "declined", "c": "undecided"}
    assert proposal.items.get(part="a").published_in == publication


def test_one_proposal_can_be_published_step_by_step() -> None:
    channel = a_channel()
    proposal = a_proposal(channel, PARTS)
    numbers = []
    for part in PARTS:
        approve(proposal, part)
        numbers.append(publish(proposal.number).number)

    proposal.refresh_from_db()
    assert numbers == [1, 2, 3]
    assert proposal.status == Status.PUBLISHED
    assert published(channel) == PARTS
    assert [row.base_id for row in Publication.objects.order_by("number")] == [
        None,
        *Publication.objects.order_by("number").values_list("pk", flat=True)[:2],
    ]


def test_what_was_declined_stays_in_the_published_proposal_as_history() -> None:
    channel = a_channel()
    proposal = a_proposal(channel, PARTS)
    approve(proposal, "a")
    decline(proposal, "b", "c")

    publish(proposal.number)

    proposal.refresh_from_db()
    assert proposal.status == Status.PUBLISHED
    assert decided(proposal) == {"b": "declined", "c": "declined"}
    assert published(channel) == {"a": "one"}


def test_publications_are_numbered_per_channel() -> None:
    first, second = a_channel(), a_channel("other")

    numbers = [
        a_publication(first, {"a": "one"}).number,
        a_publication(second, {"a": "one"}).number,
        a_publication(first, {"a": "two"}).number,
    ]

    assert numbers == [1, 1, 2]


@pytest.mark.parametrize("declined", [(), ("a", "b", "c")], ids=["undecided", "all declined"])
def test_nothing_approved_is_nothing_to_publish(declined: Sequence[str]) -> None:
    proposal = a_proposal(a_channel(), PARTS)
    if declined:
        decline(proposal, *declined)

    with pytest.raises(NothingApproved) as refusal:
        publish(proposal.number)

    assert str(refusal.value) == "Nothing in proposal 1 is approved; approve something first."
    assert Publication.objects.count() == 0


def test_what_is_published_already_is_not_published_again() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    approve(proposal, "a")
    publish(proposal.number)

    with pytest.raises(NothingApproved):
        publish(proposal.number)


def test_who_approved_cannot_publish_where_a_second_person_is_asked_for() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    approve(proposal, "c", "a", by="ana")
    approve(proposal, "b", by="ben")

    for name, parts, what in (("ana", "a, c", "those approvals"), ("ben", "b", "that approval")):
        with pytest.raises(NeedsSecondPerson) as refusal:
            publish(proposal.number, by=name, second_person=True)
        assert str(refusal.value) == (
            f"{name} approved {parts}; somebody else must publish. "
            f"Ask another reviewer to publish proposal 1, or withdraw {what} and let them approve."
        )

    assert publish(proposal.number, by="cleo", second_person=True).number == 1


def test_an_approval_that_was_kept_counts_as_the_one_who_gave_it() -> None:
    channel = a_channel()
    approve(a_proposal(channel, PARTS), "a", by="ana")
    proposal = a_proposal(channel, {**PARTS, "b": "two"})

    with pytest.raises(NeedsSecondPerson):
        publish(proposal.number, by="ana", second_person=True)

    assert publish(proposal.number, by="ben", second_person=True).number == 1


def test_an_approval_that_was_withdrawn_does_not_count() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    approve(proposal, "a", by="ana")
    deciding.withdraw(Decision.objects.get().pk, by=a_user(), at=AT)
    approve(proposal, "a", by="ben")

    assert publish(proposal.number, by="ana", second_person=True).number == 1


def blocked_proposal() -> Proposal:
    found = Found("install", "error", "It cannot be installed.", is_blocking=True)
    return a_proposal(
        a_channel(), [ComputedPart("a", "one", findings=(found,)), ComputedPart("b", "one")]
    )


def test_a_blocking_finding_stops_the_publication_of_its_item() -> None:
    proposal = blocked_proposal()
    approve(proposal, "a", "b")

    with pytest.raises(Blocked) as refusal:
        publish(proposal.number)

    assert str(refusal.value) == (
        "a: It cannot be installed. Waive it with a reason, or withdraw the approval."
    )


def test_a_waived_finding_lets_its_item_pass() -> None:
    proposal = blocked_proposal()
    approve(proposal, "a", "b")
    deciding.waive(Finding.objects.get().pk, by=a_user(), at=AT, reason="CI has a mirror.")

    publish(proposal.number)

    assert published(proposal.channel) == {"a": "one", "b": "one"}


def test_a_blocking_finding_does_not_stop_other_items() -> None:
    proposal = blocked_proposal()
    approve(proposal, "b")

    publish(proposal.number)

    assert published(proposal.channel) == {"b": "one"}


def test_a_blocking_finding_about_the_whole_proposal_stops_all_of_it() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    approve(proposal, "a")
    proposal.findings.create(
        kind="licence", severity="error", text="A licence is not allowed.", is_blocking=True
    )

    with pytest.raises(Blocked, match=r"^the proposal: A licence is not allowed\. "):
        publish(proposal.number)


class CannotRender(Exception):
    pass


def fails(bodies: Mapping[str, str]) -> Mapping[str, str]:
    raise CannotRender


def test_a_publication_that_cannot_be_rendered_leaves_nothing_behind() -> None:
    channel = a_channel()
    proposal = a_proposal(channel, PARTS)
    approve(proposal, "a")

    with pytest.raises(CannotRender):
        publishing.publish(proposal.number, by=a_user(), at=AT, comment="", render=fails)

    proposal.refresh_from_db()
    assert (proposal.status, Publication.objects.count()) == (Status.OPEN, 0)
    assert published(channel) == {}


def test_a_publication_that_lost_the_race_leaves_nothing_behind() -> None:
    channel = a_channel()
    first = a_publication(channel, PARTS)
    proposal = a_proposal(channel, {**PARTS, "a": "two"})
    approve(proposal, "a")

    def slow(bodies: Mapping[str, str]) -> Mapping[str, str]:
        # Where nothing locked the channel, another publication could become current now.
        Channel.objects.filter(pk=channel.pk).update(current=None)
        return render(bodies)

    with pytest.raises(BaseMoved) as refusal:
        publishing.publish(proposal.number, by=a_user(), at=AT, comment="", render=slow)

    assert str(refusal.value) == (
        "Another publication of example became current at the same moment; "
        "start a run to compare again."
    )
    assert list(Publication.objects.all()) == [first]


def test_summaries_speak_of_what_is_published_and_of_what_is_left() -> None:
    proposal = a_proposal(a_channel(), PARTS)
    approve(proposal, "a")

    publication = publishing.publish(
        proposal.number, by=a_user(), at=AT, comment="", render=render, summarise=in_words
    )

    proposal.refresh_from_db()
    assert publication.summary == "a: - → one"
    assert proposal.summary == "b: - → one, c: - → one"


def test_a_candidate_has_the_files_that_publishing_everything_not_declined_gives() -> None:
    channel = a_channel()
    a_publication(channel, PARTS)
    proposal = a_proposal(channel, {"a": "two", "b": "two", "d": "one"})
    approve(proposal, "a")
    decline(proposal, "b")
    candidate = publishing.candidate(proposal.number, render)

    deciding.approve_all(proposal.number, by=a_user(), at=AT)
    publication = publish(proposal.number)

    files = {file.path: file.read() for file in publication.files.all()}
    assert (
        candidate == files == {"parts.txt": "a\nb\nd\n", "tox.ini": "a = two\nb = one\nd = one\n"}
    )


def test_a_candidate_of_an_unknown_proposal_is_refused() -> None:
    with pytest.raises(NoSuchProposal):
        publishing.candidate(77, render)


def test_a_publication_rendered_again_has_the_stored_bytes() -> None:
    channel = a_channel()
    first = a_publication(channel, PARTS)
    a_publication(channel, {"a": "two"})

    stored = {file.path: file.read() for file in first.files.all()}
    assert publishing.render_again(first, render) == stored
    assert publishing.differing_files(first, render) == []


def renders_otherwise(bodies: Mapping[str, str]) -> dict[str, str]:
    return {"tox.ini": "changed", "new.txt": "", "parts.txt": render(bodies)["parts.txt"]}


def test_files_that_render_otherwise_are_named() -> None:
    publication = a_publication(a_channel(), PARTS)

    assert publishing.differing_files(publication, renders_otherwise) == ["new.txt", "tox.ini"]


def test_a_text_that_was_changed_in_the_database_is_named() -> None:
    publication = a_publication(a_channel(), PARTS)
    (file,) = publication.files.filter(path="tox.ini")
    FileContent.objects.filter(pk=file.sha256).update(packed=zlib.compress(b"x"))

    assert publishing.differing_files(publication, render) == ["tox.ini"]


def test_a_file_that_was_given_another_text_in_the_database_is_named() -> None:
    publication = a_publication(a_channel(), PARTS)
    (other,) = store_texts(["x"]).values()
    publication.files.filter(path="tox.ini").update(content=other)

    assert publishing.differing_files(publication, render) == ["tox.ini"]


def test_a_change_names_a_part_and_its_two_bodies() -> None:
    channel = a_channel()
    a_publication(channel, PARTS)
    seen: list[Change] = []

    def remember(changes: Sequence[Change]) -> str:
        seen.extend(changes)
        return "Remembered."

    proposal = a_proposal(channel, {"a": "two", "b": "one", "d": "one"})
    approve(proposal, "a", "c", "d")
    publishing.publish(
        proposal.number, by=a_user(), at=AT, comment="", render=render, summarise=remember
    )

    assert seen == [
        Change("a", "one", "two"),
        Change("c", "one", None),
        Change("d", None, "one"),
    ]

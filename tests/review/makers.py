"""Channels, people, runs and proposals with honest defaults. Bodies are short words."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User

from matrix.review import deciding, proposing, publishing, runs
from matrix.review.models import Channel, Item, Proposal, Publication, Run
from matrix.review.values import Change, ComputedPart

AT = datetime(2026, 8, 10, 8, 45, tzinfo=UTC)
LATER = AT + timedelta(days=7)


def a_channel(slug: str = "example") -> Channel:
    return Channel.objects.create(kind="sdk", slug=slug)


def a_user(name: str = "ana") -> User:
    user, _ = User.objects.get_or_create(username=name)
    return user


def a_run(
    channel: Channel, *, only: Collection[str] | None = None, hold_back: Collection[str] = ()
) -> Run:
    """Each run was meant for a minute of its own."""
    intended_at = AT + timedelta(minutes=channel.runs.count())
    run = runs.request_run(
        channel,
        kind=Run.Kind.MANUAL,
        intended_at=intended_at,
        as_of=AT,
        by=None,
        only=only,
        hold_back=hold_back,
    )
    runs.start(run, at=AT)
    return run


def computed(state: Mapping[str, str | None]) -> list[ComputedPart]:
    return [ComputedPart(part, body) for part, body in state.items()]


def in_words(changes: Sequence[Change]) -> str:
    """Summarise as reviewers of the tests would: ``a: - → one, b: one → two``."""
    return ", ".join(
        f"{change.part}: {change.old_body or '-'} → {change.new_body or '-'}" for change in changes
    )


def propose(
    channel: Channel,
    parts: Mapping[str, str | None] | Sequence[ComputedPart],
    *,
    only: Collection[str] | None = None,
    hold_back: Collection[str] = (),
    at: datetime = AT,
    ended: Collection[str] = (),
) -> Proposal | None:
    run = a_run(channel, only=only, hold_back=hold_back)
    found = computed(parts) if isinstance(parts, Mapping) else parts
    return proposing.propose(run, found, at=at, summarise=in_words, ended=ended)


def a_proposal(
    channel: Channel, parts: Mapping[str, str | None] | Sequence[ComputedPart]
) -> Proposal:
    proposal = propose(channel, parts)
    assert proposal is not None
    return proposal


def render(bodies: Mapping[str, str]) -> dict[str, str]:
    """Two files: one of every part, one of their names."""
    lines = [f"{part} = {body}\n" for part, body in sorted(bodies.items())]
    return {"tox.ini": "".join(lines), "parts.txt": "".join(f"{part}\n" for part in bodies)}


def publish(number: int, by: str = "ana", *, second_person: bool = False) -> Publication:
    return publishing.publish(
        number, by=a_user(by), at=AT, comment="", render=render, second_person=second_person
    )


def a_publication(channel: Channel, state: Mapping[str, str | None]) -> Publication:
    """Propose *state*, approve all of it, publish it."""
    proposal = a_proposal(channel, state)
    deciding.approve_all(proposal.number, by=a_user(), at=AT)
    return publish(proposal.number)


def last_run(channel: Channel) -> Run:
    return channel.runs.order_by("pk").reverse()[0]


def pairs(proposal: Proposal) -> dict[str, tuple[str | None, str | None]]:
    """``{part: (old body, new body)}`` of what the proposal still proposes."""
    rows = proposal.items.unpublished().select_related("old", "new")
    return {
        item.part: (item.old.body if item.old else None, item.new.body if item.new else None)
        for item in rows
    }


def decided(proposal: Proposal) -> dict[str, str]:
    """``{part: "approved"}`` of the unpublished items; "undecided" where nothing stands."""
    return {item.part: _verdict(item) for item in proposal.items.unpublished()}


def _verdict(item: Item) -> str:
    standing = item.decisions.filter(withdrawn_at=None).first()
    return standing.verdict if standing else "undecided"

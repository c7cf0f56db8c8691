"""
Laws of review over random histories, beside a model of plain dictionaries.

Each example is a row of steps (runs, decisions, publications) in one channel; after each step the
tables must say what the model says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matrix.review import deciding, publishing
from matrix.review.errors import AlreadyDecided, NothingApproved
from matrix.review.models import Channel, Decision, Proposal, Publication
from matrix.review.state import proposed, publication_state, published
from tests.review.makers import (
    AT,
    a_channel,
    a_publication,
    a_user,
    decided,
    pairs,
    propose,
    publish,
    render,
)
from tests.support.examples import rolled_back

pytestmark = pytest.mark.django_db
Again = Decision.ProposeAgain
WAITING = Again.WHEN_A_HOLD_ENDS.value
LASTING = {WAITING, Again.WHEN_IT_CHANGES.value}
Pair = tuple[str | None, str | None]
LAWS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

PARTS = st.sampled_from("abcde")
BODIES = st.sampled_from(["one", "two", "three"])
STATES = st.dictionaries(PARTS, BODIES)
NAMES = st.sets(PARTS, min_size=1)


@given(base=STATES, state=STATES)
@LAWS
def test_publishing_everything_gives_the_proposed_state(
    base: dict[str, str | None], state: dict[str, str | None]
) -> None:
    with rolled_back():
        channel = a_channel()
        if base:
            a_publication(channel, base)
        proposal = propose(channel, state)
        assert (proposal is None) == (state == base)
        if proposal is None:
            return
        expected = proposed(proposal)
        candidate = publishing.candidate(proposal.number, render)

        deciding.approve_all(proposal.number, by=a_user(), at=AT)
        publication = publish(proposal.number)

        assert published(channel) == expected == state
        assert {file.path: file.read() for file in publication.files.all()} == candidate
        assert propose(channel, state) is None, "run twice: nothing new"


@given(base=STATES, state=STATES, approved=NAMES, declined=NAMES)
@LAWS
def test_publishing_any_mix_gives_the_base_and_what_was_approved(
    base: dict[str, str | None],
    state: dict[str, str | None],
    approved: set[str],
    declined: set[str],
) -> None:
    with rolled_back():
        channel = a_channel()
        if base:
            a_publication(channel, base)
        proposal = propose(channel, state)
        wanted = {part for part in approved if base.get(part) != state.get(part)}
        if proposal is None or not wanted:
            return
        deciding.approve(proposal.number, wanted, by=a_user(), at=AT)
        if others := declined & pairs(proposal).keys() - wanted:
            deciding.decline(proposal.number, others, by=a_user(), at=AT, reason="Not now.")

        publish(proposal.number)

        mixed = {**base, **{part: state.get(part) for part in wanted}}
        assert published(channel) == {part: body for part, body in mixed.items() if body}


@given(state=STATES.filter(bool))
@LAWS
def test_a_second_run_with_the_same_parts_changes_nothing(state: dict[str, str | None]) -> None:
    with rolled_back():
        channel = a_channel()
        first = propose(channel, state)
        assert first
        before = list(first.items.order_by("pk").values())

        assert propose(channel, dict(reversed(state.items()))) == first
        assert list(first.items.order_by("pk").values()) == before


@dataclass
class Model:
    """What the tables should say, in bodies instead of hashes."""

    base: dict[str, str] = field(default_factory=dict)
    is_open: bool = False
    items: dict[str, Pair] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)  # "approved", or when to ask again.
    # Declined for longer than their proposal: how, by part and change.
    lasting: dict[tuple[str, Pair], str] = field(default_factory=dict)
    history: list[dict[str, str]] = field(default_factory=list)

    def end_holds(self, covered: set[str]) -> None:
        """Nothing that is covered waits for a hold any more."""
        self.verdicts = {
            part: verdict
            for part, verdict in self.verdicts.items()
            if verdict != WAITING or part not in covered
        }
        self.lasting = {
            key: verdict
            for key, verdict in self.lasting.items()
            if verdict != WAITING or key[0] not in covered
        }

    def run(self, state: Mapping[str, str], covered: set[str]) -> None:
        items: dict[str, Pair] = {}
        for part in "abcde":
            old = self.base.get(part)
            before = self.items.get(part)
            new = state.get(part) if part in covered else before[1] if before else old
            pair = (old, new)
            if old != new and (pair == before or (part, pair) not in self.lasting):
                items[part] = pair
        self.verdicts = {
            part: verdict
            for part, verdict in self.verdicts.items()
            if items.get(part) == self.items[part]
            and not (verdict == "next run" and part in covered)
        }
        self.items = items
        self.is_open = bool(items)

    def decide(self, parts: set[str], verdict: str) -> set[str]:
        chosen = parts & self.items.keys() - self.verdicts.keys() if self.is_open else set()
        self.verdicts |= dict.fromkeys(chosen, verdict)
        return chosen

    def approved(self) -> set[str]:
        return {part for part, verdict in self.verdicts.items() if verdict == "approved"}

    def publish(self) -> None:
        for part in self.approved():
            new = self.items.pop(part)[1]
            del self.verdicts[part]
            self.base.pop(part, None)
            if new is not None:
                self.base[part] = new
        self.history.append(dict(self.base))
        if not self.items.keys() - self.verdicts.keys():
            self.close()

    def reject(self) -> None:
        self.close()

    def close(self) -> None:
        self.lasting |= {
            (part, self.items[part]): verdict
            for part, verdict in self.verdicts.items()
            if verdict in LASTING
        }
        self.is_open, self.items, self.verdicts = False, {}, {}


@dataclass
class History:
    """The same steps in the tables and in the model."""

    channel: Channel
    model: Model = field(default_factory=Model)

    @property
    def open(self) -> Proposal | None:
        return self.channel.proposals.filter(status="open").first()

    def run(
        self,
        state: dict[str, str],
        only: set[str] | None,
        hold_back: set[str],
        *,
        has_ended: bool = False,
    ) -> None:
        covered = (set("abcde") if only is None else only) - hold_back
        ended = ["hold 1", "hold 2"] if has_ended else ["hold 2"]
        propose(self.channel, dict(state), only=only, hold_back=hold_back, ended=ended)
        if has_ended:
            self.model.end_holds(covered)
        self.model.run(state, covered)

    def ids(self, parts: set[str]) -> list[int]:
        assert self.open
        return list(self.open.items.undecided().filter(part__in=parts).values_list("pk", flat=True))

    def approve(self, parts: set[str]) -> None:
        if chosen := self.model.decide(parts, "approved"):
            assert self.open
            deciding.approve_items(self.open.number, self.ids(chosen), by=a_user(), at=AT)

    def decline(self, parts: set[str], again: Again) -> None:
        if chosen := self.model.decide(parts, again.value):
            assert self.open
            deciding.decline_items(
                self.open.number,
                self.ids(chosen),
                by=a_user(),
                at=AT,
                reason="Not now.",
                propose_again=again,
                waits_for="hold 1" if again == Again.WHEN_A_HOLD_ENDS else "",
            )

    def approve_all(self) -> None:
        if self.open:
            number = self.open.number
            if self.model.decide(set("abcde"), "approved"):
                deciding.approve_all(number, by=a_user(), at=AT)
            else:
                with pytest.raises(AlreadyDecided):
                    deciding.approve_all(number, by=a_user(), at=AT)

    def withdraw(self, parts: set[str]) -> None:
        rows = Decision.objects.filter(
            item__proposal=self.open, item__published_in=None, withdrawn_at=None
        )
        for decision in rows.filter(item__part__in=parts) if self.open else ():
            deciding.withdraw(decision.pk, by=a_user(), at=AT)
            del self.model.verdicts[decision.item.part]

    def publish(self) -> None:
        if not self.open:
            return
        if self.model.approved():
            publish(self.open.number)
            self.model.publish()
        else:
            with pytest.raises(NothingApproved):
                publish(self.open.number)

    def reject(self) -> None:
        if self.open:
            deciding.reject(self.open.number, by=a_user(), at=AT, reason="Not now.")
            self.model.reject()

    def check(self) -> None:
        proposal = self.open
        model = self.model
        assert published(self.channel) == model.base
        assert (proposal is not None) == model.is_open
        assert (pairs(proposal) if proposal else {}) == model.items
        assert (decided(proposal) if proposal else {}) == {
            part: "declined"
            if (found := model.verdicts.get(part)) in set(Again)
            else found or "undecided"
            for part in model.items
        }
        numbers = Publication.objects.order_by("number")
        assert [publication_state(row) for row in numbers] == model.history
        assert [row.number for row in numbers] == list(range(1, len(numbers) + 1))


STEPS = st.one_of(
    st.builds(
        lambda state, only, hold_back, has_ended: (
            lambda found: found.run(state, only, hold_back, has_ended=has_ended)
        ),
        STATES,
        st.none() | NAMES,
        st.just(set()) | NAMES,
        st.booleans(),
    ),
    st.builds(
        lambda state, has_ended: lambda found: found.run(state, None, set(), has_ended=has_ended),
        STATES,
        st.booleans(),
    ),
    st.builds(lambda parts: lambda found: found.approve(parts), NAMES),
    st.builds(
        lambda parts, again: lambda found: found.decline(parts, again),
        NAMES,
        st.sampled_from(Again),
    ),
    st.builds(lambda parts: lambda found: found.withdraw(parts), NAMES),
    st.just(History.approve_all),
    st.just(History.publish),
    st.just(History.publish),
    st.just(History.reject),
)


@given(steps=st.lists(STEPS, min_size=3, max_size=14))
@LAWS
def test_a_history_of_steps_gives_what_a_plain_model_gives_and_decisions_follow_their_items(
    steps: list,
) -> None:
    with rolled_back():
        history = History(a_channel())
        for step in steps:
            step(history)
            history.check()
        assert_kept_decisions_are_about_the_same_change()


def assert_kept_decisions_are_about_the_same_change() -> None:
    for decision in Decision.objects.exclude(kept_from=None).select_related("item"):
        assert decision.kept_from
        now, before = decision.item, decision.kept_from.item
        assert (now.part, now.old_id, now.new_id) == (before.part, before.old_id, before.new_id)
    dropped = Decision.objects.filter(item__dropped_at__isnull=False)
    assert not dropped.filter(withdrawn_at=None).exists()

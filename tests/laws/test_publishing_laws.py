"""
Laws from the catalogue to the publication, over random catalogues, releases and decisions.

``tests/review/test_laws.py`` holds those of review alone, over opaque words; here the parts are
computed, resolved and rendered as for users, and only the index and uv are stood in for.
"""

from dataclasses import dataclass
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matrix.review.models import Decision
from tests.laws.invented_index import GLUE
from tests.laws.world import NAMES, PARTS, World
from tests.support.examples import rolled_back

pytestmark = pytest.mark.django_db
LAWS = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

SETTINGS = st.fixed_dictionaries(
    {
        "pins_style": st.sampled_from(["none", "constraints", "inline"]),
        "cooldown_days": st.sampled_from([0, 3]),
        "writes_workflows": st.booleans(),
    }
)
NAME = st.sampled_from(NAMES)
PROJECT = st.sampled_from([*NAMES, GLUE])
SOME = st.sets(st.sampled_from(PARTS), min_size=1)
ALL = st.just(set(PARTS))
VERSION = st.sampled_from(["0.9", "1.1", "1.1.1", "2.0", "2.1", "3.0rc1"])
EDITS: list[dict[str, object]] = [
    {"minimum": "1.1"},
    {"include": "<2"},
    {"number_of_versions": 2},
    {"is_paused": True},
    {"is_paused": False, "minimum": "", "include": ""},
]


@dataclass(frozen=True, slots=True)
class Call:
    """A method of the world and what it is given; hypothesis prints it as it is."""

    name: str
    arguments: tuple[object, ...] = ()

    def __call__(self, world: World) -> None:
        getattr(world, self.name)(*self.arguments)


def step(name: str, *arguments: st.SearchStrategy) -> st.SearchStrategy[Call]:
    return st.builds(Call, st.just(name), st.tuples(*arguments))


UPLOAD = step("upload", PROJECT, VERSION, st.sampled_from(["3.9 3.13", "3.13", "3.9"]))
EVENT: st.SearchStrategy[Call] = st.one_of(
    UPLOAD,
    step("upload", st.just(GLUE), VERSION, st.just("3.9 3.13")),
    step("change_page", PROJECT, st.integers(0, 3), st.sampled_from(["yank", "remove"])),
    step("change_page", NAME, st.just(0), st.just("quarantine")),
    step("pass_time", st.sampled_from([1, 4])),
    step("edit", NAME, st.sampled_from(EDITS)),
    step("bound", NAME, st.sampled_from([f"{GLUE}<2", f"{GLUE}>=2", "pytest-crates"])),
    step("regroup", NAME, st.sampled_from(["Cargo", "Paper"])),
    step("hold", PROJECT, st.sampled_from([">=2", "==1.1", ""])),
    step("end_hold", st.integers(0, 3)),
)
EVENTS = st.lists(EVENT | UPLOAD, min_size=1, max_size=3)
# What outlives a run: "not now" does not.
VERDICTS = step("approve", ALL | SOME) | step(
    "decline", ALL | SOME, st.just(Decision.ProposeAgain.WHEN_IT_CHANGES)
)
REVIEW = st.one_of(
    step("run", SOME, st.just(set()) | SOME),
    step("approve", SOME),
    step("decline", SOME, st.sampled_from(Decision.ProposeAgain)),
    step("withdraw", SOME),
    step("publish"),
    step("publish_again", st.integers(0, 3)),
    step("reject"),
)
PUBLISHING = st.tuples(step("approve", ALL | SOME), step("publish")).map(list)
# Of every week: what happens outside, a run, and what people make of it.
WEEKS = st.lists(
    st.tuples(
        EVENTS,
        st.just([Call("run")]),
        st.lists(REVIEW, max_size=3),
        st.just([]) | PUBLISHING,
    ).map(lambda week: list(chain.from_iterable(week))),
    min_size=1,
    max_size=3,
).map(lambda weeks: list(chain.from_iterable(weeks)))


@given(first=EVENTS, verdict=VERDICTS, then=EVENTS, only=st.none() | SOME)
@LAWS
def test_a_decision_stands_exactly_as_long_as_its_item_is_the_same(
    first: list[Call], verdict: Call, then: list[Call], only: set[str] | None
) -> None:
    with rolled_back():
        world = World.begin(pins_style="inline")
        world.publish_everything()
        world.upload("crates", "2.0", "3.9 3.13")
        for call in [*first, Call("run"), verdict]:
            call(world)
        before = world.decided()

        for call in then:
            call(world)
        world.upload("crates", "3.0", "3.9 3.13")
        world.run(only)

        world.check()
        after = world.proposed()
        same = {part: said for part, (said, change) in before.items() if after.get(part) == change}
        assert {part: said for part, (said, _) in world.decided().items()} == same


@given(values=SETTINGS, steps=WEEKS)
@LAWS
def test_any_mix_gives_the_base_and_what_was_approved_and_decisions_follow_their_items(
    values: dict[str, object], steps: list[Call]
) -> None:
    with rolled_back():
        world = World.begin(**values)
        world.publish_everything()
        for call in steps:
            call(world)
            world.check()
        world.check_publications()


@given(values=SETTINGS, steps=WEEKS)
@LAWS
def test_approving_everything_equals_a_fresh_run_which_then_proposes_nothing(
    values: dict[str, object], steps: list[Call]
) -> None:
    with rolled_back():
        world = World.begin(**values)
        world.publish_everything()
        for call in steps:
            call(world)

        world.publish_everything()

        assert world.state() == world.computed()
        run = world.run()
        assert run.outcome.startswith("Nothing to propose: no part differs from")
        assert world.state() == world.computed()

"""Sets agree with the main lock that is in force beside them, whatever becomes of main's own."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from matrix.environments.uv import Outcome
from matrix.review.models import Proposal
from matrix.review.state import changes
from matrix.rules.locks.parts import LockPart, Pinned, read
from matrix.rules.resolution import LockRequest
from portal.guidance.models import Application, DependencySet
from portal.guidance.running import EVERYTHING
from tests.guidance.makers import (
    NOW,
    Lock,
    a_lock,
    a_publication,
    an_application,
    run,
)
from tests.support.wheels import WheelIndex

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=7)
BOTH = {"main": "rsfoo", "dev": "tool\nrsfoo"}
FORKED = "rsfoo<1.5; python_version < '3.14'\nrsfoo>=1.5; python_version >= '3.14'"
BELOW, FROM = 'python_full_version < "3.14"', 'python_full_version >= "3.14"'


def pins(lock: LockPart | Iterable[Pinned]) -> set[str]:
    return {pin.requirement for pin in (lock.pinned if isinstance(lock, LockPart) else lock)}


def proposed(proposal: Proposal | None) -> dict[str, LockPart]:
    """The locks that change, by set."""
    assert proposal is not None
    found = {one.part: read(one.new_body) for one in changes(proposal) if one.new_body}
    return {name: part for name, part in found.items() if isinstance(part, LockPart)}


def told(proposal: Proposal | None, kind: str) -> list[str]:
    assert proposal is not None
    return [found.text for found in proposal.findings.filter(kind=kind)]


def change(application: Application, name: str, requirements: str) -> None:
    application.sets.filter(name=name).update(requirements=requirements)


# --- Main that cannot be locked, or is not asked for ---------------------------------------------
def test_where_main_cannot_be_locked_its_published_pins_bind(
    index: WheelIndex, lock: Lock, tmp_path: Path
) -> None:
    application = an_application(sets=BOTH)
    a_publication(application, lock)
    change(application, "main", "rsfoo\nno-such-project")
    index.release("rsfoo", "3.0")
    index.release("tool", "1.1")

    proposal = run(application, a_lock(tmp_path), LATER, refresh=EVERYTHING)

    assert pins(proposed(proposal)["dev"]) == {"rsfoo==1.5", "tool==1.1"}
    assert told(proposal, "published main") == [
        "It agrees with main as it is published: main could not be locked."
    ]


def test_where_main_is_not_asked_for_its_published_pins_bind(
    index: WheelIndex, lock: Lock, tmp_path: Path
) -> None:
    application = an_application(sets=BOTH)
    a_publication(application, lock)
    index.release("rsfoo", "3.0")
    index.release("tool", "1.1")

    proposal = run(application, a_lock(tmp_path), LATER, refresh=EVERYTHING, only=["dev"])

    assert pins(proposed(proposal)["dev"]) == {"rsfoo==1.5", "tool==1.1"}
    assert told(proposal, "published main") == [
        "It agrees with main as it is published: main is not in this run."
    ]


@pytest.mark.parametrize(
    ("main", "only", "why"),
    [
        ("rsfoo", ["dev", "settings"], "main is not in this run"),
        ("no-such-project", None, "main could not be locked"),
    ],
)
def test_without_any_main_lock_no_other_set_is_locked(
    index: WheelIndex, lock: Lock, main: str, only: list[str] | None, why: str
) -> None:
    application = an_application(sets={"main": main, "dev": "tool"})

    proposal = run(application, lock, only=only)

    assert proposed(proposal) == {}
    assert (
        f"A set agrees with main, which has no lock: {why}, and none is published. "
        "It has no lock." in told(proposal, "unresolved")
    )


def test_without_a_main_set_no_other_set_is_locked(index: WheelIndex, lock: Lock) -> None:
    application = an_application(sets=BOTH)
    a_publication(application, lock)
    DependencySet.objects.filter(application=application, name="main").delete()
    change(application, "dev", "tool")

    proposal = run(application, lock, LATER)

    assert proposed(proposal) == {}
    assert told(proposal, "unresolved") == [
        "There is no set named main, with which all others agree. Its published lock is kept."
    ]


def test_a_main_set_that_moves_alone_says_what_it_would_split(
    index: WheelIndex, lock: Lock, tmp_path: Path
) -> None:
    application = an_application(sets=BOTH)
    a_publication(application, lock)
    index.release("rsfoo", "3.0")

    proposal = run(application, a_lock(tmp_path), LATER, refresh=EVERYTHING, only=["main"])

    assert told(proposal, "split pin") == [
        "rsfoo is 3.0 in main and 1.5 in dev. This run leaves dev; lock all sets."
    ]


# --- Sets that main does not bind ----------------------------------------------------------------
def test_two_sets_beside_main_take_the_same_release_where_they_can(
    index: WheelIndex, lock: Lock, tmp_path: Path
) -> None:
    application = an_application(sets={"main": "tool", "dev": "rsfoo"})
    a_publication(application, lock)
    index.release("rsfoo", "3.0")
    docs = DependencySet(application=application, name="docs", requirements="rsfoo")
    docs.save()

    proposal = run(application, a_lock(tmp_path), LATER)

    assert pins(proposed(proposal)["docs"]) == {"rsfoo==1.5"}


def test_two_sets_beside_main_that_cannot_agree_are_told(index: WheelIndex, lock: Lock) -> None:
    sets = {"main": "tool", "dev": "rsfoo>=1.5", "docs": "rsfoo<1.5"}

    proposal = run(an_application(sets=sets), lock)

    assert told(proposal, "split pin") == [
        "rsfoo is 1.5 in dev (it declares rsfoo>=1.5) and 1.0 in docs (it declares rsfoo<1.5)."
    ]


# --- Forks ---------------------------------------------------------------------------------------
def test_a_fork_of_main_binds_dev_where_it_holds(index: WheelIndex, lock: Lock) -> None:
    proposal = run(an_application(sets={"main": FORKED, "dev": "tool\nrsfoo"}), lock)

    forks = {f"rsfoo==1.0 ; {BELOW}", f"rsfoo==1.5 ; {FROM}"}
    locks = proposed(proposal)
    assert pins(locks["main"]) == forks
    assert pins(locks["dev"]) == {*forks, "tool==1.0"}
    assert locks["main"].pylock
    assert locks["dev"].pylock
    assert told(proposal, "split pin") == []


def test_a_pin_for_one_platform_leaves_the_others_alone(index: WheelIndex, lock: Lock) -> None:
    sets = {
        "main": "tool\nrsfoo==1.0; sys_platform == 'win32'",
        "dev": "rsfoo>=1.5; sys_platform == 'linux'",
    }

    proposal = run(an_application(sets=sets), lock)

    assert pins(proposed(proposal)["dev"]) == {'rsfoo==1.5 ; sys_platform == "linux"'}


def test_both_pins_of_a_fork_are_kept(index: WheelIndex, lock: Lock, tmp_path: Path) -> None:
    application = an_application(sets={"main": FORKED})
    a_publication(application, lock)
    index.release("rsfoo", "1.4")
    index.release("rsfoo", "3.0")

    assert run(application, a_lock(tmp_path), LATER) is None


def test_a_pylock_that_cannot_be_made_is_told(index: WheelIndex, lock: Lock) -> None:
    def without_pylock(request: LockRequest) -> Outcome:
        missing = replace(request, requirements=("no-such-project",))
        return lock(missing if request.as_pylock else request)

    proposal = run(an_application(), without_pylock)

    assert proposed(proposal)["main"].pylock == ""
    (text,) = told(proposal, "no pylock")
    assert text.startswith("pylock.toml could not be made. ")

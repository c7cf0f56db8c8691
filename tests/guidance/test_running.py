"""From declared sets to published locks, with the real uv against an index on the loopback."""

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from integrations.catalogue.models import Hold
from matrix.review.errors import ReviewError
from matrix.review.models import Run
from matrix.review.state import changes, published_files
from matrix.rules.locks.reading import read_lock
from matrix.sdk.preferring import Refresh
from matrix.sdk.publishing import approve_and_publish
from portal.guidance.channel import differences
from portal.guidance.running import EVERYTHING, UnknownSets, carry_out, request
from tests.guidance.makers import (
    NOW,
    Lock,
    a_lock,
    a_proposal,
    a_publication,
    a_reviewer,
    an_application,
    run,
)
from tests.support.wheels import WheelIndex

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
BOTH = {"main": "rsfoo", "dev": "tool\nrsfoo"}


def versions(text: str) -> dict[str, str]:
    return {pin.name: pin.version for pin in read_lock(text)}


def test_a_first_run_proposes_every_set_and_the_settings(index: WheelIndex, lock: Lock) -> None:
    proposal = a_proposal(an_application(sets=BOTH), lock)

    assert {item.part for item in proposal.items.all()} == {"settings", "main", "dev"}
    assert proposal.summary == (
        "3 pins to add, 0 to remove, 0 to move; 3 declared lines to change. 0 pins unchanged. "
        "1 setting to change."
    )


def test_published_files_hold_hashes_and_the_same_as_pep_751(index: WheelIndex, lock: Lock) -> None:
    publication = a_publication(an_application(sets=BOTH), lock)

    files = published_files(publication)
    assert set(files) == {
        "requirements/main.in",
        "requirements/main.txt",
        "requirements/dev.in",
        "requirements/dev.txt",
        "pylock.toml",
        "pylock.dev.toml",
    }
    assert files["requirements/dev.in"] == "-c main.txt\ntool\nrsfoo\n"
    assert versions(files["requirements/dev.txt"]) == {"rsfoo": "1.5", "tool": "1.0"}
    assert all(pin.hashes for pin in read_lock(files["requirements/main.txt"]))
    (package,) = tomllib.loads(files["pylock.toml"])["packages"]
    assert (package["name"], package["version"]) == ("rsfoo", "1.5")


def test_an_unchanged_application_proposes_nothing(index: WheelIndex, lock: Lock) -> None:
    application = an_application()
    a_publication(application, lock)

    assert run(application, lock, NOW + WEEK) is None
    assert run(application, lock, NOW + 2 * WEEK, refresh=EVERYTHING) is None


@pytest.mark.parametrize(
    ("refresh", "expected"),
    [
        pytest.param(Refresh(), None, id="keep"),
        pytest.param(EVERYTHING, {"rsfoo": "1.9", "tool": "1.1"}, id="all"),
        pytest.param(
            Refresh(projects=frozenset({"tool"})), {"rsfoo": "1.5", "tool": "1.1"}, id="one"
        ),
        pytest.param(
            Refresh(before=NOW + WEEK), {"rsfoo": "1.9", "tool": "1.1"}, id="older than a week"
        ),
        pytest.param(Refresh(before=NOW), None, id="none is so old"),
    ],
)
def test_pins_move_only_where_they_are_given_up(
    index: WheelIndex,
    lock: Lock,
    tmp_path: Path,
    refresh: Refresh,
    expected: dict[str, str] | None,
) -> None:
    application = an_application(sets={"main": "rsfoo\ntool"})
    a_publication(application, lock)
    index.release("rsfoo", "1.9")
    index.release("tool", "1.1")
    later = a_lock(tmp_path)  # Two weeks later nothing of the pages is cached any more.

    proposal = run(application, later, NOW + 2 * WEEK, refresh=refresh)

    if expected is None:
        assert proposal is None
    else:
        assert proposal is not None
        publication = approve_and_publish(proposal.number, by=a_reviewer(), at=NOW + 2 * WEEK)
        assert versions(published_files(publication)["requirements/main.txt"]) == expected


def test_a_set_that_does_not_agree_with_main_keeps_its_lock_and_says_why(
    index: WheelIndex, lock: Lock
) -> None:
    """The case that started it: dev needs rsdev, which needs an older rsfoo than main has."""
    index.release("rsfoo", "2.0")

    proposal = a_proposal(an_application(sets={"main": "rsfoo", "dev": "rsdev"}), lock)

    assert {item.part for item in proposal.items.all()} == {"settings", "main"}
    told = {found.kind: found.text for found in proposal.findings.all()}
    assert "It has no lock." in told["unresolved"]
    assert told["split pin"] == (
        "Locked separately, rsfoo is 2.0 in main and 1.5 in dev because of rsdev 1.0 → rsfoo 1.5."
    )
    assert told["held back"] == (
        "rsfoo is held back: 1.5 with all sets, 2.0 by itself because dev declares rsdev: "
        "rsdev 1.0 → rsfoo 1.5. The portal locks main by itself; a tool with one lock for all "
        "would not."
    )


def test_a_pin_that_markers_split_binds_other_sets_and_stands_in_pep_751(
    index: WheelIndex, lock: Lock
) -> None:
    on_windows, elsewhere = "sys_platform == 'win32'", "sys_platform != 'win32'"
    needs = (f"rsfoo<1.5 ; {on_windows}", f"rsfoo>=1.5 ; {elsewhere}")
    index.release("split", "1.0", *needs)
    application = an_application(sets={"main": "split", "dev": "tool\nrsfoo"})

    files = published_files(a_publication(application, lock))

    expected = {("1.0", on_windows), ("1.5", elsewhere)}
    for name in ("main", "dev"):
        pins = read_lock(files[f"requirements/{name}.txt"])
        found = {(pin.version, pin.marker.replace('"', "'")) for pin in pins if pin.name == "rsfoo"}
        assert found == expected
    packages = tomllib.loads(files["pylock.toml"])["packages"]
    assert {one["version"] for one in packages if one["name"] == "rsfoo"} == {"1.0", "1.5"}


def test_what_is_held_everywhere_comes_into_no_lock(index: WheelIndex, lock: Lock) -> None:
    hold = Hold(project="rsfoo", releases="==1.5", reason="compromised")
    hold.full_clean()
    hold.save()

    publication = a_publication(an_application(), lock)

    text = published_files(publication)["requirements/main.txt"]
    assert versions(text) == {"rsfoo": "1.0"}


def test_a_run_of_one_set_leaves_the_others(index: WheelIndex, lock: Lock) -> None:
    application = an_application(sets=BOTH)
    proposal = a_proposal(application, lock, only=["main"])

    assert [item.part for item in proposal.items.all()] == ["main"]
    with pytest.raises(UnknownSets, match=r"shop has no set named docs\."):
        request(application, by=None, at=NOW, only=["docs"])


def test_a_removed_application_ends_its_run_with_a_sentence(index: WheelIndex, lock: Lock) -> None:
    application = an_application()
    found = request(application, by=None, at=NOW)
    application.delete()

    with pytest.raises(ReviewError, match="There is no application shop any more"):
        carry_out(found, clock=lambda: NOW, lock=lock)

    assert Run.objects.get().status == "failed"


def test_what_decides_the_files_is_proposed_in_sentences(index: WheelIndex, lock: Lock) -> None:
    application = an_application(tool="pip", base_image=f"python:3.13@sha256:{'0' * 64}")
    a_publication(application, lock)
    application.base_image, application.test_command = "", "python -m pytest"
    application.is_django, application.installs_pylock = False, True
    application.save()

    proposal = a_proposal(application, lock, NOW + WEEK)

    (settings,) = (diff for diff in differences(changes(proposal)) if diff.part == "settings")
    assert settings.settings == (
        "The test command: python -m pytest, not the usual one.",
        f"The base image: the usual one, not python:3.13@sha256:{'0' * 64}.",
        "It is no Django site: no static files are collected, no database is migrated.",
        "pip installs from pylock.toml, not from requirements/main.txt.",
    )

"""What runs said of each release, written down only where it changed."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from packaging.version import Version

from integrations.catalogue.models import Integration, Sdk
from matrix.review.models import Assessment, Channel, Run, VerdictChange
from matrix.review.values import ComputedPart
from matrix.review.verdicts import told_in
from matrix.sdk.histories import Event, history_of
from matrix.sdk.machine import matrix_json
from matrix.sdk.publishing import approve_and_publish
from tests.pages.makers import AT, a_proposal, an_owner, run
from tests.review.makers import a_channel, propose
from tests.support.small_index import SmallIndex

pytestmark = pytest.mark.django_db
Said = Mapping[str, tuple[str, str]]
FIRST: Said = {"1.0": ("sampled out", "3 of 9"), "1.1": ("picked: latest", "latest")}


def told(channel: Channel, said: Said, *, problem: str = "", days: int = 0) -> None:
    """Carry out a run that says *said* of the part ``a``, and so many days later."""
    propose(channel, [ComputedPart("a", "body", problem=problem, verdicts=said)])
    if days:
        Run.objects.filter(pk=Run.objects.latest("pk").pk).update(as_of=AT + timedelta(days=days))


def changes() -> list[tuple[str, str, str, str]]:
    rows = VerdictChange.objects.order_by("pk")
    return [(row.release, row.before, row.now, row.text) for row in rows]


def test_the_first_assessment_of_a_part_writes_none() -> None:
    told(a_channel(), FIRST)

    assert changes() == []
    kept = told_in(Assessment.objects.get().notes)
    assert kept is not None
    assert kept.kinds == {"1.0": "sampled out", "1.1": "picked: latest"}


def test_a_change_is_one_of_the_kind_and_not_of_the_words() -> None:
    channel = a_channel()
    told(channel, FIRST)
    told(channel, {**FIRST, "1.0": ("sampled out", "3 of 10")})
    told(channel, {**FIRST, "1.0": ("held", "a worm")})

    assert changes() == [("1.0", "sampled out", "held", "a worm")]


def test_a_release_that_came_has_no_verdict_before() -> None:
    channel = a_channel()
    told(channel, FIRST)
    told(channel, {**FIRST, "1.2": ("cooldown", "0 days old (needs 7)")})

    assert changes() == [("1.2", "", "cooldown", "0 days old (needs 7)")]


def test_a_run_that_failed_neither_changes_nor_forgets_anything() -> None:
    channel = a_channel()
    told(channel, FIRST)
    told(channel, {}, problem="The index does not answer.")
    told(channel, {**FIRST, "1.0": ("held", "a worm")})

    assert changes() == [("1.0", "sampled out", "held", "a worm")]


def test_a_run_of_a_past_moment_writes_none_and_is_no_base() -> None:
    channel = a_channel()
    told(channel, FIRST)
    notes = Assessment.objects.get().notes
    notes["verdicts"]["as_of"] = (AT + timedelta(days=9)).isoformat()
    Assessment.objects.update(notes=notes)
    told(channel, {**FIRST, "1.0": ("held", "a worm")})

    assert changes() == []
    assert Assessment.objects.get().notes["verdicts"] == notes["verdicts"]


def test_an_older_assessment_without_kinds_is_read_and_counts_as_none() -> None:
    channel = a_channel()
    told(channel, FIRST)
    Assessment.objects.update(notes={"rejected": {"1.0": "3 of 9"}})
    told(channel, {**FIRST, "1.0": ("held", "a worm")})

    assert changes() == []


def test_the_shape_for_machines_stays(sdk: Sdk) -> None:
    run(sdk)

    rejected = matrix_json(sdk)["integrations"]["crates"]["rejected"]

    assert rejected["1.0"] == "older than 1.0.1"
    assert set(rejected) == {"0.9", "1.0", "2.0", "2.2"}


def lines(sdk: Sdk, version: str) -> list[str]:
    found = history_of(sdk.slug, "crates", Version(version), released_at=None)
    return [line(event) for event in found.events]


def line(event: Event) -> str:
    match event.kind:
        case "same":
            return f"{event.count} same"
        case "verdict":
            return f"{event.before or '-'} to {event.now}: {event.text}"
    return f"{event.kind} {event.publication}, proposal {event.proposal}, {event.by}"


def test_a_history_has_changes_publications_and_counts_the_rest(
    sdk: Sdk, index: SmallIndex
) -> None:
    for _ in range(3):
        number = a_proposal(sdk).number
    approve_and_publish(number, by=an_owner(), at=AT + timedelta(hours=3, minutes=1))
    index.add("crates", "2.1.1", uploaded_at="2026-11-16T07:00:00Z")
    run(sdk, at=AT + timedelta(hours=4))
    run(sdk, at=AT + timedelta(hours=5))

    assert lines(sdk, "2.1") == [
        "1 same",
        "Picked to Not picked: older than 2.1.1",
        f"brought in 1, proposal {number}, olga",
        "3 same",
    ]
    assert lines(sdk, "2.1.1") == ["1 same", "- to Picked: latest; highest of major 2"]
    assert (
        lines(sdk, "1.0")
        == [
            "5 same",
        ]
        or lines(sdk, "1.0")[0] == "5 same"
    )


def test_the_present_answer_is_as_old_as_its_last_change(sdk: Sdk, index: SmallIndex) -> None:
    run(sdk)
    Integration.objects.update(minimum="1.1")
    run(sdk, at=AT + timedelta(days=7))
    run(sdk, at=AT + timedelta(days=14))

    changed, same = (
        history_of(sdk.slug, "crates", Version(text), released_at=None) for text in ("1.0", "2.1")
    )

    assert (changed.since or AT).date() == (AT + timedelta(days=7)).date()
    assert (same.since or AT).date() == AT.date()
    assert (changed.runs, same.runs) == (3, 3)

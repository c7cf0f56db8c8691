"""Shared constraints in runs: what is resolved, what files carry, what is told."""

from datetime import date, timedelta
from typing import Any

import pytest

from integrations.catalogue.models import Group, Integration, Sdk, SharedConstraint
from matrix.review.models import Finding, Item, Proposal
from matrix.review.state import proposed
from matrix.sdk.channel import files_of
from matrix.sdk.reaching import counts_of, reach_of
from tests.catalogue.makers import history_of
from tests.sdk import makers
from tests.support.small_index import SmallIndex
from tests.waits.conftest import DAY, NOW, Resolve, a_constraint, pins, publish

pytestmark = pytest.mark.django_db
LINE = "wire<4.9"


def lines(proposal: Proposal | None) -> list[str]:
    """The lines of the tox.ini that carry the constraint."""
    assert proposal is not None
    text = files_of(proposed(proposal))["tox.ini"]
    return [line.strip() for line in text.splitlines() if line.strip().endswith(LINE)]


def run(sdk: Sdk) -> Proposal | None:
    """Run without a resolver."""
    return makers.run(sdk)


@pytest.fixture
def alone(sdk: Sdk, index: SmallIndex) -> Integration:
    """An integration whose project needs nothing else."""
    index.add("alone", "3.0")
    return makers.an_integration(sdk, "alone", group="Other")


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("style", "carried"),
    [("none", ["web: wire<4.9"]), ("constraints", []), ("inline", [])],
)
def test_files_carry_the_line_where_pins_do_not_show_it(
    sdk: Sdk, resolve: Resolve, style: str, carried: list[str]
) -> None:
    Sdk.objects.update(pins_style=style)
    a_constraint(sdk)

    proposal = resolve()

    assert (pins(sdk), pins(sdk, "alone")) == (["wire==4.8"], [])
    assert lines(proposal) == carried


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("style", ["none", "constraints", "inline"])
def test_environments_that_nobody_resolved_carry_the_line_on_the_safe_side(
    sdk: Sdk, style: str
) -> None:
    Sdk.objects.update(pins_style=style)
    a_constraint(sdk)

    proposal = run(sdk)

    assert lines(proposal) == ["web: wire<4.9", "alone: wire<4.9"]
    publish(proposal)
    assert run(sdk) is None


def test_an_environment_that_fails_carries_the_line_too(sdk: Sdk, resolve: Resolve) -> None:
    makers.a_rule(Integration.objects.get(), "nothing-like-that")
    a_constraint(sdk)

    proposal = resolve()

    assert lines(proposal) == ["web: wire<4.9"]
    publish(proposal)
    assert resolve() is None


def test_a_constraint_without_matching_pins_changes_nothing(sdk: Sdk, resolve: Resolve) -> None:
    publish(resolve())
    a_constraint(sdk, "setuptools<82")

    assert resolve() is None


def test_published_pins_that_it_leaves_out_move_and_the_proposal_says_why(
    sdk: Sdk, resolve: Resolve
) -> None:
    Sdk.objects.update(pins_style="constraints")
    publish(resolve())
    a_constraint(sdk)

    proposal = resolve()

    assert proposal is not None
    assert pins(sdk) == ["wire==4.8"]
    assert Finding.objects.get(proposal=proposal, kind="dropped pin").text == (
        "These pins are not kept: wire==4.9 (the shared constraint wire<4.9 leaves it out)."
    )


def test_it_ends_by_itself_and_the_item_says_so(sdk: Sdk, resolve: Resolve) -> None:
    bound = a_constraint(sdk, starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 9))
    history_of(bound).update(history_date=NOW - DAY)  # Long made when the runs look back.
    publish(resolve())

    before = resolve(at=NOW + 6 * DAY)
    after = resolve(at=NOW + 7 * DAY)

    assert before is None
    assert lines(after) == []
    assert pins(sdk) == ["wire==4.9"]
    item = Item.objects.get(proposal=after, part="web")
    assert item.causes == [
        {
            "kind": "shared constraint",
            "text": "The shared constraint wire<4.9 ended on 9 Mar 2026: 4.9 leaks.",
        }
    ]
    assert SharedConstraint.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "pinned"),
    [
        pytest.param({"starts_on": date(2026, 3, 3)}, ["wire==4.9"], id="begins tomorrow"),
        pytest.param({"ends_on": date(2026, 3, 2)}, ["wire==4.9"], id="its last day was yesterday"),
        pytest.param({"pythons": "<3.13"}, ["wire==4.9"], id="other Pythons"),
        pytest.param({"pythons": ">=3.13", "ends_on": date(2026, 3, 3)}, ["wire==4.8"], id="here"),
    ],
)
def test_it_counts_from_a_day_to_a_day_and_on_its_pythons(
    sdk: Sdk, resolve: Resolve, values: dict[str, Any], pinned: list[str]
) -> None:
    a_constraint(sdk, **values)

    resolve()

    assert pins(sdk) == pinned


def test_a_group_bounds_its_own_integrations_alone(
    sdk: Sdk, index: SmallIndex, resolve: Resolve
) -> None:
    index.add("other", "1.0", requires=["wire"])
    makers.an_integration(sdk, "other", group="Other")
    a_constraint(sdk, group=Group.objects.get(name="Other"))

    resolve()

    assert (pins(sdk), pins(sdk, "other")) == (["wire==4.9"], ["wire==4.8"])


def test_a_dependency_rule_that_contradicts_it_is_told_with_both_names(
    sdk: Sdk, resolve: Resolve
) -> None:
    makers.a_rule(Integration.objects.get(), "wire>=4.9")
    a_constraint(sdk)

    resolve()

    finding = Finding.objects.get(kind="shared constraint")
    assert finding.severity == "error"
    assert finding.text == (
        "The shared constraint wire<4.9 (4.9 leaks) and the dependency rule that installs "
        "wire>=4.9 exclude each other: no release satisfies both."
    )
    assert Finding.objects.filter(kind="unresolved").exists()


def test_a_project_that_is_tested_itself_is_picked_all_the_same_and_that_is_told(
    sdk: Sdk, resolve: Resolve
) -> None:
    makers.an_integration(sdk, "wire")
    a_constraint(sdk)

    resolve()

    assert not Finding.objects.filter(kind="unresolved").exists()
    assert Finding.objects.get(kind="shared constraint").text == (
        "4.9 is picked although the shared constraint wire<4.9 (4.9 leaks) leaves it out: it "
        "bounds what is installed beside the project. A hold keeps a release from being picked."
    )


def test_a_refreshed_past_is_not_bounded_by_what_came_later(sdk: Sdk, resolve: Resolve) -> None:
    a_constraint(sdk, starts_on=(NOW + timedelta(days=1)).date())
    first = resolve()

    assert lines(first) == []


# --- Whom it reaches -----------------------------------------------------------------------------
@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("style", ["none", "constraints"])
def test_the_preview_knows_which_resolved_pins_would_change(
    sdk: Sdk, resolve: Resolve, style: str
) -> None:
    Sdk.objects.update(pins_style=style)
    publish(resolve())

    reach = reach_of(SharedConstraint(sdk=sdk, requirement=LINE, reason="4.9 leaks"))

    assert (reach.source, reach.environments, reach.unresolved) == ("publication 1", 2, 0)
    found = {one.name: (one.installing, one.violating) for one in reach.integrations}
    assert found == {"alone": (0, ()), "web": (1, (("wire==4.9", 1),))}


def test_a_count_is_of_today_and_not_known_before_the_first_proposal(
    sdk: Sdk, resolve: Resolve
) -> None:
    here = a_constraint(sdk)
    later = a_constraint(sdk, starts_on=date(2026, 4, 1))
    before = counts_of([here, later], at=NOW)

    resolve()

    assert before == {here.pk: None, later.pk: 0}
    assert counts_of([here, later], at=NOW) == {here.pk: 1, later.pk: 0}

"""Which items go together, and why; a table beside what rendering and CI make of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from matrix.review.models import Decision, Item
from matrix.rules.ci import Ci, Service
from matrix.rules.diffing import diff_parts
from matrix.rules.parts import IntegrationPart, LayoutPart, Part
from matrix.rules.rendering import render_files
from matrix.sdk.coupling import Companion, companions
from matrix.sdk.reporting import ItemReport
from tests.support.parts import a_layout, a_part, a_row

LAST = (
    'The published layout does not know the group "{}": '
    "its rows stand last until the layout is published."
)
BRINGS = '{} is in the group "{}", which the new layout brings.'
OLD_GROUP = (
    '{} as it is published stands in the group "{}", '
    "which the new layout does not know: its rows would stand last."
)


def report(
    old: Part | None, new: Part | None, *causes: tuple[str, str], **values: object
) -> ItemReport:
    part = new or old
    name = part.name if isinstance(part, IntegrationPart) else "layout"
    told = [{"kind": kind, "text": text} for kind, text in causes]
    fields: dict[str, Any] = {
        "item": Item(part=name, causes=told),
        "part": name,
        "group": part.group if isinstance(part, IntegrationPart) else "",
        "old": old,
        "new": new,
        "diff": diff_parts(name, old, new),
        "reasons": {},
        "findings": [],
        "routine": [],
        "decision": None,
        **values,
    }
    return ItemReport(**fields)


def moved(name: str, *causes: tuple[str, str], **values: Any) -> ItemReport:
    old = a_part(name, rows=[a_row("1.0")], **values)
    return report(old, a_part(name, rows=[a_row("1.1")], **values), *causes)


def ci(**groups: str) -> Ci:
    return Ci(
        runner=("ubuntu-24.04",), install="", container_install="", test="tox", checkout_action="a",
        python_action="b", group_frame="", main_frame="", services=(Service(name="postgres"),),
        group_services=tuple((group, (name,)) for group, name in sorted(groups.items())),
    )  # fmt: skip


def with_ci(layout: LayoutPart, **groups: str) -> LayoutPart:
    return LayoutPart(sdk=layout.sdk, groups=layout.groups, frame="", ci=ci(**groups))


def of(*reports: ItemReport) -> dict[str, list[tuple[str, str, bool]]]:
    return {
        part: [(one.part, one.why, one.is_required) for one in found]
        for part, found in companions(reports).items()
    }


SETTINGS = ("settings", "The SDK was edited by ana on 18 Nov 2025 (supported Pythons).")
RELEASE = ("release", SETTINGS[1])
TABLE = [
    pytest.param([moved("httpx"), moved("flask")], {}, id="nothing in common"),
    pytest.param([], {}, id="nothing at all"),
    pytest.param(
        [report(a_layout("A"), a_layout("A", "B")), report(None, a_part("httpx", group="B"))],
        {
            "httpx": [("layout", LAST.format("B"), False)],
            "layout": [("httpx", BRINGS.format("httpx", "B"), False)],
        },
        id="a new group",
    ),
    pytest.param(
        [
            report(a_layout("A", "B"), a_layout("A", "C")),
            report(a_part("httpx", group="B"), a_part("httpx", group="C")),
        ],
        {
            "httpx": [("layout", LAST.format("C"), False)],
            "layout": [("httpx", OLD_GROUP.format("httpx", "B"), False)],
        },
        id="a renamed group",
    ),
    pytest.param(
        [report(a_layout("A", "B"), a_layout("B", "A")), moved("httpx", group="A")],
        {},
        id="groups in another order",
    ),
    pytest.param(
        [report(None, a_layout("A")), report(None, a_part("httpx", group="A"))],
        {
            "httpx": [
                (
                    "layout",
                    "Without the layout the files have neither its frame nor its order of groups.",
                    False,
                )
            ]
        },
        id="the first proposal",
    ),
    pytest.param(
        [
            report(a_layout("A"), with_ci(a_layout("A"), A="postgres")),
            moved("httpx", group="A"),
        ],
        {
            "httpx": [
                (
                    "layout",
                    "Without the layout its CI job does not start the service postgres.",
                    True,
                )
            ]
        },
        id="a service that the layout brings",
    ),
    pytest.param(
        [
            report(with_ci(a_layout("A", "B"), A="postgres"), with_ci(a_layout("A", "B"))),
            report(a_part("httpx", group="A"), a_part("httpx", group="B")),
        ],
        {
            "layout": [
                (
                    "httpx",
                    (
                        "With the layout alone the CI job of httpx as it is published "
                        "does not start the service postgres any more."
                    ),
                    True,
                )
            ]
        },
        id="a service that the layout takes away",
    ),
    pytest.param(
        [moved("httpx"), moved("httpx-http2", project="httpx"), moved("flask")],
        {
            "httpx": [("httpx-http2", "Both test httpx.", False)],
            "httpx-http2": [("httpx", "Both test httpx.", False)],
        },
        id="one project",
    ),
    pytest.param(
        [
            moved("a", SETTINGS, SETTINGS),
            moved("b", SETTINGS),
            moved("c", ("release", SETTINGS[1])),
        ],
        {
            "a": [("b", f"Same cause: {SETTINGS[1]}", False)],
            "b": [("a", f"Same cause: {SETTINGS[1]}", False)],
        },
        id="one cause",
    ),
]


@pytest.mark.parametrize(("reports", "expected"), TABLE)
def test_what_goes_together(
    reports: Sequence[ItemReport], expected: dict[str, list[tuple[str, str, bool]]]
) -> None:
    assert of(*reports) == expected
    assert of(*reversed(reports)) == expected


def test_a_required_companion_comes_first_and_each_is_told_once() -> None:
    layout = report(a_layout("A"), with_ci(a_layout("A", "B"), A="postgres"), SETTINGS)
    reports = [layout, moved("z", SETTINGS, group="A"), moved("a", SETTINGS, project="z")]

    found = companions(reports)["z"]

    assert [(one.part, one.is_required) for one in found] == [("layout", True), ("a", False)]


def test_nothing_moves_when_one_of_several_is_decided() -> None:
    before = [moved(name, SETTINGS) for name in "abc"]
    after = [*before[:2], moved("c", SETTINGS)]
    decided = replace(after[2], decision=Decision(verdict="declined"))

    assert companions([*after[:2], decided]) == companions(before)


def test_what_is_not_required_can_be_rendered_alone() -> None:
    """The claim of the module: a group that the layout does not know comes last, and no more."""
    parts = [a_part("httpx", group="New"), a_part("flask", group="Web")]

    text = render_files(a_layout("Web"), parts)["tox.ini"]

    assert text.index("# ~~~ Web ~~~") < text.index("# ~~~ New ~~~") < text.index("httpx-v1.0")


def test_what_causes_most_items_couples_none_of_them() -> None:
    few = companions([moved(f"p{number}", SETTINGS) for number in range(10)])
    many = companions([moved(f"p{number}", SETTINGS) for number in range(11)])

    assert {len(others) for others in few.values()} == {9}
    assert few["p0"][0] == Companion("p1", f"Same cause: {SETTINGS[1]}")
    assert many == {}

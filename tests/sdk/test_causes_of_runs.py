"""Causes of pins, of the layout and of new parts; since when; and how a run gets them."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.catalogue.models import (
    DependencyRule,
    Group,
    Hold,
    Integration,
    SharedConstraint,
)
from matrix.review.models import Item, Proposal
from matrix.review.snapshots import store
from matrix.review.values import Change, ComputedPart
from matrix.rules.parts import write
from matrix.sdk.causes import causes_of, with_causes
from matrix.sdk.causes.cases import ORDER
from tests.sdk.causing import (
    BEFORE,
    NOW,
    PUBLISHED,
    Week,
    an_integration,
    deleted,
    fact,
    layout,
    made_before,
    on,
    pin_set,
    row,
    saved,
)
from tests.support.parts import a_part
from tests.support.processes import ROOT

pytestmark = pytest.mark.django_db
Told = list[tuple[str, str]]


# --- Pins ----------------------------------------------------------------------------------------
def week_with_pins(*pins: str, **options: object) -> Week:
    return Week(
        old=a_part("httpx", rows=[row("1.0", "3.12", p3_12=pin_set(*pins))]), options=options
    )


def with_pins(week: Week, *pins: str) -> Told:
    return week.moved_to(row("1.0", "3.12", p3_12=pin_set(*pins)))


def test_when_only_pins_moved_the_releases_of_dependencies_are_told() -> None:
    week = week_with_pins("anyio==4.9.0", "idna==3.10")
    week.know("anyio", fact("4.9.0"), fact("4.10.0", on(18)))

    assert with_pins(week, "anyio==4.10.0", "idna==3.11") == [
        (
            "dependencies released",
            "Dependencies released new versions: anyio 4.10.0 on 18 Nov 2025.",
        )
    ]


def test_moved_pins_without_a_release_are_named() -> None:
    week = week_with_pins("a==1", "b==1", "c==1", "d==1", "e==1")

    assert with_pins(week, "a==2", "b==2", "c==2", "d==2", "e==2") == [
        ("dependencies released", "Only dependencies moved: a, b, c and 2 more.")
    ]


def test_a_pin_that_was_yanked_is_told_before_anything_else() -> None:
    week = week_with_pins("anyio==4.9.0")
    gone = fact("4.9.0", is_yanked=True, settled_at=on(12))
    week.know("anyio", gone, fact("4.10.0", on(18)))

    assert with_pins(week, "anyio==4.10.0") == [
        ("yanked", "anyio 4.9.0 was yanked, seen on 12 Nov 2025.")
    ]


def test_a_run_that_refreshes_pins_says_so() -> None:
    refresh = {"everything": False, "projects": ["anyio"], "before": None}
    week = week_with_pins("anyio==4.9.0", refresh=refresh)

    assert with_pins(week, "anyio==4.10.0") == [
        ("refresh", "The run gave up published pins: those of anyio.")
    ]


@pytest.mark.parametrize(
    ("values", "edit", "expected"),
    [
        (
            {},
            on(18),
            "The shared constraint anyio<4.10 was added by ana on 18 Nov 2025: it hangs.",
        ),
        (
            {"starts_on": date(2025, 11, 20)},
            BEFORE - timedelta(days=1),
            "The shared constraint anyio<4.10 began on 20 Nov 2025: it hangs.",
        ),
        (
            {"ends_on": date(2025, 11, 20)},
            BEFORE - timedelta(days=1),
            "The shared constraint anyio<4.10 ended on 20 Nov 2025: it hangs.",
        ),
    ],
    ids=["added", "began", "ended"],
)
def test_a_shared_constraint_is_told_where_pins_of_its_project_moved(
    values: dict[str, object], edit: object, expected: str
) -> None:
    week = week_with_pins("anyio==4.10.0")
    by = "ana" if edit == on(18) else ""
    fields = {"requirement": "anyio<4.10", "reason": "it hangs", **values}
    saved(SharedConstraint(sdk=week.sdk, **fields), edit, by=by)  # type: ignore[arg-type]
    saved(SharedConstraint(sdk=week.sdk, requirement="idna<3", reason="x"), on(18))

    assert with_pins(week, "anyio==4.9.0") == [("shared constraint", expected)]


def test_a_hold_on_a_dependency_is_told() -> None:
    week = week_with_pins("anyio==4.9.1")
    saved(Hold(project="anyio", releases="==4.9.1", reason="stolen release"), on(18), by="olga")

    assert with_pins(week, "anyio==4.9.0") == [
        (
            "hold began",
            "The hold on anyio ==4.9.1 was added by olga on 18 Nov 2025: stolen release.",
        )
    ]


# --- The layout, new parts, no publication -------------------------------------------------------
def test_edits_of_the_sdk_groups_and_integrations_are_causes_of_the_layout() -> None:
    week = Week(old=layout("Network"))
    group = saved(Group(sdk=week.sdk, name="HTTP", order=3), on(18), by="ana")
    saved(Integration(sdk=week.sdk, group=group, name="requests", project="requests",
                      test_path="tests/requests"), on(19), by="ana")  # fmt: skip
    week.sdk.pins_style = "constraints"
    week.sdk.frame = "# BEGIN GENERATED: envlist\n# END GENERATED: envlist\n"
    saved(week.sdk, on(20), by="ben", reason="CI pins.")

    assert week.causes(layout("Network", "HTTP", pins_style="constraints", frame="[tox]\n")) == [
        ("integration", "requests was added by ana on 19 Nov 2025."),
        ("group", 'The group "HTTP" was added by ana on 18 Nov 2025.'),
        (
            "settings",
            (
                "The SDK was edited by ben on 20 Nov 2025 "
                "(frame, pins style from none to constraints): CI pins."
            ),
        ),
    ]


def test_another_default_frame_is_the_portals_doing() -> None:
    week = Week(old=layout("Network"))

    assert week.causes(layout("Network", frame="[tox]\n")) == [
        ("portal", "The SDK has no frame of its own, and the default one is another.")
    ]


def test_an_integration_that_is_new_was_added_by_somebody() -> None:
    week = Week()
    group = Group.objects.get()
    flask = Integration(sdk=week.sdk, group=group, name="flask", project="flask", test_path="t")
    saved(flask, on(18), by="ana", reason="Asked for in issue 7.")
    change = Change("flask", None, write(a_part("flask")))

    found = causes_of(week.a_run(NOW), week.sdk, [change], index=week.index)

    assert found == {
        "flask": [
            (
                "new",
                "flask was added to the catalogue by ana on 18 Nov 2025: Asked for in issue 7.",
            )
        ]
    }


def test_without_a_publication_every_part_is_new() -> None:
    week = Week()
    other = made_before("other")
    an_integration(other, "httpx")
    run = week.a_run(NOW)
    run.channel = type(run.channel).objects.create(kind="sdk", slug="other")
    changes = [Change("httpx", None, write(a_part())), Change("layout", None, write(layout()))]

    assert causes_of(run, other, changes, index=week.index) == {
        "httpx": [("new", "httpx was added to the catalogue on 25 Oct 2025.")],
        "layout": [("new", "Nothing of this SDK is published yet.")],
    }


# --- Since when ----------------------------------------------------------------------------------
def test_a_change_that_was_left_open_keeps_the_causes_that_it_came_with() -> None:
    week = Week()
    week.know("httpx", fact("1.1", BEFORE - timedelta(days=3)), fact("1.2", on(18)))
    early = week.a_run(BEFORE - timedelta(days=7), finished_at=BEFORE - timedelta(days=7))
    proposal = Proposal.objects.create(
        number=1, channel=week.channel, run=early, proposed_at=BEFORE - timedelta(days=1),
        status="published", closed_at=PUBLISHED,
    )  # fmt: skip
    Item.objects.create(
        proposal=proposal, part="httpx", old=store(write(week.old)), new=store("declined")
    )

    assert week.moved_to(row("1.1"), row("1.2")) == [
        ("release", "Release 1.2 was uploaded on 18 Nov 2025."),
        ("release", "Release 1.1 was uploaded on 31 Oct 2025."),
    ]


def test_a_run_that_did_not_cover_the_part_is_not_the_one_behind_it() -> None:
    week = Week()
    week.know("httpx", fact("1.1", BEFORE - timedelta(days=3)))
    week.a_run(BEFORE - timedelta(days=7), finished_at=BEFORE - timedelta(days=7))
    finished = week.channel.runs.filter(as_of=BEFORE)
    assert week.moved_to(row("1.1"))[0][0] == "unknown"

    finished.update(only=["flask"])
    week.channel.runs.filter(as_of=NOW).delete()

    assert week.moved_to(row("1.1")) == [("release", "Release 1.1 was uploaded on 31 Oct 2025.")]


# --- Filling what a run made ---------------------------------------------------------------------
def test_only_parts_that_differ_get_causes_and_those_that_are_gone_too() -> None:
    week = Week()
    deleted(week.httpx, on(18))
    parts = [ComputedPart("requests", write(a_part("requests")))]

    filled = {
        part.part: part for part in with_causes(week.a_run(NOW), week.sdk, parts, index=week.index)
    }

    assert filled["requests"].causes == [
        {
            "kind": "unknown",
            "text": "Nothing that the portal keeps explains it: "
            "no release, hold or edit since 3 Nov 2025.",
        }
    ]
    assert (filled["httpx"].body, [cause["kind"] for cause in filled["httpx"].causes]) == (
        None,
        ["removed"],
    )
    same = [ComputedPart("httpx", write(week.old))]
    run = week.a_run(NOW + timedelta(seconds=1))
    assert [part.causes for part in with_causes(run, week.sdk, same, index=week.index)] == [()]


def test_the_number_of_queries_does_not_depend_on_the_number_of_parts() -> None:
    week = Week()
    names = [f"p{number}" for number in range(12)]
    for name in names:
        integration = an_integration(week.sdk, name)
        saved(DependencyRule(integration=integration, requirements="a<1"), on(18), by="ana")
        saved(Hold(integration=integration, releases=">=9", reason="x"), on(18), by="ana")
        week.know(name, fact("1.0"), fact("1.1", on(18)))
    counts = []
    for number, some in enumerate((names[:1], names)):
        old = [
            Change(name, write(a_part(name)), write(a_part(name, rows=[row("1.1")])))
            for name in some
        ]
        run = week.a_run(NOW + timedelta(minutes=number))
        with CaptureQueriesContext(connection) as queries:
            found = causes_of(run, week.sdk, old, index=week.index)
        assert {causes[0].kind for causes in found.values()} == {"release"}
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 32


def test_every_kind_has_one_place_in_the_order_and_in_the_documents() -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("The kinds are `new`")]

    assert (
        line.replace(" and ", ", ") == f"The kinds are {', '.join(f'`{kind}`' for kind in ORDER)}."
    )

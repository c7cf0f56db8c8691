"""Because of what: each cause is told from facts, the most telling first, and never guessed."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from integrations.catalogue.models import (
    DependencyRule,
    Group,
    Hold,
    PinnedPick,
    PythonRestriction,
)
from integrations.index.facts import LONG_AGO
from integrations.index.models import ProjectStatus
from tests.catalogue.makers import history_of
from tests.sdk.causing import (
    BEFORE,
    Week,
    deleted,
    fact,
    on,
    row,
    saved,
)
from tests.support.parts import a_part, a_use

pytestmark = pytest.mark.django_db
Told = list[tuple[str, str]]


# --- What the index brought ----------------------------------------------------------------------
def uploaded(week: Week) -> Told:
    week.know("httpx", fact("1.0"), fact("1.1", on(18)))
    return week.moved_to(row("1.1"))


def uploaded_at_an_unknown_time(week: Week) -> Told:
    week.know("httpx", fact("1.1", on(18), is_time_known=False))
    return week.moved_to(row("1.0"), row("1.1"))


def after_its_cooldown(week: Week) -> Told:
    week.sdk.cooldown_days = 7
    week.sdk.save()
    history_of(week.sdk).all().delete()
    week.know("httpx", fact("1.1", on(10)))
    return week.moved_to(row("1.1"))


def yanked(week: Week) -> Told:
    gone = fact("1.0", is_yanked=True, yank_reason="Broken wheels.", settled_at=on(12))
    week.know("httpx", fact("0.9"), gone)
    return week.moved_to(row("0.9"))


def deleted_from_the_index(week: Week) -> Told:
    week.know("httpx", fact("0.9"), fact("1.0", None, settled_at=on(12)))
    return week.moved_to(row("0.9"))


def quarantined(week: Week) -> Told:
    project = week.know("httpx", fact("1.0"))
    ProjectStatus.objects.create(
        project=project, status="quarantined", reason="malware", seen_at=on(12)
    )
    return week.causes()


def got_wheels(week: Week) -> Told:
    week.know("httpx", fact("1.0", settled_at=on(12)))
    return week.moved_to(row("1.0", "3.9 3.12 3.13"))


def lost_a_python(week: Week) -> Told:
    week.know("httpx", fact("1.0"), fact("1.1", on(18)), v1_0=">=3.9", v1_1=">=3.10")
    return week.moved_to(row("1.1", "3.10 3.12"))


INDEX = [
    (uploaded, [("release", "Release 1.1 was uploaded on 18 Nov 2025.")]),
    (
        uploaded_at_an_unknown_time,
        [("release", "Release 1.1 was first seen on 18 Nov 2025.")],
    ),
    (
        after_its_cooldown,
        [
            (
                "cooldown over",
                "The cooldown of 1.1 was over on 17 Nov 2025; it was uploaded on 10 Nov 2025.",
            )
        ],
    ),
    (yanked, [("yanked", "httpx 1.0 was yanked, seen on 12 Nov 2025: Broken wheels.")]),
    (
        deleted_from_the_index,
        [("gone", "httpx 1.0 is gone from the index, seen on 12 Nov 2025.")],
    ),
    (
        quarantined,
        [
            (
                "quarantined",
                "The index has called httpx quarantined since 12 Nov 2025: malware.",
            )
        ],
    ),
    (got_wheels, [("files", "The files of 1.0 on the index changed on 12 Nov 2025.")]),
    (
        lost_a_python,
        [
            ("release", "Release 1.1 was uploaded on 18 Nov 2025."),
            ("python", "1.1 does not declare Python 3.9, which 1.0 does."),
        ],
    ),
]


# --- What people did -----------------------------------------------------------------------------
def a_rule(week: Week, **values: str) -> DependencyRule:
    fields = {"releases": "<3.0", "requirements": "anyio<5", **values}
    rule = DependencyRule(integration=week.httpx, **fields)
    saved(rule, BEFORE - timedelta(days=2))
    return rule


def edited_rule(week: Week) -> Told:
    rule = a_rule(week)
    rule.requirements = "anyio<4"
    saved(rule, on(18), by="ana", reason="anyio 4 breaks the tests")
    return week.moved_to(row("1.0"), requirements=[a_use("anyio<4", v1_0="3.9 3.12")])


def removed_rule(week: Week) -> Told:
    deleted(a_rule(week, reason="old"), on(18), by="ana")
    new = a_part("httpx", rows=[row("1.0")])
    old = a_part("httpx", rows=[row("1.0")], requirements=[a_use("anyio<5", v1_0="3.9 3.12")])
    return week.causes(new, old=old)


def rule_that_changes_nothing(week: Week) -> Told:
    saved(a_rule(week), on(18), by="ana")
    rule = a_rule(week, releases=">=9")
    rule.requirements = "trio"
    saved(rule, on(18), by="ana")
    week.know("httpx", fact("1.1", on(18)))
    return week.moved_to(row("1.1"))


def restricted(week: Week) -> Told:
    found = PythonRestriction(integration=week.httpx, pythons="<3.12", reason="no wheels")
    saved(found, on(18), by="ana")
    return week.moved_to(row("1.0", "3.9 3.11"))


def pinned(week: Week) -> Told:
    saved(PinnedPick(integration=week.httpx, version="0.5", reason="LTS"), on(18), by="ana")
    saved(PinnedPick(integration=week.httpx, version="0.1", reason="LTS"), on(18), by="ana")
    return week.moved_to(row("0.5"), row("1.0"))


def other_minimum(week: Week) -> Told:
    week.httpx.minimum = "0.5"
    saved(week.httpx, on(18), by="ana", reason="Nobody has 0.1.")
    week.httpx.notes = "Nothing to do with it."
    saved(week.httpx, on(19), by="ben")
    return week.moved_to(row("0.5"), row("1.0"))


def other_pythons(week: Week) -> Told:
    week.sdk.pythons = "3.9 3.12 3.13"
    saved(week.sdk, on(18))
    return week.moved_to(row("1.0", "3.9 3.12 3.13"))


def other_group(week: Week) -> Told:
    week.httpx.group = Group.objects.create(sdk=week.sdk, name="HTTP")
    saved(week.httpx, on(18), by="ana")
    return week.moved_to(row("1.0"), group="HTTP")


def paused(week: Week) -> Told:
    week.httpx.is_paused = True
    saved(week.httpx, on(18), by="ana", reason="The tests hang.")
    return week.causes()


def removed(week: Week) -> Told:
    deleted(week.httpx, on(18), by="ana", reason="No longer supported.")
    return week.causes()


EDITS = [
    (
        edited_rule,
        [("rule", "The rule for <3.0 was edited by ana on 18 Nov 2025: anyio 4 breaks the tests.")],
    ),
    (removed_rule, [("rule", "The rule for <3.0 was removed by ana on 18 Nov 2025: old.")]),
    (rule_that_changes_nothing, [("release", "Release 1.1 was uploaded on 18 Nov 2025.")]),
    (
        restricted,
        [
            (
                "restriction",
                (
                    "The restriction of every release to Python <3.12 was added by ana "
                    "on 18 Nov 2025: no wheels."
                ),
            )
        ],
    ),
    (pinned, [("pinned pick", "The pinned pick 0.5 was added by ana on 18 Nov 2025: LTS.")]),
    (
        other_minimum,
        [
            (
                "integration",
                (
                    "httpx was edited by ana on 18 Nov 2025 (minimum version from none to 0.5): "
                    "Nobody has 0.1."
                ),
            )
        ],
    ),
    (
        other_pythons,
        [
            (
                "settings",
                (
                    "The SDK was edited on 18 Nov 2025 "
                    "(supported Pythons from 3.9 3.10 3.11 3.12 3.13 to 3.9 3.12 3.13)."
                ),
            )
        ],
    ),
    (other_group, [("integration", "httpx was edited by ana on 18 Nov 2025 (group).")]),
    (paused, [("paused", "httpx was paused by ana on 18 Nov 2025: The tests hang.")]),
    (
        removed,
        [
            (
                "removed",
                "httpx was removed from the catalogue by ana on 18 Nov 2025: No longer supported.",
            )
        ],
    ),
]


# --- Holds ---------------------------------------------------------------------------------------
def a_hold(week: Week, **values: object) -> Hold:
    fields = {"releases": ">=1.0", "reason": "broken wheels", "integration": week.httpx, **values}
    return Hold(**fields)


def hold_made(week: Week) -> Told:
    saved(a_hold(week), on(18), by="ana")
    return week.moved_to(row("0.9"))


def hold_began_on_its_day(week: Week) -> Told:
    saved(a_hold(week, starts_on=date(2025, 11, 20)), BEFORE - timedelta(days=1))
    return week.moved_to(row("0.9"))


def hold_ended_on_its_day(week: Week) -> Told:
    saved(a_hold(week, releases=">1.0", ends_on=date(2025, 11, 20)), BEFORE - timedelta(days=1))
    week.know("httpx", fact("1.1", LONG_AGO))
    return week.moved_to(row("1.1"))


def hold_lifted(week: Week) -> Told:
    hold = saved(a_hold(week, releases=">1.0"), BEFORE - timedelta(days=1))
    hold.lifted_at, hold.lifted_because = on(20), "pytest-httpx 0.36 was uploaded on 19 Nov 2025"
    saved(hold, on(20))
    return week.moved_to(row("1.1"))


def hold_removed(week: Week) -> Told:
    hold = saved(a_hold(week, releases=">1.0"), BEFORE - timedelta(days=1))
    deleted(hold, on(20), by="ben", reason="It was our bug.")
    return week.moved_to(row("1.1"))


def hold_edited(week: Week) -> Told:
    hold = saved(a_hold(week, releases=">=1.1"), BEFORE - timedelta(days=1))
    hold.releases = "==1.2"
    saved(hold, on(20), by="ben", reason="1.1 works.")
    return week.moved_to(row("1.1"))


def hold_of_a_decision(week: Week) -> Told:
    hold = saved(a_hold(week, releases="==1.1"), on(10), by="ana")
    hold.ends_on = date(2025, 11, 20)
    saved(hold, on(11), by="ana")
    return week.moved_to(row("1.1"))


def hold_of_another_project(week: Week) -> Told:
    saved(a_hold(week, integration=None, sdk=week.sdk, project="flask"), on(18), by="ana")
    return week.moved_to(row("0.9"))


HOLDS = [
    (
        hold_made,
        [("hold began", "The hold on httpx >=1.0 was added by ana on 18 Nov 2025: broken wheels.")],
    ),
    (
        hold_began_on_its_day,
        [("hold began", "The hold on httpx >=1.0 began on 20 Nov 2025: broken wheels.")],
    ),
    (
        hold_ended_on_its_day,
        [("hold ended", "The hold on httpx >1.0 ended on 20 Nov 2025: broken wheels.")],
    ),
    (
        hold_lifted,
        [
            (
                "hold ended",
                (
                    "The hold on httpx >1.0 was lifted on 20 Nov 2025 because "
                    "pytest-httpx 0.36 was uploaded on 19 Nov 2025."
                ),
            )
        ],
    ),
    (
        hold_removed,
        [
            (
                "hold ended",
                "The hold on httpx >1.0 was removed by ben on 20 Nov 2025: It was our bug.",
            )
        ],
    ),
    (
        hold_edited,
        [("hold ended", "The hold on httpx ==1.2 was edited by ben on 20 Nov 2025: 1.1 works.")],
    ),
    (
        hold_of_a_decision,
        [("hold ended", "The hold on httpx ==1.1 ended on 20 Nov 2025: broken wheels.")],
    ),
    (
        hold_of_another_project,
        [
            (
                "unknown",
                (
                    "Nothing that the portal keeps explains it: "
                    "no release, hold or edit since 3 Nov 2025."
                ),
            )
        ],
    ),
]


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        pytest.param(happens, expected, id=happens.__name__)
        for happens, expected in (*INDEX, *EDITS, *HOLDS)
    ],
)
def test_what_happened_since_is_told(happens: Callable[[Week], Told], expected: Told) -> None:
    assert happens(Week()) == expected

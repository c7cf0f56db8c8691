"""A preview says what a run would make of the form once it is saved."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.catalogue.models import Group, Hold, Integration, Sdk
from integrations.index.polling import poll
from matrix.review.values import Change
from matrix.rules.diffing import summary_line
from matrix.rules.parts import read
from matrix.sdk.channel import differences
from matrix.sdk.drafting import draft_of
from matrix.sdk.gathering import index_of
from matrix.sdk.previewing import Preview, preview
from tests.catalogue.makers import a_hold
from tests.preview.makers import NOW, VERSIONS, a_draft, computed, save

pytestmark = pytest.mark.django_db

specifiers = st.one_of(
    st.just(""),
    st.builds(
        lambda operator, version: f"{operator}{version}",
        st.sampled_from(["<", "<=", ">=", "!=", "=="]),
        st.sampled_from(VERSIONS),
    ),
)
some_pythons = st.sampled_from([">=3.10", "<3.11", "<3.9", "==3.9.*"])
pythons = st.one_of(st.just(""), some_pythons)


def version_in(row: Any) -> Any:
    return row["version"]


drafts = st.fixed_dictionaries(
    {
        "values": st.fixed_dictionaries(
            {
                "name": st.sampled_from(["crates", "crates", "boxes"]),
                "include": specifiers,
                "minimum": st.sampled_from(["", "1.1", "2.0"]),
                "number_of_versions": st.sampled_from([None, 2, 3]),
                "prereleases": st.sampled_from(["", "rc", "never"]),
                "is_paused": st.sampled_from([False, False, False, True]),
                "extras": st.sampled_from(["", "fast"]),
                "test_path": st.sampled_from(["tests/crates", "tests/other"]),
            }
        ),
        "rules": st.lists(
            st.fixed_dictionaries(
                {
                    "order": st.integers(0, 3),
                    "releases": specifiers,
                    "pythons": pythons,
                    "requirements": st.sampled_from(["anyio<4", "anyio>=4", "h11\nanyio"]),
                }
            ),
            max_size=3,
        ),
        "restrictions": st.lists(
            st.fixed_dictionaries(
                {"order": st.integers(0, 2), "releases": specifiers, "pythons": some_pythons}
            ),
            max_size=2,
        ),
        "picks": st.lists(
            st.fixed_dictionaries(
                {"version": st.sampled_from([*VERSIONS, "9.9"]), "skips_cooldown": st.booleans()}
            ),
            max_size=2,
            unique_by=version_in,
        ),
        "holds": st.lists(st.fixed_dictionaries({"releases": specifiers}), max_size=1),
    }
)


LATEST = "latest, highest of major 3"
FIRST = "comes first for all of its releases"


def seen(changes: dict[str, tuple[str | None, str | None]]) -> tuple[list[str], str]:
    """Return the parts that differ and the summary line, as review finds them."""
    found = differences([Change(name, *bodies) for name, bodies in changes.items()])
    diffs = [diff for diff in found if not diff.is_empty or diff.layout]
    unchanged = sum(diff.unchanged for diff in found)
    return sorted(diff.part for diff in diffs), summary_line(diffs, unchanged=unchanged)


def shown(found: Preview) -> tuple[list[str], str]:
    diffs = [part.diff for part in found.parts]
    return sorted(diff.part for diff in diffs if not diff.is_empty or diff.layout), found.summary


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=drafts, after=drafts, moves=st.booleans())
def test_a_preview_is_what_a_run_makes_after_saving(
    sdk: Sdk, facts: None, before: dict[str, Any], after: dict[str, Any], moves: bool
) -> None:
    with transaction.atomic():
        boxes = sdk.groups.get()
        other = Group.objects.create(sdk=sdk, name="Others") if moves else boxes
        saved = save(a_draft(boxes, **before))
        first = computed(sdk)

        unchanged = preview(draft_of(saved), now=NOW)
        draft = a_draft(other, of=saved, **after)
        changed = preview(draft, now=NOW)
        save(draft)
        second = computed(sdk)

        names = sorted(first.keys() | second.keys())
        rows = len(unchanged.after.rows) if unchanged.after else 0
        counted = "1 row" if rows == 1 else f"{rows} rows"
        assert unchanged.summary == f"No changes. {counted} checked."
        assert shown(changed) == seen({name: (first.get(name), second.get(name)) for name in names})
        body = second[draft.integration.name]
        assert changed.after == (read(body) if body else None)
        transaction.set_rollback(True)


@pytest.fixture
def crates(sdk: Sdk, facts: None) -> Integration:
    return save(a_draft(sdk.groups.get(), {}))


def environments(found: Preview) -> tuple[list[str], list[str]]:
    return list(found.gained), list(found.lost)


def test_a_new_integration_is_told_as_rows_and_environments_to_add(sdk: Sdk, facts: None) -> None:
    found = preview(a_draft(sdk.groups.get(), {"include": ">=2,<3"}), now=NOW)

    assert found.is_new
    assert found.summary == (
        "2 rows to add, 0 to remove, 0 to change; layout to change. 0 rows unchanged."
    )
    gained, lost = environments(found)
    assert gained[0] == "py3.9-crates-v2.0"
    assert (len(gained), lost) == (6, [])


def test_environments_lost_and_requirements_changed_are_told(crates: Integration) -> None:
    draft = a_draft(
        crates.group,
        {"include": ">=2,<3.1"},
        of=crates,
        rules=[{"releases": ">=3", "pythons": "<3.10", "requirements": "anyio<4"}],
    )

    found = preview(draft, now=NOW)

    gained, lost = environments(found)
    assert gained == ["py3.9-crates-v2.0", "py3.10-crates-v2.0", "py3.11-crates-v2.0"]
    assert lost[0] == "py3.9-crates-v0.9"
    assert [name.rpartition("-v")[2] for name in lost[1:]] == ["1.1.1"] * 3 + ["3.1a1"] * 3
    (change,) = found.requirements
    assert (change.requirement, change.is_gained) == ("anyio<4", True)
    assert change.environments == ("py3.9-crates-v3.0",)


@pytest.mark.parametrize(
    ("parts", "remarks"),
    [
        pytest.param(
            {"rules": [{"releases": "==1.2", "requirements": "anyio"}]},
            ["Dependency rule 1 matches no known release."],
            id="a rule that matches nothing",
        ),
        pytest.param(
            {
                "restrictions": [
                    {"releases": "<2", "pythons": ">=3.10", "order": 20},
                    {"releases": "", "pythons": "<3.11", "order": 10},
                ]
            },
            [f"Python restriction 1 never decides: Python restriction 2 {FIRST}."],
            id="a restriction that another one hides, by their order",
        ),
        pytest.param(
            {"picks": [{"version": "1.5"}]},
            ["The pinned pick 1.5 is not on the index; it has 1.1.1 and 2.0a1."],
            id="a pinned pick that is not there",
        ),
        pytest.param(
            {"picks": [{"version": "2.0"}], "holds": [{"releases": "<2.1"}]},
            ["The pinned pick 2.0 is kept out: held (broken)."],
            id="a pinned pick that a hold catches",
        ),
        pytest.param(
            {"picks": [{"version": "3.0"}]},
            [f"The pinned pick 3.0 would be picked without the pin, too: {LATEST}."],
            id="a pinned pick without effect",
        ),
        pytest.param(
            {"holds": [{"releases": "==0.1"}]},
            ["Hold 1 matches no known release."],
            id="a hold that matches nothing",
        ),
        pytest.param(
            {"holds": [{"releases": "==1.1"}]},
            ["Hold 1 keeps out nothing that would be picked without it."],
            id="a hold without effect",
        ),
        pytest.param(
            {"holds": [{"ends_on": "2026-03-01"}]},
            ["Hold 1 ended on 2026-03-01: it keeps nothing out any more."],
            id="a hold that has ended",
        ),
        pytest.param(
            {"holds": [{"starts_on": "2026-04-01"}]},
            ["Hold 1 begins on 2026-04-01: it keeps nothing out yet."],
            id="a hold that has not begun",
        ),
    ],
)  # fmt: skip
def test_rows_of_the_form_that_do_nothing_are_told(
    parts: dict[str, Any], remarks: list[str], crates: Integration
) -> None:
    found = preview(a_draft(crates.group, {}, of=crates, **parts), now=NOW)

    said = [remark.text for remark in found.remarks if remark.field]
    assert said == remarks


def test_each_field_says_what_it_matches(crates: Integration) -> None:
    draft = a_draft(
        crates.group,
        {"include": "<3.1b1", "minimum": "1.1"},
        of=crates,
        rules=[{"releases": "", "requirements": "h11"}, {"releases": "<2", "requirements": "x"}],
    )

    found = {match.field: match for match in preview(draft, now=NOW).matches}

    assert list(found) == ["minimum", "include", "rules-1-releases"]
    assert [len(match.matched.versions) for match in found.values()] == [9, 10, 4]
    assert found["include"].matched.surprises == (
        "<3.1b1 still matches 3.1a1; <3.1 leaves out every prerelease of 3.1.",
    )


def test_a_project_that_was_never_read_is_said_to_be_so(sdk: Sdk) -> None:
    found = preview(a_draft(sdk.groups.get(), {}), now=NOW)

    assert found.problem == "The index page of crates was never read. Poll the index."
    assert found.lacking == {"crates": frozenset()}
    assert (found.summary, found.parts, found.matches) == ("", (), ())


def test_metadata_that_nobody_read_is_named_and_nothing_is_guessed(sdk: Sdk) -> None:
    poll(index_of(sdk), ["crates"], at=NOW, wanted=lambda *_: ())

    found = preview(a_draft(sdk.groups.get(), {"include": "<2,>=1.1"}), now=NOW)

    assert found.problem == (
        "Which Pythons crates 1.1.1 declares is not known yet: no run has needed that metadata so "
        "far."
    )
    assert found.lacking == {"crates": frozenset({"1.1.1"})}
    assert len(found.matches[0].matched.versions) == 2


def test_holds_of_the_sdk_count_in_a_preview(crates: Integration) -> None:
    a_hold(sdk=crates.sdk, project="crates", releases=">=3")

    found = preview(a_draft(crates.group, {}, of=crates), now=NOW)

    assert found.summary.startswith("No changes.")
    assert found.after is not None
    assert [str(row.version) for row in found.after.rows] == ["0.9", "1.1.1", "2.1"]


@pytest.mark.parametrize("rows", [1, 40])
def test_a_preview_takes_as_many_queries_however_much_there_is(
    rows: int, crates: Integration
) -> None:
    for number in range(rows):
        save(a_draft(crates.group, {"name": f"other{number}"}))
    a_rule = {"releases": "<2", "requirements": "anyio"}
    draft = a_draft(crates.group, {}, of=crates, rules=[a_rule] * rows, holds=[{}] * 2)

    with CaptureQueriesContext(connection) as captured:
        found = preview(draft, now=NOW)

    assert not found.problem
    assert len(captured) == 14
    assert all(query["sql"].startswith("SELECT") for query in captured)
    assert Hold.objects.count() == 0

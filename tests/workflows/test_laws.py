"""Laws of rendered workflows over matrices that a catalogue could hold."""

from dataclasses import replace

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix.rules.parts import IntegrationPart, LayoutPart
from matrix.rules.rendering import (
    check_workflow_frame,
    render_files,
    render_workflow_into,
)
from tests.support.parts import LAYOUTS, PARTS
from tests.support.toxfile import environments
from tests.workflows.makers import JAVA, MAIN, POSTGRES, a_ci, entries, named, workflows

NAMES = st.sampled_from([(), ("postgres",), ("java", "postgres"), ("nobody",)])
CIS = st.builds(
    lambda groups, integrations, containers: a_ci(
        services=(JAVA, POSTGRES),
        group_services=tuple(sorted(groups.items())),
        integration_services=tuple(sorted(integrations.items())),
        container_pythons=containers,
    ),
    st.dictionaries(st.sampled_from(["Network", "AI", "Web 1"]), NAMES),
    st.dictionaries(st.sampled_from(["httpx", "openai-base"]), NAMES),
    st.sampled_from([(), ("3.6",), ("3.6", "3.7", "3.14t")]),
)
MATRICES = st.builds(lambda layout, ci: replace(layout, ci=ci), LAYOUTS, CIS)
EACH = settings(max_examples=60, deadline=None)


def advisory(parts: list[IntegrationPart]) -> set[str]:
    return {
        f"{python.factor}-{part.name}-"
        for part in parts
        for row in part.rows
        if row.is_advisory
        for python in row.pythons
    }


@EACH
@given(layout=MATRICES, parts=PARTS)
def test_workflows_run_what_the_tox_ini_names_but_its_aliases_each_once(
    layout: LayoutPart, parts: list[IntegrationPart]
) -> None:
    own = environments(render_files(layout, parts)["tox.ini"])

    runs = list(named(workflows(layout, parts)))

    assert len(runs) == len(set(runs))
    assert sorted(runs) == sorted(name for name in own if not name.endswith("-latest"))


@EACH
@given(layout=MATRICES, parts=PARTS)
def test_every_workflow_but_the_advisory_one_is_called_and_needed(
    layout: LayoutPart, parts: list[IntegrationPart]
) -> None:
    found = workflows(layout, parts)
    jobs = found[MAIN]["jobs"]
    gate = jobs["all-tests-passed"]

    calls = {name: job["uses"][2:] for name, job in jobs.items() if job is not gate}
    assert set(calls.values()) == set(found) - {MAIN}
    needed = {calls[name] for name in gate.get("needs", [])}
    assert set(found) - {MAIN} - needed <= {".github/workflows/test-integrations-advisory.yml"}
    for path in set(found) - {MAIN}:
        may_fail = found[path]["jobs"]["tests"].get("continue-on-error", False)
        assert may_fail is (path not in needed)
        names = list(named({path: found[path]}))
        if may_fail:
            assert all(any(name.startswith(each) for each in advisory(parts)) for name in names)


@EACH
@given(layout=MATRICES, parts=PARTS)
def test_a_job_has_the_services_of_its_group_and_its_integration(
    layout: LayoutPart, parts: list[IntegrationPart]
) -> None:
    ci = layout.ci
    assert ci is not None
    groups = {part.name: part.group for part in parts}

    for path, workflow in workflows(layout, parts).items():
        for entry in entries(workflow) if path != MAIN else ():
            wanted = {
                *dict(ci.group_services).get(groups[entry["integration"]], ()),
                *dict(ci.integration_services).get(entry["integration"], ()),
            }
            assert entry.get("services", []) == sorted(wanted - {"nobody"})
            image = f"python:{entry['python']}"
            assert entry.get("container") == (
                image if entry["python"] in ci.container_pythons else None
            )


@EACH
@given(layout=MATRICES, parts=PARTS, seed=st.randoms(use_true_random=False))
def test_order_plays_no_role_and_rendering_into_the_result_changes_nothing(
    layout: LayoutPart, parts: list[IntegrationPart], seed: object
) -> None:
    files = render_files(layout, parts)
    shuffled = list(parts)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]

    assert render_files(layout, shuffled) == files
    for path, text in files.items():
        if path != "tox.ini":
            assert check_workflow_frame(text, path) == []
            assert render_workflow_into(text, path, layout, shuffled) == text
            assert isinstance(yaml.safe_load(text), dict)

"""Which jobs there are, what they need, and which of them the gate waits for."""

from dataclasses import replace

import pytest
import yaml

from matrix.rules.ci import Service
from matrix.rules.parts import read, write
from matrix.rules.rendering import render_files
from tests.support.parts import a_layout, a_part, a_row
from tests.support.toxfile import environments
from tests.workflows.makers import (
    JAVA,
    MAIN,
    POSTGRES,
    RECORDED,
    a_ci,
    entries,
    named,
    path_of,
    recorded_parts,
    steps,
    with_ci,
    workflows,
)

GROUPS = (
    "MCP", "Agents", "AI Workflow", "AI", "Cloud", "DBs", "Flags", "GraphQL", "Network", "Tasks",
    "Web 1", "Web 2", "Misc",
)  # fmt: skip
DJANGO = a_part("django", group="Web", rows=[a_row("1.11", "3.6 3.7"), a_row("5.2", "3.12 3.14t")])
FLASK = a_part("flask", group="Web", rows=[a_row("3.1", "3.12")])


def test_without_settings_of_ci_there_are_no_workflows_and_the_layout_keeps_its_bytes() -> None:
    layout = a_layout("Web")

    assert list(render_files(layout, [DJANGO])) == ["tox.ini"]
    assert write(layout) == (
        '{"frame":"","groups":["Web"],"kind":"layout","pins_style":"none","schema":1,'
        '"sdk":"example-sdk"}'
    )


def test_a_layout_with_ci_is_read_as_it_was_written() -> None:
    ci = a_ci(group_services=(("Web", ("postgres",)),), frames=((MAIN, "jobs:\n"),))
    layout = replace(a_layout("Web"), ci=ci)

    assert read(write(layout)) == layout
    assert '"schema":2' in write(layout)


# --- Which environments --------------------------------------------------------------------------


def test_the_recorded_matrix_runs_each_environment_of_its_tox_ini_once_and_no_alias() -> None:
    parts = recorded_parts()
    layout = with_ci(*GROUPS)
    files = render_files(layout, parts)

    runs = list(named(workflows(layout, parts)))

    own = environments(files["tox.ini"])
    assert own == environments(RECORDED)
    assert len(parts) == 61
    assert len(files) == 1 + 1 + 13 + 1  # tox.ini, the one that calls, the groups, the advisory.
    assert len(runs) == len(set(runs)) == 573
    assert sorted(runs) == sorted(name for name in own if not name.endswith("-latest"))


def test_each_integration_has_one_job_for_each_python() -> None:
    part = a_part("httpx", rows=[a_row("0.16.1", "3.9 3.10"), a_row("0.28.1", "3.10 3.14t")])

    found = workflows(with_ci("Network"), [part])[path_of("network")]

    assert entries(found) == [
        {"integration": "httpx", "python": "3.9", "environments": "py3.9-httpx-v0.16.1"},
        {
            "integration": "httpx",
            "python": "3.10",
            "environments": "py3.10-httpx-v0.16.1,py3.10-httpx-v0.28.1",
        },
        {"integration": "httpx", "python": "3.14t", "environments": "py3.14t-httpx-v0.28.1"},
    ]


def test_what_is_advisory_runs_apart_may_fail_and_the_gate_does_not_wait_for_it() -> None:
    part = a_part(rows=[a_row("1.0", "3.9"), a_row("2.0rc1", "3.9", is_advisory=True)])

    found = workflows(with_ci("Network"), [part])

    assert [entry["environments"] for entry in entries(found[path_of("network")])] == [
        "py3.9-httpx-v1.0"
    ]
    assert [entry["environments"] for entry in entries(found[path_of("advisory")])] == [
        "py3.9-httpx-v2.0rc1"
    ]
    assert found[path_of("advisory")]["jobs"]["tests"]["continue-on-error"] is True
    assert "continue-on-error" not in found[path_of("network")]["jobs"]["tests"]
    main = found[MAIN]["jobs"]
    assert main["test-advisory"]["uses"] == f"./{path_of('advisory')}"
    assert main["all-tests-passed"]["needs"] == ["test-network"]


def test_the_gate_always_runs_and_fails_where_a_needed_job_failed_or_was_cancelled() -> None:
    layout = with_ci("Web", extra_needs=("coverage", "test-web"))

    gate = workflows(layout, [DJANGO, FLASK])[MAIN]["jobs"]["all-tests-passed"]

    assert gate == {
        "name": "All tests passed",
        "if": "${{ always() }}",
        "needs": ["test-web", "coverage"],
        "runs-on": "ubuntu-24.04",
        "timeout-minutes": 5,
        "steps": [
            {
                "name": "Fail where a job failed or was cancelled",
                "if": "${{ contains(needs.*.result, 'failure') || "
                "contains(needs.*.result, 'cancelled') }}",
                "run": "exit 1",
            }
        ],
    }


def test_a_gate_of_nothing_needs_nothing() -> None:
    part = a_part(rows=[a_row("2.0rc1", is_advisory=True)])

    found = workflows(with_ci("Network"), [part])

    assert set(found) == {MAIN, path_of("advisory")}
    assert "needs" not in found[MAIN]["jobs"]["all-tests-passed"]


# --- Splitting and names -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("integrations", "sizes"),
    [(128, [256]), (129, [256, 2]), (150, [256, 44]), (300, [256, 256, 88])],
)
def test_a_group_of_many_jobs_is_split_where_github_ends_a_matrix(
    integrations: int, sizes: list[int]
) -> None:
    parts = [
        a_part(f"kit{n}", group="Big", rows=[a_row("1.0", "3.9 3.12")]) for n in range(integrations)
    ]

    found = workflows(with_ci("Big"), parts)

    slugs = ["big", "big--2", "big--3"][: len(sizes)]
    assert set(found) == {MAIN, *map(path_of, slugs)}
    assert [len(entries(found[path_of(slug)])) for slug in slugs] == sizes
    assert found[MAIN]["jobs"]["all-tests-passed"]["needs"] == [f"test-{slug}" for slug in slugs]
    assert len(set(named(found))) == 2 * integrations


@pytest.mark.parametrize(
    ("groups", "slugs"),
    [
        pytest.param(["Web 1", "AI Workflow"], ["web-1", "ai-workflow"], id="plain"),
        pytest.param(["Web 1", "Web-1"], ["web-1_", "web-1_"], id="the same slug"),
        pytest.param(["日本", "-"], ["group_", "group_"], id="no letters"),
        pytest.param(["Advisory"], ["advisory_"], id="the name of another file"),
        pytest.param(["Big", "Big--2"], ["big", "big-2"], id="like a piece of another"),
    ],
)
def test_groups_never_share_a_file(groups: list[str], slugs: list[str]) -> None:
    rows = [a_row("1.0", "3.9"), a_row("2.0rc1", "3.9", is_advisory=True)]
    parts = [a_part(f"kit{n}", group=group, rows=rows) for n, group in enumerate(groups)]

    found = workflows(with_ci(*groups), parts)

    jobs = found[MAIN]["jobs"]
    assert len(found) == len(groups) + 2
    assert [job["name"] for job in jobs.values()] == [*groups, "Advisory", "All tests passed"]
    assert [name.removeprefix("test-").partition("_")[0] for name in list(jobs)[: len(groups)]] == [
        slug.partition("_")[0] for slug in slugs
    ]


def test_the_order_of_parts_plays_no_role_and_that_of_groups_is_theirs() -> None:
    parts = [DJANGO, FLASK, a_part()]

    there = render_files(with_ci("Network", "Web"), parts)

    assert render_files(with_ci("Network", "Web"), parts[::-1]) == there
    assert list(yaml.safe_load(there[MAIN])["jobs"])[:2] == ["test-network", "test-web"]


# --- Containers and services ---------------------------------------------------------------------


def test_pythons_that_the_runner_lacks_run_in_a_container_of_theirs() -> None:
    found = workflows(with_ci("Web"), [DJANGO, FLASK])[path_of("web")]

    job = found["jobs"]["tests"]
    assert [entry.get("container") for entry in entries(found)] == [
        "python:3.6",
        "python:3.7",
        None,
        None,
        None,
    ]
    assert job["container"] == "${{ matrix.container }}"
    assert {name: step.get("if") for name, step in steps(found).items()} == {
        "Check out": None,
        "Trust the checkout": "${{ matrix.container }}",
        "Set up Python ${{ matrix.python }}": "${{ !matrix.container }}",
        "Install": "${{ !matrix.container }}",
        "Install in the container": "${{ matrix.container }}",
        "Test ${{ matrix.integration }} on Python ${{ matrix.python }}": None,
    }


def test_a_workflow_without_such_pythons_says_nothing_of_containers() -> None:
    found = workflows(with_ci("Web"), [FLASK])[path_of("web")]

    assert "container" not in found["jobs"]["tests"]
    assert list(steps(found)) == [
        "Check out",
        "Set up Python ${{ matrix.python }}",
        "Install",
        "Test ${{ matrix.integration }} on Python ${{ matrix.python }}",
    ]
    assert not any("if" in step for step in steps(found).values())


def test_a_service_of_the_group_is_there_for_all_of_its_jobs() -> None:
    layout = with_ci("Web", group_services=(("Web", ("postgres",)), ("Other", ("java",))))

    found = workflows(layout, [FLASK])[path_of("web")]

    assert found["jobs"]["tests"]["services"] == {
        "postgres": {
            "image": "postgres:18",
            "env": {"POSTGRES_PASSWORD": "postgres"},
            "ports": ["5432:5432"],
            "options": '--health-cmd "pg_isready -U postgres" '
            "--health-interval 5s --health-timeout 5s --health-retries 20",
        }
    }
    assert steps(found)["Tell the tests about postgres"] == {
        "name": "Tell the tests about postgres",
        "env": {"POSTGRES_URL": "postgres://localhost:5432/", "POSTGRES_USER": "postgres"},
        "run": 'echo "POSTGRES_URL=$POSTGRES_URL" >> "$GITHUB_ENV"\n'
        'echo "POSTGRES_USER=$POSTGRES_USER" >> "$GITHUB_ENV"',
    }


def test_a_service_of_an_integration_is_there_for_its_jobs_alone() -> None:
    layout = with_ci("Web", integration_services=(("django", ("java", "postgres")),))

    found = workflows(layout, [DJANGO, FLASK])[path_of("web")]

    assert [(entry["integration"], entry["services"]) for entry in entries(found)] == [
        *[("django", ["java", "postgres"])] * 4,
        ("flask", []),
    ]
    assert found["jobs"]["tests"]["services"]["postgres"]["image"] == (
        "${{ contains(matrix.services, 'postgres') && 'postgres:18' || '' }}"
    )
    conditions = {name: step.get("if") for name, step in steps(found).items()}
    assert conditions["Set up java"] == "${{ contains(matrix.services, 'java') }}"
    assert conditions["Prepare java"] == "${{ contains(matrix.services, 'java') }}"
    assert (
        conditions["Tell the tests about postgres"]
        == "${{ contains(matrix.services, 'postgres') }}"
    )


def test_tests_in_a_container_reach_a_service_by_its_name() -> None:
    layout = with_ci("Web", group_services=(("Web", ("postgres",)),))

    found = workflows(layout, [DJANGO])[path_of("web")]

    assert steps(found)["Tell the tests about postgres"]["env"]["POSTGRES_URL"] == (
        "postgres://${{ matrix.container && 'postgres' || 'localhost' }}:5432/"
    )


def test_a_service_of_steps_needs_no_container() -> None:
    layout = with_ci("Web", group_services=(("Web", ("java", "unknown")),))

    found = workflows(layout, [FLASK])[path_of("web")]

    assert "services" not in found["jobs"]["tests"]
    assert steps(found)["Set up java"]["uses"] == "actions/setup-java@v5"
    assert steps(found)["Set up java"]["with"] == {"distribution": "temurin", "java-version": "21"}
    assert steps(found)["Prepare java"]["run"] == "java -version\njavac -version"
    assert layout.ci is not None
    assert layout.ci.unknown_services == ["unknown"]


def test_settings_stand_where_they_belong() -> None:
    layout = with_ci(
        "Web",
        runner=("self-hosted", "linux"),
        timeout_minutes=7,
        passes_secrets=True,
        install="",
        checkout_action="actions/checkout@0123456",
    )

    found = workflows(layout, [FLASK])

    job = found[path_of("web")]["jobs"]["tests"]
    assert (job["runs-on"], job["timeout-minutes"]) == (["self-hosted", "linux"], 7)
    assert job["strategy"]["fail-fast"] is False
    assert "Install" not in steps(found[path_of("web")])
    assert steps(found[path_of("web")])["Check out"]["uses"] == "actions/checkout@0123456"
    assert found[MAIN]["jobs"]["test-web"] == {
        "name": "Web",
        "uses": f"./{path_of('web')}",
        "secrets": "inherit",
    }


def test_names_of_environments_reach_the_command_through_a_variable() -> None:
    found = workflows(with_ci("Web"), [FLASK])[path_of("web")]

    assert steps(found)["Test ${{ matrix.integration }} on Python ${{ matrix.python }}"] == {
        "name": "Test ${{ matrix.integration }} on Python ${{ matrix.python }}",
        "env": {"ENVIRONMENTS": "${{ matrix.environments }}"},
        "run": 'python -m tox run -e "$ENVIRONMENTS"',
    }


# --- Nothing that a catalogue says becomes something else -----------------------------------------

HOSTILE = [
    "${{ github.token }}",
    "x }}",
    'a"\n      - run: evil',
    "a: b # c",
    "- yes",
    "'; exit 1 #",
    "# END GENERATED: job",
    "*anchor",
    "",
]


def shown(text: str) -> str:
    """What GitHub makes of a text, with no expression of ours in it."""
    return text.replace("${{ '${{' }}", "${{")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_change_neither_the_structure_nor_are_they_evaluated(text: str) -> None:
    service = Service(
        name="postgres",
        image=f"i{text}",
        ports=(text,),
        environment=(("A", text), (text, "B")),
        health_command=text,
        options=text,
        action=f"a{text}",
        inputs=(("A", text),),
        commands=f"c{text}",
        variables=(("A", f"{text}{{host}}"),),
    )
    layout = with_ci(
        f"Web{text}",
        services=(service,),
        group_services=((f"Web{text}", ("postgres",)),),
        install=f"i{text}",
        test=f"t{text}",
        runner=(text,),
        checkout_action=text,
    )

    found = workflows(layout, [replace(FLASK, group=f"Web{text}")])

    (web,) = (each for path, each in found.items() if path != MAIN)
    job = web["jobs"]["tests"]
    container = job["services"]["postgres"]
    written = [web["name"], job["runs-on"], container["image"], *container["ports"]]
    written += [*container["env"].values(), container.get("options", "")]
    written += [step.get("run", "") for step in job["steps"]]
    assert set(found[MAIN]["jobs"]) >= {"all-tests-passed"}
    assert set(job) == {
        "name", "runs-on", "timeout-minutes", "services", "defaults", "strategy", "steps",
    }  # fmt: skip
    assert [step["name"] for step in job["steps"]] == [
        "Check out",
        "Set up Python ${{ matrix.python }}",
        "Set up postgres",
        "Prepare postgres",
        "Tell the tests about postgres",
        "Install",
        "Test ${{ matrix.integration }} on Python ${{ matrix.python }}",
    ]
    assert not any("${{" in each.replace("${{ '${{' }}", "") for each in written)
    assert shown(container["image"]) == f"i{text}"
    assert shown(container["env"]["A"]) == text
    assert shown(steps(web)["Prepare postgres"]["run"]) == f"c{text}"
    assert shown(steps(web)["Tell the tests about postgres"]["env"]["A"]) == f"{text}localhost"


def test_an_image_inside_an_expression_stays_a_text() -> None:
    service = replace(POSTGRES, image="it's }} ${{ x }}")
    layout = with_ci(
        "Web", services=(JAVA, service), integration_services=(("django", ("postgres",)),)
    )

    found = workflows(layout, [DJANGO, FLASK])[path_of("web")]

    assert found["jobs"]["tests"]["services"]["postgres"]["image"] == (
        "${{ contains(matrix.services, 'postgres') && 'it''s }} ${{ x }}' || '' }}"
    )

"""How long it takes to render the CI workflows of an SDK."""

from dataclasses import replace

from bench.rendering import INTEGRATIONS, LAYOUT, MANY, a_part, best_of
from bench.report import Row as Measured
from bench.report import print_rows
from matrix.rules.ci import Ci, Service
from matrix.rules.parts import IntegrationPart
from matrix.rules.rendering import GROUP_FRAME, MAIN_FRAME
from matrix.rules.rendering.workflows import workflow_files

GROUPS = 13  # As many as the largest catalogue that we know.
CI = Ci(
    runner=("ubuntu-24.04",),
    container_pythons=("3.9",),
    install="python -m pip install tox tox-uv",
    container_install="python -m pip install tox",
    test='python -m tox run -e "$ENVIRONMENTS"',
    checkout_action="actions/checkout@v5",
    python_action="actions/setup-python@v6",
    services=tuple(
        Service(
            name=name,
            image=f"{name}:1",
            ports=("1234:1234",),
            health_command="true",
            variables=(("HOST", "{host}"),),
        )
        for name in ("postgres", "redis")
    ),
    group_services=(("Group 1", ("postgres",)),),
    integration_services=(("integration-2", ("redis",)),),
    group_frame=GROUP_FRAME,
    main_frame=MAIN_FRAME,
)


def parts_of(count: int) -> list[IntegrationPart]:
    found = (a_part(number) for number in range(count))
    return [replace(part, group=f"Group {n % GROUPS}") for n, part in enumerate(found)]


def run() -> list[Measured]:
    """Measure at both sizes; the many are allowed what is linear, with half on top."""
    layout = replace(LAYOUT, ci=CI)
    few, many = parts_of(INTEGRATIONS), parts_of(MANY)
    seconds = best_of(lambda: workflow_files(layout, few))
    return [
        Measured(
            work=f"workflows of {INTEGRATIONS} integrations in {GROUPS} groups",
            seconds=seconds,
            limit=0.3,
        ),
        Measured(
            work=f"workflows of {MANY} integrations: linear",
            seconds=best_of(lambda: workflow_files(layout, many)),
            floor=seconds * MANY / INTEGRATIONS,
            limit=1.5,
        ),
    ]


if __name__ == "__main__":
    print_rows(run())

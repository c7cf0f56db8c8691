"""
The regions of workflow files as plain values, which ``yaml.py`` writes.

GitHub evaluates ``${{ }}`` wherever it finds it, also inside a command line. The catalogue refuses
it, and :func:`literal` writes it so that it stays text. Commands get names and versions through
variables of the environment, never spliced into their text.
"""

from collections.abc import Iterator, Mapping, Sequence

from matrix.rules.ci import Ci, Pairs, Service
from matrix.rules.rendering.workflows_jobs import Job, Workflow
from matrix.rules.rendering.yaml import Node

GATE = "all-tests-passed"
GATE_TITLE = "All tests passed"
IN_CONTAINER = "${{ matrix.container }}"
ON_RUNNER = "${{ !matrix.container }}"
HOST = "{host}"
HEALTH = "--health-interval 5s --health-timeout 5s --health-retries 20"
Step = dict[str, Node]


def literal(text: str) -> str:
    """Write *text* so that GitHub evaluates no expression in it."""
    return text.replace("${{", "${{ '${{' }}")


def _quoted(text: str) -> str:
    """Write a text inside an expression."""
    return "'" + text.replace("'", "''") + "'"


def _needs(service: Service) -> str:
    return f"contains(matrix.services, {_quoted(service.name)})"


# --- Reusable workflows --------------------------------------------------------------------------


def name_region(workflow: Workflow) -> Node:
    return {"name": f"Test {literal(workflow.title)}"}


def job_region(workflow: Workflow, ci: Ci) -> Node:
    """Return all of a job but its steps."""
    job: dict[str, Node] = {
        "name": "${{ matrix.integration }} (${{ matrix.python }})",
        "runs-on": _runner(ci),
        "timeout-minutes": ci.timeout_minutes,
    }
    if workflow.is_advisory:
        job["continue-on-error"] = True
    if workflow.has_containers:
        job["container"] = IN_CONTAINER
    if containers := {
        service.name: _container(service, workflow)
        for service in workflow.services
        if service.image
    }:
        job["services"] = containers
    job["defaults"] = {"run": {"shell": "bash"}}
    entries = [_entry(each, has_services=bool(workflow.services)) for each in workflow.jobs]
    job["strategy"] = {"fail-fast": False, "matrix": {"include": entries}}
    return job


def _runner(ci: Ci) -> Node:
    labels = [literal(label) for label in ci.runner]
    return labels[0] if len(labels) == 1 else labels


def _entry(job: Job, *, has_services: bool) -> Node:
    entry: dict[str, Node] = {
        "integration": job.integration,
        "python": str(job.python),
        "environments": ",".join(job.environments),
    }
    if has_services:
        entry["services"] = [service.name for service in job.services]
    if job.container:
        entry["container"] = literal(job.container)
    return entry


def _container(service: Service, workflow: Workflow) -> Node:
    """Describe a container; GitHub starts none whose image is empty."""
    image = literal(service.image)
    if not workflow.is_for_all(service):
        image = f"${{{{ {_needs(service)} && {_quoted(service.image)} || '' }}}}"
    found: dict[str, Node] = {"image": image}
    if service.environment:
        found["env"] = _variables(service.environment)
    if service.ports:
        found["ports"] = [literal(port) for port in service.ports]
    health = f'--health-cmd "{service.health_command}" {HEALTH}' if service.health_command else ""
    if options := " ".join(filter(None, [service.options, health])):
        found["options"] = literal(options)
    return found


def _variables(pairs: Pairs) -> Mapping[str, Node]:
    return {name: literal(value) for name, value in pairs}


def setup_region(workflow: Workflow, ci: Ci) -> Node:
    """Return the steps before the tests."""
    steps: list[Step] = [{"name": "Check out", "uses": literal(ci.checkout_action)}]
    if workflow.has_containers:
        steps.append(
            {
                "name": "Trust the checkout",
                "if": IN_CONTAINER,
                "run": 'git config --global --add safe.directory "$GITHUB_WORKSPACE"',
            }
        )
    python: Step = {
        "name": "Set up Python ${{ matrix.python }}",
        "uses": literal(ci.python_action),
        "with": {"python-version": "${{ matrix.python }}", "allow-prereleases": True},
    }
    steps.append(_on_runner(python, workflow))
    for service in workflow.services:
        steps += _service_steps(service, workflow)
    return [*steps, *_install_steps(workflow, ci)]


def _on_runner(step: Step, workflow: Workflow) -> Step:
    """Leave the step out of jobs in a container, where there are any."""
    name, rest = {"name": step["name"]}, {key: step[key] for key in step if key != "name"}
    return {**name, "if": ON_RUNNER, **rest} if workflow.has_containers else step


def _install_steps(workflow: Workflow, ci: Ci) -> Iterator[Step]:
    if ci.install:
        yield _on_runner({"name": "Install", "run": literal(ci.install)}, workflow)
    if workflow.has_containers and ci.container_install:
        yield {
            "name": "Install in the container",
            "if": IN_CONTAINER,
            "run": literal(ci.container_install),
        }


def _service_steps(service: Service, workflow: Workflow) -> Iterator[Step]:
    only: Step = {} if workflow.is_for_all(service) else {"if": f"${{{{ {_needs(service)} }}}}"}
    if service.action:
        inputs: Step = {"with": _variables(service.inputs)} if service.inputs else {}
        uses = literal(service.action)
        yield {"name": f"Set up {service.name}", **only, "uses": uses, **inputs}
    if service.commands:
        yield {"name": f"Prepare {service.name}", **only, "run": literal(service.commands)}
    if service.variables:
        names = [name for name, _ in service.variables]
        yield {
            "name": f"Tell the tests about {service.name}",
            **only,
            "env": {name: _of_tests(value, service, workflow) for name, value in service.variables},
            "run": _exports(names),
        }


def _of_tests(value: str, service: Service, workflow: Workflow) -> str:
    """Put in the host: a container reaches a service by its name, a runner by mapped ports."""
    host = "localhost"
    if workflow.has_containers:
        host = f"${{{{ matrix.container && {_quoted(service.name)} || 'localhost' }}}}"
    return host.join(map(literal, value.split(HOST)))


def _exports(names: Sequence[str]) -> str:
    lines = [f'echo "{name}=${name}" >> "$GITHUB_ENV"' for name in names]
    return "\n".join(lines)


def tests_region(ci: Ci) -> Node:
    return [
        {
            "name": "Test ${{ matrix.integration }} on Python ${{ matrix.python }}",
            "env": {"ENVIRONMENTS": "${{ matrix.environments }}"},
            "run": literal(ci.test),
        }
    ]


# --- The workflow that calls them ----------------------------------------------------------------


def job_id(workflow: Workflow) -> str:
    return f"test-{workflow.slug}"


def jobs_region(workflows: Sequence[Workflow], ci: Ci) -> Node:
    secrets: dict[str, Node] = {"secrets": "inherit"} if ci.passes_secrets else {}
    return {
        job_id(workflow): {
            "name": literal(workflow.title),
            "uses": f"./{workflow.path}",
            **secrets,
        }
        for workflow in workflows
    }


def gate_region(workflows: Sequence[Workflow], ci: Ci) -> Node:
    """Return the one job that a branch protection has to name; what is advisory plays no role."""
    needs = [job_id(workflow) for workflow in workflows if not workflow.is_advisory]
    needs += [name for name in ci.extra_needs if name not in needs]
    gate: dict[str, Node] = {"name": GATE_TITLE, "if": "${{ always() }}"}
    if needs:
        gate["needs"] = needs
    failed = " || ".join(f"contains(needs.*.result, '{how}')" for how in ("failure", "cancelled"))
    return {
        GATE: {
            **gate,
            "runs-on": _runner(ci),
            "timeout-minutes": 5,
            "steps": [
                {
                    "name": "Fail where a job failed or was cancelled",
                    "if": f"${{{{ {failed} }}}}",
                    "run": "exit 1",
                }
            ],
        }
    }

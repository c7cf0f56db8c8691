"""GitHub workflows from groups, services and rows."""

from collections.abc import Iterable, Mapping

from matrix.rules.parts import IntegrationPart, LayoutPart
from matrix.rules.rendering.workflows_frame import fill_workflow, strip_workflow_frame
from matrix.rules.rendering.workflows_jobs import MAIN, workflows_of
from matrix.rules.rendering.workflows_steps import (
    gate_region,
    job_region,
    jobs_region,
    name_region,
    setup_region,
    tests_region,
)
from matrix.rules.rendering.yaml import Node, yaml_lines

Lines = Mapping[str, list[str]]  # By region.


def workflow_lines(layout: LayoutPart, parts: Iterable[IntegrationPart]) -> dict[str, Lines]:
    """Return the lines of the regions of each workflow file, by its path; none without CI."""
    ci = layout.ci
    if ci is None:
        return {}
    workflows = workflows_of(layout, ci, parts)
    found = {
        workflow.path: _written(
            name=name_region(workflow),
            job=job_region(workflow, ci),
            setup=setup_region(workflow, ci),
            tests=tests_region(ci),
        )
        for workflow in workflows
    }
    main = _written(jobs=jobs_region(workflows, ci), gate=gate_region(workflows, ci))
    return {MAIN: main, **found}


def _written(**regions: Node) -> Lines:
    return {name: yaml_lines(node) for name, node in regions.items()}


def workflow_files(layout: LayoutPart, parts: Iterable[IntegrationPart]) -> dict[str, str]:
    """
    Return every workflow file by its path; none without CI. The order of *parts* plays no role.

    Raises FrameError when a frame that the repository gave lacks a region.
    """
    return {
        path: fill_workflow(frame_at(layout, path), path, lines)
        for path, lines in workflow_lines(layout, parts).items()
    }


def frame_at(layout: LayoutPart, path: str) -> str:
    """Return the frame of a workflow file: the one that the repository gave, else the default."""
    ci = layout.ci
    assert ci is not None
    default = ci.main_frame if path == MAIN else ci.group_frame
    return strip_workflow_frame(dict(ci.frames).get(path, default), path)

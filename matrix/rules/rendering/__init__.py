"""From parts to the text of files. Pure: a publication renders to the same bytes for ever."""

from collections.abc import Iterable
from types import MappingProxyType

from matrix.rules.parts import IntegrationPart, LayoutPart
from matrix.rules.rendering.advice import Picked, picked_versions_named
from matrix.rules.rendering.default import DEFAULT_FRAME
from matrix.rules.rendering.factors import NamesClash
from matrix.rules.rendering.frame import (
    EditedRegion,
    RegionEdited,
    check_frame,
    edited_regions,
    fill,
    missing_regions,
    strip_frame,
)
from matrix.rules.rendering.markers import FrameError
from matrix.rules.rendering.pins import PinSets, UnknownPins, constraint_files
from matrix.rules.rendering.tox import region_lines
from matrix.rules.rendering.workflows import workflow_files, workflow_lines
from matrix.rules.rendering.workflows_frame import (
    GROUP_FRAME,
    MAIN_FRAME,
    check_workflow_frame,
    edited_workflow_regions,
    fill_workflow,
    regions_at,
    strip_workflow_frame,
)
from matrix.rules.rendering.workflows_jobs import FOLDER as WORKFLOWS
from matrix.rules.rendering.workflows_jobs import MAIN as MAIN_WORKFLOW

__all__ = [
    "DEFAULT_FRAME",
    "GROUP_FRAME",
    "MAIN_FRAME",
    "MAIN_WORKFLOW",
    "TOX_INI",
    "WORKFLOWS",
    "EditedRegion",
    "FrameError",
    "NamesClash",
    "Picked",
    "RegionEdited",
    "UnknownPins",
    "UnknownWorkflow",
    "check_frame",
    "check_workflow_frame",
    "edited_regions",
    "missing_regions",
    "picked_versions_named",
    "regions_at",
    "render_files",
    "render_into",
    "render_workflow_into",
    "strip_frame",
    "strip_workflow_frame",
]

TOX_INI = "tox.ini"
NO_PINS: PinSets = MappingProxyType({})


class UnknownWorkflow(ValueError):
    """A path at which no workflow of the SDK stands. The message names those that there are."""


def render_files(
    layout: LayoutPart, parts: Iterable[IntegrationPart], pin_sets: PinSets = NO_PINS
) -> dict[str, str]:
    """
    Return every generated file of an SDK by its path. The order of *parts* plays no role.

    *pin_sets* holds those that the rows name; a layout of the style "none" needs none of them.
    Raises FrameError when the frame lacks a region, NamesClash when tox could not tell two
    integrations apart, UnknownPins when a pin set is missing.
    """
    found = list(parts)
    frame = strip_frame(layout.frame or DEFAULT_FRAME)
    files = {TOX_INI: fill(frame, region_lines(layout, found, pin_sets))}
    return files | constraint_files(layout, found, pin_sets) | workflow_files(layout, found)


def render_into(
    text: str,
    layout: LayoutPart,
    parts: Iterable[IntegrationPart],
    pin_sets: PinSets = NO_PINS,
    *,
    discard_edits: bool = False,
) -> str:
    """
    Replace the regions of *text*, a tox.ini of the SDK's repository, and nothing else.

    The frame of *layout* plays no role: the repository owns it. Raises FrameError with every
    mistake of the file, and RegionEdited before hand-written text inside a region would get lost.
    """
    if mistakes := check_frame(text):
        raise FrameError(mistakes)
    if not discard_edits and (edited := edited_regions(text)):
        raise RegionEdited(edited)
    return fill(text, region_lines(layout, parts, pin_sets))


def render_workflow_into(
    text: str,
    path: str,
    layout: LayoutPart,
    parts: Iterable[IntegrationPart],
    *,
    discard_edits: bool = False,
) -> str:
    """
    Replace the regions of *text*, the workflow file of the SDK's repository at *path*.

    Raises UnknownWorkflow, FrameError with every mistake of the file, and RegionEdited.
    """
    generated = workflow_lines(layout, parts)
    if path not in generated:
        known = f"There are {', '.join(generated)}." if generated else "None are written."
        raise UnknownWorkflow(f"No workflow of {layout.sdk} is written to {path}. {known}")
    if mistakes := check_workflow_frame(text, path):
        raise FrameError(mistakes)
    if not discard_edits and (edited := edited_workflow_regions(text, path)):
        raise RegionEdited(edited)
    return fill_workflow(text, path, generated[path])

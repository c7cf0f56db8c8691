"""The repository owns the frame: what the portal keeps is the last one that it was given."""

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.catalogue.models import Sdk, WorkflowFrame
from integrations.catalogue.models.sdk import change_reason
from matrix.rules.rendering import (
    DEFAULT_FRAME,
    GROUP_FRAME,
    MAIN_FRAME,
    MAIN_WORKFLOW,
    strip_frame,
    strip_workflow_frame,
)
from matrix.sdk.channel import file_with, workflow_with

REASON = "The frame of the file that was rendered into."


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A file of the repository, brought up to date."""

    text: str
    is_frame_new: bool


def receive(
    sdk: Sdk, text: str, bodies: Mapping[str, str], *, discard_edits: bool, keep: bool
) -> Received:
    """
    Generate the regions of *text* anew, and store its frame when it is new and *keep* is set.

    Raises FrameError, and RegionEdited unless *discard_edits*; then nothing is stored.
    """
    rendered = file_with(text, bodies, discard_edits=discard_edits)
    frame = strip_frame(text)
    is_new = frame != strip_frame(sdk.frame if sdk.frame.strip() else DEFAULT_FRAME)
    if is_new and keep:
        sdk.frame = frame
        sdk.full_clean()
        change_reason(sdk, REASON)
        sdk.save()
    return Received(text=rendered, is_frame_new=is_new)


def receive_workflow(
    sdk: Sdk, text: str, path: str, bodies: Mapping[str, str], *, discard_edits: bool, keep: bool
) -> Received:
    """
    Do the same for the workflow file that stands at *path* in the repository.

    Raises UnknownWorkflow as well.
    """
    rendered = workflow_with(text, path, bodies, discard_edits=discard_edits)
    frame = strip_workflow_frame(text, path)
    stored = sdk.frames.filter(path=path).first()
    default = MAIN_FRAME if path == MAIN_WORKFLOW else GROUP_FRAME
    is_new = frame != strip_workflow_frame(stored.text if stored else default, path)
    if is_new and keep:
        row = stored or WorkflowFrame(sdk=sdk, path=path)
        row.text = frame
        row.full_clean()
        change_reason(row, REASON)
        row.save()
    return Received(text=rendered, is_frame_new=is_new)

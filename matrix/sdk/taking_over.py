"""Taking over what a repository has: its tox.ini becomes the frame of an SDK."""

from dataclasses import dataclass

from integrations.catalogue.models import Sdk
from integrations.catalogue.models.sdk import change_reason
from matrix.rules.rendering import strip_frame
from matrix.rules.rendering.takeover import Taken, take_over
from matrix.rules.toxini.naming import Suite, normal


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameTaken:
    taken: Taken
    is_new: bool  # Whether the SDK had another frame before.


def take_frame(sdk: Sdk, text: str, *, name: str, keep: bool) -> FrameTaken:
    """
    Make the frame of *sdk* of a tox.ini, and store it when *keep* is set.

    *name* is the file's, for the history. Raises FrameError with what stands against it, and
    ValidationError when the frame cannot be stored; then nothing is.
    """
    taken = take_over(text, suites_of(sdk))
    frame = strip_frame(taken.text)
    is_new = frame != sdk.frame
    if is_new:
        sdk.frame = frame
        sdk.full_clean()
        if keep:
            change_reason(sdk, f"The frame was taken from {name}.")
            sdk.save()
    return FrameTaken(taken=taken, is_new=is_new)


def suites_of(sdk: Sdk) -> list[Suite]:
    """Return the integrations of *sdk*, paused ones too, with what their rules install."""
    return [
        Suite(
            name=integration.name,
            project=integration.project,
            requirements=frozenset(
                normal(text) for rule in integration.rules.all() for text in rule.requirement_list
            ),
        )
        for integration in sdk.integrations.order_by("name").prefetch_related("rules")
    ]

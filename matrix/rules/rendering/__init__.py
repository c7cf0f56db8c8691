"""From parts to the text of files. Pure: a publication renders to the same bytes for ever."""

from collections.abc import Iterable
from types import MappingProxyType

from matrix.rules.parts import IntegrationPart, LayoutPart
from matrix.rules.rendering.advice import picked_versions_named
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

__all__ = [
    "DEFAULT_FRAME",
    "TOX_INI",
    "EditedRegion",
    "FrameError",
    "NamesClash",
    "RegionEdited",
    "UnknownPins",
    "check_frame",
    "edited_regions",
    "missing_regions",
    "picked_versions_named",
    "render_files",
    "render_into",
    "strip_frame",
]

TOX_INI = "tox.ini"
NO_PINS: PinSets = MappingProxyType({})


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
    return files | constraint_files(layout, found, pin_sets)


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

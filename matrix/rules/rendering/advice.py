"""What a frame says that is not a mistake yet, but will be one after the next publication."""

import re
from collections.abc import Collection, Sequence

from matrix.rules.rendering.markers import REGIONS, regions_of, split_lines


def picked_versions_named(
    text: str, names: Collection[str], known: Sequence[str] = REGIONS
) -> list[str]:
    """
    Return a sentence for each hand-written line with a version in an environment's name.

    Picks move on, and then such a line silently stops to apply: a test of an SDK lost the Java
    version that it needed that way. Raises FrameError when the markers do not pair up.
    """
    if not names:
        return []
    lines = split_lines(text)
    regions = regions_of(lines, known)
    generated = {n for region in regions for n in range(region.begin.line, region.end.line + 1)}
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest_first))})-v[\d{{][\w.,{{}}]*")
    return [
        f'Line {number}: "{found[0]}" names a picked version, which the next proposal may move. '
        f'Write "{found[1]}" or "{found[1]}-latest".'
        for number, line in enumerate(lines, start=1)
        if names and number not in generated and not line.lstrip().startswith(("#", ";"))
        for found in pattern.finditer(line)
    ]

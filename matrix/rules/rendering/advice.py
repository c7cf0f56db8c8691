"""What a frame says that is not a mistake yet, but will be one after the next publication."""

import re
from collections.abc import Collection, Mapping, Sequence

from packaging.version import Version

from matrix.rules.rendering.factors import version_factor
from matrix.rules.rendering.markers import REGIONS, regions_of, split_lines

Picked = Mapping[str, Collection[Version]]  # By the name of the integration.


def picked_versions_named(
    text: str,
    names: Collection[str],
    known: Sequence[str] = REGIONS,
    *,
    picked: Picked | None = None,
) -> list[str]:
    """
    Return a sentence for each hand-written line with a version in an environment's name.

    Picks move on, and then such a line silently stops to apply: a test of an SDK lost the Java
    version that it needed that way. With what is *picked* now the sentence says whether that has
    happened. Raises FrameError when the markers do not pair up.
    """
    if not names:
        return []
    lines = split_lines(text)
    regions = regions_of(lines, known)
    generated = {n for region in regions for n in range(region.begin.line, region.end.line + 1)}
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest_first))})-v[\d{{][\w.,{{}}]*")
    return [
        f'Line {number}: "{found[0]}" {_fate(found[0], found[1], picked)} '
        f'Write "{found[1]}" or "{found[1]}-latest".'
        for number, line in enumerate(lines, start=1)
        if names and number not in generated and not line.lstrip().startswith(("#", ";"))
        for found in pattern.finditer(line)
    ]


def _fate(text: str, name: str, picked: Picked | None) -> str:
    now = sorted(picked[name]) if picked and name in picked else None
    if now is None:
        return "names a picked version, which the next proposal may move."
    factors = set(map(version_factor, now))
    named = [f"v{each}" for each in re.split(r"[{},]", text[len(name) + 2 :]) if each]
    gone = [factor[1:] for factor in named if factor not in factors]
    if not gone:
        return "names a picked version, which the next proposal may move."
    is_picked = ", ".join(map(str, now)) or "nothing"
    verb = "is" if len(gone) == 1 else "are"
    return (
        f"names {' and '.join(gone)}, which {verb} not picked, so it does nothing for "
        f"{'it' if len(gone) == 1 else 'them'}. Picked now: {is_picked}."
    )

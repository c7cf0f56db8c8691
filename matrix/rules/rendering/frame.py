r"""
The frame of a tox.ini: hand-written text around generated regions.

Only text inside regions is ever replaced. The hash behind a region tells an edit by hand from text
that the portal wrote, without asking the portal. It is made of the lines with "\n" at their ends,
because git may turn line ends over.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matrix.rules.rendering.ini import Mistake, Outline
from matrix.rules.rendering.markers import (
    BOM,
    REGIONS,
    FrameError,
    Region,
    ending,
    regions_of,
    scan,
    sentences,
    split_lines,
)

# The settings in which tox looks for the lines of a region.
HOMES: Mapping[str, tuple[str, ...]] = {
    "envlist": ("env_list", "envlist"),
    "deps": ("deps",),
    "setenv": ("set_env", "setenv"),
    "testpaths": ("set_env", "setenv"),
}
REQUIRED = ("envlist", "deps")
# What a frame without one of the other regions lacks.
OPTIONAL = {
    "setenv": 'The frame has no region "setenv": uv may refuse the prereleases that a prerelease '
    "depends on.",
    "testpaths": 'The frame has no region "testpaths": environments are not told which tests are '
    "theirs.",
}


@dataclass(frozen=True, slots=True)
class EditedRegion:
    """A region whose text is not what its END marker says, and its lines, markers included."""

    name: str
    first_line: int
    last_line: int

    def __str__(self) -> str:
        return (
            f'Lines {self.first_line} to {self.last_line}: the region "{self.name}" was edited by '
            "hand. Take the edit back, or let it be discarded."
        )


class RegionEdited(FrameError):
    """A region that would be replaced holds text that the portal did not write."""

    def __init__(self, regions: Sequence[EditedRegion]) -> None:
        super().__init__([str(region) for region in regions])
        self.regions = tuple(regions)


def strip_frame(text: str, known: Sequence[str] = REGIONS) -> str:
    r"""
    Return the frame of a received file: its regions empty and without hashes.

    Line ends become "\n", a byte order mark goes and the last line gets its end. Raises FrameError
    when the markers do not pair up.
    """
    lines = [line.rstrip("\r\n") + "\n" for line in split_lines(text.removeprefix(BOM))]
    return replaced(lines, {}, known)


def check_frame(text: str) -> list[str]:
    """Return every mistake of a frame, or of a whole file, as sentences with line numbers."""
    lines = split_lines(text.removeprefix(BOM))
    found = scan(lines)
    mistakes = [*found.mistakes, *_ini_mistakes(lines, found.regions)]
    missing = [_missing(name) for name in REQUIRED if name not in found.named]
    return [*sentences(mistakes), *missing]


def missing_regions(text: str) -> dict[str, str]:
    """Return the optional regions that *text* lacks, each with what is lost by that."""
    named = scan(split_lines(text)).named
    return {name: loss for name, loss in OPTIONAL.items() if name not in named}


def edited_regions(text: str, known: Sequence[str] = REGIONS) -> list[EditedRegion]:
    """Return the regions that were edited by hand; needs nothing but the file itself."""
    lines = split_lines(text)
    return [
        EditedRegion(region.name, region.begin.line, region.end.line)
        for region in regions_of(lines, known)
        if _is_edited(region.inside(lines), region.end.digest)
    ]


def fill(text: str, content: Mapping[str, Sequence[str]]) -> str:
    """
    Return *text* with the lines of *content* in its regions and the hashes behind them.

    Lines are indented as their BEGIN marker is and end as it does. All else stays byte for byte.
    """
    lines = split_lines(text)
    found = {region.name for region in regions_of(lines)}
    if missing := [_missing(name) for name in REQUIRED if name not in found]:
        raise FrameError(missing)
    return replaced(lines, content)


def digest(lines: Iterable[str]) -> str:
    """Return the SHA-256 of the text of a region, whatever its line ends."""
    text = "".join(re.sub(r"\r\n?", "\n", line) for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def replaced(
    lines: Sequence[str], content: Mapping[str, Sequence[str]], known: Sequence[str] = REGIONS
) -> str:
    """Write *content* into the regions; one that it lacks becomes empty and loses its hash."""
    written: list[str] = []
    done = 0
    for region in regions_of(lines, known):
        line_end = ending(lines[region.begin.line - 1])
        indent = region.begin.indent
        end = f"{region.end.indent}# END GENERATED: {region.name}"
        new = content.get(region.name)
        inside = [f"{indent}{line}{line_end}" if line else line_end for line in new or ()]
        if new is not None:
            end += f" sha256:{digest(inside)}"
        end += ending(lines[region.end.line - 1])
        written += [*lines[done : region.begin.line], *inside, end]
        done = region.end.line
    return "".join([*written, *lines[done:]])


def _is_edited(inside: Sequence[str], expected: str | None) -> bool:
    if expected is None:
        return any(line.strip() for line in inside)
    return digest(inside) != expected


def _missing(name: str) -> str:
    section = "[tox]" if name == "envlist" else "[testenv]"
    return (
        f'The region "{name}" is missing. Put "# BEGIN GENERATED: {name}" and '
        f'"# END GENERATED: {name}" below "{HOMES[name][0]} =" in {section}.'
    )


def _ini_mistakes(lines: Sequence[str], regions: Sequence[Region]) -> list[Mistake]:
    """
    Return why configparser would refuse the frame, and which regions stand where they cannot.

    Generated lines are left out; in the place of each region stands a word, indented as they are.
    """
    probe = list(lines)
    for region in regions:
        inside = range(region.begin.line, region.end.line)
        for number in inside:
            probe[number] = "#"
        probe[region.begin.line - 1] = f"{region.begin.indent}generated ="
    outline = Outline.of(probe)
    begins = {region.begin.line for region in regions}
    return [
        *(mistake for mistake in outline.mistakes if mistake.line not in begins),
        *(mistake for region in regions for mistake in _misplaced(region, outline)),
    ]


def _misplaced(region: Region, outline: Outline) -> Iterable[Mistake]:
    if region.name not in REGIONS:
        return
    right = HOMES[region.name]
    home = outline.homes.get(region.begin.line)
    if home is None:
        yield Mistake(
            region.begin.line,
            f'the region "{region.name}" belongs to no setting. Put it below "{right[0]} =" and '
            "indent it further than that line.",
        )
    elif _belongs_elsewhere(region.name, *home):
        yield Mistake(
            region.begin.line,
            f'the region "{region.name}" stands in "{home[1]}" of [{home[0]}]. '
            f'Put it below "{right[0]} =".',
        )


def _belongs_elsewhere(name: str, section: str, setting: str) -> bool:
    """A section of one's own that tox includes by reference may call its settings as it likes."""
    if name == "envlist":
        return section != "tox" or setting not in HOMES[name]
    others = {other for region in REGIONS for other in HOMES[region]} - {*HOMES[name]}
    return setting in others

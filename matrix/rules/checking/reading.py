"""
What a file says of itself: its kind, its generated regions, and whether they were edited.

Nothing but the file is needed for that. A region was written by the portal when its text has the
hash that its END marker names; which publication wrote it is found by comparing marks.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from matrix.rules.rendering.frame import digest
from matrix.rules.rendering.markers import BOM, REGIONS, Region, Scan, scan, split_lines
from matrix.rules.rendering.pins import FOLDER, HEADING
from matrix.rules.rendering.workflows_frame import GROUP_REGIONS, MAIN_REGIONS

GENERATED = (*REGIONS, *MAIN_REGIONS, *GROUP_REGIONS)
# The markers of a file that the portal wrote: quicker by far than to scan for mistakes.
MARKERS = re.compile(
    r"^(?P<indent>[ \t]*)# (?P<kind>BEGIN|END) GENERATED: (?P<name>\S+)[^\n]*\n?", re.MULTILINE
)


MOST_MARKERS = 1000  # A hundred times as many as any file has: each mistaken one takes its time.


class Kind(Enum):
    TOX = "tox.ini"
    WORKFLOW = "CI workflow"
    CONSTRAINTS = "constraint file"
    MANIFEST = "manifest"


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells the text of one region from that of others."""

    digest: str  # Of the text as it stands there, as END markers name it.
    plain: str  # Of the text without the indentation of the region.


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundRegion:
    """A region of the file that is checked."""

    name: str
    first_line: int  # Of its markers, counted from 1.
    last_line: int
    indent: str
    lines: tuple[str, ...]  # Between the markers, without line ends.
    mark: Mark
    claimed: str  # The hash that its END marker names; "": none.

    @property
    def is_blank(self) -> bool:
        """Whether nothing was ever generated into it."""
        return not self.claimed and not any(line.strip() for line in self.lines)

    @property
    def is_edited(self) -> bool:
        return not self.is_blank and self.claimed != self.mark.digest


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedFile:
    kind: Kind
    text: str  # With "\\n" at the ends of lines, and without a byte order mark.
    path: str  # In the repository; "": not known.
    regions: tuple[FoundRegion, ...] = ()  # In the order of the file; whole files have none.

    @property
    def known_regions(self) -> Sequence[str]:
        """The regions that a file like this may have."""
        if self.kind is Kind.TOX:
            return REGIONS
        is_main = any(region.name in MAIN_REGIONS for region in self.regions)
        return MAIN_REGIONS if is_main else GROUP_REGIONS


class Unreadable(ValueError):
    """A file of which nothing can be said; the message is the verdict."""

    def __init__(self, verdict: str, others: Sequence[str] = ()) -> None:
        super().__init__(verdict)
        self.others = tuple(others)  # Further mistakes, as sentences.


def read_file(text: str, path: str = "") -> CheckedFile:
    """
    Find out what *text* is, and its regions. *path* is where it stands in the repository.

    Raises Unreadable for what is no generated file, and for markers that do not pair up.
    """
    plain = re.sub(r"\r\n?", "\n", text.removeprefix(BOM))
    if not plain.strip():
        raise Unreadable("Nothing was compared: the file is empty.")
    if "\0" in plain:
        line = plain[: plain.index("\0")].count("\n") + 1
        raise Unreadable(f"Cannot read line {line}: it holds a NUL, so this is no text file.")
    path = path if path.isprintable() else ""
    if plain.startswith(HEADING):
        where = constraint_path_of(plain)
        return CheckedFile(kind=Kind.CONSTRAINTS, text=plain, path=where or path)
    if _is_manifest(plain):
        return CheckedFile(kind=Kind.MANIFEST, text=plain, path=path)
    if plain.count("GENERATED") > MOST_MARKERS:
        raise Unreadable(f"Nothing was compared: the file has more than {MOST_MARKERS:,} markers.")
    lines = split_lines(plain)
    found = scan(lines, GENERATED)
    _refuse(found)
    regions = tuple(_region(region, lines) for region in found.regions)
    kind = Kind.TOX if any(region.name in REGIONS for region in regions) else Kind.WORKFLOW
    return CheckedFile(kind=kind, text=plain, path=path, regions=regions)


def _refuse(found: Scan) -> None:
    mistakes = sorted(set(found.mistakes), key=lambda mistake: (mistake.line, mistake.text))
    if mistakes:
        first, *rest = mistakes
        others = [f"Line {mistake.line}: {mistake.text}" for mistake in rest]
        raise Unreadable(f"Cannot read line {first.line}: {first.text}", others)
    if not found.regions:
        raise Unreadable(
            "Nothing was compared: the file has no generated region, and is neither a constraint "
            "file nor a manifest of the portal."
        )
    names = {region.name for region in found.regions}
    families = [names & set(family) for family in (REGIONS, MAIN_REGIONS, GROUP_REGIONS)]
    if sum(map(bool, families)) > 1:
        own = next(family for family in families if family)
        stranger = next(region for region in found.regions if region.name not in own)
        raise Unreadable(
            f'Cannot read line {stranger.begin.line}: the region "{stranger.name}" belongs to '
            f"another kind of file than {', '.join(sorted(own))}."
        )


def _region(region: Region, lines: Sequence[str]) -> FoundRegion:
    inside = region.inside(lines)
    text = "".join(inside)
    return FoundRegion(
        name=region.name,
        first_line=region.begin.line,
        last_line=region.end.line,
        indent=region.begin.indent,
        lines=tuple(line.removesuffix("\n") for line in inside),
        mark=_mark(text, region.begin.indent),
        claimed=region.end.digest or "",
    )


def marks_of(text: str) -> dict[str, Mark]:
    """Return the marks of the regions of a file that the portal wrote."""
    return {
        name: _mark("".join(f"{line}\n" for line in lines), indent)
        for name, (indent, lines) in _inside(text).items()
    }


def lines_of(text: str) -> dict[str, tuple[str, ...]]:
    """Return the lines of each region of a file that the portal wrote, without indentation."""
    return {
        name: tuple(line.removeprefix(indent) for line in lines)
        for name, (indent, lines) in _inside(text).items()
    }


def _inside(text: str) -> Mapping[str, tuple[str, list[str]]]:
    """Return the indentation and the lines of each region."""
    found: dict[str, tuple[str, list[str]]] = {}
    start, indent = 0, ""
    for marker in MARKERS.finditer(text):
        if marker["kind"] == "BEGIN":
            start, indent = marker.end(), marker["indent"]
        else:
            found[marker["name"]] = indent, text[start : marker.start()].split("\n")[:-1]
    return found


def _mark(text: str, indent: str) -> Mark:
    plain = re.sub(f"^{indent}", "", text, flags=re.MULTILINE) if indent else text
    return Mark(digest([text]), digest([plain]))


def constraint_path_of(text: str) -> str:
    """``constraints/httpx-v0.28.1-py3.9.txt``, from the first line; "" when it says nothing."""
    name = text.partition("\n")[0].removeprefix(HEADING).rstrip().removesuffix(".")
    factor, dash, rest = name.partition("-")
    return f"{FOLDER}{rest}-{factor}.txt" if dash and factor.startswith("py") else ""


def _is_manifest(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    try:
        content = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise Unreadable(f"Cannot read line {line}: it is not JSON ({error}).") from error
    except RecursionError as error:
        raise Unreadable("Cannot read line 1: the JSON is nested too deeply.") from error
    return isinstance(content, dict) and {"files", "generator", "snapshots"} <= content.keys()

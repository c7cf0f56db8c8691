"""
Find the generated regions of a file by the two comments around each.

    # BEGIN GENERATED: deps
    # END GENERATED: deps sha256:<of the lines in between>
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from matrix.rules.rendering.ini import Mistake

REGIONS = ("envlist", "deps", "setenv", "testpaths")
BOM = "\ufeff"
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
EXACT = re.compile(
    r"(?P<indent>[ \t]*)# (?:(?P<begin>BEGIN GENERATED: (?P<name>\S+))"
    r"|END GENERATED: (?P<ended>\S+)(?: sha256:(?P<digest>\S*))?)[ \t]*"
)
# A line that must have been meant as a marker.
ATTEMPT = re.compile(
    r"(?P<indent>\s*)[#;]+\s*(?P<kind>BEGIN|END)\s+GENERATED\b[\s:]*(?P<name>[\w-]*)"
)


class FrameError(ValueError):
    """A file whose regions cannot be found. The message has a line for each mistake."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class Marker:
    line: int  # Counted from 1, as people do.
    is_begin: bool
    name: str
    indent: str = ""
    digest: str | None = None  # What an END marker says of the text before it.


@dataclass(frozen=True, slots=True)
class Region:
    """The lines between two markers: ``lines[begin.line : end.line - 1]``."""

    begin: Marker
    end: Marker

    @property
    def name(self) -> str:
        return self.begin.name

    def inside(self, lines: Sequence[str]) -> Sequence[str]:
        return lines[self.begin.line : self.end.line - 1]


def split_lines(text: str) -> list[str]:
    """Split after line ends, and keep them. ``str.splitlines`` splits at form feeds as well."""
    return LINE.findall(text)


def ending(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


@dataclass(frozen=True, slots=True)
class Scan:
    """What the markers of a file say. The regions are all there only without mistakes."""

    regions: tuple[Region, ...]  # In the order of the file.
    mistakes: tuple[Mistake, ...]
    named: frozenset[str]  # Regions that a marker names, or seems to mean.


def regions_of(lines: Sequence[str], known: Sequence[str] = REGIONS) -> tuple[Region, ...]:
    """Return the regions in the order of the file; raises FrameError with all mistakes."""
    found = scan(lines, known)
    if found.mistakes:
        raise FrameError(sentences(found.mistakes))
    return found.regions


def sentences(mistakes: Iterable[Mistake]) -> list[str]:
    ordered = sorted(set(mistakes), key=lambda mistake: (mistake.line, mistake.text))
    return [f"Line {mistake.line}: {mistake.text}" for mistake in ordered]


def scan(lines: Sequence[str], known: Sequence[str] = REGIONS) -> Scan:
    """Read the markers; one that is misspelled is a mistake, and paired as if it were right."""
    pairing = _Pairing(known)
    for number, line in enumerate(lines, start=1):
        text = line.rstrip("\r\n").lstrip(BOM)
        if exact := EXACT.fullmatch(text):
            name = exact["name"] or exact["ended"]
            is_begin = exact["begin"] is not None
            pairing.add(Marker(number, is_begin, name, exact["indent"], exact["digest"]))
        elif attempt := ATTEMPT.match(text):
            kind, name = attempt["kind"], attempt["name"]
            pairing.refuse(
                number,
                f'"{text.strip()}" is not a marker. '
                f'Write it as "# {kind} GENERATED: {name or known[0]}".',
            )
            if name:  # One slip is one mistake, not two.
                pairing.add(Marker(number, kind == "BEGIN", name, attempt["indent"]))
    return pairing.finish()


@dataclass(slots=True)
class _Pairing:
    """Match each END with its BEGIN, and word what is wrong."""

    known: Sequence[str]  # Names of regions.
    regions: list[Region] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    opened: list[Marker] = field(default_factory=list)
    first: dict[str, int] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)

    def add(self, marker: Marker) -> None:
        self.named.update([marker.name, *_meant(marker.name, self.known)])
        if marker.is_begin:
            self._begin(marker)
        else:
            self._end(marker)

    def refuse(self, line: int, text: str) -> None:
        self.mistakes.append(Mistake(line, text))

    def finish(self) -> Scan:
        for marker in self.opened:
            self._refuse_open(marker)
        regions = sorted(self.regions, key=lambda region: region.begin.line)
        return Scan(tuple(regions), tuple(self.mistakes), frozenset(self.named))

    def _begin(self, marker: Marker) -> None:
        if marker.name not in self.known:
            self.refuse(marker.line, _unknown(marker.name, self.known))
        first = self.first.setdefault(marker.name, marker.line)
        if first != marker.line:
            self.refuse(
                marker.line,
                f'the region "{marker.name}" stands in the file already, from line {first}.',
            )
        self.opened.append(marker)

    def _end(self, marker: Marker) -> None:
        if not any(begin.name == marker.name for begin in self.opened):
            self._end_of_nothing(marker)
            return
        while (begin := self.opened.pop()).name != marker.name:
            self._refuse_open(begin)
        for region in self.regions:
            if region.begin.line > begin.line:
                self.refuse(
                    region.begin.line,
                    f'the region "{region.name}" stands inside the region "{begin.name}", '
                    f"which begins on line {begin.line}. Put one behind the other.",
                )
        self.regions.append(Region(begin, marker))

    def _end_of_nothing(self, marker: Marker) -> None:
        if not self.opened:
            self.refuse(marker.line, f'the END of "{marker.name}" has no BEGIN before it.')
            return
        begin = self.opened.pop()
        self.refuse(
            marker.line,
            f'this END names "{marker.name}", but the region that began on line {begin.line} '
            f'is "{begin.name}".',
        )

    def _refuse_open(self, begin: Marker) -> None:
        self.refuse(
            begin.line,
            f'the region "{begin.name}" has no END. Put "# END GENERATED: {begin.name}" behind it.',
        )


def _unknown(name: str, known: Sequence[str]) -> str:
    meant = _meant(name, known)
    hint = f'Did you mean "{meant[0]}"?' if meant else f"There are {', '.join(known)}."
    return f'there is no region "{name}". {hint}'


def _meant(name: str, known: Sequence[str]) -> list[str]:
    return get_close_matches(name.lower(), known, n=1)

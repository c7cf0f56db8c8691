"""Where two texts differ, what differs there, and how the place is mended."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from matrix.rules.diffing.text import differing_lines

MOST_LINES = 40  # Of one side of a place.
BLANK = "\N{MIDDLE DOT}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One place of a file that is not as the portal wrote it."""

    region: str  # "": outside of all regions.
    line: int  # Where it begins, counted from 1.
    missing: tuple[str, ...]  # What the portal wrote and the file does not have there.
    written: tuple[str, ...]  # What the file has there instead.
    is_routine: bool  # Nothing but the order of lines, blanks or blank lines.

    @property
    def place(self) -> str:
        """``Line 14``, ``Lines 14 to 16``, ``Before line 14``."""
        if not self.written:
            return f"Before line {self.line}"
        return f"Line{_span(self.line, len(self.written))}"

    @property
    def diff(self) -> str:
        """The lines with their signs, as a diff writes them; a long place is cut, and says so."""
        return "\n".join([*_signed("-", self.missing), *_signed("+", self.written)])

    @property
    def fix(self) -> str:
        """What to do to have the text of the portal again."""
        lines = f"line{_span(self.line, len(self.written))}"
        if not self.missing:
            return f"Remove {lines}."
        if not self.written:
            what = "the missing line" if len(self.missing) == 1 else "the missing lines"
            return f"Put {what} back before line {self.line}."
        return f"Change {lines} back to what was generated."


def _signed(sign: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines[:MOST_LINES]:
        bare = line.rstrip(" \t")
        # Nobody sees blanks at the end of a line.
        yield f"{sign} {bare}{BLANK * (len(line) - len(bare))}"
    if len(lines) > MOST_LINES:
        yield f"{sign} and {len(lines) - MOST_LINES:,} more lines"


def _span(first: int, count: int) -> str:
    return f" {first}" if count == 1 else f"s {first} to {first + count - 1}"


def differences(
    wanted: Sequence[str], found: Sequence[str], *, region: str = "", first_line: int = 1
) -> list[Difference]:
    """
    Return each place where the lines *found* are not those that are *wanted*.

    *first_line* is the number of the first line of *found* in its file.
    """
    lost = Counter(_told(wanted)) - Counter(_told(found))
    new = Counter(_told(found)) - Counter(_told(wanted))
    places = []
    for old_first, old_end, at, end in differing_lines(wanted, found):
        missing, written = tuple(wanted[old_first:old_end]), tuple(found[at:end])
        places.append(
            Difference(
                region=region,
                line=first_line + at,
                missing=missing,
                written=written,
                is_routine=not any(text in lost for text in _told(missing))
                and not any(text in new for text in _told(written)),
            )
        )
    return places


def _told(lines: Iterable[str]) -> list[str]:
    """Return the lines that are not blank, with one blank wherever there are several."""
    return [told for line in lines if (told := " ".join(line.split()))]

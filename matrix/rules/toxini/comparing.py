"""How a file that was taken over differs from what it was, for people: long stretches are cut."""

from collections.abc import Collection, Iterator

from matrix.rules.rendering.markers import split_lines

AT_THE_ENDS = 3  # Lines that are shown of a long stretch, at both of its ends.


def difference(before: str, after: str, removed: Collection[int]) -> Iterator[str]:
    """Yield what went ("-") and came ("+"), below the number of the line where each begins."""
    old = [line.rstrip("\r\n") for line in split_lines(before)]
    new = [line.rstrip("\r\n") for line in split_lines(after)]
    gone = frozenset(removed)
    stretch: list[str] = []
    number = start = place = 0
    while number < len(old) or place < len(new):
        start = start if stretch else number + 1
        if number + 1 in gone:
            stretch.append(f"-{old[number]}")
            number += 1
        elif number < len(old) and place < len(new) and old[number] == new[place]:
            yield from _shown(start, stretch)
            stretch = []
            number, place = number + 1, place + 1
        elif place < len(new):
            stretch.append(f"+{new[place]}")
            place += 1
        else:
            raise AssertionError(f"Line {number + 1} was lost.")
    yield from _shown(start, stretch)


def _shown(start: int, stretch: list[str]) -> Iterator[str]:
    if stretch:
        yield f"@@ line {start} @@"
        for sign in "-+":
            yield from _cut([line for line in stretch if line.startswith(sign)])


def _cut(lines: list[str]) -> list[str]:
    hidden = len(lines) - 2 * AT_THE_ENDS
    if hidden <= 1:
        return lines
    sign = lines[0][0]
    return [*lines[:AT_THE_ENDS], f"{sign} … {hidden:,} more lines", *lines[-AT_THE_ENDS:]]

"""A unified diff of two texts that ``git apply`` and ``patch`` take."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher
from itertools import pairwise

NO_NEWLINE = "\n\\ No newline at end of file\n"
NO_FILE = "/dev/null"
MOST_PAIRS = 1_000_000  # Of lines between two anchors; what is longer counts as one replaced block.


class _Anchored(SequenceMatcher[str]):
    """
    A matcher that first pairs the lines that both texts have once ("patience diff").

    Generated files hold thousands of different lines, and blank ones; the stock matcher compares
    each blank line with each, which takes a second where this takes a twentieth of it.
    """

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__(None, old, new)
        self._old, self._new = old, new

    def get_matching_blocks(self) -> list[Match]:
        ends = (len(self._old), len(self._new))
        stations = [(-1, -1), *_anchors(self._old, self._new), ends]
        blocks: list[Match] = []
        for (old_line, new_line), station in pairwise(stations):
            for block in self._between(old_line + 1, new_line + 1, *station):
                _append(blocks, block)
            _append(blocks, Match(*station, 1 if station != ends else 0))
        return blocks

    def _between(self, old_first: int, new_first: int, old_end: int, new_end: int) -> list[Match]:
        """Return the matches of the few lines between two anchors."""
        old, new = self._old[old_first:old_end], self._new[new_first:new_end]
        if not old or not new:
            return []
        if len(old) == len(new) == 1:  # The usual case: one version in a line gives way.
            return [Match(old_first, new_first, 1)] if old == new else []
        if len(old) * len(new) > MOST_PAIRS:  # The stock matcher may take minutes for it.
            return []
        found = SequenceMatcher(None, old, new).get_matching_blocks()
        return [Match(m.a + old_first, m.b + new_first, m.size) for m in found if m.size]


def _append(blocks: list[Match], block: Match) -> None:
    """Add *block*; one that goes on where the last one ends becomes part of it."""
    if blocks and block.size:
        last = blocks[-1]
        if (last.a + last.size, last.b + last.size) == (block.a, block.b):
            blocks[-1] = Match(last.a, last.b, last.size + block.size)
            return
    blocks.append(block)


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest ascending series of lines that both texts have exactly once."""
    in_old, in_new = Counter(old), Counter(new)
    places = {line: at for at, line in enumerate(new) if in_new[line] == 1}
    pairs = [
        (at, places[line]) for at, line in enumerate(old) if in_old[line] == 1 and line in places
    ]
    tails: list[int] = []  # The lowest end of an ascending series of each length.
    lengths = []
    for _, place in pairs:
        length = bisect_left(tails, place)
        tails[length : length + 1] = [place]
        lengths.append(length)
    series: list[tuple[int, int]] = []
    wanted = len(tails) - 1
    for pair, length in zip(reversed(pairs), reversed(lengths), strict=True):
        if length == wanted and (not series or pair[1] < series[-1][1]):
            series.append(pair)
            wanted -= 1
    return series[::-1]


def unified_diff(path: str, old_text: str, new_text: str, *, context: int = 3) -> str:
    """Return the patch from *old_text* to *new_text*; "" stands for a file that is not there."""
    if old_text == new_text:
        return ""
    old, new = _lines(old_text), _lines(new_text)
    hunks = _Anchored(old, new).get_grouped_opcodes(context)
    return "".join(
        [
            f"--- {_name('a', path) if old_text else NO_FILE}\n",
            f"+++ {_name('b', path) if new_text else NO_FILE}\n",
            *(line for hunk in hunks for line in _hunk(hunk, old, new)),
        ]
    )


def differing_lines(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Return the places that differ: the first and the end of the lines of *old* and of *new*."""
    found = _Anchored(list(old), list(new)).get_opcodes()  # It compares slices of both.
    return [place for tag, *place in found if tag != "equal"]  # type: ignore[misc]


def _lines(text: str) -> list[str]:
    r"""Split after "\n" alone: a patch knows no other end of a line."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, last] if last else lines


def _name(side: str, path: str) -> str:
    """A path with a blank ends with a tab, or its reader would stop at the blank."""
    return f"{side}/{path}\t" if " " in path else f"{side}/{path}"


def _hunk(
    hunk: Sequence[tuple[str, int, int, int, int]], old: Sequence[str], new: Sequence[str]
) -> Iterator[str]:
    _, old_start, _, new_start, _ = hunk[0]
    _, _, old_end, _, new_end = hunk[-1]
    yield f"@@ -{_range(old_start, old_end)} +{_range(new_start, new_end)} @@\n"
    for tag, first, last, new_first, new_last in hunk:
        if tag == "equal":
            yield from (_signed(" ", line) for line in old[first:last])
        else:
            yield from (_signed("-", line) for line in old[first:last])
            yield from (_signed("+", line) for line in new[new_first:new_last])


def _range(start: int, end: int) -> str:
    """Lines are counted from 1; a range without lines names the line before it."""
    length = end - start
    if length == 1:
        return f"{start + 1}"
    return f"{start + 1 if length else start},{length}"


def _signed(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}{NO_NEWLINE}"

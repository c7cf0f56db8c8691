"""The settings of a tox.ini with the number of each line, comments apart, as tox reads them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from matrix.rules.rendering.ini import Outline
from matrix.rules.rendering.markers import BOM, FrameError, sentences, split_lines

ENV_LIST = ("env_list", "envlist")  # tox 4 first, which is how tox 4 looks.
SET_ENV = ("set_env", "setenv")
# Only a "#" after a back slash is text; tox takes any other for a comment, blank before it or not.
COMMENT = re.compile(r"\s*(?<!\\)#(?P<text>.*)")
MOST_LINES = 100_000
REFERENCE = re.compile(r"\{\[(?P<section>[^\]{}]*)\](?P<setting>[^{}:]+)\}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a value; with a back slash at its end the next one belongs to it."""

    number: int  # Counted from 1.
    last: int
    text: str
    remark: str = ""  # The comment behind it.


@dataclass(frozen=True, slots=True)
class Setting:
    section: str
    name: str
    opening: int  # The line with its name.
    lines: tuple[Line, ...]
    comments: tuple[Line, ...]  # Whole lines, up to the last line of the value.

    @property
    def last(self) -> int:
        return max([self.opening, *(line.last for line in self.lines)])

    def comment_above(self, number: int) -> str:
        """Return the comment that ends right above a line, on one line."""
        by_number = {comment.number: comment.text for comment in self.comments}
        found: list[str] = []
        while (number := number - 1) in by_number:
            found.insert(0, by_number[number])
        return " ".join(filter(None, found))


@dataclass(frozen=True, slots=True)
class ToxFile:
    lines: tuple[str, ...]  # With their ends, without a byte order mark.
    settings: tuple[Setting, ...]
    sections: tuple[tuple[str, int], ...]  # Name, line; in the order of the file.

    def find(self, section: str, *names: str) -> Setting | None:
        """Return the first of several spellings that the section has."""
        for name in names:
            for setting in self.settings:
                if (setting.section, setting.name) == (section, name):
                    return setting
        return None


def read_tox_file(text: str) -> ToxFile:
    """Raises FrameError with every reason why tox would refuse the file as INI."""
    lines = split_lines(text.removeprefix(BOM))
    if len(lines) > MOST_LINES:
        raise FrameError([f"The file has more than {MOST_LINES:,} lines."])
    if control := next((n for n, line in enumerate(lines, 1) if "\0" in line), None):
        raise FrameError([f"Line {control}: it holds a NUL character, so this is not text."])
    outline = Outline.of(lines)
    if outline.mistakes:
        raise FrameError(sentences(outline.mistakes))
    continued: dict[tuple[str, str], list[int]] = {}
    for number, home in outline.homes.items():
        continued.setdefault(home, []).append(number)
    openings = outline.openings
    return ToxFile(
        lines=tuple(lines),
        settings=tuple(
            _setting(lines, *key, opening, continued.get(key, []))
            for key, opening in openings.items()
            if key[1]
        ),
        sections=tuple((section, line) for (section, name), line in openings.items() if not name),
    )


def resolved(file: ToxFile, setting: Setting, depth: int = 0) -> Iterator[Line]:
    """Yield the lines of a value; instead of ``{[section]key}`` alone, what it stands for."""
    for line in setting.lines:
        found = REFERENCE.fullmatch(line.text)
        target = file.find(found["section"], found["setting"].strip().lower()) if found else None
        if target is None or target == setting or depth > len(file.settings) or depth > DEEPEST:
            yield line
        else:
            yield from resolved(file, target, depth + 1)


DEEPEST = 10  # References to references.


def without_comment(text: str) -> tuple[str, str]:
    found = COMMENT.search(text)
    if found is None:
        return text.replace("\\#", "#").strip(), ""
    return text[: found.start()].replace("\\#", "#").strip(), found["text"].strip()


def _setting(
    lines: Sequence[str], section: str, name: str, opening: int, continued: Sequence[int]
) -> Setting:
    first = re.sub(r"^[^=:]*[=:]", "", lines[opening - 1], count=1)
    texts = [(opening, first), *((number, lines[number - 1]) for number in continued)]
    end = max([opening, *continued])
    comments = [
        Line(number, number, lines[number - 1].strip().lstrip("#; \t").strip())
        for number in range(opening + 1, end + 1)
        if lines[number - 1].strip().startswith(("#", ";"))
    ]
    return Setting(section, name, opening, tuple(_joined(texts)), tuple(comments))


def _joined(texts: Sequence[tuple[int, str]]) -> Iterator[Line]:
    """Join what a back slash at the end of a line continues, and leave out what is empty."""
    start, so_far, remarks = 0, "", ""
    for number, raw in texts:
        text, remark = without_comment(raw)
        start = start or number
        so_far, remarks = so_far + text, " ".join(filter(None, [remarks, remark]))
        if so_far.endswith("\\") and number != texts[-1][0]:
            so_far = so_far[:-1]
            continue
        if so_far:
            yield Line(start, number, so_far, remarks)
        start, so_far, remarks = 0, "", ""


def numbered(numbers: Iterable[int]) -> str:
    """``line 7`` or ``lines 7-9, 12``."""
    ordered = sorted(set(numbers))
    runs: list[list[int]] = []
    for number in ordered:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return f"{'line' if len(ordered) == 1 else 'lines'} {', '.join(texts)}"


def gathered(remarks: Iterable[tuple[int, str]]) -> list[tuple[str, str]]:
    """Return each sentence once, with all lines that it is about; by the first of them."""
    lines: dict[str, list[int]] = {}
    for number, text in sorted(remarks):
        lines.setdefault(text, []).append(number)
    return [(numbered(numbers), text) for text, numbers in lines.items()]

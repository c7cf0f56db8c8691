"""Reading tox.ini and setup.cfg as configparser does, in time that grows with the size alone."""

import re
from dataclasses import dataclass, field

from integrations.catalogue.validators import quoted
from integrations.policy.linting.findings import Unreadable

MOST_CHARACTERS = 1_000_000
HEADER = re.compile(r"\[(.+)\]")
COMMENT = ("#", ";")


@dataclass(frozen=True, slots=True)
class Value:
    """The text of an option, its lines stripped, and the line that names it."""

    text: str
    line: int


@dataclass(slots=True)
class Section:
    """The options of a section by their names in lower case."""

    line: int
    values: dict[str, Value] = field(default_factory=dict)

    def text(self, option: str) -> str:
        return self.values[option].text if option in self.values else ""

    def line_of(self, option: str) -> int:
        return self.values[option].line if option in self.values else 0


def read_ini(text: str, *, delimiters: str = "=", is_strict: bool = True) -> dict[str, Section]:
    """
    Return the sections of *text* by name, DEFAULT as one of them.

    The first mistake raises Unreadable with its line. configparser would collect them all, in
    quadratic time, as it needs for many blanks inside a line.
    """
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(f"It has more than {MOST_CHARACTERS:,} characters.")
    reader = _Reader(delimiters, is_strict)
    for number, line in enumerate(text.split("\n"), start=1):
        reader.read(number, line)
    reader.close()
    return reader.sections


class _Reader:
    def __init__(self, delimiters: str, is_strict: bool) -> None:
        self._delimiter = re.compile(f"[{re.escape(delimiters)}]")
        self._is_strict = is_strict
        self.sections: dict[str, Section] = {}
        self._section: Section | None = None
        self._option, self._line, self._texts = "", 0, [""]
        self._indent = 0

    def read(self, number: int, raw: str) -> None:
        line = raw.strip()
        if line.startswith(COMMENT):
            return
        indent = len(raw) - len(raw.lstrip())
        if self._option and (not line or indent > self._indent):
            self._texts.append(line)
        elif line:
            self.close()
            self._indent = indent
            header = HEADER.match(line)
            if header:
                self._open(number, header[1])
            else:
                self._start(number, line)

    def _open(self, number: int, name: str) -> None:
        if name in self.sections and self._is_strict:
            raise Unreadable(f"The section {quoted(name)} is there already.", line=number)
        self._section = self.sections.setdefault(name, Section(number))

    def _start(self, number: int, line: str) -> None:
        if self._section is None:
            raise Unreadable("A section in brackets must come first.", line=number)
        found = self._delimiter.search(line)
        option = line[: found.start()].strip().lower() if found else ""
        if found is None or not option:
            raise Unreadable("A line is neither a section nor an option with a value.", line=number)
        if option in self._section.values and self._is_strict:
            raise Unreadable(f"The option {quoted(option)} is there already.", line=number)
        self._option, self._line = option, number
        self._texts = [line[found.end() :].strip()]

    def close(self) -> None:
        """Keep the option that is open."""
        if self._option and self._section is not None:
            text = "\n".join(self._texts).rstrip()
            self._section.values[self._option] = Value(text, self._line)
        self._option = ""

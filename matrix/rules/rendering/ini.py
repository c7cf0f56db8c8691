"""
What Python's configparser, and therefore tox, makes of the lines of an INI file.

configparser stops at the first mistake; this reads on, so that all can be reported, and remembers
in which setting each line stands. A test compares both over many inputs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

SECTION = re.compile(r"\[(?P<header>.+)\]")
SETTING = re.compile(r"(?P<name>.*?)\s*[=:]")
LONGEST = 60  # Characters of a line that a sentence quotes.
DEFAULTS = "DEFAULT"  # The one section that may stand in a file twice.


@dataclass(frozen=True, slots=True)
class Mistake:
    line: int  # Counted from 1.
    text: str


@dataclass(slots=True)
class Outline:
    """The settings of an INI file: ``homes[7] == ("testenv", "deps")`` for a line of its value."""

    mistakes: list[Mistake] = field(default_factory=list)
    homes: dict[int, tuple[str, str]] = field(default_factory=dict)
    _section: str | None = None
    _setting: str | None = None
    _indent: int = 0
    _seen: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def openings(self) -> dict[tuple[str, str], int]:
        """The line of each setting, and of each section under ``(section, "")``; in file order."""
        return dict(self._seen)

    @classmethod
    def of(cls, lines: Sequence[str]) -> "Outline":
        outline = cls()
        for number, line in enumerate(lines, start=1):
            if line.strip() and not line.strip().startswith(("#", ";")):
                outline._read(number, line)
        return outline

    def _read(self, number: int, line: str) -> None:
        indent = len(line) - len(line.lstrip())
        if self._section is not None and self._setting and indent > self._indent:
            self.homes[number] = (self._section, self._setting)
            return
        self._indent = indent
        text = line.strip()
        if found := SECTION.match(text):
            self._open_section(number, found["header"])
        elif self._section is None:
            self._add(number, f'"{_short(text)}" stands before the first [section].')
        elif (found := SETTING.match(text)) and found["name"]:
            self._open_setting(number, found["name"].rstrip().lower())
        else:
            self._add(number, f'"{_short(text)}" is not a setting. Write it as NAME = VALUE.')

    def _open_section(self, number: int, section: str) -> None:
        if section != DEFAULTS:
            self._refuse_second(number, (section, ""), f"the section [{section}]")
        self._section, self._setting = section, None

    def _open_setting(self, number: int, setting: str) -> None:
        section = self._section or ""
        self._refuse_second(number, (section, setting), f'the setting "{setting}" of [{section}]')
        self._setting = setting

    def _refuse_second(self, number: int, key: tuple[str, str], what: str) -> None:
        first = self._seen.setdefault(key, number)
        if first != number:
            self._add(number, f"{what} stands in the file already, on line {first}.")

    def _add(self, number: int, text: str) -> None:
        self.mistakes.append(Mistake(number, text))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."

"""
From a tox.ini that people or toxgen wrote to a frame: the same file with empty regions.

A line goes into a region when the portal will write it anew: environments of integrations, what
they install, prereleases, test paths. Every other line stays byte for byte.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from packaging.utils import canonicalize_name

from matrix.rules.rendering.frame import check_frame
from matrix.rules.rendering.ini import Mistake
from matrix.rules.rendering.markers import (
    BOM,
    FrameError,
    ending,
    scan,
    sentences,
    split_lines,
)
from matrix.rules.rendering.tox import PRERELEASE_SETTING
from matrix.rules.toxini.generative import (
    Condition,
    NotGenerative,
    conditions,
    expand,
    shortened,
    split_condition,
)
from matrix.rules.toxini.lines import (
    ENV_LIST,
    SET_ENV,
    Line,
    Setting,
    ToxFile,
    gathered,
    read_tox_file,
)
from matrix.rules.toxini.naming import (
    Owners,
    Suite,
    glued_factors,
    holds,
    normal,
    requirement_of,
    told_apart,
)

# toxgen puts such a comment above each group of what it generates.
HEADING = re.compile(r"~~~ .+ ~~~")
TEST_PATH = re.compile(r"(?P<name>_?TESTPATH)\s*=")
LONGEST_ADVICE = 200
OTHER_TEST_PATH = (
    "kept, because the portal writes _TESTPATH. To let it write this too, use "
    "{env:TESTPATH:{env:_TESTPATH:tests}} in the commands, and take the line out."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A file that was taken over."""

    text: str  # With empty regions; line ends as they were.
    removed: tuple[int, ...]  # Lines of the old file that the portal writes from now on.
    notes: tuple[str, ...]  # Sentences, with the numbers of lines that stay and might surprise.


def take_over(text: str, suites: Sequence[Suite]) -> Taken:
    """
    Put regions into *text* in the place of what belongs to *suites*.

    A file that has our markers already is taken as it is. Raises FrameError with the number of
    each line that stands against it.
    """
    if scan(split_lines(text.removeprefix(BOM))).named:
        if mistakes := check_frame(text):
            raise FrameError(mistakes)
        return Taken(text=text, removed=(), notes=("The file has the markers already.",))
    file = read_tox_file(text)
    sorting = Sorting(file, Owners(suites, _glued(file, suites)))
    sorting.sort()
    if sorting.mistakes:
        raise FrameError(sentences(sorting.mistakes))
    taken = Writing(file, sorting).written()
    if mistakes := check_frame(taken):
        raise FrameError(mistakes)
    notes = [f"{where.capitalize()}: {note}" for where, note in gathered(sorting.notes)]
    return Taken(text=taken, removed=tuple(sorted(sorting.gone)), notes=(*notes, *_advice(file)))


def environments_of(file: ToxFile) -> Iterator[tuple[Line, list[str]]]:
    """Yield each line of the list of environments with their names; raises NotGenerative."""
    setting = file.find("tox", *ENV_LIST)
    for line in setting.lines if setting else ():
        yield line, expand(line.text)


def _glued(file: ToxFile, suites: Sequence[Suite]) -> dict[str, str]:
    """Return which factors of conditions are an integration and its version in one word."""
    installed: dict[str, set[str]] = {}
    deps = file.find("testenv", "deps")
    for line in deps.lines if deps else ():
        text, rest = split_condition(line.text)
        requirement = requirement_of(rest)
        for condition in _conditions(text):
            for factor in condition.wanted:
                found = installed.setdefault(factor, set())
                if requirement:
                    found.add(canonicalize_name(requirement.name))
    projects = {suite.name: suite.project for suite in suites}
    glued = glued_factors(installed)
    return {
        factor: name
        for factor, name in glued.items()
        if projects.get(name) in installed[factor] and factor not in projects
    }


def _conditions(text: str | None) -> list[Condition]:
    """Return the ways to fulfil a condition; a text that tox refuses has none."""
    try:
        return conditions(text) if text else []
    except NotGenerative:
        return []


@dataclass(slots=True)
class Sorting:
    """Tells the lines that the portal writes from now on from those that stay."""

    file: ToxFile
    owners: Owners
    gone: set[int] = field(default_factory=set)
    region: dict[str, int] = field(default_factory=dict)  # Where the first such line stands.
    notes: list[tuple[int, str]] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # Environments of no integration.

    def sort(self) -> None:
        if setting := self.file.find("tox", *ENV_LIST):
            for line in setting.lines:
                self._environments(line)
            self._tidy(setting)
        if setting := self.file.find("testenv", "deps"):
            self._requirements(setting)
            self._tidy(setting)
        if setting := self.file.find("testenv", *SET_ENV):
            for line in setting.lines:
                self._variable(line)
            self._tidy(setting)

    def _remove(self, line: Line, region: str) -> None:
        self.region.setdefault(region, line.number)
        self.gone.update(range(line.number, line.last + 1))

    def _environments(self, line: Line) -> None:
        if "{[" in line.text or "{env:" in line.text:
            self.notes.append((line.number, "kept, because it is filled in from elsewhere."))
            return
        try:
            names = expand(line.text)
        except NotGenerative as error:
            self.mistakes.append(Mistake(line.number, str(error)))
            return
        others = [name for name in names if self.owners.of_environment(name) is None]
        self.kept += others
        self._note_strangers(line, others)
        if not others:
            self._remove(line, "envlist")
        elif len(others) < len(names):
            rest = shortened(", ".join(others), LONGEST_ADVICE)
            self.mistakes.append(
                Mistake(
                    line.number,
                    f'"{shortened(line.text)}" holds environments of integrations and others. '
                    f"Put the others on a line of their own: {rest}",
                )
            )

    def _note_strangers(self, line: Line, others: Sequence[str]) -> None:
        """Say which environments look like those of an integration that the SDK lacks."""
        named = [told_apart(name.split("-"), self.owners.glued) for name in others]
        if names := sorted({each.name for each in named if each.versions and each.name}):
            text = f"kept, because the SDK has no integration named {', '.join(names)}."
            self.notes.append((line.number, text))

    def _requirements(self, setting: Setting) -> None:
        begins = [comment.number for comment in setting.comments if HEADING.match(comment.text)]
        is_toxgen = False
        for line in setting.lines:
            text, requirement = split_condition(line.text)
            found = _conditions(text)
            passed = [number for number in begins if number < line.number]
            plain = [c.number for c in setting.comments if not HEADING.match(c.text)]
            # The part that toxgen wrote ends where people write comments again.
            is_toxgen = bool(passed) and not any(max(passed) < n < line.number for n in plain)
            if not found:
                continue
            self._requirement(line, found, requirement, is_toxgen=is_toxgen)

    def _requirement(
        self, line: Line, found: Sequence[Condition], requirement: str, *, is_toxgen: bool
    ) -> None:
        owned = [self.owners.of_condition(condition) for condition in found]
        if not any(owned):
            return
        suites = {suite.name: suite for each in owned for suite in each}
        names = ", ".join(sorted(suites))
        if not all(owned) or self._is_needed(found):
            self.notes.append((line.number, f"kept, because it is not for {names} alone."))
        elif is_toxgen or all(_says(suite, requirement) for suite in suites.values()):
            self._remove(line, "deps")
        else:
            self.notes.append(
                (
                    line.number,
                    f'kept, because no dependency rule of {names} says "{requirement}".',
                )
            )

    def _is_needed(self, found: Sequence[Condition]) -> bool:
        """Tell whether an environment that stays hand-written gets something from a line."""
        return any(holds(condition, name) for condition in found for name in self.kept)

    def _variable(self, line: Line) -> None:
        text, value = split_condition(line.text)
        owned = [self.owners.of_condition(condition) for condition in _conditions(text)]
        if not owned or not all(owned) or self._is_needed(_conditions(text)):
            return
        path = TEST_PATH.match(value)
        if "".join(value.split()) == PRERELEASE_SETTING:
            self._remove(line, "setenv")
        elif path and path["name"] == "_TESTPATH":
            self._remove(line, "testpaths")
        elif path:
            self.notes.append((line.number, OTHER_TEST_PATH))

    def _tidy(self, setting: Setting) -> None:
        """Remove toxgen's headings above nothing, and blank lines between removed ones."""
        for comment in reversed(setting.comments):
            if HEADING.match(comment.text) and self._heads_nothing(comment.number, setting.last):
                self.gone.add(comment.number)
        for number in range(setting.opening + 1, setting.last + 1):
            if not self._text(number) and number - 1 in self.gone and self._is_followed(number):
                self.gone.add(number)

    def _heads_nothing(self, number: int, last: int) -> bool:
        seen = False
        for below in range(number + 1, last + 1):
            text = self._text(below)
            if below in self.gone:
                seen = True
            elif text:
                return seen and text.startswith("#")
        return seen

    def _is_followed(self, number: int) -> bool:
        """Tell whether the next line with text goes as well."""
        while number <= len(self.file.lines) and not self._text(number):
            number += 1
        return number in self.gone

    def _text(self, number: int) -> str:
        lines = self.file.lines
        return lines[number - 1].strip() if number <= len(lines) else ""


def _says(suite: Suite, text: str) -> bool:
    """Tell whether the portal installs *text* for an integration."""
    found = requirement_of(text)
    is_project = found is not None and canonicalize_name(found.name) == suite.project
    return is_project or normal(text) in suite.requirements


REGION_OF = {"envlist": ("tox", ENV_LIST), "deps": ("testenv", ("deps",))}
REGION_OF |= dict.fromkeys(("setenv", "testpaths"), ("testenv", SET_ENV))


@dataclass(slots=True)
class Writing:
    """Writes the file with regions; all of its other lines stay as they are."""

    file: ToxFile
    sorting: Sorting
    before: dict[int, list[str]] = field(default_factory=dict)  # New lines before this one.

    def written(self) -> str:
        for section, settings in (("tox", [ENV_LIST]), ("testenv", [("deps",), SET_ENV])):
            if not any(name == section for name, _ in self.file.sections):
                self._new_section(section, settings)
                continue
            for names in settings:
                self._regions(section, names)
        return "".join(self._texts())

    def _regions(self, section: str, names: tuple[str, ...]) -> None:
        setting = self.file.find(section, *names)
        regions = [name for name, home in REGION_OF.items() if home == (section, names)]
        if setting is None:
            end = self._end_of_section(section)
            new = [f"{self._spelling(names)} =", *_markers(regions, "    ")]
            self._add(end + 1, new)
            return
        for region in regions:
            first = self.sorting.region.get(region)
            at = setting.last + 1 if first is None else max(first, setting.opening + 1)
            self._add(at, _markers([region], self._indent(setting, first)))

    def _new_section(self, section: str, settings: Sequence[tuple[str, ...]]) -> None:
        new = [f"[{section}]"]
        for names in settings:
            regions = [name for name, home in REGION_OF.items() if home == (section, names)]
            new += [f"{self._spelling(names)} =", *_markers(regions, "    ")]
        if section == "tox":
            first = min((line for _, line in self.file.sections), default=len(self.file.lines) + 1)
            self._add(first, [*new, ""])
        else:
            self._add(len(self.file.lines) + 1, ["", *new])

    def _add(self, number: int, texts: Sequence[str]) -> None:
        self.before.setdefault(number, []).extend(texts)

    def _end_of_section(self, section: str) -> int:
        header = dict(self.file.sections)[section]
        own = [setting.last for setting in self.file.settings if setting.section == section]
        return max([header, *own])

    def _spelling(self, names: tuple[str, ...]) -> str:
        """Prefer the names of tox 3 where the file does."""
        old = {"envlist", "setenv", "passenv", "basepython", "usedevelop"}
        speaks_old = any(setting.name in old for setting in self.file.settings)
        return names[-1] if speaks_old else names[0]

    def _indent(self, setting: Setting, first: int | None) -> str:
        own = [line.number for line in setting.lines if line.number > setting.opening]
        model = first if first is not None and first > setting.opening else (own or [0])[-1]
        if model:
            return _indentation(self.file.lines[model - 1])
        return f"{_indentation(self.file.lines[setting.opening - 1])}    "

    def _texts(self) -> Iterator[str]:
        lines = self.file.lines
        line_end = (ending(lines[0]) if lines else "") or "\n"
        openings = {setting.opening for setting in self.file.settings}
        is_complete = True
        for number in range(1, len(lines) + 2):
            for new in self.before.get(number, ()):
                yield ("" if is_complete else line_end) + new + line_end
                is_complete = True
            if number > len(lines):
                return
            text = lines[number - 1]
            if number in self.sorting.gone:
                if number not in openings:
                    continue
                text = re.match(r"[^=:]*[=:]", text)[0] + ending(text)  # type: ignore[index]
            is_complete = bool(ending(text))
            yield text


def _markers(regions: Sequence[str], indent: str) -> list[str]:
    return [
        f"{indent}# {which} GENERATED: {name}" for name in regions for which in ("BEGIN", "END")
    ]


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _advice(file: ToxFile) -> list[str]:
    commands = file.find("testenv", "commands")
    if commands and not any("_TESTPATH" in line.text for line in commands.lines):
        text = (
            f"Line {commands.opening}: the commands do not use {{env:_TESTPATH}}, in which the "
            "portal tells each environment where its tests are."
        )
        return [text]
    return []

"""From the lines of a tox.ini to what they say of each suite; everything else is reported."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from integrations.catalogue.importing.files import ImportRefused, SourceFile
from integrations.catalogue.importing.imported import Problem
from integrations.catalogue.importing.tox_ini.projects import Project, find_project
from integrations.catalogue.importing.tox_ini.suites import Found, NamedVersion, sort_environments
from matrix.rules.rendering.markers import FrameError
from matrix.rules.toxini.generative import (
    Condition,
    NotGenerative,
    conditions,
    expand,
    is_nested,
    split_condition,
)
from matrix.rules.toxini.lines import (
    ENV_LIST,
    Line,
    Setting,
    ToxFile,
    read_tox_file,
    resolved,
)
from matrix.rules.toxini.naming import glued_factors, requirement_of

MOST_ENVIRONMENTS = 20_000
MOST_SUITES = 500
MOST_DEPENDENCIES = 20_000
NUMBERED = re.compile(r"Line (\d+): (.*)", re.DOTALL)
FILLED_IN = re.compile(r"\{(\[|[A-Za-z_]*:|/\}|toxinidir|envname)")
HEADING = re.compile(r"[~=\-*#]{2,}\s*(.*?)\s*[~=\-*#]{2,}")
LONGEST_HEADING = 60
UNGROUPED = "Imported"


@dataclass(frozen=True, slots=True)
class Dependency:
    """One line of ``deps``."""

    line: Line
    conditions: tuple[Condition, ...]  # None of them: it is for every environment.
    text: str
    requirement: Requirement | None  # None: pip takes it, PEP 508 does not.
    why: str  # The comment above or behind it.


@dataclass(slots=True)
class Matrix:
    """All that a file says about its suites."""

    source: SourceFile
    file: ToxFile
    suites: list[Found] = field(default_factory=list)
    dependencies: list[Dependency] = field(default_factory=list)
    projects: dict[str, Project] = field(default_factory=dict)  # By the name of the suite.
    glued: dict[str, str] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)  # Environments that stay hand-written.
    problems: list[Problem] = field(default_factory=list)
    report: dict[tuple[int, str], None] = field(default_factory=dict)  # In the order of telling.

    places: dict[str, list[int]] = field(default_factory=dict)  # Of dependencies, by a factor.

    def dependencies_of(self, suite: Found) -> list[Dependency]:
        """Return the lines that name a factor of *suite*, in the order of the file."""
        found = {place for factor in suite.factors for place in self.places.get(factor, ())}
        return [self.dependencies[place] for place in sorted(found)]

    def place(self, line: int) -> str:
        return f"{self.source.name}, line {line}"

    def refuse(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.place(line), message))

    def tell(self, line: int, message: str) -> None:
        self.report[line, message] = None

    def conditions_of(self, line: Line) -> tuple[tuple[Condition, ...], str]:
        """Return the ways to fulfil the condition of a line, and the rest of it."""
        text, rest = split_condition(line.text)
        try:
            return (tuple(conditions(text)) if text else ()), rest
        except NotGenerative as error:
            self.refuse(line.number, str(error))
            return (), rest


def read_matrix(source: SourceFile) -> Matrix:
    """Raises ImportRefused when the file is no tox.ini at all."""
    try:
        file = read_tox_file(source.text)
    except FrameError as error:
        raise ImportRefused([_problem(source, text) for text in error.mistakes]) from error
    matrix = Matrix(source, file)
    matrix.dependencies = list(_dependencies(matrix))
    matrix.glued = glued_factors(_installed(matrix.dependencies))
    for place, dependency in enumerate(matrix.dependencies):
        for factor in _factors(matrix, dependency):
            matrix.places.setdefault(factor, []).append(place)
    sort_environments(matrix, list(_environments(matrix)))
    if len(matrix.suites) > MOST_SUITES or len(matrix.dependencies) > MOST_DEPENDENCIES:
        message = f"has more than {MOST_SUITES} suites, or {MOST_DEPENDENCIES:,} lines of deps."
        raise ImportRefused([Problem(source.name, message)])
    for suite in list(matrix.suites):
        matrix.projects[suite.name] = find_project(matrix, suite)
    return matrix


def projects_of(matrix: Matrix) -> set[str]:
    return {project.name for project in matrix.projects.values()}


def _problem(source: SourceFile, mistake: str) -> Problem:
    found = NUMBERED.fullmatch(mistake)
    if found is None:
        return Problem(source.name, mistake)
    return Problem(f"{source.name}, line {found[1]}", found[2])


def _dependencies(matrix: Matrix) -> Iterator[Dependency]:
    setting = matrix.file.find("testenv", "deps")
    if setting is None:
        return
    for line in resolved(matrix.file, setting):
        found, text = matrix.conditions_of(line)
        why = line.remark or setting.comment_above(line.number)
        is_heading = HEADING.fullmatch(why) is not None
        yield Dependency(line, found, text, requirement_of(text), "" if is_heading else why)


def _factors(matrix: Matrix, dependency: Dependency) -> set[str]:
    """Return the parts of names that its conditions hold; "django" for "django32"."""
    wanted = {factor for each in dependency.conditions for factor in each.wanted}
    return {
        part.lower() for factor in wanted for part in (factor, matrix.glued.get(factor, factor))
    }


def _installed(dependencies: Sequence[Dependency]) -> dict[str, set[str]]:
    """Return for each factor of a condition the projects that its lines install."""
    installed: dict[str, set[str]] = {}
    for dependency in dependencies:
        for condition in dependency.conditions:
            for factor in condition.wanted:
                found = installed.setdefault(factor, set())
                if dependency.requirement:
                    found.add(canonicalize_name(dependency.requirement.name))
    return installed


def _environments(matrix: Matrix) -> Iterator[tuple[Line, str, list[str]]]:
    """Yield each line of the list with its group and the names that it stands for."""
    setting = matrix.file.find("tox", *ENV_LIST)
    if setting is None:
        message = 'has no list of environments: "env_list =" in [tox].'
        matrix.problems.append(Problem(matrix.source.name, message))
        return
    headings = _headings(setting)
    count = 0
    for line in resolved(matrix.file, setting):
        if FILLED_IN.search(line.text):
            matrix.tell(line.number, f'"{line.text}" is filled in from elsewhere: it stays.')
            continue
        try:
            names = expand(line.text)
        except NotGenerative as error:
            matrix.refuse(line.number, str(error))
            continue
        if is_nested(line.text):
            text = "has braces inside of braces, which tox refuses. They were read as nested."
            matrix.tell(line.number, text)
        count += len(names)
        if count > MOST_ENVIRONMENTS:
            matrix.refuse(line.number, f"The list has more than {MOST_ENVIRONMENTS:,} names.")
            return
        above = [number for number in headings if number < line.number]
        group = headings[max(above)] if above and line in setting.lines else UNGROUPED
        yield line, group, names


def _headings(setting: Setting) -> dict[int, str]:
    """Return the comments that name groups: those between rules (~~~ x ~~~), else short ones."""
    framed = {
        comment.number: found[1]
        for comment in setting.comments
        if (found := HEADING.fullmatch(comment.text)) and found[1]
    }
    titles = framed or {
        comment.number: comment.text
        for comment in setting.comments
        if _is_title(comment.text) and comment.number - 1 not in _numbers(setting)
    }
    return {
        number: (" ".join(text.split()).lstrip("#[{")[:LONGEST_HEADING].strip() or UNGROUPED)
        for number, text in titles.items()
    }


def _numbers(setting: Setting) -> set[int]:
    return {comment.number for comment in setting.comments}


def _is_title(text: str) -> bool:
    """Tell a title from a sentence."""
    is_short = 0 < len(text) <= LONGEST_HEADING and len(text.split()) <= 4  # noqa: PLR2004 - words.
    return is_short and text.isprintable() and not re.search(r"[.:;!?,{}=<>]|py\d", text)


def version_lines(matrix: Matrix) -> Iterator[tuple[Line, NamedVersion]]:
    """Yield what the settings beside ``deps`` say for a version that has a name in the file."""
    for setting in matrix.file.settings:
        if setting.section != "testenv" or setting.name == "deps":
            continue
        for line in setting.lines:
            for condition in matrix.conditions_of(line)[0]:
                for suite in matrix.suites:
                    for version in suite.versions.values():
                        if version.factor in condition.wanted and (
                            condition.wanted & suite.factors or version.factor in matrix.glued
                        ):
                            yield line, version

"""Reporting the lines that are for suites, and of which nothing was made."""

from collections.abc import Sequence

from integrations.catalogue.importing.tox_ini.reading import Matrix, version_lines
from integrations.catalogue.importing.tox_ini.suites import Found, listed
from matrix.rules.toxini.generative import NotGenerative, expand
from matrix.rules.toxini.naming import told_apart


def tell_the_rest(matrix: Matrix) -> None:
    """Report the lines that are for suites, and of which nothing was made."""
    for line, version in version_lines(matrix):
        text = f"names {version.factor}, which the portal may call otherwise. The line stays."
        matrix.tell(line.number, text)
    kept = [told_apart(name.split("-"), matrix.glued).factors for name in matrix.kept]
    for dependency in matrix.dependencies:
        for condition in dependency.conditions:
            named = told_apart(sorted(condition.wanted), matrix.glued)
            own = frozenset(factor.lower() for factor in named.factors)
            if not own:
                text = f'"{dependency.line.text}" is for no suite alone. The line stays.'
                matrix.tell(dependency.line.number, text)
                continue
            suites = [suite for suite in matrix.suites if own <= suite.factors]
            is_kept = any(named.factors <= factors for factors in kept)
            if is_kept and suites:
                text = "is for suites that stay hand-written, too. The line stays as well."
                matrix.tell(dependency.line.number, text)
            _tell_unmatched(matrix, dependency.line.number, named.versions, suites, is_kept=is_kept)
        if not dependency.conditions:
            text = f'"{dependency.line.text}" is for every environment. The line stays.'
            matrix.tell(dependency.line.number, text)
    for section, number in matrix.file.sections:
        if section.startswith("testenv:"):
            text = f"{_sections(section)} has settings of its own, which stay hand-written."
            matrix.tell(number, text)


def _tell_unmatched(
    matrix: Matrix, line: int, versions: Sequence[str], suites: Sequence[Found], *, is_kept: bool
) -> None:
    if is_kept:
        return
    if not suites:
        matrix.tell(line, "no environment has these factors. The line stays.")
    elif missing := [
        each for each in versions if not any(each in suite.versions for suite in suites)
    ]:
        text = f"no environment has the factor {', '.join(missing)}, so nothing was made of it."
        matrix.tell(line, text)


def _sections(section: str) -> str:
    text = section.removeprefix("testenv:")
    try:
        return listed(expand(text))
    except NotGenerative:
        return f"[{section}]"

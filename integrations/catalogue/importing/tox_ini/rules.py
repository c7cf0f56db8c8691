"""Lines of ``deps`` as dependency rules: releases, Pythons and free threading."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from integrations.catalogue import portable
from integrations.catalogue.importing.pythons import as_rules
from integrations.catalogue.importing.tox_ini.projects import Target, plain_version, target_of
from matrix.rules.facts import Python
from matrix.rules.rendering.factors import LATEST
from matrix.rules.toxini.generative import Condition, python_of
from matrix.rules.toxini.naming import told_apart

if TYPE_CHECKING:
    from integrations.catalogue.importing.tox_ini.reading import Dependency, Matrix
    from integrations.catalogue.importing.tox_ini.suites import Found

LONGEST_REASON = 300
ALL = ""  # Instead of a version: for each of them.
Pythons = frozenset[Python] | None  # None: all.
Where = dict[str, set[Python] | None]  # By version.


@dataclass(frozen=True, kw_only=True, slots=True)
class Supported:
    """The Pythons of the SDK."""

    minors: tuple[int, ...]
    free_threading_from: int | None

    def every(self) -> set[Python]:
        first = self.free_threading_from
        threaded = {m for m in self.minors if first is not None and m >= first}
        return {Python(m) for m in self.minors} | {Python(m, free_threaded=True) for m in threaded}


@dataclass(frozen=True, slots=True)
class LinedRule:
    line: int
    rule: portable.Rule


def rules_of(matrix: "Matrix", suite: "Found", supported: Supported) -> list[LinedRule]:
    """Return the rules of a suite in the order of the file, equal conditions put together."""
    found: dict[tuple[str, str, str, str], tuple[int, list[str]]] = {}
    targets = _targets(matrix, suite)
    for dependency in matrix.dependencies_of(suite):
        where = _where(matrix, suite, dependency, supported)
        if not where:
            continue
        if dependency.requirement is None:
            text = f'"{dependency.text}" is no requirement (PEP 508): the line stays hand-written.'
            matrix.tell(dependency.line.number, text)
            continue
        if LATEST in where and targets:
            text = (
                "latest becomes a rule for releases above the versions that have a name: an alias "
                "installs what its release does."
            )
            matrix.tell(dependency.line.number, text)
        reason = " ".join(dependency.why.split())[:LONGEST_REASON]
        for releases, pythons, switch in _conditions(where, suite, targets, supported):
            key = (releases, pythons, switch, reason)
            _, texts = found.setdefault(key, (dependency.line.number, []))
            if dependency.text not in texts:
                texts.append(dependency.text)
    return [
        LinedRule(
            line,
            portable.Rule(
                releases=releases,
                pythons=pythons,
                free_threading=switch,
                requirements="\n".join(texts),
                reason=reason,
            ),
        )
        for (releases, pythons, switch, reason), (line, texts) in found.items()
    ]


def _targets(matrix: "Matrix", suite: "Found") -> list[Target]:
    """Return what the named versions mean, ascending."""
    found = [target_of(matrix, suite, factor) for factor in suite.versions if factor != LATEST]
    known = [target for target in found if target is not None and target.low is not None]
    return sorted(known, key=lambda target: (target.low, target.factor))


def _where(
    matrix: "Matrix", suite: "Found", dependency: "Dependency", supported: Supported
) -> Where:
    """Return the versions and Pythons of *suite* for which a line is."""
    where: Where = {}
    for condition in dependency.conditions:
        if _is_own(matrix, suite, dependency, condition):
            continue
        applied = _applied(matrix, suite, condition, supported)
        if applied is None:
            continue
        versions, pythons = applied
        for version in versions:
            before = where.get(version, set())
            where[version] = None if before is None or pythons is None else before | pythons
    return where


def _is_own(
    matrix: "Matrix", suite: "Found", dependency: "Dependency", condition: Condition
) -> bool:
    """Tell a line that installs the project itself."""
    version = plain_version(matrix, suite, condition)
    lines = matrix.projects[suite.name].lines
    return version is not None and (dependency.line.number, version) in lines


def _applied(
    matrix: "Matrix", suite: "Found", condition: Condition, supported: Supported
) -> tuple[list[str], Pythons] | None:
    wanted = told_apart(sorted(condition.wanted), matrix.glued)
    refused = told_apart(sorted(condition.refused), {})
    own = frozenset(factor.lower() for factor in wanted.factors)
    if not own or not own <= suite.factors or refused.factors & suite.factors:
        return None
    if len(set(wanted.pythons)) > 1 or not set(wanted.versions) <= suite.versions.keys():
        return None
    versions = list(wanted.versions) or [ALL]
    if kept_out := set(refused.versions) | (refused.factors & suite.versions.keys()):
        versions = [each for each in suite.versions if each not in kept_out]
    pythons: set[Python] | None = None
    if wanted.pythons or refused.pythons:
        pythons = set(map(_python, wanted.pythons)) or supported.every()
        pythons -= set(map(_python, refused.pythons))
    return versions, None if pythons is None else frozenset(pythons)


def _python(factor: str) -> Python:
    found = python_of(factor)
    assert found is not None
    return found


def _conditions(
    where: Where, suite: "Found", targets: Sequence[Target], supported: Supported
) -> Iterator[tuple[str, str, str]]:
    """Yield (releases, Pythons, free threading) of the rules that one line stands for."""
    by_pythons: dict[Pythons, list[str]] = {}
    for version, pythons in where.items():
        key = None if pythons is None else frozenset(pythons)
        by_pythons.setdefault(key, []).append(version)
    for key, versions in by_pythons.items():
        pairs = [("", "any")]
        if key is not None:
            pairs = (
                as_rules(
                    {python.minor for python in key if not python.free_threaded},
                    {python.minor for python in key if python.free_threaded},
                    supported=supported.minors,
                    free_threading_from=supported.free_threading_from,
                )
                if key
                else []
            )
        for releases in _releases(versions, suite, targets):
            yield from ((releases, pythons, switch) for pythons, switch in pairs)


def _releases(versions: Sequence[str], suite: "Found", targets: Sequence[Target]) -> Iterator[str]:
    """
    Yield the specifiers of the releases that *versions* mean.

    Neighbours become one range: picks move, and what two named versions need, those in between do.
    """
    if ALL in versions or suite.versions.keys() <= set(versions):
        yield ""
        return
    run: list[Target] = []
    for target in targets:
        if target.factor in versions:
            run.append(target)
        elif run:
            yield from _range(run)
            run = []
    if LATEST not in versions:
        yield from _range(run)
    elif not targets:
        yield ""
    elif run and all(target.above for target in run):
        yield f">={_start(run[0])}"
    else:
        yield from _range(run)
        last = targets[-1]
        yield f">={last.above}" if last.above else f">{last.low}"


def _range(run: Sequence[Target]) -> Iterator[str]:
    if len(run) > 1 and all(target.above for target in run):
        yield f">={_start(run[0])},<{run[-1].above}"
    else:
        yield from (target.scope for target in run)


def _start(target: Target) -> str:
    series = target.scope.startswith("==") and target.scope.endswith(".*")
    return target.scope[2:-2] if series else str(target.low)

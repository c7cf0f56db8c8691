"""From what a tox.ini says of its suites to the plain values that every importer hands on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from integrations.catalogue import portable
from integrations.catalogue.importing.imported import Imported, Problem, below
from integrations.catalogue.importing.pythons import specifier
from integrations.catalogue.importing.suites import minors
from integrations.catalogue.importing.tox_ini.leftovers import tell_the_rest
from integrations.catalogue.importing.tox_ini.paths import paths_of
from integrations.catalogue.importing.tox_ini.projects import Target, target_of
from integrations.catalogue.importing.tox_ini.reading import Matrix
from integrations.catalogue.importing.tox_ini.rules import LinedRule, Supported, rules_of
from integrations.catalogue.importing.tox_ini.suites import Found, NamedVersion, listed
from matrix.rules.facts import Python
from matrix.rules.pythons import pick_pythons
from matrix.rules.rendering.factors import LATEST, version_factor
from matrix.rules.toxini.lines import gathered

Releases = Callable[[str], Sequence[Version]]  # What the portal knows of a project, ascending.
FEWEST = 2  # Picks: the lowest and the latest.
MARK = "Named "  # How the reason of a pinned pick begins that a file asked for.
WHERE_TESTS_ARE = "tests"


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """An environment of the file, and what stands for it in the portal."""

    line: int
    name: str
    integration: str
    python: Python
    releases: SpecifierSet | None  # None: the latest.


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedMatrix:
    imported: Imported
    expected: tuple[Expected, ...]
    kept: tuple[str, ...]  # Environments that stay in the hand-written part.


def read_tox_ini(matrix: Matrix, base: portable.Catalogue, releases: Releases) -> ImportedMatrix:
    """Put what a file says into *base*; owners, notes, holds and one's own picks stay."""
    if not matrix.suites and not matrix.problems:
        message = 'names no version of any suite, such as "py3.12-httpx-v0.28".'
        matrix.problems.append(Problem(matrix.source.name, message))
    sdk = _sdk(matrix, base.sdk)
    builder = _Builder(matrix, replace(base, sdk=sdk), releases)
    integrations = tuple(map(builder.integration, matrix.suites))
    tell_the_rest(matrix)
    imported = Imported(
        catalogue=replace(base, sdk=sdk, groups=_groups(matrix, base), integrations=integrations),
        problems=tuple(matrix.problems),
        places=builder.places,
        notes=tuple(
            f"{matrix.source.name}, {where}: {text}" for where, text in gathered(matrix.report)
        ),
    )
    return ImportedMatrix(
        imported=imported, expected=tuple(builder.expected), kept=tuple(matrix.kept)
    )


def _sdk(matrix: Matrix, before: portable.Sdk) -> portable.Sdk:
    """A new SDK supports the Pythons of the matrix."""
    if before.pythons:
        return before
    found = {
        python
        for suite in matrix.suites
        for version in suite.versions.values()
        for python in version.pythons
    }
    threaded = sorted(python.minor for python in found if python.free_threaded)
    return replace(
        before,
        pythons=" ".join(f"3.{minor}" for minor in sorted({python.minor for python in found})),
        free_threading_from=f"3.{threaded[0]}" if threaded else "",
    )


def _groups(matrix: Matrix, base: portable.Catalogue) -> tuple[portable.Group, ...]:
    before = {group.name.lower(): group for group in base.groups}
    names = {suite.group.lower(): suite.group for suite in reversed(matrix.suites)}
    order = dict.fromkeys(suite.group.lower() for suite in matrix.suites)
    found = []
    for name in order:
        known = before.get(name)
        found.append(portable.Group(name=names[name], services=known.services if known else ""))
    return portable.in_order(found)


class _Builder:
    """Makes integrations, and remembers where each value stands in the file."""

    def __init__(self, matrix: Matrix, base: portable.Catalogue, releases: Releases) -> None:
        self.matrix = matrix
        self.base = base
        self.releases = releases
        self.places: dict[str, str] = {}
        self.expected: list[Expected] = []
        self.before = {integration.name: integration for integration in base.integrations}
        self.groups = {suite.group.lower(): suite.group for suite in reversed(matrix.suites)}
        first = minors(base.sdk.free_threading_from)
        self.supported = Supported(
            minors=tuple(sorted(minors(base.sdk.pythons))),
            free_threading_from=first[0] if first else None,
        )
        self.paths = dict(paths_of(matrix))

    def integration(self, suite: Found) -> portable.Integration:
        ours = below("integrations", suite.name)
        self.places[ours] = self.matrix.place(suite.line)
        project = self.matrix.projects[suite.name]
        start = self.before.get(suite.name) or portable.Integration(
            name=suite.name, group=suite.group, project=project.name, test_path=""
        )
        targets = self._targets(suite)
        pins = self._pins(suite, targets)
        rules = rules_of(self.matrix, suite, self.supported)
        for i, lined in enumerate(rules):
            self._place_rule(f"{ours}.rules[{i}]", lined)
        low = min((each.low for each in targets.values() if each.low), default=None)
        self._expect(suite, targets)
        return replace(
            start,
            group=self.groups[suite.group.lower()],
            project=project.name,
            extras=", ".join(sorted(project.extras)),
            test_path=self._test_path(suite, start),
            minimum=str(low) if low else start.minimum,
            include=self._include(suite),
            number_of_versions=self._number(suite, targets, pins),
            rules=portable.in_order([lined.rule for lined in rules]),
            restrictions=portable.in_order(list(self._restrictions(suite, targets))),
            pinned_picks=_with_own(pins, start.pinned_picks),
        )

    def _place_rule(self, place: str, lined: LinedRule) -> None:
        where = self.matrix.place(lined.line)
        self.places |= {place: where, f"{place}.requirements": where, f"{place}.releases": where}

    # --- Versions --------------------------------------------------------------------------------

    def _targets(self, suite: Found) -> dict[str, Target]:
        found = {}
        for version in suite.versions.values():
            if version.factor == LATEST:
                continue
            target = target_of(self.matrix, suite, version.factor)
            if target is None:
                names = listed(list(version.pythons.values()))
                text = f"{names}: no line says which releases {version.factor} means. No row of it."
                self.matrix.tell(version.line, text)
            else:
                found[version.factor] = target
        return found

    def _pins(self, suite: Found, targets: dict[str, Target]) -> list[portable.PinnedPick]:
        """Pin what is named exactly, or what the portal knows to be the newest of a series."""
        project = self.matrix.projects[suite.name].name
        known = list(self.releases(project)) if targets else []
        versions: dict[Version, str] = {}
        for factor, target in targets.items():
            version = target.exact or self._newest(suite, target, known)
            if version is not None:
                versions.setdefault(version, factor)
            self._tell(suite, target, version)
        return [
            portable.PinnedPick(
                version=str(version), reason=f"{MARK}{factor} in {self.matrix.source.name}."
            )
            for version, factor in sorted(versions.items())
        ]

    def _newest(self, suite: Found, target: Target, known: Sequence[Version]) -> Version | None:
        said = self.matrix.projects[suite.name].specifiers.get(target.factor, SpecifierSet())
        inside = said & SpecifierSet(target.scope)
        named = bool(said.prereleases)
        found = (each for each in known if inside.contains(each, prereleases=named))
        return max(found, default=None)

    def _tell(self, suite: Found, target: Target, version: Version | None) -> None:
        """Say how a version is called from now on, unless it keeps its name."""
        line = suite.versions[target.factor].line
        names = listed(list(suite.versions[target.factor].pythons.values()))
        how = "" if target.is_said else " No line says what it installs; its name does."
        if version is None:
            text = (
                f"{names}: {target.factor} means {target.scope}, which is no exact release, so "
                f"nothing is pinned. The minimum and the number of versions decide. Poll the "
                f"index and import again to pin the newest release of it.{how}"
            )
        elif (new := version_factor(version)) != target.factor or how:
            text = f"{names}: {target.factor} is called {new} by the portal.{how}"
        else:
            return
        self.matrix.tell(line, text)

    def _number(
        self, suite: Found, targets: dict[str, Target], pins: Sequence[portable.PinnedPick]
    ) -> int:
        """As many as are named; where all are pinned the lowest and the latest are enough."""
        if len(pins) >= len({target.scope for target in targets.values()}):
            return FEWEST
        return min(max(FEWEST, len(targets) + (LATEST in suite.versions)), 999)

    def _include(self, suite: Found) -> str:
        specifiers = self.matrix.projects[suite.name].specifiers
        every = specifiers.get("", SpecifierSet()) & specifiers.get(LATEST, SpecifierSet())
        exact = [each for each in every if each.operator in {"==", "==="}]
        if exact:
            text = f'"{every}" would keep out every other release: write it as a pinned pick.'
            self.matrix.tell(suite.line, text)
        return ",".join(sorted(str(each) for each in every if each not in exact))

    # --- Pythons ---------------------------------------------------------------------------------

    def _restrictions(
        self, suite: Found, targets: dict[str, Target]
    ) -> Iterator[portable.Restriction]:
        """Allow each version its own Pythons, and what has no name those of the latest."""
        known = set(self.supported.minors)
        sets = {
            version.factor: frozenset(python.minor for python in version.pythons) & known
            for version in suite.versions.values()
            if version.factor == LATEST or version.factor in targets
        }
        for version in suite.versions.values():
            self._tell_pythons(version)
        if len(set(sets.values())) == 1:
            yield from self._restriction("", next(iter(sets.values())), known)
            return
        ordered = sorted(targets.values(), key=lambda target: target.low or Version("0"))
        for target in ordered:
            yield from self._restriction(target.scope, sets[target.factor], known)
        if LATEST in sets:
            yield from self._restriction("", sets[LATEST], known)

    def _restriction(
        self, releases: str, allowed: frozenset[int], known: set[int]
    ) -> Iterator[portable.Restriction]:
        if not allowed or (allowed == known and not releases):
            return
        pythons = specifier(allowed, known) or f">=3.{min(known)}"
        yield portable.Restriction(releases=releases, pythons=pythons)

    def _tell_pythons(self, version: NamedVersion) -> None:
        names = version.pythons
        plain = sorted(python for python in names if not python.free_threaded)
        able = [python for python in plain if python.minor in self.supported.minors]
        strangers = [names[python] for python in sorted(set(plain) - set(able))]
        if strangers:
            text = f"{listed(strangers)}: the SDK does not support that Python. No row of it."
            self.matrix.tell(version.line, text)
        left_out = [names[python] for python in able if python not in pick_pythons(able)]
        if left_out:
            text = (
                f"{listed(left_out)}: left out, because a release is tested on the oldest, the "
                "second newest and the newest of its Pythons."
            )
            self.matrix.tell(version.line, text)
        threaded = [names[python] for python in sorted(set(names) - set(plain))]
        if threaded:
            text = (
                f"{listed(threaded)}: the wheels of a release and of what it depends on decide "
                "whether it is tested without the GIL."
            )
            self.matrix.tell(version.line, text)
        spelled = [name for python, name in names.items() if python.factor not in name.split("-")]
        if spelled:
            text = f"{listed(spelled)}: the portal writes Pythons as py3.9."
            self.matrix.tell(version.line, text)

    # --- The rest --------------------------------------------------------------------------------

    def _expect(self, suite: Found, targets: dict[str, Target]) -> None:
        for version in suite.versions.values():
            if version.factor != LATEST and version.factor not in targets:
                continue
            is_latest = version.factor == LATEST
            releases = None if is_latest else SpecifierSet(targets[version.factor].scope)
            if is_latest and (
                unversioned := [name for name in version.pythons.values() if LATEST not in name]
            ):
                text = f"{listed(unversioned)}: called -latest by the portal."
                self.matrix.tell(version.line, text)
            self.expected += [
                Expected(
                    line=version.line,
                    name=name,
                    integration=suite.name,
                    python=python,
                    releases=releases,
                )
                for python, name in version.pythons.items()
            ]

    def _test_path(self, suite: Found, start: portable.Integration) -> str:
        fitting = [
            path
            for condition, path in self.paths.items()
            if condition and condition <= suite.factors
        ]
        if fitting:
            return fitting[-1]
        if not start.test_path:
            text = (
                f'no line says where the tests of "{suite.name}" are: taken for {WHERE_TESTS_ARE}.'
            )
            self.matrix.tell(suite.line, text)
        return start.test_path or WHERE_TESTS_ARE


def _with_own(
    pins: Sequence[portable.PinnedPick], before: Sequence[portable.PinnedPick]
) -> tuple[portable.PinnedPick, ...]:
    """Keep the pinned picks that people made in the portal."""
    own = [pin for pin in before if not pin.reason.startswith(MARK)]
    named = {pin.version for pin in own}
    return (*own, *(pin for pin in pins if pin.version not in named))

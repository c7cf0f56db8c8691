"""Rules and restrictions that do nothing, hide each other or contradict each other. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations, islice
from operator import or_

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from matrix.rules.facts import FreeThreading, Python, PythonRestrictionRule, RequirementRule
from matrix.rules.matching import KnownReleases, are_disjoint, bits
from matrix.rules.parts import Row
from matrix.rules.requirements import requirement_uses

MOST_PAIRS = 200  # Requirements of one project that are compared with each other.
BUILDS = {FreeThreading.ONLY: {True}, FreeThreading.NEVER: {False}}


@dataclass(frozen=True, slots=True)
class Remark:
    """What is wrong with the rule at a position, in a sentence that goes on after its name."""

    position: int
    text: str
    is_warning: bool = True


@dataclass(frozen=True, slots=True)
class Reach:
    """The releases and Pythons of a rule as sets of bits; both are compared very often."""

    releases: int
    pythons: int

    def __and__(self, other: "Reach") -> "Reach":
        return Reach(self.releases & other.releases, self.pythons & other.pythons)

    def __bool__(self) -> bool:
        return bool(self.releases and self.pythons)

    def holds(self, other: "Reach") -> bool:
        return self & other == other


@dataclass(frozen=True, slots=True)
class Universe:
    """What rules are tried on: the known releases, and Pythons of the SDK."""

    releases: KnownReleases
    pythons: Sequence[Python]

    def pythons_of(
        self, specifiers: SpecifierSet, free_threading: FreeThreading = FreeThreading.ANY
    ) -> int:
        builds = BUILDS.get(free_threading, {True, False})
        return bits(
            each.free_threaded in builds and specifiers.contains(each.version, prereleases=True)
            for each in self.pythons
        )

    def reach_of(self, rule: RequirementRule) -> Reach:
        pythons = self.pythons_of(rule.pythons, rule.free_threading)
        return Reach(self.releases.matching(rule.releases), pythons)

    @property
    def all_pythons(self) -> str:
        return ", ".join(map(str, self.pythons)) or "none"

    def describe(self, reach: Reach) -> str:
        """``12 releases on 3.9, 3.10``."""
        names = [str(each) for at, each in enumerate(self.pythons) if reach.pythons >> at & 1]
        where = "every Python" if len(names) == len(self.pythons) else ", ".join(names)
        return f"{_releases(reach.releases.bit_count())} on {where}"


# --- Python restrictions: the first that matches a release decides -------------------------------
def restriction_remarks(
    restrictions: Sequence[PythonRestrictionRule], labels: Sequence[str], universe: Universe
) -> Iterator[Remark]:
    """*restrictions* stand in the order in which they are asked; *labels* name them."""
    reaches = [universe.releases.matching(each.releases) for each in restrictions]
    for position, restriction in enumerate(restrictions):
        yield from _who_decides(position, reaches, labels)
        yield from _pythons_left(position, universe.pythons_of(restriction.pythons), universe)


def _who_decides(position: int, reaches: Sequence[int], labels: Sequence[str]) -> Iterator[Remark]:
    own = reaches[position]
    if not own:
        yield Remark(position, "matches no known release.")
        return
    earlier = [at for at in range(position) if reaches[at] & own]
    if not earlier:
        return
    first = _listed([labels[at] for at in earlier])
    taken = reduce(or_, (reaches[at] & own for at in earlier))
    if taken == own:
        yield Remark(position, f"never decides: {first} comes first for all of its releases.")
    else:
        number, of = taken.bit_count(), own.bit_count()
        text = f"does not decide for {number} of its {of} releases: {first} comes first."
        yield Remark(position, text, is_warning=False)


def _pythons_left(position: int, left: int, universe: Universe) -> Iterator[Remark]:
    if not left:
        yield Remark(position, f"leaves no Python of the SDK ({universe.all_pythons}).")
    elif left == (1 << len(universe.pythons)) - 1:
        yield Remark(position, "keeps out no Python of the SDK.", is_warning=False)


# --- Dependency rules: all that match add up -----------------------------------------------------
def rule_remarks(
    rules: Sequence[RequirementRule],
    labels: Sequence[str],
    universe: Universe,
    rows: Sequence[Row],
) -> Iterator[Remark]:
    """*rows* are those of the matrix that follows; a rule may match releases and none of them."""
    reaches = [universe.reach_of(rule) for rule in rules]
    for position, rule in enumerate(rules):
        reach = reaches[position]
        if idle := _why_idle(rule, reach, universe, rows):
            # A rule for each release is a habit: that no row needs it today is no mistake.
            yield Remark(position, idle, is_warning=not reach)
        elif others := _covering(position, rules, reaches):
            names = _listed([labels[at] for at in others])
            text = f"adds nothing: all that it installs comes from {names} already."
            yield Remark(position, text)
    yield from _contradictions(rules, labels, reaches, universe)


def _why_idle(rule: RequirementRule, reach: Reach, universe: Universe, rows: Sequence[Row]) -> str:
    if not reach.releases:
        return "matches no known release."
    if not reach.pythons:
        return f"matches no Python of the SDK ({universe.all_pythons})."
    if rows and not requirement_uses(rows, [rule]):
        return f"matches {_releases(reach.releases.bit_count())}, but no row of the matrix."
    return ""


def _covering(
    position: int, rules: Sequence[RequirementRule], reaches: Sequence[Reach]
) -> list[int]:
    """Return the rules that bring, wherever this one applies, each of its requirements too."""
    own, found = reaches[position], set()
    for requirement in rules[position].requirements:
        others = (
            at
            for at, rule in enumerate(rules)
            if at != position
            and requirement in rule.requirements
            and reaches[at].holds(own)
            and (at < position or reaches[at] != own)  # Of two that are equal the later is idle.
        )
        other = next(others, None)
        if other is None:
            return []
        found.add(other)
    return sorted(found)


def _contradictions(
    rules: Sequence[RequirementRule],
    labels: Sequence[str],
    reaches: Sequence[Reach],
    universe: Universe,
) -> Iterator[Remark]:
    by_project: dict[str, list[tuple[int, Requirement]]] = defaultdict(list)
    for position, rule in enumerate(rules):
        for requirement in _plain(rule.requirements):
            by_project[canonicalize_name(requirement.name)].append((position, requirement))
    for named in by_project.values():
        for (one, first), (other, second) in islice(combinations(named, 2), MOST_PAIRS):
            meet = reaches[one] & reaches[other]
            if meet and are_disjoint(first.specifier, second.specifier):
                whose = "itself" if one == other else labels[one]
                text = f"asks for {second}, and {whose} for {first}: nothing satisfies both"
                yield Remark(other, f"{text} ({universe.describe(meet)}).")


def _plain(requirements: Iterable[str]) -> Iterator[Requirement]:
    """Read requirements; a marker or an address may keep two of them from ever meeting."""
    for text in requirements:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.marker is None and requirement.url is None:
            yield requirement


def _releases(number: int) -> str:
    return "1 release" if number == 1 else f"{number} releases"


def _listed(names: Sequence[str]) -> str:
    """``the first``, ``the first and the second``."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last

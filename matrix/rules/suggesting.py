"""What a new integration may begin with, and the reason of each suggestion. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from packaging.version import Version

from matrix.rules.facts import Metadata, Policy, Release
from matrix.rules.pythons import Support
from matrix.rules.verdicts import Minor, minor_of

MAJORS = 2
AGE = timedelta(days=3 * 365)
MOST_MINORS = 40  # Whose metadata is read before anybody has asked for it.
SAY_NOTHING = {"py", "python", "python3", "client", "sdk", "lib", "api"}
FIRST_CALENDAR_YEAR = 1990  # 2024.1 counts years: its majors say nothing.


@dataclass(frozen=True, slots=True)
class Suggestion:
    value: str  # "": there is none, and *why* says so.
    why: str  # A sentence.


# --- Releases ------------------------------------------------------------------------------------
def worth_knowing(releases: Iterable[Release]) -> list[Version]:
    """Return the releases whose metadata a suggestion and its preview look at, ascending."""
    minors = _minors(releases)
    newest = [patches[-1].version for patches in minors.values()]
    coming = [each.version for each in _offered(releases) if each.version.is_prerelease]
    above = [version for version in coming if not newest or version > newest[-1]]
    return [*newest[-MOST_MINORS:], *above[-1:]]


def _offered(releases: Iterable[Release]) -> list[Release]:
    """Return what the index offers and a test may use, ascending."""
    there = (each for each in releases if each.uploaded_at is not None and not each.is_yanked)
    usable = (
        each for each in there if not (each.version.is_postrelease or each.version.is_devrelease)
    )
    return sorted(usable, key=lambda each: each.version)


def _minors(releases: Iterable[Release]) -> dict[Minor, list[Release]]:
    """Return the final releases of each minor version; both ascend."""
    found: dict[Minor, list[Release]] = {}
    for release in _offered(releases):
        if not release.version.is_prerelease:
            found.setdefault(minor_of(release.version), []).append(release)
    return found


def suggest_minimum(
    policy: Policy, releases: Sequence[Release], metadata: Mapping[Version, Metadata]
) -> Suggestion:
    """Return the first release of the oldest minor version that is worth the trouble."""
    minors = list(_minors(releases).values())
    if not minors:
        return Suggestion("", "The index offers no final release.")
    recent, bounds = _recent(minors, policy)
    support = Support(policy, metadata)
    for patches in recent:
        newest = patches[-1].version
        if newest in metadata and (pythons := support.pythons(newest)):
            names = ", ".join(map(str, pythons))
            why = f"It begins the oldest minor version {bounds}whose newest release ({newest}) "
            return Suggestion(
                str(patches[0].version), f"{why}declares Pythons of the SDK: {names}."
            )
    latest = minors[-1][-1].version
    if latest not in metadata:
        return Suggestion("", f"Which Pythons {latest} declares could not be read.")
    return Suggestion("", f"No recent release can be tested: {latest} {support.why_none(latest)}.")


def _recent(minors: Sequence[list[Release]], policy: Policy) -> tuple[Sequence[list[Release]], str]:
    """Return the minor versions that may begin, ascending, and in words what bounds them."""
    names = sorted({(each[-1].version.epoch, each[-1].version.major) for each in minors})
    bounds = []
    kept = list(minors)
    if len(names) > MAJORS and names[-1][1] < FIRST_CALENDAR_YEAR:
        first = names[-MAJORS]
        kept = [each for each in kept if (each[-1].version.epoch, each[-1].version.major) >= first]
        bounds.append(f"of the last {MAJORS} major versions")
    young = [each for each in kept if _is_young(each[-1], policy)]
    if len(young) < len(kept):
        kept = young or kept[-1:]
        bounds.append(f"of the last {AGE.days // 365} years")
    return kept, f"{' and '.join(bounds)} " if bounds else ""


def _is_young(release: Release, policy: Policy) -> bool:
    if release.uploaded_at is None or not release.is_time_known:
        return True  # Nobody knows: its age says nothing against it.
    return policy.as_of - release.uploaded_at <= AGE


def pythons_in_common(
    policy: Policy, releases: Sequence[Release], metadata: Mapping[Version, Metadata]
) -> Suggestion:
    """Return the Pythons that the latest release shares with the SDK."""
    minors = list(_minors(releases).values())
    latest = minors[-1][-1].version if minors else None
    if latest is None or latest not in metadata:
        return Suggestion("", "Not known: nobody has read what the latest release declares.")
    support = Support(policy, metadata)
    pythons = support.pythons(latest)
    if not pythons:
        return Suggestion("", f"None: {latest} {support.why_none(latest)}.")
    names = ", ".join(map(str, pythons))
    return Suggestion(names, f"The latest release, {latest}, declares them.")


# --- The catalogue -------------------------------------------------------------------------------
def suggest_name(
    project: str, taken: Collection[str], is_factor: Callable[[str], bool]
) -> Suggestion:
    """Return a tox factor that names *project*, and hides or is hidden by none of *taken*."""
    for name in _names(project):
        if is_factor(name) and not _rivals(name, taken):
            if name == project:
                return Suggestion(name, "The name of the project; no other integration has it.")
            rivals = _rivals(project, taken)
            why = f"{rivals[0]} shares its factors" if rivals else "it is no tox factor"
            return Suggestion(name, f"The name of the project cannot stand alone: {why}.")
    return Suggestion("", f"Every name that follows from {project} clashes: choose one.")


def _names(project: str) -> Iterator[str]:
    joined = project.replace("-", "_")
    suffixes = ("base", "main", "suite", *map(str, range(2, 100)))
    for stems in ((project, joined), (f"the-{project}", f"the_{joined}")):
        yield from stems
        yield from (f"{stem}-{suffix}" for suffix in suffixes for stem in stems)
        yield from (f"{stems[1]}_{suffix}" for suffix in suffixes)


def _rivals(name: str, taken: Iterable[str]) -> list[str]:
    """Return the names whose factors tox could not tell from those of *name*."""
    mine = set(name.split("-"))
    return sorted(
        other for other in taken if mine <= set(other.split("-")) or set(other.split("-")) <= mine
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What a suggestion takes from an integration that the SDK has."""

    name: str
    project: str
    group: str
    test_path: str


PLACES: Mapping[str, Callable[[str, str], str]] = {  # What stands for {} in a test path.
    # Where the others leave it open, the first: a folder with "_" can be a package of tests.
    "name with _": lambda name, project: name.replace("-", "_"),  # noqa: ARG005
    "name": lambda name, project: name,  # noqa: ARG005
    "project with _": lambda name, project: project.replace("-", "_"),  # noqa: ARG005
    "project": lambda name, project: project,  # noqa: ARG005
}


def suggest_test_path(name: str, project: str, others: Sequence[Known]) -> Suggestion:
    """Return the path that follows the pattern of most other integrations."""
    patterns = Counter(
        (head, tail, place) for other in others for head, tail, place in _patterns(other)
    )
    if not patterns:
        why = "No other integration has its own name in its test path: this is a guess."
        return Suggestion(f"tests/{name.replace('-', '_')}", why)
    order = list(PLACES)
    head, tail, place = min(patterns, key=lambda key: (-patterns[key], order.index(key[2]), key))
    number = patterns[head, tail, place]
    path = f"{head}{PLACES[place](name, project)}{tail}"
    return Suggestion(path, f"{number} of {len(others)} integrations follow {head}<{place}>{tail}.")


def _patterns(other: Known) -> Iterator[tuple[str, str, str]]:
    for place, of in PLACES.items():
        word = re.escape(of(other.name, other.project))
        if found := re.fullmatch(rf"(.*?)(?<![\w-]){word}(?![\w-])(.*)", other.test_path):
            yield found[1], found[2], place


def suggest_group(project: str, others: Sequence[Known], groups: Sequence[str]) -> Suggestion:
    """Return the group of the projects whose names are alike, else the largest."""
    for words_of, how in ((_first_word, "begin alike"), (_words, "share a word with it")):
        alike = [other for other in others if words_of(project) & words_of(other.project)]
        if alike:
            group = _largest(alike)
            names = sorted({other.project for other in alike if other.group == group})
            return Suggestion(group, f"It holds projects that {how}: {', '.join(names[:3])}.")
    if others:
        return Suggestion(_largest(others), "The largest group: no project has a name like it.")
    if groups:
        return Suggestion(groups[0], "The first group: none holds an integration yet.")
    return Suggestion("", "The SDK has no group yet: add one to it first.")


def _largest(others: Iterable[Known]) -> str:
    counts = Counter(other.group for other in others)
    return min(counts, key=lambda name: (-counts[name], name))


def _words(project: str) -> set[str]:
    """``{"langchain", "openai"}``, without what says nothing."""
    return {word for word in project.split("-") if len(word) > 1} - SAY_NOTHING


def _first_word(project: str) -> set[str]:
    return {project.partition("-")[0]} & _words(project)

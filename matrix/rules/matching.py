"""Which releases of a project a specifier matches, so that nobody has to imagine it. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

FEW = 3  # Shown at each end of a list that is cut.


@dataclass(frozen=True, kw_only=True, slots=True)
class Matched:
    """What a specifier matches among the known releases of a project."""

    versions: tuple[Version, ...]  # Ascending.
    names: tuple[str, ...]  # The same as texts.
    known: int  # How many releases there are.
    surprises: tuple[str, ...] = ()  # Sentences.

    @property
    def prereleases(self) -> tuple[Version, ...]:
        return tuple(version for version in self.versions if version.is_prerelease)

    @property
    def is_cut(self) -> bool:
        return len(self.versions) > 2 * FEW

    @property
    def shown(self) -> str:
        """The list, without its middle when it is long."""
        if not self.is_cut:
            return self.listed
        return f"{', '.join(self.names[:FEW])} … {', '.join(self.names[-FEW:])}"

    @property
    def listed(self) -> str:
        return ", ".join(self.names)


class KnownReleases:
    """
    The releases of a project, ascending. A set of them is a number with a bit for each: rules are
    compared with each other again and again, and a specifier is matched once.
    """

    def __init__(self, versions: Iterable[Version]) -> None:
        self.versions = tuple(sorted(set(versions)))
        self._found: dict[SpecifierSet, int] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(map(str, self.versions))

    def matching(self, specifiers: SpecifierSet) -> int:
        """Match as all rules of the catalogue do: prereleases count."""
        if specifiers not in self._found:
            self._found[specifiers] = bits(
                specifiers.contains(version, prereleases=True) for version in self.versions
            )
        return self._found[specifiers]

    def matched(self, specifiers: SpecifierSet) -> Matched:
        found = self._among(self.matching(specifiers))
        versions = [self.versions[place] for place in found]
        return self._matched(found, _surprises(specifiers, versions, self.versions))

    def at_least(self, minimum: Version) -> Matched:
        """Return what is not below *minimum*; a minimum that is no release is told."""
        first = bisect_left(self.versions, minimum)
        is_release = self.versions[first : first + 1] == (minimum,)
        strange = () if is_release else (f"{minimum} itself is no known release.",)
        return self._matched(range(first, len(self.versions)), strange)

    def _matched(self, places: Sequence[int], surprises: Iterable[str]) -> Matched:
        return Matched(
            versions=tuple(self.versions[place] for place in places),
            names=tuple(self.names[place] for place in places),
            known=len(self.versions),
            surprises=tuple(surprises),
        )

    def _among(self, releases: int) -> list[int]:
        marks = f"{releases:b}"[::-1]
        return [place for place, mark in enumerate(marks) if mark == "1"]


def bits(marks: Iterable[bool]) -> int:
    """Return the number whose lowest bit is the first mark."""
    digits = ["1" if mark else "0" for mark in marks]
    return int("".join(reversed(digits)) or "0", 2)


def are_disjoint(one: SpecifierSet, other: SpecifierSet) -> bool:
    """Whether no version at all satisfies both."""
    return (one & other).is_unsatisfiable()


def _surprises(
    specifiers: SpecifierSet, found: Sequence[Version], known: Sequence[Version]
) -> Iterator[str]:
    for specifier in sorted(specifiers, key=str):
        if specifier.operator in {"<", "<="}:
            yield from _earlier_prereleases(specifier, found)
        if specifier.operator == "!=":
            taken = Specifier(f"=={specifier.version}")
            if not any(taken.contains(version, prereleases=True) for version in known):
                yield f"{specifier} leaves nothing out: there is no such release."


def _earlier_prereleases(specifier: Specifier, found: Sequence[Version]) -> Iterator[str]:
    """``<6.1b1`` keeps 6.1a1: nobody means that who wants no prerelease of 6.1."""
    try:
        bound = Version(specifier.version)
    except InvalidVersion:  # "<=1.*" is none either, but who knows what comes.
        return
    final = Version(bound.base_version)
    kept = [
        str(version)
        for version in found
        if version.is_prerelease and version != bound and Version(version.base_version) == final
    ]
    if bound.is_prerelease and kept:
        names = ", ".join(kept)
        yield f"{specifier} still matches {names}; <{final} leaves out every prerelease of {final}."

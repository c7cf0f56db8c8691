"""Which releases of a project a specifier matches, so that nobody has to imagine it. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

FEW = 3  # Shown at each end of a list that is cut.


@dataclass(frozen=True, kw_only=True, slots=True)
class Matched:
    """What a specifier matches among the known releases of a project."""

    versions: tuple[Version, ...]  # Ascending.
    known: int  # How many releases there are.
    surprises: tuple[str, ...] = ()  # Sentences.

    @property
    def prereleases(self) -> tuple[Version, ...]:
        return tuple(version for version in self.versions if version.is_prerelease)

    @property
    def is_cut(self) -> bool:
        return len(self.versions) > 2 * FEW

    @property
    def first(self) -> tuple[Version, ...]:
        """The beginning of the list; all of it when it is short."""
        return self.versions[:FEW] if self.is_cut else self.versions

    @property
    def last(self) -> tuple[Version, ...]:
        """Its end, when it is cut."""
        return self.versions[-FEW:] if self.is_cut else ()


class KnownReleases:
    """
    The releases of a project, ascending. A set of them is a number with a bit for each: rules are
    compared with each other again and again, and a specifier is matched once.
    """

    def __init__(self, versions: Iterable[Version]) -> None:
        self.versions = tuple(sorted(set(versions)))
        self._found: dict[SpecifierSet, int] = {}

    def matching(self, specifiers: SpecifierSet) -> int:
        """Match as all rules of the catalogue do: prereleases count."""
        if specifiers not in self._found:
            self._found[specifiers] = bits(
                specifiers.contains(version, prereleases=True) for version in self.versions
            )
        return self._found[specifiers]

    def matched(self, specifiers: SpecifierSet) -> Matched:
        found = self._named(self.matching(specifiers))
        surprises = tuple(_surprises(specifiers, found, self.versions))
        return Matched(versions=found, known=len(self.versions), surprises=surprises)

    def at_least(self, minimum: Version) -> Matched:
        """Return what is not below *minimum*; a minimum that is no release is told."""
        found = tuple(version for version in self.versions if version >= minimum)
        strange = () if minimum in found else (f"{minimum} itself is no known release.",)
        return Matched(versions=found, known=len(self.versions), surprises=strange)

    def _named(self, releases: int) -> tuple[Version, ...]:
        return tuple(
            version for place, version in enumerate(self.versions) if releases >> place & 1
        )


def bits(marks: Iterable[bool]) -> int:
    return sum(1 << place for place, mark in enumerate(marks) if mark)


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

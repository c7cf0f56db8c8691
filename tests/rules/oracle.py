"""
What the replaced script picks: a naive second implementation that shares no code with the rules.

Each deliberate difference of the portal is a switch, so that its effect can be told from the rest.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

Files = dict[str, list[list[Any]]]  # {version: [[filename, upload time, requires, yanked], ...]}
Picks = dict[str, list[str]]  # {version: ["3.6", "3.7"]}, without free-threaded builds.


@dataclass(frozen=True, kw_only=True)
class Differences:
    """The deliberate differences that bear on picks; all off is the script."""

    restrictions_in_low_end: bool = False
    yanked_means_all_files: bool = False
    whole_version_counts: bool = False
    restrictions_match_prereleases: bool = False


SCRIPT = Differences()
PORTAL = Differences(
    restrictions_in_low_end=True,
    yanked_means_all_files=True,
    whole_version_counts=True,
    restrictions_match_prereleases=True,
)


class Oracle:
    """One integration as the script sees it."""

    def __init__(
        self,
        suite: dict[str, Any],
        files: Files,
        metadata: dict[str, dict[str, Any]],
        *,
        as_of: datetime,
        supported: list[str],
        differences: Differences,
    ) -> None:
        self.suite = suite
        self.files = {version: _uploaded(found, as_of) for version, found in files.items()}
        self.metadata = metadata
        self.supported = supported
        self.differences = differences
        self.probes: list[str] = []

    def picks(self) -> Picks:
        stable, prerelease = self.prefiltered()
        chosen = self.chosen(self.without_low_end(stable))
        if prerelease is not None and (not stable or prerelease > stable[-1]):
            chosen.append(prerelease)
        found = {str(version): self.picked_pythons(version) for version in chosen}
        return {version: pythons for version, pythons in found.items() if pythons}

    def prefiltered(self) -> tuple[list[Version], Version | None]:
        """3.2: one release for each minor version, and the highest prerelease."""
        newest: dict[tuple[int, ...], Version] = {}
        prerelease = None
        for text, files in self.files.items():
            version = Version(text)
            if not files or self.is_yanked(files) or not self.is_wanted(version):
                continue
            if version.is_prerelease:
                prerelease = max(prerelease or version, version)
            else:
                minor = self.minor(version)
                if minor not in newest or self.is_newer(version, newest[minor]):
                    newest[minor] = version
        return sorted(newest.values()), prerelease

    def is_yanked(self, files: list[list[Any]]) -> bool:
        yanked = [bool(file[3]) for file in files]
        return all(yanked) if self.differences.yanked_means_all_files else yanked[0]

    def is_wanted(self, version: Version) -> bool:
        minimum, include = self.suite["min_version"], self.suite["include"]
        if minimum and version < Version(minimum):
            return False
        if version.is_postrelease or version.is_devrelease:
            return False
        return not include or SpecifierSet(include).contains(version, prereleases=True)

    def minor(self, version: Version) -> tuple[int, ...]:
        minor = (version.major, version.minor)
        return (version.epoch, *minor) if self.differences.whole_version_counts else minor

    def is_newer(self, version: Version, other: Version) -> bool:
        if self.differences.whole_version_counts:
            return version > other
        return version.micro > other.micro

    def without_low_end(self, versions: list[Version]) -> list[Version]:
        """3.3: probe the first, then halve."""
        if not versions or self.supports(versions[0]):
            return versions
        low, high = 0, len(versions)
        while low < high:
            middle = (low + high) // 2
            if self.supports(versions[middle]):
                high = middle
            else:
                low = middle + 1
        return versions[low:] or versions

    def supports(self, version: Version) -> bool:
        if isinstance(self.suite["python"], dict) and not self.differences.restrictions_in_low_end:
            return False
        self.probes.append(str(version))
        return bool(self.pythons(version))

    def chosen(self, versions: list[Version]) -> list[Version]:
        """3.4."""
        number = self.suite["num_versions"]
        majors = {(version.epoch, version.major) for version in versions}
        if len(majors) <= 1:
            return _spread(versions, number or 4)
        highest = {
            max(version for version in versions if (version.epoch, version.major) == major)
            for major in majors
        }
        candidates = sorted(highest | {versions[0]})
        return _spread(candidates, number) if number else candidates

    def picked_pythons(self, version: Version) -> list[str]:
        """3.6: the oldest, the second newest and the newest."""
        pythons = self.pythons(version)
        return [
            python
            for number, python in enumerate(pythons)
            if number in {0, len(pythons) - 2, len(pythons) - 1}
        ]

    def pythons(self, version: Version) -> list[str]:
        declared, rule = self.declared(version), self.restriction(version)
        return [python for python in declared if not rule or python in SpecifierSet(rule)]

    def declared(self, version: Version) -> list[str]:
        """3.5."""
        facts = self.metadata[f"{self.suite['package'].lower().replace('_', '-')}=={version}"]
        prefix = "Programming Language :: Python :: "
        listed = [text.removeprefix(prefix) for text in facts["classifiers"] if prefix in text]
        if any("." in text for text in listed):
            return [python for python in self.supported if python in listed]
        if facts["requires_python"]:
            specifiers = SpecifierSet(facts["requires_python"])
            return [python for python in self.supported if python in specifiers]
        return self.supported if "3" in listed else []

    def restriction(self, version: Version) -> str:
        python = self.suite["python"]
        if not isinstance(python, dict):
            return python or ""
        for releases, pythons in python.items():
            specifiers = SpecifierSet(releases)
            if version.is_prerelease and not self.differences.restrictions_match_prereleases:
                continue
            if specifiers.contains(version, prereleases=True):
                return str(pythons)
        return ""


def _uploaded(files: list[list[Any]], as_of: datetime) -> list[list[Any]]:
    return [file for file in files if datetime.fromisoformat(file[1]) <= as_of]


def _spread(versions: list[Version], number: int) -> list[Version]:
    if not versions:
        return []
    step = len(versions) // (number - 1)
    inner = [versions[step * i] for i in range(1, number - 1)]
    return sorted({versions[0], *inner, versions[-1]})

"""Check 11: which of the releases that may be tested are, and why these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packaging.version import Version

from matrix.rules.facts import Check, PickReason, Reason

Major = tuple[int, int]  # Epoch, major.

DEFAULT_NUMBER = 4
FEWEST = 2  # The lowest and the latest.


def spread(count: int, number: int) -> list[int]:
    """
    Return at most *number* positions among *count*: both ends, and equal steps from the first.

    *number* is 2 or more. The step is rounded down before it is multiplied, so the last gap is the
    widest.
    """
    if count == 0:
        return []
    step = count // (number - 1)
    return sorted({0, count - 1, *(step * i for i in range(1, number - 1))})


@dataclass(frozen=True, slots=True)
class Sample:
    """What was chosen among the releases that may be tested; all lists ascend."""

    versions: Sequence[Version]
    majors: Mapping[Major, Version]  # The highest release of each.
    candidates: Sequence[Version]  # What the spread was taken from.
    chosen: Sequence[Version]
    is_spread: bool

    def why(self, version: Version) -> list[Reason]:
        """Say why a chosen release is one."""
        reasons = []
        if version == self.versions[0]:
            reasons.append(Reason(PickReason.LOWEST.value, "lowest"))
        if version == self.versions[-1]:
            reasons.append(Reason(PickReason.LATEST.value, "latest"))
        if len(self.majors) > 1 and version == self.majors[major_of(version)]:
            text = f"highest of major {_major_text(version)}"
            reasons.append(Reason(PickReason.HIGHEST_OF_MAJOR.value, text))
        if self.is_spread and version not in (self.chosen[0], self.chosen[-1]):
            text = f"evenly spaced {self.chosen.index(version) + 1} of {len(self.chosen)}"
            reasons.append(Reason(PickReason.EVENLY_SPACED.value, text))
        return reasons

    def why_not(self, version: Version) -> Reason:
        """Say why another release is not."""
        if version in self.candidates:
            what = "minor versions" if len(self.majors) == 1 else "candidates"
            text = f"{len(self.chosen)} of {len(self.candidates)} {what} are tested"
        else:
            text = f"not the highest of major {_major_text(version)}"
        return Reason(Check.SAMPLED_OUT.value, text)


def sample(versions: Sequence[Version], number: int | None) -> Sample:
    """
    Choose among ascending *versions*, one of each minor version.

    One major version: *number* of them, spread. Several: the lowest and the highest of each major,
    of which *number* are taken, or all. A number below 2 says nothing.
    """
    if number is not None and number < FEWEST:
        number = None
    majors = {major_of(version): version for version in versions}  # The last one wins.
    several = len(majors) > 1
    candidates = sorted({versions[0], *majors.values()}) if several else versions
    if number is None and several:
        return Sample(versions, majors, candidates, candidates, is_spread=False)
    positions = spread(len(candidates), number or DEFAULT_NUMBER)
    chosen = [candidates[position] for position in positions]
    return Sample(versions, majors, candidates, chosen, is_spread=True)


def major_of(version: Version) -> Major:
    return version.epoch, version.major


def _major_text(version: Version) -> str:
    return f"{version.epoch}!{version.major}" if version.epoch else str(version.major)

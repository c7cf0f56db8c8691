"""How two releases of one project stand to each other, in words. Pure."""

from dataclasses import dataclass
from itertools import takewhile

from packaging.version import Version

FIRST_CALENDAR_YEAR = 1990  # 2024.1 counts years: "major" would say too much.


@dataclass(frozen=True, slots=True)
class Text:
    """A version as text: what both sides share, and what changed."""

    same: str
    changed: str

    @property
    def whole(self) -> str:
        return f"{self.same}{self.changed}"


@dataclass(frozen=True, slots=True)
class Move:
    old: Text
    new: Text
    word: str  # patch, minor, major, newer, prerelease, lower, same version

    @property
    def is_risky(self) -> bool:
        return self.word in {"major", "lower", "prerelease"}


def move(old: Version, new: Version) -> Move:
    return Move(*_split(str(old), str(new)), word_for(old, new))


def word_for(old: Version, new: Version) -> str:
    if new == old:
        return "same version"
    if new < old:
        return "lower"
    if new.is_prerelease:
        return "prerelease"
    if new.major >= FIRST_CALENDAR_YEAR:
        return "newer"
    if (new.epoch, new.major) != (old.epoch, old.major):
        return "major"
    return "minor" if new.minor != old.minor else "patch"


def _split(old: str, new: str) -> tuple[Text, Text]:
    """Split both after the last component that they share: ``4.2.`` and ``16``, ``17``."""
    pairs = zip(old.split("."), new.split("."), strict=False)
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    return _after(old, shared), _after(new, shared)


def _after(text: str, components: int) -> Text:
    parts = text.split(".")
    head = "".join(f"{part}." for part in parts[:components])
    return Text(head[: len(text)], text[len(head) :])

"""Dependency groups (PEP 735), each with what it includes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.utils import canonicalize_name

from integrations.catalogue.validators import quoted
from integrations.policy.linting.findings import Unreadable

DEEPEST = 20  # Groups that include one another; three are rare.
MOST_TAKEN = 100_000  # Requirements that groups take from one another, all together.


@dataclass(kw_only=True, slots=True)
class Groups:
    """Requirements by the normalised name of their group, each once; and what is wrong."""

    found: dict[str, dict[str, None]] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)  # Group, sentence.
    _written: dict[str, tuple[str, object]] = field(default_factory=dict)
    _taken: int = 0

    @classmethod
    def read(cls, tables: Mapping[str, Any]) -> "Groups":
        """
        Read the table ``dependency-groups``; raises Unreadable for one that is made to explode.

        Names are normalised, in ``include-group`` too. What a group takes from itself is nothing.
        """
        groups = cls()
        for key, entries in tables.items():
            name: str = canonicalize_name(key)
            if name in groups._written:
                other = groups._written[name][0]
                groups.problems.append((key, f"the group {quoted(other)} has the same name."))
            else:
                groups._written[name] = (key, entries)
        for name in groups._written:
            groups._expand(name, ())
        return groups

    def of(self, name: str) -> list[str]:
        return list(self.found.get(canonicalize_name(name), {}))

    def _expand(self, name: str, above: tuple[str, ...]) -> dict[str, None]:
        if name in self.found:
            return self.found[name]
        if len(above) >= DEEPEST:
            raise Unreadable(
                f"Its groups include one another more than {DEEPEST} levels deep, which no file "
                "needs."
            )
        key, entries = self._written[name]
        found: dict[str, None] = {}
        if not isinstance(entries, list):
            self.problems.append((key, "it must be a list."))
            entries = []
        for entry in dict.fromkeys(map(_entry, entries)):
            if isinstance(entry, str):
                found[entry] = None
            elif not entry.included:
                self.problems.append((key, f"{entry.written} is not a requirement."))
            elif self._may_include(key, canonicalize_name(entry.included), (*above, name)):
                found |= self._taken_from(canonicalize_name(entry.included), (*above, name))
        self.found[name] = found
        return found

    def _may_include(self, key: str, name: str, above: tuple[str, ...]) -> bool:
        if name in above:
            self.problems.append((key, "the group includes itself."))
        elif name not in self._written:
            self.problems.append((key, f"there is no group {quoted(name)}."))
        else:
            return True
        return False

    def _taken_from(self, name: str, above: tuple[str, ...]) -> dict[str, None]:
        found = self._expand(name, above)
        self._taken += len(found) + 1
        if self._taken > MOST_TAKEN:
            raise Unreadable(
                f"Its groups take more than {MOST_TAKEN:,} requirements from one another, which "
                "no file needs."
            )
        return found


@dataclass(frozen=True, slots=True)
class _Odd:
    """An entry that is no text: what it includes, else how it is written."""

    included: str = ""
    written: str = ""


def _entry(entry: object) -> str | _Odd:
    if isinstance(entry, str):
        return entry
    if isinstance(entry, dict) and set(entry) == {"include-group"}:
        included = entry["include-group"]
        if isinstance(included, str) and included:
            return _Odd(included=included)
    return _Odd(written=quoted(str(entry)))

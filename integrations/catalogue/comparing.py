"""What differs between two catalogues, field by field, in words. Pure."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from typing import Any, TypeVar

from integrations.catalogue import portable
from integrations.catalogue.portable import Kind
from integrations.catalogue.validators import quoted

Value = TypeVar("Value", bound=portable.Value)
Old = TypeVar("Old")
New = TypeVar("New")
MOST = 300  # Characters of one value that a line of the report shows.
CHILDREN = {
    "rules": "dependency rule",
    "restrictions": "Python restriction",
    "pinned_picks": "pinned pick",
    "holds": "hold",
}


@dataclass(frozen=True, slots=True)
class Difference:
    sign: str  # "+", "-" or "~", as in the lines of a diff.
    text: str

    def __str__(self) -> str:
        return f"{self.sign} {self.text}"


def compare(
    old: portable.Catalogue | None, new: portable.Catalogue, *, slug: str
) -> list[Difference]:
    """Return what was created, removed and changed, in the order of the file."""
    found = []
    if old is None:
        found.append(Difference("+", f"SDK {slug}: {_described(new.sdk)}"))
    else:
        found += _changed(f"SDK {slug}", old.sdk, new.sdk)
    before = old or portable.Catalogue(sdk=new.sdk)
    found += _children(f"SDK {slug}", "hold", old.sdk.holds if old else (), new.sdk.holds)
    found += _named("service", _by_name(before.services), _by_name(new.services))
    frames = (_by_name(before.workflow_frames), _by_name(new.workflow_frames))
    found += _named("frame of", *frames)
    found += _named("group", _by_name(before.groups), _by_name(new.groups))
    where = f"SDK {slug}"
    found += _children(
        where, "shared constraint", before.shared_constraints, new.shared_constraints
    )
    found += _children(where, "cooldown bypass", before.cooldown_bypasses, new.cooldown_bypasses)
    found += _named("integration", _by_name(before.integrations), _by_name(new.integrations))
    return found


def _by_name(values: Sequence[Any]) -> dict[str, Any]:
    return {value.name: value for value in values}


def _named(
    word: str, old: Mapping[str, portable.Value], new: Mapping[str, portable.Value]
) -> Iterator[Difference]:
    for name in [*new, *(name for name in old if name not in new)]:
        where = f"{word} {name}"
        if name not in new:
            yield Difference("-", where)
        elif name not in old:
            yield Difference("+", f"{where}: {_described(new[name])}")
            yield from _all_children(where, None, new[name])
        else:
            yield from _changed(where, old[name], new[name])
            yield from _all_children(where, old[name], new[name])


def _all_children(
    where: str, old: portable.Value | None, new: portable.Value
) -> Iterator[Difference]:
    for key, word in CHILDREN.items():
        yield from _children(where, word, getattr(old, key, ()), getattr(new, key, ()))


def _children(
    where: str, word: str, old: Sequence[Value], new: Sequence[Value]
) -> Iterator[Difference]:
    for before, after in paired(old, new, key=without_order):
        if before is None and after is not None:
            yield Difference("+", f"{where}, {word}: {_described(after)}")
        elif after is None and before is not None:
            yield Difference("-", f"{where}, {word}: {_described(before)}")
        elif before is not None and after is not None:
            yield from _changed(f"{where}, {word} {quoted(_title(before))}", before, after)


def _changed(where: str, old: portable.Value, new: portable.Value) -> Iterator[Difference]:
    for name, kind in portable.plain_fields(new):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            text = f"{where}: {_label(name)} {_shown(before, kind)} -> {_shown(after, kind)}"
            yield Difference("~", text)


def _described(value: portable.Value) -> str:
    """Name all fields that say something; the order follows from the position."""
    defaults = {each.name: each.default for each in fields(value)}
    found = (
        f"{_label(name)} {_shown(getattr(value, name), kind)}"
        for name, kind in portable.plain_fields(value)
        if getattr(value, name) != defaults[name] and kind is not Kind.ORDER
    )
    return ", ".join(found)


def _title(value: portable.Value) -> str:
    match value:
        case portable.PinnedPick():
            return value.version
        case portable.SharedConstraint():
            return value.requirement
        case portable.CooldownBypass():
            return f"{value.project} {value.version}"
        case portable.Rule():
            return value.releases or value.pythons or "every release"
        case portable.Restriction() | portable.Hold():
            return value.releases or "every release"
    raise AssertionError(value)


def _label(name: str) -> str:
    return name.removeprefix("is_").replace("_", " ").replace("pythons", "Pythons")


def _shown(value: Any, kind: Kind) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return quoted(value.replace("\n", ", ") if kind is Kind.LINES else value, most=MOST)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def without_order(value: portable.Value) -> Hashable:
    """Return what a rule says, wherever it stands."""
    plain = portable.plain_fields(value)
    return tuple(getattr(value, name) for name, kind in plain if kind is not Kind.ORDER)


def paired(
    old: Sequence[Old], new: Sequence[New], *, key: Any
) -> list[tuple[Old | None, New | None]]:
    """
    Pair what is equal, keeping the order; between equal ones pair what stands opposite.
    ``(None, new)`` was added, ``(old, None)`` removed.
    """
    matcher = SequenceMatcher(None, [*map(key, old)], [*map(key, new)], autojunk=False)
    pairs: list[tuple[Old | None, New | None]] = []
    for _, i1, i2, j1, j2 in matcher.get_opcodes():
        both = min(i2 - i1, j2 - j1)
        pairs += zip(old[i1 : i1 + both], new[j1 : j1 + both], strict=True)
        pairs += [(each, None) for each in old[i1 + both : i2]]
        pairs += [(None, each) for each in new[j1 + both : j2]]
    return pairs

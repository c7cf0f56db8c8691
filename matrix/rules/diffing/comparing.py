"""What changes in one part of a channel."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from matrix.rules.diffing.pins import NO_PINS, PinsDiff, diff_pins
from matrix.rules.diffing.rows import ChangedRow, MovedRow, diff_rows
from matrix.rules.diffing.settings import integration_sentences, layout_sentences
from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, LayoutPart, Part, Row
from matrix.rules.rendering.factors import version_factor
from matrix.rules.rendering.pins import PinSets
from matrix.rules.rendering.tox import requirements

UNPINNED = "What is noted about environments without pins changes; what they install does not."


@dataclass(frozen=True, kw_only=True, slots=True)
class PartDiff:
    """What a reviewer is shown of one part. Each row is in one of the first four, or unchanged."""

    part: str
    moved: tuple[MovedRow, ...] = ()
    added: tuple[Row, ...] = ()
    removed: tuple[Row, ...] = ()
    changed: tuple[ChangedRow, ...] = ()
    unchanged: int = 0
    # Lines of the region "deps", but for those of the integrated project itself.
    requirements_added: tuple[str, ...] = ()
    requirements_removed: tuple[str, ...] = ()
    # How many projects are required otherwise by environments that were there before.
    rules: int = 0
    pins: PinsDiff = NO_PINS
    settings: tuple[str, ...] = ()  # Sentences.
    layout: str = ""  # What happens to the layout, when this is it: add, change, remove.

    @property
    def is_empty(self) -> bool:
        rows = self.moved or self.added or self.removed or self.changed
        requirements = self.requirements_added or self.requirements_removed
        return not (rows or requirements or self.pins or self.settings)


def diff_parts(
    name: str,
    old: Part | None,
    new: Part | None,
    pin_sets: PinSets = MappingProxyType({}),
) -> PartDiff:
    """
    Compare two states of the part *name*; None stands for a part that is not there.

    *pin_sets* holds the pins of both; UnknownPins tells when one that is compared is missing.
    """
    match old, new:
        case ((LayoutPart() | None), (LayoutPart() | None)) if old or new:
            sentences = layout_sentences(old, new)
            return PartDiff(part=name, settings=sentences, layout=_verb(old, new))
        case ((IntegrationPart() | None), (IntegrationPart() | None)):
            return _diff_integrations(name, old, new, pin_sets)
    raise TypeError(f'The part "{name}" is a layout on one side and an integration on the other.')


def _verb(old: LayoutPart | None, new: LayoutPart | None) -> str:
    if old == new:
        return ""
    return "change" if old and new else "add" if new else "remove"


def _diff_integrations(
    name: str, old: IntegrationPart | None, new: IntegrationPart | None, pin_sets: PinSets
) -> PartDiff:
    rows = diff_rows(old.rows if old else (), new.rows if new else ())
    added, removed = _requirement_lines(old, new, rows.moved)
    diff = PartDiff(
        part=name,
        moved=rows.moved,
        added=rows.added,
        removed=rows.removed,
        changed=rows.changed,
        unchanged=len(rows.unchanged),
        requirements_added=added,
        requirements_removed=removed,
        rules=_changed_rules(old, new) if old and new else 0,
        pins=diff_pins(old, new, rows, pin_sets) if old and new else NO_PINS,
        settings=integration_sentences(old, new) if old and new else (),
    )
    # Environments that were not pinned cannot be from now on, or the other way round.
    return replace(diff, settings=(UNPINNED,)) if diff.is_empty and old != new else diff


def _requirement_lines(
    old: IntegrationPart | None, new: IntegrationPart | None, moved: Iterable[MovedRow]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the lines that come and those that go; one that only moves with its row does not."""
    before = requirements(old, old.name) if old else []
    after = requirements(new, new.name) if new else []
    moves = {version_factor(row.old.version): version_factor(row.new.version) for row in moved}
    carried = {(_carried(scope, moves), text) for scope, text in before}
    kept = set(after)
    added = [f"{scope}: {text}" for scope, text in after if (scope, text) not in carried]
    removed = [
        f"{scope}: {text}" for scope, text in before if (_carried(scope, moves), text) not in kept
    ]
    return tuple(added), tuple(removed)


def _carried(scope: str, moves: dict[str, str]) -> str:
    """Return *scope* with the version factor at its end, if any, replaced by where it moves."""
    rest, dash, last = scope.rpartition("-")
    return f"{rest}{dash}{moves.get(last, last)}"


def _changed_rules(old: IntegrationPart, new: IntegrationPart) -> int:
    """
    Count the projects that an environment of both sides requires otherwise than before.

    Snapshots hold what rules lead to, not the rules. An environment that is there on both sides can
    only differ because of a rule, while a row that moves may reach another rung of a ladder.
    """
    before, after = installed(old), installed(new)
    texts = {text for key in before.keys() & after.keys() for text in before[key] ^ after[key]}
    return len({_project(text) for text in texts})


def installed(part: IntegrationPart) -> dict[tuple[Version, Python], set[str]]:
    """Return what each environment installs beside the project itself."""
    installed: dict[tuple[Version, Python], set[str]] = defaultdict(set)
    for row in part.rows:
        for python in row.pythons:
            installed[row.version, python] = set()
    for use in part.requirements:
        for version, pythons in use.where:
            for python in pythons:
                installed[version, python].add(use.requirement)
    return installed


def _project(requirement: str) -> str:
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return requirement

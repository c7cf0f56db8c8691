"""
Which items of a proposal go together, and why: advice to whoever decides about one of them.

Rendering takes any mix of published and approved parts, so nothing has to be decided together for
the files to be made. What is *required* is required by CI: a part whose tests would find none of
their services without the other item. A group that the published layout does not know is no such
thing: its rows come last in the tox.ini until the layout is published. An order of groups that
changes moves published rows, whatever is decided about parts, so it couples nothing. Sets of an
application are required by each other where one alone would split a pin: publishing refuses that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from matrix.review.choosing import listed
from matrix.rules.locks.agreeing import going_together
from matrix.rules.locks.parts import LockPart
from matrix.rules.parts import LAYOUT, IntegrationPart, LayoutPart
from matrix.sdk.reporting import AnyPart, ItemReport

# Kinds of causes that are one decision of somebody, or one event, for all items that name it.
SHARED = {"hold began", "hold ended", "settings", "shared constraint", "yanked"}
# What is the cause of more items, a setting of the SDK say, is told with each of them already.
MOST_OF_ONE_CAUSE = 10


@dataclass(frozen=True, slots=True)
class Companion:
    """An item that goes with another one."""

    part: str
    why: str  # A sentence.
    is_required: bool = False


Found = Iterator[tuple[str, Companion]]  # A part, and what goes with it.


def companions(reports: Sequence[ItemReport]) -> dict[str, tuple[Companion, ...]]:
    """
    Return what goes with each item, by part: required ones first, then by name, each once.

    Parts without companions are left out. Decisions play no role, so nothing moves when one of
    several items is declined, approved or published.
    """
    found: dict[str, dict[str, Companion]] = defaultdict(dict)
    states = {report.part: _States.of(report) for report in reports}
    for part, companion in (
        *_with_the_layout(states),
        *_of_agreeing_sets(states),
        *_of_one_project(states),
        *_of_one_cause(reports),
    ):
        found[part].setdefault(companion.part, companion)
    return {
        part: tuple(sorted(found[part].values(), key=lambda one: (not one.is_required, one.part)))
        for part in sorted(found)
    }


@dataclass(frozen=True, slots=True)
class _States:
    """A part before and after."""

    old: AnyPart | None
    new: AnyPart | None

    @classmethod
    def of(cls, report: ItemReport) -> "_States":
        return cls(report.old, report.new)


# --- Parts and the layout ------------------------------------------------------------------------
def _with_the_layout(states: Mapping[str, _States]) -> Found:
    layout = states.get(LAYOUT)
    if layout is None:
        return
    for part, state in states.items():
        if part == LAYOUT:
            continue
        if reason := _why_layout_first(layout, state):
            yield part, Companion(LAYOUT, *reason)
        if reason := _why_part_first(layout, state):
            yield LAYOUT, Companion(part, *reason)


Why = tuple[str, bool]  # A sentence, and whether CI fails otherwise.


def _why_layout_first(layout: _States, part: _States) -> Why | None:
    """Say what *part* lacks while the published layout stays; None: nothing."""
    old, new = _layout(layout.old), _layout(layout.new)
    now = _integration(part.new)
    if now is None or new is None:
        return None
    if old is None:
        return "Without the layout the files have neither its frame nor its order of groups.", False
    if lacking := _services(new, now) - _services(old, now):
        return f"Without the layout its CI job does not start {_named_services(lacking)}.", True
    if now.group in new.groups and now.group not in old.groups:
        return (
            f'The published layout does not know the group "{now.group}": '
            "its rows stand last until the layout is published."
        ), False
    return None


def _why_part_first(layout: _States, part: _States) -> Why | None:
    """Say what becomes of the published rows of *part* when the layout alone is published."""
    old, new = _layout(layout.old), _layout(layout.new)
    before, now = _integration(part.old), _integration(part.new)
    if old is None or new is None:
        return None
    if before and (lost := _services(old, before) - _services(new, before)):
        return (
            f"With the layout alone the CI job of {before.name} as it is published "
            f"does not start {_named_services(lost)} any more."
        ), True
    if before and before.group in old.groups and before.group not in new.groups:
        return (
            f'{before.name} as it is published stands in the group "{before.group}", '
            "which the new layout does not know: its rows would stand last."
        ), False
    if now and now.group in new.groups and now.group not in old.groups:
        return f'{now.name} is in the group "{now.group}", which the new layout brings.', False
    return None


def _layout(part: AnyPart | None) -> LayoutPart | None:
    return part if isinstance(part, LayoutPart) else None


def _integration(part: AnyPart | None) -> IntegrationPart | None:
    return part if isinstance(part, IntegrationPart) else None


def _services(layout: LayoutPart, part: IntegrationPart) -> set[str]:
    if layout.ci is None:
        return set()
    return {service.name for service in layout.ci.services_of(part.group, part.name)}


def _named_services(names: Iterable[str]) -> str:
    found = sorted(names)
    return f"the service{'s' if len(found) > 1 else ''} {listed(found)}"


# --- Sets of an application ----------------------------------------------------------------------
def _of_agreeing_sets(states: Mapping[str, _States]) -> Found:
    before = {part: one.old for part, one in states.items() if isinstance(one.old, LockPart)}
    after = {part: one.new for part, one in states.items() if isinstance(one.new, LockPart)}
    for part, other, split in going_together(before, after):
        yield part, Companion(other, f"Without the change of {other}, {split}", is_required=True)


# --- What several parts have in common -----------------------------------------------------------
def _of_one_project(states: Mapping[str, _States]) -> Found:
    projects: dict[str, list[str]] = defaultdict(list)
    for part, state in sorted(states.items()):
        if found := _integration(state.new or state.old):
            projects[found.project].append(part)
    for project, parts in projects.items():
        yield from _all_of(parts, f"Both test {project}.")


def _of_one_cause(reports: Sequence[ItemReport]) -> Found:
    causes: dict[str, list[str]] = defaultdict(list)
    for report in sorted(reports, key=lambda report: report.part):
        for text in dict.fromkeys(
            cause["text"] for cause in report.item.causes if cause["kind"] in SHARED
        ):
            causes[text].append(report.part)
    for text, parts in causes.items():
        if len(parts) <= MOST_OF_ONE_CAUSE:
            yield from _all_of(parts, f"Same cause: {text}")


def _all_of(parts: Sequence[str], why: str) -> Found:
    known = [Companion(part, why) for part in parts] if len(parts) > 1 else []
    for part in parts:
        for companion in known:
            if companion.part != part:
                yield part, companion

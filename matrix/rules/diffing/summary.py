"""One line that says what a proposal does, in the same words wherever it stands."""

from collections.abc import Iterable, Sequence

from matrix.rules.diffing.comparing import PartDiff


def summary_line(diffs: Iterable[PartDiff], *, unchanged: int) -> str:
    """
    Return one line in the grammar below; *unchanged* counts all rows that stay as they are.

        12 rows to add, 4 to remove, 7 to change; 9 pins to move; 1 rule to change.
        210 rows unchanged.

        line     = changes ". " rows " unchanged." | "No changes. " rows " checked."
        changes  = [of rows] [of pins] [of environments] [of rules] [of settings] [of the layout],
                   joined by "; "
        rows     = "12 rows to add, 4 to remove, 7 to change"; zeros are kept inside
        pins     = "9 pins to move": a project that moves, comes or goes, in how many environments
                   and integrations it may be
        environments = "439 environments to pin, 0 to unpin": those that got pins, or lost them
        rules    = "1 rule to change"
        settings = "2 settings to change": group, test path, project or extras of an integration
        layout   = "layout to add" | "layout to change" | "layout to remove"

    The order is fixed and a group without changes is left out. A row that moves to another release
    counts as a change.
    """
    found = list(diffs)
    changes = [
        *_rows(found),
        *_pins(found),
        *_environments(found),
        *_rules(found),
        *_settings(found),
        *_layout(found),
    ]
    if not changes:
        return f"No changes. {_counted(unchanged, 'row')} checked."
    return f"{'; '.join(changes)}. {_counted(unchanged, 'row')} unchanged."


def _rows(diffs: Sequence[PartDiff]) -> list[str]:
    added = sum(len(diff.added) for diff in diffs)
    removed = sum(len(diff.removed) for diff in diffs)
    changed = sum(len(diff.moved) + len(diff.changed) for diff in diffs)
    if not (added or removed or changed):
        return []
    return [f"{_counted(added, 'row')} to add, {removed} to remove, {changed} to change"]


def _pins(diffs: Sequence[PartDiff]) -> list[str]:
    moves = {(move.project, move.old, move.new) for diff in diffs for move in diff.pins.moves}
    return [f"{_counted(len(moves), 'pin')} to move"] if moves else []


def _environments(diffs: Sequence[PartDiff]) -> list[str]:
    gained = sum(len(diff.pins.gained) for diff in diffs)
    lost = sum(len(diff.pins.lost) for diff in diffs)
    return [f"{_counted(gained, 'environment')} to pin, {lost} to unpin"] if gained or lost else []


def _rules(diffs: Sequence[PartDiff]) -> list[str]:
    number = sum(diff.rules for diff in diffs)
    return [f"{_counted(number, 'rule')} to change"] if number else []


def _settings(diffs: Sequence[PartDiff]) -> list[str]:
    number = sum(len(diff.settings) for diff in diffs if not diff.layout)
    return [f"{_counted(number, 'setting')} to change"] if number else []


def _layout(diffs: Sequence[PartDiff]) -> list[str]:
    return [f"layout to {diff.layout}" for diff in diffs if diff.layout]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

"""What review is told about an SDK's channel: how its files, changes and summaries are made."""

from collections.abc import Iterable, Mapping, Sequence

from integrations.catalogue.models import Sdk
from matrix.environments.resolving import pins_of
from matrix.review.models import Channel
from matrix.review.state import published
from matrix.review.values import Change, Summarise
from matrix.rules.diffing import PartDiff, diff_parts, summary_line
from matrix.rules.parts import IntegrationPart, LayoutPart, Part, read
from matrix.rules.rendering import render_files, render_into, render_workflow_into
from matrix.rules.rendering.pins import constraint_files

KIND = "sdk"


def channel_of(sdk: Sdk) -> Channel:
    channel, _ = Channel.objects.get_or_create(kind=KIND, slug=sdk.slug)
    return channel


def read_parts(bodies: Mapping[str, str]) -> tuple[LayoutPart, list[IntegrationPart]]:
    """Split the parts of a channel; a channel without a layout yet gets an empty one."""
    parts = [read(bodies[name]) for name in sorted(bodies)]
    layouts = [part for part in parts if isinstance(part, LayoutPart)]
    layout = layouts[0] if layouts else LayoutPart(sdk="", groups=(), frame="")
    return layout, [part for part in parts if isinstance(part, IntegrationPart)]


def files_of(bodies: Mapping[str, str]) -> dict[str, str]:
    """Return every generated file by its path: a pure function of the snapshots."""
    layout, parts = read_parts(bodies)
    return render_files(layout, parts, pin_sets_of(parts))


def constraints_of(bodies: Mapping[str, str]) -> dict[str, str]:
    """Return the constraint files alone by their paths: whole files, without regions."""
    layout, parts = read_parts(bodies)
    return constraint_files(layout, parts, pin_sets_of(parts))


def file_with(text: str, bodies: Mapping[str, str], *, discard_edits: bool) -> str:
    """Return *text*, a tox.ini as the repository has it, with its regions generated anew."""
    layout, parts = read_parts(bodies)
    return render_into(text, layout, parts, pin_sets_of(parts), discard_edits=discard_edits)


def workflow_with(text: str, path: str, bodies: Mapping[str, str], *, discard_edits: bool) -> str:
    """Return *text*, a workflow file as the repository has it, with its regions generated anew."""
    layout, parts = read_parts(bodies)
    return render_workflow_into(text, path, layout, parts, discard_edits=discard_edits)


def pin_sets_of(parts: Iterable[Part | None]) -> dict[str, tuple[str, ...]]:
    """Return the pin sets that rows of *parts* name, by their hashes."""
    named = {
        pin_set
        for part in parts
        if isinstance(part, IntegrationPart)
        for row in part.rows
        for _, pin_set in row.pins
        if pin_set is not None
    }
    return pins_of(named)


def differences(changes: Sequence[Change]) -> list[PartDiff]:
    """Return what each of *changes* does to its part; all pins are read at once."""
    return [diff for _, _, diff in compare(changes)]


def compare(changes: Sequence[Change]) -> list[tuple[Part | None, Part | None, PartDiff]]:
    """Return the part before and after each of *changes*, and what differs; each is read once."""
    pairs = [(_read(change.old_body), _read(change.new_body)) for change in changes]
    both = [part for pair in pairs if None not in pair for part in pair]
    pin_sets = pin_sets_of(both)
    return [
        (old, new, diff_parts(change.part, old, new, pin_sets))
        for change, (old, new) in zip(changes, pairs, strict=True)
    ]


def _read(body: str | None) -> Part | None:
    return None if body is None else read(body)


def summary_of(channel: Channel) -> Summarise:
    """Return what makes the summary line of changes to *channel* as it is published now."""
    before = published(channel)

    def summarise(changes: Sequence[Change]) -> str:
        touched = {change.part for change in changes}
        untouched = {part: body for part, body in before.items() if part not in touched}
        diffs = differences(changes)
        kept = sum(diff.unchanged for diff in diffs)
        return summary_line(diffs, unchanged=kept + rows_in(untouched))

    return summarise


def rows_in(bodies: Mapping[str, str]) -> int:
    _, parts = read_parts(bodies)
    return sum(len(part.rows) for part in parts)

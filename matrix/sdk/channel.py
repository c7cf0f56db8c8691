"""What review is told about an SDK's channel: how its files, changes and summaries are made."""

from collections.abc import Mapping, Sequence

from integrations.catalogue.models import Sdk
from matrix.review.models import Channel
from matrix.review.state import published
from matrix.review.values import Change, Summarise
from matrix.rules.diffing import PartDiff, diff_parts, summary_line
from matrix.rules.parts import IntegrationPart, LayoutPart, Part, read
from matrix.rules.rendering import render_files, render_into

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
    return render_files(layout, parts)


def file_with(text: str, bodies: Mapping[str, str], *, discard_edits: bool) -> str:
    """Return *text*, a tox.ini as the repository has it, with its regions generated anew."""
    layout, parts = read_parts(bodies)
    return render_into(text, layout, parts, discard_edits=discard_edits)


def difference(change: Change) -> PartDiff:
    return diff_parts(change.part, _read(change.old_body), _read(change.new_body))


def _read(body: str | None) -> Part | None:
    return None if body is None else read(body)


def summary_of(channel: Channel) -> Summarise:
    """Return what makes the summary line of changes to *channel* as it is published now."""
    before = published(channel)

    def summarise(changes: Sequence[Change]) -> str:
        touched = {change.part for change in changes}
        untouched = {part: body for part, body in before.items() if part not in touched}
        diffs = [difference(change) for change in changes]
        kept = sum(diff.unchanged for diff in diffs)
        return summary_line(diffs, unchanged=kept + rows_in(untouched))

    return summarise


def rows_in(bodies: Mapping[str, str]) -> int:
    _, parts = read_parts(bodies)
    return sum(len(part.rows) for part in parts)

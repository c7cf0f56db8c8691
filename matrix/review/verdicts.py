"""
The history of verdicts: what the runs said of each release, written only where that changed.

The verdicts of the newest moment stand in the notes of a part's assessment, and the next run is
compared with them. Kinds of verdicts are opaque texts of whoever computes the parts.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from matrix.review.comparing import Comparison
from matrix.review.models import Assessment, VerdictChange
from matrix.review.values import ComputedPart

NOTE = "verdicts"  # In the notes of an assessment: {"as_of": moment, "kinds": {kind: [release]}}.


class Told(NamedTuple):
    """The kind of each release's verdict at a moment."""

    as_of: datetime
    kinds: Mapping[str, str]

    def note(self) -> dict[str, Any]:
        """Return the form in which it is kept: a kind is written once, not for each release."""
        by_kind: dict[str, list[str]] = defaultdict(list)
        for release, kind in self.kinds.items():
            by_kind[kind].append(release)
        kinds = {kind: sorted(by_kind[kind]) for kind in sorted(by_kind)}
        return {"as_of": self.as_of.isoformat(), "kinds": kinds}


def told_in(notes: Mapping[str, Any]) -> Told | None:
    """Return what the notes of an assessment hold; older ones hold no kinds."""
    note = notes.get(NOTE)
    if note is None:
        return None
    kinds = {release: kind for kind, releases in note["kinds"].items() for release in releases}
    return Told(datetime.fromisoformat(note["as_of"]), kinds)


def note_changes(found: Comparison) -> dict[str, dict[str, Any]]:
    """
    Write what changed since the parts' previous assessments; call it before they are replaced.

    Return the note that each part keeps. The first assessment of a part writes no change, and so
    does a run of a moment before the last one that is known: it looks back, and nothing changed
    then. A part without verdicts (it failed, or is paused) keeps those that it had.
    """
    rows = Assessment.objects.filter(channel=found.channel, part__in=list(found.computed))
    before = {row.part: told_in(row.notes) for row in rows}
    notes: dict[str, dict[str, Any]] = {}
    changes: list[VerdictChange] = []
    for name, part in found.computed.items():
        earlier = before.get(name)
        is_of_the_past = earlier is not None and earlier.as_of > found.run.as_of
        if earlier and (is_of_the_past or not part.verdicts):
            notes[name] = earlier.note()
            continue
        if not part.verdicts:
            continue
        kinds = {release: kind for release, (kind, _) in part.verdicts.items()}
        notes[name] = Told(found.run.as_of, kinds).note()
        if earlier:
            changes += _changes(found, part, earlier)
    VerdictChange.objects.bulk_create(changes, ignore_conflicts=True)
    return notes


def _changes(found: Comparison, part: ComputedPart, earlier: Told) -> Iterator[VerdictChange]:
    for release, (kind, text) in part.verdicts.items():
        before = earlier.kinds.get(release, "")
        if before != kind:
            yield VerdictChange(
                channel=found.channel,
                part=part.part,
                release=release,
                run=found.run,
                before=before,
                now=kind,
                text=text,
                changed_at=found.run.as_of,
            )

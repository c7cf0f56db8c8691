"""The preview of a hold as text."""

from collections import defaultdict
from collections.abc import Iterator

from matrix.sdk.containing import PICK, Place
from matrix.sdk.emergency import Caught, Preview
from portal.operations.cli import counted

NEWEST = 10  # Publications that are listed; the rest is counted.


def preview_text(preview: Preview) -> str:
    """Return what a hold catches: environments by SDK, then publications, then what it matches."""
    return "\n".join(_lines(preview))


def _lines(preview: Preview) -> Iterator[str]:
    found = preview.contained
    yield _matches(preview)
    if not found.places:
        yield "No environment gets it now."
    for caught in preview.caught:
        places = [place for place in found.places if place.sdk == caught.sdk.slug]
        yield f"{caught.sdk.slug}: {counted(len(places), 'environment')}"
        yield from _environments(caught, places)
    if not found.publications:
        yield "No publication contains it."
        return
    yield f"{counted(len(found.publications), 'publication')} with it:"
    for one in found.publications[:NEWEST]:
        current = ", current" if one.is_current else ""
        yield (
            f"  {one.sdk} {one.number}, {one.published_at:%Y-%m-%d}{current}: "
            f"{counted(one.environments, 'environment')}"
        )
    if len(found.publications) > NEWEST:
        yield f"  and {len(found.publications) - NEWEST} older"


def _matches(preview: Preview) -> str:
    name = preview.contained.project
    if preview.matches is None:
        return f"What it matches is not known: the index page of {name} was never read."
    if not preview.matches:
        return "It matches no release that the index shows."
    return f"It matches {name} {preview.matches}."


def _environments(caught: Caught, places: list[Place]) -> Iterator[str]:
    rows: dict[tuple[object, ...], list[Place]] = defaultdict(list)
    for place in places:
        rows[place.integration, place.version, place.release, place.kind, place.states].append(
            place
        )
    for some in rows.values():
        one = some[0]
        pythons = ", ".join(str(place.python) for place in some)
        how = "a pick" if one.kind == PICK else "a pin" if one.is_written else "a pin, not written"
        instead = caught.instead.get(one.integration, "")
        yield (
            f"  {one.integration} {one.version} on {pythons}: {one.release} as {how} "
            f"({' and '.join(one.states)}); instead {instead}"
        )
    for name in caught.forgotten:
        yield f"  {name} is no longer in the catalogue: only a run of everything takes it out"
    if caught.waits_for_second_person:
        yield "  waits for the confirmation of somebody else"

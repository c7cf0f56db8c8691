"""Checking the manifest of a bundle: it names where it comes from, and is made again from there."""

import json
from collections.abc import Mapping
from dataclasses import replace

from matrix.review.errors import ReviewError
from matrix.review.models import Proposal, Publication
from matrix.review.snapshots import digest
from matrix.rules.checking.comparing import judge
from matrix.rules.checking.judging import Edition, Report, State
from matrix.rules.checking.reading import CheckedFile
from matrix.rules.rendering.manifest import MANIFEST
from matrix.sdk.bundling import candidate_bundle, publication_bundle
from matrix.sdk.channel import KIND

HIGHEST = 2**31 - 1  # What the databases take for a number.


def check_manifest(
    file: CheckedFile, sdk: str, current: Mapping[str, int], *, sees_proposals: bool
) -> Report:
    """Compare a manifest with the one of the publication, or of the proposal, that it names."""
    named = json.loads(file.text)
    slug = named.get("sdk")
    report = Report(state=State.UNKNOWN, verdict="", kind=file.kind.value, path=MANIFEST, sdk=sdk)
    if not isinstance(slug, str) or not slug.isprintable() or (sdk and slug != sdk):
        whose = f", not {sdk}" if sdk else ""
        return replace(report, verdict=f"Nothing was compared: the manifest names {slug!r}{whose}.")
    edition, text = _named(slug, named, current, sees_proposals=sees_proposals)
    if edition is None:
        what = "neither a publication nor a proposal"
        return replace(
            report, sdk=slug, verdict=f"Nothing was compared: the manifest names {what} of {slug}."
        )
    return judge(
        replace(file, path=MANIFEST),
        [edition],
        sdk=slug,
        current=current.get(slug),
        read=lambda _: text,
    )


def _named(
    slug: str, named: Mapping[str, object], current: Mapping[str, int], *, sees_proposals: bool
) -> tuple[Edition | None, str]:
    """Return what the manifest names, with the manifest as it should be."""
    number = _number(named.get("publication"))
    rows = Publication.objects.select_related("channel").filter(
        channel__kind=KIND, channel__slug=slug, number=number
    )
    if publication := rows.first():
        text = publication_bundle(publication).manifest
        is_current = number == current.get(slug)
        return (
            Edition(number=number, is_current=is_current, content=digest(text), marks={}),
            text,
        )
    number = _number(named.get("proposal"))
    proposals = Proposal.objects.open().filter(channel__slug=slug, number=number)
    if not sees_proposals or not proposals.exists():
        return None, ""
    try:
        text = candidate_bundle(number).manifest
    except ReviewError:  # It cannot be rendered: it has no manifest.
        return None, ""
    return Edition(number=number, is_candidate=True, content=digest(text), marks={}), text


def _number(value: object) -> int:
    """Return *value* where it can be the number of something; 0, which nothing has, elsewhere."""
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= HIGHEST
    return value if is_number and isinstance(value, int) else 0

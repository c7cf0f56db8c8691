"""Facts beside the verdict of a release: Pythons, environments, where it is published, polls."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from integrations.catalogue.models import (
    CooldownBypass,
    DependencyRule,
    Hold,
    Integration,
    PinnedPick,
    PythonRestriction,
    Sdk,
)
from matrix.environments.resolving import pins_of
from matrix.review.models import Channel, Item, Proposal, PublishedPart
from matrix.rules.facts import Python, Selection
from matrix.rules.parts import IntegrationPart, Row
from matrix.rules.pythons import declared_pythons, restriction_of
from matrix.rules.rendering.pins import project_of
from matrix.sdk.assembling import read_integration
from matrix.sdk.channel import KIND
from matrix.sdk.free_threading import NOT_FREE_THREADED
from matrix.sdk.verdicts import IntegrationVerdicts, ReleaseVerdict

MINOR = re.compile(r"\d+\.\d+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    text: str  # "anyio==4.9.0"
    why: str  # Why it is installed, as far as that is known.


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    factor: str
    pins: tuple[Pin, ...]
    problem: str  # Why it could not be resolved; "" when it was.


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A publication or a proposal that has a row of the release, or that has none."""

    number: int
    row: Row | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseFacts:
    declared: str
    tested: tuple[Python, ...]
    free_threading: str
    published: Place | None  # None: nothing is published yet.
    proposed: Place | None  # None: the open proposal does not touch the integration.
    environments: tuple[Environment, ...]
    catalogue_changed_at: datetime | None


def facts_of(seen: IntegrationVerdicts, found: ReleaseVerdict) -> ReleaseFacts:
    """Return what else is known of a release, in a fixed number of queries."""
    version = found.release.version
    parts = _parts(seen.sdk, seen.integration)
    published, proposed = (
        _place(parts[key], version) if key in parts else None for key in ("published", "proposed")
    )
    known = [parts[key][1] for key in ("proposed", "published") if key in parts]
    pick = found.explanation.pick if found.explanation else None
    return ReleaseFacts(
        declared=_declared(seen, version),
        tested=pick.pythons if pick else (),
        free_threading=_free_threading(seen, found),
        published=published,
        proposed=proposed,
        environments=tuple(_environments(seen, version, known)),
        catalogue_changed_at=_changed_at(seen.sdk, seen.integration),
    )


Parts = Mapping[str, tuple[int, IntegrationPart | None]]


def _parts(sdk: Sdk, integration: Integration) -> Parts:
    """Return the part as it is published and as the open proposal would have it, with numbers."""
    found: dict[str, tuple[int, IntegrationPart | None]] = {}
    channel = Channel.objects.filter(kind=KIND, slug=sdk.slug).select_related("current").first()
    if channel is None:
        return found
    if channel.current:
        rows = PublishedPart.objects.filter(publication=channel.current, part=integration.name)
        body = rows.values_list("snapshot__body", flat=True).first()
        found["published"] = channel.current.number, read_integration(body)
    items = Item.objects.filter(
        proposal__channel=channel,
        proposal__status=Proposal.Status.OPEN,
        part=integration.name,
        published_in=None,
    )
    item = items.select_related("proposal", "new").first()
    if item:
        body = item.new.body if item.new else None
        found["proposed"] = item.proposal.number, read_integration(body)
    return found


def _place(part: tuple[int, IntegrationPart | None], version: Version) -> Place:
    number, found = part
    return Place(number=number, row=_row(found, version))


def _row(part: IntegrationPart | None, version: Version) -> Row | None:
    rows = part.rows if part else ()
    return next((row for row in rows if row.version == version), None)


# --- Pythons -------------------------------------------------------------------------------------
def _declared(seen: IntegrationVerdicts, version: Version) -> str:
    """Say what the release declares, and what of it the SDK tests at most."""
    metadata = seen.case.metadata.get(version)
    if metadata is None:
        page = seen.known[version].requires_python
        what = f"Requires-Python {page} on the index page" if page else "Not known"
        return f"{what}; its metadata was not read."
    requires = f"Requires-Python {metadata.requires_python}" if metadata.requires_python else ""
    texts = (line.rpartition("::")[2].strip() for line in metadata.classifiers)
    listed = sorted({text for text in texts if MINOR.fullmatch(text)}, key=Version)
    names = f"classifiers for {', '.join(listed)}" if listed else ""
    common = ", ".join(map(str, declared_pythons(metadata, seen.case.policy.pythons)))
    said = "; ".join(filter(None, [requires, names])) or "Nothing is declared"
    restriction = restriction_of(version, seen.case.policy.restrictions)
    limit = f", restricted to {restriction.pythons}" if restriction else ""
    return f"{said}. In common with the SDK: {common or 'none'}{limit}."


def _free_threading(seen: IntegrationVerdicts, found: ReleaseVerdict) -> str:
    first = seen.case.policy.free_threading_from
    if first is None:
        return "The SDK tests no free-threaded Python."
    pick = found.explanation.pick if found.explanation else None
    if pick is None:
        return "Asked of picks alone."
    if not pick.pythons[-1].free_threaded:
        return f"Not tested: no wheel fits, or its newest Python is older than {first}."
    findings = seen.assessment.notes.get("findings", []) if seen.assessment else []
    refused = [one["text"] for one in findings if one["kind"] == NOT_FREE_THREADED]
    for text in refused:
        if text.startswith(f"{pick.version} "):
            return str(text)
    python = pick.pythons[-1]
    if isinstance(seen.found, Selection) and pick.version in seen.found.assumed:
        return f"{python}: read from pure-Python wheels; what it installs decides in a run."
    return f"{python}: it has wheels made for it."


# --- Environments --------------------------------------------------------------------------------
def _environments(
    seen: IntegrationVerdicts, version: Version, parts: Sequence[IntegrationPart | None]
) -> Iterator[Environment]:
    """Yield the environments as the last run resolved them; none: it resolved none."""
    notes = seen.assessment.notes if seen.assessment else {}
    noted = notes.get("environments", {}).get(str(version), {})
    pin_sets = pins_of({one["pin_set"] for one in noted.values() if one["pin_set"]})
    asked = _asked_for(seen.integration, parts, version)
    for factor, one in sorted(noted.items(), key=lambda pair: Python.parse(pair[0])):
        pins = pin_sets.get(one["pin_set"] or "", ())
        yield Environment(
            factor=factor,
            pins=tuple(Pin(text=pin, why=asked.get(project_of(pin), "")) for pin in pins),
            problem=one["problem"] or "",
        )


def _asked_for(
    integration: Integration, parts: Sequence[IntegrationPart | None], version: Version
) -> dict[str, str]:
    """Return why projects are installed that somebody asked for; the others come with those."""
    uses = [use for part in parts if part for use in part.requirements]
    found = {integration.project: "what is tested"}
    for use in uses:
        if any(place == version for place, _ in use.where):
            found.setdefault(_project(use.requirement), f"asked for: {use.requirement}")
    return found


def _project(requirement: str) -> str:
    """Return the normalised name of what is required; the text itself when it is no PEP 508."""
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return requirement


# --- From when the answer is ---------------------------------------------------------------------
def _changed_at(sdk: Sdk, integration: Integration) -> datetime | None:
    """Return when anything was last changed that decides about the integration."""
    mine = {"integration_id": integration.pk}
    moments = [
        _moments(Sdk, id=sdk.pk),
        _moments(Integration, id=integration.pk),
        *(_moments(model, **mine) for model in (DependencyRule, PythonRestriction, PinnedPick)),
        _moments(Hold, **mine),
        _moments(Hold, integration=None, project=integration.project),
        _moments(CooldownBypass, sdk_id=sdk.pk, project=integration.project),
    ]
    newest = moments[0].union(*moments[1:]).order_by("-history_date").first()
    return newest[0] if newest else None


def _moments(model: Any, **where: Any) -> QuerySet:
    rows: QuerySet = model.history.filter(**where).order_by().values_list("history_date")
    return rows

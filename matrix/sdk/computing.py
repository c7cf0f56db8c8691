"""
From an SDK's catalogue and the facts of its index to the parts of its channel.

One integration never stops the others: what goes wrong with it is told in its own part.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from integrations.catalogue.models import Integration, Sdk
from integrations.index.models import Index
from matrix.review.state import published
from matrix.review.values import ComputedPart, Found
from matrix.rules.facts import Reason, Selection
from matrix.rules.notes import FREE_THREADING, UPLOAD_TIME
from matrix.rules.parts import LAYOUT, IntegrationPart, LayoutPart, Row, read, write
from matrix.rules.rendering import (
    DEFAULT_FRAME,
    missing_regions,
    picked_versions_named,
    strip_frame,
)
from matrix.rules.requirements import requirement_uses
from matrix.sdk.channel import channel_of
from matrix.sdk.gathering import Facts, gather
from matrix.sdk.translating import Catalogue, hold_rules, read_catalogue, requirement_rules

NOTHING_TO_PICK = "nothing to pick"
ROUTINE = {FREE_THREADING, UPLOAD_TIME}  # True of most integrations, and nobody's turn to act.


class UnknownParts(ValueError):
    """A scope names integrations that the SDK does not have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Which parts a run computes: all, only some, or all but some."""

    only: frozenset[str] | None = None
    hold_back: frozenset[str] = frozenset()

    def __contains__(self, part: object) -> bool:
        return (self.only is None or part in self.only) and part not in self.hold_back

    def check(self, catalogue: Catalogue) -> None:
        """Raise UnknownParts where a name is neither an integration nor the layout."""
        known = {integration.name for integration in catalogue.integrations} | {LAYOUT}
        unknown = sorted(((self.only or frozenset()) | self.hold_back) - known)
        if unknown:
            raise UnknownParts(
                f"{catalogue.sdk.slug} has no integration named {', '.join(unknown)}."
            )


EVERYTHING = Scope()


def compute(
    sdk: Sdk,
    *,
    as_of: datetime,
    now: datetime,
    index: Index,
    scope: Scope = EVERYTHING,
    offline: bool = False,
    failed: Mapping[str, str] | None = None,
) -> list[ComputedPart]:
    """
    Return the parts of *sdk* in *scope*: the layout, and every integration.

    Facts that the selection needs and the portal lacks are fetched from the index and stored,
    unless *offline*; *failed* says why a project could not be read a moment ago. Raises
    UnknownParts.
    """
    catalogue = read_catalogue(sdk)
    scope.check(catalogue)
    chosen = [integration for integration in catalogue.active() if integration.name in scope]
    facts = gather(
        catalogue, chosen, as_of=as_of, now=now, index=index, offline=offline, failed=failed
    )
    bodies = published(channel_of(sdk))
    work = Computation(catalogue=catalogue, facts=facts, as_of=as_of)
    parts = [work.part(integration, bodies.get(integration.name)) for integration in chosen]
    parts += [
        ComputedPart(part=integration.name, body=None)
        for integration in catalogue.integrations
        if integration.is_paused and integration.name in scope
    ]
    if LAYOUT in scope:
        layout = layout_of(catalogue)
        now_picked = bodies | {part.part: part.body for part in parts}
        findings = tuple(_layout_findings(layout, catalogue, now_picked))
        parts.append(ComputedPart(part=LAYOUT, body=write(layout), findings=findings))
    return parts


def _layout_findings(
    layout: LayoutPart, catalogue: Catalogue, bodies: Mapping[str, str | None]
) -> Iterator[Found]:
    for sentence in missing_regions(layout.frame).values():
        yield Found(kind="missing region", severity="warning", text=sentence)
    names = [integration.name for integration in catalogue.integrations]
    picked = {name: _versions(bodies[name]) for name in names if name in bodies}
    for sentence in picked_versions_named(layout.frame, names, picked=picked):
        yield Found(kind="version in the frame", severity="warning", text=sentence)


def layout_of(catalogue: Catalogue) -> LayoutPart:
    """Return the layout; it holds the default frame itself, which a later version may change."""
    frame = catalogue.sdk.frame
    return LayoutPart(
        sdk=catalogue.sdk.slug,
        groups=catalogue.groups,
        frame=strip_frame(frame if frame.strip() else DEFAULT_FRAME),
        pins_style=catalogue.sdk.pins_style,
    )


def part_of(integration: Integration, selection: Selection) -> IntegrationPart:
    rows = tuple(
        Row(version=pick.version, pythons=pick.pythons, is_advisory=pick.is_advisory)
        for pick in selection.picks
    )
    return IntegrationPart(
        name=integration.name,
        project=integration.project,
        extras=tuple(integration.extra_list),
        group=integration.group.name,
        test_path=integration.test_path,
        rows=rows,
        requirements=requirement_uses(rows, requirement_rules(integration)),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Computation:
    """What all integrations of one computation share."""

    catalogue: Catalogue
    facts: Facts
    as_of: datetime

    def part(self, integration: Integration, published_body: str | None) -> ComputedPart:
        """Return the part of *integration*; a failed one keeps its published rows."""
        selection = self.facts.selections.get(integration.name)
        if selection is None:
            return self._kept(integration, published_body)
        body = write(part_of(integration, selection)) if selection.picks else None
        return ComputedPart(
            part=integration.name,
            body=body,
            reasons=_reasons(selection, _versions(published_body)),
            rejected={
                str(version): selection.rejected[version][0].text
                for version in sorted(selection.rejected)
            },
            findings=(*_findings(selection), *self.facts.findings.get(integration.name, [])),
        )

    def _kept(self, integration: Integration, published_body: str | None) -> ComputedPart:
        """Keep the published rows of an integration that failed, less what is held everywhere."""
        holds = self.catalogue.holds_of(integration)
        rules = hold_rules(holds, self.catalogue.sdk, as_of=self.as_of)
        barred = [rule.releases for rule in rules if rule.is_everywhere]
        body = None if published_body is None else _without(published_body, barred)
        kept = "Its published rows are kept." if body else "It has no rows."
        text = f"{self.facts.problems[integration.name]} {kept}"
        return ComputedPart(
            part=integration.name,
            body=body,
            problem=text,
            findings=(Found(kind="failed", severity="error", text=text),),
        )


def _findings(selection: Selection) -> list[Found]:
    if not selection.picks:
        text = " ".join(note.text for note in selection.notes) or "There is nothing to pick."
        return [Found(kind=NOTHING_TO_PICK, severity="error", text=text)]
    return [
        Found(
            kind=note.kind,
            severity="info" if note.kind in ROUTINE else "warning",
            text=note.text,
        )
        for note in selection.notes
    ]


def _versions(body: str | None) -> list[Version]:
    part = read(body) if body else None
    return [row.version for row in part.rows] if isinstance(part, IntegrationPart) else []


def _reasons(selection: Selection, before: list[Version]) -> dict[str, list[dict[str, str]]]:
    """Return why each row is picked, and why each published one that is not picked is not."""
    reasons: dict[Version, tuple[Reason, ...]] = {
        version: selection.rejected[version] for version in before if version in selection.rejected
    }
    reasons |= {pick.version: pick.reasons for pick in selection.picks}
    return {
        str(version): [{"kind": reason.kind, "text": reason.text} for reason in reasons[version]]
        for version in sorted(reasons)
    }


def _without(body: str, barred: list[SpecifierSet]) -> str | None:
    part = read(body)
    assert isinstance(part, IntegrationPart)

    def is_barred(version: Version) -> bool:
        return any(releases.contains(version, prereleases=True) for releases in barred)

    rows = tuple(row for row in part.rows if not is_barred(row.version))
    uses = (
        replace(use, where=tuple(place for place in use.where if not is_barred(place[0])))
        for use in part.requirements
    )
    if not rows:
        return None
    return write(replace(part, rows=rows, requirements=tuple(use for use in uses if use.where)))

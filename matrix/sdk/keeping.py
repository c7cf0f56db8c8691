"""
The published rows of an integration that failed: they stay, less what is held everywhere.

Nothing could be selected or resolved for it, so nothing can be put in the place of what goes: a
row whose release is held goes, and an environment goes whose pins name a release that is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from integrations.catalogue.models import Hold
from matrix.rules.parts import IntegrationPart, RequirementUse, Row, read, write
from matrix.sdk.channel import pin_sets_of
from matrix.sdk.dependencies import split
from matrix.sdk.translating import Catalogue, hold_rules


@dataclass(frozen=True, kw_only=True, slots=True)
class Barred:
    """What is held everywhere, as far as it reaches one SDK."""

    releases: tuple[tuple[str, SpecifierSet], ...]  # Project and what is held of it.

    @classmethod
    def of(cls, catalogue: Catalogue, *, as_of: datetime) -> Self:
        everywhere = [hold for hold in catalogue.holds if hold.is_everywhere]
        return cls(
            releases=tuple(
                (hold.project, rule.releases)
                for hold in everywhere
                for rule in _rules(hold, catalogue, as_of)
            )
        )

    def __call__(self, project: str, version: Version) -> bool:
        return any(
            name == project and held.contains(version, prereleases=True)
            for name, held in self.releases
        )


def _rules(hold: Hold, catalogue: Catalogue, as_of: datetime) -> Iterable:
    return hold_rules([hold], catalogue.sdk, as_of=as_of)


def kept_body(body: str, barred: Barred) -> str | None:
    """Return the snapshot *body* without what is barred; None when nothing is left of it."""
    part = read(body)
    assert isinstance(part, IntegrationPart)
    if not barred.releases:
        return body
    bad = {
        sha
        for sha, pins in pin_sets_of([part]).items()
        if any(barred(name, Version(version)) for name, version in map(split, pins))
    }
    found = [_kept_row(row, bad) for row in part.rows if not barred(part.project, row.version)]
    rows = tuple(row for row in found if row.pythons)
    if not rows:
        return None
    kept = {row.version: set(row.pythons) for row in rows}
    uses = (
        RequirementUse(
            requirement=use.requirement,
            where=tuple(
                (version, left)
                for version, pythons in use.where
                if (left := tuple(one for one in pythons if one in kept.get(version, ())))
            ),
        )
        for use in part.requirements
    )
    return write(replace(part, rows=rows, requirements=tuple(use for use in uses if use.where)))


def _kept_row(row: Row, bad: set[str]) -> Row:
    gone = {python for python, pin_set in row.pins if pin_set in bad}
    return replace(
        row,
        pythons=tuple(python for python in row.pythons if python not in gone),
        pins=tuple((python, pin_set) for python, pin_set in row.pins if python not in gone),
    )

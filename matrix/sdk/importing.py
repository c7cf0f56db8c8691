"""Importing a hand-written tox.ini with what the portal knows of the projects in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from packaging.version import Version

from integrations.catalogue import portable
from integrations.catalogue.apply import apply
from integrations.catalogue.comparing import Difference
from integrations.catalogue.exporting import catalogue_of
from integrations.catalogue.importing import SourceFile
from integrations.catalogue.importing.tox_ini import (
    Expected,
    ImportedMatrix,
    projects_of,
    read_matrix,
    read_tox_ini,
)
from integrations.catalogue.models import Sdk
from integrations.catalogue.models.sdk import sdk_named
from integrations.index.store import known_projects
from matrix.review.models import Proposal
from matrix.review.state import proposed, published
from matrix.rules.parts import IntegrationPart, Row
from matrix.sdk.channel import channel_of, read_parts
from matrix.sdk.gathering import index_of


@dataclass(frozen=True, kw_only=True, slots=True)
class ToxImport:
    matrix: ImportedMatrix
    differences: tuple[Difference, ...]


def import_tox(
    source: SourceFile, *, slug: str, at: datetime, dry_run: bool, keep_missing: bool
) -> ToxImport:
    """
    Make the catalogue of an SDK, which may be new, of a tox.ini.

    The index is not asked; releases that earlier polls saw decide which one a series means.
    Raises ImportRefused with every mistake.
    """
    matrix = read_for(source, slug=slug, at=at)
    differences = apply(
        matrix.imported,
        slug=slug,
        reason=f"imported from {source.name}",
        dry_run=dry_run,
        keep_missing=keep_missing,
    )
    return ToxImport(matrix=matrix, differences=tuple(differences))


def read_for(source: SourceFile, *, slug: str, at: datetime) -> ImportedMatrix:
    """Read a tox.ini as the SDK of *slug* would import it."""
    sdk = sdk_named(slug)
    start = portable.Sdk(name=slug.replace("-", " ").title(), pythons="")
    base = catalogue_of(sdk) if sdk else portable.Catalogue(sdk=start)
    matrix = read_matrix(source)
    known = _known_releases(sdk, projects_of(matrix), at) if sdk else {}
    return read_tox_ini(matrix, base, lambda project: known.get(project, ()))


def missing(sdk: Sdk, expected: Sequence[Expected]) -> list[tuple[Expected, str]]:
    """Return the environments that the newest state of *sdk* lacks, and why."""
    channel = channel_of(sdk)
    newest = Proposal.objects.filter(channel=channel).open().first()
    bodies = proposed(newest) if newest else published(channel)
    parts = {part.name: part for part in read_parts(bodies)[1]}
    found = [(each, _why_missing(each, parts.get(each.integration))) for each in expected]
    return [(each, reason) for each, reason in found if reason]


def _known_releases(sdk: Sdk, projects: set[str], at: datetime) -> Mapping[str, Sequence[Version]]:
    known = known_projects(index_of(sdk), projects)
    return {
        name: sorted(release.version for release in project.releases(at) if not release.is_yanked)
        for name, project in known.items()
    }


def _why_missing(expected: Expected, part: IntegrationPart | None) -> str:
    """Say why no row stands for an environment; "" when one does."""
    if part is None or not part.rows:
        return f"{expected.integration} has no rows."
    rows = _rows(expected, part)
    if not rows:
        return f"no release {expected.releases} of {part.project} is picked."
    if any(expected.python in row.pythons for row in rows):
        return ""
    names = "; ".join(f"{row.version} on {', '.join(map(str, row.pythons))}" for row in rows)
    return f"its rows are {names}. Other Pythons are not declared, or left out of more than three."


def _rows(expected: Expected, part: IntegrationPart) -> list[Row]:
    if expected.releases is None:
        return [part.latest] if part.latest else []
    return [row for row in part.rows if expected.releases.contains(row.version, prereleases=True)]

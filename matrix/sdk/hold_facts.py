"""What is stored of the projects that holds name, read once for any number of holds."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from packaging.specifiers import SpecifierSet

from integrations.catalogue.models import Hold, Sdk
from integrations.index.address import default_index_url
from integrations.index.models import Index
from integrations.index.store import KnownProject, known_projects
from matrix.rules.facts import Release
from matrix.sdk.gathering import quarantine_of
from matrix.sdk.translating import releases_of


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldFacts:
    """The SDKs, and by the address of an index the projects that it has."""

    sdks: tuple[Sdk, ...]  # By slug.
    projects: dict[str, dict[str, KnownProject]]
    at: datetime
    # What a project's releases are as rules see them; None: its page was never read.
    _releases: dict[tuple[str, str], list[Release] | None] = field(default_factory=dict)

    def sdks_of(self, hold: Hold) -> list[Sdk]:
        """Return the SDKs that *hold* reaches; its integration is selected with it."""
        own = hold.integration.sdk_id if hold.integration else hold.sdk_id
        return [sdk for sdk in self.sdks if own in (None, sdk.pk)]

    def project(self, sdk: Sdk, name: str) -> KnownProject | None:
        """Return the project on the index of *sdk*, unless its page was never read."""
        known = self.projects.get(url_of(sdk), {}).get(name)
        return None if known is None or known.first_seen_at is None else known

    def releases(self, sdk: Sdk, name: str) -> list[Release] | None:
        key = (url_of(sdk), name)
        if key not in self._releases:
            project = self.project(sdk, name)
            known = None if project is None else releases_of(project.releases(self.at))
            self._releases[key] = known
        return self._releases[key]

    def is_quarantined(self, sdk: Sdk, name: str) -> bool:
        project = self.project(sdk, name)
        return project is not None and bool(quarantine_of(project, self.at))


def facts_on(holds: Collection[Hold], *, at: datetime, more: Iterable[str] = ()) -> HoldFacts:
    """Read what is stored of the projects that *holds* name, and of *more*."""
    sdks = tuple(sorted(Sdk.objects.defer("frame"), key=lambda sdk: sdk.slug))
    names = {name for hold in holds for name in (hold.held_project, hold.lift_project)}
    wanted = (names | set(more)) - {""}
    indexes = Index.objects.filter(url__in={url_of(sdk) for sdk in sdks})
    return HoldFacts(
        sdks=sdks,
        projects={index.url: known_projects(index, wanted, as_of=at) for index in indexes},
        at=at,
    )


def url_of(sdk: Sdk) -> str:
    """Return the address of the index of *sdk*; no row is made for it."""
    return sdk.index_url or default_index_url()


def held_among(hold: Hold, releases: Iterable[Release]) -> list[Release]:
    """Return those of *releases* that *hold* matches, ascending."""
    wanted = SpecifierSet(hold.releases)
    found = [one for one in releases if wanted.contains(one.version, prereleases=True)]
    return sorted(found, key=lambda release: release.version)

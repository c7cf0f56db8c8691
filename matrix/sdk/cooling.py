"""
The cooldown of pins: of which moment the index is that an environment is resolved from.

A resolver sees no file that is younger than the cooldown, but for single releases: the one that a
row tests, those that a bypass names, and pins that are published and kept. Each of these opens its
project up to its own files, and constraints close what else would come in with them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from packaging.version import Version

from integrations.catalogue.models import Integration
from integrations.index.models import Index
from integrations.index.store import known_projects
from matrix.review.values import Found
from matrix.sdk.dependencies import Pin, read_missing, split
from matrix.sdk.translating import Catalogue, pins_cooldown_of

NO_UPLOAD_TIMES = "cooldown of pins"
UPLOADS_TAKE = timedelta(days=1)  # From the first to the last file of a release, as a rule.
Uploads = Mapping[str, Mapping[Version, datetime]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """What a resolver sees: files of before a moment, of some projects of before a later one."""

    exclude_newer: datetime
    projects: tuple[tuple[str, datetime], ...] = ()
    constraints: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Cooling:
    """The cooldowns of an SDK's integrations, counted back from the cut-off of a run."""

    cut_off: datetime
    waits: Mapping[str, timedelta] = field(default_factory=dict)  # Those that have one, by name.
    bypasses: frozenset[Pin] = frozenset()
    # When releases of before the cut-off came, of the projects that something is let through of.
    uploads: Uploads = field(default_factory=dict)

    def window(self, name: str, project: str, kept: Iterable[str] = ()) -> Window:
        """
        Return what environments of the integration *name* are resolved from.

        *project* is what it tests, whose release is decided already; *kept* are published pins.
        """
        if name not in self.waits:
            return Window(exclude_newer=self.cut_off)
        before = self.cut_off - self.waits[name]
        through: dict[str, set[Version]] = defaultdict(set)
        for pin in {*self.bypasses, *map(split, kept)}:
            if pin[0] != project and self._came(pin) >= before:
                through[pin[0]].add(Version(pin[1]))
        moments = {other: self._opened(other, through[other]) for other in through}
        return Window(
            exclude_newer=before,
            projects=((project, self.cut_off), *sorted(moments.items())),
            constraints=tuple(
                f"{other}!={version}"
                for other in sorted(through)
                for version, came in sorted(self.uploads[other].items())
                if before <= came < moments[other] and version not in through[other]
            ),
        )

    def _came(self, pin: Pin) -> datetime:
        """Return when a release came; one that is not known is taken for old, as nobody saw it."""
        uploads = self.uploads.get(pin[0], {})
        return uploads.get(Version(pin[1]), datetime.min.replace(tzinfo=self.cut_off.tzinfo))

    def _opened(self, name: str, versions: Collection[Version]) -> datetime:
        last = max(self.uploads[name][version] for version in versions)
        return min(last + UPLOADS_TAKE, self.cut_off)

    def aware_of(
        self, pins: Iterable[str], index: Index, *, as_of: datetime, at: datetime
    ) -> "Cooling":
        """Return the same with the ages of what *pins* and bypasses name; unread pages are read."""
        if not self.waits:
            return self
        names = {split(pin)[0] for pin in pins} | {name for name, _ in self.bypasses}
        read_missing(index, names, at=at)
        uploads = {
            name: {
                release.version: release.uploaded_at
                for release in project.releases(as_of)
                if release.uploaded_at is not None and release.uploaded_at < self.cut_off
            }
            for name, project in known_projects(index, names, as_of=as_of).items()
        }
        return replace(self, uploads=uploads)


def cooling_of(
    catalogue: Catalogue, integrations: Collection[Integration], *, cut_off: datetime
) -> Cooling:
    waits = {one.name: pins_cooldown_of(one, catalogue.sdk) for one in integrations}
    return Cooling(
        cut_off=cut_off,
        waits={name: wait for name, wait in waits.items() if wait},
        bypasses=frozenset(
            (bypass.project, bypass.version) for bypass in catalogue.active_bypasses()
        ),
    )


def without_upload_times(cooling: Cooling) -> Iterator[tuple[str, Found]]:
    """Say where the cooldown of pins cannot work: by integration, a finding."""
    for name, wait in sorted(cooling.waits.items()):
        text = (
            "The index does not say when files were uploaded, so the cooldown of pins "
            f"({wait.days} days) does nothing here."
        )
        yield name, Found(NO_UPLOAD_TIMES, "warning", text)

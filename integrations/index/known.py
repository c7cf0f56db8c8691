"""A project as the portal knows it: what a selection is given, and what a poll asks with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from packaging.version import Version

from integrations.index.facts import (
    FileFact,
    KnownMetadata,
    KnownRelease,
    ReleaseFact,
    from_fact,
    group,
    known_release,
    unpack_files,
    unpack_releases,
)

ACTIVE = "active"


class SeenStatus(NamedTuple):
    """A status of a project (PEP 792) and when the portal first saw it."""

    seen_at: datetime
    status: str
    reason: str


class StatusAsOf(NamedTuple):
    status: str
    reason: str
    is_certain: bool  # False: the portal had not looked yet; it is what it saw first.


@dataclass(kw_only=True)
class KnownProject:
    """
    What is stored of one project. ``releases`` reads the packed files only for a moment in the
    past about which the summary cannot speak, so *load_files* is called rarely, and once.
    """

    name: str
    summary: bytes
    load_files: Callable[[], bytes]
    metadata: Mapping[str, KnownMetadata] = field(default_factory=dict)  # By normalised version.
    statuses: Sequence[SeenStatus] = ()  # As they were seen, oldest first.
    first_seen_at: datetime | None = None
    gone_at: datetime | None = None
    has_upload_times: bool = False  # The page itself says when each file came.

    def releases(self, as_of: datetime) -> list[KnownRelease]:
        """
        Return every release that was ever seen, ascending, file by file as of *as_of*.

        One that had no file yet has an ``uploaded_at`` after *as_of*; one whose files are all
        gone has none.
        """
        return [from_fact(fact, as_of) or self._from_files(fact, as_of) for fact in self._facts]

    def needs_files(self, as_of: datetime) -> bool:
        """Whether ``releases(as_of)`` will read the packed files."""
        return any(fact.appeared_at <= as_of < fact.settled_at for fact in self._facts)

    def status(self, as_of: datetime) -> StatusAsOf:
        """Return the status as the portal saw it at *as_of*; active unless it ever said else."""
        seen = [status for status in self.statuses if status.seen_at <= as_of]
        looked = self.first_seen_at is not None and self.first_seen_at <= as_of
        if seen:
            return StatusAsOf(seen[-1].status, seen[-1].reason, is_certain=True)
        if self.statuses and self.statuses[0].seen_at == self.first_seen_at:
            return StatusAsOf(self.statuses[0].status, self.statuses[0].reason, is_certain=False)
        return StatusAsOf(ACTIVE, "", is_certain=looked)

    def files(self) -> list[FileFact]:
        """Every file that was ever seen, sorted by name."""
        return unpack_files(self.load_files())

    @cached_property
    def files_of_releases(self) -> dict[Version, list[FileFact]]:
        return group(self.name, self.files())[0]

    @cached_property
    def facts(self) -> dict[str, ReleaseFact]:
        """Every release as of now, by its normalised version."""
        return {fact.version: fact for fact in self._facts}

    @cached_property
    def _facts(self) -> list[ReleaseFact]:
        return unpack_releases(self.summary)

    def _from_files(self, fact: ReleaseFact, as_of: datetime) -> KnownRelease:
        version = Version(fact.version)
        return known_release(version, self.files_of_releases[version], as_of)

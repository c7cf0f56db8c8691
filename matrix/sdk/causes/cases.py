"""One part that differs from the publication, and everything that may have led to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from packaging.version import Version

from integrations.catalogue.models import Integration
from integrations.index.store import KnownProject
from matrix.rules.diffing import PartDiff
from matrix.rules.parts import IntegrationPart, LayoutPart, Part
from matrix.sdk.causes.edits import Edit
from matrix.sdk.preferring import Refresh
from matrix.sdk.translating import Catalogue

# The kinds of causes, the most telling first: what people did before what happened to be released.
ORDER = (
    "new",
    "removed",
    "paused",
    "yanked",
    "gone",
    "quarantined",
    "hold began",
    "hold ended",
    "rule",
    "restriction",
    "pinned pick",
    "cooldown bypass",
    "integration",
    "group",
    "service",
    "shared constraint",
    "settings",
    "portal",
    "refresh",
    "cooldown over",
    "release",
    "files",
    "python",
    "dependencies released",
    "resolved",
    "unresolved",
    "unknown",
)


class Cause(NamedTuple):
    """Because of what a part differs from the publication."""

    kind: str  # One of ORDER.
    text: str  # A sentence.


def sentence(text: str, reason: str = "") -> str:
    """Return what was done and why: ``The hold began on 18 Nov 2025: broken wheels.``."""
    words = " ".join(reason.split()).rstrip(".")
    return f"{text}: {words}." if words else f"{text}."


@dataclass(frozen=True, kw_only=True)
class Case:
    part: str
    since: datetime  # What came later was not there when the published state was computed.
    as_of: datetime
    old: Part | None
    new: Part | None
    diff: PartDiff
    catalogue: Catalogue
    edits: Sequence[Edit]  # After *since*, oldest first.
    addition: Edit | None  # How the integration came into the catalogue.
    projects: Mapping[str, KnownProject]  # The integration's own, and those of pins that move.
    refresh: Refresh
    asked_by: str  # Who asked for the run; "" for the schedule.

    @cached_property
    def integration(self) -> Integration | None:
        """The integration as the catalogue has it now; None: it is the layout, or removed."""
        found = [one for one in self.catalogue.integrations if one.name == self.part]
        return found[0] if found else None

    @cached_property
    def is_layout(self) -> bool:
        return isinstance(self.new or self.old, LayoutPart)

    @cached_property
    def project(self) -> str:
        part = self.new or self.old
        return part.project if isinstance(part, IntegrationPart) else ""

    @cached_property
    def known(self) -> KnownProject | None:
        return self.projects.get(self.project)

    @cached_property
    def incoming(self) -> list[Version]:
        """The releases that come, highest first."""
        moved = [move.new.version for move in self.diff.moved]
        return sorted([*moved, *(row.version for row in self.diff.added)], reverse=True)

    @cached_property
    def outgoing(self) -> list[Version]:
        """The releases that go, highest first."""
        moved = [move.old.version for move in self.diff.moved]
        return sorted([*moved, *(row.version for row in self.diff.removed)], reverse=True)

    @property
    def changes_rows(self) -> bool:
        diff = self.diff
        return bool(diff.moved or diff.added or diff.removed or diff.changed)

    @property
    def changes_requirements(self) -> bool:
        diff = self.diff
        return bool(diff.requirements_added or diff.requirements_removed or diff.rules)

    def is_recent(self, moment: datetime | None) -> bool:
        """Whether something of that moment can be a cause."""
        return moment is not None and self.since < moment <= self.as_of

    def edits_of(self, *models: Any) -> Iterable[Edit]:
        """Return the edits of these models, newest first."""
        return (edit for edit in reversed(self.edits) if edit.model in models)

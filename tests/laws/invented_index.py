"""An index that exists in the store alone, and a resolver that knows what it holds."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from packaging.requirements import Requirement
from packaging.version import Version

from integrations.index.facts import KnownMetadata, unpack_files
from integrations.index.models import Index, Project
from integrations.index.pages import Page, PageFile
from integrations.index.store import Finding, store_findings
from matrix.environments import leasing
from matrix.environments.explaining import Failure, Unresolved
from matrix.environments.resolving import enqueue
from matrix.rules.resolution import EnvironmentRequest
from matrix.sdk.resolving import Answers, Clock, Resolver

GLUE = "glue"  # What every environment pulls in.


@dataclass
class InventedIndex:
    """
    Pages that are merged into the store as a poll merges them, without an index to be asked.

    Every project has been read and all metadata is known, so that no run fetches anything.
    """

    row: Index
    files: dict[str, dict[str, PageFile]] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)

    def upload(self, project: str, version: str, pythons: str, *, at: datetime) -> None:
        """Add a release of one wheel, unless it is there; *pythons* are its classifiers."""
        name = f"{project}-{version}-py3-none-any.whl"
        known = self.files.setdefault(project, {})
        if name not in known:
            address = f"https://files.test/{name}"
            known[name] = PageFile(filename=name, url=address, upload_time=at)
        lines = tuple(f"Programming Language :: Python :: {each}" for each in pythons.split())
        self.read(project, at, {version: (KnownMetadata(classifiers=lines), "a wheel")})

    def change(self, project: str, place: int, what: str, *, at: datetime) -> None:
        """Yank or remove the file at that place of the page, or quarantine the project."""
        known = self.files[project]
        name = sorted(known)[place % len(known)]
        if what == "quarantine":
            is_so = self.statuses.get(project) == "quarantined"
            self.statuses[project] = "active" if is_so else "quarantined"
        elif what == "remove" and len(known) > 1:
            del known[name]
        else:
            known[name] = msgspec.structs.replace(known[name], yanked=not known[name].yanked)
        self.read(project, at)

    def read(self, project: str, at: datetime, metadata: dict[str, Any] | None = None) -> None:
        before = Project.objects.filter(index=self.row, name=project).first()
        page = Page(
            files=list(self.files[project].values()),
            notes=[],
            status=self.statuses.get(project, "active"),
            has_upload_times=True,
        )
        found = Finding(
            name=project,
            seen_at=at,
            before=before,
            old_files=unpack_files(bytes(before.files)) if before else [],
            page=page,
            is_there=True,
            metadata=metadata or {},
        )
        store_findings(self.row, [found])

    def resolver(self, clock: Clock) -> Resolver:
        """Return one that stands in for uv: rows and leases are real, :meth:`resolve` answers."""
        return Invented(clock=clock, until=clock() + timedelta(minutes=1), index=self)

    def drain(self, keys: Collection[str], at: datetime) -> None:
        while claims := leasing.claim("laws", most=1000, now=at, keys=keys):
            for claim in claims:
                if pins := self.resolve(claim.request):
                    leasing.store_pins("laws", claim.key, pins, seconds=0, at=at)
                else:
                    why = Unresolved(kind=Failure.UNSATISFIABLE, problem=f"No {GLUE} fits.")
                    leasing.store_failure("laws", claim.key, why, at=at)

    def resolve(self, request: EnvironmentRequest) -> list[str]:
        """Return the pick and one release of glue: the preferred one if it fits, else the latest.

        An empty list: nothing fits."""
        asked = [Requirement(text) for text in (*request.requirements, *request.constraints)]
        bounds = [one.specifier for one in asked if one.name == GLUE]
        until = dict(request.exclude_newer_projects).get(GLUE, request.exclude_newer)
        there = [
            version
            for version, file in self._files_of(GLUE)
            if not file.yanked and _is_before(file, until)
            if all(bound.contains(version) for bound in bounds)
        ]
        if not there:
            return []
        preferred = [v for v in there if f"{GLUE}=={v}" in request.preferences]
        glue = max(preferred or there)
        picked = [str(one) for one in asked if one.name != GLUE and str(one.specifier)[:2] == "=="]
        return sorted({f"{GLUE}=={glue}", *picked})

    def _files_of(self, project: str) -> list[tuple[Version, PageFile]]:
        return [(Version(name.split("-")[1]), file) for name, file in self.files[project].items()]


@dataclass(kw_only=True, slots=True)
class Invented(Resolver):
    index: InventedIndex

    def __call__(self, requests: Collection[EnvironmentRequest]) -> Answers:
        keys = enqueue(requests, at=self.clock())
        self.index.drain(set(keys.values()), self.clock())
        return Resolver.__call__(self, requests)


def _is_before(file: PageFile, moment: datetime | None) -> bool:
    assert file.upload_time is not None
    return moment is None or file.upload_time <= moment

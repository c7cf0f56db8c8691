"""
What the portal knows of indexes, read from and written to the database. Nobody else writes it.

Two polls of one index may meet. A row is only written over the revision that was read; a writer
that comes second merges its page into what the first one wrote.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.db import transaction
from packaging.utils import canonicalize_name
from packaging.version import Version

from integrations.index.facts import (
    FileFact,
    KnownMetadata,
    KnownRelease,
    ReleaseFact,
    from_fact,
    group,
    known_release,
    merge,
    pack_files,
    pack_releases,
    summarise,
    unpack_files,
)
from integrations.index.known import ACTIVE, KnownProject, SeenStatus
from integrations.index.models import Index, Project, ProjectStatus, Release
from integrations.index.pages import Page

__all__ = ["KnownProject", "known_projects", "prune_polls", "store_findings"]


# --- Reading -------------------------------------------------------------------------------------
def known_projects(
    index: Index, names: Collection[str], *, as_of: datetime | None = None
) -> dict[str, KnownProject]:
    """
    Return what is stored of the projects *names*, by normalised name, in three queries.

    Pass *as_of* to read the whole records of the projects that need them for that moment in one
    more query; without it each of them is read when it is asked for.
    """
    projects = read_projects(index, names)
    pks = [project.pk for project in projects]
    metadata = read_metadata(pks)
    statuses = read_statuses(pks)
    known = {
        project.name: known_project(project, metadata[project.pk], statuses[project.pk])
        for project in projects
    }
    if as_of is not None:
        _load_files(index, [one for one in known.values() if one.needs_files(as_of)])
    return known


def never_read(index: Index, names: Collection[str]) -> set[str]:
    """Return those of *names* whose page the portal never read."""
    known = known_projects(index, names)
    return {name for name in names if name not in known or known[name].first_seen_at is None}


def read_projects(index: Index, names: Collection[str]) -> list[Project]:
    wanted = {canonicalize_name(name) for name in names}
    return list(Project.objects.filter(index=index, name__in=wanted).defer("files"))


def read_metadata(projects: Collection[int]) -> dict[int, dict[str, KnownMetadata]]:
    """Return the metadata of releases by project and normalised version."""
    found: dict[int, dict[str, KnownMetadata]] = defaultdict(dict)
    rows = Release.objects.filter(project__in=projects)
    for pk, version, classifiers, requires_python in rows.values_list(
        "project_id", "version", "classifiers", "requires_python"
    ):
        found[pk][version] = KnownMetadata(
            classifiers=tuple(classifiers), requires_python=requires_python
        )
    return found


def read_statuses(projects: Collection[int]) -> dict[int, list[SeenStatus]]:
    found: dict[int, list[SeenStatus]] = defaultdict(list)
    rows = ProjectStatus.objects.filter(project__in=projects).order_by("seen_at", "pk")
    for row in rows:
        found[row.project_id].append(SeenStatus(row.seen_at, row.status, row.reason))
    return found


def known_project(
    project: Project,
    metadata: Mapping[str, KnownMetadata],
    statuses: Sequence[SeenStatus],
) -> KnownProject:
    return KnownProject(
        name=project.name,
        summary=bytes(project.summary),  # PostgreSQL gives a memoryview.
        load_files=_files_loader(project.pk),
        metadata=metadata,
        statuses=statuses,
        first_seen_at=project.first_seen_at,
        gone_at=project.gone_at,
        has_upload_times=project.has_upload_times,
    )


def _files_loader(pk: int) -> Callable[[], bytes]:
    return lambda: read_files(pk)


def read_files(pk: int) -> bytes:
    """Return the packed files of a project."""
    return bytes(Project.objects.values_list("files", flat=True).get(pk=pk))


def _load_files(index: Index, projects: Collection[KnownProject]) -> None:
    names = [project.name for project in projects]
    rows = Project.objects.filter(index=index, name__in=names).values_list("name", "files")
    packed = {name: bytes(files) for name, files in rows} if names else {}
    for project in projects:
        project.load_files = lambda files=packed[project.name]: files  # type: ignore[misc]


# --- What a poll found ---------------------------------------------------------------------------
@dataclass(kw_only=True)
class Finding:
    """
    What a poll found out about one project, to be written by :func:`store_findings`.

    ``page`` is None when it is unchanged or could not be read; then only metadata is new.
    """

    name: str
    seen_at: datetime
    before: Project | None  # As it was read; None: the portal did not know it.
    old_files: Sequence[FileFact] = ()
    page: Page | None = None
    etag: str = ""
    last_modified: str = ""
    body_sha256: str = ""
    is_there: bool | None = None  # Whether the index has such a project; None: it was not asked.
    metadata: dict[str, tuple[KnownMetadata, str]] = field(default_factory=dict)  # With source.
    is_incomplete: bool = False

    @cached_property
    def files(self) -> Sequence[FileFact]:
        """All that is known of the files now."""
        if self.page is None:
            return self.old_files
        is_first = self.before is None or self.before.first_seen_at is None
        return merge(self.old_files, self.page, seen_at=None if is_first else self.seen_at)

    @cached_property
    def packed_files(self) -> bytes:
        return pack_files(self.files)

    @cached_property
    def _grouped(self) -> tuple[dict[Version, list[FileFact]], list[str]]:
        return group(self.name, self.files)

    @property
    def groups(self) -> dict[Version, list[FileFact]]:
        """The files by the release that they belong to."""
        return self._grouped[0]

    @cached_property
    def facts(self) -> list[ReleaseFact]:
        return summarise(self.groups)

    def pieces(self) -> list[Callable[[], object]]:
        """What takes long to work out of a page, in pieces; their results are kept."""
        return [
            lambda: self.files,
            lambda: self.groups,
            lambda: self.facts,
            lambda: self.packed_files,
        ]

    @property
    def notes(self) -> list[str]:
        """What was left out of the page."""
        return [*self.page.notes, *self._grouped[1]] if self.page else []

    def releases(self, as_of: datetime) -> list[KnownRelease]:
        return [
            from_fact(fact, as_of) or known_release(version, self.groups[version], as_of)
            for version, fact in zip(self.groups, self.facts, strict=True)
        ]

    def again_over(self, stored: Project) -> "Finding":
        """Return the same finding on top of what somebody else has stored meanwhile."""
        return Finding(
            name=self.name,
            seen_at=self.seen_at,
            before=stored,
            old_files=unpack_files(bytes(stored.files)),
            page=self.page,
            etag=self.etag,
            last_modified=self.last_modified,
            body_sha256=self.body_sha256,
            is_there=self.is_there,
            metadata=self.metadata,
            is_incomplete=self.is_incomplete,
        )

    @property
    def is_news(self) -> bool:
        """Whether there is anything to write about the project itself."""
        if self.page is not None:
            return True
        if self.is_there is None or self.before is None:
            return False
        if not self.is_there:
            return self.before.gone_at is None
        was_gone = self.before.gone_at is not None
        return was_gone or self.is_incomplete != self.before.is_incomplete


# --- Writing -------------------------------------------------------------------------------------
PAGE_FIELDS = [
    "etag",
    "last_modified",
    "body_sha256",
    "first_seen_at",
    "changed_at",
    "has_upload_times",
    "files",
    "summary",
]
FIELDS = ["revision", "is_incomplete", "gone_at"]
LONGEST_VALIDATOR = 300  # A longer ETag cannot be stored, so the body's hash stands in for it.


@transaction.atomic
def store_findings(index: Index, findings: Sequence[Finding]) -> None:
    """Write what a poll found; a project that two polls found at once keeps the facts of both."""
    news = sorted((found for found in findings if found.is_news), key=lambda found: found.name)
    stored = _lock(index, [found.name for found in news])
    new: list[Project] = []
    with_page: list[Project] = []
    without_page: list[Project] = []
    for found in news:
        row = stored.get(found.name)
        current = found
        if row is not None and (found.before is None or found.before.revision != row.revision):
            current = found.again_over(_whole(row))
        project = _apply(current, row or Project(index=index, name=found.name))
        (new if row is None else with_page if found.page else without_page).append(project)
    # Another poll may have added the same project a moment ago: then its facts stand.
    Project.objects.bulk_create(new, ignore_conflicts=True)
    Project.objects.bulk_update(with_page, [*FIELDS, *PAGE_FIELDS])
    Project.objects.bulk_update(without_page, FIELDS)
    _store_statuses_and_metadata(index, findings)


def _lock(index: Index, names: Sequence[str]) -> dict[str, Project]:
    if not names:
        return {}
    rows = Project.objects.select_for_update().defer("files").order_by("name")
    return {row.name: row for row in rows.filter(index=index, name__in=names)}


def _whole(row: Project) -> Project:
    row.refresh_from_db(fields=["files"])
    return row


def _apply(found: Finding, project: Project) -> Project:
    project.revision += 1
    project.is_incomplete = found.is_incomplete
    if not found.is_there:
        project.gone_at = project.gone_at or found.seen_at
        return project
    project.gone_at = None
    if found.page is not None:
        project.etag = _short(found.etag)
        project.last_modified = _short(found.last_modified, 100)
        project.body_sha256 = found.body_sha256
        project.first_seen_at = project.first_seen_at or found.seen_at
        if project.changed_at is None or found.files != found.old_files:
            project.changed_at = found.seen_at
        project.has_upload_times = found.page.has_upload_times
        project.files = found.packed_files
        project.summary = pack_releases(found.facts)
    return project


def _short(validator: str, longest: int = LONGEST_VALIDATOR) -> str:
    return validator if len(validator) <= longest and "\0" not in validator else ""


def _store_statuses_and_metadata(index: Index, findings: Sequence[Finding]) -> None:
    with_more = {found.name: found for found in findings if found.metadata or found.page}
    if not with_more:
        return
    rows = Project.objects.filter(index=index, name__in=with_more).values_list("name", "pk")
    pks = dict(rows)
    last = {pk: seen[-1] for pk, seen in read_statuses(pks.values()).items()}
    statuses = [
        status
        for name, pk in pks.items()
        if (status := _status_change(pk, with_more[name], last.get(pk)))
    ]
    ProjectStatus.objects.bulk_create(statuses, ignore_conflicts=True)
    releases = [
        release for name, pk in pks.items() for release in _release_rows(pk, with_more[name])
    ]
    Release.objects.bulk_create(releases, ignore_conflicts=True)


def _status_change(pk: int, found: Finding, last: SeenStatus | None) -> ProjectStatus | None:
    """Return a row when the page says something else than the last one; silence is "active"."""
    if found.page is None:
        return None
    said = (found.page.status, found.page.status_reason.replace("\0", " "))
    if said == ((last.status, last.reason) if last else (ACTIVE, "")):
        return None
    return ProjectStatus(project_id=pk, status=said[0], reason=said[1], seen_at=found.seen_at)


def _release_rows(pk: int, found: Finding) -> Iterable[Release]:
    for version, (metadata, source) in found.metadata.items():
        yield Release(
            project_id=pk,
            version=version,
            classifiers=list(metadata.classifiers),
            requires_python=metadata.requires_python,
            source=source,
            fetched_at=found.seen_at,
        )


def prune_polls(index: Index, *, keep: int = 30) -> int:
    """Delete the polls of *index* before the last *keep*; return how many were deleted."""
    kept = index.polls.order_by("-started_at", "-pk").values_list("pk", flat=True)[:keep]
    if len(kept) < keep:
        return 0
    old = index.polls.exclude(pk__in=list(kept))
    number = old.count()
    if number:
        old.delete()
    return number

"""What a poll does in the thread of the network: one coroutine per project, nothing is written."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from packaging.version import Version

from integrations.index.client import Answer, IndexClient
from integrations.index.desk import Desk
from integrations.index.errors import IndexDataError, IndexUnavailable, ProjectNotFound
from integrations.index.facts import FileFact, KnownMetadata, KnownRelease, unpack_files
from integrations.index.models import PollOutcome, Project
from integrations.index.pages import Page, fill_upload_times, parse_page
from integrations.index.store import Finding, read_files, read_metadata
from integrations.index.turns import Turns
from integrations.index.ways import NoMetadataError, release_metadata

log = logging.getLogger(__name__)

Wanted = Callable[[str, Sequence[KnownRelease], Mapping[str, KnownMetadata]], Collection[str]]
Fetched = dict[str, tuple[KnownMetadata, str]]  # Metadata and its source, by version.

MOST_REASONS = 5  # Sentences of one failure.
MOST_UNREAD = 32  # Pages that were asked for and are not read yet; a page may be megabytes.
EXPECTED = (IndexUnavailable, ProjectNotFound, IndexDataError, NoMetadataError)


@dataclass(kw_only=True)
class Result:
    """What came of one project."""

    name: str
    finding: Finding | None = None
    state: PollOutcome.State = PollOutcome.State.FAILED
    reason: str = ""
    lost: Mapping[str, str] = field(default_factory=dict)  # Why metadata could not be had.


@dataclass(kw_only=True)
class Visitor:
    """The coroutines of one poll."""

    client: IndexClient
    desk: Desk[Result]
    at: datetime
    wanted: Wanted
    before: Mapping[str, Project]
    turns: Turns = field(default_factory=Turns)
    unread: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_UNREAD))

    async def visit(self, names: Sequence[str]) -> None:
        async with self.client, asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(self._visit(name))

    async def _visit(self, name: str) -> None:
        try:
            result = await self._look(name)
        except ProjectNotFound as error:
            finding = Finding(name=name, seen_at=self.at, before=self.before.get(name))
            finding.is_there = False
            result = Result(name=name, finding=finding, reason=str(error))
        except EXPECTED as error:
            result = Result(name=name, reason=str(error))
        except Exception as error:  # One project never stops the others.
            log.exception("Polling %s failed.", name)
            reason = f"The portal could not read {name} ({type(error).__name__}: {error})."
            result = Result(name=name, reason=reason)
        self.desk.hand_in(result)

    async def _look(self, name: str) -> Result:
        before = self.before.get(name)
        finding = Finding(name=name, seen_at=self.at, before=before)
        state = PollOutcome.State.OK
        async with self.unread:
            is_new = await self._look_at_page(finding)
        if not is_new:
            state = PollOutcome.State.UNCHANGED
            if before is None or not before.is_incomplete:
                return Result(name=name, finding=finding, state=state)
            await self._load_files(finding)
        reasons = await self._fetch_wanted(finding)
        finding.is_incomplete = bool(reasons)
        return Result(
            name=name,
            finding=finding,
            state=PollOutcome.State.FAILED if reasons else state,
            reason=_joined(reasons),
        )

    async def _look_at_page(self, finding: Finding) -> bool:
        """Ask for the page and read it; return whether it says anything new."""
        before = finding.before
        answer = await self.client.page(
            finding.name,
            etag=before.etag if before else "",
            last_modified=before.last_modified if before else "",
        )
        finding.is_there = True
        if answer is None:
            return False
        await self.turns.work(lambda: _take_validators(finding, answer))
        if before is not None and finding.body_sha256 == before.body_sha256:
            return False
        await self._read_page(finding, answer)
        return True

    async def _read_page(self, finding: Finding, answer: Answer) -> None:
        pages: list[Page] = []
        await self.turns.work(lambda: pages.append(_parsed(answer)))
        page = pages[0]
        page.has_upload_times = all(file.upload_time for file in page.files)
        await self._load_files(finding)
        await self._ask_for_times(finding.name, page, finding.old_files)
        finding.page = page
        await self.turns.work(*finding.pieces())

    async def _load_files(self, finding: Finding) -> None:
        if finding.before and finding.before.first_seen_at:
            pk = finding.before.pk
            finding.old_files = unpack_files(await self.desk.ask(lambda: read_files(pk)))

    async def _ask_for_times(self, name: str, page: Page, old: Sequence[FileFact]) -> None:
        """Ask the legacy document where the page does not say when files came; it may not know."""
        if page.has_upload_times:
            return
        known = {file.filename for file in old if file.uploaded_at}
        if all(file.upload_time or file.filename in known for file in page.files):
            return
        try:
            answer = await self.client.legacy_page(name)
            if answer is not None:
                fill_upload_times(page, _parsed(answer))
        except EXPECTED as error:
            page.notes.append(f"Some upload times are unknown. {error}")

    async def _fetch_wanted(self, finding: Finding) -> list[str]:
        """Fetch metadata until nothing new is wanted; return why some could not be had."""
        metadata: dict[str, KnownMetadata] = {}
        if finding.before:
            pk = finding.before.pk
            metadata |= (await self.desk.ask(lambda: read_metadata([pk])))[pk]
        releases = finding.releases(self.at)
        lost: dict[str, str] = {}
        while versions := _new(
            self.wanted(finding.name, releases, metadata), metadata.keys() | lost.keys()
        ):
            fetched, failed = await fetch(self.client, finding, versions)
            finding.metadata |= fetched
            metadata |= {version: found for version, (found, _) in fetched.items()}
            lost |= failed
        return list(lost.values())


def _new(wanted: Collection[str], had: Collection[str]) -> list[str]:
    return sorted({str(Version(version)) for version in wanted} - set(had))


async def fetch(
    client: IndexClient, finding: Finding, versions: Collection[str]
) -> tuple[Fetched, dict[str, str]]:
    """Fetch the metadata of *versions* at once; return it, and why some could not be had."""
    fetched: Fetched = {}
    failed: dict[str, str] = {}

    async def one(version: str) -> None:
        files = finding.groups.get(Version(version), [])
        try:
            fetched[version] = await release_metadata(client, finding.name, version, files)
        except NoMetadataError as error:
            failed[version] = str(error)

    await asyncio.gather(*(one(version) for version in versions))
    return fetched, {version: failed[version] for version in versions if version in failed}


def _joined(reasons: Sequence[str]) -> str:
    more = len(reasons) - MOST_REASONS
    return " ".join([*reasons[:MOST_REASONS], *([f"And {more} more."] if more > 0 else [])])


def _take_validators(finding: Finding, answer: Answer) -> None:
    finding.etag = answer.headers.get("etag", "")
    finding.last_modified = answer.headers.get("last-modified", "")
    finding.body_sha256 = hashlib.sha256(answer.body).hexdigest()


def _parsed(answer: Answer) -> Page:
    return parse_page(answer.body, content_type=answer.content_type, url=answer.url)


@dataclass(kw_only=True)
class Fetcher:
    """Metadata of releases that the portal knows, without a look at the pages."""

    client: IndexClient
    desk: Desk[Result]

    async def fetch(
        self, wanted: Mapping[str, Collection[str]], findings: Sequence[Finding]
    ) -> None:
        async with self.client, asyncio.TaskGroup() as group:
            for finding in findings:
                group.create_task(self._fetch(finding, wanted[finding.name]))

    async def _fetch(self, finding: Finding, versions: Collection[str]) -> None:
        finding.metadata, lost = await fetch(self.client, finding, versions)
        self.desk.hand_in(Result(name=finding.name, finding=finding, lost=lost))

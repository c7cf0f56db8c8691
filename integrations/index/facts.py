"""
What the portal remembers of a project's files and releases, as values and as packed bytes.

``FileFact`` is all that a page ever said of one file. ``ReleaseFact`` is what a selection reads
of one release; it is true from ``settled_at`` on, and for moments before that it is worked out
from the files again. Nothing here knows the database or the network.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import NamedTuple, cast

import msgspec
from packaging.version import Version

from integrations.index.filenames import FilenameReader, is_plain_wheel, version_of
from integrations.index.pages import Page, PageFile

# Stands for "before the portal first looked" where the index does not say when a file came.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
SCHEMA = 1  # The number that packed bytes start with; a new form gets a reader of its own.


class Yank(NamedTuple):
    """What the index said of a yank from ``seen_at`` on (PEP 592)."""

    seen_at: datetime | None  # None: since the file was first seen.
    is_yanked: bool
    reason: str


class FileFact(msgspec.Struct, array_like=True, gc=False):
    """One file. ``yanks`` is empty for a file that was never anything but not yanked."""

    filename: str
    url: str
    sha256: str
    uploaded_at: datetime | None  # None: the index does not say.
    requires_python: str | None
    has_metadata: bool
    seen_at: datetime | None  # None: seen on the first page of the project that was ever read.
    yanks: tuple[Yank, ...] = ()
    gone_at: datetime | None = None

    @property
    def since(self) -> datetime:
        """When it came: its upload time, else when the portal first saw it."""
        return self.uploaded_at or self.seen_at or LONG_AGO

    def is_there(self, as_of: datetime | None) -> bool:
        if as_of is None:
            return self.gone_at is None
        return self.since <= as_of and (self.gone_at is None or self.gone_at > as_of)

    def yank(self, as_of: datetime | None) -> Yank:
        """The yank as the portal saw it at *as_of*: what it saw first when it had not looked."""
        if not self.yanks:
            return NOT_YANKED
        seen = self.yanks[0]
        for later in self.yanks[1:]:
            if as_of is None or (later.seen_at or LONG_AGO) <= as_of:
                seen = later
        return seen


class ReleaseFact(msgspec.Struct, array_like=True, gc=False):
    """One release as of now, in the form that is stored beside the files."""

    version: str  # Normalised by PEP 440.
    appeared_at: datetime  # The earliest file that there ever was.
    is_appearance_known: bool
    settled_at: datetime
    uploaded_at: datetime | None  # The earliest file that is there; None: all are gone.
    is_time_known: bool
    is_yanked: bool
    yank_reason: str
    abi_tags: tuple[str, ...]
    requires_python: str


class KnownRelease(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One release as the portal knew it at some moment."""

    version: Version
    uploaded_at: datetime | None  # The earliest file that is there; None: none is (any more).
    is_time_known: bool = True
    is_yanked: bool = False  # Every file that is there is yanked (PEP 592).
    yank_reason: str = ""
    abi_tags: frozenset[str] = frozenset()
    requires_python: str = ""  # Of its first file by name; core metadata is the authority.


class KnownMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a release's core metadata that says on which Pythons it runs."""

    classifiers: tuple[str, ...] = ()  # Those of ``Programming Language :: Python`` alone.
    requires_python: str = ""  # As written; may be something that no parser accepts.


class _Files(msgspec.Struct, array_like=True):
    schema: int
    files: list[FileFact]


class _Releases(msgspec.Struct, array_like=True):
    schema: int
    releases: list[ReleaseFact]


NOT_YANKED = Yank(None, False, "")
_pack = msgspec.msgpack.Encoder().encode
_unpack_files = msgspec.msgpack.Decoder(_Files).decode
_unpack_releases = msgspec.msgpack.Decoder(_Releases).decode


def pack_files(files: Sequence[FileFact]) -> bytes:
    return _pack(_Files(SCHEMA, list(files)))


def unpack_files(packed: bytes) -> list[FileFact]:
    """Read what :func:`pack_files` wrote; no bytes are no files."""
    return _unpack_files(packed).files if packed else []


def pack_releases(releases: Sequence[ReleaseFact]) -> bytes:
    return _pack(_Releases(SCHEMA, list(releases)))


def unpack_releases(packed: bytes) -> list[ReleaseFact]:
    """Read what :func:`pack_releases` wrote; no bytes are no releases."""
    return _unpack_releases(packed).releases if packed else []


# --- A page becomes facts ------------------------------------------------------------------------
def merge(old: Sequence[FileFact], page: Page, *, seen_at: datetime | None) -> list[FileFact]:
    """
    Return what is known of a project's files after reading *page*, sorted by file name.

    *seen_at* is None for the very first page. Nothing is dropped: a file that the page does not
    name (any more) is gone from then on, one that comes back is not gone. Reading the same page
    again changes nothing, and the order of its files plays no role.
    """
    found = _without_doubles(page.files)
    if not old:
        return [_new_file(file, seen_at) for file in found]
    known = {file.filename: file for file in old}
    merged = {
        file.filename: _merge_file(known[file.filename], file, seen_at)
        if file.filename in known
        else _new_file(file, seen_at)
        for file in found
    }
    for name, file in known.items():
        if name not in merged:
            gone_at = file.gone_at or seen_at or LONG_AGO
            merged[name] = msgspec.structs.replace(file, gone_at=gone_at)
    return [merged[name] for name in sorted(merged)]


def _without_doubles(files: Sequence[PageFile]) -> list[PageFile]:
    """Sort by name; which of two files of one name counts must not depend on their order."""
    if len({file.filename for file in files}) == len(files):
        return sorted(files, key=attrgetter("filename"))
    by_name = {file.filename: file for file in sorted(files, key=msgspec.json.encode)}
    return [by_name[name] for name in sorted(by_name)]


def _new_file(found: PageFile, seen_at: datetime | None) -> FileFact:
    return FileFact(
        found.filename,
        found.url,
        found.hashes.sha256,
        found.upload_time,
        found.requires_python,
        found.has_metadata,
        seen_at,
        (Yank(None, True, _reason(found.yanked)),) if found.yanked else (),
    )


def _merge_file(old: FileFact, found: PageFile, seen_at: datetime | None) -> FileFact:
    return FileFact(
        found.filename,
        found.url,
        found.hashes.sha256 or old.sha256,
        found.upload_time or old.uploaded_at,
        found.requires_python,
        found.has_metadata,
        old.seen_at,
        _merge_yanks(old.yanks, found.yanked, seen_at),
    )


def _reason(yanked: bool | str | None) -> str:
    return yanked if isinstance(yanked, str) else ""


def _merge_yanks(
    yanks: tuple[Yank, ...], yanked: bool | str | None, seen_at: datetime | None
) -> tuple[Yank, ...]:
    last = yanks[-1] if yanks else NOT_YANKED
    if (last.is_yanked, last.reason) == (bool(yanked), _reason(yanked)):
        return yanks
    return (*(yanks or (NOT_YANKED,)), Yank(seen_at, bool(yanked), _reason(yanked)))


# --- Files become releases -----------------------------------------------------------------------
def group(
    project: str, files: Iterable[FileFact]
) -> tuple[dict[Version, list[FileFact]], list[str]]:
    """
    Return the files of each release of *project*, ascending, and notes about files of none.

    *files* come from :func:`merge`: sorted by name.
    """
    reader = FilenameReader(project)
    by_object: dict[int, tuple[Version, list[FileFact]]] = {}
    strays = []
    head = "-"  # How wheels of the last release begin: most files stand among their kin.
    kin: list[FileFact] = []
    for file in files:
        name = file.filename
        if name.startswith(head) and is_plain_wheel(name):
            kin.append(file)
            continue
        version, head = reader.version_and_head(name)
        if version is None:
            if not reader.is_forgotten(name):
                strays.append(name)
            continue
        # One text gives one object, and the hash of a version is dear.
        known = by_object.get(id(version))
        if known is None:
            known = by_object[id(version)] = (version, [])
        kin = known[1]
        kin.append(file)
    groups: dict[Version, list[FileFact]] = {}
    for version, together in sorted(by_object.values(), key=itemgetter(0)):
        kin = groups.setdefault(version, together)
        if kin is not together:  # "1.0" and "1.0.0" are one release.
            kin.extend(together)
    return groups, [
        f'"{name[:200]}" is not the name of a wheel or sdist of {project}; it was left out.'
        for name in strays
    ]


def summarise(groups: Mapping[Version, Sequence[FileFact]]) -> list[ReleaseFact]:
    """Return the releases as of now, in the order of *groups*."""
    return [_release_fact(version, files) for version, files in groups.items()]


def _release_fact(version: Version, files: Sequence[FileFact]) -> ReleaseFact:
    since = [file.uploaded_at for file in files if not (file.yanks or file.gone_at)]
    if len(since) < len(files) or None in since:
        return _eventful_release_fact(version, files)
    # Nearly all releases: every file has a time, and nothing has happened to it since.
    times = cast("list[datetime]", since)
    first = min(times)
    return ReleaseFact(
        str(version), first, True, max(times), first, True, False, "", *_said_of(files)
    )


def _said_of(files: Iterable[FileFact]) -> tuple[tuple[str, ...], str]:
    """Return what the names of *files* say of ABIs, and their Requires-Python."""
    texts = [name.rsplit("-", 2)[-2] for file in files if (name := file.filename)[-4:] == ".whl"]
    requires_python = ""
    for file in files:
        if file.requires_python:
            requires_python = file.requires_python
            break
    return _abi_tags(frozenset(texts)), requires_python


def _eventful_release_fact(version: Version, files: Sequence[FileFact]) -> ReleaseFact:
    now = known_release(version, files, None)
    since = [file.since for file in files]
    appeared_at = min(since)
    return ReleaseFact(
        str(version),
        appeared_at,
        _is_time_known(files, appeared_at),
        max([*since, *_changes(files)]),
        now.uploaded_at,
        now.is_time_known,
        now.is_yanked,
        now.yank_reason,
        tuple(sorted(now.abi_tags)),
        now.requires_python,
    )


def _changes(files: Sequence[FileFact]) -> Iterator[datetime]:
    """When something was seen to be gone, yanked or no longer yanked."""
    for file in files:
        if file.gone_at is not None:
            yield file.gone_at
        for yank in file.yanks[1:]:
            yield yank.seen_at or LONG_AGO


def known_release(
    version: Version, files: Sequence[FileFact], as_of: datetime | None
) -> KnownRelease:
    """
    Return the release that *files* make, file by file as of *as_of* (None: as of now).

    When none of them is there yet, ``uploaded_at`` is when the first one comes.
    """
    there = [file for file in files if file.is_there(as_of)]
    if not there:
        return _absent(version, files, as_of)
    uploaded_at = min([file.since for file in there])
    yanks = [file.yank(as_of) for file in there]
    tags, requires_python = _said_of(there)
    return KnownRelease(
        version=version,
        uploaded_at=uploaded_at,
        is_time_known=_is_time_known(there, uploaded_at),
        is_yanked=all(yank.is_yanked for yank in yanks),
        yank_reason=next((yank.reason for yank in yanks if yank.reason), ""),
        abi_tags=_tags(tags),
        requires_python=requires_python,
    )


def _absent(version: Version, files: Sequence[FileFact], as_of: datetime | None) -> KnownRelease:
    coming = [file for file in files if as_of is not None and file.since > as_of]
    uploaded_at = min([file.since for file in coming], default=None)
    return KnownRelease(
        version=version,
        uploaded_at=uploaded_at,
        is_time_known=_is_time_known(coming, uploaded_at),
    )


def _is_time_known(files: Iterable[FileFact], moment: datetime | None) -> bool:
    """Whether it is the index that says that a file came at *moment*."""
    return not [file for file in files if file.uploaded_at is None and file.since == moment]


@lru_cache(maxsize=10_000)
def _abi_tags(texts: frozenset[str]) -> tuple[str, ...]:
    """A wheel may name several: ``cp27m.cp27mu``."""
    return tuple(sorted({tag for text in texts for tag in text.split(".")}))


def from_fact(fact: ReleaseFact, as_of: datetime) -> KnownRelease | None:
    """Return the release as *fact* knows it; None when only its files can tell for *as_of*."""
    if fact.settled_at <= as_of:
        return KnownRelease(
            version=_version(fact.version),
            uploaded_at=fact.uploaded_at,
            is_time_known=fact.is_time_known,
            is_yanked=fact.is_yanked,
            yank_reason=fact.yank_reason,
            abi_tags=_tags(fact.abi_tags),
            requires_python=fact.requires_python,
        )
    if fact.appeared_at > as_of:
        return KnownRelease(
            version=_version(fact.version),
            uploaded_at=fact.appeared_at,
            is_time_known=fact.is_appearance_known,
        )
    return None


def _version(text: str) -> Version:
    version = version_of(text)
    assert version is not None  # It was written from a version.
    return version


@lru_cache(maxsize=10_000)
def _tags(tags: tuple[str, ...]) -> frozenset[str]:
    return frozenset(tags)

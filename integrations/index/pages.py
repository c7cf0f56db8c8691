"""
The three forms of a project's page: JSON (PEP 691), HTML (PEP 503) and the legacy document.

Which one it is says the answer's Content-Type, never what was asked for: proxies answer HTML to
everybody. One bad entry does not lose the others; it is left out, and a note names its place.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from html.parser import HTMLParser
from typing import Annotated, Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit

import msgspec

from integrations.index.errors import IndexDataError
from integrations.index.filenames import FORGOTTEN, SDISTS

ACCEPT = (
    "application/vnd.pypi.simple.v1+json,"
    " application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01"
)
NEWEST_MAJOR = 1  # PEP 629: a client must refuse a repository with a higher major version.
FILE_ENDINGS = (".whl", *SDISTS, *FORGOTTEN)
STATUSES = ("active", "archived", "quarantined", "deprecated")

AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]


class Hashes(msgspec.Struct, gc=False):
    sha256: str = ""


class PageFile(msgspec.Struct, rename="kebab", gc=False):
    """One file of a page, in the words of PEP 691 whatever the form was."""

    filename: str
    url: str
    hashes: Hashes = msgspec.field(default_factory=Hashes)
    requires_python: str | None = None
    yanked: bool | str | None = False
    upload_time: AwareTime | None = None
    core_metadata: bool | Hashes | None = None
    legacy_core_metadata: bool | Hashes | None = msgspec.field(
        name="data-dist-info-metadata", default=None
    )

    @property
    def has_metadata(self) -> bool:
        """Whether the page says that the file's metadata can be had beside it (PEP 658, 714)."""
        said = self.legacy_core_metadata if self.core_metadata is None else self.core_metadata
        return said is not None and said is not False


class Status(msgspec.Struct):
    """PEP 792; a page that says nothing is active."""

    status: str = "active"
    reason: str | None = None


class Page(msgspec.Struct):
    """What a page says, in no particular order of files; URLs are absolute."""

    files: list[PageFile]
    status: str = "active"
    status_reason: str = ""
    notes: list[str] = []  # Sentences about entries that could not be read.
    has_upload_times: bool = False  # The page itself says when each of its files came.


class _Meta(msgspec.Struct, rename="kebab"):
    api_version: str = "1.0"


class _Document(msgspec.Struct, rename="kebab"):
    files: list[PageFile]
    meta: _Meta = msgspec.field(default_factory=_Meta)
    project_status: Status = msgspec.field(default_factory=Status)


class _LooseDocument(msgspec.Struct, rename="kebab"):
    """The same, where only the outermost shape is believed."""

    files: list[msgspec.Raw] | None = None
    releases: dict[str, list[msgspec.Raw]] | None = None
    meta: Any = None
    project_status: Any = None


_decode = msgspec.json.Decoder(_Document).decode
_decode_loosely = msgspec.json.Decoder(_LooseDocument).decode
_decode_file = msgspec.json.Decoder(PageFile).decode


def parse_page(body: bytes, *, content_type: str, url: str) -> Page:
    """Read a page that *url* answered with; raises IndexDataError when it is none."""
    if is_json(content_type, body):
        return _parse_json(body, url)
    return _parse_html(body, content_type, url)


def is_json(content_type: str, body: bytes) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    if kind.endswith(("+json", "/json")):
        return True
    return not kind.endswith(("+html", "/html")) and body.lstrip()[:1] == b"{"


# --- JSON ----------------------------------------------------------------------------------------
def _parse_json(body: bytes, url: str) -> Page:
    try:
        document = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _parse_json_loosely(body, url)
    _refuse_newer(document.meta.api_version)
    page = Page(files=document.files, notes=[])
    _take_status(page, document.project_status.status, document.project_status.reason)
    _make_absolute(page, url)
    return page


def _parse_json_loosely(body: bytes, url: str) -> Page:
    try:
        document = _decode_loosely(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IndexDataError(f"The page cannot be read as JSON: {error}") from error
    if isinstance(document.meta, dict):
        _refuse_newer(str(document.meta.get("api-version", "1.0")))
    page = Page(files=[], notes=[])
    if document.files is not None:
        page.files = _each(document.files, "files", _decode_file, page.notes)
        status = document.project_status
        if isinstance(status, dict):
            _take_status(page, status.get("status"), status.get("reason"))
    elif document.releases is not None:
        _take_releases(page, document.releases)
    else:
        raise IndexDataError('There is neither "files" nor "releases".', where="the page")
    _make_absolute(page, url)
    return page


def _each(
    entries: Sequence[msgspec.Raw], where: str, decode: Any, notes: list[str]
) -> list[PageFile]:
    files = []
    for number, raw in enumerate(entries):
        try:
            files.append(decode(raw))
        except (msgspec.DecodeError, UnicodeDecodeError):
            file = _mend(raw, f"{where}[{number}]", notes)
            if file is not None:
                files.append(file)
    return files


def _mend(raw: msgspec.Raw, where: str, notes: list[str]) -> PageFile | None:
    """Read what can be read of a bad entry; without a name or an address it is none."""
    try:
        entry = msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        notes.append(f"{where} was left out: {error}")
        return None
    good: dict[str, Any] = {}
    for field in msgspec.structs.fields(PageFile):
        name = field.encode_name
        if name not in entry and not field.required:
            continue
        try:
            good[name] = msgspec.convert(_with_zone(name, entry.get(name)), field.type)
        except msgspec.ValidationError:
            what = "the file was left out" if field.required else "it counts as not said"
            value = str(entry.get(name, "missing"))[:100]
            notes.append(f'{where}.{name} is "{value}"; {what}.')
            if field.required:
                return None
    return msgspec.convert(good, PageFile)


def _with_zone(name: str, value: object) -> object:
    """PEP 700 wants UTC; a time without a zone is taken to be in it."""
    if name == "upload-time" and isinstance(value, str) and _is_naive(value):
        return f"{value}Z"
    return value


def _is_naive(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def _refuse_newer(api_version: str) -> None:
    major = api_version.partition(".")[0]
    if not major.isdigit() or int(major) > NEWEST_MAJOR:
        raise IndexDataError(
            f'The index speaks version "{api_version[:20]}" of the simple API; '
            f"the portal knows {NEWEST_MAJOR}.x.",
            where="meta.api-version",
        )


def _take_status(page: Page, status: object, reason: object) -> None:
    if status in STATUSES:
        page.status = str(status)
        page.status_reason = reason if isinstance(reason, str) else ""
    elif status is not None:
        page.notes.append(
            f'project-status.status is "{str(status)[:100]}", which PEP 792 does not know; '
            "the project counts as active."
        )


def _make_absolute(page: Page, base: str) -> None:
    """Resolve relative addresses, and drop users and passwords: addresses are stored."""
    kept = []
    for file in page.files:
        if "@" in file.url or not file.url.startswith(("https://", "http://")):
            try:
                file.url = _clean_url(urljoin(base, file.url))
            except ValueError:
                page.notes.append(f'"{file.filename[:100]}" has no usable URL; it was left out.')
                continue
        kept.append(file)
    page.files = kept


def _clean_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


# --- The legacy document -------------------------------------------------------------------------
class _LegacyFile(msgspec.Struct, gc=False):
    """A file in ``releases`` of ``/pypi/<project>/json``."""

    filename: str
    url: str
    digests: Hashes = msgspec.field(default_factory=Hashes)
    requires_python: str | None = None
    yanked: bool = False
    yanked_reason: str | None = None
    upload_time_iso_8601: AwareTime | None = None

    def as_page_file(self) -> PageFile:
        return PageFile(
            filename=self.filename,
            url=self.url,
            hashes=self.digests,
            requires_python=self.requires_python,
            yanked=(self.yanked_reason or True) if self.yanked else False,
            upload_time=self.upload_time_iso_8601,
        )


_decode_legacy_file = msgspec.json.Decoder(_LegacyFile).decode


def _take_releases(page: Page, releases: dict[str, list[msgspec.Raw]]) -> None:
    for version, entries in releases.items():
        for number, raw in enumerate(entries):
            try:
                page.files.append(_decode_legacy_file(raw).as_page_file())
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                where = f"releases[{version[:60]}][{number}]"
                page.notes.append(f"{where} was left out: {error}")


def fill_upload_times(page: Page, legacy: Page) -> None:
    """Give the files of *page* without an upload time the one that the legacy document has."""
    times = {file.filename: file.upload_time for file in legacy.files}
    for file in page.files:
        if file.upload_time is None:
            file.upload_time = times.get(file.filename)


# --- HTML ----------------------------------------------------------------------------------------
class _Links(HTMLParser):
    """Collects the anchors, the base address and the meta elements of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base = ""
        self.anchors: list[dict[str, str | None]] = []
        self.meta: dict[str, str] = {}
        self.has_form = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.anchors.append(dict(attrs))
        elif tag == "meta":
            said = dict(attrs)
            self.meta[said.get("name") or ""] = said.get("content") or ""
        elif tag == "base":
            self.base = self.base or dict(attrs).get("href") or ""
        elif tag == "form":
            self.has_form = True


def _parse_html(body: bytes, content_type: str, url: str) -> Page:
    links = _Links()
    links.feed(_decoded(body, content_type))
    links.close()
    _refuse_newer(links.meta.get("pypi:repository-version", "1.0"))
    page = Page(files=[], notes=[])
    page.files = list(_linked_files(links, urljoin(url, links.base), page.notes))
    if not page.files and links.has_form:
        # A login page, answered with 200: without this, every file would count as gone.
        raise IndexDataError("The answer is a web page with a form, not a page of a simple index.")
    status = links.meta.get("pypi:project-status", "active")
    _take_status(page, status, links.meta.get("pypi:project-status-reason"))
    return page


def _decoded(body: bytes, content_type: str) -> str:
    charset = content_type.lower().partition("charset=")[2].split(";")[0].strip(" \"'")
    try:
        return body.decode(charset or "utf-8", errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")


def _linked_files(links: _Links, base: str, notes: list[str]) -> Iterable[PageFile]:
    for number, anchor in enumerate(links.anchors):
        href = (anchor.get("href") or "").strip()
        try:
            url, fragment = urldefrag(_clean_url(urljoin(base, href)))
            filename = unquote(urlsplit(url).path.rpartition("/")[2])
        except ValueError:
            notes.append(f'link {number + 1} leads to "{href[:100]}"; it was left out.')
            continue
        if filename.endswith(FILE_ENDINGS):  # A folder also links to its parent.
            yield _linked_file(filename, url, fragment, anchor, notes)


def _linked_file(
    filename: str, url: str, fragment: str, anchor: dict[str, str | None], notes: list[str]
) -> PageFile:
    algorithm, _, digest = fragment.partition("=")
    said = anchor.get("data-core-metadata", anchor.get("data-dist-info-metadata", "false"))
    return PageFile(
        filename=filename,
        url=url,
        hashes=Hashes(digest if algorithm == "sha256" else ""),
        requires_python=anchor.get("data-requires-python") or None,
        yanked=(anchor["data-yanked"] or True) if "data-yanked" in anchor else False,
        upload_time=_html_time(filename, anchor.get("data-upload-time"), notes),
        core_metadata=said != "false",
    )


def _html_time(filename: str, text: str | None, notes: list[str]) -> datetime | None:
    if not text:
        return None
    try:
        return msgspec.convert(_with_zone("upload-time", text), AwareTime)
    except msgspec.ValidationError:
        notes.append(f'{filename[:100]} has data-upload-time "{text[:60]}"; it counts as not said.')
        return None

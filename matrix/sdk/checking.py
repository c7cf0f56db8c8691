"""
Checking a file against everything that was ever published: which publication is it?

Whoever asks needs no more than the file: its SDK, and which workflow it is, are found by its
regions. A content is stored once and never changes, so the marks of its regions are remembered.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from django.db.models import F, Q, QuerySet

from matrix.review.errors import ReviewError
from matrix.review.models import FileContent, Proposal, Publication, PublishedFile
from matrix.review.publishing import candidate
from matrix.review.snapshots import digest
from matrix.rules.checking.comparing import content_of, judge
from matrix.rules.checking.judging import (
    Edition,
    Report,
    State,
    common_origin,
    origin_of,
    signed_regions,
)
from matrix.rules.checking.reading import CheckedFile, Kind, Mark, Unreadable, marks_of, read_file
from matrix.rules.rendering import MAIN_WORKFLOW, TOX_INI, WORKFLOWS
from matrix.rules.rendering.workflows_frame import MAIN_REGIONS
from matrix.sdk.channel import KIND
from matrix.sdk.checking_manifests import check_manifest
from matrix.sdk.publishing import render

MOST_BYTES = 2_000_000  # Of a file that is checked.
RECENT = 8  # Publications that are looked at before all others.
MOST_REMEMBERED = 5000  # Contents whose marks are kept: a kilobyte each.
UNSETTLED = {State.UNKNOWN, State.MIXED, State.REGION_EDITED}
Place = tuple[str, str]  # The slug of an SDK, and the path of a file of it.
Row = tuple[str, str, int, str]  # Slug, path, number of the publication, SHA-256.
Shelf = Mapping[Place, Sequence[Edition]]  # Newest first.
NOTHING: Mapping[str, str] = MappingProxyType({})

_remembered: dict[str, Mapping[str, Mark]] = {}


def check(text: str, *, path: str = "", sdk: str = "", sees_proposals: bool = False) -> Report:
    """
    Say what *text* is: current, older, edited, or nothing that was published.

    *path* is where it stands in the repository, *sdk* the slug of whose it is; both are found out
    where they are empty. With *sees_proposals* the files that an open proposal would publish are
    compared as well. What cannot be read gets a verdict, not an exception.
    """
    try:
        file = read_file(text, path)
    except Unreadable as error:
        return Report(
            state=State.UNKNOWN, verdict=str(error), notes=error.others, path=path, sdk=sdk
        )
    current = _current(sdk)
    if file.kind is Kind.MANIFEST:
        return check_manifest(file, sdk, current, sees_proposals=sees_proposals)
    rows = _rows(file, sdk)
    shelf = _shelf(file, _recent(rows), current)
    if not _is_settled(file, shelf):
        shelf = _shelf(file, rows, current)
    report = _judge(file, shelf, sdk, current)
    if sees_proposals and report.state in UNSETTLED and report.publication is None:
        return _as_candidate(file, shelf, sdk, current) or report
    return report


def _current(sdk: str) -> dict[str, int]:
    """Return the number of the current publication of each SDK, or of one."""
    rows = _publications(sdk).filter(channel__current=F("pk"))
    return dict(rows.values_list("channel__slug", "number"))


def _publications(sdk: str) -> QuerySet[Publication]:
    rows = Publication.objects.filter(channel__kind=KIND)
    return rows.filter(channel__slug=sdk) if sdk else rows


# --- What may be compared ------------------------------------------------------------------------
def _rows(file: CheckedFile, sdk: str) -> list[Row]:
    """Return every published file of that kind; each path newest first."""
    found = PublishedFile.objects.filter(_is_alike(file), publication__in=_publications(sdk))
    rows = found.values_list(
        "publication__channel__slug", "path", "publication__number", "content_id"
    )
    return sorted(rows, key=lambda row: (row[0], row[1], -row[2]))


def _is_alike(file: CheckedFile) -> Q:
    """Name the paths at which a file of that kind may stand."""
    if file.kind is Kind.TOX:
        return Q(path=TOX_INI)
    if file.kind is Kind.CONSTRAINTS:
        return Q(path=file.path)
    main = Q(path=MAIN_WORKFLOW)
    return main if file.known_regions == MAIN_REGIONS else Q(path__startswith=WORKFLOWS) & ~main


def _is_alike_path(file: CheckedFile, path: str) -> bool:
    if file.kind is not Kind.WORKFLOW:
        return path == (TOX_INI if file.kind is Kind.TOX else file.path)
    is_main = file.known_regions == MAIN_REGIONS
    return path.startswith(WORKFLOWS) and (path == MAIN_WORKFLOW) == is_main


def _recent(rows: Sequence[Row]) -> list[Row]:
    """Return the newest *rows* of each file."""
    seen: dict[Place, int] = defaultdict(int)
    found = []
    for row in rows:
        seen[row[:2]] += 1
        if seen[row[:2]] <= RECENT:
            found.append(row)
    return found


def _shelf(file: CheckedFile, rows: Iterable[Row], current: Mapping[str, int]) -> Shelf:
    rows = list(rows)
    marks = _marks({content for *_, content in rows}) if file.regions else {}
    shelf: dict[Place, list[Edition]] = defaultdict(list)
    for slug, path, number, content in rows:
        shelf[slug, path].append(
            Edition(
                number=number,
                is_current=number == current.get(slug),
                content=content,
                marks=marks.get(content, {}),
            )
        )
    return shelf


def _marks(contents: Collection[str]) -> dict[str, Mapping[str, Mark]]:
    """Return the marks of stored contents; those that are not remembered take one query."""
    unknown = set(contents) - _remembered.keys()
    found = {sha: _remembered[sha] for sha in set(contents) - unknown}
    for row in FileContent.objects.filter(pk__in=unknown).iterator(chunk_size=10):
        found[row.pk] = marks_of(row.text())
    if len(_remembered) + len(unknown) > MOST_REMEMBERED:
        _remembered.clear()
    _remembered.update(found)
    return found


def _is_settled(file: CheckedFile, shelf: Shelf) -> bool:
    """Tell whether some edition is all of what the file is, so that older ones play no role."""
    return any(_fit(file, editions)[1] for editions in shelf.values())


def _fit(file: CheckedFile, editions: Sequence[Edition]) -> tuple[int, bool, bool]:
    """Rate how well *editions* fit: regions that come from them, all from one, the current one."""
    if not file.regions:
        same = [edition for edition in editions if edition.content == content_of(file)]
        return len(same), bool(same), any(edition.is_current for edition in same)
    signed = signed_regions(file)
    common = common_origin(signed, editions) if signed else None
    number = sum(origin_of(region, editions) is not None for region in signed)
    return number, common is not None, common is not None and common.is_current


# --- Judging -------------------------------------------------------------------------------------
def _judge(file: CheckedFile, shelf: Shelf, sdk: str, current: Mapping[str, int]) -> Report:
    place = _best_place(file, shelf)
    if place is None:
        return Report(
            state=State.UNKNOWN,
            verdict=_why_none(file, shelf, sdk, current),
            kind=file.kind.value,
            path=file.path,
            sdk=sdk,
            current=current.get(sdk),
        )
    slug, path = place
    return judge(
        replace(file, path=path),
        shelf[place],
        sdk=slug,
        current=current.get(slug),
        read=_read,
    )


def _read(sha256: str, own: Mapping[str, str] = NOTHING) -> str:
    """Return the text of a stored content, or one of *own*."""
    return own[sha256] if sha256 in own else FileContent.objects.get(pk=sha256).text()


def _best_place(file: CheckedFile, shelf: Shelf) -> Place | None:
    """Return the file that it is: the named one, the only one, else the one that fits best."""
    named = [place for place in shelf if place[1] == file.path] or list(shelf)
    if len(named) == 1:
        return named[0]
    best = max(named, key=lambda place: _fit(file, shelf[place]), default=None)
    return best if best is not None and any(_fit(file, shelf[best])) else None


def _why_none(file: CheckedFile, shelf: Shelf, sdk: str, current: Mapping[str, int]) -> str:
    if sdk and sdk not in current:
        return f"Nothing was compared: nothing of {sdk} is published yet."
    if shelf:
        what = "where it stands in the repository" if sdk else "which SDK it belongs to"
        return (
            "Nothing was compared: no region of it was ever published. "
            f"Say {what}, and what differs is shown."
        )
    whose = f" of {sdk}" if sdk else ""
    return f"Nothing was compared: no publication{whose} has {file.path or 'such a file'}."


def _as_candidate(
    file: CheckedFile, shelf: Shelf, sdk: str, current: Mapping[str, int]
) -> Report | None:
    """Return what *file* is when it comes from an open proposal; None when it does not."""
    rows = Proposal.objects.open().filter(channel__kind=KIND).order_by("number")
    for proposal in rows.filter(channel__slug=sdk) if sdk else rows:
        texts = _candidate_files(file, proposal.number)
        slug = proposal.channel.slug
        editions = {
            (slug, path): [*shelf.get((slug, path), ()), _edition(proposal.number, text)]
            for path, text in texts.items()
        }
        place = _best_place(file, editions)
        if place is None:
            continue
        report = judge(
            replace(file, path=place[1]),
            editions[place],
            sdk=slug,
            current=current.get(slug),
            read=partial(_read, own={digest(text): text for text in texts.values()}),
        )
        name = f"proposal {proposal.number}"
        if report.proposal or any(region.origin == name for region in report.regions):
            return report
    return None


def _candidate_files(file: CheckedFile, number: int) -> dict[str, str]:
    try:
        files = candidate(number, render)
    except ReviewError:  # It cannot be rendered: then no file comes from it either.
        return {}
    return {path: text for path, text in files.items() if _is_alike_path(file, path)}


def _edition(number: int, text: str) -> Edition:
    return Edition(number=number, is_candidate=True, content=digest(text), marks=marks_of(text))

"""A file beside what the portal rendered: which publication it is, and every place that differs."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from matrix.rules.checking.differences import Difference, differences
from matrix.rules.checking.judging import (
    Edition,
    Report,
    State,
    checked_regions,
    common_origin,
    nothing_to_compare,
    origin_of,
    signed_regions,
)
from matrix.rules.checking.reading import CheckedFile, FoundRegion, lines_of, read_file

Read = Callable[[str], str]  # The text of a stored content, by its SHA-256.


def judge(
    file: CheckedFile,
    editions: Sequence[Edition],
    *,
    sdk: str,
    current: int | None,
    read: Read,
) -> Report:
    """
    Compare *file* with its *editions*: the same file in publications of *sdk*, newest first.

    A candidate among them stands last. *current* is the number of the current publication, whether
    it has such a file or not. Texts are read only for what differs.
    """
    report = Report(
        state=State.UNKNOWN,
        verdict="",
        kind=file.kind.value,
        path=file.path,
        sdk=sdk,
        current=current,
    )
    if not editions:
        return replace(report, verdict=_never_published(file, sdk))
    return (_by_regions if file.regions else _as_a_whole)(file, editions, report, read)


def _never_published(file: CheckedFile, sdk: str) -> str:
    name = file.path or f"such a {file.kind.value}"
    return f"Nothing was compared: no publication of {sdk} has {name}."


# --- Files with regions --------------------------------------------------------------------------
def _by_regions(
    file: CheckedFile, editions: Sequence[Edition], report: Report, read: Read
) -> Report:
    signed = signed_regions(file)
    if not signed:
        return replace(report, verdict=nothing_to_compare(file))
    common = common_origin(signed, editions)
    report = replace(report, regions=checked_regions(file, editions, common))
    if any(region.is_edited for region in signed):
        return _edited(file, editions, common, report, read)
    if common is None:
        return _mixed(signed, editions, report)
    frame = tuple(_frame_differences(file, read(common.content)))
    return _matching(common, replace(report, frame=frame))


def _matching(common: Edition, report: Report) -> Report:
    """Say which edition a file is whose regions all come from it."""
    if common.is_candidate:
        return replace(
            report,
            state=State.CANDIDATE,
            proposal=common.number,
            verdict=f"Matches the candidate of proposal {common.number}, which is not published.",
            notes=_frame_notes(report),
        )
    report = replace(report, publication=common.number)
    if not common.is_current:
        return replace(
            report,
            state=State.OLDER,
            verdict=f"Matches publication {common.number}; {_what_is_current(report)}.",
            notes=_frame_notes(report),
        )
    verdict = f"Matches publication {common.number}, which is current."
    if not report.frame:
        return replace(report, state=State.CURRENT, verdict=verdict)
    return replace(report, state=State.FRAME_EDITED, verdict=f"{verdict} {_frame_notes(report)[0]}")


def _what_is_current(report: Report) -> str:
    return (
        "none is current" if report.current is None else f"publication {report.current} is current"
    )


def _frame_notes(report: Report) -> tuple[str, ...]:
    if not report.frame:
        return ()
    places = _counted(len(report.frame), "place")
    return (f"Its hand-written part differs in {places}, which is welcome.",)


def _mixed(signed: Sequence[FoundRegion], editions: Sequence[Edition], report: Report) -> Report:
    strangers = [one for one in signed if origin_of(one, editions) is None]
    if strangers:
        names = ", ".join(f'"{one.name}"' for one in strangers)
        return replace(
            report,
            verdict=f"No publication of {report.sdk} has the text of {names}, although its hash "
            "is right: it may come from a proposal, or from another portal.",
        )
    origins = [f'"{one.name}" from {one.origin}' for one in report.regions if one.origin]
    return replace(
        report,
        state=State.MIXED,
        verdict=f"Its regions come from different publications: {', '.join(origins)}.",
    )


def _edited(
    file: CheckedFile,
    editions: Sequence[Edition],
    common: Edition | None,
    report: Report,
    read: Read,
) -> Report:
    untouched = [one for one in signed_regions(file) if not one.is_edited]
    fallback = common or common_origin(untouched, editions) or editions[0]
    found: list[Difference] = []
    bases: list[Edition] = []
    for region in file.regions:
        if region.is_edited:
            base = common or origin_of(region, editions) or fallback
            bases += [] if base in bases else [base]
            found += _region_differences(region, read(base.content))
    frame = tuple(_frame_differences(file, read(fallback.content)))
    report = replace(
        report,
        state=State.REGION_EDITED,
        differences=tuple(sorted(found, key=lambda one: one.line)),
        frame=frame,
        publication=common.number if common and not common.is_candidate else None,
    )
    return replace(
        report,
        verdict=_how_much(report, [base.name for base in bases]),
        notes=_frame_notes(report),
    )


def _how_much(report: Report, bases: Sequence[str]) -> str:
    source = " and ".join(bases)
    if report.current is not None and source == f"publication {report.current}":
        source += ", which is current"
    if not report.differences:
        return f"The hash of a region was changed; its text is that of {source}."
    routine = _counted(len(report.routine), "place")
    if not report.real:
        return f"Differs in {routine} from {source}, in the order of lines and in blanks alone."
    more = f" ({routine} more in order or blanks alone)" if report.routine else ""
    return f"Differs in {_counted(len(report.real), 'place')}{more} from {source}."


def _region_differences(region: FoundRegion, base: str) -> list[Difference]:
    wanted = [
        f"{region.indent}{line}" if line else "" for line in lines_of(base).get(region.name, ())
    ]
    return differences(wanted, region.lines, region=region.name, first_line=region.first_line + 1)


def _frame_differences(file: CheckedFile, base: str) -> list[Difference]:
    mine = _frame_lines(file)
    theirs = _frame_lines(read_file(base, file.path))
    numbers = [*(number for number, _ in mine), mine[-1][0] + 1]
    found = differences([text for _, text in theirs], [text for _, text in mine])
    return [replace(one, line=numbers[one.line - 1]) for one in found]


def _frame_lines(file: CheckedFile) -> list[tuple[int, str]]:
    """Return the hand-written lines with their numbers, and the markers without hashes."""
    inside = {n for one in file.regions for n in range(one.first_line + 1, one.last_line)}
    ends = {one.last_line for one in file.regions}
    return [
        (number, line.partition(" sha256:")[0] if number in ends else line)
        for number, line in enumerate(file.text.removesuffix("\n").split("\n"), start=1)
        if number not in inside
    ]


# --- Whole files ---------------------------------------------------------------------------------
def _as_a_whole(
    file: CheckedFile, editions: Sequence[Edition], report: Report, read: Read
) -> Report:
    sha256 = content_of(file)
    same = next((edition for edition in editions if edition.content == sha256), None)
    if same is not None:
        return _matching(same, report)
    base = editions[0]
    wanted = read(base.content).removesuffix("\n").split("\n")
    found = differences(wanted, file.text.removesuffix("\n").split("\n"))
    report = replace(report, state=State.REGION_EDITED, differences=tuple(found))
    if not found:
        verdict = f"Differs from {base.name} in the end of the last line alone."
        return replace(report, verdict=verdict)
    return replace(report, verdict=_how_much(report, [base.name]))


def content_of(file: CheckedFile) -> str:
    """Return the SHA-256 under which the text would be stored."""
    return hashlib.sha256(file.text.encode()).hexdigest()


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

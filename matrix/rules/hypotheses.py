"""
What would make a release a pick: changes of the catalogue or of the index, each one tried.

A change is told only when ``select()``, run again with it, really picks the release. Where that
needs metadata which nobody has read yet, what the index page says stands in for it, and the
sentence says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce

from packaging.version import Version

from matrix.rules.changes import Change, changes_for, pinned
from matrix.rules.facts import Metadata, Needs, Selection
from matrix.rules.judging import Case, Verdict

MOST_TRIED = 12  # Each is a selection of the whole project.
ANY_PYTHON = Metadata(classifiers=("Programming Language :: Python :: 3",))


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A change that makes the release a pick."""

    change: Change
    is_assumed: bool  # It needs metadata that nobody has read; the index page stood in.

    @property
    def sentence(self) -> str:
        """Say it: "Would be picked if 5.1.8 is yanked or put on hold."."""
        proviso = ", as far as the index page says: metadata that this needs was not read yet"
        return f"Would be picked if {self.change.words}{proviso if self.is_assumed else ''}."


def would_be_picked(
    case: Case,
    verdict: Verdict,
    verdicts: Mapping[Version, Verdict],
    *,
    page: Mapping[Version, str] | None = None,
) -> list[Told]:
    """
    Return the changes that would make the release of *verdict* a pick, the nearest first.

    *page* is the Requires-Python of releases as the index page has it. The work is bounded:
    ``MOST_TRIED`` changes at most, each a selection of the project, or two where metadata lacks.
    """
    if verdict.is_picked:
        return []
    trial = _Trial(case, verdict.version, page or {})
    by_check = list(changes_for(case, verdict, verdicts))
    single = [change for changes in by_check for change in changes][:MOST_TRIED]
    told: list[Told] = []
    for change in single:
        needless = change.unless in {one.change.words for one in told}
        if not needless and (found := trial.of(change)):
            told.append(found)
    if not told and len(by_check) > 1:
        told = _together(trial, [changes[0] for changes in by_check])
    last = _by_a_pin(trial, verdict, by_check, is_last_resort=not told)
    return [*told, last] if last else told


def _by_a_pin(
    trial: "_Trial", verdict: Verdict, by_check: Sequence[Sequence[Change]], *, is_last_resort: bool
) -> Told | None:
    """Try a pinned pick; as the last resort together with what a pinned pick does not skip."""
    pin = pinned(trial.case, verdict)
    if pin is None:
        return None
    if found := trial.of(pin):
        return found
    unskipped = [changes[0] for changes in by_check if changes[0].is_needed_by_pins]
    return trial.of(_all_of([*unskipped, pin])) if is_last_resort and unskipped else None


def _together(trial: "_Trial", changes: Sequence[Change]) -> list[Told]:
    """Try all *changes* at once; leave out those that are not needed."""
    found = trial.of(_all_of(changes))
    if found is None:
        return []
    for change in changes:
        fewer = [one for one in changes if one is not change]
        if fewer and (still := trial.of(_all_of(fewer))):
            found, changes = still, fewer
    return [found]


class _Trial:
    """Tries changes on one release."""

    def __init__(self, case: Case, version: Version, page: Mapping[Version, str]) -> None:
        self.case = case
        self.version = version
        self.page = page

    def of(self, change: Change) -> Told | None:
        changed = change.apply(self.case)
        # Without its own metadata nothing is ever picked: to ask would be a selection for nothing.
        is_assumed = self.version not in changed.metadata
        found = changed.select() if not is_assumed else None
        if found is None or isinstance(found, Needs):
            # Stand-ins for all at once: to ask for one after the other would take a dozen rounds.
            is_assumed = True
            found = replace(changed, metadata=self._assumed).select()
        if isinstance(found, Selection) and any(
            pick.version == self.version for pick in found.picks
        ):
            return Told(change=change, is_assumed=is_assumed)
        return None

    @cached_property
    def _assumed(self) -> dict[Version, Metadata]:
        case = self.case
        unread = {release.version for release in case.releases} - case.metadata.keys()
        return {**{version: self._from_page(version) for version in unread}, **case.metadata}

    def _from_page(self, version: Version) -> Metadata:
        text = self.page.get(version, "")
        return Metadata(requires_python=text) if text else ANY_PYTHON


def _all_of(changes: Sequence[Change]) -> Change:
    return Change(
        words=" and ".join(change.words for change in changes),
        apply=lambda case: reduce(lambda one, change: change.apply(one), changes, case),
    )

"""What wants an eye although no proposal asks about it, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.catalogue.models import Integration, Sdk
from integrations.index.address import default_index_url
from integrations.index.models import PollOutcome
from integrations.index.recent import Arrival, arrivals
from matrix.rules.facts import Python
from matrix.rules.lifetimes import Month, end_of, has_ended, months_left
from matrix.sdk.waiting import Waits, waits
from portal.home.holds_page import HoldsToWatch, holds_to_watch
from portal.home.overview import SdkOverview

WEEK = timedelta(days=7)
SOON = 12  # Months.
MOST_NAMED = 5  # Releases that are named at once; more come folded.


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """A project that the last poll could not read."""

    project: str
    since: datetime  # When the first of the polls in a row began that failed for it.
    integration: Integration


@dataclass(frozen=True, kw_only=True, slots=True)
class NewRelease:
    arrival: Arrival
    integration: Integration  # The first by name that tests the project.


@dataclass(frozen=True, kw_only=True, slots=True)
class EndingPython:
    python: Python
    end: Month
    has_ended: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    holds: HoldsToWatch
    unreadable: tuple[Unreadable, ...]
    releases: tuple[NewRelease, ...]  # Of the last seven days, the newest first.
    pythons: tuple[EndingPython, ...]  # Supported by an SDK; the oldest first.
    waits: Waits  # For a cooldown; what is over first comes first.

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to say."""
        return not (
            self.holds or self.unreadable or self.releases or self.pythons or len(self.waits)
        )

    @property
    def ended(self) -> list[EndingPython]:
        return [one for one in self.pythons if one.has_ended]

    @property
    def ending(self) -> list[EndingPython]:
        return [one for one in self.pythons if not one.has_ended]

    @property
    def more_releases(self) -> int:
        return max(0, len(self.releases) - MOST_NAMED)


def watch(overviews: Sequence[SdkOverview], at: datetime) -> Watch:
    """Return what there is to watch in all SDKs together."""
    sdks = [one.sdk for one in overviews]
    tested = _tested(sdks)
    return Watch(
        holds=holds_to_watch(at),
        unreadable=tuple(_unreadable(overviews, tested)),
        releases=tuple(_new_releases(tested, at)),
        pythons=tuple(_pythons(sdks, at)),
        waits=waits(sdks, at),
    )


Tested = Mapping[tuple[str, str], Integration]  # By the address of an index, and a project of it.


def _tested(sdks: Iterable[Sdk]) -> Tested:
    """Return for each project the first integration that tests it."""
    urls = {sdk.pk: sdk.index_url or default_index_url() for sdk in sdks}
    rows = Integration.objects.filter(sdk__in=urls, is_paused=False).select_related("sdk")
    found: dict[tuple[str, str], Integration] = {}
    for one in sorted(rows.only("name", "project", "sdk__slug"), key=lambda one: one.name):
        found.setdefault((urls[one.sdk_id], one.project), one)
    return found


def _unreadable(overviews: Sequence[SdkOverview], tested: Tested) -> Iterable[Unreadable]:
    """Return what the last polls could not read, and since when they could not."""
    failed = {
        (one.visit.url, project)
        for one in overviews
        if one.visit
        for project, _ in one.visit.failed
        if (one.visit.url, project) in tested
    }
    since = _failing_since(failed)
    for url, project in sorted(failed, key=lambda key: key[1]):
        if moment := since.get((url, project)):
            yield Unreadable(project=project, since=moment, integration=tested[url, project])


def _failing_since(failed: Collection[tuple[str, str]]) -> dict[tuple[str, str], datetime]:
    """Return when the first of the polls began that failed for each without one that did not."""
    rows = PollOutcome.objects.filter(
        project__in={project for _, project in failed},
        poll__index__url__in={url for url, _ in failed},
        poll__finished_at__isnull=False,
    )
    told = rows.order_by("-poll__started_at", "-pk").values_list(
        "poll__index__url", "project", "state", "poll__started_at"
    )
    since: dict[tuple[str, str], datetime] = {}
    is_over: dict[tuple[str, str], bool] = defaultdict(bool)
    for url, project, state, started_at in told:
        key = url, project
        is_over[key] |= state != PollOutcome.State.FAILED
        if not is_over[key]:
            since[key] = started_at
    return since


def _new_releases(tested: Tested, at: datetime) -> Iterable[NewRelease]:
    found = arrivals({project for _, project in tested}, since=at - WEEK, until=at)
    for one in found:
        if not one.is_yanked and (one.index, one.project) in tested:
            yield NewRelease(arrival=one, integration=tested[one.index, one.project])


def _pythons(sdks: Iterable[Sdk], at: datetime) -> Iterable[EndingPython]:
    """Return the supported Pythons that get no fixes any more, or will not within a year."""
    on = at.date()
    for python in sorted({Python.parse(text) for sdk in sdks for text in sdk.python_list}):
        left, end = months_left(python, on), end_of(python)
        if end is not None and left is not None and left <= SOON:
            yield EndingPython(python=python, end=end, has_ended=has_ended(python, on))

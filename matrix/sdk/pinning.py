"""The environments of parts, what they resolve to, and what a reviewer should know of that."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from packaging.version import Version

from matrix.environments.resolving import Result
from matrix.review.models import Assessment, Snapshot
from matrix.review.values import Found
from matrix.rules.bounds import reaches
from matrix.rules.facts import Python, SharedConstraintRule
from matrix.rules.parts import IntegrationPart, Row, read
from matrix.rules.requirements import environment_requirements
from matrix.rules.resolution import EnvironmentRequest
from matrix.sdk.cooling import Cooling, Window

Place = tuple[Version, Python]  # A row and one of its Pythons: an environment.
PlaceAnswers = Mapping[Place, Result]

UNRESOLVED = "unresolved"
NEEDS_BUILD = "needs a build"
LOST_PINS = "lost pins"


class Subject(NamedTuple):
    """Of which integration an environment is."""

    name: str
    project: str
    group: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What all environments of a run have in common."""

    platform: str
    index_url: str
    cooling: Cooling  # Knows the cut-off of the run.
    proves_upload_times: bool  # Only then can a resolver be given a cut-off.
    allows_builds: bool = False
    constraints: tuple[str, ...] = ()  # What keeps held releases out: "anyio!=4.9.1".
    shared: tuple[SharedConstraintRule, ...] = ()
    # The pins that are kept where nothing speaks against them, by integration and place.
    preferences: Mapping[str, Mapping[Place, tuple[str, ...]]] = field(default_factory=dict)

    def request(
        self,
        subject: Subject,
        requirements: Iterable[str],
        python: Python,
        *,
        allows_prereleases: bool,
        preferences: tuple[str, ...] = (),
    ) -> EnvironmentRequest:
        window = self._window(subject, preferences)
        bounds = (
            rule.requirement
            for rule in self.shared
            if reaches(rule, project=subject.project, group=subject.group, python=python)
        )
        return EnvironmentRequest(
            requirements=tuple(requirements),
            python=Python(python.minor),  # What 3.14 gets, 3.14t gets too.
            platform=self.platform,
            index_url=self.index_url,
            allows_prereleases=allows_prereleases,
            allows_builds=self.allows_builds,
            exclude_newer=window.exclude_newer if window else None,
            exclude_newer_projects=window.projects if window else (),
            facts_at=None if window else self.cooling.cut_off,
            constraints=(*self.constraints, *(window.constraints if window else ()), *bounds),
            preferences=preferences,
        )

    def _window(self, subject: Subject, kept: Iterable[str]) -> Window | None:
        """Return what the resolver may see; None: the index proves no upload times."""
        if not self.proves_upload_times:
            return None
        return self.cooling.window(subject.name, subject.project, kept)


def requests_of(part: IntegrationPart, setting: Setting) -> dict[Place, EnvironmentRequest]:
    """Return what is to be resolved for each environment of *part*."""
    preferred = setting.preferences.get(part.name, {})
    subject = Subject(part.name, part.project, part.group)
    return {
        (row.version, python): setting.request(
            subject,
            environment_requirements(part, row.version, python),
            python,
            allows_prereleases=row.version.is_prerelease,
            preferences=preferred.get((row.version, python), ()),
        )
        for row in part.rows
        for python in row.pythons
    }


def with_pins(part: IntegrationPart, answers: Mapping[Place, Result]) -> IntegrationPart:
    """Return *part* with the hash of each environment's pins; a failed one has none."""
    return replace(part, rows=tuple(_pinned(row, answers) for row in part.rows))


def _pinned(row: Row, answers: Mapping[Place, Result]) -> Row:
    pins = ((python, answers[row.version, python].pin_set) for python in row.pythons)
    return replace(row, pins=tuple(pins))


def notes_of(answers: Mapping[Place, Result]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return ``{version: {factor: {"pin_set", "problem"}}}``: what the last run resolved."""
    notes: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for version, python in sorted(answers):
        result = answers[version, python]
        notes[str(version)][python.factor] = {
            "pin_set": result.pin_set,
            "problem": result.problem or None,
        }
    return dict(notes)


def findings(answers: Mapping[Place, Result], before: IntegrationPart | None) -> Iterator[Found]:
    """Tell which environments cannot be resolved, and which lost the pins that they had."""
    for kind, severity, places, text in _told_once(answers):
        yield Found(kind, severity, f"{_named(places)}: {text}")
    rows = before.rows if before else ()
    had = {(row.version, python) for row in rows for python, pin_set in row.pins if pin_set}
    lost = [place for place in had if place in answers and answers[place].pin_set is None]
    if lost:
        yield Found(LOST_PINS, "warning", f"{_named(lost)} had pins and has none any more.")


def _told_once(
    answers: Mapping[Place, Result],
) -> Iterator[tuple[str, str, list[Place], str]]:
    same: dict[tuple[str, str, str], list[Place]] = defaultdict(list)
    for place in sorted(answers):
        result = answers[place]
        if result.problem:
            kind = NEEDS_BUILD if result.needs_build else UNRESOLVED
            same[kind, "warning" if result.needs_build else "error", result.problem].append(place)
    for (kind, severity, text), places in same.items():
        yield kind, severity, places, text


def _named(places: Iterable[Place]) -> str:
    """``1.0 on 3.9 and 3.14, 2.0 on 3.14``."""
    rows: dict[Version, list[Python]] = defaultdict(list)
    for version, python in sorted(places):
        rows[version].append(python)
    return ", ".join(
        f"{version} on {' and '.join(map(str, pythons))}" for version, pythons in rows.items()
    )


def pin_sets_in_use() -> set[str]:
    """Return the hashes of all pin sets that a snapshot or the last word on a part names."""
    used: set[str] = set()
    for body in Snapshot.objects.filter(body__contains='"pins":').values_list("body", flat=True):
        part = read(body)
        if isinstance(part, IntegrationPart):
            used |= {pin_set for row in part.rows for _, pin_set in row.pins if pin_set}
    for notes in Assessment.objects.values_list("notes", flat=True):
        for factors in notes.get("environments", {}).values():
            used |= {one["pin_set"] for one in factors.values() if one["pin_set"]}
    return used

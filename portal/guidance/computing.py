"""
From what an application declares to its locked sets.

The main set is locked by itself, the others agree with its pins: no set holds production back, and
no project has two versions. What would do so with another way of locking is told as a finding. The
tool that installs them is locked apart: it has an environment of its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integrations.index.address import clean_url, default_index_url
from integrations.index.models import Index
from integrations.index.store import known_projects
from matrix.environments.explaining import Unresolved
from matrix.environments.uv import Outcome, Resolved
from matrix.review.state import published
from matrix.review.values import ComputedPart, Found
from matrix.rules.facts import Python
from matrix.rules.locks.conflicts import held_back, split_pins
from matrix.rules.locks.parts import MAIN, SETTINGS, TOOL, LockPart, Pinned, write
from matrix.rules.locks.reading import UnreadableLock, read_lock
from matrix.rules.resolution import LockRequest
from matrix.sdk.dependencies import read_missing
from matrix.sdk.preferring import KEEP, Refresh
from portal.guidance.ageing import pinned_before
from portal.guidance.channel import (
    channel_of,
    in_order,
    installer_of,
    locks_in,
    settings_part,
)
from portal.guidance.models import Application
from portal.guidance.toolversions import everywhere

SPLIT = "split pin"
HELD_BACK = "held back"
UNRESOLVED = "unresolved"
EMPTY = "nothing declared"
LockFunction = Callable[[LockRequest], Outcome]


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What a run wants to know."""

    as_of: datetime
    index: Index
    only: frozenset[str] | None = None  # Names of sets, "settings" and "tool"; None: all.
    refresh: Refresh = KEEP  # Which published pins are given up.
    constraints: tuple[str, ...] = ()  # What is held everywhere: "anyio!=4.9.1".

    def covers(self, part: str) -> bool:
        return self.only is None or part in self.only

    @property
    def covers_a_set(self) -> bool:
        return self.only is None or bool(self.only - {SETTINGS, TOOL})


@dataclass(frozen=True, slots=True)
class Locked:
    """What came of one set: its pins, or the reason why there are none."""

    pins: tuple[Pinned, ...] = ()
    text: str = ""
    problem: str = ""


def index_of(application: Application) -> Index:
    """Return the index of *application*: its own, or the portal's."""
    url = application.index_url
    index, _ = Index.objects.get_or_create(url=clean_url(url) if url else default_index_url())
    return index


def held_everywhere(index: Index, *, as_of: datetime, at: datetime) -> tuple[str, ...]:
    """Return what keeps every release that is held everywhere out of a lock: ``anyio!=4.9.1``."""
    holds = everywhere(as_of)
    names = {hold.project for hold in holds}
    read_missing(index, names, at=at)
    known = known_projects(index, names, as_of=as_of)
    excluded = {
        f"{hold.project}!={release.version}"
        for hold in holds
        if hold.project in known
        for release in known[hold.project].releases(as_of)
        if hold.matches(str(release.version))
    }
    return tuple(sorted(excluded))


@dataclass(kw_only=True, slots=True)
class Locksmith:
    """Locks the sets of one application; each call of the resolver is made once."""

    application: Application
    question: Question
    lock: LockFunction
    before: Mapping[str, LockPart]  # What is published, by set.
    made: dict[str, Locked] = field(default_factory=dict)

    def locked(self, requirements: Iterable[str], name: str, against: str = "") -> Locked:
        """Return the lock of *requirements*; its pins agree with those of the set *against*."""
        kept = self._preferences(name)
        limits = _limits(self.made[against].pins) if against else ()
        request = self._request(tuple(requirements), preferences=kept, constraints=limits)
        return self._asked(request)

    def pylock(self, found: Locked, requirements: Iterable[str]) -> str:
        """Return the same lock in the form of PEP 751; "" when the resolver refuses."""
        limits = _limits(found.pins)
        request = self._request(tuple(requirements), constraints=limits, as_pylock=True)
        outcome = self.lock(request)
        return outcome.text if isinstance(outcome, Resolved) else ""

    def _request(
        self,
        requirements: tuple[str, ...],
        *,
        preferences: tuple[str, ...] = (),
        constraints: tuple[str, ...] = (),
        as_pylock: bool = False,
    ) -> LockRequest:
        application, question = self.application, self.question
        wait = timedelta(days=application.cooldown_days)
        return LockRequest(
            requirements=requirements,
            python=Python.parse(application.python),
            index_url=question.index.url,
            preferences=preferences,
            constraints=(*constraints, *question.constraints),
            exclude_newer=question.as_of - wait if application.cooldown_days else None,
            as_pylock=as_pylock,
        )

    def _asked(self, request: LockRequest) -> Locked:
        outcome = self.lock(request)
        if isinstance(outcome, Unresolved):
            return Locked(problem=outcome.problem)
        try:
            return Locked(pins=read_lock(outcome.text), text=outcome.text)
        except UnreadableLock as error:
            return Locked(problem=f"The resolver wrote a lock that cannot be read. {error}")

    def _preferences(self, name: str) -> tuple[str, ...]:
        """Return the published pins that are kept where nothing speaks against them."""
        part, refresh = self.before.get(name), self.question.refresh
        if part is None or refresh.everything:
            return ()
        old = pinned_before(self.application, name, refresh.before) if refresh.before else set()
        kept = {
            pin.name: str(pin)
            for pin in part.pinned
            if pin.name not in refresh.projects and pin.name not in old
        }
        return tuple(kept.values())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is locked as one part: a set as it is declared, or the tool that installs the sets."""

    name: str
    requirements: tuple[str, ...]

    @property
    def is_tool(self) -> bool:
        return self.name == TOOL


def _limits(pins: Sequence[Pinned]) -> tuple[str, ...]:
    """Return the versions as constraints; markers stand where a project has several."""
    versions: dict[str, set[str]] = {}
    for pin in pins:
        versions.setdefault(pin.name, set()).add(pin.version)
    found = (pin.requirement if len(versions[pin.name]) > 1 else str(pin) for pin in pins)
    return tuple(dict.fromkeys(found))


def compute(application: Application, question: Question, lock: LockFunction) -> list[ComputedPart]:
    """
    Return the parts of *application* in scope: its settings, every set with its lock, and the tool
    that installs them with its own, where that is asked for.

    What cannot be locked keeps what is published of it, and says why.
    """
    sets = [
        Wanted(each.name, tuple(each.requirement_list)) for each in in_order(application.sets.all())
    ]
    wanted = [*sets, *_tool(application)]
    bodies = published(channel_of(application))
    smith = Locksmith(
        application=application, question=question, lock=lock, before=locks_in(bodies)
    )
    parts = []
    if question.covers(SETTINGS):
        settings = settings_part(application, [each.name for each in sets])
        parts.append(ComputedPart(part=SETTINGS, body=write(settings)))
    for each in wanted:
        # The other sets agree with main, so it is locked whatever is asked for of them.
        if question.covers(each.name) or (each.name == MAIN and question.covers_a_set):
            against = MAIN if not each.is_tool and each.name != MAIN and MAIN in smith.made else ""
            smith.made[each.name] = smith.locked(each.requirements, each.name, against)
    return parts + [_part(each, smith, bodies) for each in wanted if question.covers(each.name)]


def _tool(application: Application) -> Iterable[Wanted]:
    """Yield the tool where it is locked: alone, since it is installed beside the sets."""
    if application.locks_tool:
        yield Wanted(TOOL, installer_of(application.tool))


def _part(each: Wanted, smith: Locksmith, bodies: Mapping[str, str]) -> ComputedPart:
    found = smith.made[each.name]
    findings = tuple(_findings(each, smith))
    if found.problem:
        body = bodies.get(each.name)
        kept = "Its published lock is kept." if body else "It has no lock."
        text = f"{found.problem} {kept}"
        return ComputedPart(
            part=each.name,
            body=body,
            problem=text,
            findings=(Found(UNRESOLVED, "error", text), *findings),
        )
    part = LockPart(
        name=each.name,
        declared=each.requirements,
        python=smith.application.python,
        constrained_by="" if each.is_tool or each.name == MAIN else MAIN,
        pinned=found.pins,
        # pip installs the tool, by its requirements file.
        pylock="" if each.is_tool else smith.pylock(found, each.requirements),
    )
    return ComputedPart(part=each.name, body=write(part), findings=findings)


def _findings(each: Wanted, smith: Locksmith) -> Iterable[Found]:
    if each.is_tool:
        return
    if not each.requirements:
        yield Found(EMPTY, "info", f"The set {each.name} declares nothing.")
    if each.name == MAIN:
        yield from _held_back(smith)
    elif smith.made[each.name].problem:
        yield from _split(each, smith)


def _held_back(smith: Locksmith) -> Iterable[Found]:
    """Tell what one resolution for all sets would take from production."""
    main = smith.made.get(MAIN)
    declared = [text for each in smith.application.sets.all() for text in each.requirement_list]
    others = [each for each in smith.application.sets.all() if each.name != MAIN]
    if main is None or main.problem or not any(each.requirement_list for each in others):
        return
    together = smith.locked(declared, MAIN)
    if together.problem:
        return  # The sets do not agree at all: that is told where the other set fails.
    for found in held_back(main.pins, together.pins):
        text = f"{found} The portal locks main by itself; a tool with one lock for all would not."
        yield Found(HELD_BACK, "warning", text)


def _split(each: Wanted, smith: Locksmith) -> Iterable[Found]:
    """Tell why a set does not agree with main: what it would pin if it were locked by itself."""
    alone = smith.locked(each.requirements, each.name)
    main = smith.made.get(MAIN)
    if alone.problem or main is None or main.problem:
        return
    locks: dict[str, Sequence[Pinned]] = {MAIN: main.pins, each.name: alone.pins}
    for found in split_pins(locks):
        yield Found(SPLIT, "error", f"Locked separately, {found}")

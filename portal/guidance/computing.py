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
from matrix.rules.locks.rendering import pylock_path
from matrix.rules.resolution import LockRequest
from matrix.sdk.dependencies import read_missing
from matrix.sdk.preferring import KEEP, Refresh
from portal.guidance.ageing import pinned_before
from portal.guidance.agreeing import SPLIT, with_disagreements
from portal.guidance.channel import (
    channel_of,
    in_order,
    installer_of,
    locks_in,
    settings_part,
)
from portal.guidance.models import Application
from portal.guidance.toolversions import everywhere

HELD_BACK = "held back"
UNRESOLVED = "unresolved"
EMPTY = "nothing declared"
AGREES = "published main"
NO_PYLOCK = "no pylock"
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


@dataclass(frozen=True, slots=True)
class Locked:
    """What came of one set: its pins, or the reason why there are none."""

    pins: tuple[Pinned, ...] = ()
    text: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Binding:
    """What the other sets agree with: the main lock that will be in force beside them."""

    pins: tuple[Pinned, ...] = ()
    note: str = ""  # Why it is the published one.
    problem: str = ""  # Why there is none.


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

    def locked(
        self, requirements: Iterable[str], name: str, against: Iterable[Pinned] = ()
    ) -> Locked:
        """Return the lock of *requirements*; its pins agree with the pins *against*."""
        request = self._request(
            tuple(requirements),
            preferences=self._preferences(name),
            constraints=tuple(pin.requirement for pin in against),
        )
        return self._asked(request)

    def pylock(self, found: Locked, requirements: Iterable[str]) -> tuple[str, str]:
        """Return the same lock in the form of PEP 751, or "" and why the resolver refuses."""
        limits = tuple(pin.requirement for pin in found.pins)
        request = self._request(tuple(requirements), constraints=limits, as_pylock=True)
        outcome = self.lock(request)
        if isinstance(outcome, Resolved):
            return outcome.text, ""
        return "", outcome.problem

    def binding(self) -> Binding:
        """Return the main lock that the other sets agree with: the proposed or published one."""
        main, published = self.made.get(MAIN), self.before.get(MAIN)
        if not any(each.name == MAIN for each in self.application.sets.all()):
            return Binding(problem="There is no set named main, with which all others agree.")
        if main is not None and not main.problem:
            return Binding(main.pins)
        why = "main could not be locked" if main else "main is not in this run"
        if published is None:
            return Binding(
                problem=f"A set agrees with main, which has no lock: {why}, and none is published."
            )
        return Binding(published.pinned, note=f"It agrees with main as it is published: {why}.")

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
        """
        Return the pins that are kept where nothing speaks against them: those of other sets that
        stand already, since two sets of one application agree, and the published ones.
        """
        beside = self._standing_beside(name)
        part, refresh = self.before.get(name), self.question.refresh
        if part is None or refresh.everything:
            return tuple(pin.requirement for pin in beside)
        old = pinned_before(self.application, name, refresh.before) if refresh.before else set()
        given_up = {*refresh.projects, *old, *(pin.name for pin in beside)}
        kept = [pin for pin in part.pinned if pin.name not in given_up]
        return tuple(pin.requirement for pin in (*beside, *kept))

    def _standing_beside(self, name: str) -> list[Pinned]:
        """Return what the sets have, but main and *name*, that this run made or leaves."""
        found: dict[str, list[Pinned]] = {}
        for each in in_order(self.application.sets.all()) if name not in {MAIN, TOOL} else ():
            own: dict[str, list[Pinned]] = {}
            for pin in self._standing(each.name) if each.name not in {MAIN, name} else ():
                own.setdefault(pin.name, []).append(pin)
            found = own | found
        return [pin for pins in found.values() for pin in pins]

    def _standing(self, name: str) -> tuple[Pinned, ...]:
        """Return the pins that a set has made, or keeps; none where it is still to be locked."""
        made, published = self.made.get(name), self.before.get(name)
        if made is not None and not made.problem:
            return made.pins
        is_kept = made is not None or not self.question.covers(name)
        return published.pinned if published is not None and is_kept else ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is locked as one part: a set as it is declared, or the tool that installs the sets."""

    name: str
    requirements: tuple[str, ...]

    @property
    def is_tool(self) -> bool:
        return self.name == TOOL


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
        if question.covers(each.name):
            smith.made[each.name] = _made(each, smith)
    parts += [_part(each, smith, bodies) for each in wanted if question.covers(each.name)]
    return with_disagreements(parts, before=smith.before, is_whole=question.only is None)


def _made(each: Wanted, smith: Locksmith) -> Locked:
    if each.is_tool or each.name == MAIN:
        return smith.locked(each.requirements, each.name)
    binding = smith.binding()
    if binding.problem:
        return Locked(problem=binding.problem)
    return smith.locked(each.requirements, each.name, binding.pins)


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
    # pip installs the tool, by its requirements file.
    pylock, problem = ("", "") if each.is_tool else smith.pylock(found, each.requirements)
    if problem:
        text = f"{pylock_path(each.name)} could not be made. {problem}"
        findings = (*findings, Found(NO_PYLOCK, "warning", text))
    part = LockPart(
        name=each.name,
        declared=each.requirements,
        python=smith.application.python,
        constrained_by="" if each.is_tool or each.name == MAIN else MAIN,
        pinned=found.pins,
        pylock=pylock,
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
    elif note := smith.binding().note:
        yield Found(AGREES, "info", note)


def _held_back(smith: Locksmith) -> Iterable[Found]:
    """Tell what one resolution for all sets would take from production."""
    main = smith.made.get(MAIN)
    sets = {each.name: each.requirement_list for each in in_order(smith.application.sets.all())}
    others = {name: requirements for name, requirements in sets.items() if name != MAIN}
    if main is None or main.problem or not any(others.values()):
        return
    together = smith.locked([text for texts in sets.values() for text in texts], MAIN)
    if together.problem:
        return  # The sets do not agree at all: that is told where the other set fails.
    for found in held_back(main.pins, together.pins, declared=others):
        text = f"{found} The portal locks main by itself; a tool with one lock for all would not."
        yield Found(HELD_BACK, "warning", text)


def _split(each: Wanted, smith: Locksmith) -> Iterable[Found]:
    """Tell why a set does not agree with main: what it would pin if it were locked by itself."""
    binding = smith.binding()
    if binding.problem:
        return
    alone = smith.locked(each.requirements, each.name)
    if alone.problem:
        return
    locks: dict[str, Sequence[Pinned]] = {MAIN: binding.pins, each.name: alone.pins}
    for found in split_pins(locks, declared={each.name: each.requirements}):
        yield Found(SPLIT, "error", f"Locked separately, {found}")

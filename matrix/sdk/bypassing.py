"""Bypasses of a cooldown: asking for one, and what has become of those that there are."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.contrib.auth.models import User
from django.db import transaction
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from integrations.catalogue.confirming import ask
from integrations.catalogue.models import CooldownBypass, Sdk
from integrations.catalogue.models.sdk import change_reason, changed_by
from matrix.review.permissions import require
from matrix.rules.facts import Release
from matrix.sdk.hold_facts import HoldFacts, facts_on
from matrix.sdk.translating import (
    Catalogue,
    cooldown_of,
    hold_rules,
    pins_cooldown_of,
    read_catalogues,
)

ADD = "catalogue.add_cooldownbypass"


class Standing(Enum):
    """What a bypass does; in the order in which they are asked."""

    ON_HOLD = "On hold"
    NOT_THERE = "Not on the index"
    UNKNOWN = "Not known"
    WAITING = "Waits for a second person"
    ENDED = "Ended"
    IN_FORCE = "In force"


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    standing: Standing
    sentence: str
    until: datetime | None = None  # When the release is old enough; None: not known.


def bypass(
    sdk: Sdk, project: str, version: str, *, by: User, reason: str, link: str = ""
) -> CooldownBypass:
    """
    Let one release of *project* in before the cooldown is over, as a pick and as a pin.

    Where the SDK asks for a second person it waits for that one. Raises NotAllowed, and
    ValidationError when there is such a bypass already, or a value is refused.
    """
    require(by, ADD, "bypass a cooldown")
    row = CooldownBypass(sdk=sdk, project=project, version=version, reason=reason, link=link)
    row.full_clean()
    ask(row, by=by)
    changed_by(row, by)
    change_reason(row, reason)
    with transaction.atomic():
        row.save()
    return row


def states(bypasses: Collection[CooldownBypass], *, now: datetime) -> dict[int, State]:
    """Return what each of *bypasses* does at *now*, by key, in a fixed number of queries."""
    if not bypasses:
        return {}
    sdks = {row.sdk_id: row.sdk for row in bypasses}
    catalogues = {one.sdk.pk: one for one in read_catalogues(list(sdks.values()))}
    facts = facts_on((), at=now, more={row.project for row in bypasses})
    return {row.pk: _state(row, catalogues[row.sdk_id], facts) for row in bypasses}


def state_of(row: CooldownBypass, *, now: datetime) -> State:
    """Return what *row*, which need not be saved, does or would do."""
    (catalogue,) = read_catalogues([row.sdk])
    return _state(row, catalogue, facts_on((), at=now, more=[row.project]))


def _state(row: CooldownBypass, catalogue: Catalogue, facts: HoldFacts) -> State:
    if held := "; ".join(_holds(row, catalogue, facts.at)):
        text = f"A hold keeps it out all the same ({held})."
        return State(standing=Standing.ON_HOLD, sentence=text)
    releases = facts.releases(row.sdk, row.project)
    if releases is None:
        text = f"The index page of {row.project} was never read, so its age is not known."
        return State(standing=Standing.UNKNOWN, sentence=text)
    wanted = Version(row.version)
    release = next((one for one in releases if one.version == wanted), None)
    if release is None or release.uploaded_at is None:
        text = f"The index shows no release {row.version} of {row.project}."
        return State(standing=Standing.NOT_THERE, sentence=text)
    return _aged(row, release, _cooldown(row, catalogue), facts.at)


def _aged(row: CooldownBypass, release: Release, cooldown: timedelta, now: datetime) -> State:
    assert release.uploaded_at is not None
    until = release.uploaded_at + cooldown
    day = f"{until.day} {until:%b %Y}"
    if not cooldown:
        text = "No cooldown asks it to wait: it does nothing."
        return State(standing=Standing.ENDED, sentence=text)
    if until <= now:
        text = f"Ended on {day}, does nothing any more: the release is old enough."
        return State(standing=Standing.ENDED, sentence=text, until=until)
    if row.sdk.second_person_cooldown and not row.is_confirmed:
        text = "It does nothing before somebody else has confirmed it."
        return State(standing=Standing.WAITING, sentence=text, until=until)
    text = f"Ends by itself on {day}, when the release is old enough."
    return State(standing=Standing.IN_FORCE, sentence=text, until=until)


def _cooldown(row: CooldownBypass, catalogue: Catalogue) -> timedelta:
    """Return the longest cooldown for which the release could have to wait, as a pick or a pin."""
    waits = [
        cooldown_of(one, catalogue.sdk) for one in catalogue.active() if one.project == row.project
    ]
    waits += [pins_cooldown_of(one, catalogue.sdk) for one in catalogue.active()]
    return max(waits, default=timedelta())


def _holds(row: CooldownBypass, catalogue: Catalogue, at: datetime) -> Iterator[str]:
    """Yield the reasons of holds that keep the release out, everywhere it could be let in."""
    testing = {one.pk for one in catalogue.active() if one.project == row.project}
    holds = [
        hold
        for hold in catalogue.holds
        if hold.project == row.project or (hold.integration_id in testing and len(testing) == 1)
    ]
    for rule in hold_rules(holds, catalogue.sdk, as_of=at):
        if _matches(rule.releases, row.version):
            yield rule.text


def _matches(releases: SpecifierSet, version: str) -> bool:
    return releases.contains(Version(version), prereleases=True)

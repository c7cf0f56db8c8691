"""
A release that is broken or compromised: held everywhere, and taken out at once.

The preview says what the hold catches before anything is saved. The emergency run of an SDK has
exactly the integrations in its scope that get the release; all others stay as they are.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from integrations.catalogue.confirming import ask, confirm
from integrations.catalogue.models import Hold, Sdk
from integrations.catalogue.models.sdk import change_reason, changed_by
from matrix.review.locking import lock_channel
from matrix.review.models import Channel, Run
from matrix.review.permissions import require
from matrix.review.runs import OVER
from matrix.sdk.channel import channel_of
from matrix.sdk.containing import PICK, Contained, containing
from matrix.sdk.effects import listed, note_effect
from matrix.sdk.hold_facts import HoldFacts, facts_on, held_among
from matrix.sdk.running import request
from matrix.sdk.translating import Catalogue, read_catalogue
from matrix.sdk.what_if import Instead, WhatIf

EVERYWHERE = "catalogue.hold_everywhere"
UNTIL_RESOLVED = "other pins: the run resolves them"


@dataclass(frozen=True, kw_only=True, slots=True)
class Caught:
    """What a hold catches in one SDK."""

    sdk: Sdk
    integrations: tuple[str, ...]  # The scope of the emergency run.
    forgotten: tuple[str, ...]  # Published still, and no longer in the catalogue.
    instead: Mapping[str, str]  # What comes instead, by integration.
    waits_for_second_person: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    contained: Contained
    matches: str | None  # Releases that the index shows, in words; None: its page was never read.
    caught: tuple[Caught, ...]  # By SDK; those that do not get the release are left out.

    @property
    def run_count(self) -> int:
        """How many runs start at once."""
        return sum(
            bool(one.integrations) and not one.waits_for_second_person for one in self.caught
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What came of holding a release everywhere."""

    hold: Hold
    is_new: bool  # False: the same hold was there already.
    runs: tuple[Run, ...]
    waiting: tuple[Sdk, ...]  # Their runs start once somebody else has confirmed.


def preview(hold: Hold, *, at: datetime) -> Preview:
    """Say what *hold* catches; it need not be saved, and nothing is saved or fetched."""
    contained = containing(
        hold.held_project,
        hold.releases,
        sdk=(hold.integration.sdk.slug if hold.integration else hold.sdk.slug if hold.sdk else ""),
        integration=hold.integration.name if hold.integration else "",
    )
    sdks = Sdk.objects.filter(slug__in=contained.sdks)
    facts = facts_on([hold], at=at)
    found = [_caught(hold, sdk, contained, facts) for sdk in sorted(sdks, key=lambda sdk: sdk.slug)]
    return Preview(contained=contained, matches=_matches(hold, facts), caught=tuple(found))


def _matches(hold: Hold, facts: HoldFacts) -> str | None:
    """List the releases that *hold* matches on the indexes of the SDKs that it reaches."""
    known = [facts.releases(sdk, hold.held_project) for sdk in facts.sdks_of(hold)]
    read = [releases for releases in known if releases is not None]
    if not read:
        return None
    versions = {one.version for releases in read for one in held_among(hold, releases)}
    return listed(sorted(versions, reverse=True)) if versions else ""


def _caught(hold: Hold, sdk: Sdk, contained: Contained, facts: HoldFacts) -> Caught:
    catalogue = read_catalogue(sdk)
    known = {integration.name for integration in catalogue.integrations}
    names = contained.integrations(sdk.slug)
    return Caught(
        sdk=sdk,
        integrations=tuple(name for name in names if name in known),
        forgotten=tuple(name for name in names if name not in known),
        instead=_instead(hold, catalogue, contained, facts),
        waits_for_second_person=waits_for_second_person(hold, sdk),
    )


def waits_for_second_person(hold: Hold, sdk: Sdk) -> bool:
    return hold.is_everywhere and sdk.second_person_holds and not hold.is_confirmed


def _instead(
    hold: Hold, catalogue: Catalogue, contained: Contained, facts: HoldFacts
) -> dict[str, str]:
    """Say what comes instead: of picks as far as is known, of pins only the run can tell."""
    places = [place for place in contained.places if place.sdk == catalogue.sdk.slug]
    picking = {place.integration for place in places if place.kind == PICK}
    found = {place.integration: UNTIL_RESOLVED for place in places}
    if picking:
        what_if = WhatIf(catalogue=catalogue, facts=facts)
        for integration in catalogue.integrations:
            if integration.name in picking:
                answer = what_if.instead(hold, integration)
                found[integration.name] = _in_words(answer)
    return found


def _in_words(answer: Instead | str) -> str:
    if isinstance(answer, str):
        return f"not known before the run: {answer}"
    if not answer.instead:
        return "nothing"
    return f"{'picks' if answer.is_certain else 'probably picks'} {listed(answer.instead)}"


@transaction.atomic
def hold_everywhere(hold: Hold, *, by: User, at: datetime) -> Held:
    """
    Save *hold*, a new one, and ask for the emergency runs; pressed twice it happens once.

    The caller enqueues the runs after the commit. Raises NotAllowed and ValidationError.
    """
    require(by, EVERYWHERE, "hold releases everywhere")
    _lock_all_channels()
    hold.starts_on = hold.starts_on or at.astimezone(UTC).date()
    hold.full_clean()
    same = _same(hold, at)
    if same is None:
        ask(hold, by=by)
        changed_by(hold, by)
        change_reason(hold, "Held everywhere.")
        hold.save()
        note_effect(hold, at=at)
    stored = same or hold
    found = preview(stored, at=at)
    return Held(
        hold=stored,
        is_new=same is None,
        runs=tuple(_runs(stored, found.caught, by=by, at=at)),
        waiting=tuple(one.sdk for one in found.caught if one.waits_for_second_person),
    )


def _lock_all_channels() -> None:
    """Let nobody else hold anything meanwhile: who presses a button twice is answered in turn."""
    for sdk in sorted(Sdk.objects.defer("frame"), key=lambda sdk: sdk.slug):
        channel_of(sdk)
    for pk in Channel.objects.order_by("pk").values_list("pk", flat=True):
        lock_channel(pk)


def _same(hold: Hold, at: datetime) -> Hold | None:
    """Return the hold that says the same and has not ended."""
    rows = Hold.objects.everywhere().not_ended(at.astimezone(UTC).date())
    found = rows.filter(project=hold.project, releases=hold.releases).order_by("pk")
    return next((one for one in found if one.is_in_force(at)), None)


def request_emergency_runs(hold: Hold, *, by: User, at: datetime) -> list[Run]:
    """
    Ask for a run of each SDK in which *hold* is in force and something gets what it holds.

    An SDK that waits for a second person gets none. The caller enqueues the runs after the commit.
    """
    return _runs(hold, preview(hold, at=at).caught, by=by, at=at)


def _runs(hold: Hold, caught: Collection[Caught], *, by: User, at: datetime) -> list[Run]:
    return [
        _run(hold, one, by=by, at=at)
        for one in caught
        if one.integrations and not one.waits_for_second_person
    ]


@transaction.atomic
def _run(hold: Hold, caught: Caught, *, by: User, at: datetime) -> Run:
    """Return the run under way for just this, else a new one with a moment of its own."""
    channel = lock_channel(channel_of(caught.sdk).pk)
    because = {"hold": hold.pk, "releases": hold.releases}
    emergencies = channel.runs.filter(kind=Run.Kind.EMERGENCY)
    for run in emergencies.exclude(status__in=OVER).order_by("pk"):
        if run.options.get("because") == because and set(caught.integrations) <= set(
            run.only or ()
        ):
            return run
    moment = at
    while emergencies.filter(intended_at=moment).exists():
        moment += timedelta(microseconds=1)  # Two holds at the same moment are two runs.
    run = request(
        caught.sdk,
        by=by,
        at=moment,
        kind=Run.Kind.EMERGENCY.value,
        only=caught.integrations,
    )
    run.options["because"] = because
    run.save(update_fields=["options"])
    return run


@transaction.atomic
def confirm_and_run(hold: Hold, *, by: User, at: datetime) -> list[Run]:
    """
    Confirm as the second person; the emergency runs that waited for it are asked for.

    The caller enqueues them after the commit. Raises ConfirmationRefused and NotAllowed.
    """
    require(by, EVERYWHERE, "confirm a hold everywhere")
    changed_by(hold, by)
    confirm(hold, by=by, at=at)
    if not hold.is_in_force(at):
        return []
    caught = preview(hold, at=at).caught
    return _runs(hold, [one for one in caught if one.sdk.second_person_holds], by=by, at=at)

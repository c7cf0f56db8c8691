"""
Holds that end by themselves: after each poll and daily, their conditions are looked at.

A lifted hold is ignored by the next run; what is published stays until somebody approves.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from packaging.specifiers import SpecifierSet

from integrations.catalogue.choices import LiftWhen
from integrations.catalogue.models import Hold
from integrations.catalogue.models.sdk import change_reason
from matrix.rules.conditions import no_longer_latest, release_exists
from matrix.rules.facts import Release
from matrix.sdk.effects import note_effects
from matrix.sdk.hold_facts import HoldFacts, facts_on

CONDITION = ("releases", "project", "lift_when", "lift_project", "lift_releases")


@dataclass(frozen=True, kw_only=True, slots=True)
class Lifted:
    """What came of looking at the holds."""

    ended: tuple[Hold, ...]
    looked_at: int

    def __str__(self) -> str:
        holds = "1 hold" if self.looked_at == 1 else f"{self.looked_at} holds"
        return f"{holds} looked at, {len(self.ended)} ended."


def look_at_holds(*, at: datetime) -> Lifted:
    """
    Lift the holds whose condition has come true, and note what the others keep out today.

    The index is not asked: what the last polls stored decides. Safe to be called twice.
    """
    holds = list(_open_holds(at))
    facts = facts_on(holds, at=at)
    lifted = [
        hold for hold in holds if (because := why_over(hold, facts)) and _lift(hold, because, at)
    ]
    ended = {hold.pk for hold in lifted}
    note_effects([one for one in holds if one.pk not in ended and one.is_in_force(at)], facts)
    return Lifted(ended=tuple(lifted), looked_at=len(holds))


def _open_holds(at: datetime) -> Iterable[Hold]:
    rows = Hold.objects.not_ended(at.astimezone(UTC).date())
    return rows.select_related("integration__sdk", "sdk").order_by("pk")


def condition_of(hold: Hold, *, at: datetime) -> str:
    """Say why what *hold* waits for has come true, from what is stored; "" while it has not."""
    return why_over(hold, facts_on([hold], at=at))


def why_over(hold: Hold, facts: HoldFacts) -> str:
    """
    Say why what *hold* waits for has come true; "" while it has not, or nobody can tell.

    A hold that reaches several indexes ends when each that is known to have the project says so.
    """
    if not hold.lift_when:
        return ""
    name = hold.lift_project or hold.held_project
    answers = []
    for sdk in facts.sdks_of(hold):
        releases = facts.releases(sdk, name)
        if releases is None:
            continue
        if facts.is_quarantined(sdk, name):
            return ""
        answers.append(_because(hold, name, releases, facts.at))
    return answers[0] if answers and all(answers) else ""


def _because(hold: Hold, name: str, releases: Collection[Release], at: datetime) -> str:
    if hold.lift_when == LiftWhen.RELEASE_EXISTS:
        return release_exists(name, SpecifierSet(hold.lift_releases), releases, at=at)
    return no_longer_latest(name, SpecifierSet(hold.releases), releases, at=at)


@transaction.atomic
def _lift(hold: Hold, because: str, at: datetime) -> bool:
    """Lift *hold*; False when somebody has changed or ended it since it was read."""
    as_read = {name: getattr(hold, name) for name in CONDITION}
    claimed = Hold.objects.filter(pk=hold.pk, lifted_at=None, **as_read)
    if not claimed.update(lifted_at=at, lifted_because=because[:300]):
        return False
    hold.refresh_from_db(fields=[field.name for field in hold._meta.concrete_fields])
    change_reason(hold, f"Lifted: {because}.")
    hold.save()
    return True

"""
What a hold keeps out today: releases that would be picked without it, and pins that could come.

Each integration is selected for with and without the hold, from stored facts alone. What an
environment would resolve to is not known without resolving; whether the hold has a say in it is.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from packaging.version import Version

from integrations.catalogue.models import Hold, Integration, Sdk
from integrations.catalogue.models.holds import NO_EFFECT, NOT_KNOWN
from matrix.review.models import Channel
from matrix.rules.conditions import is_available
from matrix.sdk.channel import KIND
from matrix.sdk.hold_facts import HoldFacts, facts_on, held_among
from matrix.sdk.installed import pins_now, states_of
from matrix.sdk.translating import Catalogue, read_catalogue
from matrix.sdk.what_if import WhatIf

MOST_NAMED = 5  # Releases or integrations in one sentence; the rest is counted.


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """What decides the effect of holds inside one SDK."""

    catalogue: Catalogue
    what_if: WhatIf
    pinned: Mapping[str, Mapping[Version, int]]  # Numbers of environments, by project.


def note_effects(holds: Collection[Hold], facts: HoldFacts) -> None:
    """Store what each of *holds* keeps out; the history takes no notice."""
    reaches = _reaches(holds, facts)
    changed = []
    for hold in holds:
        effect = effect_of(hold, facts, reaches)
        if effect != hold.effect:
            hold.effect = effect
            changed.append(hold)
    Hold.objects.bulk_update(changed, ["effect"], batch_size=100)
    Hold.objects.filter(pk__in=[hold.pk for hold in holds]).update(checked_at=facts.at)


def note_effect(hold: Hold, *, at: datetime) -> None:
    """Store what one hold keeps out, right after somebody wrote it."""
    note_effects([hold], facts_on([hold], at=at))


def _reaches(holds: Collection[Hold], facts: HoldFacts) -> dict[int, Reach]:
    wanted = {sdk.pk: sdk for hold in holds for sdk in facts.sdks_of(hold)}
    channels = Channel.objects.filter(kind=KIND, slug__in=[sdk.slug for sdk in wanted.values()])
    pinned = pins_now(states_of(channels), {hold.held_project for hold in holds})
    found = {}
    for pk, sdk in wanted.items():
        catalogue = read_catalogue(sdk)
        found[pk] = Reach(
            catalogue=catalogue,
            what_if=WhatIf(catalogue=catalogue, facts=facts),
            pinned=pinned.get(sdk.slug, {}),
        )
    return found


def effect_of(hold: Hold, facts: HoldFacts, reaches: Mapping[int, Reach]) -> str:
    """Say in sentences what *hold* keeps out, or why it keeps out nothing."""
    sdks = facts.sdks_of(hold)
    name = hold.held_project
    known = [found for sdk in sdks if (found := facts.releases(sdk, name)) is not None]
    if not known:
        return f"{NOT_KNOWN}the index page of {name} was never read."
    if not any(held_among(hold, releases) for releases in known):
        return f"{NO_EFFECT}it matches no release that the index shows."
    lines = [line for sdk in sdks for line in _inside(hold, sdk, facts, reaches[sdk.pk])]
    return "\n".join(lines) or f"{NO_EFFECT}nothing would be picked or pinned without it."


def _inside(hold: Hold, sdk: Sdk, facts: HoldFacts, reach: Reach) -> Iterator[str]:
    kept_out: dict[tuple[tuple[Version, ...], bool], list[str]] = defaultdict(list)
    for integration in reach.catalogue.active():
        if not _is_about(hold, integration):
            continue
        found = reach.what_if.instead(hold, integration)
        if isinstance(found, str):
            yield f"{NOT_KNOWN}{found}"
        elif found.kept_out:
            kept_out[found.kept_out, found.is_certain].append(integration.name)
    for (versions, is_certain), names in kept_out.items():
        would = "would" if is_certain else "would probably"
        yield f"{listed(versions)} {would} be picked for {listed(sorted(names))} ({sdk.slug})."
    if hold.integration_id is None:
        yield from _pins(hold, sdk, facts, reach)


def _is_about(hold: Hold, integration: Integration) -> bool:
    if hold.integration_id is not None:
        return hold.integration_id == integration.pk
    return hold.project == integration.project


def _pins(hold: Hold, sdk: Sdk, facts: HoldFacts, reach: Reach) -> Iterator[str]:
    """Tell where a held release is installed now, and where a higher one could come as a pin."""
    pinned = reach.pinned.get(hold.project, {})
    held = held_among(hold, facts.releases(sdk, hold.project) or ())
    matched = {release.version for release in held}
    if there := sum(count for version, count in pinned.items() if version in matched):
        versions = sorted(matched & pinned.keys())
        yield f"{listed(versions)} is still installed in {_environments(there)} ({sdk.slug})."
    offered = [
        release.version
        for release in held
        if is_available(release, at=facts.at) and not release.version.is_prerelease
    ]
    best = max(offered, default=None)
    others = {version: count for version, count in pinned.items() if version not in matched}
    if best and (below := sum(count for version, count in others.items() if version < best)):
        yield f"{best} could be pinned in {_environments(below)} ({sdk.slug})."


def _environments(number: int) -> str:
    return "1 environment" if number == 1 else f"{number} environments"


def listed(things: Collection[object]) -> str:
    """``1.0, 2.0 and 3.0``; a long list ends in a count."""
    texts = [str(thing) for thing in things]
    if len(texts) > MOST_NAMED:
        texts = [*texts[: MOST_NAMED - 1], f"{len(texts) - MOST_NAMED + 1} more"]
    *others, last = texts
    return f"{', '.join(others)} and {last}" if others else last

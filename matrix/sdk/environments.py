"""All environments of a run: which there are, what they are offered, and what they resolve to."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings
from packaging.specifiers import SpecifierSet

from integrations.catalogue.models import Hold, Integration
from integrations.index.models import Index
from matrix.review.values import Found
from matrix.rules.parts import IntegrationPart
from matrix.sdk import free_threading
from matrix.sdk.assembling import made_of
from matrix.sdk.cooling import cooling_of, without_upload_times
from matrix.sdk.dependencies import constraints
from matrix.sdk.gathering import Facts
from matrix.sdk.pinning import PlaceAnswers, Setting, requests_of
from matrix.sdk.preferring import Refresh, prefer
from matrix.sdk.resolving import Resolver
from matrix.sdk.translating import Catalogue, hold_rules, shared_rules


@dataclass(kw_only=True, slots=True)
class Environments:
    """By integration: the part, the answer of each of its environments, and what to tell."""

    parts: Mapping[str, IntegrationPart] = field(default_factory=dict)
    answers: Mapping[str, PlaceAnswers] = field(default_factory=dict)
    findings: Mapping[str, list[Found]] = field(default_factory=dict)


def resolve_environments(
    catalogue: Catalogue,
    integrations: Collection[Integration],
    facts: Facts,
    *,
    base: Mapping[str, IntegrationPart],
    index: Index,
    as_of: datetime,
    at: datetime,
    resolver: Resolver,
    refresh: Refresh,
    cut_off: datetime,
) -> Environments:
    """Decide free threading, then resolve every environment; *facts* gets the new selections."""
    shared = shared_rules(catalogue.shared_constraints, as_of=as_of)
    cooling = cooling_of(catalogue, integrations, cut_off=cut_off)
    setting = Setting(
        platform=catalogue.sdk.platform,
        index_url=index.url,
        cooling=cooling.aware_of((), index, as_of=as_of, at=at),
        proves_upload_times=facts.proves_upload_times,
        allows_builds=settings.PORTAL_ALLOW_SDIST_BUILDS,
        constraints=constraints(index, catalogue.holds, catalogue.sdk, as_of=as_of, at=at),
        shared=shared,
    )
    facts.selections = free_threading.decide(
        facts.selections,
        integrations,
        setting=setting,
        resolver=resolver,
        index=index,
        as_of=as_of,
        at=at,
    )
    parts = made_of(integrations, facts.selections)
    offers = prefer(
        parts.values(),
        base,
        refresh=refresh,
        index=index,
        as_of=as_of,
        held=_held(catalogue, as_of),
        shared=shared,
    )
    kept = cooling.aware_of(offers.pins(), index, as_of=as_of, at=at)
    answers = _answers(parts, replace(setting, preferences=offers.offered, cooling=kept), resolver)
    if not facts.proves_upload_times:
        offers.tell(without_upload_times(cooling))
    return Environments(parts=parts, answers=answers, findings=offers.findings)


def _answers(
    parts: Mapping[str, IntegrationPart], setting: Setting, resolver: Resolver
) -> dict[str, PlaceAnswers]:
    requests = {name: requests_of(part, setting) for name, part in parts.items()}
    asked = {request for places in requests.values() for request in places.values()}
    answers = resolver(asked)
    return {
        name: {place: answers[request] for place, request in places.items()}
        for name, places in requests.items()
    }


def _held(catalogue: Catalogue, as_of: datetime) -> dict[str, list[SpecifierSet]]:
    """Return what is held in every environment of the SDK, by project."""
    by_project: dict[str, list[Hold]] = defaultdict(list)
    for hold in catalogue.holds:
        if hold.integration_id is None:
            by_project[hold.project].append(hold)
    return {
        project: [rule.releases for rule in hold_rules(holds, catalogue.sdk, as_of=as_of)]
        for project, holds in by_project.items()
    }

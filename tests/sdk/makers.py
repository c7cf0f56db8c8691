"""Catalogues and users with honest defaults."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Permission, User

from integrations.catalogue.models import DependencyRule, Group, Hold, Integration, Sdk
from matrix.review.models import Proposal, Publication
from matrix.sdk.gathering import index_of
from matrix.sdk.publishing import approve_and_publish
from matrix.sdk.running import carry_out, request

NOW = datetime(2026, 3, 2, 3, 23, tzinfo=UTC)


def an_sdk(slug: str = "kit", **values: Any) -> Sdk:
    sdk = Sdk(slug=slug, **{"name": "Kit", "pythons": "3.9 3.10 3.11 3.12 3.13", **values})
    sdk.full_clean()
    sdk.save()
    return sdk


def an_integration(sdk: Sdk, name: str, *, group: str = "Network", **values: Any) -> Integration:
    found, _ = Group.objects.get_or_create(sdk=sdk, name=group)
    fields = {"project": name, "test_path": f"tests/integrations/{name}", **values}
    integration = Integration(sdk=sdk, group=found, name=name, **fields)
    integration.full_clean()
    integration.save()
    return integration


def a_rule(integration: Integration, requirements: str, **values: Any) -> DependencyRule:
    rule = DependencyRule(integration=integration, requirements=requirements, **values)
    rule.full_clean()
    rule.save()
    return rule


def a_hold(**values: Any) -> Hold:
    hold = Hold(**{"reason": "broken wheels", **values})
    hold.full_clean()
    hold.save()
    return hold


def a_person(name: str, *permissions: str) -> User:
    """A user with permissions such as ``publish``."""
    user = User.objects.create_user(name)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def a_reviewer(name: str = "ana") -> User:
    return a_person(name, "decide", "publish")


_ticks = iter(range(10**9))


def run(
    sdk: Sdk, *, polls: bool = True, at: datetime | None = None, **scope: Any
) -> Proposal | None:
    """Carry out a run a second later than the one before."""
    moment = (at or NOW) + timedelta(seconds=next(_ticks))
    asked = request(sdk, by=None, at=moment, **scope)
    return carry_out(asked, clock=lambda: moment, polls=polls, index=index_of(sdk))


def publish(sdk: Sdk, by: User | None = None) -> Publication:
    """Run, and publish all that is proposed."""
    proposal = run(sdk)
    assert proposal is not None
    reviewer = by or User.objects.filter(username="ana").first() or a_reviewer()
    return approve_and_publish(proposal.number, by=reviewer, at=NOW)

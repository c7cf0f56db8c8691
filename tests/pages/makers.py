"""People, SDKs and proposals with honest defaults, made by the code that makes them for users."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Group as UserGroup
from django.contrib.auth.models import User

from integrations.catalogue.models import Group, Integration, Sdk
from matrix.review.models import Proposal, Publication, Run
from matrix.sdk.publishing import approve_and_publish
from matrix.sdk.running import carry_out, request

AT = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)


def a_person(name: str, *groups: str) -> User:
    user = User.objects.create_user(name, password="a password of some length")
    user.groups.set(UserGroup.objects.filter(name__in=groups))
    return user


def an_sdk(index_url: str, slug: str = "parcels", *, name: str = "Parcels") -> Sdk:
    sdk = Sdk(slug=slug, name=name, pythons="3.9 3.13", index_url=index_url)
    sdk.full_clean()
    sdk.save()
    return sdk


def an_integration(sdk: Sdk, name: str, *, group: str = "Web", minimum: str = "") -> Integration:
    found, _ = Group.objects.get_or_create(sdk=sdk, name=group)
    integration = Integration(
        sdk=sdk, group=found, name=name, project=name, test_path=f"tests/{name}", minimum=minimum
    )
    integration.full_clean()
    integration.save()
    return integration


def run(
    sdk: Sdk, *, at: datetime | None = None, only: Collection[str] | None = None
) -> Proposal | None:
    """Poll the index and propose, as the worker does; each run an hour after the one before."""
    at = at or AT + timedelta(hours=Run.objects.count())
    moments = iter(at + timedelta(seconds=second) for second in range(1000))
    return carry_out(request(sdk, by=None, at=at, only=only), clock=lambda: next(moments))


def a_proposal(sdk: Sdk, *, at: datetime | None = None) -> Proposal:
    proposal = run(sdk, at=at)
    assert proposal is not None
    return proposal


def an_owner(name: str = "olga") -> User:
    return User.objects.filter(username=name).first() or a_person(name, "owners")


def a_publication(sdk: Sdk) -> Publication:
    number = a_proposal(sdk).number
    return approve_and_publish(number, by=an_owner(), at=AT, comment="Looks right.")

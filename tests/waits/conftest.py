from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from integrations.catalogue.models import CooldownBypass, Sdk, SharedConstraint
from matrix.environments.models import Resolution
from matrix.review.models import Proposal
from matrix.sdk.machine import matrix_json
from matrix.sdk.publishing import approve_and_publish
from matrix.sdk.resolving import Resolver
from matrix.sdk.running import carry_out, request
from tests.sdk import makers
from tests.support.small_index import SmallIndex

DAY = timedelta(days=1)
NOW = makers.NOW  # 2 March 2026.
Resolve = Callable[..., Proposal | None]


@pytest.fixture
def index(settings: LazySettings) -> Iterator[SmallIndex]:
    """The index of the portal: a project with a dependency that may be young."""
    with SmallIndex() as server:
        settings.PORTAL_INDEX_URL = server.url
        server.add("web", "1.0", requires=["wire"])
        server.add("wire", "4.8", "4.9")
        yield server


@pytest.fixture
def sdk(db: None, index: SmallIndex, settings: LazySettings, tmp_path: Path) -> Sdk:
    settings.PORTAL_DATA_DIR = tmp_path
    sdk = makers.an_sdk(pythons="3.13")
    makers.an_integration(sdk, "web")
    return sdk


@pytest.fixture
def resolve(sdk: Sdk) -> Resolve:
    """Carry out a run that resolves; each is a second later than the one before."""
    moments = iter(NOW + timedelta(seconds=n) for n in range(1000))

    def resolve(*, at: datetime | None = None, kind: str = "manual") -> Proposal | None:
        moment = at or next(moments)
        run = request(sdk, by=None, at=moment, kind=kind)
        resolver = Resolver(clock=lambda: moment, until=moment + timedelta(seconds=60))
        return carry_out(run, clock=lambda: moment, resolver=resolver)

    return resolve


def ago(days: float) -> str:
    """When something was uploaded that is so many days old at NOW."""
    return f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def a_constraint(sdk: Sdk, requirement: str = "wire<4.9", **values: Any) -> SharedConstraint:
    row = SharedConstraint(sdk=sdk, requirement=requirement, **{"reason": "4.9 leaks", **values})
    row.full_clean()
    row.save()
    return row


def a_bypass(sdk: Sdk, project: str, version: str, **values: Any) -> CooldownBypass:
    fields = {"reason": "fixes a leak", **values}
    row = CooldownBypass(sdk=sdk, project=project, version=version, **fields)
    row.full_clean()
    row.save()
    return row


def pins(sdk: Sdk, integration: str = "web") -> list[str]:
    """What the environments of the integration get beside the project, all of them."""
    rows = matrix_json(sdk)["integrations"][integration]["rows"]
    found = {pin for row in rows for one in row["environments"].values() for pin in one["pins"]}
    return sorted(pin for pin in found if not pin.startswith(f"{integration}=="))


def resolutions() -> int:
    return Resolution.objects.count()


def publish(proposal: Proposal | None) -> None:
    assert proposal is not None
    approve_and_publish(proposal.number, by=makers.a_reviewer(), at=NOW)

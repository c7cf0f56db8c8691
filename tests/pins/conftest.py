"""How laws are tested: on a busy machine the time that one example takes says nothing."""

from collections.abc import Callable

import pytest
from django.test import Client
from hypothesis import HealthCheck, settings

from tests.pages.makers import a_person

settings.register_profile("laws", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("laws")


@pytest.fixture
def as_(db: None) -> Callable[..., Client]:
    """``as_("reviewers")`` is the client of somebody in that group."""

    def client_of(*groups: str) -> Client:
        client = Client()
        client.force_login(a_person("-".join(groups) or "nobody", *groups))
        return client

    return client_of

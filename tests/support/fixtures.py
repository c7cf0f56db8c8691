"""Fixtures that more than one folder of tests asks for."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db.models.signals import post_migrate

from portal.accounts.groups import GROUPS, grant
from tests.support.index_server import IndexServer


@pytest.fixture
def recorded_index() -> Iterator[IndexServer]:
    """An index on the loopback interface that serves the recorded facts, all of them."""
    with IndexServer() as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def groups_survive_flushes() -> None:
    """
    Make the groups again whenever a database is flushed, as tests of real transactions do.

    They come from a migration, and what migrations wrote is gone after a flush.
    """
    post_migrate.connect(_make_groups, sender=apps.get_app_config("sessions"))


def _make_groups(**said: object) -> None:
    if "plan" not in said:  # A flush: migrating names its plan.
        grant(apps, GROUPS)

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.catalogue.makers import an_owner


@pytest.fixture
def owner(db: None) -> User:
    return an_owner()


@pytest.fixture
def browser(client: Client, owner: User) -> Client:
    """Somebody who may do everything, logged in."""
    client.force_login(owner)
    return client

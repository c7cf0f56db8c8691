"""Somebody else saves the same name between the check of a form and its saving."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import connections
from django.db.models import Model
from django.db.models.signals import pre_save
from django.test import Client

from integrations.catalogue.admin.base import CatalogueAdmin, LooksAgain
from integrations.catalogue.models import Group, Integration, Sdk, Service
from portal.accounts.groups import GROUPS, grant
from portal.accounts.models import Token
from tests.accounts.makers import a_token, ana
from tests.catalogue.forms import filled, mistakes
from tests.catalogue.makers import a_group, a_service, an_integration, an_owner, an_sdk
from tests.support.together import require_postgresql, together

Rival = Callable[[], object]


def test_every_page_of_the_catalogue_looks_again() -> None:
    """Django makes one page for each model; ours are all made by one class."""
    others = [
        type(page).__name__
        for model, page in admin.site._registry.items()
        if model._meta.app_label in {"catalogue", "guidance", "accounts"}
        and not isinstance(page, LooksAgain)
    ]

    assert others == []
    assert issubclass(CatalogueAdmin, LooksAgain)


@pytest.fixture
def owner(transactional_db: None) -> Client:
    require_postgresql()
    grant(apps, GROUPS)  # They went with the tables of the test before.
    client = Client()
    client.force_login(an_owner())
    return client


@pytest.fixture
def overtaken() -> Iterator[Callable[[type[Model], Rival], None]]:
    """Have somebody else call, in a transaction of their own, when a form was found good."""
    receivers = []

    def arrange(model: type[Model], rival: Rival) -> None:
        def first(sender: Any, **_: Any) -> None:
            pre_save.disconnect(first, sender=model)
            with ThreadPoolExecutor(1) as other:
                other.submit(in_its_own_connection, rival).result(timeout=30)

        pre_save.connect(first, sender=model, weak=False)
        receivers.append((first, model))

    yield arrange
    for receiver, model in receivers:
        pre_save.disconnect(receiver, sender=model)


def in_its_own_connection(call: Rival) -> None:
    try:
        call()
    finally:
        connections.close_all()


def sent(owner: Client, model: type[Model], **values: object) -> tuple[str, dict[str, str]]:
    address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/add/"
    return address, filled(owner, address, **values)


@pytest.mark.postgres
@pytest.mark.parametrize("model", [Sdk, Group, Integration, Service, Token])
def test_who_is_overtaken_gets_the_form_back_with_the_sentence_of_the_field(
    model: type[Model], owner: Client, overtaken: Callable[[type[Model], Rival], None]
) -> None:
    sdk = an_sdk()
    group = a_group(sdk)
    ana()
    values: dict[str, object]
    rival: Rival
    match model.__name__:
        case "Sdk":
            values = {"slug": "new", "name": "Mine", "pythons": "3.12"}
            rival = partial(an_sdk, slug="new")
        case "Group":
            values, rival = {"sdk": sdk.pk, "name": "Web"}, partial(a_group, sdk, "Web")
        case "Integration":
            values = {"sdk": sdk.pk, "group": group.pk, "name": "httpx", "project": "httpx"}
            values |= {"test_path": "tests/mine"}
            rival = partial(an_integration, group)
        case "Service":
            values = {"sdk": sdk.pk, "name": "redis", "image": "redis:7"}
            rival = partial(a_service, sdk, name="redis")
        case _:
            values, rival = {"name": "CI", "read": "everything"}, partial(a_token, None)
    address, fields = sent(owner, model, **values)
    overtaken(model, rival)
    before = model._default_manager.count()

    answer = owner.post(address, fields)

    assert answer.status_code == 200
    (sentence,) = mistakes(answer)
    assert "already" in sentence or "There is a token of this name" in sentence
    assert [str(one) for one in get_messages(answer.wsgi_request)] == []
    assert model._default_manager.count() == before + 1  # The rival's.
    assert 'value="' in answer.content.decode()


@pytest.mark.postgres
def test_a_group_that_goes_in_the_same_moment_is_told_and_nothing_is_said_to_be_saved(
    owner: Client, overtaken: Callable[[type[Model], Rival], None]
) -> None:
    """PostgreSQL looks at what a row refers to when all is said: at the end."""
    sdk = an_sdk()
    group = a_group(sdk)
    values = {"sdk": sdk.pk, "group": group.pk, "name": "httpx", "project": "httpx"}
    address, fields = sent(owner, Integration, **values, test_path="tests/mine")
    overtaken(Integration, Group.objects.filter(pk=group.pk).delete)

    answer = owner.post(address, fields)

    assert "group: Select a valid choice" in mistakes(answer)[0]
    assert [str(one) for one in get_messages(answer.wsgi_request)] == []
    assert not Integration.objects.exists()


@pytest.mark.postgres
def test_of_eight_at_once_one_saves_and_seven_are_told(owner: Client) -> None:
    sdk = an_sdk()
    address, fields = sent(owner, Group, sdk=sdk.pk, name="Web")
    people, olga = [Client() for _ in range(8)], User.objects.get()
    for person in people:
        person.force_login(olga)

    answers = together([partial(person.post, address, fields) for person in people])

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [302]
    assert Group.objects.count() == 1
    for answer in answers:
        if answer.status_code == 200:
            assert len(mistakes(answer)) == 1

"""Each page of the admin opens, and a list needs the same queries for ten rows and a thousand."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from simple_history.admin import SimpleHistoryAdmin

from integrations.catalogue.models import (
    CooldownBypass,
    DependencyRule,
    Group,
    Hold,
    Integration,
    PinnedPick,
    PythonRestriction,
    Sdk,
    Service,
    SharedConstraint,
    WorkflowFrame,
)
from integrations.catalogue.models.base import Cleaned
from tests.catalogue.makers import (
    a_bypass,
    a_group,
    a_hold,
    a_pinned_pick,
    a_restriction,
    a_rule,
    a_service,
    a_shared_constraint,
    a_workflow_frame,
    an_integration,
    an_sdk,
)

MODELS: tuple[type[Cleaned], ...] = (
    Sdk,
    Group,
    Integration,
    DependencyRule,
    PythonRestriction,
    PinnedPick,
    Hold,
    Service,
    SharedConstraint,
    CooldownBypass,
    WorkflowFrame,
)
pytestmark = pytest.mark.django_db


def page(model: type[Cleaned], name: str, *args: object) -> str:
    return reverse(f"admin:catalogue_{model._meta.model_name}_{name}", args=args)


@pytest.fixture
def rows() -> dict[type[Cleaned], Cleaned]:
    """One row of each model, with history."""
    sdk = an_sdk()
    group = a_group(sdk)
    integration = an_integration(group)
    integration.notes = "Changed once."
    integration.save()
    return {
        Sdk: sdk,
        Group: group,
        Integration: integration,
        DependencyRule: a_rule(integration),
        PythonRestriction: a_restriction(integration),
        PinnedPick: a_pinned_pick(integration),
        Hold: a_hold(sdk=sdk, project="httpx", releases=">=2"),
        Service: a_service(sdk),
        SharedConstraint: a_shared_constraint(sdk),
        CooldownBypass: a_bypass(sdk),
        WorkflowFrame: a_workflow_frame(sdk),
    }


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ["changelist", "add"])
def test_the_list_and_the_empty_form_open(
    browser: Client, rows: dict[type[Cleaned], Cleaned], model: type[Cleaned], name: str
) -> None:
    assert browser.get(page(model, name)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ["change", "history", "delete"])
def test_the_pages_of_a_row_open(
    browser: Client, rows: dict[type[Cleaned], Cleaned], model: type[Cleaned], name: str
) -> None:
    assert browser.get(page(model, name, rows[model].pk)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_an_older_state_of_a_row_opens(
    browser: Client, rows: dict[type[Cleaned], Cleaned], model: type[Cleaned]
) -> None:
    first = rows[model].history.earliest()  # type: ignore[attr-defined]

    answer = browser.get(page(model, "simple_history", rows[model].pk, first.pk))

    assert answer.status_code == 200


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("key", ["0", "rubbish", "9" * 40])
def test_a_state_that_is_not_there_is_not_an_error(
    browser: Client, rows: dict[type[Cleaned], Cleaned], model: type[Cleaned], key: str
) -> None:
    address = page(model, "simple_history", rows[model].pk, key)

    assert browser.get(address).status_code == 404


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ["change", "history", "delete"])
@pytest.mark.parametrize("key", ["0", "rubbish", "9" * 40, "-1", "_", "a%00b"])
def test_a_row_that_is_not_there_is_not_an_error(
    browser: Client, model: type[Cleaned], name: str, key: str
) -> None:
    assert browser.get(page(model, name, key)).status_code in {302, 404}


@pytest.mark.parametrize("model", [Group, Integration, Hold])
@pytest.mark.parametrize(
    "query",
    [
        "q=httpx",
        "q=%00",
        "q=" + "x" * 3000,
        "o=rubbish",
        "p=99999",
        "e=1",
        "unknown=1",
        "sdk__id__exact=" + "9" * 40,
        "sdk__id__exact=x",
        "group=" + "9" * 40,
        "group=x",
        "held=yes",
        "held=no",
        "held=perhaps",
        "scope=everywhere",
        "scope=sdk",
        "scope=integration",
        "scope=x",
        "is_paused__exact=x",
        "ends_on__isempty=x",
    ],
)
def test_rubbish_in_the_address_of_a_list_is_answered(
    browser: Client, rows: dict[type[Cleaned], Cleaned], model: type[Cleaned], query: str
) -> None:
    answer = browser.get(f"{page(model, 'changelist')}?{query}", follow=True)

    assert answer.status_code == 200


def many_integrations(count: int) -> None:
    sdk = an_sdk()
    group = a_group(sdk)
    integrations = Integration.objects.bulk_create(
        Integration(sdk=sdk, group=group, name=f"kit{i}", project="httpx", test_path="tests")
        for i in range(count)
    )
    DependencyRule.objects.bulk_create(
        DependencyRule(integration=each, requirements="anyio") for each in integrations
    )
    PythonRestriction.objects.bulk_create(
        PythonRestriction(integration=each, pythons=">=3.10") for each in integrations
    )
    PinnedPick.objects.bulk_create(
        PinnedPick(integration=each, version="1.0", reason="many") for each in integrations
    )
    Hold.objects.bulk_create(Hold(integration=each, reason="broken") for each in integrations)


def many_sdks(count: int) -> None:
    Sdk.objects.bulk_create(Sdk(slug=f"kit{i}", name="Kit", pythons="3.9") for i in range(count))
    sdks = list(Sdk.objects.all())
    Group.objects.bulk_create(Group(sdk=sdk, name="Network") for sdk in sdks)
    Service.objects.bulk_create(Service(sdk=sdk, name="redis", image="redis:8") for sdk in sdks)
    WorkflowFrame.objects.bulk_create(WorkflowFrame(sdk=sdk, path="a", text="b") for sdk in sdks)
    SharedConstraint.objects.bulk_create(
        SharedConstraint(sdk=sdk, requirement="setuptools<82", reason="why") for sdk in sdks
    )
    CooldownBypass.objects.bulk_create(
        CooldownBypass(sdk=sdk, project="h11", version="1.0", reason="why") for sdk in sdks
    )


# The session, the person, two counts, the rows; the rest are filters that list what there is.
@pytest.mark.parametrize("count", [10, 1000])
@pytest.mark.parametrize(
    ("model", "fill", "queries"),
    [
        pytest.param(Sdk, many_sdks, 5, id="SDKs"),
        pytest.param(Group, many_sdks, 6, id="groups"),
        pytest.param(Service, many_sdks, 6, id="services"),
        pytest.param(WorkflowFrame, many_sdks, 6, id="frames"),
        # What the SDKs say, and what is published or stored of it.
        pytest.param(SharedConstraint, many_sdks, 13, id="shared constraints"),
        pytest.param(CooldownBypass, many_sdks, 13, id="cooldown bypasses"),
        pytest.param(Integration, many_integrations, 9, id="integrations"),
        pytest.param(DependencyRule, many_integrations, 6, id="dependency rules"),
        pytest.param(PythonRestriction, many_integrations, 6, id="Python restrictions"),
        pytest.param(PinnedPick, many_integrations, 6, id="pinned picks"),
        pytest.param(Hold, many_integrations, 7, id="holds"),
    ],
)
def test_a_list_needs_a_fixed_number_of_queries(
    browser: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    model: type[Cleaned],
    fill: Callable[[int], None],
    *,
    queries: int,
    count: int,
) -> None:
    fill(count)

    with django_assert_num_queries(queries):
        answer = browser.get(page(model, "changelist"))

    assert answer.status_code == 200


OPTIONS = {name for base in (SimpleHistoryAdmin, InlineModelAdmin) for name in dir(base)}
# Ours, which Django does not know and need not.
OWN = {"sizes", "scope", "what", "integration_count", "hold_count", "rule_count"}
OWN |= {"requirement_name", "pause", "resume", "confirm_bypasses", "confirm_holds"}
OWN |= {"has_hold_everywhere_permission", "show_preview", "state", "ends", "keeps_out"}
OWN |= {"where", "reaches"}
PAGES = [type(admin.site._registry[model]) for model in MODELS]
INLINES = [inline for each in PAGES for inline in each.inlines]


@pytest.mark.parametrize("options", [*PAGES, *INLINES], ids=lambda options: options.__name__)
def test_an_admin_has_no_option_that_django_does_not_know(options: type) -> None:
    """``check`` lets a slip such as date_heirarchy through."""
    said = {
        name for base in options.__mro__ for name in vars(base) if "catalogue" in base.__module__
    }

    assert {name for name in said if not name.startswith("_")} - OPTIONS - OWN == set()


def test_the_form_suggests_the_groups_of_its_sdk(browser: Client) -> None:
    network = a_group(an_sdk())
    a_group(an_sdk("other"), "Elsewhere")
    integration = an_integration(network)

    form = browser.get(page(Integration, "change", integration.pk)).content.decode()
    address = f"{reverse('admin:autocomplete')}?sdk={network.sdk_id}"
    asked = {"app_label": "catalogue", "model_name": "integration", "field_name": "group"}
    found = browser.get(address, asked | {"sdk": network.sdk_id, "term": ""}).json()["results"]

    assert address in form
    assert [each["text"] for each in found] == ["Network"]


def test_a_new_integration_of_several_sdks_names_the_sdk_of_each_group(browser: Client) -> None:
    a_group(an_sdk("first"))
    a_group(an_sdk("second"))

    form = browser.get(page(Integration, "add")).content.decode()

    assert '<optgroup label="first">' in form
    assert '<optgroup label="second">' in form

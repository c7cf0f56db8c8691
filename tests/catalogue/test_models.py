"""Integrity of the catalogue: in the tables for everybody, in words for forms."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import RestrictedError

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
from matrix.rules.rendering import GROUP_FRAME
from tests.catalogue.makers import (
    a_bypass,
    a_group,
    a_hold,
    a_person,
    a_pinned_pick,
    a_rule,
    a_service,
    a_shared_constraint,
    a_workflow_frame,
    an_integration,
    an_sdk,
)

# ruff: noqa: E501  (A table of constraints reads best with each on its line.)
pytestmark = pytest.mark.django_db
MODELS = (
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
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def rows() -> Mapping[type[Cleaned], Cleaned]:
    sdk = an_sdk()
    integration = an_integration(a_group(sdk))
    a_service(sdk, "redis")
    return {
        Sdk: sdk,
        Group: integration.group,
        Integration: integration,
        DependencyRule: a_rule(integration),
        PinnedPick: a_pinned_pick(integration),
        Hold: a_hold(sdk=sdk, project="httpx", releases=">=9"),
        Service: a_service(sdk),
        SharedConstraint: a_shared_constraint(sdk),
        CooldownBypass: a_bypass(sdk),
        WorkflowFrame: a_workflow_frame(sdk),
    }


def copy_of(row: Any) -> Any:
    """A second row that says the same."""
    row.pk = None
    row._state.adding = True
    return row


def approved_by_the_same(row: Any) -> None:
    row.requested_by = row.approved_by = a_person("ana")
    row.approved_at = NOON


def ends_as_it_starts(row: Any) -> None:
    row.starts_on = row.ends_on = date(2026, 3, 2)


def without_image(row: Any) -> None:
    row.image = row.ports = ""


def only_commands(row: Any) -> None:
    row.image, row.commands = "", "true"


BROKEN: dict[str, tuple[type[Cleaned], Callable[[Any], Any], str]] = {
    "catalogue_sdk_propose_on_is_a_weekday": (Sdk, lambda row: setattr(row, "propose_on", 8), "The day of the proposal must be Monday to Sunday."),
    "catalogue_sdk_prereleases_is_known": (Sdk, lambda row: setattr(row, "prereleases", "some"), "Prereleases must be one of never, rc, any."),
    "catalogue_sdk_ci_timeout_is_what_github_allows": (Sdk, lambda row: setattr(row, "ci_timeout_minutes", 361), "The time limit must be 1 to 360 minutes."),
    "catalogue_service_name_unique_in_sdk": (Service, copy_of, "This SDK has a service of that name already."),
    "catalogue_service_does_something": (Service, without_image, "A service needs an image, an action or commands."),
    "catalogue_service_container_needs_image": (Service, only_commands, "Ports, variables of the container, a health command and options belong to a container: name its image."),
    "catalogue_service_inputs_need_action": (Service, lambda row: setattr(row, "inputs", "a=b"), "Inputs belong to an action: name it."),
    "catalogue_workflowframe_path_unique_in_sdk": (WorkflowFrame, copy_of, "This SDK has a frame for that path already."),
    "catalogue_sdk_cooldown_is_a_year_at_most": (Sdk, lambda row: setattr(row, "cooldown_days", 366), "The cooldown must be 365 days at most."),
    "catalogue_sdk_pins_cooldown_is_a_year_at_most": (Sdk, lambda row: setattr(row, "pins_cooldown_days", 366), "The cooldown of pins must be 365 days at most."),
    "catalogue_integration_cooldowns_are_a_year_at_most": (Integration, lambda row: setattr(row, "pins_cooldown_days", 366), "A cooldown must be 365 days at most."),
    "catalogue_sharedconstraint_ends_after_it_starts": (SharedConstraint, ends_as_it_starts, "A shared constraint must end after it starts."),
    "catalogue_sharedconstraint_free_threading_is_known": (SharedConstraint, lambda row: setattr(row, "free_threading", "some"), "Free threading must be one of any, only, never."),
    "catalogue_cooldownbypass_release_unique_in_sdk": (CooldownBypass, copy_of, "This release need not wait already."),
    "catalogue_cooldownbypass_approved_by_and_at_together": (CooldownBypass, lambda row: setattr(row, "approved_at", NOON), "An approval needs both a person and a time."),
    "catalogue_cooldownbypass_approved_by_somebody_else": (CooldownBypass, approved_by_the_same, "Somebody else than the person who asked must approve."),
    "catalogue_group_name_unique_in_sdk": (Group, lambda row: setattr(copy_of(row), "name", "NETWORK"), "This SDK has a group of that name already."),
    "catalogue_integration_name_unique_in_sdk": (Integration, copy_of, "This SDK has an integration of that name already."),
    "catalogue_integration_two_versions_at_least": (Integration, lambda row: setattr(row, "number_of_versions", 1), "The number of versions must be 2 or more."),
    "catalogue_integration_exact_minimum_needs_minimum": (Integration, lambda row: setattr(row, "tests_exact_minimum", True), "To test the exact minimum, name a minimum version."),
    "catalogue_integration_prereleases_is_known": (Integration, lambda row: setattr(row, "prereleases", "some"), "Prereleases must be empty or one of never, rc, any."),
    "catalogue_dependencyrule_free_threading_is_known": (DependencyRule, lambda row: setattr(row, "free_threading", "some"), "Free threading must be one of any, only, never."),
    "catalogue_pinnedpick_approved_by_and_at_together": (PinnedPick, lambda row: setattr(row, "approved_at", NOON), "An approval needs both a person and a time."),
    "catalogue_pinnedpick_approved_by_somebody_else": (PinnedPick, approved_by_the_same, "Somebody else than the person who asked must approve."),
    "catalogue_pinnedpick_version_unique_in_integration": (PinnedPick, copy_of, "This release is pinned already."),
    "catalogue_hold_approved_by_and_at_together": (Hold, lambda row: setattr(row, "approved_at", NOON), "An approval needs both a person and a time."),
    "catalogue_hold_approved_by_somebody_else": (Hold, approved_by_the_same, "Somebody else than the person who asked must approve."),
    "catalogue_hold_names_one_scope": (Hold, lambda row: setattr(row, "project", ""), "Name an integration alone, or a project (with an SDK, or without one to hold it everywhere)."),
    "catalogue_hold_ends_after_it_starts": (Hold, ends_as_it_starts, "A hold must end after it starts."),
    "catalogue_hold_lift_when_is_known": (Hold, lambda row: setattr(row, "lift_when", "it rains"), "It ends when another release exists, or when what is held is no longer the latest."),
    "catalogue_hold_lift_release_belongs_to_its_condition": (Hold, lambda row: setattr(row, "lift_when", "release exists"), "Say which release ends the hold, and only where another release does."),
    "catalogue_hold_is_lifted_for_a_reason": (Hold, lambda row: setattr(row, "lifted_at", NOON), "A hold is lifted at a time and for a reason."),
}  # fmt: skip


def test_every_constraint_has_a_row_that_breaks_it() -> None:
    assert {found.name for model in MODELS for found in model._meta.constraints} == set(BROKEN)


@pytest.mark.parametrize("name", BROKEN)
def test_the_database_refuses_what_comes_past_the_forms(
    rows: Mapping[type[Cleaned], Cleaned], name: str
) -> None:
    model, spoil, _ = BROKEN[name]
    spoil(rows[model])

    with pytest.raises(IntegrityError), transaction.atomic():
        rows[model].save()


@pytest.mark.parametrize("name", BROKEN)
def test_forms_say_it_in_words(rows: Mapping[type[Cleaned], Cleaned], name: str) -> None:
    model, spoil, words = BROKEN[name]
    spoil(rows[model])

    with pytest.raises(ValidationError) as refused:
        rows[model].validate_constraints()

    assert words in refused.value.messages


@pytest.mark.parametrize("model", MODELS)
def test_an_empty_row_is_refused_and_not_an_error(model: type[Cleaned]) -> None:
    with pytest.raises(ValidationError):
        model().full_clean()


@pytest.mark.parametrize("model", MODELS)
def test_a_row_can_be_checked_without_what_it_belongs_to(model: type[Cleaned]) -> None:
    parents = {"sdk", "group", "integration"} & {field.name for field in model._meta.fields}

    with pytest.raises(ValidationError) as refused:
        model().full_clean(exclude=parents)

    assert parents & set(refused.value.message_dict) == set()


def test_services_must_be_those_of_the_sdk_once_there_are_some() -> None:
    sdk = an_sdk()
    group = a_group(sdk, services="postgress")
    integration = an_integration(group, services="redys")
    a_service(sdk, "postgres")
    a_service(an_sdk("other"), "redys")

    for row, name in [(group, "postgress"), (integration, "redys")]:
        with pytest.raises(ValidationError) as refused:
            row.full_clean()
        message = f'"{name}" is not a service of this SDK. There are postgres.'
        assert refused.value.message_dict == {"services": [message]}


def test_the_host_stands_for_a_container() -> None:
    service = Service(sdk=an_sdk(), name="java", action="a/b@v1", variables="JAVA_HOST={host}")

    with pytest.raises(ValidationError) as refused:
        service.full_clean()

    message = "{host} stands for a container, and there is no image."
    assert refused.value.message_dict == {"variables": [message]}


def test_a_group_that_is_used_is_kept_but_goes_with_its_sdk() -> None:
    group = an_integration(a_group(an_sdk())).group

    with pytest.raises(RestrictedError):
        group.delete()
    group.sdk.delete()

    assert (Sdk.objects.count(), Group.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("model", "field", "typed", "kept"),
    [
        (Sdk, "pythons", "3.10, 3.9", "3.9 3.10"),
        (Sdk, "index_url", "https://example.org/simple", "https://example.org/simple/"),
        (Sdk, "frame", "a\r\nb\n", "a\nb\n"),
        (Group, "name", "  Web   1 ", "Web 1"),
        (Sdk, "ci_runner", "self-hosted linux", "self-hosted, linux"),
        (Sdk, "ci_container_pythons", "3.14t, 3.7 3.6", "3.6 3.7 3.14t"),
        (Sdk, "ci_test", "\r\n  tox -e $ENVIRONMENTS \r\n\r\n", "  tox -e $ENVIRONMENTS"),
        (Service, "ports", "5432 80:8080, 53/udp 5432", "5432:5432, 80:8080, 53:53/udp"),
        (Service, "environment", "\r\n A=1 \r\n\r\nB=\n", "A=1\nB="),
        (WorkflowFrame, "text", GROUP_FRAME.replace("\n", "\r\n"), GROUP_FRAME),
        (Group, "services", "redis postgres,redis", "postgres, redis"),
        (Integration, "project", "Zope_Interface", "zope-interface"),
        (Integration, "extras", "b a", "a, b"),
        (Integration, "include", ">=1, <2", ">=1,<2"),
        (Integration, "test_path", "tests/httpx/", "tests/httpx"),
        (Integration, "notes", " a\r\n\r\nb ", "a\n\nb"),
        (DependencyRule, "requirements", "\r\n a \r\n\r\nb\n", "a\n\nb"),
        (DependencyRule, "reason", "  why ", "why"),
        (PinnedPick, "version", "1.0RC1", "1.0rc1"),
        (Hold, "project", "HTTPX", "httpx"),
        (SharedConstraint, "requirement", "Setuptools <82, >=40", "setuptools>=40,<82"),
        (SharedConstraint, "pythons", ">=3.9, <3.12", ">=3.9,<3.12"),
        (CooldownBypass, "project", "Zope_Interface", "zope-interface"),
        (CooldownBypass, "version", "1.0RC1", "1.0rc1"),
    ],
)
def test_values_are_kept_in_one_form(
    rows: Mapping[type[Cleaned], Cleaned], model: type[Cleaned], field: str, typed: str, kept: str
) -> None:
    setattr(rows[model], field, typed)

    rows[model].full_clean()
    rows[model].full_clean()

    assert getattr(rows[model], field) == kept


def test_all_mistakes_of_a_row_are_found_at_once() -> None:
    sdk = Sdk(slug="a b", name="a\0b", pythons="3.x", cooldown_days=400)

    with pytest.raises(ValidationError) as refused:
        sdk.full_clean()

    assert set(refused.value.message_dict) == {"slug", "name", "pythons", "cooldown_days"}


@pytest.mark.parametrize(
    ("hold", "reaches"),
    [
        pytest.param({"integration": "httpx"}, {"httpx"}, id="an integration"),
        pytest.param({"sdk": "kit", "project": "httpx"}, {"httpx", "httpx2"}, id="an SDK"),
        pytest.param({"project": "httpx"}, {"httpx", "httpx2", "other-httpx"}, id="everywhere"),
        pytest.param({"project": "flask"}, set(), id="another project"),
    ],
)
def test_whom_a_hold_reaches(hold: dict[str, str], reaches: set[str]) -> None:
    group = a_group(an_sdk())
    here = an_integration(group)
    an_integration(group, "httpx2", project="httpx")
    an_integration(a_group(an_sdk("other")), "other-httpx", project="httpx")
    found: dict[str, Any] = dict(hold)
    if "integration" in found:
        found["integration"] = here
    if "sdk" in found:
        found["sdk"] = here.sdk

    row = a_hold(**found)

    assert {
        each.name for each in Integration.objects.all() if row in Hold.objects.reaching(each)
    } == reaches


def test_a_model_has_no_text_without_a_bound() -> None:
    unbounded = {
        f"{model.__name__}.{field.name}"
        for model in MODELS
        for field in model._meta.concrete_fields
        if isinstance(field, (models.CharField, models.TextField))
        and not any("Length" in type(each).__name__ for each in field.validators)
    }

    assert unbounded == set()

"""Rows of a catalogue with honest defaults, written as forms and importers write them."""

from typing import Any, TypeVar

from django.contrib.auth.models import Permission, User

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

Row = TypeVar("Row", bound=Cleaned)


def saved(row: Row) -> Row:
    row.full_clean()
    row.save()
    return row


def an_sdk(slug: str = "kit", **values: Any) -> Sdk:
    return saved(Sdk(slug=slug, **{"name": "Kit", "pythons": "3.9 3.10 3.11", **values}))


def a_group(sdk: Sdk, name: str = "Network", **values: Any) -> Group:
    return saved(Group(sdk=sdk, name=name, **values))


def an_integration(group: Group, name: str = "httpx", **values: Any) -> Integration:
    fields = {"project": name, "test_path": f"tests/integrations/{name}", **values}
    return saved(Integration(sdk=group.sdk, group=group, name=name, **fields))


def a_rule(integration: Integration, requirements: str = "anyio", **values: Any) -> DependencyRule:
    return saved(DependencyRule(integration=integration, requirements=requirements, **values))


def a_restriction(integration: Integration, **values: Any) -> PythonRestriction:
    return saved(PythonRestriction(integration=integration, **{"pythons": ">=3.10", **values}))


def a_pinned_pick(integration: Integration, version: str = "1.0", **values: Any) -> PinnedPick:
    fields = {"reason": "many stay on it", **values}
    return saved(PinnedPick(integration=integration, version=version, **fields))


def a_hold(**values: Any) -> Hold:
    return saved(Hold(**{"reason": "broken wheels", **values}))


def a_shared_constraint(sdk: Sdk, requirement: str = "setuptools<82", **values: Any) -> Any:
    fields = {"reason": "pkg_resources is gone", **values}
    return saved(SharedConstraint(sdk=sdk, requirement=requirement, **fields))


def a_bypass(sdk: Sdk, project: str = "h11", version: str = "0.16.0", **values: Any) -> Any:
    fields = {"reason": "fixes a leak", **values}
    return saved(CooldownBypass(sdk=sdk, project=project, version=version, **fields))


def a_service(sdk: Sdk, name: str = "postgres", **values: Any) -> Service:
    fields = values or {"image": "postgres:18", "ports": "5432"}
    return saved(Service(sdk=sdk, name=name, **fields))


def a_workflow_frame(sdk: Sdk, name: str = "web", text: str = GROUP_FRAME) -> WorkflowFrame:
    path = f".github/workflows/test-integrations-{name}.yml"
    return saved(WorkflowFrame(sdk=sdk, path=path, text=text))


def history_of(rows: Any) -> Any:
    """The history of a row, or of all rows of a model; django-simple-history ships no types."""
    return rows.history


def a_person(name: str, *permissions: str) -> User:
    """Somebody of the staff with permissions such as ``change_hold``."""
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def an_owner(name: str = "olga") -> User:
    return User.objects.create_superuser(name)

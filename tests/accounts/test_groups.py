import re
from collections.abc import Iterator
from io import StringIO

import pytest
from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command

from portal.accounts import groups
from portal.accounts.groups import GROUPS, grant, revoke

pytestmark = pytest.mark.django_db
ORDER = ["viewers", "maintainers", "reviewers", "owners"]


def in_the_database(name: str) -> set[str]:
    rows = Group.objects.get(name=name).permissions.select_related("content_type")
    return {f"{row.content_type.app_label}.{row.content_type.model}.{row.codename}" for row in rows}


def a_member(group: str) -> User:
    user = User.objects.create_user(f"one of the {group}")
    user.groups.add(Group.objects.get(name=group))
    return user


@pytest.mark.parametrize("name", ORDER)
def test_the_groups_have_the_permissions_of_the_table(name: str) -> None:
    assert in_the_database(name) == GROUPS[name]


def test_the_table_of_the_documentation_names_every_group() -> None:
    assert groups.__doc__ is not None
    named = re.findall(r"^(\w+) {2,}\w", groups.__doc__, flags=re.MULTILINE)

    assert named == ["group", *GROUPS]


def test_viewers_may_view_every_model_of_ours() -> None:
    """Fails for a new model until a migration of accounts grants its permissions."""
    models = [model for app in groups.APPS for model in apps.get_app_config(app).get_models()]

    viewable = {
        f"{m._meta.app_label}.{m._meta.model_name}.view_{m._meta.model_name}" for m in models
    }

    assert viewable - GROUPS["viewers"] == set()


def test_permissions_of_the_table_are_known_to_django() -> None:
    """A permission of a model that is gone would only linger."""
    wanted = frozenset().union(*GROUPS.values())

    unknown = [name for name in wanted if not is_known(name)]

    assert unknown == []


def is_known(name: str) -> bool:
    app, model, codename = name.split(".")
    options = apps.get_model(app, model)._meta
    defaults = {f"{action}_{model}" for action in options.default_permissions}
    return codename in defaults | dict(options.permissions).keys()


def test_the_permissions_have_the_words_that_django_gives_them() -> None:
    made = dict(Permission.objects.values_list("codename", "name"))
    Permission.objects.all().delete()

    for app in apps.get_app_configs():
        create_permissions(app, verbosity=0)

    again = dict(Permission.objects.values_list("codename", "name"))
    assert made == again


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        ("review.view_proposal", ORDER),
        ("catalogue.view_historicalhold", ORDER),
        ("index.view_release", ORDER),
        ("django_q.view_failure", ORDER),
        ("catalogue.change_integration", ["maintainers", "owners"]),
        ("catalogue.delete_sdk", ["maintainers", "owners"]),
        ("review.start_run", ["maintainers", "owners"]),
        ("review.decide", ["reviewers", "owners"]),
        ("review.publish", ["reviewers", "owners"]),
        ("catalogue.hold_everywhere", ["owners"]),
        ("auth.change_user", ["owners"]),
        ("review.change_proposal", []),
        ("review.delete_publication", []),
        ("catalogue.change_historicalhold", []),
    ],
)
def test_what_members_of_a_group_may_do(permission: str, expected: list[str]) -> None:
    assert [name for name in ORDER if a_member(name).has_perm(permission)] == expected


def migrate(target: str) -> None:
    call_command("migrate", "accounts", target, verbosity=0, stdout=StringIO())


@pytest.fixture
def migrated(transactional_db: None) -> Iterator[None]:
    """The groups as the migration makes them; SQLite migrates outside transactions only."""
    migrate("zero")
    migrate("0005")
    yield
    migrate("0005")


@pytest.mark.usefixtures("migrated")
def test_going_back_and_forth_leaves_the_same_groups() -> None:
    migrate("zero")
    assert list(Group.objects.all()) == []

    migrate("0005")
    assert {name: in_the_database(name) for name in ORDER} == GROUPS


@pytest.mark.usefixtures("migrated")
def test_going_back_leaves_what_people_made() -> None:
    member = a_member("reviewers")
    own = Group.objects.create(name="release managers")
    own.permissions.add(Permission.objects.get(codename="publish"))
    extra = Permission.objects.get(codename="add_logentry")
    Group.objects.get(name="viewers").permissions.add(extra)

    migrate("zero")

    left = {group.name: set(group.permissions.all()) for group in Group.objects.all()}
    assert left == {
        "release managers": {Permission.objects.get(codename="publish")},
        "reviewers": set(),
        "viewers": {extra},
    }
    assert list(member.groups.values_list("name", flat=True)) == ["reviewers"]


def test_granting_takes_a_group_as_it_is() -> None:
    table = {"helpers": frozenset({"review.run.start_run"})}
    group = Group.objects.create(name="helpers")
    extra = Permission.objects.get(codename="decide")
    group.permissions.add(extra)

    grant(apps, table)
    grant(apps, table)
    assert in_the_database("helpers") == {"review.run.start_run", "review.decision.decide"}

    revoke(apps, table)
    assert in_the_database("helpers") == {"review.decision.decide"}

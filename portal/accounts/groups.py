"""
The groups of the portal and what each may do; a migration makes them.

============  ==================================================================================
group         may
============  ==================================================================================
viewers       look at everything: the catalogue with its history, the index, runs, proposals,
              publications, background tasks; comment on proposals
maintainers   what viewers may; edit the catalogue and the applications; start runs; make and revoke
              tokens
reviewers     what viewers may; decide proposals; publish
owners        what all of these may; hold releases everywhere; add, change and delete users and
              groups
============  ==================================================================================

A person who maintains and reviews is in both groups. A new model gets its permissions in a
migration of its own (:func:`grant`); a test compares this table with the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from django.apps.registry import Apps

APPS = ("catalogue", "index", "review", "guidance")  # Their models are what viewers may look at.

CATALOGUE = (
    "sdk",
    "group",
    "integration",
    "dependencyrule",
    "pythonrestriction",
    "pinnedpick",
    "hold",
    "service",
    "workflowframe",
    "sharedconstraint",
    "cooldownbypass",
)
HISTORY = tuple(f"historical{model}" for model in CATALOGUE)
INDEX = ("index", "project", "projectstatus", "release", "poll", "polloutcome")
REVIEW = (
    "channel",
    "snapshot",
    "run",
    "assessment",
    "publication",
    "publishedpart",
    "publishedfile",
    "filecontent",
    "proposal",
    "item",
    "decision",
    "finding",
    "comment",
    "verdictchange",
)
GUIDANCE = ("application", "dependencyset")
GUIDANCE_HISTORY = tuple(f"historical{model}" for model in GUIDANCE)
TASKS = ("schedule", "success", "failure")  # The background tasks, of django-q2.
EDIT = ("add", "change", "delete")

# A permission is written as "app.model.codename": the model owns it.
Table = Mapping[str, frozenset[str]]


def permissions(app: str, models: Sequence[str], actions: Iterable[str]) -> frozenset[str]:
    """Write the default permissions: ``{"catalogue.sdk.view_sdk", …}``."""
    return frozenset(
        f"{app}.{model}.{action}_{model}" for model, action in product(models, actions)
    )


TOKENS = permissions("accounts", ["token"], ["view", "add", "change"])  # To change is to revoke.
VIEWERS = (
    permissions("catalogue", CATALOGUE + HISTORY, ["view"])
    | permissions("index", INDEX, ["view"])
    | permissions("review", REVIEW, ["view"])
    | permissions("django_q", TASKS, ["view"])
    | permissions("guidance", GUIDANCE + GUIDANCE_HISTORY, ["view"])
    | {"review.comment.comment"}
)
MAINTAINERS = (
    VIEWERS
    | permissions("catalogue", CATALOGUE, EDIT)
    | permissions("guidance", GUIDANCE, EDIT)
    | TOKENS
    | {"review.run.start_run"}
)
REVIEWERS = VIEWERS | {"review.decision.decide", "review.publication.publish"}
OWNERS = (
    MAINTAINERS
    | REVIEWERS
    | {"catalogue.hold.hold_everywhere"}
    | permissions("auth", ("user", "group"), ("view", *EDIT))
)
GROUPS: Table = {
    "viewers": VIEWERS,
    "maintainers": MAINTAINERS,
    "reviewers": REVIEWERS,
    "owners": OWNERS,
}


def grant(apps: Apps | Any, table: Table, *, using: str = "default") -> None:
    """
    Give the groups of *table* its permissions; groups and permissions are made where missing.

    Works with the models of a migration, too: Django itself makes permissions only after the last
    migration, and finds these then.
    """
    groups = apps.get_model("auth", "Group").objects.using(using)
    rows = _permission_rows(apps, frozenset().union(*table.values()), using)
    for name, wanted in table.items():
        group, _ = groups.get_or_create(name=name)
        group.permissions.add(*(rows[permission] for permission in sorted(wanted)))


def revoke(apps: Apps | Any, table: Table, *, using: str = "default") -> None:
    """
    Take back what :func:`grant` gave.

    A group goes only when nothing else hangs on it: with members, or with permissions that
    somebody added, it stays.
    """
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=table):
        keys = {
            row.pk
            for row in group.permissions.select_related("content_type")
            if f"{row.content_type.app_label}.{row.content_type.model}.{row.codename}"
            in table[group.name]
        }
        group.permissions.remove(*keys)
        if not group.permissions.exists() and not group.user_set.exists():
            group.delete()


def _permission_rows(apps: Apps | Any, names: frozenset[str], using: str) -> dict[str, Any]:
    types = apps.get_model("contenttypes", "ContentType").objects.using(using)
    rows = apps.get_model("auth", "Permission").objects.using(using)
    found = {}
    for name in sorted(names):
        app, model, codename = name.split(".")
        content_type, _ = types.get_or_create(app_label=app, model=model)
        found[name], _ = rows.get_or_create(
            content_type=content_type,
            codename=codename,
            defaults={"name": _title(apps.get_model(app, model), codename)},
        )
    return found


def _title(model: Any, codename: str) -> str:
    """Return the words that Django would give the permission."""
    own = dict(model._meta.permissions)
    action = codename.partition("_")[0]
    return own.get(codename) or f"Can {action} {model._meta.verbose_name_raw}"

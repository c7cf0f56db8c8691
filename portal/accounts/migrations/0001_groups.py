"""
Make the groups viewers, maintainers, reviewers and owners.

The table is written out: this migration must do the same when ``portal.accounts.groups`` has moved
on.
"""

from django.db import migrations

from portal.accounts.groups import grant, permissions, revoke

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
)
TASKS = ("schedule", "success", "failure")  # The background tasks, of django-q2.
EDIT = ("add", "change", "delete")
VIEWERS = (
    permissions("catalogue", CATALOGUE + HISTORY, ["view"])
    | permissions("index", INDEX, ["view"])
    | permissions("review", REVIEW, ["view"])
    | permissions("django_q", TASKS, ["view"])
)
MAINTAINERS = VIEWERS | permissions("catalogue", CATALOGUE, EDIT) | {"review.run.start_run"}
REVIEWERS = VIEWERS | {"review.decision.decide", "review.publication.publish"}
OWNERS = (
    MAINTAINERS
    | REVIEWERS
    | {"catalogue.hold.hold_everywhere"}
    | permissions("auth", ("user", "group"), ("view", *EDIT))
)
TABLE = {
    "viewers": VIEWERS,
    "maintainers": MAINTAINERS,
    "reviewers": REVIEWERS,
    "owners": OWNERS,
}


def make_groups(apps, schema_editor):
    grant(apps, TABLE, using=schema_editor.connection.alias)


def unmake_groups(apps, schema_editor):
    revoke(apps, TABLE, using=schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("catalogue", "0001_initial"),
        ("index", "0001_initial"),
        ("review", "0001_initial"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [migrations.RunPython(make_groups, unmake_groups)]

"""Grant what came with comments, verdict histories, shared constraints and cooldown bypasses."""

from django.db import migrations

from portal.accounts.groups import grant, permissions, revoke

CATALOGUE = ("sharedconstraint", "cooldownbypass")
HISTORY = tuple(f"historical{model}" for model in CATALOGUE)
EDIT = ("add", "change", "delete")
VIEWERS = (
    permissions("catalogue", CATALOGUE + HISTORY, ["view"])
    | permissions("review", ("comment", "verdictchange"), ["view"])
    | {"review.comment.comment"}
)
MAINTAINERS = VIEWERS | permissions("catalogue", CATALOGUE, EDIT)
TABLE = {
    "viewers": VIEWERS,
    "maintainers": MAINTAINERS,
    "reviewers": VIEWERS,
    "owners": MAINTAINERS,
}


def give(apps, schema_editor):
    grant(apps, TABLE, using=schema_editor.connection.alias)


def take_back(apps, schema_editor):
    revoke(apps, TABLE, using=schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_groups"),
        ("catalogue", "0002_holds_that_end_shared_constraints_bypasses"),
        ("review", "0002_comments_verdict_history_waiting"),
    ]

    operations = [migrations.RunPython(give, take_back)]

"""Grant what came with applications and their sets of requirements."""

from django.db import migrations

from portal.accounts.groups import grant, permissions, revoke

MODELS = ("application", "dependencyset")
HISTORY = tuple(f"historical{model}" for model in MODELS)
EDIT = ("add", "change", "delete")
VIEWERS = permissions("guidance", MODELS + HISTORY, ["view"])
MAINTAINERS = VIEWERS | permissions("guidance", MODELS, EDIT)
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
    dependencies = [("accounts", "0002_review_and_holds"), ("guidance", "0001_initial")]

    operations = [migrations.RunPython(give, take_back)]

"""Grant what came with tokens. Nobody deletes one: revoked ones tell who could read what."""

from django.db import migrations

from portal.accounts.groups import grant, permissions, revoke

TOKENS = permissions("accounts", ("token",), ("view", "add", "change"))
TABLE = {"maintainers": TOKENS, "owners": TOKENS}


def give(apps, schema_editor):
    grant(apps, TABLE, using=schema_editor.connection.alias)


def take_back(apps, schema_editor):
    revoke(apps, TABLE, using=schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_token")]

    operations = [migrations.RunPython(give, take_back)]

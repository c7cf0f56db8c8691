from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models.signals import post_delete, post_migrate, post_save
from django.utils.timezone import now


class OperationsConfig(AppConfig):
    """
    Keep the table of schedules in step with the code and with the days that SDKs name.

    A signal and not a call in the catalogue: the catalogue knows nothing of the portal.
    """

    name = "portal.operations"
    verbose_name = "Operations"

    def ready(self) -> None:
        # Once apps are loaded: the checks register themselves.
        from matrix.review.kinds import register  # noqa: PLC0415
        from matrix.sdk.channel import KIND  # noqa: PLC0415
        from matrix.sdk.kind import SDK  # noqa: PLC0415
        from portal import checks  # noqa: F401, PLC0415
        from portal.operations.schedules import synchronise_after_saving  # noqa: PLC0415

        register(KIND, SDK)

        sdk = "catalogue.Sdk"
        # The table of schedules is django-q2's.
        post_migrate.connect(synchronise_after_migrating, sender=apps.get_app_config("django_q"))
        post_save.connect(synchronise_after_saving, sender=sdk)
        post_delete.connect(synchronise_after_saving, sender=sdk)


def synchronise_after_migrating(using: str, **kwargs: Any) -> None:
    """Synchronise once all tables are there: ``migrate APP`` may have made some of them only."""
    if using != DEFAULT_DB_ALIAS:
        return
    executor = MigrationExecutor(connections[using])
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        synchronise_now()


def synchronise_now() -> None:
    from portal.operations.schedules import synchronise  # noqa: PLC0415  (needs the models)

    synchronise(now())

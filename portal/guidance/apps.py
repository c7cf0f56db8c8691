from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class GuidanceConfig(AppConfig):
    """Registers applications where SDKs already are: with review, and with the schedules."""

    name = "portal.guidance"
    verbose_name = "Deployment"

    def ready(self) -> None:
        # Once apps are loaded.
        from matrix.review.kinds import register  # noqa: PLC0415
        from portal.guidance.channel import KIND  # noqa: PLC0415
        from portal.guidance.reporting import APPLICATION  # noqa: PLC0415
        from portal.guidance.schedules import updates  # noqa: PLC0415
        from portal.operations.schedules import (  # noqa: PLC0415
            also_declare,
            synchronise_after_saving,
        )

        register(KIND, APPLICATION)
        also_declare(updates)
        application = "guidance.Application"
        post_save.connect(synchronise_after_saving, sender=application)
        post_delete.connect(synchronise_after_saving, sender=application)

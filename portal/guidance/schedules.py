"""The weekly update of each application that names a day."""

from collections.abc import Iterable

from portal.guidance.models import Application
from portal.operations.schedules import WEEK, Declared, at


def update_of(application: Application) -> Declared | None:
    """The weekly update of *application*; None when it is made only when somebody asks."""
    if application.propose_on is None:
        return None
    return Declared(
        name=f"update {application.slug}",
        function="portal.tasks.update_locks_weekly",
        anchor=at(application.propose_on, application.propose_at),
        every=WEEK,
        arguments=(application.slug,),
        intended_date_kwarg="intended_at",
    )


def updates() -> Iterable[Declared]:
    found = (update_of(application) for application in Application.objects.order_by("slug"))
    return [one for one in found if one is not None]

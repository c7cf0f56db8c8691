"""The application that a new portal shows beside its example SDK, and how it comes and goes."""

from django.db import transaction

from portal.guidance.channel import channel_of
from portal.guidance.models import Application, DependencySet, Platform, Tool
from portal.guidance.removing import remove

EXAMPLE = "example-site"
SETS = {
    "main": ("django>=5.2,<6", "gunicorn>=23", "whitenoise>=6.6"),
    "dev": ("pytest>=8", "pytest-django>=4.9"),
}
NOTES = (
    "An example: a small Django site. Nothing deploys it. Change it as you like, or remove it "
    "together with the example SDK."
)


@transaction.atomic
def add_example() -> Application | None:
    """Declare the example; None: there is an application of its name, which stays as it is."""
    if Application.objects.filter(slug=EXAMPLE).exists():
        return None
    # pip: its files hold the published locks themselves, so that they are complete.
    application = Application(
        slug=EXAMPLE,
        name="Example site",
        python="3.13",
        tool=Tool.PIP.value,
        platform=Platform.UPSUN_FIXED.value,
        start_command="gunicorn --workers 4 example.wsgi:application",
        test_command="python -m pytest",
        public_publications=True,
        notes=NOTES,
    )
    application.full_clean()
    application.save()
    for name, requirements in SETS.items():
        each = DependencySet(
            application=application, name=name, requirements="\n".join(requirements)
        )
        each.full_clean()
        each.save()
    return application


def the_example() -> Application | None:
    return Application.objects.filter(slug=EXAMPLE).first()


def example_without_proposal() -> Application | None:
    """Return the example when it is there and nothing was ever proposed for it."""
    found = the_example()
    return None if found is None or channel_of(found).proposals.exists() else found


@transaction.atomic
def remove_example() -> Application | None:
    """Remove the example with its runs, proposals and publications, and return what is gone."""
    found = the_example()
    if found is None:
        return None
    remove(found)
    return found

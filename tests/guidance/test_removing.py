"""An application goes with everything that was made of it, and with nothing else."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django_q.models import Schedule
from pytest_django import DjangoCaptureOnCommitCallbacks

from matrix.review.models import Channel, Proposal, Publication, Run
from portal.guidance.models import Application, DependencySet
from portal.operations.schedules import synchronise
from tests.catalogue.makers import history_of
from tests.guidance.makers import NOW, a_proposal, a_publication, an_application, locked_as
from tests.guidance.test_applications import staff
from tests.pages.conftest import text_of

pytestmark = pytest.mark.django_db
As = Callable[..., Client]
WEEK = timedelta(weeks=1)
DELETE = "admin:guidance_application_delete"


@pytest.fixture
def shop() -> Application:
    """It has published twice, and has an open proposal."""
    application = an_application(sets={"main": "rsfoo", "dev": "tool"})
    a_publication(application, locked_as("rsfoo==1.5", "tool==1.0"))
    a_publication(application, locked_as("rsfoo==1.6", "tool==1.0"), NOW + WEEK)
    a_proposal(application, locked_as("rsfoo==1.7", "tool==1.0"), NOW + 2 * WEEK)
    other = an_application("other")
    a_proposal(other, locked_as("rsfoo==1.5"))
    synchronise(NOW)
    return application


def is_gone() -> bool:
    """Whether nothing of the shop is left, and everything of the other one."""
    kept = [
        list(Channel.objects.values_list("slug", flat=True)),
        list(Application.objects.values_list("slug", flat=True)),
        list(Proposal.objects.values_list("channel__slug", flat=True)),
        list(Run.objects.values_list("channel__slug", flat=True)),
    ]
    schedules = Schedule.objects.filter(name__startswith="update").values_list("name", flat=True)
    return (
        kept == [["other"]] * 4
        and Publication.objects.count() == 0
        and DependencySet.objects.count() == 1
        and list(schedules) == ["update other"]
    )


def test_the_admin_says_what_goes_and_what_stays_before_it_removes(
    shop: Application,
    as_: As,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client, path = staff(as_), reverse(DELETE, args=[shop.pk])

    page = " ".join(text_of(client.get(path)).split())

    for told in ("Runs: 3", "Proposals: 3", "Publications: 2", "Dependency sets: 2"):
        assert told in page
    assert "What stays: what the index said of packages, and the history" in page
    assert Application.objects.count() == 2

    with django_capture_on_commit_callbacks(execute=True):
        client.post(path, {"post": "yes"})

    assert is_gone()
    assert history_of(Application).filter(slug="shop", history_type="-").count() == 1
    assert "proposal 3" not in text_of(client.get("/proposals/")).casefold()


def test_selected_applications_go_in_the_same_way(
    shop: Application,
    as_: As,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client, path = staff(as_), reverse("admin:guidance_application_changelist")
    values = {"action": "delete_selected", "_selected_action": str(shop.pk)}

    page = " ".join(text_of(client.post(path, values)).split())
    assert "Publications: 2" in page
    assert "What stays: what the index said of packages" in page
    with django_capture_on_commit_callbacks(execute=True):
        client.post(path, {**values, "post": "yes"})

    assert is_gone()


def test_the_command_says_what_would_go_and_then_removes_it(
    shop: Application, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    what = "Shop with 2 sets, 3 runs, 3 proposals and 2 publications"
    with pytest.raises(CommandError, match=f"This would remove {what}. Add --yes to do it."):
        call_command("remove_application", "shop")
    assert Application.objects.count() == 2
    out = StringIO()

    with django_capture_on_commit_callbacks(execute=True):
        call_command("remove_application", "shop", "--yes", stdout=out)

    assert out.getvalue() == f"Removed {what}.\n"
    assert is_gone()
    with pytest.raises(CommandError, match=r'There is no application "shop"\. There is other\.'):
        call_command("remove_application", "shop")


def test_a_new_application_of_the_same_name_begins_anew(shop: Application, as_: As) -> None:
    call_command("remove_application", "shop", "--yes", stdout=StringIO())
    an_application()

    page = text_of(as_("viewers").get("/applications/shop/"))

    assert "Not locked yet" in page
    assert Publication.objects.count() == 0


def test_an_application_that_never_ran_goes_too() -> None:
    an_application()

    call_command("remove_application", "shop", "--yes", stdout=StringIO())

    assert Application.objects.count() == 0

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_q.models import Schedule, Task

from tests.operations.test_health import NOW, a_finished_task


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.mark.django_db
def test_schedules_can_be_read_and_nothing_else(administrator: Client) -> None:
    row = Schedule.objects.get(name="poll")
    page = f"/admin/django_q/schedule/{row.pk}/change/"

    assert "portal.tasks.poll_indexes" in administrator.get(page).content.decode()
    assert administrator.get("/admin/django_q/schedule/").status_code == 200
    assert administrator.get("/admin/django_q/schedule/add/").status_code == 403
    assert administrator.post(page, {"func": "os.abort"}).status_code == 403
    assert administrator.post(page.replace("change", "delete")).status_code == 403


@pytest.mark.django_db
def test_finished_tasks_can_be_read_and_not_started_again(administrator: Client) -> None:
    a_finished_task(NOW)
    failed = a_finished_task(NOW, success=False)
    Task.objects.filter(pk=failed.pk).update(result="No index in reach : a long traceback")

    assert "heartbeat" in administrator.get("/admin/django_q/success/").content.decode()
    listed = administrator.get("/admin/django_q/failure/").content.decode()
    assert "No index in reach" in listed
    assert "resubmit" not in listed.lower()
    page = administrator.get(f"/admin/django_q/failure/{failed.pk}/change/")
    assert "a long traceback" in page.content.decode()


@pytest.mark.django_db
def test_the_queue_is_not_shown_since_its_rows_are_deleted_by_a_click(
    administrator: Client,
) -> None:
    assert administrator.get("/admin/django_q/ormq/").status_code == 404

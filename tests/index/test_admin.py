"""The pages about the index: complete, read-only and with a fixed number of queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.index.models import Index, Poll, PollOutcome, Project, ProjectStatus, Release
from integrations.index.store import Finding, store_findings
from tests.index.making import a_page, a_page_file, day

pytestmark = pytest.mark.django_db
MODELS = ["index", "project", "release", "poll"]


def fill(index: Index, number: int, start: int = 0) -> None:
    names = [f"project-{start + count:04}" for count in range(number)]
    pages = {
        name: a_page(
            a_page_file(f"{name}-1.0.tar.gz", upload_time=day(1), yanked="broken <b>"),
            a_page_file(f"{name}-2.0.tar.gz"),
            status="archived",
        )
        for name in names
    }
    store_findings(
        index,
        [
            Finding(name=name, seen_at=day(2), before=None, page=page, is_there=True)
            for name, page in pages.items()
        ],
    )
    for project in Project.objects.filter(name__in=names):
        Release.objects.create(
            project=project,
            version="1.0",
            classifiers=["Programming Language :: Python :: 3.9"],
            source="x",
            fetched_at=day(2),
        )
        visit = Poll.objects.create(
            index=index,
            started_at=day(2) + timedelta(seconds=project.pk),
            finished_at=day(3),
        )
        PollOutcome.objects.create(poll=visit, project="ok", state="ok")
        PollOutcome.objects.create(
            poll=visit, project="zzz", state="failed", reason="It is not there."
        )


@pytest.fixture
def index() -> Index:
    found = Index.objects.create(url="https://index.test/simple/")
    fill(found, 3)
    return found


@pytest.mark.parametrize("model", MODELS)
def test_a_list_page_takes_as_many_queries_for_many_rows(
    admin_client: Client, index: Index, model: str
) -> None:
    counts = []
    for more in (0, 60):
        fill(index, more, start=100)
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(reverse(f"admin:index_{model}_changelist")).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("model", MODELS)
def test_nothing_can_be_edited(admin_client: Client, index: Index, model: str) -> None:
    found = {"index": Index, "project": Project, "release": Release, "poll": Poll}[model]
    pk = found._default_manager.values_list("pk", flat=True)[0]

    change = reverse(f"admin:index_{model}_change", args=[pk])
    assert admin_client.get(change).status_code == 200
    assert admin_client.post(change, {}).status_code == 403
    assert admin_client.get(reverse(f"admin:index_{model}_add")).status_code == 403
    delete = reverse(f"admin:index_{model}_delete", args=[pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403


def test_a_project_shows_its_releases_and_status(admin_client: Client, index: Index) -> None:
    project = Project.objects.get(name="project-0000")

    page = admin_client.get(reverse("admin:index_project_change", args=[project.pk])).text

    assert "1.0: 01 Jan 2026, yanked: broken &lt;b&gt;" in page
    assert "2.0: 01 Jan 1970" not in page
    assert "2.0: before the portal first looked" in page
    assert ProjectStatus.Status.ARCHIVED in page


def test_a_poll_shows_its_failures_first(admin_client: Client, index: Index) -> None:
    visit = Poll.objects.all()[0]

    page = admin_client.get(reverse("admin:index_poll_change", args=[visit.pk])).text

    assert page.index("It is not there.") < page.index(">ok<")

"""Two polls of one index at once: neither loses what the other found."""

import pytest

from integrations.index.models import Index, Project, ProjectStatus
from integrations.index.store import Finding, known_projects, read_projects, store_findings
from tests.index.making import a_page, a_page_file, day

pytestmark = pytest.mark.django_db
NOW = day(21, 11)


def finding(index: Index, *filenames: str, **said: object) -> Finding:
    """What a poll finds that has read the stored project just now."""
    before = {project.name: project for project in read_projects(index, ["foo"])}.get("foo")
    old = known_projects(index, ["foo"])["foo"].files() if before else []
    files = (a_page_file(name, upload_time=day(1)) for name in filenames)
    return Finding(
        name="foo",
        seen_at=NOW,
        before=before,
        old_files=old,
        page=a_page(*files, **said),
        is_there=True,
    )


@pytest.fixture
def index() -> Index:
    return Index.objects.create(url="https://index.test/simple/")


def names(index: Index) -> list[str]:
    return [file.filename for file in known_projects(index, ["foo"])["foo"].files()]


def test_the_second_writer_merges_into_what_the_first_one_wrote(index: Index) -> None:
    store_findings(index, [finding(index, "foo-1.0.tar.gz")])
    first = finding(index, "foo-1.0.tar.gz", "foo-2.0.tar.gz")
    second = finding(index, "foo-1.0.tar.gz", "foo-3.0.tar.gz")

    store_findings(index, [first])
    store_findings(index, [second])

    assert names(index) == ["foo-1.0.tar.gz", "foo-2.0.tar.gz", "foo-3.0.tar.gz"]


def test_two_polls_that_both_find_a_project_first_store_it_once(index: Index) -> None:
    first, second = finding(index, "foo-1.0.tar.gz"), finding(index, "foo-1.0.tar.gz")

    store_findings(index, [first])
    store_findings(index, [second])

    assert names(index) == ["foo-1.0.tar.gz"]
    assert Project.objects.count() == 1


def test_the_same_facts_are_the_same_bytes(index: Index) -> None:
    store_findings(index, [finding(index, "foo-1.0.tar.gz", "foo-2.0.tar.gz")])
    before = Project.objects.values_list("files", "summary").get()

    store_findings(index, [finding(index, "foo-2.0.tar.gz", "foo-1.0.tar.gz")])

    assert Project.objects.values_list("files", "summary").get() == before


def test_two_polls_of_one_moment_see_a_status_once(index: Index) -> None:
    for _ in range(2):
        store_findings(index, [finding(index, "foo-1.0.tar.gz", status="archived")])

    assert ProjectStatus.objects.values_list("status", "seen_at").get() == ("archived", NOW)

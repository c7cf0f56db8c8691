import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from matrix.review import deciding
from matrix.review.admin import ChannelAdmin, ProposalAdmin, PublicationAdmin, RunAdmin
from matrix.review.models import Channel, Proposal, Publication, Run
from matrix.review.values import ComputedPart, Found
from tests.review.makers import AT, a_channel, a_proposal, a_publication, a_user, publish

pytestmark = pytest.mark.django_db
PAGES = [Channel, Run, Proposal, Publication]
CAUSES = ({"kind": "release", "text": "Release 2.0 was uploaded."},)
FOUND = Found("install", "warning", "It needs a compiler.")


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def a_history(slug: str, parts: int) -> Channel:
    channel = a_channel(slug)
    names = [f"part {number}" for number in range(parts)]
    a_publication(channel, dict.fromkeys(names, "one"))
    changed = [ComputedPart(name, "two", findings=(FOUND,), causes=CAUSES) for name in names]
    proposal = a_proposal(channel, changed)
    deciding.approve(proposal.number, names[:1], by=a_user(), at=AT)
    deciding.decline(proposal.number, names[1:], by=a_user(), at=AT, reason="It breaks CI.")
    for name in names:
        proposal.comments.create(part=name, text="Why now?", written_by=a_user(), written_at=AT)
    return channel


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.mark.parametrize("model", PAGES)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(
    client: Client, model: type[Model]
) -> None:
    url = reverse(f"admin:review_{model._meta.model_name}_changelist")
    a_history("first", 2)
    few = queries_of(client, url)

    for number in range(5):
        a_history(f"channel-{number}", 2)

    assert queries_of(client, url) == few


@pytest.mark.parametrize(
    ("model", "most"), [(Channel, 10), (Run, 10), (Proposal, 14), (Publication, 14)]
)
def test_a_page_takes_as_many_queries_for_many_parts_as_for_few(
    client: Client, model: type[Model], most: int
) -> None:
    channels = [a_history("few", 2), a_history("many", 40)]
    urls = [page_of(model, channel) for channel in channels]
    queries_of(client, urls[0])  # Fills caches of the process, of content types for one.

    counts = [queries_of(client, url) for url in urls]

    assert counts[0] == counts[1] <= most


def page_of(model: type[Model], channel: Channel) -> str:
    own = "pk" if model is Channel else "channel"
    row = model._default_manager.filter(**{own: channel.pk}).order_by("-pk")[0]
    return reverse(f"admin:review_{model._meta.model_name}_change", args=[row.pk])


def test_a_proposal_shows_its_items_causes_decisions_findings_and_comments(client: Client) -> None:
    channel = a_history("example", 2)

    page = client.get(page_of(Proposal, channel)).content.decode()

    for text in (
        "part 0",
        "Approved by ana",
        "Declined by ana until the next run: It breaks CI.",
        FOUND.text,
        CAUSES[0]["text"],
        "Why now?",
    ):
        assert text in page


def test_a_publication_shows_its_parts_and_files(client: Client) -> None:
    channel = a_history("example", 2)
    publish(channel.proposals.get(status="open").number)

    page = client.get(page_of(Publication, channel)).content.decode()

    for text in ("part 0", "part 1", "tox.ini", "parts.txt"):
        assert text in page


@pytest.mark.parametrize("model", PAGES)
def test_nobody_adds_changes_or_deletes_a_row(client: Client, model: type[Model]) -> None:
    url = page_of(model, a_history("example", 2))
    name = f"admin:review_{model._meta.model_name}"

    assert client.get(reverse(f"{name}_add")).status_code == 403
    assert client.post(url, {}).status_code == 403
    assert client.post(url.replace("/change/", "/delete/"), {"post": "yes"}).status_code == 403
    page = client.get(url).content.decode()
    assert 'name="_save"' not in page
    assert "deletelink" not in page


@pytest.mark.parametrize("page", [ChannelAdmin, RunAdmin, ProposalAdmin, PublicationAdmin])
def test_pages_use_only_options_that_django_knows(page: type[admin.ModelAdmin]) -> None:
    own = {name for name in vars(page) if not name.startswith("_")} - {"media"}

    assert own <= set(dir(admin.ModelAdmin))


def test_a_viewer_reads_and_has_no_actions() -> None:
    request = RequestFactory().get("/")
    request.user = User.objects.create_superuser("root")

    assert RunAdmin(Run, admin.site).get_actions(request) == {}

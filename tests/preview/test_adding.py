"""Adding an integration: from the name of a project to the form, filled in."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from integrations.catalogue.models import Group, Integration, Sdk
from integrations.index.models import Poll
from matrix.sdk.learning import learn
from portal.home.previews import ask
from tests.catalogue.forms import filled
from tests.catalogue.makers import an_integration
from tests.support.small_index import SmallIndex

As = Callable[..., Client]
pytestmark = pytest.mark.django_db
PATH = "/sdks/parcels/integrations/add/"


@pytest.fixture
def ana(as_: As) -> Client:
    return as_("maintainers")


def text_of(response: Any) -> str:
    assert response.status_code == 200
    text: str = response.content.decode()
    return text


def test_a_project_is_asked_for_and_its_form_comes_filled_in(
    sdk: Sdk, ana: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        asked = ana.post(PATH, {"project": "Crates"})
    waiting = text_of(ana.get(asked["Location"]))
    question = Poll.objects.get()
    learn(question.pk, "crates", [], at=now())
    answered = ana.get(asked["Location"])
    form = ana.get(answered.context["form_url"])

    assert asked["Location"] == f"{PATH}?project=crates&asked={question.pk}"
    assert OrmQ.objects.count() == 1
    assert "The index is being asked about crates" in waiting
    assert '<meta http-equiv="refresh"' in waiting
    assert "No worker has been seen yet" in waiting
    page = text_of(answered)
    assert "The name of the project; no other integration has it." in page
    assert "A new integration: 4 rows to add" in page
    assert parse_qs(urlsplit(answered.context["form_url"]).query) == {
        "sdk": [str(sdk.pk)],
        "group": [str(Group.objects.get().pk)],
        "name": ["crates"],
        "project": ["crates"],
        "test_path": ["tests/crates"],
        "minimum": ["2.0"],
    }
    assert 'name="minimum" value="2.0"' in text_of(form)
    assert form.context["panel"].tally == answered.context["panel"].tally
    assert Integration.objects.count() == 0


def test_the_form_that_comes_filled_in_can_be_previewed_and_saved(
    sdk: Sdk, facts: None, ana: Client
) -> None:
    url = ana.get(f"{PATH}?project=crates").context["form_url"]
    sent = filled(ana, url, include="<3")

    live = ana.post(reverse("admin:catalogue_integration_add_preview"), sent | {"_preview": "1"})
    assert Integration.objects.count() == 0
    saved = ana.post(url, sent)

    assert live.context["panel"].state == "fresh"
    assert "2 rows to add" in text_of(live)
    assert saved.status_code == 302
    assert Integration.objects.get().minimum == "2.0"


def test_an_empty_form_asks_for_what_a_preview_needs(sdk: Sdk, ana: Client) -> None:
    page = ana.get(reverse("admin:catalogue_integration_add"))

    assert page.context["panel"].status == "Nothing to preview yet"


@pytest.mark.parametrize(
    ("project", "sentence"),
    [
        pytest.param("", "This field is required.", id="nothing"),
        pytest.param("h11!", "is not the name of a project", id="no name"),
        pytest.param("x" * 200, "has at most 120 characters", id="too long"),
    ],
)
def test_what_is_no_project_is_refused(project: str, sentence: str, sdk: Sdk, ana: Client) -> None:
    page = text_of(ana.post(PATH, {"project": project}))

    assert "<title>Error: Add an integration" in page
    assert sentence in page
    assert Poll.objects.count() == 0


def test_who_tests_the_project_already_is_named(sdk: Sdk, facts: None, ana: Client) -> None:
    an_integration(
        sdk.groups.get(), "boxes", project="crates", test_path="tests/integrations/boxes"
    )

    page = ana.get(f"{PATH}?project=crates")

    assert "tests crates already" in text_of(page)
    assert reverse("integration", args=["parcels", "boxes"]) in text_of(page)
    assert page.context["found"].test_path.value == "tests/integrations/crates"


def test_what_could_not_be_read_is_told_with_a_way_on(
    sdk: Sdk, index: SmallIndex, ana: Client
) -> None:
    key = ask(sdk, "no-such-thing", at=now())
    learn(key, "no-such-thing", [], at=now())

    page = text_of(ana.get(f"{PATH}?project=no-such-thing&asked={key}"))

    assert "The index could not be read." in page
    assert "Ask the index again" in page
    assert "Open the form" not in page


def test_an_sdk_without_groups_is_told_to_get_one(sdk: Sdk, facts: None, ana: Client) -> None:
    sdk.groups.all().delete()

    page = text_of(ana.get(f"{PATH}?project=crates"))

    assert "The SDK has no group yet: add one to it first." in page
    assert "Open the form" not in page


def test_adding_needs_a_login_and_the_permission(sdk: Sdk, as_: As, client: Client) -> None:
    assert client.get(PATH)["Location"] == f"/login/?next={PATH}"
    assert as_("viewers").get(PATH).status_code == 403
    assert as_("reviewers").post(PATH, {"project": "crates"}).status_code == 403
    assert as_("maintainers").get("/sdks/nothing/integrations/add/").status_code == 404
    assert Poll.objects.count() == 0


@pytest.mark.parametrize("asked", ["", "x", "0", "9" * 40, "-1"])
def test_rubbish_in_the_address_is_answered(asked: str, sdk: Sdk, ana: Client) -> None:
    assert ana.get(f"{PATH}?project=crates&asked={asked}").status_code == 200
    assert ana.get(f"{PATH}progress/?project=crates&asked={asked}").status_code == 200


@pytest.mark.parametrize("count", [1, 30])
def test_suggestions_take_as_many_queries_however_many_integrations_there_are(
    count: int,
    sdk: Sdk,
    facts: None,
    ana: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(count):
        an_integration(sdk.groups.get(), f"other{number}", project="crates")

    with django_assert_num_queries(32):
        ana.get(f"{PATH}?project=crates")


def test_lists_and_sdks_lead_there(sdk: Sdk, as_: As) -> None:
    owner = as_("owners")

    assert PATH in text_of(owner.get(reverse("admin:catalogue_integration_changelist")))
    assert PATH in text_of(owner.get(reverse("admin:catalogue_sdk_change", args=[sdk.pk])))

"""The page of what waits, its buttons, and the pages of the admin that go with it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from integrations.catalogue.models import CooldownBypass, Integration, Sdk, SharedConstraint
from integrations.index.models import Index, Project
from portal.home.waiting_page import PER_PAGE
from tests.catalogue.forms import filled, mistakes
from tests.catalogue.makers import history_of
from tests.pages.conftest import *  # noqa: F403  # Its fixtures: an SDK, people, marked variables.
from tests.pages.conftest import Open, text_of
from tests.pages.makers import a_person, a_publication, run
from tests.support.small_index import SmallIndex
from tests.waits.conftest import a_bypass, a_constraint

# ruff: noqa: E501  (A table reads best with each case on its line.)
pytestmark = pytest.mark.django_db
As = Callable[..., Client]
ASKED = {"sdk": "parcels", "project": "crates", "version": "2.1", "reason": "fixes a leak"}


def moment(days: float) -> str:
    return f"{now() - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture
def cooling(sdk: Sdk, index: SmallIndex) -> Sdk:
    """The cooldown is a week; a release of crates is two days old."""
    Sdk.objects.update(cooldown_days=7)
    index.add("crates", "2.1", uploaded_at=moment(2))
    run(sdk, at=now())
    sdk.refresh_from_db()
    return sdk


# --- The page ------------------------------------------------------------------------------------
@pytest.mark.usefixtures("cooling")
def test_the_page_says_what_waits_until_when_and_what_it_would_replace(
    as_: As, opened: Open
) -> None:
    text = opened(as_("viewers"), "/waiting/")

    assert "<h1>1 release waits</h1>" in text
    assert "1 pick and 0 pins are too recent" in text
    assert f'href="{reverse("release", args=["parcels", "crates", "2.1"])}"' in text
    assert 'data-label="Would replace"><span class="mx-version">2.0</span>' in text
    assert 'data-label="Days left">5<' in text
    assert "Bypass…" not in text


def test_nothing_that_waits_and_nothing_that_is_known_look_different(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    client = as_("viewers")
    Sdk.objects.update(cooldown_days=7)

    unknown = opened(client, "/waiting/")
    run(sdk, at=now())
    nothing = opened(client, "/waiting/?sdk=parcels")

    assert "2 integrations could not be looked at" in unknown
    assert "could not be looked at" not in nothing
    assert "No release is kept from being picked or pinned by its age alone." in nothing


@pytest.mark.parametrize(
    "query", ["?sdk=nobody", "?sdk=%00", "?picks=x&pins=x", "?picks=9&pins=-1", "?sdk="]
)
def test_a_filter_for_something_else_shows_everything(
    cooling: Sdk, as_: As, opened: Open, query: str
) -> None:
    assert "1 release waits" in opened(as_("viewers"), f"/waiting/{query}")


def test_who_may_not_look_or_press_is_told(cooling: Sdk, as_: As) -> None:
    nobody, viewer = as_(), as_("viewers")

    assert nobody.get("/waiting/").status_code == 403
    assert viewer.post("/waiting/bypass/", ASKED).status_code == 403
    assert viewer.post("/waiting/bypasses/1/confirm/").status_code == 403
    assert Client().get("/waiting/").status_code == 302
    assert not CooldownBypass.objects.exists()


# --- The button ----------------------------------------------------------------------------------
def test_a_bypass_is_asked_for_in_place(cooling: Sdk, as_: As, opened: Open) -> None:
    client = as_("maintainers")

    said = text_of(client.post("/waiting/bypass/", ASKED, follow=True))

    row = CooldownBypass.objects.get()
    assert (row.project, row.version, row.reason) == ("crates", "2.1", "fixes a leak")
    assert str(row.requested_by) == "maintainers"
    assert history_of(row).get().history_user == row.requested_by
    assert "1 release bypasses the cooldown: crates 2.1 in parcels. Ends by itself on" in said
    assert "<h1>Nothing waits</h1>" in said


@pytest.mark.parametrize(
    ("changed", "mistake"),
    [
        pytest.param({"reason": ""}, "Reason: This field cannot be blank.", id="no reason"),
        pytest.param({"link": "x y"}, "Link: &quot;x y&quot; is not an address.", id="a link that is none"),
        pytest.param({"version": "new"}, "Version: &quot;new&quot; is not a version (PEP 440).", id="no version"),
        pytest.param({"version": "1.0"}, "This release need not wait already.", id="twice"),
        pytest.param({"reason": "x" * 301}, "Reason: Ensure this value has at most 300", id="too long"),
        pytest.param({"project": "\0"}, "Project: ", id="rubbish"),
    ],
)  # fmt: skip
def test_a_refused_bypass_keeps_what_was_typed(
    cooling: Sdk, as_: As, changed: dict[str, str], mistake: str
) -> None:
    a_bypass(cooling, "crates", "1.0")
    sent = ASKED | {"link": "https://example.org/issues/7"} | changed

    text = text_of(as_("maintainers").post("/waiting/bypass/", sent))

    assert mistake in text
    assert "<title>Error: Waiting" in text
    assert CooldownBypass.objects.count() == 1
    if sent["version"] == "2.1" and sent["project"] == "crates":
        assert f'value="{sent["link"]}"' in text
        assert '<details class="mx-waiting-bypass" open>' in text


def test_a_bypass_in_an_sdk_that_is_gone_is_refused_in_a_sentence(cooling: Sdk, as_: As) -> None:
    sent = ASKED | {"sdk": "gone"}

    text = text_of(as_("maintainers").post("/waiting/bypass/", sent, follow=True))

    assert "Nothing was changed: there is no such SDK any more." in text


def test_somebody_else_confirms_where_the_sdk_asks_for_two(cooling: Sdk, as_: As) -> None:
    Sdk.objects.update(second_person_cooldown=True)
    ana, ben = as_("maintainers"), as_("maintainers", "viewers")
    asked = text_of(ana.post("/waiting/bypass/", ASKED, follow=True))
    row = CooldownBypass.objects.get()
    confirm = reverse("confirm-bypass", args=[row.pk])

    own = text_of(ana.post(confirm, follow=True))
    other = text_of(ben.post(confirm, follow=True))
    again = text_of(ben.post(confirm, follow=True))

    assert "1 release waits" in asked
    assert "It does nothing before somebody else has confirmed it." in asked
    assert "Confirm 1 bypass" not in asked
    assert "You asked for crates 2.1 in parcels: somebody else must confirm it." in own
    assert "1 cooldown bypass confirmed: crates 2.1 in parcels." in other
    assert "<h1>Nothing waits</h1>" in other
    assert "is confirmed already" in again
    assert "There is no cooldown bypass 999 any more." in text_of(
        ben.post(reverse("confirm-bypass", args=[999]), follow=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", [10, 400])
def test_the_page_takes_as_many_queries_however_much_waits(
    cooling: Sdk, as_: As, django_assert_num_queries: DjangoAssertNumQueries, number: int
) -> None:
    client = as_("maintainers")
    known = Project.objects.get(name="crates")
    index = Index.objects.get()
    names = [f"copy{n}" for n in range(number)]
    Project.objects.bulk_create(
        Project(index=index, name=name, first_seen_at=now(), summary=known.summary)
        for name in names
    )
    group = cooling.groups.get(name="Web")
    Integration.objects.bulk_create(
        Integration(sdk=cooling, group=group, name=name, project=name, test_path="tests")
        for name in names
    )
    CooldownBypass.objects.bulk_create(
        CooldownBypass(sdk=cooling, project=name, version="1.0", reason="why") for name in names
    )

    # The session, the person, the permissions; what waits takes 13, what bypasses do 14.
    with django_assert_num_queries(32):
        text = text_of(client.get("/waiting/"))

    assert f"{number + 1:,} releases wait" in text
    assert text.count("Bypass…") == min(number + 1, PER_PAGE)


@pytest.fixture
def many(cooling: Sdk) -> Sdk:
    """So many picks wait that they take two pages and a bit: copy000, copy001, and so on."""
    known, group = Project.objects.get(name="crates"), cooling.groups.get(name="Web")
    names = [f"copy{n:03}" for n in range(2 * PER_PAGE)]
    Project.objects.bulk_create(
        Project(index=known.index, name=name, first_seen_at=now(), summary=known.summary)
        for name in names
    )
    Integration.objects.bulk_create(
        Integration(sdk=cooling, group=group, name=name, project=name, test_path="tests")
        for name in names
    )
    return cooling


def shown(text: str) -> list[str]:
    """The projects whose picks the page shows."""
    return re.findall(r'name="project" value="([^"]+)"', text)


@pytest.mark.slow
def test_picks_come_in_pages_and_each_stands_on_one(many: Sdk, as_: As) -> None:
    client = as_("maintainers")
    address, pages = "/waiting/?sdk=parcels", []
    while address:
        text = text_of(client.get(address))
        pages.append(shown(text))
        further = re.search(r'<a href="([^"]+)#picks">Further</a>', text)
        address = further[1].replace("&amp;", "&") if further else ""

    assert [len(page) for page in pages] == [PER_PAGE, PER_PAGE, 1]
    assert len({name for page in pages for name in page}) == 2 * PER_PAGE + 1
    assert "Page 3 of 3" in text
    assert 'picks=2&amp;pins=1#picks">Before</a>' in text
    assert "201 releases wait" in text


@pytest.mark.slow
def test_a_refused_form_stands_on_its_page_and_leads_on(many: Sdk, as_: As) -> None:
    client = as_("maintainers")
    last = shown(text_of(client.get("/waiting/?picks=3")))[0]

    text = text_of(client.post("/waiting/bypass/", {**ASKED, "project": last, "reason": ""}))

    assert shown(text) == [last]
    assert '<details class="mx-waiting-bypass" open>' in text
    before = re.search(r'<a href="([^"]+)#picks">Before</a>', text)
    assert before is not None
    assert len(shown(text_of(client.get(before[1].replace("&amp;", "&"))))) == PER_PAGE


# --- The admin -----------------------------------------------------------------------------------
@pytest.fixture
def owner(client: Client) -> Client:
    person = a_person("olga")
    person.is_staff = person.is_superuser = True
    person.save()
    client.force_login(person)
    return client


ADD = "/admin/catalogue/sharedconstraint/add/"


def test_the_preview_names_whom_a_constraint_reaches_and_saves_nothing(
    sdk: Sdk, owner: Client
) -> None:
    a_publication(sdk)
    rules = Integration.objects.get(name="crates").rules
    rules.create(requirements="setuptools>=82")
    sent = filled(owner, ADD, sdk=sdk.pk, requirement="Setuptools <82", reason="pkg_resources")

    text = text_of(owner.post(ADD, sent | {"_preview": "1"}))

    assert "It reaches 10 environments of 2 integrations;" in text
    assert "1 dependency rule contradicts it." in text
    assert "Its dependency rule installs <code>setuptools&gt;=82</code>" in text
    assert "In force, until somebody ends it. Against publication 1" in text
    assert 'name="reason" value="pkg_resources"' in text
    assert "Please correct" not in text
    assert not SharedConstraint.objects.exists()


def test_the_preview_of_what_is_mistyped_keeps_the_form_and_says_so(
    sdk: Sdk, owner: Client
) -> None:
    sent = filled(owner, ADD, sdk=sdk.pk, requirement="setuptools=<82", reason="pkg_resources")

    answer = owner.post(ADD, sent | {"_preview": "1"})

    assert "before what is marked in the form is mended" in text_of(answer)
    assert [line.partition(":")[0] for line in mistakes(answer)] == ["requirement"]


def test_a_constraint_of_an_sdk_without_a_matrix_can_be_saved_all_the_same(
    sdk: Sdk, owner: Client
) -> None:
    sent = filled(owner, ADD, sdk=sdk.pk, requirement="setuptools<82", reason="pkg_resources")

    preview = text_of(owner.post(ADD, sent | {"_preview": "1"}))
    saved = owner.post(ADD, sent | {"_save": "1", "change_reason": "broken builds"})

    assert "whom it reaches is not known. You can still save." in preview
    assert saved.status_code == 302
    assert history_of(SharedConstraint).get().history_change_reason == "broken builds"


def test_the_list_says_where_until_when_and_how_many_environments(sdk: Sdk, owner: Client) -> None:
    a_publication(sdk)
    a_constraint(sdk, "setuptools<82", pythons=">=3.13", reason="why")
    a_constraint(sdk, "wheel<1", ends_on="2026-11-20", reason="why")
    a_constraint(sdk, "pip<99", group=sdk.groups.get(name="Paper"), reason="why")

    text = text_of(owner.get("/admin/catalogue/sharedconstraint/"))
    ended = text_of(owner.get("/admin/catalogue/sharedconstraint/?state=ended"))

    assert "parcels: every integration, Python &gt;=3.13" in text
    assert "parcels: Paper" in text
    assert "In force, until somebody ends it" in text
    assert "Ended on 20 Nov 2026" in ended
    assert "setuptools" not in ended
    reached = re.findall(r'class="field-reaches">([^<]*)<', text)
    assert reached == ["4", "5", "0"]


def test_the_admin_says_what_a_bypass_does_when_it_is_saved_and_in_the_list(
    cooling: Sdk, owner: Client
) -> None:
    add = "/admin/catalogue/cooldownbypass/add/"
    sent = filled(owner, add, sdk=cooling.pk, project="crates", version="9.9", reason="why")

    text = text_of(owner.post(add, sent, follow=True))

    assert text.count("Not on the index. The index shows no release 9.9 of crates.") == 2


def test_a_second_person_confirms_in_the_admin_too(cooling: Sdk, owner: Client) -> None:
    Sdk.objects.update(second_person_cooldown=True)
    row = a_bypass(cooling, "crates", "2.1")
    sent = {"action": "confirm_bypasses", "_selected_action": str(row.pk)}

    text = text_of(owner.post("/admin/catalogue/cooldownbypass/", sent, follow=True))

    row.refresh_from_db()
    assert "Confirmed: crates 2.1 in parcels." in text
    assert str(row.approved_by) == "olga"


def test_a_change_of_a_confirmed_bypass_asks_for_another_confirmation(
    cooling: Sdk, owner: Client
) -> None:
    Sdk.objects.update(second_person_cooldown=True)
    row = a_bypass(cooling, "crates", "2.1")
    CooldownBypass.objects.update(approved_by=a_person("ben"), approved_at=now())
    url = f"/admin/catalogue/cooldownbypass/{row.pk}/change/"

    owner.post(url, filled(owner, url, version="2.2"))

    row.refresh_from_db()
    assert (row.version, row.is_confirmed, str(row.requested_by)) == ("2.2", False, "olga")

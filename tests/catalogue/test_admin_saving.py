"""What the forms of the admin write down, and what they refuse."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from integrations.catalogue.models import DependencyRule, Group, Hold, Integration, PinnedPick, Sdk
from tests.catalogue.forms import filled, mistakes, row
from tests.catalogue.makers import (
    a_group,
    a_hold,
    a_person,
    a_pinned_pick,
    a_rule,
    an_integration,
    an_sdk,
    history_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def httpx() -> Integration:
    return an_integration(a_group(an_sdk()))


ANY = {"free_threading": "any"}  # What the form chooses already.


def form_of(thing: object) -> str:
    name = type(thing).__name__.lower()
    return reverse(f"admin:catalogue_{name}_change", args=[thing.pk])  # type: ignore[attr-defined]


def list_of(model: type) -> str:
    return reverse(f"admin:catalogue_{model.__name__.lower()}_changelist")


def test_the_history_says_who_changed_what_and_why(
    browser: Client, owner: User, httpx: Integration
) -> None:
    url = form_of(httpx)
    sent = filled(browser, url, minimum="0.16.0", change_reason="0.15 was never tested")
    sent |= row("rules", 0, ANY | {"releases": "<0.24", "requirements": "anyio<4"})

    answer = browser.post(url, sent)

    changed, rule = history_of(httpx).latest(), history_of(DependencyRule).get()
    assert answer.status_code == 302
    assert changed.history_user == rule.history_user == owner
    assert changed.history_change_reason == rule.history_change_reason == "0.15 was never tested"
    assert [change.field for change in changed.diff_against(changed.prev_record).changes] == [
        "minimum"
    ]
    assert "0.15 was never tested" in browser.get(f"{url[:-7]}history/").content.decode()


def test_a_removed_rule_keeps_the_reason_too(
    browser: Client, owner: User, httpx: Integration
) -> None:
    a_rule(httpx)
    url = form_of(httpx)

    browser.post(url, filled(browser, url, change_reason="not needed") | {"rules-0-DELETE": "on"})

    removed = history_of(DependencyRule).latest()
    assert DependencyRule.objects.count() == 0
    assert (removed.history_type, removed.history_user) == ("-", owner)
    assert removed.history_change_reason == "not needed"


def test_the_history_of_an_integration_shows_what_became_of_its_rules(
    browser: Client, httpx: Integration
) -> None:
    url = form_of(httpx)
    new = row("rules", 0, ANY | {"requirements": "anyio<4"})
    browser.post(url, filled(browser, url, change_reason="first") | new)
    browser.post(url, filled(browser, url) | {"rules-0-requirements": "anyio<5"})
    browser.post(url, filled(browser, url, change_reason="gone") | {"rules-0-DELETE": "on"})

    parts = browser.get(f"{url[:-7]}history/").context["parts"]

    assert [(part.sign, part.by, part.reason, part.changes) for part in parts] == [
        ("removed", "olga", "gone", ()),
        ("changed", "olga", "", (("requirements", "anyio<4", "anyio<5"),)),
        ("added", "olga", "first", ()),
    ]
    assert {part.kind for part in parts} == {"dependency rule"}


def test_a_rule_without_an_order_comes_last(browser: Client, httpx: Integration) -> None:
    a_rule(httpx, order=30)
    url = form_of(httpx)
    sent = filled(browser, url)
    sent |= row("rules", 2, ANY | {"order": "", "requirements": "third"})
    sent |= row("rules", 1, ANY | {"order": "", "requirements": "second"})
    sent |= {"rules-TOTAL_FORMS": "3"}

    browser.post(url, sent)

    found = {rule.requirements: rule.order for rule in httpx.rules.all()}
    assert found == {"anyio": 30, "second": 40, "third": 50}


PICK = {"version": "1.0", "reason": "many stay on it"}


def test_two_equal_pinned_picks_in_one_form_are_refused(
    browser: Client, httpx: Integration
) -> None:
    url = form_of(httpx)
    sent = filled(browser, url, minimum="0.1")
    sent |= row("pinned_picks", 0, PICK) | row("pinned_picks", 1, PICK | {"version": "1.0.0"})

    answer = browser.post(url, sent)

    httpx.refresh_from_db()
    assert mistakes(answer) == ["version: 1.0.0 is pinned twice in this form."]
    assert (httpx.minimum, PinnedPick.objects.count()) == ("", 0)


def test_a_hold_and_a_pinned_pick_that_it_matches_in_one_form_are_refused(
    browser: Client, httpx: Integration
) -> None:
    url = form_of(httpx)
    sent = filled(browser, url) | row("pinned_picks", 0, PICK)
    sent |= row("holds", 0, {"releases": "<2", "reason": "broken wheels"})

    answer = browser.post(url, sent)

    assert mistakes(answer) == ["version: 1.0 is held back in this form (broken wheels)."]
    assert (Hold.objects.count(), PinnedPick.objects.count()) == (0, 0)


def test_a_hold_over_a_pinned_pick_that_is_there_already_is_refused_in_one_form(
    browser: Client, httpx: Integration
) -> None:
    a_pinned_pick(httpx)
    url = form_of(httpx)
    sent = filled(browser, url)
    sent |= row("holds", 0, {"releases": "", "reason": "broken wheels"})

    answer = browser.post(url, sent)

    assert mistakes(answer) == ["version: 1.0 is held back in this form (broken wheels)."]


def test_a_pinned_pick_that_an_earlier_hold_matches_is_refused(
    browser: Client, httpx: Integration
) -> None:
    a_hold(project="httpx", releases="<2")
    url = form_of(httpx)

    answer = browser.post(url, filled(browser, url) | row("pinned_picks", 0, PICK))

    assert mistakes(answer) == [
        "version: 1.0 is held back (httpx <2: broken wheels). End the hold first."
    ]


def test_a_hold_that_has_ended_stands_in_nobodys_way(browser: Client, httpx: Integration) -> None:
    a_hold(project="httpx", releases="<2", ends_on="2020-01-01")
    url = form_of(httpx)

    browser.post(url, filled(browser, url) | row("pinned_picks", 0, PICK))

    assert httpx.pinned_picks.get().version == "1.0"


def test_names_that_share_factors_are_refused(browser: Client, httpx: Integration) -> None:
    an_integration(httpx.group, "openai-base")
    url = form_of(httpx)

    answer = browser.post(url, filled(browser, url, name="openai"))

    (mistake,) = mistakes(answer)
    assert mistake == (
        'name: tox would apply the lines of "openai" to "openai-base" too, whose factors include '
        "it. Rename one: openai-base."
    )


def test_a_group_of_another_sdk_is_refused(browser: Client, httpx: Integration) -> None:
    elsewhere = a_group(an_sdk("other"), "Elsewhere")
    url = form_of(httpx)

    answer = browser.post(url, filled(browser, url, group=elsewhere.pk))

    assert mistakes(answer) == ['group: "Elsewhere" is a group of another SDK.']


def test_a_form_without_an_sdk_and_a_group_says_so(browser: Client) -> None:
    url = reverse("admin:catalogue_integration_add")

    answer = browser.post(url, filled(browser, url) | row("pinned_picks", 0, PICK))

    assert [text for text in mistakes(answer) if text.startswith(("sdk", "group"))] == [
        "sdk: This field is required.",
        "group: This field is required.",
    ]


def test_every_mistake_of_a_frame_is_shown(browser: Client, httpx: Integration) -> None:
    url = form_of(httpx.sdk)
    frame = "[tox]\n# BEGIN GENERATED: envlist\n# BEGIN GENERATED: deps\n"

    answer = browser.post(url, filled(browser, url, frame=frame))

    assert len([text for text in mistakes(answer) if text.startswith("frame: ")]) > 1
    assert Sdk.objects.get().frame == ""


def test_an_empty_frame_stands_for_the_default(browser: Client, httpx: Integration) -> None:
    url = form_of(httpx.sdk)

    browser.post(url, filled(browser, url, frame=" \r\n "))

    assert Sdk.objects.get().frame == ""


def test_a_group_that_is_in_use_cannot_be_removed_with_the_form_of_its_sdk(
    browser: Client, httpx: Integration
) -> None:
    url = form_of(httpx.sdk)

    answer = browser.post(url, filled(browser, url) | {"groups-0-DELETE": "on"})

    assert Group.objects.count() == 1
    (mistake,) = mistakes(answer)
    assert mistake == (
        "Deleting group Network would require deleting the following protected related objects: "
        "integration httpx"
    )


def test_the_page_that_deletes_a_group_in_use_names_its_integrations(
    browser: Client, httpx: Integration
) -> None:
    url = reverse("admin:catalogue_group_delete", args=[httpx.group_id])

    text = browser.get(url).content.decode()
    browser.post(url, {"post": "yes"})

    assert "would require deleting the following protected related objects" in text
    assert Group.objects.count() == 1


def test_an_sdk_goes_with_everything_that_belongs_to_it(
    browser: Client, httpx: Integration
) -> None:
    url = reverse("admin:catalogue_sdk_delete", args=[httpx.sdk_id])

    browser.post(url, {"post": "yes"})

    assert (Sdk.objects.count(), Group.objects.count(), Integration.objects.count()) == (0, 0, 0)


# --- Actions -------------------------------------------------------------------------------------


def act(browser: Client, action: str, *rows: Hold | Integration | PinnedPick) -> list[str]:
    browser.get(list_of(type(rows[0])))  # Shows what earlier pages had to say.
    answer = browser.post(
        list_of(type(rows[0])),
        {"action": action, "_selected_action": [each.pk for each in rows]},
        follow=True,
    )
    return [str(message) for message in answer.context["messages"]]


def test_pausing_writes_history(browser: Client, owner: User, httpx: Integration) -> None:
    flask = an_integration(httpx.group, "flask", is_paused=True)

    said = act(browser, "pause", httpx, flask)

    httpx.refresh_from_db()
    latest = history_of(httpx).latest()
    assert said == ["1 integration paused."]
    assert httpx.is_paused
    assert (latest.history_user, latest.history_change_reason) == (owner, "paused in the list")
    assert history_of(flask).count() == 1
    assert act(browser, "resume", httpx, flask) == ["2 integrations resumed."]


def test_viewers_cannot_pause(client: Client, httpx: Integration) -> None:
    client.force_login(a_person("vera", "view_integration"))

    act(client, "pause", httpx)

    httpx.refresh_from_db()
    assert not httpx.is_paused


def ask_for_a_bypass(browser: Client, integration: Integration) -> PinnedPick:
    url = form_of(integration)
    pick = PICK | {"skips_cooldown": "on"}
    browser.post(url, filled(browser, url) | row("pinned_picks", 0, pick))
    return integration.pinned_picks.get()


def test_who_asks_for_a_bypass_cannot_confirm_it(
    browser: Client, owner: User, httpx: Integration
) -> None:
    pick = ask_for_a_bypass(browser, httpx)

    said = act(browser, "confirm_bypasses", pick)

    pick.refresh_from_db()
    assert pick.requested_by == owner
    assert said == ["You asked for httpx 1.0: somebody else must confirm it."]
    assert not pick.is_confirmed


def test_a_second_person_confirms_a_bypass_once(browser: Client, httpx: Integration) -> None:
    pick = ask_for_a_bypass(browser, httpx)
    ben = a_person("ben", "change_pinnedpick", "view_pinnedpick")
    browser.force_login(ben)

    said = act(browser, "confirm_bypasses", pick) + act(browser, "confirm_bypasses", pick)

    pick.refresh_from_db()
    assert said == ["Confirmed: httpx 1.0.", "httpx 1.0 is confirmed already, by ben."]
    assert (pick.approved_by, pick.is_confirmed) == (ben, True)
    assert history_of(pick).latest().history_change_reason == "confirmed by a second person"


def test_a_changed_pick_asks_for_a_new_confirmation(browser: Client, httpx: Integration) -> None:
    pick = ask_for_a_bypass(browser, httpx)
    browser.force_login(a_person("ben", "change_pinnedpick", "view_pinnedpick"))
    act(browser, "confirm_bypasses", pick)
    url = form_of(pick)

    browser.post(url, filled(browser, url, reason="said better"))
    kept = PinnedPick.objects.get().is_confirmed
    browser.post(url, filled(browser, url, version="1.1"))

    changed = PinnedPick.objects.get()
    assert kept
    assert (changed.version, changed.is_confirmed) == ("1.1", False)
    assert str(changed.requested_by) == "ben"


def test_a_pick_that_waits_as_all_others_needs_no_confirmation(
    browser: Client, httpx: Integration
) -> None:
    assert act(browser, "confirm_bypasses", a_pinned_pick(httpx)) == [
        "httpx 1.0 needs no second person."
    ]


# --- Holds ----------------------------------------------------------------------------------------


HOLD = {"project": "httpx", "releases": ">=2", "reason": "broken wheels"}
HOLDS = ("add_hold", "change_hold", "delete_hold", "view_hold", "view_integration")


def test_maintainers_hold_in_an_sdk_but_not_everywhere(client: Client, httpx: Integration) -> None:
    client.force_login(a_person("mia", *HOLDS))
    url = reverse("admin:catalogue_hold_add")

    refused = client.post(url, filled(client, url, **HOLD))
    client.post(url, filled(client, url, **HOLD, sdk=httpx.sdk_id))

    assert mistakes(refused) == [
        "__all__: Name an SDK or an integration: only owners may hold releases everywhere."
    ]
    assert Hold.objects.get().sdk == httpx.sdk


def test_maintainers_neither_change_nor_delete_a_hold_everywhere(client: Client) -> None:
    hold = a_hold(**HOLD)
    client.force_login(a_person("mia", *HOLDS))

    changed = client.post(form_of(hold), {**HOLD, "reason": "other"})
    deleted = client.post(reverse("admin:catalogue_hold_delete", args=[hold.pk]), {"post": "yes"})
    client.post(
        list_of(Hold), {"action": "delete_selected", "_selected_action": hold.pk, "post": "yes"}
    )

    assert (changed.status_code, deleted.status_code) == (403, 403)
    assert Hold.objects.get().reason == "broken wheels"


def test_owners_hold_everywhere_and_a_second_owner_confirms(browser: Client, owner: User) -> None:
    url = reverse("admin:catalogue_hold_add")
    browser.post(url, filled(browser, url, **HOLD))
    hold = Hold.objects.get()

    own = act(browser, "confirm_holds", hold)
    browser.force_login(a_person("ben", "view_hold", "hold_everywhere"))
    other = act(browser, "confirm_holds", hold)

    hold.refresh_from_db()
    assert hold.requested_by == owner
    assert own == ["You asked for httpx >=2: broken wheels: somebody else must confirm it."]
    assert other == ["Confirmed: httpx >=2: broken wheels."]
    assert str(hold.approved_by) == "ben"


def test_a_new_hold_says_which_pinned_picks_it_keeps_out(
    browser: Client, httpx: Integration
) -> None:
    a_pinned_pick(httpx, "2.1")
    url = reverse("admin:catalogue_hold_add")

    answer = browser.post(url, filled(browser, url, **HOLD), follow=True)

    said = [str(message) for message in answer.context["messages"]]
    assert "This hold keeps out what is pinned: httpx 2.1. The hold wins." in said

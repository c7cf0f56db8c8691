"""The form of an integration with its preview: live, by a button, and never saved by it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from pytest_django import Settings

from integrations.catalogue.models import DependencyRule, Integration, PinnedPick, Sdk
from integrations.index.models import Poll
from matrix.sdk.learning import AGAIN_AFTER, ask_about, forget_questions, learn
from portal import tasks
from portal.home.previews import Panel, ask
from tests.catalogue.forms import filled, mistakes, row
from tests.catalogue.makers import a_hold, a_pinned_pick, an_integration, an_owner, history_of
from tests.preview.makers import NOW, VERSIONS
from tests.support.small_index import SmallIndex

As = Callable[..., Client]
pytestmark = pytest.mark.django_db
RULE = {"free_threading": "any", "releases": "<2", "requirements": "anyio<4"}


@pytest.fixture
def crates(sdk: Sdk) -> Integration:
    return an_integration(sdk.groups.get(), "crates")


@pytest.fixture
def ana(as_: As) -> Client:
    return as_("maintainers")


def form_of(integration: Integration) -> str:
    return reverse("admin:catalogue_integration_change", args=[integration.pk])


def live(integration: Integration) -> str:
    return reverse("admin:catalogue_integration_preview", args=[integration.pk])


def previewed(client: Client, integration: Integration, **changes: object) -> Any:
    """Press "Preview" on the form, with other values in some fields."""
    url = form_of(integration)
    return client.post(
        url, filled(client, url, _preview="1") | {k: str(v) for k, v in changes.items()}
    )


def panel_in(response: Any) -> Panel:
    panel: Panel = response.context["panel"]
    return panel


def test_the_form_shows_what_is_saved(crates: Integration, facts: None, ana: Client) -> None:
    page = ana.get(form_of(crates))

    assert panel_in(page).state == "fresh"
    text = page.content.decode()
    assert "No changes. 5 rows checked." in text
    assert "index as of" in text
    assert "Mon 2 Mar, 03:23 UTC" in text
    assert "Not checked: whether environments resolve and tests pass." in text


def test_the_button_gives_the_form_back_with_a_preview_and_saves_nothing(
    crates: Integration, facts: None, ana: Client
) -> None:
    sent = row("rules", 0, RULE) | {"include": "<3", "change_reason": "4 is near"}

    with CaptureQueriesContext(connection) as captured:
        page = previewed(ana, crates, **sent)

    text = page.content.decode()
    # Constraints are tried between savepoints where a transaction is open, as in tests.
    verbs = {query["sql"].split()[0] for query in captured}
    assert verbs == {"SELECT", "SAVEPOINT", "RELEASE"}
    assert mistakes(page) == []
    assert 'value="&lt;3"' in text
    assert 'value="4 is near"' in text
    assert "anyio&lt;4" in text
    assert "With this change: 0 rows to add, 2 to remove, 0 to change; 1 rule to change." in text
    crates.refresh_from_db()
    assert (crates.include, DependencyRule.objects.count()) == ("", 0)
    assert history_of(crates).count() == 1
    assert history_of(DependencyRule).count() == 0


def test_script_is_answered_with_the_panel_alone(
    crates: Integration, facts: None, ana: Client
) -> None:
    sent = filled(ana, form_of(crates), include=">=2,<3", _preview="1")

    page = ana.post(live(crates), sent)

    text = page.content.decode()
    assert 'data-state="fresh" data-status="Up to date" data-tally="+1 -4 ~0 rows"' in text
    assert "<html" not in text
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        pytest.param(
            {"include": "=>2"},
            "Out of date: fix Releases to consider",
            '"=>2" is not a specifier. Did you mean ">=2"?',
            id="a field",
        ),
        pytest.param(
            row("rules", 0, RULE | {"releases": "=>2", "requirements": "=="}),
            "Out of date: fix Dependency rule 1: Releases, Dependency rule 1: Requirements",
            '"=>2" is not a specifier. Did you mean ">=2"?',
            id="two fields of a table",
        ),
        pytest.param(
            {"tests_exact_minimum": "on"},
            "Out of date: fix the form",
            "To test the exact minimum, name a minimum version.",
            id="fields that do not fit each other",
        ),
        pytest.param(
            {"name": "1" * 5000, "minimum": "9" * 5000, "include": ">=" + "1" * 5000},
            "Out of date: fix Name, Minimum version, Releases to consider",
            "Ensure this value has at most",
            id="what no parser should be given",
        ),
    ],
)
@pytest.mark.usefixtures("facts")
def test_mistakes_are_those_of_saving_and_name_the_field(
    changes: dict[str, str], status: str, text: str, crates: Integration, ana: Client
) -> None:
    page = previewed(ana, crates, **changes)
    saved = ana.post(form_of(crates), filled(ana, form_of(crates)) | changes)

    panel = panel_in(page)
    assert (panel.state, panel.status) == ("invalid", status)
    assert text in " ".join(mistake.text for mistake in panel.mistakes)
    assert mistakes(page) == mistakes(saved)
    assert panel_in(saved).status == status


def test_the_preview_of_a_changed_bypass_has_lost_its_approval(
    sdk: Sdk, index: SmallIndex, ana: Client
) -> None:
    yesterday = (now() - timedelta(days=1)).isoformat()
    index.add("labels", "1.0", "1.1", uploaded_at=yesterday)
    labels = an_integration(sdk.groups.get(), "labels")
    learn(ask(sdk, "labels", at=now()), "labels", [], at=now())
    Sdk.objects.update(second_person_cooldown=True)
    pick = a_pinned_pick(labels, "1.0", skips_cooldown=True)
    PinnedPick.objects.filter(pk=pick.pk).update(approved_by=an_owner(), approved_at=NOW)

    kept = previewed(ana, labels, minimum="0.5")
    changed = previewed(ana, labels, **{"pinned_picks-0-version": "1.1"})

    assert (panel_in(kept).tally, panel_in(changed).tally) == ("+0 -0 ~0 rows", "+0 -1 ~0 rows")


# --- Who may -------------------------------------------------------------------------------------
def test_a_preview_needs_a_login_a_permission_a_token_and_a_post(
    crates: Integration, facts: None, as_: As, client: Client
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(an_owner())
    sent = {"_preview": "1"}

    assert client.post(live(crates), sent)["Location"].startswith("/admin/login/")
    assert as_("viewers").post(live(crates), sent).status_code == 403
    assert as_("reviewers").post(form_of(crates), sent).status_code == 403
    assert strict.post(live(crates), sent).status_code == 403
    assert as_("maintainers").get(live(crates)).status_code == 405


def test_viewers_see_what_is_saved(crates: Integration, facts: None, as_: As) -> None:
    assert panel_in(as_("viewers").get(form_of(crates))).state == "fresh"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param({}, 404, id="no form at all"),
        pytest.param({"_preview": "1"}, 200, id="a form without tables"),
        pytest.param({"_preview": "1", "rules-TOTAL_FORMS": "x"}, 200, id="a table of no length"),
        pytest.param({"_preview": "1", "rules-TOTAL_FORMS": "201"}, 400, id="a long table"),
        pytest.param({"_preview": "1", "holds-TOTAL_FORMS": "9" * 5000}, 400, id="no number"),
    ],
)
def test_rubbish_is_answered(
    sent: dict[str, str], status: int, crates: Integration, facts: None, ana: Client
) -> None:
    assert ana.post(live(crates), sent).status_code == status


def test_an_integration_that_is_gone_has_no_preview(crates: Integration, ana: Client) -> None:
    url = live(crates)
    crates.delete()

    assert ana.post(url, {"_preview": "1"}).status_code == 404


# --- Facts that lack -----------------------------------------------------------------------------
def queued() -> list[tuple[str, tuple[Any, ...]]]:
    found: list[Any] = [SignedPackage.loads(each.payload) for each in OrmQ.objects.order_by("pk")]
    return [(task["func"], task["args"]) for task in found]


def test_a_project_that_was_never_read_is_asked_for_by_a_worker(
    crates: Integration, ana: Client, django_capture_on_commit_callbacks: Any
) -> None:
    first = previewed(ana, crates, include=">=2")
    assert (panel_in(first).state, panel_in(first).status) == ("unknown", "Cannot preview")
    assert "You can still save" in first.content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        asked = previewed(ana, crates, include=">=2", _ask="1")
        again = previewed(ana, crates, include=">=2", _ask="1")
    assert [panel_in(page).state for page in (asked, again)] == ["asking", "asking"]
    assert "No worker has been seen yet" in asked.content.decode()
    ((name, arguments),) = queued()
    assert (name, arguments[1:]) == ("portal.tasks.ask_index", ("crates", []))

    assert tasks.ask_index(*arguments) == "crates has been read."
    assert tasks.ask_index(*arguments) == "crates has been read already."
    answered = previewed(ana, crates, include=">=2")
    assert panel_in(answered).state == "fresh"
    crates.refresh_from_db()
    assert crates.include == ""


def test_what_the_index_refused_is_told_beside_the_next_preview(
    crates: Integration, index: SmallIndex, ana: Client
) -> None:
    index.broken["/simple/crates/"] = 403
    learn(ask(crates.sdk, "crates", at=now()), "crates", [], at=now())

    page = previewed(ana, crates)

    assert panel_in(page).state == "unknown"
    assert "403" in panel_in(page).answer.problem  # type: ignore[union-attr]
    assert "Ask the index about crates" in page.content.decode()


def test_a_question_that_nobody_answered_is_said_to_be_one(
    crates: Integration, ana: Client
) -> None:
    ask(crates.sdk, "crates", at=now() - AGAIN_AFTER - timedelta(seconds=1))

    page = previewed(ana, crates)

    assert panel_in(page).state == "unknown"
    assert "Nobody answered" in page.content.decode()
    assert "No worker has been seen yet" in page.content.decode()


def test_questions_do_not_push_whole_polls_out(sdk: Sdk, facts: None) -> None:
    for number in range(8):
        question, is_new = ask_about(sdk, "crates", at=NOW)
        assert is_new
        learn(question.pk, "crates", list(VERSIONS[:number]), at=NOW)
    forget_questions(question.index)

    assert Poll.objects.count() == 5


# --- The page as a whole -------------------------------------------------------------------------
def test_holds_of_others_and_notes_are_shown(crates: Integration, facts: None, ana: Client) -> None:
    a_hold(integration=crates, releases="==9", reason="nothing")

    text = ana.get(form_of(crates)).content.decode()

    assert "Hold 1 matches no known release." in text
    assert 'href="#id_holds-0-releases"' in text


def test_a_popup_has_no_preview(crates: Integration, facts: None, ana: Client) -> None:
    text = ana.get(f"{form_of(crates)}?_popup=1").content.decode()

    assert "data-preview" not in text


def test_saving_still_saves(
    crates: Integration, facts: None, ana: Client, settings: Settings
) -> None:
    url = form_of(crates)

    answer = ana.post(url, filled(ana, url, include="<3"))

    crates.refresh_from_db()
    assert (answer.status_code, crates.include) == (302, "<3")

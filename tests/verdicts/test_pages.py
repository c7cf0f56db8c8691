"""The pages of an integration, of a release, of the look-up and of the guide."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from integrations.catalogue.models import Hold, Integration, PinnedPick, Sdk
from integrations.index.models import Poll, Release
from matrix.review.models import Assessment, Proposal, Run, VerdictChange
from matrix.rules.guidance import GUIDE
from portal.home.verdict_page import PER_PAGE
from tests.pages.conftest import Open, text_of
from tests.pages.makers import AT, a_publication, an_integration, an_sdk, run
from tests.support.small_index import SmallIndex

As = Callable[..., Client]
Capture = Callable[..., AbstractContextManager[object]]
PAGE = "/sdks/parcels/integrations/crates/"


def words(page: str) -> str:
    """The text of the content, in one line, with plain dashes."""
    content = page.split('id="content"', 1)[1].replace("\N{EN DASH}", "-")
    content = re.sub(r"<(script|svg).*?</\1>", " ", content, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", content)))
    return text.replace(" .", ".").replace("( ", "(").replace(" )", ")")


SENTENCES = {
    "2.1": ("Picked - latest; highest of major 2 (latest).", "No action needed"),
    "1.0": ("Not picked - older than 1.0.1 (newest patch).", "No action needed"),
    "0.9": ("Not picked - below 1.0 (minimum version).", "A maintainer"),
    "2.2": ("Not picked - yanked: breaks on import (available).", "Whoever publishes"),
    "3.0rc1": ("Picked - prerelease 3.0rc1 above 2.1 (prerelease).", "No action needed"),
}


def test_the_first_sentence_has_the_verdict_the_fact_and_the_rule(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    run(sdk)
    client = as_("viewers")

    for version, (sentence, turn) in SENTENCES.items():
        text = words(opened(client, f"{PAGE}{version}/"))
        places = [text.index(one) for one in (turn, sentence, "Checks, in the order they run")]
        assert places == sorted(places)


def test_what_would_change_it_follows_and_is_true(sdk: Sdk, as_: As, opened: Open) -> None:
    run(sdk)
    client = as_("viewers")

    before = words(opened(client, f"{PAGE}0.9/"))
    Integration.objects.update(minimum="0.9")
    run(sdk)
    after = words(opened(client, f"{PAGE}0.9/"))

    assert "Would be picked if the minimum is lowered to 0.9" in before
    assert "Would be picked if it becomes a pinned pick" in before
    assert "Not picked - below 1.0" in before
    assert "Picked - lowest" in after


def test_a_hold_says_who_is_waited_for_and_that_the_last_run_said_something_else(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    run(sdk)
    Hold.objects.create(
        integration=Integration.objects.get(), releases="==2.1", reason="slow", owner="ben"
    )

    text = words(opened(as_("viewers"), f"{PAGE}2.1/"))

    assert "On hold - slow" in text
    assert "Waits for ben" in text
    assert "Would be picked if the hold “slow” ends." in text
    assert "said something else: Picked - latest; highest of major 2." in text


def test_a_cooldown_is_waited_for_and_a_pin_skips_checks(
    sdk: Sdk, as_: As, opened: Open, index: SmallIndex
) -> None:
    index.add("crates", "2.3", uploaded_at="2100-01-01T00:00:00Z")
    run(sdk)
    PinnedPick.objects.create(
        integration=Integration.objects.get(), version="1.0", reason="customers run it"
    )
    client = as_("viewers")

    waiting = words(opened(client, f"{PAGE}2.3/"))
    assert "Waiting - uploaded 2100-01-01" in waiting
    assert "Would be picked if nothing else changes until 1 Jan 2100" in waiting
    pinned = words(opened(client, f"{PAGE}1.0/"))
    assert "Unknown - the metadata of 1.0 was not read yet" in pinned
    run(sdk)
    pinned = words(opened(client, f"{PAGE}1.0/"))
    assert "Picked - pinned: customers run it (pinned)." in pinned
    assert "Skipped pinned pick: older than 1.0.1" in pinned


def test_what_became_old_enough_since_the_last_poll_leaves_the_answer_of_that_poll(
    sdk: Sdk, as_: As, opened: Open, index: SmallIndex
) -> None:
    """Nobody has read its metadata, and all the others need not be unknown because of it."""
    Sdk.objects.update(cooldown_days=2)
    index.add("crates", "2.3", uploaded_at="2026-11-15T06:00:00Z")
    run(sdk)
    Release.objects.filter(version="2.3").delete()

    page = opened(as_("viewers"), f"{PAGE}2.1/")
    waiting = opened(as_("reviewers"), f"{PAGE}2.3/")

    assert "Picked - latest; highest of major 2" in words(page)
    assert "As of the last poll, Mon 16 Nov, 06:00 UTC" in words(page)
    assert "Waiting - 1 day old (needs 2) (cooldown)." in words(waiting)


def test_without_facts_a_release_is_unknown_and_never_drawn_as_good(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    run(sdk)
    Integration.objects.update(minimum="")
    Release.objects.all().delete()

    page = opened(as_("maintainers"), f"{PAGE}2.1/")

    assert "Unknown - the metadata of" in words(page)
    assert 'mx-badge-unknown">Unknown?' in page
    assert 'mx-badge-picked">' not in page
    assert "Waits for the next poll" in words(page)
    assert ">Ask the index now</button>" in page


def test_the_index_can_be_asked_for_what_lacks(
    sdk: Sdk, as_: As, django_capture_on_commit_callbacks: Capture
) -> None:
    run(sdk)
    Release.objects.all().delete()

    with django_capture_on_commit_callbacks(execute=True):
        answer = as_("maintainers").post(f"{PAGE}read/", {"release": "2.1"}, follow=True)
    refused = as_("viewers").post(f"{PAGE}read/")

    (question,) = Poll.objects.filter(finished_at=None)
    assert question.outcomes.get().project == "crates"
    assert OrmQ.objects.count() == 1
    assert answer.redirect_chain[-1][0] == f"{PAGE}2.1/"
    assert "The index is asked about crates." in text_of(answer)
    assert refused.status_code == 403


def test_a_release_has_one_address_however_it_is_spelled(sdk: Sdk, as_: As) -> None:
    run(sdk)
    client = as_("viewers")

    assert client.get(f"{PAGE}v1.1.0/").headers["Location"] == f"{PAGE}1.1/"
    for path, sentence in (
        (f"{PAGE}9.9/", "The index has no release 9.9 of crates"),
        (f"{PAGE}newest/", "“newest” is not a version."),
        ("/sdks/parcels/integrations/nuts/", "parcels has no integration named nuts."),
    ):
        assert sentence in text_of(client.get(path), 404)


def test_pages_ask_for_a_login(client: Client, sdk: Sdk) -> None:
    for path in (PAGE, f"{PAGE}1.0/", "/look-up/", "/guide/"):
        assert client.get(path).headers["Location"].startswith("/login/")


# --- All releases --------------------------------------------------------------------------------
def shown(page: str) -> list[str]:
    table = page.split('<h2 id="releases">')[1].split("</section>", maxsplit=1)[0]
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', table)


FINALS = ["2.2", "2.1", "2.0", "1.1", "1.0.1", "1.0", "0.9"]
FILTERED = {
    "": FINALS,
    "?kind=prereleases": ["3.0rc1"],
    "?verdict=picked": ["2.1", "1.1", "1.0.1"],
    "?verdict=not-picked&q=older": ["1.0"],
    "?q=1.0": ["1.0.1", "1.0", "0.9"],
    "?kind=x&verdict=x&page=x": FINALS,
}


def test_the_table_is_filtered_newest_first_with_prereleases_apart(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    run(sdk)
    client = as_("viewers")

    assert {query: shown(opened(client, PAGE + query)) for query in FILTERED} == FILTERED
    assert "The filter hides all 7." in words(opened(client, f"{PAGE}?q=nowhere"))


def test_an_integration_that_was_never_polled_says_so(sdk: Sdk, as_: As, opened: Open) -> None:
    text = words(opened(as_("viewers"), PAGE))

    assert "The index page of crates was never read. Poll the index." in text
    assert "No run has covered it yet." in text
    assert "The picture is empty" in text


def test_only_who_may_edit_is_led_to_the_forms(sdk: Sdk, as_: As, opened: Open) -> None:
    run(sdk)
    editor = as_("maintainers")
    User.objects.filter(username="maintainers").update(is_staff=True)

    assert "Edit crates" in opened(editor, PAGE)
    assert "?integration=" in opened(editor, f"{PAGE}2.1/")
    assert "Edit crates" not in opened(as_("viewers"), PAGE)


def test_the_picture_has_a_name_for_each_release(sdk: Sdk, as_: As, opened: Open) -> None:
    run(sdk)

    page = opened(as_("viewers"), f"{PAGE}2.1/")

    assert page.count('<a href="' + PAGE) >= 8
    assert 'aria-label="2.1: Picked, 13 Nov 2026" aria-current="page"' in page
    assert 'aria-label="2.2: Not picked, yanked: breaks on import, 5 Feb 2026"' in page


# --- The look-up ---------------------------------------------------------------------------------
def test_the_look_up_leads_to_the_page_that_answers(sdk: Sdk, as_: As) -> None:
    run(sdk)
    client = as_("viewers")

    def target(query: str) -> str:
        return client.get(f"/look-up/?{query}").headers["Location"]

    assert target("package=Crates&release=v1.0.0") == f"{PAGE}1.0/"
    assert target("package=crates&release=3.0-RC1") == f"{PAGE}3.0rc1/"
    assert target("package=crates&release=") == PAGE


HELP = [
    ("", "A package is named as on the index"),
    ("package=crate", "No integration tests a package named “crate”. Spelled alike: crates"),
    ("package=crates&release=newest", "“newest” is not a version."),
    ("package=crates&release=1.5", "The index has no release 1.5 of crates"),
    ("package=crates&release=1.5", "Releases near it: 1.0 1.0.1 1.1 2.0 2.1 2.2"),
]


def test_a_look_up_that_finds_nothing_helps_on(sdk: Sdk, as_: As, opened: Open) -> None:
    run(sdk)
    client = as_("viewers")

    for query, expected in HELP:
        assert expected in words(opened(client, f"/look-up/?{query}"))


def test_several_integrations_of_a_package_are_listed(sdk: Sdk, as_: As, opened: Open) -> None:
    run(sdk)
    an_integration(an_sdk(sdk.index_url, "letters", name="Letters"), "crates")

    page = opened(as_("viewers"), "/look-up/?package=crates&release=2.0")

    assert "2 integrations test crates" in page
    assert 'href="/sdks/letters/integrations/crates/2.0/"' in page
    assert f'href="{PAGE}2.0/"' in page


def test_the_guide_has_what_every_reason_line_links_to(sdk: Sdk, as_: As, opened: Open) -> None:
    run(sdk)
    client = as_("viewers")

    guide = opened(client, "/guide/")
    linked = set(re.findall(r'href="/guide/#([^"]+)"', opened(client, f"{PAGE}2.1/")))

    for entry in GUIDE.values():
        assert f'<h3 id="{entry.anchor}">' in guide
    assert linked
    assert linked <= {entry.anchor for entry in GUIDE.values()}


def test_a_row_that_goes_is_never_called_picked(sdk: Sdk, as_: As, opened: Open) -> None:
    """A prerelease is picked as one, and kept out as one, under the same name."""
    a_publication(sdk)
    Integration.objects.update(prereleases="never")
    run(sdk)

    page = words(opened(as_("viewers"), f"/proposals/{Proposal.objects.latest('pk').number}/"))

    assert "Not picked - prereleases are not tested" in page


# --- Queries -------------------------------------------------------------------------------------
QUERIES = {PAGE: 19, f"{PAGE}1.0/": 27, "/look-up/?package=crates&release=9": 9}


@pytest.mark.slow
@pytest.mark.parametrize("releases", [10, 1000])
def test_a_page_takes_as_many_queries_however_many_releases_there_are(
    releases: int, sdk: Sdk, index: SmallIndex, as_: As
) -> None:
    index.add("crates", *(f"1.{n}" for n in range(2, releases)))
    publication = a_publication(sdk)
    runs = Run.objects.bulk_create(
        Run(
            channel=publication.channel,
            kind="scheduled",
            intended_at=AT + timedelta(days=n),
            as_of=AT + timedelta(days=n),
            status="finished",
            attempts=1,
            started_at=AT,
            finished_at=AT,
            outcome="Nothing differs.",
        )
        for n in range(1, releases // 10)
    )
    VerdictChange.objects.bulk_create(
        VerdictChange(
            channel=publication.channel,
            part="crates",
            release="1.0",
            run=one,
            before="held",
            now="older patch",
            changed_at=one.as_of,
        )
        for one in runs
    )
    client = as_("viewers")

    counts = {}
    for path in QUERIES:
        with CaptureQueriesContext(connection) as captured:
            page = text_of(client.get(path))
        counts[path] = len(captured)

    assert counts == QUERIES
    assert len(shown(text_of(client.get(PAGE)))) <= PER_PAGE
    assert page
    assert Assessment.objects.count() == 2

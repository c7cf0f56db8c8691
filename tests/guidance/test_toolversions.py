"""The versions of tools: polled with everything else, and only what may be taken."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from integrations.catalogue.models import Hold
from integrations.index.address import default_index_url
from integrations.index.models import Index, Poll, PollOutcome
from portal import tasks
from portal.guidance.generating.facts import CHECKED
from portal.guidance.toolversions import TOOLS, newest_releases, tool_versions
from tests.guidance.makers import an_application
from tests.sdk import makers
from tests.support.wheels import WheelIndex

pytestmark = pytest.mark.django_db
AS_OF = datetime(2026, 2, 1, tzinfo=UTC)


def a_hold(project: str, releases: str, **values: Any) -> None:
    hold = Hold(project=project, releases=releases, reason="compromised", **values)
    hold.full_clean()
    hold.save()


def polled() -> Index:
    tasks.poll_indexes()
    return Index.objects.get(url=default_index_url())


def test_the_nightly_poll_asks_once_for_tools_and_for_what_sdks_test(index: WheelIndex) -> None:
    index.add("uv", "0.14.0")
    index.add("httpx", "0.28.0")
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")
    makers.an_integration(sdk, "uv")

    sentence = tasks.poll_indexes()

    assert Poll.objects.count() == 1
    assert index.paths.count("/simple/uv/") == 1
    assert index.paths.count("/simple/httpx/") == 1
    asked = set(PollOutcome.objects.values_list("project", flat=True))
    assert asked == {"httpx", *TOOLS}
    assert sentence == f"{len(asked)} projects of 1 index polled, {len(TOOLS) - 1} failed."
    lacking = PollOutcome.objects.get(project="poetry")
    assert lacking.state == "failed"
    assert lacking.reason


def test_each_index_that_an_application_names_is_asked_too(index: WheelIndex) -> None:
    with WheelIndex() as other:
        other.add("poetry", "3.0")
        an_application("own", index_url=other.url)
        an_application("same", index_url=index.url)

        tasks.poll_indexes()

        assert other.paths.count("/simple/poetry/") == 1
        found = Index.objects.get(url=other.url)
        assert tool_versions(found, "3.13", as_of=AS_OF)["poetry"].version == "3.0"
    assert Poll.objects.count() == 2


def test_what_is_held_everywhere_is_looked_at_on_each_index(index: WheelIndex) -> None:
    """Else a release that comes after the first look would slip into the next lock."""
    a_hold("RSfoo", ">=2")

    tasks.poll_indexes()

    assert "/simple/rsfoo/" in index.paths


def test_the_command_polls_everything_where_no_sdk_is_named(index: WheelIndex) -> None:
    for name in TOOLS:
        index.add(name, "1.0")
    out = StringIO()

    call_command("poll", stdout=out)

    assert out.getvalue() == f"{len(TOOLS)} projects: {len(TOOLS)} read, 0 unchanged, 0 failed.\n"
    index.broken["/simple/uv/"] = 403
    with pytest.raises(CommandError, match=r"1 of \d projects could not be read:\n  uv: .*403"):
        call_command("poll", stdout=StringIO())
    with pytest.raises(CommandError, match="--index-url is for one SDK"):
        call_command("poll", "--index-url", index.url)


def test_the_newest_release_is_taken_that_may_be_and_each_other_is_told(index: WheelIndex) -> None:
    index.add("uv", "0.14.0", requires_python=">=3.8", uploaded_at="2026-01-05T12:00:00Z")
    index.add("uv", "0.14.1", requires_python=">=3.8", yanked=True)
    index.add("uv", "0.15.0", requires_python=">=3.8", uploaded_at="2026-01-06T12:00:00Z")
    index.add("uv", "0.16.0", requires_python=">=3.8", uploaded_at="2026-01-30T12:00:00Z")
    index.add("uv", "0.17.0", requires_python=">=3.14", uploaded_at="2026-01-05T12:00:00Z")
    index.add("uv", "0.18.0rc1", requires_python=">=3.8", uploaded_at="2026-01-05T12:00:00Z")
    a_hold("uv", "==0.15.0")

    found = polled()
    newest = tool_versions(found, "3.13", as_of=AS_OF, cooldown_days=7)["uv"]

    assert (newest.version, newest.source) == ("0.14.0", "polled")
    assert newest.refused == ("0.17.0",)
    assert newest.waiting == ("0.16.0",)
    assert newest.held == ("0.15.0",)
    assert newest.tried == CHECKED["uv"]
    assert tool_versions(found, "3.13", as_of=AS_OF)["uv"].version == "0.16.0"
    assert tool_versions(found, "3.14", as_of=AS_OF)["uv"].version == "0.17.0"
    assert newest_releases(found, as_of=AS_OF) == {"uv": "0.17.0"}


@pytest.mark.parametrize(
    ("values", "version"),
    [
        pytest.param({"ends_on": AS_OF.date()}, "0.15.0", id="ended"),
        pytest.param({"starts_on": AS_OF.date() + timedelta(days=1)}, "0.15.0", id="to come"),
        pytest.param({}, "0.14.0", id="in force"),
    ],
)
def test_only_holds_in_force_keep_a_tool_out(
    values: dict[str, Any], version: str, index: WheelIndex
) -> None:
    index.add("uv", "0.14.0")
    index.add("uv", "0.15.0")
    a_hold("uv", "==0.15.0", **values)

    assert tool_versions(polled(), "3.13", as_of=AS_OF)["uv"].version == version


def test_a_published_lock_of_the_tool_goes_before_the_index(index: WheelIndex) -> None:
    index.add("poetry", "3.0")

    found = tool_versions(polled(), "3.13", as_of=AS_OF, locked={"poetry": "2.9"})["poetry"]

    assert (found.version, found.source) == ("2.9", "locked")


def test_without_an_index_it_is_what_was_tried_unless_that_is_held() -> None:
    versions = tool_versions(None, "3.13", as_of=AS_OF)
    assert {name: one.version for name, one in versions.items()} == CHECKED
    assert {one.source for one in versions.values()} == {"tried"}
    assert versions["uv"].tried == ""

    a_hold("uv", f"=={CHECKED['uv']}")

    assert tool_versions(None, "3.13", as_of=AS_OF)["uv"].version == ""

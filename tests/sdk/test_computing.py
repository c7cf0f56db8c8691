import json
from datetime import date

import pytest

from integrations.catalogue.models import Sdk
from matrix.review.models import Assessment, Finding, Proposal
from matrix.review.state import proposed, published
from matrix.rules.parts import IntegrationPart, read
from matrix.sdk.channel import channel_of
from matrix.sdk.running import request
from matrix.sdk.scope import Scope, UnknownParts
from matrix.sdk.translating import read_catalogue
from tests.sdk import makers
from tests.support.small_index import SmallIndex

pytestmark = pytest.mark.django_db


def rows_of(bodies: dict[str, str], name: str) -> dict[str, str]:
    part = read(bodies[name])
    assert isinstance(part, IntegrationPart)
    return {str(row.version): " ".join(map(str, row.pythons)) for row in part.rows}


def proposed_rows(proposal: Proposal | None, name: str) -> dict[str, str]:
    assert proposal is not None
    return rows_of(proposed(proposal), name)


def problem(sdk: Sdk, name: str) -> str:
    return Assessment.objects.get(channel=channel_of(sdk), part=name).problem


def test_a_run_proposes_rows_for_every_integration(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")
    makers.an_integration(sdk, "requests")

    proposal = makers.run(sdk)

    assert proposed_rows(proposal, "httpx") == {
        "0.26.0": "3.9 3.12 3.13",
        "0.27.2": "3.9 3.12 3.13",
        "0.28.1": "3.9 3.12 3.13",
    }
    assert proposed_rows(proposal, "requests") == {
        "2.30.0": "3.9 3.12 3.13",
        "2.31.0": "3.9 3.12 3.13",
    }


def test_a_paused_integration_has_no_rows(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")
    requests = makers.an_integration(sdk, "requests")
    makers.publish(sdk)
    requests.is_paused = True
    requests.save()

    proposal = makers.run(sdk)

    assert proposal is not None
    assert [(item.part, item.new) for item in proposal.items.order_by("part")] == [
        ("requests", None)
    ]


def test_one_failed_integration_keeps_its_published_rows_and_stops_no_other(
    index: SmallIndex,
) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")
    makers.an_integration(sdk, "requests")
    makers.publish(sdk)
    index.add("httpx", "0.29.0")
    index.add("requests", "2.32.0", pythons=["3.12"])
    name = "requests-2.32.0-py3-none-any.whl"
    del index.metadata[name]

    proposal = makers.run(sdk)

    assert proposal is not None
    assert [item.part for item in proposal.items.all()] == ["httpx"]
    assert "requests 2.32.0" in problem(sdk, "requests")
    assert problem(sdk, "requests").endswith("Its published rows are kept.")
    finding = Finding.objects.get(proposal=proposal, part="requests")
    assert (finding.kind, finding.severity) == ("failed", "error")


def test_a_failed_integration_loses_the_rows_that_are_held_everywhere(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "requests")
    makers.publish(sdk)
    makers.a_hold(project="requests", releases="==2.31.0", reason="stolen release")
    index.projects["requests"].files.clear()
    del index.projects["requests"]

    proposal = makers.run(sdk)

    assert proposed_rows(proposal, "requests") == {"2.30.0": "3.9 3.12 3.13"}
    assert problem(sdk, "requests").startswith("The index has had no project named requests")


def test_a_failed_integration_whose_rows_are_all_held_everywhere_has_none_left(
    index: SmallIndex,
) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "requests")
    makers.publish(sdk)
    makers.a_hold(project="requests", reason="stolen project")
    del index.projects["requests"]

    proposal = makers.run(sdk)

    assert proposal is not None
    assert "requests" not in proposed(proposal)
    assert problem(sdk, "requests").endswith("It has no rows.")


def test_an_integration_that_failed_from_the_start_has_a_problem_and_no_rows(
    index: SmallIndex,
) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")
    makers.an_integration(sdk, "nowhere")

    proposal = makers.run(sdk)

    assert proposal is not None
    assert sorted(proposed(proposal)) == ["httpx", "layout"]
    assert problem(sdk, "nowhere").endswith("It has no rows.")


def test_a_quarantined_project_loses_its_rows(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "requests")
    makers.publish(sdk)
    index.projects["requests"].status = {"status": "quarantined", "reason": "malware found"}

    proposal = makers.run(sdk)

    assert proposal is not None
    assert "requests" not in proposed(proposal)
    texts = sorted(proposal.findings.values_list("text", flat=True))
    assert "The index calls requests quarantined: malware found." in texts


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "versions"),
    [
        (None, None, ["2.30.0"]),
        (date(2026, 3, 2), None, ["2.30.0"]),
        (date(2026, 3, 3), None, ["2.30.0", "2.31.0"]),
        (None, date(2026, 3, 3), ["2.30.0"]),
        (None, date(2026, 3, 2), ["2.30.0", "2.31.0"]),
    ],
    ids=["open", "starts today", "starts tomorrow", "ends tomorrow", "ended today"],
)
def test_a_hold_counts_on_its_days_alone(
    index: SmallIndex, starts_on: date | None, ends_on: date | None, versions: list[str]
) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "requests")
    makers.a_hold(
        sdk=sdk, project="requests", releases=">=2.31", starts_on=starts_on, ends_on=ends_on
    )

    assert sorted(proposed_rows(makers.run(sdk), "requests")) == versions


def test_a_hold_everywhere_waits_for_a_second_person_where_the_sdk_asks_for_one(
    index: SmallIndex,
) -> None:
    careful = makers.an_sdk("careful", second_person_holds=True)
    quick = makers.an_sdk("quick")
    for sdk in (careful, quick):
        makers.an_integration(sdk, "requests")
    hold = makers.a_hold(project="requests", releases=">=2.31")

    waiting = sorted(proposed_rows(makers.run(careful), "requests"))
    at_once = sorted(proposed_rows(makers.run(quick), "requests"))
    hold.approved_by, hold.approved_at = makers.a_person("bo"), makers.NOW
    hold.save()
    confirmed = sorted(proposed_rows(makers.run(careful), "requests"))

    assert waiting == ["2.30.0", "2.31.0"]
    assert at_once == ["2.30.0"]
    assert confirmed == ["2.30.0"]


def test_rules_reach_the_environments_that_they_name(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    httpx = makers.an_integration(sdk, "httpx")
    makers.a_rule(httpx, "pytest-httpx==0.30.0", releases="<0.28", order=1)
    makers.a_rule(httpx, "anyio<4", pythons="<3.10", order=2)

    proposal = makers.run(sdk)

    assert proposal is not None
    content = json.loads(proposed(proposal)["httpx"])
    assert content["requirements"] == [
        {
            "requirement": "pytest-httpx==0.30.0",
            "where": [["0.26.0", ["3.9", "3.12", "3.13"]], ["0.27.2", ["3.9", "3.12", "3.13"]]],
        },
        {
            "requirement": "anyio<4",
            "where": [["0.26.0", ["3.9"]], ["0.27.2", ["3.9"]], ["0.28.1", ["3.9"]]],
        },
    ]


def test_only_a_scope_is_computed_and_the_rest_stays(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")
    makers.an_integration(sdk, "requests")
    makers.publish(sdk)
    index.add("httpx", "0.29.0")
    index.add("requests", "2.32.0")

    only = makers.run(sdk, only=["httpx"])
    assert only is not None
    assert [item.part for item in only.items.all()] == ["httpx"]

    both = makers.run(sdk, hold_back=["httpx"])
    assert both is not None
    assert sorted(item.part for item in both.items.all()) == ["httpx", "requests"]


def test_a_scope_that_names_nothing_known_is_refused(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")

    with pytest.raises(UnknownParts) as caught:
        request(sdk, by=None, at=makers.NOW, only=["httpx", "htpx", "flask"])

    assert str(caught.value) == "kit has no integration named flask, htpx."


def test_the_layout_is_a_part_of_its_own_and_can_be_in_a_scope(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")

    Scope(only=frozenset({"layout"})).check(read_catalogue(sdk))
    publication = makers.publish(sdk)

    assert sorted(published(channel_of(sdk))) == ["httpx", "layout"]
    assert [file.path for file in publication.files.all()] == ["tox.ini"]


def test_metadata_that_is_lacking_is_fetched_when_it_is_needed(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")

    proposal = makers.run(sdk, polls=False)

    assert sorted(proposed_rows(proposal, "httpx")) == ["0.26.0", "0.27.2", "0.28.1"]
    assert "/files/httpx-0.27.0-py3-none-any.whl.metadata" not in index.paths

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from integrations.catalogue.models import Sdk
from integrations.index.models import Index, Poll
from matrix.review.errors import NeedsSecondPerson, NothingApproved, RunIsOver, RunIsTaken
from matrix.review.models import Decision, Publication, Run
from matrix.review.state import published
from matrix.rules.rendering import FrameError
from matrix.sdk.channel import channel_of
from matrix.sdk.publishing import approve_and_publish, publish_approved
from matrix.sdk.removing import remove
from matrix.sdk.running import carry_out, poll_everything, progress_of, request
from portal.operations.queueing import LOST_AFTER, sweep
from portal.tasks import propose_weekly, run_channel
from tests.sdk import makers
from tests.support.small_index import SmallIndex

pytestmark = pytest.mark.django_db


def test_a_run_ends_with_a_sentence(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")

    proposal = makers.run(sdk)

    run = Run.objects.get()
    assert proposal is not None
    assert (run.status, run.outcome) == (
        "finished",
        "Proposal 1: 2 parts differ from an empty publication.",
    )
    assert (
        proposal.summary
        == "3 rows to add, 0 to remove, 0 to change; layout to add. 0 rows unchanged."
    )


def test_a_run_that_finds_nothing_new_proposes_nothing(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")
    makers.publish(sdk)

    assert makers.run(sdk) is None
    run = Run.objects.latest("pk")
    assert run.outcome == "Nothing to propose: no part differs from publication 1."


def test_the_summary_counts_the_rows_of_parts_that_do_not_change(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")
    makers.an_integration(sdk, "requests")
    makers.publish(sdk)
    index.add("requests", "2.32.0")

    proposal = makers.run(sdk)

    assert proposal is not None
    assert proposal.summary == "1 row to add, 0 to remove, 0 to change. 5 rows unchanged."


def test_a_run_that_is_over_is_not_carried_out_again(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")
    makers.run(sdk)
    run = Run.objects.get()

    with pytest.raises(RunIsOver):
        carry_out(run, clock=lambda: makers.NOW)

    assert run_channel(run.pk) == f"Run #{run.pk} is over: {run.outcome}"


def test_a_run_that_another_worker_has_is_left_alone(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")
    run = request(sdk, by=None, at=makers.NOW)
    Run.objects.update(status="selecting", attempts=1, started_at=makers.NOW)

    with pytest.raises(RunIsTaken):
        carry_out(run, clock=lambda: makers.NOW + timedelta(minutes=1))

    run.refresh_from_db()
    assert run.status == "selecting"


def test_a_run_that_breaks_ends_failed_with_the_reason(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")
    run = request(sdk, by=None, at=makers.NOW)
    # What no form lets in: a frame without the regions.
    Sdk.objects.update(frame="# BEGIN GENERATED: envlist\n")

    with pytest.raises(FrameError):
        carry_out(run, clock=lambda: makers.NOW)

    run.refresh_from_db()
    assert run.status == "failed"
    assert run.outcome == (
        'Line 1: the region "envlist" has no END. Put "# END GENERATED: envlist" behind it.'
    )


def test_the_weekly_proposal_of_one_monday_is_made_once(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")
    monday = makers.NOW.isoformat()

    first = propose_weekly("kit", intended_at=monday)
    second = propose_weekly("kit", intended_at=monday)

    run = Run.objects.get()
    assert (run.kind, run.intended_at) == ("scheduled", makers.NOW)
    assert first == run.outcome
    assert second == f"Run #{run.pk} is over: {run.outcome}"
    assert propose_weekly("gone") == "There is no SDK gone any more."


def test_progress_is_counted_from_the_rows_of_the_poll(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    run = request(sdk, by=None, at=makers.NOW)
    assert progress_of(run).sentence == "Waiting for a worker."

    where = Index.objects.create(url="http://127.0.0.1/simple/")
    poll = Poll.objects.create(index=where, started_at=makers.NOW)
    poll.outcomes.create(project="a", state="ok")
    poll.outcomes.create(project="b", state="failed", reason="The index did not answer.")
    poll.outcomes.create(project="c")
    Run.objects.update(status="polling", attempts=1, started_at=makers.NOW, poll_id=poll.pk)
    run.refresh_from_db()

    progress = progress_of(run)

    assert (progress.done, progress.total) == (2, 3)
    assert progress.sentence == "Reading the index: 2 of 3 projects."
    assert progress.failed == [("b", "The index did not answer.")]
    assert not progress.is_over


def test_the_sweep_enqueues_lost_runs_again(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    request(sdk, by=None, at=makers.NOW)

    assert sweep(makers.NOW + LOST_AFTER) == 0
    assert sweep(makers.NOW + LOST_AFTER + timedelta(seconds=1)) == 1


def test_every_index_is_polled_once_for_all_sdks(index: SmallIndex) -> None:
    for slug in ("kit", "other"):
        makers.an_integration(makers.an_sdk(slug), "httpx")
    makers.an_integration(makers.an_sdk("third"), "requests")

    polled = poll_everything(at=makers.NOW)

    assert str(polled) == "2 projects of 1 index polled, 0 failed."
    assert index.paths.count("/simple/httpx/") == 1


def test_publishing_makes_the_proposed_state_current(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")

    publication = makers.publish(sdk)

    assert publication.number == 1
    assert sorted(published(channel_of(sdk))) == ["httpx", "layout"]
    assert "httpx-v0.28.1: httpx==0.28.1" in publication.files.get().read()


def test_publishing_takes_both_permissions_or_changes_nothing(index: SmallIndex) -> None:
    sdk = makers.an_sdk()
    makers.an_integration(sdk, "httpx")
    proposal = makers.run(sdk)
    assert proposal is not None
    publisher, decider = makers.a_person("pia", "publish"), makers.a_person("dan", "decide")

    for person in (publisher, decider):
        with pytest.raises(PermissionDenied):
            approve_and_publish(proposal.number, by=person, at=makers.NOW)
    with pytest.raises(NothingApproved):
        publish_approved(proposal.number, by=publisher, at=makers.NOW)

    assert (Decision.objects.count(), Publication.objects.count()) == (0, 0)


def test_an_sdk_may_ask_for_a_second_person_to_publish(index: SmallIndex) -> None:
    sdk = makers.an_sdk(second_person_publishes=True)
    makers.an_integration(sdk, "httpx")
    proposal = makers.run(sdk)
    assert proposal is not None

    with pytest.raises(NeedsSecondPerson) as refusal:
        approve_and_publish(proposal.number, by=makers.a_reviewer(), at=makers.NOW)

    assert str(refusal.value) == (
        "kit asks for two people, so nobody can approve and publish at once. "
        "Approve the items of proposal 1, then ask another reviewer to publish it."
    )
    assert (Decision.objects.count(), Publication.objects.count()) == (0, 0)


def test_removing_an_sdk_removes_all_that_was_made_of_it_and_nothing_else(
    index: SmallIndex,
) -> None:
    for slug in ("kit", "other"):
        sdk = makers.an_sdk(slug)
        makers.an_integration(sdk, "httpx")
        makers.publish(sdk)
        makers.an_integration(sdk, "requests")
        makers.run(sdk)
        index.add("requests", "2.32.0")
        makers.run(sdk)

    remove(sdk)

    assert [one.slug for one in Sdk.objects.all()] == ["kit"]
    assert [one.channel.slug for one in Publication.objects.all()] == ["kit"]
    assert {run.channel.slug for run in Run.objects.all()} == {"kit"}

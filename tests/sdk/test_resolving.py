"""Runs that resolve, with real uv against an index on the loopback interface."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils.timezone import now
from django_q.models import OrmQ

from integrations.catalogue.models import Sdk
from integrations.index.models import Poll
from matrix.environments.models import Resolution
from matrix.review.models import Assessment, Finding, Proposal, Run
from matrix.review.state import proposed
from matrix.rules.parts import IntegrationPart, read
from matrix.sdk.machine import matrix_json
from matrix.sdk.preferring import KEEP, Refresh
from matrix.sdk.publishing import approve_and_publish
from matrix.sdk.resolving import OutOfTime, Resolver
from matrix.sdk.running import carry_out, progress_of, request
from portal import tasks
from tests.sdk import makers
from tests.support.small_index import SmallIndex

pytestmark = pytest.mark.django_db

LATER = datetime.fromisoformat("2026-04-01T00:00:00+00:00")


@pytest.fixture
def sdk(index: SmallIndex, settings: LazySettings, tmp_path: Path) -> Sdk:
    settings.PORTAL_DATA_DIR = tmp_path
    index.add("anyio", "4.8.0", "4.9.0")
    return makers.an_sdk(pythons="3.9 3.13")


@pytest.fixture
def resolve(sdk: Sdk) -> Callable[..., Proposal | None]:
    """Carry out a run that resolves; each is a second later than the one before."""
    moments = iter(makers.NOW + timedelta(seconds=n) for n in range(1000))

    def resolve(*, refresh: Refresh = KEEP, at: datetime | None = None) -> Proposal | None:
        moment = at or next(moments)
        run = request(sdk, by=None, at=moment, refresh=refresh)
        return carry_out(run, clock=lambda: moment, resolver=a_resolver(moment))

    return resolve


def a_resolver(moment: datetime, *, seconds: float = 60) -> Resolver:
    return Resolver(clock=lambda: moment, until=moment + timedelta(seconds=seconds))


def environments(sdk: Sdk, name: str) -> dict[str, dict[str, object]]:
    rows = matrix_json(sdk)["integrations"][name]["rows"]
    return {row["version"]: row["environments"] for row in rows}


def publish(proposal: Proposal | None) -> None:
    assert proposal is not None
    approve_and_publish(proposal.number, by=makers.a_reviewer(), at=makers.NOW)


def test_every_environment_has_pins(sdk: Sdk, resolve: Callable[..., Proposal | None]) -> None:
    requests = makers.an_integration(sdk, "requests")
    makers.a_rule(requests, "anyio", pythons=">=3.10")

    resolve()

    assert environments(sdk, "requests") == {
        version: {
            "py3.9": {"pins": [f"requests=={version}"], "problem": None},
            "py3.13": {"pins": ["anyio==4.9.0", f"requests=={version}"], "problem": None},
        }
        for version in ("2.30.0", "2.31.0")
    }


def test_a_failed_environment_stays_in_its_row_and_says_why(
    sdk: Sdk, resolve: Callable[..., Proposal | None]
) -> None:
    requests = makers.an_integration(sdk, "requests")
    makers.a_rule(requests, "anyio>=5", releases="<2.31")

    proposal = resolve()

    found = environments(sdk, "requests")["2.30.0"]["py3.9"]
    assert isinstance(found, dict)
    assert found["pins"] == []
    assert str(found["problem"]).startswith("No ")
    assert proposal is not None
    finding = Finding.objects.get(proposal=proposal, kind="unresolved")
    assert finding.severity == "error"
    assert finding.text.startswith("2.30.0 on 3.9 and 3.13: No ")


def test_pins_belong_to_the_snapshot_only_where_the_sdk_writes_them(
    sdk: Sdk, resolve: Callable[..., Proposal | None]
) -> None:
    makers.an_integration(sdk, "requests")
    plain = resolve()
    Sdk.objects.update(pins_style="constraints")
    pinned = resolve()

    assert plain is not None
    assert pinned is not None
    assert '"pins"' not in proposed(plain)["requests"]
    part = read(proposed(pinned)["requests"])
    assert isinstance(part, IntegrationPart)
    assert all(pin_set for row in part.rows for _, pin_set in row.pins)


def test_published_pins_are_kept_until_they_are_refreshed(
    sdk: Sdk,
    index: SmallIndex,
    resolve: Callable[..., Proposal | None],
    settings: LazySettings,
) -> None:
    Sdk.objects.update(pins_style="constraints")
    requests = makers.an_integration(sdk, "requests")
    makers.a_rule(requests, "anyio")
    publish(resolve())
    index.add("anyio", "4.10.0", uploaded_at="2026-03-20T00:00:00Z")

    kept = resolve(at=LATER)
    # Ten minutes later: uv believes its cache that long.
    settings.PORTAL_DATA_DIR = settings.PORTAL_DATA_DIR / "later"
    refreshed = resolve(at=LATER + timedelta(seconds=1), refresh=Refresh(everything=True))

    assert kept is None
    assert refreshed is not None
    assert "4.9.0" not in str(environments(sdk, "requests"))
    assert "anyio==4.10.0" in str(environments(sdk, "requests"))


def test_a_pin_that_is_held_is_not_kept_and_the_proposal_says_so(
    sdk: Sdk, resolve: Callable[..., Proposal | None]
) -> None:
    Sdk.objects.update(pins_style="inline")
    requests = makers.an_integration(sdk, "requests")
    makers.a_rule(requests, "anyio")
    publish(resolve())
    makers.a_hold(project="anyio", releases=">=4.9", reason="stolen release")

    proposal = resolve(at=LATER)

    assert proposal is not None
    assert "anyio==4.8.0" in str(environments(sdk, "requests"))
    finding = Finding.objects.get(proposal=proposal, kind="dropped pin")
    assert finding.text == "These pins are not kept: anyio==4.9.0 (it is held)."


def test_an_unchanged_run_resolves_nothing(
    sdk: Sdk, resolve: Callable[..., Proposal | None]
) -> None:
    makers.an_integration(sdk, "requests")
    resolve()
    before = set(Resolution.objects.values_list("key", flat=True))

    resolve()

    assert set(Resolution.objects.values_list("key", flat=True)) == before


def test_a_run_whose_time_is_over_goes_on_where_it_stopped(sdk: Sdk, index: SmallIndex) -> None:
    makers.an_integration(sdk, "requests")
    run = request(sdk, by=None, at=makers.NOW)

    with pytest.raises(OutOfTime):
        carry_out(run, clock=lambda: makers.NOW, resolver=a_resolver(makers.NOW, seconds=0))
    run.refresh_from_db()
    assert (run.status, run.attempts) == ("queued", 0)

    proposal = carry_out(run, clock=lambda: makers.NOW, resolver=a_resolver(makers.NOW))

    run.refresh_from_db()
    assert proposal is not None
    assert (run.status, run.waits_for) == ("finished", [])
    assert Poll.objects.count() == 1


def test_progress_is_counted_from_the_rows_of_resolutions(sdk: Sdk, index: SmallIndex) -> None:
    run = request(sdk, by=None, at=makers.NOW)
    for key, state in (("a", "waiting"), ("b", "waiting")):
        Resolution.objects.create(
            key=key, index_url=index.url, request={}, state=state, used_at=makers.NOW
        )
    Run.objects.update(status="resolving", attempts=1, started_at=makers.NOW, waits_for=["a", "b"])
    run.refresh_from_db()

    progress = progress_of(run)

    assert (progress.done, progress.total, progress.unit) == (0, 2, "environment")
    assert progress.sentence == "Resolving environments: 0 of 2."


def test_free_threading_is_decided_by_what_a_release_installs(
    index: SmallIndex, settings: LazySettings, tmp_path: Path
) -> None:
    settings.PORTAL_DATA_DIR = tmp_path
    pythons = ["3.9", "3.13", "3.14"]
    sdk = makers.an_sdk(pythons="3.9 3.13 3.14", free_threading_from="3.14")
    for name in ("pure", "mixed", "own"):
        makers.an_integration(sdk, name)
    index.add("pure", "1.0", pythons=pythons, requires=["anyio"])
    index.add("mixed", "1.0", pythons=pythons, requires=["compiled"])
    index.add("own", "1.0", pythons=pythons, abi="cp314t")
    index.add("anyio", "4.9.0")
    index.add("compiled", "2.0", tags="cp314-cp314-manylinux_2_17_x86_64")

    moment = makers.NOW
    run = request(sdk, by=None, at=moment)
    carry_out(run, clock=lambda: moment, resolver=a_resolver(moment))

    found = matrix_json(sdk)["integrations"]
    last = {name: found[name]["rows"][0]["factors"][-1] for name in ("pure", "mixed", "own")}
    assert last == {"pure": "py3.14t", "mixed": "py3.14", "own": "py3.14t"}
    notes = Assessment.objects.get(part="mixed").notes["findings"]
    assert [note["text"] for note in notes if note["kind"] == "not free-threaded"] == [
        "1.0 is not tested free-threaded: no free-threaded wheel of compiled==2.0."
    ]


def test_a_pin_that_is_yanked_is_seen_by_the_poll_and_not_kept(
    sdk: Sdk,
    index: SmallIndex,
    resolve: Callable[..., Proposal | None],
    settings: LazySettings,
) -> None:
    Sdk.objects.update(pins_style="constraints")
    requests = makers.an_integration(sdk, "requests")
    makers.a_rule(requests, "anyio")
    publish(resolve())
    resolve(at=LATER)  # Polls what is pinned: anyio is known from now on.
    index.add("anyio", "4.9.0", yanked="broken")
    settings.PORTAL_DATA_DIR = settings.PORTAL_DATA_DIR / "later"

    proposal = resolve(at=LATER + timedelta(days=1))

    assert proposal is not None
    finding = Finding.objects.get(proposal=proposal, kind="dropped pin")
    assert finding.text == "These pins are not kept: anyio==4.9.0 (it is yanked)."
    assert "anyio==4.8.0" in str(environments(sdk, "requests"))


@pytest.mark.django_db(transaction=True)
def test_a_task_whose_time_is_over_hands_the_run_on(
    sdk: Sdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    makers.an_integration(sdk, "requests")
    run = request(sdk, by=None, at=now())
    monkeypatch.setattr(tasks, "TASK_SECONDS", 0)

    said = tasks.run_channel(run.pk)

    assert said == "4 environments are not resolved yet. Another task goes on."
    queued = [(task.func(), task.args()) for task in OrmQ.objects.order_by("pk")]
    assert ("portal.tasks.run_channel", (run.pk,)) in queued
    monkeypatch.setattr(tasks, "TASK_SECONDS", 60)
    assert tasks.run_channel(run.pk) == "Proposal 1: 2 parts differ from an empty publication."

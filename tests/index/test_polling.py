"""Whole polls: what they store, what they leave alone, and what they say of failures."""

import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.index import visiting
from integrations.index.client import Answer, IndexClient
from integrations.index.facts import LONG_AGO, KnownMetadata, KnownRelease
from integrations.index.models import Index, Poll, PollOutcome, Project, ProjectStatus, Release
from integrations.index.polling import fetch_metadata, poll
from integrations.index.store import known_projects, prune_polls
from tests.index.making import HTML, Answers, day, entry, json_response
from tests.support.http_server import Response
from tests.support.index_server import HTML as HTML_FORM
from tests.support.index_server import IndexServer

pytestmark = pytest.mark.django_db
NOW = day(21, 11)
FOO = "/simple/foo/"


def wants_nothing(*asked: Any) -> tuple[str, ...]:
    return ()


def wants_the_newest(
    project: str, releases: Sequence[KnownRelease], metadata: Mapping[str, KnownMetadata]
) -> list[str]:
    return [str(releases[-1].version)]


def hasty(url: str) -> IndexClient:
    return IndexClient(url, timeout=5, first_wait=0.01)


def visit(
    server: Answers | IndexServer,
    *projects: str,
    at: datetime = NOW,
    wanted: Callable[..., Collection[str]] = wants_nothing,
) -> dict[str, tuple[str, str]]:
    """Poll, and return state and reason of each project."""
    index, _ = Index.objects.get_or_create(url=server.url)
    done = poll(index, projects or ["foo"], at=at, wanted=wanted, open_client=hasty)
    rows = done.outcomes.values_list("project", "state", "reason")
    return {name: (state, reason) for name, state, reason in rows}


@pytest.fixture
def server() -> Iterator[Answers]:
    with Answers({FOO: json_response(entry("foo-1.0.tar.gz"))}) as answers:
        yield answers


def foo(server: Answers, as_of: datetime = NOW) -> KnownRelease:
    index = Index.objects.get(url=server.url)
    (release,) = known_projects(index, ["foo"])["foo"].releases(as_of)
    return release


# --- What is stored ------------------------------------------------------------------------------
def test_a_poll_stores_pages_and_the_metadata_that_is_wanted(recorded_index: IndexServer) -> None:
    outcomes = visit(recorded_index, "HTTPX", "celery", wanted=wants_the_newest)

    index = Index.objects.get()
    known = known_projects(index, ["httpx", "celery"])
    assert outcomes == {"httpx": ("ok", ""), "celery": ("ok", "")}
    assert str(known["httpx"].releases(day(1, 8))[0].version) == "0.6.7"
    assert list(known["celery"].metadata) == ["5.7.0"]
    assert Poll.objects.get().finished_at is not None


def test_metadata_is_asked_for_until_nothing_new_is_wanted(recorded_index: IndexServer) -> None:
    asked = []

    def wanted(
        project: str, releases: Sequence[KnownRelease], metadata: Mapping[str, KnownMetadata]
    ) -> list[str]:
        asked.append(sorted(metadata))
        return ["0.16.1", "0.28.1"][: len(metadata) + 1]

    visit(recorded_index, "httpx", wanted=wanted)

    assert asked == [[], ["0.16.1"], ["0.16.1", "0.28.1"]]


def test_metadata_that_is_known_is_never_fetched_again(recorded_index: IndexServer) -> None:
    visit(recorded_index, "httpx", wanted=wants_the_newest)
    Project.objects.update(body_sha256="", etag="")  # As if the page had changed.

    visit(recorded_index, "httpx", wanted=wants_the_newest)

    assert [path for path in recorded_index.paths if path.endswith(".metadata")] == [
        "/files/httpx-1.0.dev6-py3-none-any.whl.metadata"
    ]
    assert Release.objects.count() == 1


def test_html_and_json_lead_to_the_same_releases() -> None:
    with IndexServer() as by_json, IndexServer(forms=(HTML_FORM,)) as by_html:
        visit(by_json, "httpx")
        visit(by_html, "httpx")

        both = [
            known_projects(Index.objects.get(url=server.url), ["httpx"])["httpx"].releases(NOW)
            for server in (by_json, by_html)
        ]

    assert both[0] == both[1]
    assert by_html.counts == {"/simple/httpx/": 1, "/pypi/httpx/json": 1}


def test_upload_times_that_nobody_knows_are_unknown() -> None:
    with IndexServer(forms=(HTML_FORM,), has_legacy=False) as server:
        visit(server, "httpx")

    releases = known_projects(Index.objects.get(), ["httpx"])["httpx"].releases(NOW)
    assert {(one.uploaded_at, one.is_time_known) for one in releases} == {(LONG_AGO, False)}
    assert "Some upload times are unknown." in PollOutcome.objects.get().notes


def test_the_legacy_document_is_not_asked_for_times_that_are_known(server: Answers) -> None:
    silent = entry("foo-1.0.tar.gz", upload_time=None)
    legacy = {
        "filename": "foo-1.0.tar.gz",
        "url": "https://x.test/foo-1.0.tar.gz",
        "upload_time_iso_8601": "2026-01-05T00:00:00Z",
    }
    server.answers[FOO] = [json_response(silent), json_response(silent, changed=True)]
    body = json.dumps({"info": {}, "releases": {"1.0": [legacy]}}).encode()
    server.answers["/pypi/foo/json"] = Response(body=body)

    visit(server)
    visit(server)

    assert foo(server).uploaded_at == day(5)
    assert server.paths.count("/pypi/foo/json") == 1


def test_bad_names_among_good_ones_are_notes(server: Answers) -> None:
    server.answers[FOO] = json_response(
        entry("foo-1.0.tar.gz"), entry("foo-banana.tar.gz"), {"filename": 3, "url": "x"}
    )

    assert visit(server) == {"foo": ("ok", "")}
    assert foo(server).uploaded_at == day(1)
    assert PollOutcome.objects.get().notes.splitlines() == [
        'files[2].filename is "3"; the file was left out.',
        '"foo-banana.tar.gz" is not the name of a wheel or sdist of foo; it was left out.',
    ]


def test_a_page_with_20_000_files_is_read(server: Answers) -> None:
    server.answers[FOO] = json_response(*(entry(f"foo-1.{n}.tar.gz") for n in range(20_000)))

    assert visit(server) == {"foo": ("ok", "")}
    assert len(known_projects(Index.objects.get(), ["foo"])["foo"].releases(NOW)) == 20_000


# --- Polling again -------------------------------------------------------------------------------
def test_an_unchanged_page_is_asked_about_and_left_alone(recorded_index: IndexServer) -> None:
    visit(recorded_index, "httpx")
    before = Project.objects.values().get()

    with CaptureQueriesContext(
        connection,
    ) as queries:
        outcomes = visit(recorded_index, "httpx", at=NOW + timedelta(days=1))

    assert outcomes == {"httpx": ("unchanged", "")}
    assert Project.objects.values().get() == before
    written = {
        query["sql"].split('"')[1]
        for query in queries.captured_queries
        if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))
    }
    assert written == {"index_poll", "index_polloutcome"}


def test_an_unchanged_page_is_known_by_its_bytes_where_there_are_no_validators() -> None:
    with IndexServer(has_validators=False) as server:
        states = [visit(server, "httpx") for _ in range(2)]

    assert states == [{"httpx": ("ok", "")}, {"httpx": ("unchanged", "")}]


def test_a_page_that_says_nothing_new_leaves_the_moment_of_change(server: Answers) -> None:
    server.answers[FOO] = [
        json_response(entry("foo-1.0.tar.gz")),
        json_response(entry("foo-1.0.tar.gz"), serial=2),
    ]
    visit(server, at=day(1, 2))

    assert visit(server, at=day(2, 2)) == {"foo": ("ok", "")}
    assert Project.objects.get().changed_at == day(1, 2)


def test_files_yanks_and_status_are_kept_with_when_they_were_seen(server: Answers) -> None:
    server.answers[FOO] = [
        json_response(entry("foo-1.0.tar.gz")),
        json_response(
            entry("foo-1.0.tar.gz", yanked="broken"),
            **{"project-status": {"status": "archived", "reason": "done"}},
        ),
        json_response(**{"project-status": {"status": "archived", "reason": "done"}}),
    ]
    for month in (2, 3, 4):
        visit(server, at=day(1, month))

    yanked = [foo(server, day(15, month)).is_yanked for month in (1, 2, 3)]
    project = known_projects(Index.objects.get(), ["foo"])["foo"]
    assert yanked == [False, False, True]
    assert foo(server, day(1, 4)).uploaded_at is None
    assert [tuple(project.status(day(15, month)))[:2] for month in (1, 2, 3)] == [
        ("active", ""),
        ("active", ""),
        ("archived", "done"),
    ]
    assert ProjectStatus.objects.count() == 1


def test_a_project_that_vanishes_keeps_its_facts_and_may_come_back(server: Answers) -> None:
    page = server.answers[FOO]
    assert isinstance(page, Response)
    server.answers[FOO] = [page, Response(status=404), Response(status=404), page]
    visit(server, at=day(1, 2))

    outcomes = [visit(server, at=day(1, 3)), visit(server, at=day(1, 4))]

    gone = {"foo": ("failed", f"The index has no project named foo ({server.url}foo/).")}
    assert outcomes == [gone, gone]
    assert Project.objects.get().gone_at == day(1, 3)
    assert foo(server).uploaded_at == day(1)
    assert visit(server, at=day(1, 5)) == {"foo": ("unchanged", "")}
    assert Project.objects.get().gone_at is None


def test_a_project_that_never_was_leaves_no_row(server: Answers) -> None:
    visit(server, "bar")

    assert not Project.objects.exists()


# --- Failures ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("response", "reason"),
    [
        pytest.param(
            Response(status=500), "{url} answered 500; it was tried 4 times.", id="server error"
        ),
        pytest.param(
            Response(headers={"Content-Type": "application/json"}, body=b'{"files": ['),
            "The page cannot be read as JSON: Input data was truncated",
            id="broken JSON",
        ),
        pytest.param(
            Response(headers={"Content-Type": HTML}, body=b"<form>Log in</form>"),
            "The answer is a web page with a form, not a page of a simple index.",
            id="login page",
        ),
    ],
)
def test_a_project_that_fails_says_why_and_stops_no_other(
    server: Answers, response: Response, reason: str
) -> None:
    server.answers["/simple/bar/"] = response

    outcomes = visit(server, "bar", "foo")

    expected = reason.format(url=f"{server.url}bar/")
    assert outcomes == {"bar": ("failed", expected), "foo": ("ok", "")}


def test_no_more_pages_are_asked_for_than_may_lie_unread(
    server: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visiting, "MOST_UNREAD", 2)
    counts = [0]

    class Counting(IndexClient):
        async def page(self, project: str, **validators: str) -> Answer | None:
            counts.append(counts[-1] + 1)
            try:
                return await super().page(project, **validators)
            finally:
                counts.append(counts[-1] - 1)

    index = Index.objects.create(url=server.url)
    names = ["foo", "gone", "lost", "missing", "none"]
    done = poll(index, names, at=NOW, wanted=wants_nothing, open_client=Counting)

    assert max(counts) == 2
    assert done.outcomes.filter(state="ok").count() == 1
    assert done.outcomes.filter(state="failed").count() == 4


def test_an_answer_that_cannot_be_read_leaves_the_facts_alone(server: Answers) -> None:
    visit(server)
    server.answers[FOO] = Response(body=b"{")

    assert visit(server)["foo"][0] == "failed"
    assert foo(server).uploaded_at == day(1)


def test_a_mistake_of_the_portal_fails_one_project_alone(
    server: Answers, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers["/simple/bar/"] = json_response(entry("bar-1.0.tar.gz"))

    def wanted(project: str, *rest: object) -> list[str]:
        if project == "bar":
            raise ZeroDivisionError("division by zero")
        return []

    outcomes = visit(server, "bar", "foo", wanted=wanted)

    assert outcomes == {
        "bar": ("failed", "The portal could not read bar (ZeroDivisionError: division by zero)."),
        "foo": ("ok", ""),
    }
    assert "Polling bar failed." in caplog.text


def test_metadata_that_cannot_be_had_is_wanted_again_next_time(server: Answers) -> None:
    states = [visit(server, wanted=wants_the_newest)["foo"]]
    server.answers["/pypi/foo/1.0/json"] = Response(body=b'{"info": {"classifiers": []}}')
    states.append(visit(server, wanted=wants_the_newest)["foo"])
    asked = len(server.requests)
    states.append(visit(server, wanted=wants_the_newest)["foo"])

    assert [state for state, _ in states] == ["failed", "unchanged", "unchanged"]
    assert states[0][1].startswith("No metadata of foo 1.0. legacy document: ")
    assert len(server.requests) == asked + 1
    assert foo(server).uploaded_at == day(1)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_a_poll_that_is_interrupted_is_finished_with_an_error(
    server: Answers, kind: type[BaseException]
) -> None:
    index = Index.objects.create(url=server.url)
    server.answers["/simple/slow/"] = Response(delay=30)

    def stop(outcome: PollOutcome) -> None:
        raise kind

    with pytest.raises(kind):
        poll(index, ["foo", "slow"], at=NOW, wanted=wants_nothing, on_progress=stop)

    done = Poll.objects.get()
    said = f"The poll was ended early by {kind.__name__}."
    assert (done.error, done.finished_at is not None) == (said, True)
    assert dict(done.outcomes.values_list("project", "reason")) == {"foo": "", "slow": said}
    assert not [one for one in threading.enumerate() if one.name == "index-network"]


def test_progress_is_told_for_each_project(server: Answers) -> None:
    index = Index.objects.create(url=server.url)
    told = []

    poll(
        index,
        ["foo", "bar"],
        at=NOW,
        wanted=wants_nothing,
        on_progress=lambda outcome: told.append((outcome.project, outcome.state)),
    )

    assert sorted(told) == [("bar", "failed"), ("foo", "ok")]


def test_a_poll_that_is_delivered_twice_starts_anew(server: Answers) -> None:
    index = Index.objects.create(url=server.url)
    waiting = Poll.objects.create(index=index, started_at=NOW)
    for _ in range(2):
        done = poll(index, ["foo"], at=NOW, wanted=wants_nothing, poll=waiting)

    assert done == waiting
    assert [(one.project, one.state) for one in done.outcomes.all()] == [("foo", "unchanged")]


# --- Metadata alone ------------------------------------------------------------------------------
def test_metadata_is_fetched_on_its_own(recorded_index: IndexServer) -> None:
    visit(recorded_index, "httpx")
    index = Index.objects.get()

    reasons = fetch_metadata(index, {"httpx": ["0.16.1", "99"], "unseen": ["1"]}, at=NOW)

    root = recorded_index.root
    assert reasons == {
        ("httpx", "99"): (
            f"No metadata of httpx 99. legacy document: {root}pypi/httpx/99/json answered 404."
        ),
        ("unseen", "1"): "The index page of unseen was never read.",
    }
    (metadata,) = known_projects(index, ["httpx"])["httpx"].metadata.items()
    assert metadata[0] == "0.16.1"
    assert metadata[1].requires_python == ">=3.6"
    assert "Programming Language :: Python :: 3.6" in metadata[1].classifiers


def test_fetching_metadata_brings_no_project_back(server: Answers) -> None:
    visit(server)
    Project.objects.update(gone_at=day(1, 2), is_incomplete=True)
    server.answers["/pypi/foo/1.0/json"] = Response(body=b'{"info": {"classifiers": []}}')

    assert fetch_metadata(Index.objects.get(), {"foo": ["1.0"]}, at=NOW) == {}
    assert Project.objects.values_list("gone_at", "is_incomplete").get() == (day(1, 2), True)


def test_metadata_that_is_known_needs_no_network(recorded_index: IndexServer) -> None:
    visit(recorded_index, "httpx", wanted=wants_the_newest)
    asked = len(recorded_index.requests)

    assert fetch_metadata(Index.objects.get(), {"httpx": ["1.0.dev6"]}, at=NOW) == {}
    assert len(recorded_index.requests) == asked


# --- Keeping order -------------------------------------------------------------------------------
def test_only_the_last_polls_are_kept(server: Answers) -> None:
    index = Index.objects.create(url=server.url)
    for number in range(5):
        Poll.objects.create(index=index, started_at=day(number + 1))

    assert prune_polls(index, keep=3) == 2
    assert prune_polls(index, keep=3) == 0
    assert min(index.polls.values_list("started_at", flat=True)) == day(3)


def test_known_projects_are_read_with_a_fixed_number_of_queries(
    recorded_index: IndexServer,
) -> None:
    names = ["httpx", "celery", "flask", "django", "redis", "rq"]
    visit(recorded_index, *names)
    index = Index.objects.get()

    between_two_files = datetime(2019, 12, 29, 17, 2, 15, tzinfo=UTC)
    for as_of, number in ((None, 3), (between_two_files, 4)):
        with CaptureQueriesContext(connection) as queries:
            for project in known_projects(index, names, as_of=as_of).values():
                project.releases(as_of or NOW)
        assert len(queries) == number

"""All environments of the recorded matrix, as of 10 August 2026, beside plain uv."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bench.resolving import OLDEST, floor, recorded_requests
from matrix.environments.resolving import drain, enqueue, results
from matrix.environments.uv import Uv
from tests.environments.makers import now
from tests.support.index_server import IndexServer

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.long]


@pytest.fixture
def buildless_index() -> Iterator[IndexServer]:
    """The recorded index, with a wheel of metadata alone for what has only sdists."""
    with IndexServer(has_wheels_for_sdists=True) as server:
        server.warm()
        yield server


def test_all_environments_resolve_to_what_plain_uv_says(
    buildless_index: IndexServer, uv: Uv, tmp_path: Path
) -> None:
    requests = recorded_requests(buildless_index.url)
    keys = enqueue(requests, at=now(), uv=uv)
    drain(owner="tests", clock=now, until=now() + timedelta(minutes=5), uv=uv)

    found = results(keys.values())
    new = [request for request in requests if not request.python < OLDEST]
    assert len(new) == 439
    assert {found[keys[request]].state for request in new} == {"done"}
    sample = new[::12]
    assert [found[keys[one]].pins for one in sample] == floor(sample, tmp_path / "plain")

    # Of 3.6 and 3.7 not all dependencies were recorded, and that is said.
    old = [found[keys[request]] for request in requests if request.python < OLDEST]
    failed = [result for result in old if result.problem]
    assert (len(old), len(failed)) == (74, 41)
    assert {result.problem.splitlines()[0] for result in failed} == {
        "No set of releases satisfies all requirements."
    }

    asked = len(buildless_index.requests)
    assert enqueue(requests, at=now(), uv=uv) == keys
    assert drain(owner="tests", clock=now, until=now() + timedelta(minutes=5), uv=uv) == 0
    assert len(buildless_index.requests) == asked

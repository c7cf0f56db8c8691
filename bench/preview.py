"""
Preview the project with the most releases: the answer that a script gets while somebody types.

The floor is one plain selection of that project from facts in memory; a preview makes two, of what
is saved and of what is typed, and one more for each hold of the form.
"""

import io
import statistics
import time
from collections.abc import Callable

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment, teardown_test_environment
from django.urls import reverse

from bench.matrix import CATALOGUE, NOW
from bench.poll import fresh_database, index_process
from bench.report import Row
from integrations.catalogue.models import Integration, Sdk
from integrations.index.store import KnownProject, known_projects
from matrix.rules.facts import Needs
from matrix.rules.selection import select
from matrix.sdk.computing import Question, compute
from matrix.sdk.gathering import index_of, shared_facts
from matrix.sdk.learning import ask_about, learn
from matrix.sdk.translating import policy_of, read_catalogue
from tests.catalogue.forms import filled, row

PROJECT = "boto3"
SECONDS = 0.15
TIMES = 25  # Of one selection; the form, its checks and the page come on top of three of them.
REPEATS = 15


def run() -> list[Row]:
    """Measure the answer to a script, with the form of the admin and its checks."""
    # The index is a process of its own: its facts would fill the memory of this one.
    with index_process() as address, fresh_database():
        integration = a_catalogue(address)
        client = Client(SERVER_NAME="localhost")
        client.force_login(User.objects.create_superuser("bench"))
        url = reverse("admin:catalogue_integration_change", args=[integration.pk])
        sent = typed(client, url)
        seconds = median_of(lambda: ask(client, integration, sent))
        floor = median_of(plain_selection(integration))
        number = len(releases_of(integration))
    return [
        Row(
            work=f"preview of one integration, {number:,} releases", seconds=seconds, limit=SECONDS
        ),
        Row(work="… beside one plain selection", seconds=seconds, floor=floor, limit=TIMES),
    ]


def a_catalogue(url: str) -> Integration:
    """Return the integration among 61 recorded ones, with all facts that its preview needs."""
    call_command("import_catalogue", str(CATALOGUE), sdk="bench", stdout=io.StringIO())
    sdk = Sdk.objects.get(slug="bench")
    sdk.index_url = url
    sdk.save()
    compute(sdk, Question(as_of=NOW, now=NOW, index=index_of(sdk)))
    question, _ = ask_about(sdk, PROJECT, at=NOW)
    learn(question.pk, PROJECT, [], at=NOW)
    return Integration.objects.select_related("sdk", "group").get(project=PROJECT)


def typed(client: Client, url: str) -> dict[str, str]:
    """Return the form with another minimum, a rule, a restriction and a hold typed into it."""
    setup_test_environment()  # Lets the client see the fields of the page.
    sent = filled(client, url, minimum="1.20.0", include="!=1.35.*", _preview="1")
    teardown_test_environment()
    sent |= row(
        "rules", 1, {"free_threading": "any", "releases": "<1.30", "requirements": "urllib3<2"}
    )
    sent |= row("restrictions", 0, {"releases": "<1.25", "pythons": "<3.12"})
    return sent | row("holds", 0, {"releases": ">=1.40", "reason": "measured"})


def ask(client: Client, integration: Integration, sent: dict[str, str]) -> None:
    url = reverse("admin:catalogue_integration_preview", args=[integration.pk])
    answer = client.post(url, sent)
    assert 'data-state="fresh"' in answer.content.decode(), answer.content.decode()[:500]


def plain_selection(integration: Integration) -> Callable[[], None]:
    releases, metadata = shared_facts(project_of(integration), NOW)
    policy = policy_of(integration, read_catalogue(integration.sdk), as_of=NOW)

    def once() -> None:
        assert not isinstance(select(policy, releases, metadata), Needs)

    return once


def project_of(integration: Integration) -> KnownProject:
    return known_projects(index_of(integration.sdk), [PROJECT])[PROJECT]


def releases_of(integration: Integration) -> list[object]:
    return list(project_of(integration).releases(NOW))


def median_of(work: Callable[[], None]) -> float:
    """Return the median of some rounds; the first one only warms up."""
    times = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])

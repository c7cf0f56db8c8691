"""
The review page of a matrix of 800 environments and 18,000 lines with inline pins, from request to
HTML: of a week in which 30 integrations change, of one in which every pin set does, and of a first
proposal, where all is new.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.test import Client
from packaging.version import Version

from bench.poll import fresh_database
from bench.rendering import best_of
from bench.report import Row, print_rows
from integrations.catalogue.models import Sdk
from matrix.environments.models import PinSet
from matrix.review import runs
from matrix.review.models import Channel, Proposal, Run
from matrix.review.proposing import propose
from matrix.review.values import ComputedPart, Found
from matrix.rules.parts import LAYOUT, IntegrationPart, write
from matrix.sdk.channel import channel_of, summary_of
from matrix.sdk.publishing import approve_and_publish
from tests.support.invented import Matrix, a_matrix

SECONDS = 0.3  # DESIGN 11: server time of the review page.
INTEGRATIONS, ENVIRONMENTS, PINS = 120, 800, 17
CHANGED = 30  # Integrations in a usual week.
AT = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)


def run() -> list[Row]:
    with fresh_database():
        Sdk.objects.create(slug="large", name="Large", pythons="3.8 3.14", pins_style="inline")
        client = Client(SERVER_NAME="localhost")
        client.force_login(User.objects.create_superuser("ana"))
        this_week, next_week = matrix(0), matrix(4)
        first = a_proposal(this_week.parts, this_week)
        measured = [measure("a first proposal: all is new", client, first)]
        lines = publish(first)
        weekly = a_proposal(
            [*map(moved, next_week.parts[:CHANGED]), *this_week.parts[CHANGED:]], next_week
        )
        measured.append(measure(f"{CHANGED} of {INTEGRATIONS} change", client, weekly))
        refreshed = a_proposal(list(map(moved, next_week.parts)), next_week)
        measured.append(measure("every integration changes", client, refreshed))
    print(f"{lines} lines, {ENVIRONMENTS} environments, {INTEGRATIONS} integrations")
    return measured


def matrix(week: int) -> Matrix:
    """Return the matrix of that week."""
    found = a_matrix(week, integrations=INTEGRATIONS, environments=ENVIRONMENTS, pins=PINS)
    PinSet.objects.bulk_create(
        [
            PinSet(sha256=name, pins="\n".join(pins), made_at=AT)
            for name, pins in found.book.sets.items()
        ],
        ignore_conflicts=True,
    )
    return found


def moved(part: IntegrationPart) -> IntegrationPart:
    """Let the latest row of *part* move to the next patch, and with it its requirements."""
    *others, last = part.rows
    later = replace(last, version=Version(f"{last.version.major}.{last.version.minor}.9"))
    uses = tuple(
        replace(
            use,
            where=tuple(
                (later.version if version == last.version else version, pythons)
                for version, pythons in use.where
            ),
        )
        for use in part.requirements
    )
    return replace(part, rows=(*others, later), requirements=uses)


def a_proposal(parts: Sequence[IntegrationPart], of: Matrix) -> Proposal:
    channel = channel_of(Sdk.objects.get())
    layout = ComputedPart(LAYOUT, write(of.layout("inline")))
    made = [layout, *(computed(part) for part in parts)]
    proposal = propose(started(channel), made, at=AT, summarise=summary_of(channel))
    assert proposal is not None
    return proposal


def computed(part: IntegrationPart) -> ComputedPart:
    reason = {"kind": "latest", "text": "the latest of its line"}
    return ComputedPart(
        part.name,
        write(part),
        reasons={str(row.version): [reason] for row in part.rows},
        findings=(Found("free threading", "info", "Free threading is read from wheels."),),
        causes=[{"kind": "release", "text": f"{part.project} was released on 12 November"}],
    )


def started(channel: Channel) -> Run:
    at = AT + timedelta(hours=channel.runs.count())
    found = runs.request_run(channel, kind=Run.Kind.MANUAL, intended_at=at, as_of=at, by=None)
    runs.start(found, at=at)
    return found


def publish(proposal: Proposal) -> int:
    by = User.objects.get()
    publication = approve_and_publish(proposal.number, by=by, at=AT, comment="")
    return publication.files.get().read().count("\n")


def measure(what: str, client: Client, proposal: Proposal) -> Row:
    path = f"/proposals/{proposal.number}/"
    assert client.get(path).status_code == 200
    return Row(
        work=f"review page: {what}", seconds=best_of(lambda: client.get(path)), limit=SECONDS
    )


if __name__ == "__main__":
    import django

    django.setup()
    sys.exit(0 if print_rows(run()) else 1)

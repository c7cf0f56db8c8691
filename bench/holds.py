"""
How long it takes to find everything that a release is in, in five years of weekly publications.

61 integrations of three rows on three Pythons, each environment with 38 pins of its own; each week
20 integrations change, all of their environments with them.
"""

import hashlib
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from packaging.version import Version

from bench.poll import fresh_database
from bench.report import Row as Measured
from bench.report import print_rows
from integrations.catalogue.models import Sdk
from matrix.environments.models import PinSet
from matrix.review.models import Channel, Publication, PublishedPart
from matrix.review.snapshots import store_all
from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, LayoutPart, Row, write
from matrix.sdk.channel import KIND
from matrix.sdk.containing import Contained, containing

WEEKS, INTEGRATIONS, CHANGES, PINS = 260, 61, 20, 38
FIRST = datetime(2021, 11, 22, tzinfo=UTC)
PYTHONS = (Python(9), Python(12), Python(14))
SECONDS = 1.0


class Invented:
    """Parts whose pins move on from week to week, the same in every run."""

    def __init__(self) -> None:
        self.random = random.Random(7)
        self.minors = {f"dependency-{number:02}": 10 for number in range(60)}
        self.pins: dict[str, str] = {}

    def week(self) -> None:
        for name in self.random.sample(sorted(self.minors), 10):
            self.minors[name] += 1

    def part(self, number: int, week: int) -> str:
        rows = tuple(
            Row(
                version=Version(f"{major}.{week}"),
                pythons=PYTHONS,
                pins=tuple((python, self._pin_set()) for python in PYTHONS),
            )
            for major in (1, 2, 3)
        )
        part = IntegrationPart(
            name=f"integration-{number}",
            project=f"project-{number}",
            extras=(),
            group="All",
            test_path="tests",
            rows=rows,
            requirements=(),
        )
        return write(part)

    def _pin_set(self) -> str:
        chosen = sorted(self.random.sample(sorted(self.minors), PINS))
        text = "".join(
            f"{name}=={self.minors[name] // 10}.{self.minors[name] % 10}."
            f"{self.random.randint(0, 3)}\n"
            for name in chosen
        )
        sha = hashlib.sha256(text.encode()).hexdigest()
        self.pins[sha] = text
        return sha


def run() -> list[Measured]:
    with fresh_database():
        publish_for_years()
        found: dict[str, Callable[[], Contained]] = {
            "a pin that is in all of them": lambda: containing("dependency-07", ""),
            "a pin that is in few": lambda: containing("dependency-07", "==3.0.1"),
            "a pick": lambda: containing("project-4", ">=1"),
        }
        sizes = [len(search().publications) for search in found.values()]
        assert sizes[0] == sizes[2] == WEEKS, sizes
        return [
            Measured(work=f"{WEEKS} publications: {what}", seconds=best_of(search), limit=SECONDS)
            for what, search in found.items()
        ]


@transaction.atomic
def publish_for_years() -> None:
    Sdk(slug="kit", name="Kit", pythons="3.9 3.12 3.14").save()
    channel = Channel.objects.create(kind=KIND, slug="kit")
    by, invented = User.objects.create_user("ana"), Invented()
    layout = LayoutPart(sdk="kit", groups=("All",), frame="", pins_style="constraints")
    parts = {f"integration-{number}": invented.part(number, 0) for number in range(INTEGRATIONS)}
    parts["layout"] = write(layout)
    for week in range(WEEKS):
        invented.week()
        for number in invented.random.sample(range(INTEGRATIONS), CHANGES):
            parts[f"integration-{number}"] = invented.part(number, week)
        _publish(channel, week, parts, by)
        rows = [PinSet(sha256=sha, pins=text, made_at=FIRST) for sha, text in invented.pins.items()]
        PinSet.objects.bulk_create(rows, ignore_conflicts=True)
        invented.pins.clear()


def _publish(channel: Channel, week: int, parts: Mapping[str, str], by: User) -> None:
    snapshots = store_all(list(parts.values()))
    publication = Publication.objects.create(
        channel=channel,
        number=week + 1,
        base=channel.current,
        published_by=by,
        published_at=FIRST + timedelta(weeks=week),
    )
    PublishedPart.objects.bulk_create(
        PublishedPart(publication=publication, part=part, snapshot=snapshots[body])
        for part, body in parts.items()
    )
    channel.current = publication
    channel.save()


def best_of(work: Callable[[], object], repeats: int = 3) -> float:
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


if __name__ == "__main__":
    import sys

    sys.exit(0 if print_rows(run()) else 1)

"""
Select and render from stored facts, as a run does it: from the database to the bytes of the file.

The floor is what no selection can do without: reading the packed facts and parsing each version.
"""

import io
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.core.management import call_command
from packaging.version import Version

from bench.poll import fresh_database
from bench.report import Row, print_rows
from integrations.catalogue.models import Group, Integration, Sdk
from integrations.index.models import Index
from integrations.index.store import known_projects
from matrix.sdk.channel import files_of
from matrix.sdk.computing import Question, compute
from matrix.sdk.gathering import index_of
from tests.support.index_server import IndexServer

CATALOGUE = Path("tests/data/catalogue/config_facts.json")
AS_OF = datetime(2026, 8, 10, 8, 45, tzinfo=UTC)  # Of the recorded metadata.
NOW = datetime(2026, 11, 21, tzinfo=UTC)
MANY = 2_000
SECONDS = 0.5
REPEATS = 5


def run() -> list[Row]:
    """Measure the recorded catalogue, and one of 2,000 integrations over the same projects."""
    with fresh_database(), IndexServer() as server:
        call_command("import_catalogue", str(CATALOGUE), sdk="few", stdout=io.StringIO())
        Sdk.objects.update(pins_style="none")
        few = Sdk.objects.get(slug="few")
        index = index_of(few, url=server.url)
        fetched = compute(few, Question(as_of=AS_OF, now=NOW, index=index))
        assert not [part.problem for part in fetched if part.problem]
        number = few.integrations.count()
        small = best_of(lambda: select_and_render(few, index))
        floor = best_of(lambda: read_and_parse(few, index))
        large = best_of(lambda: select_and_render(many_of(few), index), repeats=1)
    return [
        Row(work=f"select + render {number} integrations", seconds=small, limit=SECONDS),
        Row(work="… beside reading and parsing the facts", seconds=small, floor=floor, limit=6),
        Row(
            work=f"select + render {MANY} integrations: linear",
            seconds=large,
            floor=small * MANY / number,
            limit=1.33,
        ),
    ]


def select_and_render(sdk: Sdk, index: Index) -> dict[str, str]:
    parts = compute(sdk, Question(as_of=AS_OF, now=NOW, index=index, offline=True))
    return files_of({part.part: part.body for part in parts if part.body is not None})


def read_and_parse(sdk: Sdk, index: Index) -> None:
    names = set(sdk.integrations.values_list("project", flat=True))
    for project in known_projects(index, names).values():
        for release in project.releases(AS_OF):
            Version(str(release.version))


def many_of(few: Sdk) -> Sdk:
    """Return an SDK with copies of the integrations of *few*, made past the forms: it is quick."""
    sdk, is_new = Sdk.objects.get_or_create(
        slug="many",
        defaults={"name": "Many", "pythons": few.pythons, "free_threading_from": "3.14"},
    )
    if not is_new:
        return sdk
    group = Group.objects.create(sdk=sdk, name="All")
    originals = list(few.integrations.prefetch_related("rules", "restrictions"))
    for number in range(MANY):
        copy_of(originals[number % len(originals)], number, sdk, group)
    return sdk


def copy_of(original: Integration, number: int, sdk: Sdk, group: Group) -> None:
    fields = {field.name for field in Integration._meta.concrete_fields} - {"id"}
    values = {name: getattr(original, name) for name in fields}
    values |= {"name": f"n{number}", "sdk": sdk, "group": group}
    integration = Integration.objects.bulk_create([Integration(**values)])[0]
    for rule in original.rules.all():
        rule.pk, rule.integration = None, integration
        rule.save()
    for restriction in original.restrictions.all():
        restriction.pk, restriction.integration = None, integration
        restriction.save()


def best_of(work: Callable[[], object], *, repeats: int = REPEATS) -> float:
    """Return the seconds of the fastest of a few runs: the others waited for the machine."""
    times = []
    for _ in range(repeats + 1):  # The first one warms caches up, and is not the fastest.
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    import django

    django.setup()
    sys.exit(0 if print_rows(run()) else 1)

"""A catalogue goes into a file and comes back as it was, to the byte."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from integrations.catalogue import portable
from integrations.catalogue.apply import apply
from integrations.catalogue.exporting import catalogue_of, export, toml_of
from integrations.catalogue.importing import Imported, SourceFile
from integrations.catalogue.importing.reading import read_catalogue
from integrations.catalogue.importing.toml import read_toml
from integrations.catalogue.models import Sdk
from tests.catalogue.values import catalogues

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "integrations/catalogue/example.toml"
FACTS = ROOT / "tests/data/catalogue/config_facts.json"
EMPTY = portable.Catalogue(sdk=portable.Sdk(name="Kit", pythons=""))
EACH = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def read(text: str) -> Imported:
    return read_toml(SourceFile("catalogue.toml", text))


def put(imported: Imported, slug: str = "kit") -> Sdk:
    apply(imported, slug=slug, reason="test")
    return Sdk.objects.get(slug=slug)


@settings(deadline=None)
@given(catalogue=catalogues())
def test_a_file_says_all_that_the_values_say(catalogue: portable.Catalogue) -> None:
    imported = read(toml_of(catalogue))

    assert imported.problems == ()
    assert portable.settled(imported.catalogue) == catalogue


@pytest.mark.django_db
@pytest.mark.slow
@EACH
@given(catalogue=catalogues())
def test_an_export_of_an_import_is_the_same_file(catalogue: portable.Catalogue) -> None:
    text = toml_of(catalogue)
    with transaction.atomic():
        sdk = put(read(text))

        assert catalogue_of(sdk) == catalogue
        assert export(sdk) == text
        assert apply(read(text), slug="kit", reason="again") == []
        transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.slow
@EACH
@given(old=catalogues(), new=catalogues())
def test_an_import_makes_any_catalogue_equal_to_the_file(
    old: portable.Catalogue, new: portable.Catalogue
) -> None:
    with transaction.atomic():
        put(Imported(catalogue=old))

        sdk = put(Imported(catalogue=new))

        assert catalogue_of(sdk) == new
        transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.parametrize("path", [EXAMPLE, FACTS], ids=["our example", "toxgen's catalogue"])
def test_the_catalogues_that_we_know_survive_the_trip(path: Path) -> None:
    sdk = put(read_catalogue(path, base=EMPTY))
    text = export(sdk)

    other = put(read(text), slug="other")

    assert export(other) == text
    assert apply(read_catalogue(path, base=catalogue_of(sdk)), slug="kit", reason="again") == []


def test_the_order_of_the_rows_plays_no_role() -> None:
    rules = tuple(portable.Rule(order=1, requirements=name) for name in "cab")
    integration = portable.Integration(
        name="httpx", group="Network", project="httpx", test_path="tests", rules=rules
    )
    catalogue = replace(EMPTY, integrations=(integration,))
    turned = replace(catalogue, integrations=(replace(integration, rules=rules[::-1]),))

    assert toml_of(portable.settled(catalogue)) == toml_of(portable.settled(turned))

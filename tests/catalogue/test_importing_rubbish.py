"""Whatever a file holds, an importer answers with values or mistakes, never with a traceback."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.catalogue import portable
from integrations.catalogue.apply import apply
from integrations.catalogue.importing import Imported, ImportRefused, Problem, SourceFile
from integrations.catalogue.importing.config_py import read_config
from integrations.catalogue.importing.reading import read_catalogue
from integrations.catalogue.importing.toml import from_content as from_toml
from integrations.catalogue.importing.toml import read_toml
from integrations.catalogue.importing.toxgen import from_content as from_facts
from integrations.catalogue.importing.toxgen import read_toxgen
from integrations.catalogue.models import Sdk
from tests.catalogue.rubbish import texts

NEW = portable.Catalogue(sdk=portable.Sdk(name="Kit", pythons="3.9 3.14"))
FACTS = Path(__file__).parents[1] / "data/catalogue/config_facts.json"
EACH = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# The words that importers look for, so that rubbish gets past the first door.
KEYS = (
    "format", "sdk", "groups", "integrations", "name", "pythons", "services", "holds", "rules",
    "restrictions", "pinned_picks", "requirements", "releases", "reason", "version", "order",
    "group", "project", "package", "test_path", "minimum", "suites", "deps", "rule", "python",
    "include", "num_versions", "number_of_versions", "ignored_suites", "sdk_python_versions",
    "propose_on", "propose_at", "starts_on", "httpx", "Network", "min_version", "extras", "extra",
)  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts(surrogates=True)
    | st.dates()
    | st.times()
    | st.datetimes()
)
keys = st.sampled_from(KEYS) | texts(surrogates=True)
rubbish = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=20,
)
tables = st.dictionaries(keys, rubbish, max_size=8)


def integration_tables() -> st.SearchStrategy[dict[str, Any]]:
    """A table that is nearly right."""
    good = {"group": "Network", "project": "httpx", "test_path": "tests"}
    return st.dictionaries(st.sampled_from(KEYS), rubbish, max_size=4).map(lambda bad: good | bad)


def catalogue_tables() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "format": st.just(1),
            "sdk": st.just({"name": "Kit", "pythons": ["3.9"]}) | tables,
            "groups": st.just([{"name": "Network"}]) | st.lists(tables, max_size=2),
            "integrations": st.dictionaries(
                st.just("httpx") | texts(surrogates=True),
                integration_tables() | rubbish,
                max_size=3,
            ),
        }
    )


def facts() -> st.SearchStrategy[dict[str, Any]]:
    suite = {"name": "httpx", "group": "Network", "package": "httpx"}
    suites = st.dictionaries(st.sampled_from(KEYS), rubbish, max_size=4)
    return st.fixed_dictionaries(
        {
            "groups": st.just([{"name": "Network", "suites": ["httpx"]}]) | rubbish,
            "suites": st.lists(suites.map(lambda bad: suite | bad) | rubbish, max_size=3),
            "services": st.just({"redis": ["httpx"]}) | rubbish,
        }
    )


def answer(imported: Imported) -> None:
    """Apply in a transaction that is rolled back; refused means that nothing is there."""
    with transaction.atomic():
        found = problems_of(lambda: _applied(imported))
        assert (Sdk.objects.count() == 0) == bool(found)
        assert all(str(problem).strip() for problem in found)
        transaction.set_rollback(True)


def _applied(imported: Imported) -> Imported:
    apply(imported, slug="kit", reason="test")
    return imported


def problems_of(read: Callable[[], Imported]) -> tuple[Problem, ...]:
    """Return what is wrong, however it was said."""
    try:
        return read().problems
    except ImportRefused as refused:
        return refused.problems


@pytest.mark.django_db
@pytest.mark.slow
@EACH
@given(content=catalogue_tables() | tables)
def test_tables_of_any_shape_in_our_own_form(content: dict[str, Any]) -> None:
    answer(from_toml(content))


@pytest.mark.django_db
@pytest.mark.slow
@EACH
@given(content=facts() | rubbish)
def test_facts_of_any_shape(content: object) -> None:
    answer(from_facts(content, NEW))


@pytest.mark.django_db
@pytest.mark.slow
@EACH
@given(config=tables | rubbish, groups=tables | rubbish, ignored=rubbish, minimums=rubbish)
def test_python_files_of_any_shape(
    config: object, groups: object, ignored: object, minimums: object
) -> None:
    text = (
        f"TEST_SUITE_CONFIG = {config!r}\nGROUPS = {groups!r}\n"
        f"IGNORE = {ignored!r}\n_MIN_VERSIONS = {minimums!r}\n"
    )

    try:
        imported = read_config([SourceFile("config.py", text)], NEW, pythons="3.9")
    except ImportRefused:
        return  # Python itself refuses a key of half a surrogate.
    answer(imported)


@settings(max_examples=200, deadline=None)
@given(text=texts() | st.text(st.sampled_from("{}[]()\"'=,:.\n #a1-"), max_size=60))
def test_texts_that_are_no_file_at_all(text: str) -> None:
    assert problems_of(lambda: read_toml(SourceFile("a.toml", text)))
    assert problems_of(lambda: read_toxgen(SourceFile("a.json", text), NEW))
    assert problems_of(lambda: read_config([SourceFile("a.py", text)], NEW))


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 50_000,
        "x = " + "-" * 50_000 + "1",
        "x = " + "[" * 90,
        "TEST_SUITE_CONFIG = " + "[" * 90 + "]" * 90,
        "TEST_SUITE_CONFIG = " + "-" * 900 + "1",
        "TEST_SUITE_CONFIG = " + "+".join(["1"] * 5000),
        "GROUPS = {{}: 1}",
        "GROUPS = {[]}",
        "GROUPS = {**x}",
        "GROUPS = f'{1}'",
        "GROUPS = b'x'",
        "GROUPS = ...",
        "class GROUPS: pass",
    ],
    ids=lambda text: text[:24],
)
def test_python_that_is_nested_or_odd(text: str) -> None:
    assert problems_of(lambda: read_config([SourceFile("config.py", text)], NEW))


def test_a_file_of_more_than_ten_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.toml"
    path.write_bytes(b"#" * 10_000_001)

    with pytest.raises(ImportRefused, match=r"big\.toml: is larger than 10 MB"):
        read_catalogue(path, base=NEW)


def test_a_file_that_is_not_utf_8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'format = 1\n[sdk]\nname = "caf\xe9"\n')

    with pytest.raises(ImportRefused) as refused:
        read_catalogue(path, base=NEW)

    assert str(refused.value) == (
        "latin.toml, line 3: byte 0xe9 is not UTF-8. Save the file as UTF-8."
    )


def test_a_byte_order_mark_is_nothing_to_speak_of(tmp_path: Path) -> None:
    path = tmp_path / "marked.toml"
    path.write_bytes(b'\xef\xbb\xbfformat = 1\n[sdk]\nname = "Kit"\npythons = ["3.9"]\n')

    assert read_catalogue(path, base=NEW).problems == ()


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("a.toml", "{", "toml"),
        ("a.JSON", "", "json"),
        ("a.py", "", "python"),
        ("catalogue", tomli_w.dumps({"format": 1}), "toml"),
        ("catalogue", json.dumps({"suites": []}), "json"),
        ("catalogue", "TEST_SUITE_CONFIG = {}", "python"),
    ],
)
def test_a_form_is_known_by_its_suffix_else_by_what_it_holds(
    name: str, text: str, form: str
) -> None:
    assert SourceFile(name, text).format == form

"""toxgen's catalogue: as JSON facts and as its own Python files, which are never executed."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from integrations.catalogue import portable
from integrations.catalogue.apply import apply
from integrations.catalogue.exporting import catalogue_of, toml_of
from integrations.catalogue.importing import Imported, ImportRefused, SourceFile
from integrations.catalogue.importing.config_py import read_config
from integrations.catalogue.importing.reading import read_catalogue
from integrations.catalogue.importing.toxgen import read_toxgen
from integrations.catalogue.models import Integration, Sdk

# ruff: noqa: E501  (A table of mistakes reads best with each on its line.)
ROOT = Path(__file__).parents[2]
FACTS = ROOT / "tests/data/catalogue/config_facts.json"
NEW = portable.Catalogue(sdk=portable.Sdk(name="Kit", pythons=""))
PYTHONS = "3.6 3.7 3.8 3.9 3.10 3.11 3.12 3.13 3.14"


@pytest.fixture(scope="module")
def facts() -> Imported:
    return read_catalogue(FACTS, base=NEW)


def integration_of(imported: Imported, name: str) -> portable.Integration:
    (found,) = (each for each in imported.catalogue.integrations if each.name == name)
    return found


def conditions(rules: Iterable[portable.Rule]) -> list[tuple[str, str, str, str]]:
    return [
        (rule.releases, rule.pythons, rule.free_threading, rule.requirements.replace("\n", " "))
        for rule in rules
    ]


def test_all_sixty_one_suites_come_over(facts: Imported) -> None:
    catalogue = facts.catalogue

    assert facts.problems == ()
    assert len(catalogue.integrations) == 61
    assert catalogue.sdk.pythons == PYTHONS
    assert catalogue.sdk.free_threading_from == "3.14"
    (note,) = facts.notes
    assert note == (
        "Skipped, hand-written in toxgen: asgi, aws_lambda, cloud_resource_context, common, gcp, "
        "gevent, integration_deactivation, opentelemetry, otlp, potel, shadowed_module."
    )


def test_groups_keep_their_order_and_get_the_services_of_their_suites(facts: Imported) -> None:
    assert [(group.name, group.services) for group in facts.catalogue.groups] == [
        ("Common", ""),
        ("MCP", ""),
        ("Agents", ""),
        ("AI Workflow", ""),
        ("AI", ""),
        ("Cloud", "docker"),
        ("DBs", "clickhouse, mysql, postgres"),
        ("Flags", ""),
        ("Gevent", ""),
        ("GraphQL", ""),
        ("Network", ""),
        ("Tasks", "java, redis"),
        ("Web 1", "postgres"),
        ("Web 2", ""),
        ("Misc", ""),
    ]


def test_rules_of_all_three_kinds_come_over_in_their_order(facts: Imported) -> None:
    assert conditions(integration_of(facts, "redis").rules) == [
        ("", "", "any", "fakeredis!=1.7.4 pytest<8.0.0"),
        (">=4.0,<5.0", "", "any", "fakeredis<2.31.0"),
        ("", "<3.9", "any", "fakeredis<2.26.0"),
        ("", ">=3.7", "any", "pytest-asyncio"),
    ]
    assert conditions(integration_of(facts, "django").rules)[-1] == (
        "", ">=3.14", "any", "coverage==7.11.0",
    )  # fmt: skip


def test_restrictions_come_over_in_their_order(facts: Imported) -> None:
    found = integration_of(facts, "openai-base").restrictions

    assert [(each.releases, each.pythons) for each in found] == [
        (">0.0,<2.3", ">=3.8"),
        (">=2.3", ">=3.9"),
    ]
    assert [each.pythons for each in integration_of(facts, "falcon").restrictions] == ["<3.13"]


def test_an_integration_takes_name_extras_path_and_minimum(facts: Imported) -> None:
    strawberry = integration_of(facts, "strawberry")
    base = integration_of(facts, "openai-base")

    assert (strawberry.project, strawberry.extras) == ("strawberry-graphql", "fastapi,flask")
    assert (strawberry.minimum, strawberry.number_of_versions) == ("0.209.5", 2)
    assert (base.project, base.test_path) == ("openai", "tests/integrations/openai")
    assert integration_of(facts, "starlite").include == "!=2.0.0a1,!=2.0.0a2"


# --- The same as Python files ---------------------------------------------------------------------


def as_config_py(facts: dict[str, Any]) -> str:
    """Write toxgen's own files out of the facts about them."""
    config = {}
    for suite in facts["suites"]:
        settings: dict[str, Any] = {"package": suite["package_raw"]}
        if suite["integration_name_explicit"]:
            settings["integration_name"] = suite["integration_name"]
        for key in ("include", "python", "num_versions"):
            if suite[key] is not None:
                settings[key] = suite[key]
        if suite["deps"]:
            settings["deps"] = {each["rule"]: each["requirements"] for each in suite["deps"]}
        config[suite["name"]] = settings
    groups = {group["name"]: group["suites"] for group in facts["groups"]}
    minimums = {key: tuple(value) for key, value in facts["min_versions_raw"].items()}
    return (
        "import os\n"
        f"TEST_SUITE_CONFIG = {config!r}\n"
        f"GROUPS: dict = {groups!r}\n"
        f"IGNORE = {set(facts['ignored_suites'])!r}\n"
        f"_MIN_VERSIONS = {minimums!r}\n"
        "os.abort()\n"
    )


@pytest.mark.django_db
def test_toxgens_own_files_say_the_same_as_the_facts_about_them(facts: Imported) -> None:
    text = as_config_py(json.loads(FACTS.read_text()))
    config = read_config([SourceFile("config.py", text)], NEW, pythons=PYTHONS)
    apply(facts, slug="facts", reason="test")
    apply(config, slug="config", reason="test")

    from_facts = catalogue_of(Sdk.objects.get(slug="facts"))
    from_config = catalogue_of(Sdk.objects.get(slug="config"))

    # The files of Python do not say which services there are.
    assert config.problems == ()
    assert from_config.integrations == from_facts.integrations
    assert [group.name for group in from_config.groups] == [
        group.name for group in from_facts.groups
    ]
    assert toml_of(from_config).count("services") == 0


@pytest.mark.django_db
def test_what_toxgen_has_no_word_for_stays(tmp_path: Path) -> None:
    apply(read_catalogue(FACTS, base=NEW), slug="kit", reason="first")
    httpx = Integration.objects.get(name="httpx")
    httpx.owner, httpx.notes, httpx.is_paused = "ana", "Watch 1.0.", True
    httpx.save()
    rule = httpx.rules.get(releases="<0.24")
    rule.reason = "anyio 4 came later"
    rule.save()
    before = catalogue_of(Sdk.objects.get())

    differences = apply(read_catalogue(FACTS, base=before), slug="kit", reason="again")

    assert differences == []
    assert catalogue_of(Sdk.objects.get()) == before


def test_files_without_minimums_keep_those_that_there_are() -> None:
    integration = portable.Integration(
        name="httpx", group="Web", project="httpx", test_path="tests", minimum="0.16"
    )
    base = portable.Catalogue(
        sdk=portable.Sdk(name="Kit", pythons="3.9"), integrations=(integration,)
    )
    text = 'TEST_SUITE_CONFIG = {"httpx": {"package": "httpx"}}\nGROUPS = {"Web": ["httpx"]}'

    imported = read_config([SourceFile("config.py", text)], base)

    assert integration_of(imported, "httpx").minimum == "0.16"
    assert imported.notes == (
        "No _MIN_VERSIONS in config.py: minimum versions stay as they are (--minimums FILE).",
    )


CONFIG = 'TEST_SUITE_CONFIG = {"httpx": %s}\nGROUPS = {"Web": ["httpx"]}\n_MIN_VERSIONS = {"httpx": (0, 16)}\n'


def mistakes_of_config(text: str, *, pythons: str = "3.9 3.14") -> list[str]:
    try:
        imported = read_config([SourceFile("config.py", text)], NEW, pythons=pythons)
        apply(imported, slug="kit", reason="test")
    except ImportRefused as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(CONFIG % '{"package": "httpx"}', [], id="nothing"),
        pytest.param("x = (", ["config.py, line 1: is not Python: '(' was never closed."], id="syntax"),
        pytest.param("x = 1\n\0", ["config.py: is not Python: source code string cannot contain null bytes."], id="a NUL"),
        pytest.param("x = " + "9" * 5000, ["config.py, line 1: is not Python: a number has thousands of digits."], id="a number of 5,000 digits"),
        pytest.param("", ["GROUPS: is in none of the files. Name the file that has it with --groups FILE.", "config.py: has no TEST_SUITE_CONFIG with a literal table."], id="an empty file"),
        pytest.param(CONFIG % 'dict(package="httpx")', ["config.py, line 1: TEST_SUITE_CONFIG is not a literal: only plain values are read, nothing is executed.", "config.py: has no TEST_SUITE_CONFIG with a literal table."], id="a call"),
        pytest.param(CONFIG % '{"package": "httpx", "pyton": ">=3.8"}', ['TEST_SUITE_CONFIG.httpx.pyton: "pyton" is not a key that belongs here. Did you mean "python"?'], id="an unknown key"),
        pytest.param(CONFIG % "{}", ["TEST_SUITE_CONFIG.httpx.package: is missing. It must be a text."], id="no package"),
        pytest.param(CONFIG % '{"package": "httpx[all"}', ['TEST_SUITE_CONFIG.httpx.package: "httpx[all" has a bracket that is not closed.'], id="an open bracket"),
        pytest.param(CONFIG % '{"package": "httpx", "num_versions": 1}', ["TEST_SUITE_CONFIG.httpx.num_versions: Ensure this value is greater than or equal to 2."], id="too few versions"),
        pytest.param(CONFIG % '{"package": "httpx", "deps": {"py3.x": ["a"]}}', ['TEST_SUITE_CONFIG.httpx.deps."py3.x": "py3.x" is not a list of Pythons. Write py3.13,py3.14,py3.14t.'], id="no list of Pythons"),
        pytest.param(CONFIG % '{"package": "httpx", "deps": {"*": ["a"], "=>1": ["b", "c d"]}}', ['TEST_SUITE_CONFIG.httpx.deps."=>1": "=>1" is not a specifier. Did you mean ">=1"?', 'TEST_SUITE_CONFIG.httpx.deps."=>1"[1]: "c d" is not a requirement (Expected semicolon (after name with no version specifier) or end).'], id="mistakes in a rule"),
        pytest.param(CONFIG % '{"package": "httpx", "deps": {"*": "a"}}', ['TEST_SUITE_CONFIG.httpx.deps."*": The text "a" stands where a list of texts is needed.'], id="a text for requirements"),
        pytest.param(CONFIG % '{"package": "httpx", "python": [">=3.8"]}', ["TEST_SUITE_CONFIG.httpx.python: A list stands where a specifier, or a table of specifiers by releases, is needed."], id="a list for Pythons"),
        pytest.param(CONFIG % '{"package": "httpx", "python": {"<1": "=>3.8"}}', ['TEST_SUITE_CONFIG.httpx.python.pythons: "=>3.8" is not a specifier. Did you mean ">=3.8"?'], id="no specifier of Pythons"),
        pytest.param(CONFIG % '{"package": "a", "package": "httpx"}', ['config.py, line 1: "package" stands twice in one table of TEST_SUITE_CONFIG.'], id="a key twice"),
        pytest.param(CONFIG % '{"package": "httpx"}, 3: {}', ["TEST_SUITE_CONFIG: The table has a key that is not a text."], id="a key that is no text"),
        pytest.param((CONFIG % '{"package": "httpx"}').replace('["httpx"]', "[]"), ["TEST_SUITE_CONFIG.httpx: is in no group: toxgen leaves it out without a word. Add it to one."], id="a suite in no group"),
        pytest.param((CONFIG % '{"package": "httpx"}').replace('["httpx"]', '["httpx", "gcp"]'), ['GROUPS.Web[1]: "gcp" is neither in TEST_SUITE_CONFIG nor in IGNORE.'], id="a suite that nobody configured"),
        pytest.param((CONFIG % '{"package": "httpx"}').replace("(0, 16)", '"0.16"'), ['_MIN_VERSIONS.httpx: The text "0.16" stands where a tuple such as (0, 16, 0) is needed.'], id="a text for a minimum"),
        pytest.param((CONFIG % '{"package": "httpx"}').replace("(0, 16)", "(0, 0x" + "f" * 9000 + ")"), ["_MIN_VERSIONS.httpx: A tuple stands where a tuple such as (0, 16, 0) is needed."], id="a huge minimum"),
        pytest.param(CONFIG % '{"package": "httpx"}' + "IGNORE = 3", ['IGNORE: The value "3" stands where texts are needed.'], id="a number to ignore"),
    ],
)  # fmt: skip
def test_each_mistake_of_a_config_py_has_a_place(text: str, expected: list[str]) -> None:
    assert mistakes_of_config(text) == expected
    assert Sdk.objects.count() == (0 if expected else 1)


@pytest.mark.django_db
def test_an_sdk_whose_pythons_nobody_knows_is_a_mistake() -> None:
    (mistake,) = mistakes_of_config(CONFIG % '{"package": "httpx"}', pythons="")

    assert mistake == (
        "toxgen's config.py does not say which Pythons the SDK supports, and there is no such SDK "
        'yet. Name them with --pythons "3.9 3.10 3.11".'
    )


SUITE = {"name": "httpx", "group": "Web", "package": "httpx"}


def mistakes_of_facts(**changes: object) -> list[str]:
    content = {
        "sdk_python_versions": ["3.9"],
        "groups": [{"name": "Web", "suites": ["httpx"]}],
        "suites": [SUITE],
    }
    try:
        source = SourceFile("facts.json", json.dumps(content | changes))
        apply(read_toxgen(source, NEW), slug="kit", reason="test")
    except ImportRefused as error:
        return [str(problem) for problem in error.problems]
    return []


DEPS = [{"rule": "*", "requirements": ["a"]}, {"rule": "=>1", "requirements": ["b c"]}]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"suites": None}, ['groups[0].suites[0]: "httpx" is neither configured nor ignored.', "suites: is missing. It must be a list of tables."], id="no suites"),
        pytest.param({"suites": [SUITE | {"deps": DEPS}]}, ['suites[0].deps[1].rule: "=>1" is not a specifier. Did you mean ">=1"?', 'suites[0].deps[1].requirements[0]: "b c" is not a requirement (Expected semicolon (after name with no version specifier) or end).'], id="mistakes in a rule"),
        pytest.param({"suites": [SUITE | {"deps": [{"rule": "", "requirements": ["a"]}]}]}, ['suites[0].deps[0].rule: is empty. Write "*" for every release.'], id="an empty rule"),
        pytest.param({"suites": [SUITE | {"min_version": "one"}]}, ['suites[0].min_version: "one" is not a version (PEP 440). Write it as 1.4.2 or 2.0rc1.'], id="no version"),
        pytest.param({"suites": [SUITE | {"group": None}]}, ['suites[0].group: is in no group: toxgen would leave "httpx" out without a word.'], id="a suite in no group"),
        pytest.param({"suites": [SUITE, SUITE]}, ['suites[1].name: "httpx" is the name of an earlier suite.', ], id="a suite twice"),
        pytest.param({"suites": [SUITE | {"name": "py-thing"}], "groups": [{"name": "Web", "suites": ["py-thing"]}]}, ['suites[0].name: "py" in "py-thing" means something else in an environment\'s name (a Python, a version or the alias). Choose another name.'], id="a name that tox would misread"),
        pytest.param({"suites": [SUITE | {"unknown_keys": ["pyton"]}]}, ['suites[0].unknown_keys: "pyton" is not a key that toxgen knows.'], id="an unknown key of toxgen"),
        pytest.param({"suites": [SUITE | {"color": 1}]}, ['suites[0].color: "color" is not a key that belongs here.'], id="an unknown key"),
        pytest.param({"suites": [3]}, ['suites[0]: The value "3" stands where a table is needed.', 'groups[0].suites[0]: "httpx" is neither configured nor ignored.'], id="a number for a suite"),
        pytest.param({"ignored_suites": ["httpx"]}, ['suites[0].name: "httpx" is configured and ignored. Decide for one.'], id="configured and ignored"),
        pytest.param({"configured_but_in_no_group": ["flask"]}, ['configured_but_in_no_group[0]: "flask" is in no group. toxgen leaves it out without a word.'], id="the facts know one in no group"),
        pytest.param({"services": {"Post gres": ["httpx"]}}, ['groups[0].services: "Post" is not the name of a service. Write names such as postgres, redis.'], id="no service"),
        pytest.param({"suites": [SUITE | {"project": "x\ud800"}]}, ['suites[0].project: "project" is not a key that belongs here.'], id="half a surrogate where nobody looks"),
        pytest.param({"suites": [SUITE | {"include": "x\ud800"}]}, ['suites[0].include: The text holds the character U+D800, which does not print. Take it out.'], id="half a surrogate"),
    ],
)  # fmt: skip
def test_each_mistake_of_the_facts_has_a_place(
    changes: dict[str, object], expected: list[str]
) -> None:
    assert mistakes_of_facts(**changes) == expected
    assert Sdk.objects.count() == (0 if expected else 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{", "facts.json, line 1, column 2: is not JSON: Expecting property name enclosed in double quotes.", id="syntax"),
        pytest.param('{"a": NaN}', "facts.json: is not JSON: NaN is not a value that JSON knows.", id="NaN"),
        pytest.param('{"a": 1, "a": 2}', 'facts.json: is not JSON: the key "a" stands twice in one object.', id="a key twice"),
        pytest.param('{"a": ' + "[" * 100_000, "facts.json: is nested too deeply. A catalogue is not.", id="deep nesting"),
        pytest.param("9" * 5000, "facts.json: is not JSON: a number has thousands of digits.", id="a number of 5,000 digits"),
    ],
)  # fmt: skip
def test_what_is_not_json(text: str, expected: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        read_toxgen(SourceFile("facts.json", text), NEW)

    assert str(refused.value) == expected

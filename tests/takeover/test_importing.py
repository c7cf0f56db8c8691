"""What each spelling of tox becomes, and what is told of the rest."""

from datetime import date

import pytest
from packaging.version import Version

from integrations.catalogue import portable
from integrations.catalogue.importing import ImportRefused, SourceFile
from integrations.catalogue.importing.tox_ini import ImportedMatrix, read_matrix, read_tox_ini

SDK = portable.Sdk(name="Kit", pythons="3.8 3.9 3.10 3.11")


def imported(environments: str, *deps: str, more: str = "") -> ImportedMatrix:
    """Import a file with one list of environments, a space between two lines of it."""
    lines = "".join(f"    {line}\n" for line in environments.split(" "))
    below = "".join(f"    {line}\n" for line in deps)
    text = f"[tox]\nenvlist =\n{lines}[testenv]\ndeps =\n{below}{more}"
    base = portable.Catalogue(sdk=SDK)
    return read_tox_ini(read_matrix(SourceFile("tox.ini", text)), base, lambda _: ())


def only(found: ImportedMatrix) -> portable.Integration:
    assert found.imported.problems == ()
    (integration,) = found.imported.catalogue.integrations
    return integration


def rule_of(*deps: str) -> tuple[str, str, str] | None:
    """Return the one rule that the last of *deps* makes for httpx 0.16, 0.20 and the latest."""
    found = imported(
        "{py3.8,py3.9}-httpx-v{0.16,0.20} py3.9-httpx-latest",
        "httpx-v0.16: httpx~=0.16.0",
        "httpx-v0.20: httpx~=0.20.0",
        "httpx-latest: httpx",
        *deps,
    )
    rules = only(found).rules
    assert len(rules) <= 1
    return (rules[0].releases, rules[0].pythons, rules[0].requirements) if rules else None


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("httpx: mock", ("", "", "mock")),
        ("httpx-v0.16: mock", ("==0.16.*", "", "mock")),
        ("httpx-v{0.16,0.20}: mock<2", (">=0.16,<0.21", "", "mock<2")),
        ("httpx-{v0.20,latest}: mock", (">=0.20", "", "mock")),
        ("httpx-latest: mock", (">=0.21", "", "mock")),
        ("httpx-{v0.16,v0.20,latest}: mock", ("", "", "mock")),
        ("py3.8-httpx: mock", ("", "<3.9", "mock")),
        ("py39-httpx: mock", ("", "==3.9", "mock")),
        ("{py3.8,py3.10}-httpx: mock", ("", "<3.11,!=3.9", "mock")),
        ("!py3.8-httpx: mock", ("", ">=3.9", "mock")),
        ("httpx-!v0.16: mock", (">=0.20", "", "mock")),
        ("py3.8-httpx-v0.16: mock", ("==0.16.*", "<3.9", "mock")),
        (
            'httpx: mock>=1,<2; python_version < "3.9"',
            ("", "", 'mock>=1,<2; python_version < "3.9"'),
        ),
        ("httpx: \\\n        mock", ("", "", "mock")),
        ("httpx-!py3.8: mock  # why", ("", ">=3.9", "mock")),
        ("requests: mock", None),
        ("httpx-linux: mock", None),
        ("httpx-v9: mock", None),
        ("py3.8: mock", None),
        ("mock", None),
        ("httpx: -r more.txt", None),
        ("httpx: .[extra]", None),
        ("httpx: {[base]deps}", None),
        ("httpx: git+https://example.org/x.git", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_line_of_deps_becomes_a_rule_or_is_told(
    line: str, rule: tuple[str, str, str] | None
) -> None:
    assert rule_of(line) == rule
    if rule is None:
        found = imported("py3.8-httpx-v0.16", "httpx-v0.16: httpx~=0.16.0", line)
        assert any("line 7" in note for note in found.imported.notes)


def test_a_comment_above_or_behind_a_line_is_the_reason_of_its_rule() -> None:
    found = imported(
        "py3.8-httpx-v0.16",
        "httpx-v0.16: httpx==0.16.0",
        "# It broke.",
        "httpx: mock<2",
        "httpx: x  # Why.",
    )

    assert [rule.reason for rule in only(found).rules] == ["It broke.", "Why."]


@pytest.mark.parametrize(
    ("environments", "deps", "name", "project", "extras"),
    [
        ("py3.8-httpx-v1", ["httpx-v1: httpx~=1.0"], "httpx", "httpx", ""),
        (
            "py3.8-spark-v3.1",
            ["spark-v3.1: pyspark~=3.1.0", "spark: pyarrow"],
            "spark",
            "pyspark",
            "",
        ),
        (
            "py3.8-sb-v1.0",
            ["sb: fastapi", "sb-v1.0: strawberry-graphql[a,b]==1.0"],
            "sb",
            "strawberry-graphql",
            "a, b",
        ),
        ("py38-django32", ["django32: Django>=3.2,<4"], "django", "django", ""),
        (
            "py38-drf{310,311}",
            ["drf310: djangorestframework==3.10.*", "drf311: djangorestframework==3.11.*"],
            "drf",
            "djangorestframework",
            "",
        ),
        (
            "py3.8-openai-base-v1.0",
            ["openai: openai==1.0", "base: tiktoken"],
            "openai-base",
            "openai",
            "",
        ),
        ("py3.8-boto3-v1.2", ["boto3: boto3", "boto3-v1.2: boto3~=1.2.0"], "boto3", "boto3", ""),
        ("py3.8-web_kit-v1.2", [], "web_kit", "web-kit", ""),
        ("httpx-py38-v1.0", ["httpx: httpx"], "httpx", "httpx", ""),
        ("py3.8-HTTPX-v1.0", ["HTTPX-v1.0: httpx==1.0"], "httpx", "httpx", ""),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_the_name_and_the_project_of_a_suite(
    environments: str, deps: list[str], name: str, project: str, extras: str
) -> None:
    found = only(imported(environments, *deps))

    assert (found.name, found.project, found.extras) == (name, project, extras)


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ("lint", "its suite has no version in any name"),
        ("py3.8-common", "its suite has no version in any name"),
        ("py27-httpx-v1.0", "it names no Python 3.x"),
        ("pypy3-httpx-v1.0", "it names no Python 3.x"),
        ("py3.8-py3.9-httpx-v1.0", "it names no Python 3.x, or more than one"),
        ("py3.8-httpx-v1.0-v2.0", "it names two versions"),
        ("py3.8-httpx-linux-v1.0", '"linux" is a platform'),
        ("py3.8-httpx-extra-v1.0", 'tox would apply the lines of "httpx" to it too.'),
    ],
)
def test_an_environment_that_is_no_integration_stays_and_is_told(
    environment: str, reason: str
) -> None:
    found = imported(f"py3.8-httpx-v0.16 {environment}", "httpx-v0.16: httpx==0.16.0")

    assert [each.name for each in found.imported.catalogue.integrations] == ["httpx"]
    assert found.kept == (environment,)
    (note,) = [each for each in found.imported.notes if environment in each]
    assert note.startswith(f"tox.ini, line 4: {environment} stays: ")
    assert reason in note


def test_known_releases_decide_which_one_a_series_means() -> None:
    text = "[tox]\nenvlist = py3.8-spark-v3.1\n[testenv]\ndeps = spark-v3.1: pyspark~=3.1.1\n"
    known = [Version(text) for text in ["3.1.0", "3.1.2", "3.1.3rc1", "3.2.0"]]
    base = portable.Catalogue(sdk=SDK)

    found = read_tox_ini(read_matrix(SourceFile("tox.ini", text)), base, lambda _: known)

    assert [pick.version for pick in only(found).pinned_picks] == ["3.1.2"]


def test_what_people_keep_in_the_portal_stays() -> None:
    pick = portable.PinnedPick(version="0.17.0", reason="A customer has it.")
    hold = portable.Hold(reason="Broken.", ends_on=date(2027, 1, 1))
    before = portable.Integration(
        name="httpx", group="Old", project="httpx", test_path="tests/x", owner="ana",
        notes="Mind it.", pinned_picks=(pick,), holds=(hold,),
    )  # fmt: skip
    text = "[tox]\nenvlist = py3.8-httpx-v0.16\n[testenv]\ndeps = httpx-v0.16: httpx==0.16.0\n"
    base = portable.Catalogue(sdk=SDK, integrations=(before,))

    found = only(read_tox_ini(read_matrix(SourceFile("tox.ini", text)), base, lambda _: ()))

    assert (found.owner, found.notes, found.test_path, found.holds) == (
        "ana", "Mind it.", "tests/x", (hold,)
    )  # fmt: skip
    assert [each.version for each in found.pinned_picks] == ["0.17.0", "0.16.0"]
    assert found.group == "Imported"


def test_comments_with_rules_around_them_name_the_groups() -> None:
    text = (
        "[tox]\nenv_list =\n    # ~~~ Web 1 ~~~\n    py3.8-flask-v1.0\n    # A remark\n"
        "    py3.8-bottle-v1.0\n    # === Tasks ===\n    py3.8-rq-v1.0\n"
    )

    found = read_tox_ini(
        read_matrix(SourceFile("tox.ini", text)), portable.Catalogue(sdk=SDK), lambda _: ()
    )

    assert [(each.name, each.group) for each in found.imported.catalogue.integrations] == [
        ("flask", "Web 1"), ("bottle", "Web 1"), ("rq", "Tasks")
    ]  # fmt: skip
    assert [group.name for group in found.imported.catalogue.groups] == ["Web 1", "Tasks"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", 'tox.ini: has no list of environments: "env_list =" in [tox].'),
        ("x\n", 'tox.ini, line 1: "x" stands before the first [section].'),
        ("[tox]\nenvlist = a b\n", 'tox.ini, line 2: "a b" is not the name of an environment.'),
        ("[tox]\nenvlist = " + "{a,b}" * 20, "stands for more than 5,000 names."),
        ("[tox]\nenvlist = lint\n", "tox.ini: names no version of any suite"),
        (
            "[tox]\nenvlist = py3.8-a-v1\n[testenv]\ndeps =\n  " + "{a,b}" * 20 + ": x\n",
            "tox.ini, line 5: ",
        ),
        ("[tox]\nenvlist = \0\n", "tox.ini, line 2: it holds a NUL character"),
        ("[tox]\n" * 2, "tox.ini, line 2: the section [tox] stands in the file already"),
    ],
    ids=[
        "empty",
        "not INI",
        "not a name",
        "a bomb",
        "no versions",
        "a bomb in deps",
        "NUL",
        "twice",
    ],
)
def test_a_file_that_makes_no_matrix_is_refused_by_its_line(text: str, problem: str) -> None:
    try:
        matrix = read_matrix(SourceFile("tox.ini", text))
        base = portable.Catalogue(sdk=SDK)
        problems = read_tox_ini(matrix, base, lambda _: ()).imported.problems
    except ImportRefused as error:
        problems = error.problems

    assert any(problem in str(each) for each in problems)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.guidance.declarations import read_declarations
from portal.guidance.generating import Choice, generate
from portal.guidance.generating.facts import CHECKED

PYPROJECT = """
[project]
name = "shop"
dependencies = ["django>=5.2", "gunicorn"]
optional-dependencies = { Docs = ["sphinx"] }
[dependency-groups]
test = ["pytest>=8"]
dev = ["ruff", { include-group = "test" }]
"""
PIPFILE = """
[[source]]
url = "https://packages.example.org/simple"
[packages]
django = ">=5.2"
requests = { version = "==2.32.3", extras = ["socks"], markers = "python_version < '3.14'" }
mine = { git = "https://git.example.org/mine.git" }
[dev-packages]
pytest = "*"
[load-tests]
locust = "*"
"""
SETUP = """
[options]
install_requires =
    django>=5.2
    gunicorn  # serves
[options.extras_require]
dev =
    pytest
"""


@pytest.mark.parametrize(
    ("name", "text", "sets", "problems"),
    [
        pytest.param(
            "pyproject.toml",
            PYPROJECT,
            {
                "main": ["django>=5.2", "gunicorn"],
                "test": ["pytest>=8"],
                "dev": ["ruff", "pytest>=8"],
                "docs": ["sphinx"],
            },
            [],
            id="pyproject",
        ),
        pytest.param(
            "Pipfile",
            PIPFILE,
            {
                "main": [
                    "django>=5.2",
                    "requests[socks]==2.32.3; python_version < '3.14'",
                ],
                "dev": ["pytest"],
                "load-tests": ["locust"],
            },
            ["Pipfile, packages.mine: git has no place in a lock. Publish it to the index."],
            id="Pipfile",
        ),
        pytest.param(
            "setup.cfg",
            SETUP,
            {"main": ["django>=5.2", "gunicorn"], "dev": ["pytest"]},
            [],
            id="setup.cfg",
        ),
        pytest.param(
            "requirements/dev.in",
            "-c main.txt\n# tools\npytest>=8  # tests\n\nruff\n",
            {"dev": ["pytest>=8", "ruff"]},
            [],
            id="an .in file",
        ),
        pytest.param(
            "requirements.txt",
            "a==1 \\\n    --hash=sha256:00\n-e .\nb @@ 1\n",
            {"main": ["a==1"]},
            [
                'requirements.txt, line 3: "-e" is an option, not a requirement.',
                "b @@ 1",
            ],
            id="a locked file",
        ),
        pytest.param(
            "pyproject.toml",
            "[dependency-groups]\na = [{include-group = 'a'}]\nb = [{include-group = 'c'}]\n",
            {},
            [
                "pyproject.toml, dependency-groups.a: the group includes itself.",
                'pyproject.toml, dependency-groups.b: there is no group "c".',
            ],
            id="groups in a circle",
        ),
        pytest.param(
            "pyproject.toml",
            "project = 3\n[dependency-groups]\na = 'x'\n",
            {},
            [
                "pyproject.toml: project must be a table.",
                "pyproject.toml, dependency-groups.a: it must be a list.",
            ],
            id="wrong types",
        ),
        pytest.param("Pipfile", "=", {}, ["Pipfile, line 1: It is not TOML"], id="no TOML"),
        pytest.param(
            "setup.cfg",
            "x",
            {},
            ["setup.cfg, line 1: A section in brackets must come first."],
            id="no sections",
        ),
        pytest.param(
            "requirements-.._.txt",
            "a\n",
            {"dev": ["a"]},
            ["is not the name of a set"],
            id="odd name",
        ),
    ],
)
def test_what_files_declare(
    name: str, text: str, sets: dict[str, list[str]], problems: list[str]
) -> None:
    declared = read_declarations(name, text)

    assert declared.sets == sets
    assert len(declared.problems) == len(problems)
    for found, expected in zip(declared.problems, problems, strict=True):
        assert expected in found


def test_another_file_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match=r'"setup.py" is none of the files that are read'):
        read_declarations("../x/setup.py", "")


REQUIREMENT = "x @ http://127.0.0.1:9/x.whl"
ADDRESS = "comes from an address, and a lock takes releases from the index alone. Publish it"
REFUSED = {
    "an address in pyproject.toml": (
        "pyproject.toml",
        f'[dependency-groups]\ndev = ["{REQUIREMENT}"]',
        f'pyproject.toml, dependency-groups.dev: "{REQUIREMENT}" {ADDRESS}',
    ),
    "a file in setup.cfg": (
        "setup.cfg",
        "[options]\ninstall_requires = x @ file:///etc/passwd",
        f'setup.cfg, options.install_requires: "x @ file:///etc/passwd" {ADDRESS}',
    ),
    "an address in a requirements file": ("dev.in", f"a\n{REQUIREMENT}", "dev.in, line 2: "),
    "a version for a specifier": (
        "Pipfile",
        '[packages]\nx = "1.0"',
        'Pipfile, packages.x: "1.0" is not a specifier. Did you mean "==1.0"?',
    ),
    "a version in a table": ("Pipfile", '[packages]\nx = {version = "1.0"}', 'mean "==1.0"?'),
    "an odd project": ("Pipfile", '[packages]\n"x>1" = "*"', "is not the name of a project"),
    "an index of its own": (
        "Pipfile",
        '[packages]\nx = {version = "*", index = "private"}',
        "Pipfile, packages.x: index is not taken over: the application names the one index",
    ),
    "extras that are a text": (
        "Pipfile",
        "[packages]\nx = {extras = 'socks'}",
        'Pipfile, packages.x: extras must be a list: ["socks"].',
    ),
    "an odd extra": ("Pipfile", "[packages]\nx = {extras = ['a;b']}", "not the name of an extra"),
    "a version that is no text": ("Pipfile", "[packages]\nx = {version = 1}", "must be a text"),
    "a marker that is no text": ("Pipfile", "[packages]\nx = {os_name = 1}", "must be a text"),
    "a key that nobody knows": ("Pipfile", "[packages]\nx = {verison = '1'}", '"verison" is not'),
    "a file of a Pipfile": (
        "Pipfile",
        "[packages]\nx = {file = 'https://h/x'}",
        "file has no place",
    ),
    "a heading of a Pipfile.lock": (
        "Pipfile",
        "[default]\nx = '*'",
        '"default" names another part',
    ),
    "groups of Poetry": (
        "pyproject.toml",
        "[project]\ndependencies = ['x']\n[tool.poetry.group.dev.dependencies]\npytest = '*'\n",
        "pyproject.toml: tool.poetry.group.dev is Poetry's own form. Write [dependency-groups],",
    ),
    "old groups of Poetry": (
        "pyproject.toml",
        "[tool.poetry.dev-dependencies]\npytest = '*'\n",
        "pyproject.toml: tool.poetry.dev-dependencies is Poetry's own form.",
    ),
    "groups of PDM": (
        "pyproject.toml",
        "[tool.pdm.dev-dependencies]\ntest = ['pytest']\n",
        "pyproject.toml: tool.pdm.dev-dependencies is PDM's own form.",
    ),
    "sources of uv": (
        "pyproject.toml",
        "[tool.uv.sources]\nx = {git = 'https://h/x'}\n",
        "pyproject.toml, tool.uv.sources.x: every release comes from the index",
    ),
    "dependencies in another file": (
        "pyproject.toml",
        "[project]\ndynamic = ['dependencies']\n",
        "pyproject.toml, project.dynamic: dependencies stand in another file.",
    ),
    "the project itself": (
        "pyproject.toml",
        "[project]\nname = 'Shop'\noptional-dependencies = {all = ['shop[docs]']}\n",
        "optional-dependencies.all: the project names itself.",
    ),
    "one group twice": (
        "pyproject.toml",
        "[dependency-groups]\na-b = ['x']\nA_B = ['y']\n",
        'pyproject.toml, dependency-groups.A_B: the group "a-b" has the same name.',
    ),
    "a default of all sections": (
        "setup.cfg",
        "[DEFAULT]\na = b\n[options.extras_require]\ndev = x\n",
        "setup.cfg, DEFAULT: what stands there counts for every section.",
    ),
    "requirements in another file": (
        "setup.cfg",
        "[options]\ninstall_requires = file: requirements.txt\n",
        "stands in another file. Send that one.",
    ),
    "a null": ("main.in", "a\0b", "main.in holds a null character, which no text has."),
}


@pytest.mark.parametrize(("name", "text", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_taken_over_is_told_with_its_place(
    name: str, text: str, problem: str
) -> None:
    (told,) = read_declarations(name, text).problems

    assert problem in told


def test_markers_of_a_pipfile_become_markers() -> None:
    declared = read_declarations(
        "Pipfile",
        "[packages]\n"
        "a = {version = '>1', sys_platform = \"== 'win32'\"}\n"
        "[packages.b]\n"
        "markers = \"os_name == 'nt' or os_name == 'posix'\"\n"
        "python_version = \"< '3.14'\"\n",
    )

    assert declared.problems == []
    assert declared.sets == {
        "main": [
            "a>1; sys_platform == 'win32'",
            "b; (os_name == 'nt' or os_name == 'posix') and (python_version < '3.14')",
        ]
    }


def test_dev_dependencies_of_uv_are_taken_over_and_its_bounds_are_named() -> None:
    declared = read_declarations(
        "pyproject.toml",
        "[tool.uv]\ndev-dependencies = ['y']\noverride-dependencies = ['z<2']\n"
        "[tool.poetry.group.main]\n",
    )

    assert (declared.sets, declared.problems) == ({"dev": ["y"]}, [])
    assert declared.notes == [
        "pyproject.toml, tool.uv.override-dependencies: left out. Bounds stand in sets."
    ]


def test_included_groups_are_found_by_their_normalised_names() -> None:
    declared = read_declarations(
        "pyproject.toml",
        "[dependency-groups]\ndev = [{include-group = 'Load_Tests'}]\nload-tests = ['locust']\n",
    )

    assert (declared.sets, declared.problems) == ({"dev": ["locust"], "load-tests": ["locust"]}, [])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("requirements.txt", "main"),
        ("requirements-dev.txt", "dev"),
        ("dev-requirements.txt", "dev"),
        ("tests.txt", "tests"),
        ("notes.in", "notes"),
        ("requirements/notes.txt", "notes"),
        ("backend/requirements/requirements.in", "main"),
        ("notes.txt", None),
        ("LICENSE.txt", None),
        ("requirements/setup.py", None),
    ],
)
def test_requirements_are_known_by_their_names(name: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match=r"\*\.in, requirements\*\.txt, \*requirements\.txt"):
            read_declarations(name, "a\n")
    else:
        assert read_declarations(name, "a\n").sets == {expected: ["a"]}


@given(
    st.sampled_from(["pyproject.toml", "Pipfile", "setup.cfg", "a.in", "requirements.txt"]),
    st.text(max_size=80),
)
def test_rubbish_is_told_and_never_raised(name: str, text: str) -> None:
    declared = read_declarations(name, text)

    assert all(isinstance(text, str) and text for text in declared.problems)


@pytest.mark.parametrize(("tool", "path"), [("poetry", "pyproject.toml"), ("pipenv", "Pipfile")])
def test_a_generated_file_comes_back_without_what_was_reviewed(tool: str, path: str) -> None:
    sets = {"main": ("django>=5.2",), "dev": ("pytest>=8",)}
    generated = generate(
        Choice(
            application="shop",
            python="3.13",
            tool=tool,
            platform="server",
            sets=sets,
            default_index_url="https://index.example.org/simple/",
            versions=CHECKED,
            reviewed={"main": ("django==5.2.8",), "dev": ("pytest==8.4.2",)},
            hashes={"django==5.2.8": ("sha256:0",), "pytest==8.4.2": ("sha256:1",)},
        )
    ).files[path]
    assert "django==5.2.8" in generated.replace(' = "', "")

    found = read_declarations(path, generated)

    assert {name: tuple(texts) for name, texts in found.sets.items()} == sets
    assert found.problems == []
    (note,) = found.notes
    assert note.endswith("reviewed is left out: it holds what was reviewed, nothing is declared.")

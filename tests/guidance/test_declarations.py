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
                "pyproject.toml, a: the group includes itself.",
                'pyproject.toml, b: there is no group "c".',
            ],
            id="groups in a circle",
        ),
        pytest.param(
            "pyproject.toml",
            "project = 3\n[dependency-groups]\na = 'x'\n",
            {},
            [
                "pyproject.toml: project must be a table.",
                "pyproject.toml: a must be a list.",
            ],
            id="wrong types",
        ),
        pytest.param("Pipfile", "=", {}, ["Pipfile is not TOML"], id="no TOML"),
        pytest.param("setup.cfg", "x", {}, ["setup.cfg cannot be read"], id="no sections"),
        pytest.param(
            "requirements-.._.txt", "a\n", {"dev": ["a"]}, ["cannot name a set"], id="odd name"
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

"""Every cell of the table of refusals, run: a stale lock, no lock and a wrong hash."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from matrix.environments.uv import configured_uv
from portal.guidance.generating.facts import CHECKED, NOT_CAUGHT, REFUSALS, not_caught
from tests.hooks.wheelhouse import WheelFolder
from tests.support.small_index import head_of
from tests.support.tools import installed, surroundings
from tests.support.wheels import wheel

pytestmark = [pytest.mark.tools, pytest.mark.slow, pytest.mark.long]
PYPROJECT = """\
[project]
name = "shop"
version = "0"
requires-python = ">=3.11"
dependencies = ["rsfoo==1.0"]

[tool.uv]
package = false

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "index"
url = "{index}"
priority = "primary"
"""
PIPFILE = """\
[[source]]
name = "index"
url = "{index}"
verify_ssl = false

[packages]
rsfoo = "==1.0"
"""


@dataclass(frozen=True)
class Project:
    """What a tool locks, and with which command."""

    declaration: str
    text: str
    lock: str
    command: str


PROJECTS: Mapping[str, Project] = {
    "pip": Project(
        "main.in",
        "rsfoo==1.0\n",
        "main.txt",
        "printf 'rsfoo==1.0 --hash=%s' \"$(pip hash $(pip download -q -d w rsfoo==1.0; echo w/*) "
        '| sed -n s/--hash=//p)" > main.txt; rm -r w',
    ),
    "pipenv": Project("Pipfile", PIPFILE, "Pipfile.lock", "pipenv lock"),
    "poetry": Project("pyproject.toml", PYPROJECT, "poetry.lock", "poetry lock"),
    "uv": Project("pyproject.toml", PYPROJECT, "uv.lock", "uv lock"),
}
# What is run for each row of the table; $P is an empty environment.
COMMANDS: Mapping[str, str] = {
    "pip install --require-hashes": "pip --python $P install --require-hashes -r main.txt",
    "pipenv verify": "VIRTUAL_ENV=$P pipenv verify",
    "pipenv sync": "VIRTUAL_ENV=$P pipenv sync",
    "poetry check --lock": "VIRTUAL_ENV=$P poetry check --lock",
    "poetry sync": "VIRTUAL_ENV=$P poetry sync --no-root",
    "uv sync --locked": "UV_PROJECT_ENVIRONMENT=$P uv sync --locked",
    "uv sync --frozen": "UV_PROJECT_ENVIRONMENT=$P uv sync --frozen",
}


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    printed: str
    environment: dict[str, str]  # Version by name.
    lock: str | None  # None: there is none.
    lock_before: str | None


def ends(ran: Ran) -> bool:
    return ran.code != 0 and ran.environment == {}


def installs_the_lock(ran: Ran) -> bool:
    is_untouched = ran.lock is not None and ran.lock == ran.lock_before
    return ran.code == 0 and is_untouched and ran.environment == {"rsfoo": "1.0"}


def locks_anew(ran: Ran) -> bool:
    is_new = ran.lock is not None and ran.lock_before is None
    return ran.code == 0 and is_new and ran.environment == {"rsfoo": "1.0"}


def does_not_look(ran: Ran) -> bool:
    return ran.code == 0 and ran.lock == ran.lock_before and ran.environment == {}


# What each answer of the table means; exactly one of them is true of a run.
MEANS: Mapping[str, Callable[[Ran], bool]] = {
    "ends": ends,
    "the file is the truth": installs_the_lock,
    "installs the old lock": installs_the_lock,
    "writes a new lock and installs it": locks_anew,
    "not its work": does_not_look,
}


def leave(declaration: Path, lock: Path) -> None:
    """Change nothing."""


def make_stale(declaration: Path, lock: Path) -> None:
    """Declare another version than the one that is locked."""
    text = declaration.read_text("utf-8")
    assert "==1.0" in text
    declaration.write_text(text.replace("==1.0", "==2.0"), "utf-8")


def remove(declaration: Path, lock: Path) -> None:
    lock.unlink()


def tamper(declaration: Path, lock: Path) -> None:
    text = lock.read_text("utf-8")
    turned, count = re.subn(r"(?<=sha256:)[0-9a-f]{64}", lambda found: found[0][::-1], text)
    assert count
    lock.write_text(turned, "utf-8")


CASES = {"stale lock": make_stale, "no lock": remove, "wrong hash": tamper}
CELLS = [
    pytest.param(row, case, answer, id=f"{row}, {case}")
    for row, answers in REFUSALS.items()
    for case, answer in zip(CASES, answers, strict=True)
]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WheelFolder]:
    folder = tmp_path_factory.mktemp("wheels")
    for version in ("1.0", "2.0"):
        name = f"rsfoo-{version}-py3-none-any.whl"
        (folder / name).write_bytes(wheel(name, f"{head_of('rsfoo', version)}\n"))
    with WheelFolder(folder) as served:
        yield served


@dataclass(frozen=True)
class Workshop:
    """Tools, the index that they ask, and for each tool a project that it has locked."""

    folder: Path
    tools: Path
    index: str

    def sh(self, tool: str, script: str, folder: Path) -> subprocess.CompletedProcess[str]:
        programs = installed(f"{tool}=={CHECKED[tool]}", self.tools)
        seen = surroundings(programs, folder.parent / "home", self.index)
        return subprocess.run(
            ["dash", "-euc", script],
            cwd=folder,
            env={**seen, "P": str(folder.parent / "environment")},
            capture_output=True,
            text=True,
            check=False,
        )

    def locked(self, tool: str) -> Path:
        """Return the folder of the project of *tool*, locked once."""
        folder = self.folder / tool / "shop"
        if not folder.exists():
            folder.mkdir(parents=True)
            project = PROJECTS[tool]
            written = project.text.replace("{index}", self.index)
            (folder / project.declaration).write_text(written, "utf-8")
            self.make_environment(folder)
            done = self.sh(tool, f"export VIRTUAL_ENV=$P; {project.command}", folder)
            assert done.returncode == 0, done.stdout + done.stderr
        return folder

    def make_environment(self, folder: Path) -> Path:
        found = folder.parent / "environment"
        uv = configured_uv().binary
        subprocess.run([uv, "venv", "-q", "-p", sys.executable, str(found)], check=True)
        return found

    def copy(self, tool: str, folder: Path) -> Path:
        """Copy the locked project to *folder*, beside an empty environment; return that."""
        shutil.copytree(self.locked(tool), folder)
        return self.make_environment(folder)

    def run(self, row: str, change: Callable[[Path, Path], None], folder: Path) -> Ran:
        """Run the command of *row* in a copy of the project that *change* has been at."""
        tool = row.partition(" ")[0]
        environment, project = self.copy(tool, folder), PROJECTS[tool]
        lock = folder / project.lock
        change(folder / project.declaration, lock)
        before = read(lock)
        done = self.sh(tool, COMMANDS[row], folder)
        return Ran(
            code=done.returncode,
            printed=done.stdout + done.stderr,
            environment=versions_in(environment),
            lock=read(lock),
            lock_before=before,
        )


def read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def versions_in(environment: Path) -> dict[str, str]:
    found = (
        path.name.split("-")[:2] for path in environment.glob("lib/*/site-packages/*.dist-info")
    )
    return {name: version.removesuffix(".dist") for name, version in found}


@pytest.fixture(scope="module")
def workshop(
    tmp_path_factory: pytest.TempPathFactory, releases: WheelFolder, tools: Path
) -> Workshop:
    return Workshop(folder=tmp_path_factory.mktemp("locked"), tools=tools, index=releases.url)


def test_every_row_is_run_and_every_answer_means_something() -> None:
    assert list(COMMANDS) == list(REFUSALS)
    assert {answer for answers in REFUSALS.values() for answer in answers} <= set(MEANS)


@pytest.mark.parametrize("tool", PROJECTS)
def test_the_versions_that_run_are_those_that_the_page_names(
    tool: str, workshop: Workshop, tmp_path: Path
) -> None:
    done = workshop.sh(tool, f"{tool} --version", tmp_path)

    numbers = re.findall(r"\d+(?:\.\d+)+", done.stdout)
    assert numbers[0] == CHECKED[tool]


@pytest.mark.parametrize(("row", "case", "answer"), CELLS)
def test_the_command_answers_as_the_table_says(
    row: str, case: str, answer: str, workshop: Workshop, tmp_path: Path
) -> None:
    ran = workshop.run(row, CASES[case], tmp_path / "shop")

    assert MEANS[answer](ran), ran


@pytest.mark.parametrize("row", COMMANDS)
def test_the_command_takes_a_lock_with_which_nothing_is_wrong(
    row: str, workshop: Workshop, tmp_path: Path
) -> None:
    """Else a command that always ends would prove the table."""
    ran = workshop.run(row, leave, tmp_path / "shop")

    assert installs_the_lock(ran) or does_not_look(ran), ran
    assert does_not_look(ran) == (" check" in row or " verify" in row)


# --- What the tools do not catch -----------------------------------------------------------------
def test_pip_compares_no_hash_of_what_is_installed_already(
    workshop: Workshop, tmp_path: Path
) -> None:
    folder = tmp_path / "shop"
    workshop.copy("pip", folder)
    install = COMMANDS["pip install --require-hashes"]
    assert workshop.sh("pip", install, folder).returncode == 0

    tamper(folder / "main.in", folder / "main.txt")

    assert workshop.sh("pip", install, folder).returncode == 0
    told = " ".join(NOT_CAUGHT["pip"])
    assert "Packages that are installed already: their hashes are not compared." in told


def test_pipenv_leaves_packages_that_are_not_in_the_lock(
    workshop: Workshop, tmp_path: Path
) -> None:
    folder = tmp_path / "shop"
    environment = workshop.copy("pipenv", folder)
    stranger = environment / next(environment.glob("lib/*/site-packages")) / "x-1.dist-info"
    stranger.mkdir()
    (stranger / "METADATA").write_text("Metadata-Version: 2.1\nName: x\nVersion: 1\n", "utf-8")

    assert workshop.sh("pipenv", COMMANDS["pipenv sync"], folder).returncode == 0
    assert versions_in(environment) == {"rsfoo": "1.0", "x": "1"}
    assert "Packages that are not in the lock: pipenv sync leaves them." in " ".join(
        NOT_CAUGHT["pipenv"]
    )


@pytest.mark.parametrize(
    ("tool", "told", "least", "most"),
    [("pipenv", "about eight packages", 7, 9), ("poetry", "about fifty packages", 40, 60)],
)
def test_a_tool_comes_with_as_many_packages_as_are_told(
    tool: str, told: str, least: int, most: int, tools: Path
) -> None:
    programs = installed(f"{tool}=={CHECKED[tool]}", tools)

    others = versions_in(programs.parent).keys() - {tool}

    assert least <= len(others) <= most, others
    assert told in " ".join(not_caught(tool, locks_tool=False))

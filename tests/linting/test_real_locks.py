"""
The conflict of main and dev in the lock of each tool, as the tool itself writes it.

Main wants rsfoo, dev has rsdev, which wants rsfoo below 2: of 1.0, 1.5 and 2.0 the sets take two,
or production gets the older one. The linter must say so, and say nothing where dev agrees.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from integrations.policy.linting import lint
from portal.guidance.generating.facts import CHECKED
from tests.hooks.wheelhouse import WheelFolder
from tests.support.small_index import head_of
from tests.support.tools import installed, surroundings
from tests.support.wheels import wheel

pytestmark = [pytest.mark.tools, pytest.mark.slow, pytest.mark.long]
RELEASES = {
    "rsfoo-1.0-py3-none-any.whl": "",
    "rsfoo-1.5-py3-none-any.whl": "",
    "rsfoo-2.0-py3-none-any.whl": "",
    "rsdev-1.0-py3-none-any.whl": "Requires-Dist: rsfoo<2\n",
}
METADATA = f"{head_of('rsdev', '1.0')}\nRequires-Dist: rsfoo<2\n"
PYPROJECT = """\
[project]
name = "shop"
version = "0"
requires-python = ">=3.11"
dependencies = ["rsfoo"]

[dependency-groups]
dev = ["{dev}"]

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
rsfoo = "*"

[dev-packages]
{dev} = "*"
"""
CONFLICT, AGREEMENT = "rsdev", "rsfoo"  # What dev declares.
UV, PIPENV = f"uv=={CHECKED['uv']}", f"pipenv=={CHECKED['pipenv']}"


@dataclass(frozen=True)
class Locking:
    """How a tool locks: the files that it is given, and what it is told to do."""

    package: str  # With its version, as pip takes it.
    files: dict[str, str]
    script: str


def in_layers(package: str, script: str) -> Locking:
    """Each set is locked by itself; dev looks at main only where a file says so."""
    files = {"requirements/main.in": "rsfoo\n", "requirements/dev.in": "{dev}\n"}
    return Locking(package, files, f"for set in main dev; do {script}; done")


PIP_COMPILE = "pip-compile -q --generate-hashes --strip-extras --allow-unsafe"
UV_COMPILE = "uv pip compile -q --universal"
LOCKINGS = {
    "pip-compile": in_layers(
        f"pip-tools=={CHECKED['pip-tools']}",
        f"{PIP_COMPILE} -o requirements/$set.txt requirements/$set.in",
    ),
    "uv pip compile": in_layers(
        UV, f"{UV_COMPILE} --generate-hashes -o requirements/$set.txt requirements/$set.in"
    ),
    "pylock by uv": in_layers(UV, f"{UV_COMPILE} -o pylock.$set.toml requirements/$set.in"),
    "pylock by pip": in_layers(
        f"pip=={CHECKED['pip']}", "pip lock -q -r requirements/$set.in -o pylock.$set.toml"
    ),
    "uv": Locking(UV, {"pyproject.toml": PYPROJECT}, "uv lock -q"),
    "uv beside main alone": Locking(
        UV,
        {"pyproject.toml": PYPROJECT, "main.in": "rsfoo\n"},
        f"uv lock -q; {UV_COMPILE} --generate-hashes -o main.txt main.in",
    ),
    "poetry": Locking(f"poetry=={CHECKED['poetry']}", {"pyproject.toml": PYPROJECT}, "poetry lock"),
    "pipenv": Locking(PIPENV, {"Pipfile": PIPFILE}, "pipenv lock"),
    "pipenv of 2024": Locking("pipenv==2024.4.1", {"Pipfile": PIPFILE}, "pipenv lock"),
    "pipenv of 2022": Locking("pipenv==2022.12.19", {"Pipfile": PIPFILE}, "pipenv lock"),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WheelFolder]:
    folder = tmp_path_factory.mktemp("wheels")
    for name, more in RELEASES.items():
        project, version, *_ = name.split("-")
        metadata = f"{head_of(project, version)}\n{more}"
        (folder / name).write_bytes(wheel(name, metadata))
    with WheelFolder(folder) as served:
        yield served


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tools")


def locked(
    name: str, folder: Path, dev: str, index: str, tools: Path
) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Have a tool lock; return how it ended, and every file of the application."""
    locking = LOCKINGS[name]
    for path, text in locking.files.items():
        file = folder / "shop" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        written = text.replace("{index}", index).replace("{dev}", dev)
        file.write_text(written, encoding="utf-8")
    done = subprocess.run(
        ["dash", "-euc", locking.script],
        cwd=folder / "shop",
        env=surroundings(installed(locking.package, tools), folder / "home", index),
        capture_output=True,
        text=True,
        check=False,
    )
    main = folder / "shop" / "pylock.main.toml"
    if main.exists():
        main.rename(main.with_name("pylock.toml"))
    found = [file for file in (folder / "shop").rglob("*") if file.is_file()]
    files = {str(file.relative_to(folder / "shop")): file.read_text("utf-8") for file in found}
    return done, files


MAY = "rsfoo 1.5 of production may be held back: rsdev, which only dev has, asks for rsfoo <2."
HELD = (
    "rsfoo is held back: 1.5 with all sets, 2.0 by itself because of rsdev 1.0 → rsfoo 1.5; "
    "main.txt is the main set by itself."
)
SPLIT = (
    "rsfoo is 1.5 in requirements/dev.txt because of rsdev 1.0 → rsfoo 1.5 and 2.0 in "
    "requirements/main.txt."
)
SPLIT_PYLOCK = "rsfoo is 1.5 in pylock.dev.toml and 2.0 in pylock.toml."
RULED_OUT = "dev has rsfoo 2.0, but rsdev 1.0 asks for rsfoo<2."
# The finding, its file, and whether it takes METADATA of rsdev beside the lock.
EXPECTED: dict[str, tuple[str, str, str, bool]] = {
    "pip-compile": ("split-pin", "requirements/dev.txt", SPLIT, False),
    "uv pip compile": ("split-pin", "requirements/dev.txt", SPLIT, False),
    "pylock by uv": ("split-pin", "pylock.dev.toml", SPLIT_PYLOCK, False),
    "pylock by pip": ("split-pin", "pylock.dev.toml", SPLIT_PYLOCK, False),
    "uv": ("held-back", "uv.lock", MAY, True),
    "uv beside main alone": ("held-back", "uv.lock", HELD, False),
    "poetry": ("held-back", "poetry.lock", MAY, False),
    "pipenv of 2024": ("violated", "Pipfile.lock", RULED_OUT, True),
    "pipenv of 2022": ("violated", "Pipfile.lock", RULED_OUT, True),
}
CONFLICTS = frozenset(["split-pin", "held-back", "violated"])


def conflicts(files: dict[str, str], *, has_metadata: bool) -> list[tuple[str, str, str]]:
    more = {"rsdev-1.0.dist-info/METADATA": METADATA} if has_metadata else {}
    found = [one for one in lint({**files, **more}) if one.rule in CONFLICTS]
    assert [one.rule for one in lint(files) if one.rule == "unreadable"] == []
    assert [one for one in found if not one.line] == []
    return [(one.rule, one.path, one.text) for one in found]


@pytest.mark.parametrize("name", EXPECTED)
def test_the_conflict_is_found_in_the_lock_that_the_tool_wrote(
    name: str, tmp_path: Path, index: WheelFolder, tools: Path
) -> None:
    rule, path, text, has_metadata = EXPECTED[name]

    done, files = locked(name, tmp_path, CONFLICT, index.url, tools)

    assert done.returncode == 0, done.stdout + done.stderr
    assert conflicts(files, has_metadata=has_metadata) == [(rule, path, text)]


def test_pipenv_refuses_the_conflict_itself(
    tmp_path: Path, index: WheelFolder, tools: Path
) -> None:
    done, files = locked("pipenv", tmp_path, CONFLICT, index.url, tools)

    assert done.returncode != 0
    assert "rsdev 1.0 depends on rsfoo<2" in done.stdout + done.stderr
    assert "Pipfile.lock" not in files


# Old Pipenvs take ten seconds for each lock, and one in which all agrees has nothing of its own.
@pytest.mark.parametrize("name", [name for name in LOCKINGS if " of 20" not in name])
def test_a_lock_in_which_the_sets_agree_is_left_alone(
    name: str, tmp_path: Path, index: WheelFolder, tools: Path
) -> None:
    done, files = locked(name, tmp_path, AGREEMENT, index.url, tools)

    assert done.returncode == 0, done.stdout + done.stderr
    assert conflicts(files, has_metadata=True) == []
    assert [one.rule for one in lint(files) if one.rule == "stale-lock"] == []

"""
What is true of each tool: the five requirements, what it refuses, and what it does not catch.

Every cell is a command that was run; ``CHECKED`` says with which version, and when.
"""

from collections.abc import Mapping
from dataclasses import dataclass

CHECKED_ON = "20 Nov 2026"
CHECKED: Mapping[str, str] = {
    "pip": "26.3",
    "pip-tools": "7.6.2",
    "pipenv": "2026.10.3",
    "poetry": "2.5.1",
    "tox": "4.67.13",
    "tox-uv": "1.37.1",
    "uv": "0.13.8",
}
REQUIREMENTS = (
    "Declare production and development",
    "Resolve and lock, with hashes",
    "Update all locks in one go",
    "Test with tox and the locked set",
    "Install into an environment at a path of your choosing",
)
TABLE: Mapping[str, tuple[str, ...]] = {
    "pip": (
        "requirements/main.in, requirements/dev.in",
        "uv pip compile --universal --generate-hashes (pip lock is experimental)",
        "the same with --upgrade, once for each set, main first",
        "deps = -r requirements/main.txt and -r requirements/dev.txt",
        "python3 -m venv --clear P; P/bin/python -m pip install --require-hashes -r …",
    ),
    "pip-tools": (
        "requirements/main.in, requirements/dev.in with -c main.txt",
        "pip-compile --generate-hashes --strip-extras --allow-unsafe",
        "the same with --upgrade, once for each set, main first",
        "deps = -r requirements/main.txt and -r requirements/dev.txt",
        "python3 -m venv --clear P; P/bin/python -m pip install --require-hashes -r …",
    ),
    "pipenv": (
        "Pipfile: [packages], [dev-packages] and categories of your own",
        "pipenv lock",
        "pipenv lock",
        "commands_pre = pipenv verify and pipenv sync --dev",
        "python3 -m venv --clear P; VIRTUAL_ENV=P pipenv sync",
    ),
    "poetry": (
        "pyproject.toml: [project] and [dependency-groups]",
        "poetry lock",
        "poetry lock --regenerate",
        "commands_pre = poetry check --lock and poetry sync --no-root",
        "python3 -m venv --clear P; VIRTUAL_ENV=P poetry sync --only main --no-root",
    ),
    "uv": (
        "pyproject.toml: [project] and [dependency-groups]",
        "uv lock",
        "uv lock --upgrade",
        "runner = uv-venv-lock-runner, dependency_groups = dev (tox-uv)",
        "UV_PROJECT_ENVIRONMENT=P uv sync --locked --no-default-groups",
    ),
}
BY_PIP = (
    (
        "A set that is not locked with -c main.txt: main and dev then have one project at two "
        "versions, and installing one after the other replaces it in silence."
    ),
    (
        "Packages that are installed already: their hashes are not compared. The environment is "
        "made anew on each build for that reason."
    ),
    "pip itself: its version is pinned, its file is not compared with a hash.",
)
NOT_CAUGHT: Mapping[str, tuple[str, ...]] = {
    "pip": BY_PIP,
    "pip-tools": (
        *BY_PIP,
        "A lock that was made on another Python or platform: it holds for the one it was made on.",
    ),
    "pipenv": (
        (
            "A stale lock, by pipenv sync alone: it installs the old one. That is why pipenv "
            "verify comes first."
        ),
        (
            "Packages that are not in the lock: pipenv sync leaves them. The environment is made "
            "anew on each build for that reason."
        ),
        "Its own dependencies: about eight packages come with it, at whatever version is newest.",
    ),
    "poetry": (
        (
            "A missing lock, by poetry sync alone: it writes one. That is why poetry check --lock "
            "comes first."
        ),
        (
            "A development dependency that holds production back: all groups are locked in one "
            "resolution. The portal tells it as “held back”."
        ),
        "Its own dependencies: about fifty packages come with it, at whatever version is newest.",
    ),
    "uv": (
        "A stale lock, with --frozen instead of --locked: it installs the old one.",
        (
            "A development dependency that holds production back: all groups are locked in one "
            "resolution. The portal tells it as “held back”."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One of the five requirements, with the command of one tool."""

    requirement: str
    command: str


def rows_of(tool: str) -> tuple[Row, ...]:
    return tuple(Row(*pair) for pair in zip(REQUIREMENTS, TABLE[tool], strict=True))


# What each command answers: "ends", or what it does instead.
REFUSALS: Mapping[str, tuple[str, str, str]] = {
    "pip install --require-hashes": ("the file is the truth", "ends", "ends"),
    "pipenv verify": ("ends", "ends", "not its work"),
    "pipenv sync": ("installs the old lock", "ends", "ends"),
    "poetry check --lock": ("ends", "ends", "not its work"),
    "poetry sync": ("ends", "writes a new lock and installs it", "ends"),
    "uv sync --locked": ("ends", "ends", "ends"),
    "uv sync --frozen": ("installs the old lock", "ends", "ends"),
}

# Of other people: nothing is generated for it here.
ANACONDA = (
    (
        "environments from a file",
        "https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html",
    ),
    ("locks of such environments", "https://conda.github.io/conda-lock/"),
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A program that was run to see that something is so, and on which day."""

    name: str
    version: str
    on: str = CHECKED_ON


def checked(name: str) -> Checked:
    return Checked(name, CHECKED[name])


# What was run for a cell of TABLE, by tool and place, where that is not the tool above it as it
# stands there: another program, another version or another day.
CHECKED_APART: Mapping[tuple[str, int], tuple[Checked, ...]] = {
    ("pip", 1): (checked("uv"),),
    ("pip", 2): (checked("uv"),),
    **{(tool, 3): (checked("tox"),) for tool in TABLE},
    ("uv", 3): (checked("tox"), checked("tox-uv")),
}

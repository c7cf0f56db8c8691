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
# The last two of pip, where it installs pylock.toml.
FROM_PYLOCK = (
    "deps = -r pylock.toml and -r pylock.dev.toml",
    "python3 -m venv --clear P; P/bin/python -m pip install --require-hashes -r pylock.toml",
)
BY_PIP = (
    (
        "A set that is not locked with -c main.txt: main and dev then have one project at two "
        "versions, and installing one after the other replaces it in silence."
    ),
    (
        "Packages that are installed already: their hashes are not compared. The environment is "
        "made anew on each build for that reason."
    ),
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
    ),
    "uv": (
        "A stale lock, with --frozen instead of --locked: it installs the old one.",
        (
            "A development dependency that holds production back: all groups are locked in one "
            "resolution. The portal tells it as “held back”."
        ),
    ),
}


# Of the program that installs, where its version is pinned and nothing else of it ...
PINNED_TOOL: Mapping[str, str] = {
    "pip": "pip itself: its version is pinned, its file is not compared with a hash.",
    "pip-tools": "pip itself: its version is pinned, its file is not compared with a hash.",
    "pipenv": (
        "Its own dependencies: about eight packages come with it, at whatever version is newest."
    ),
    "poetry": (
        "Its own dependencies: about fifty packages come with it, at whatever version is newest."
    ),
    "uv": "uv itself: its version is pinned, its file is not compared with a hash.",
}
# ... and where it is locked with hashes.
LOCKED_TOOL = (
    "The pip that comes with Python: it installs the locked tool, and nothing compares that pip."
)
LOCKED_BUT_FOR_TOX = "The {tool} that tox runs is the one of the machine, not the locked one."


def not_caught(tool: str, *, locks_tool: bool) -> tuple[str, ...]:
    """Return in sentences what a build with *tool* does not notice."""
    if not locks_tool:
        return (*NOT_CAUGHT[tool], PINNED_TOOL[tool])
    of_tox = (LOCKED_BUT_FOR_TOX.format(tool=tool),) if tool in {"pipenv", "poetry"} else ()
    return (*NOT_CAUGHT[tool], LOCKED_TOOL, *of_tox)


@dataclass(frozen=True, slots=True)
class Row:
    """One of the five requirements, with the command of one tool."""

    requirement: str
    command: str


def rows_of(tool: str, *, installs_pylock: bool = False) -> tuple[Row, ...]:
    cells = TABLE[tool][:-2] + FROM_PYLOCK if installs_pylock else TABLE[tool]
    return tuple(Row(*pair) for pair in zip(REQUIREMENTS, cells, strict=True))


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

"""
The program that installs, locked as everything else: requirements/tool.in and tool.txt.

The pip that comes with Python installs it from there, and compares each file with its hash. pip
then replaces itself in the environment; the others stand in a folder of their own, which is gone
when the build has ended.
"""

import shlex
from collections.abc import Iterator
from dataclasses import replace

from packaging.version import Version

from portal.guidance.generating import cooling
from portal.guidance.generating.choice import Choice
from portal.guidance.generating.ways import TOOL_DECLARED, TOOL_LOCK, Step, Way

FOLDER = 'tool="$(mktemp -d)"'
REMOVE = 'rm -rf "$tool"'
REMOVED_AT_THE_END = (
    "trap 'rm -rf \"$tool\"' EXIT",
    "trap 'exit 1' HUP INT TERM",  # dash forgets the first one when a signal ends it.
)
STRICTLY = "--require-hashes --only-binary :all:"
FIRST_THAT_WAITS = Version(cooling.READERS["uv"]["uv"])
BY_PIP = ("pip", "pip-tools")


def tool_files(choice: Choice) -> dict[str, str]:
    """Return the declaration of the tool: one exact version."""
    if not choice.locks_tool:
        return {}
    name = choice.installing_tool
    return {TOOL_DECLARED: f"{name}=={choice.versions[name]}\n"}


def with_locked_tool(choice: Choice, way: Way) -> Way:
    """Return *way* with its tool installed from its own lock, if that is asked for."""
    if not choice.locks_tool:
        return way
    is_published = any(choice.reviewed.values())  # Its files come with the others then.
    way = replace(
        way,
        lock=(*way.lock, *_lock(choice)),
        update=way.update if is_published else (*way.update, *_update(choice)),
        locks=(*way.locks, TOOL_LOCK),
    )
    if choice.tool in BY_PIP:
        return way
    index = {"PIP_INDEX_URL": choice.index_url} if choice.index_url else {}
    return replace(
        way,
        tools={},
        variables={**index, **way.variables},
        caches={"PIP_CACHE_DIR": "pip", **way.caches},
        make=(
            "export PIP_USER=0",
            FOLDER,
            'python3 -m venv --clear "$tool"',
            f'"$tool/bin/python" -m pip install {STRICTLY} -r {TOOL_LOCK}',
            *(_by_its_path(choice, line) for line in way.make if line != "export PIP_USER=0"),
        ),
    )


def _by_its_path(choice: Choice, line: str) -> str:
    """Have *line* call the locked program, not one of that name that PATH knows."""
    program, _, rest = line.partition(" ")
    return f'"$tool/bin/{program}" {rest}' if program == choice.tool else line


# --- Making the lock -----------------------------------------------------------------------------
def _lock(choice: Choice) -> Iterator[Step]:
    if choice.tool in {"pipenv", "poetry"}:
        version = choice.versions["uv"]
        yield Step(f"What locks {choice.tool} itself", f"python3 -m pip install uv=={version}")
    yield Step(f"Lock {choice.installing_tool} itself", _compile(choice))


def _update(choice: Choice) -> Iterator[Step]:
    name = choice.installing_tool
    yield Step(
        f"Update {name} itself: write its new version into {TOOL_DECLARED}, then lock it",
        _compile(choice, " --upgrade"),
    )


def _compile(choice: Choice, option: str = "") -> str:
    files = f"-o {TOOL_LOCK} {TOOL_DECLARED}"
    if choice.tool == "pip-tools":
        options = f"--generate-hashes --strip-extras --allow-unsafe{cooling.option(choice)}"
        return f"pip-compile{option} {options} {files}"
    options = f"--universal --python-version {choice.python} --generate-hashes{option}"
    if choice.cooldown_days and Version(choice.versions["uv"]) >= FIRST_THAT_WAITS:
        options += f" --exclude-newer P{choice.cooldown_days}D"
    if choice.index_url:
        options += f" --default-index {shlex.quote(choice.index_url)}"
    return f"uv pip compile {options} {files}"

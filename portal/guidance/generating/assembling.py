"""All that a maintainer takes away: files, commands, what the tool does and does not catch."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from portal.guidance.generating.agreeing import notes_of_agreement
from portal.guidance.generating.choice import UPSUN_DEPRECATED, Choice
from portal.guidance.generating.cooling import notes_of_cooldown
from portal.guidance.generating.declaring import declaration_files, written_locks
from portal.guidance.generating.facts import Row, not_caught, rows_of
from portal.guidance.generating.hosting import platform_files
from portal.guidance.generating.locked_tool import FOLDER, REMOVE, tool_files, with_locked_tool
from portal.guidance.generating.pylock import NOTES as NOTES_ON_PYLOCK
from portal.guidance.generating.pylock import with_pylock
from portal.guidance.generating.ways import TOOL_LOCK, Step, Way, way_of

TOX = "tox.ini"
README = "UPDATING.md"


@dataclass(frozen=True, kw_only=True, slots=True)
class Guidance:
    """The files come by path; commands are for a shell in the folder of the application."""

    choice: Choice
    files: Mapping[str, str]
    lock: tuple[Step, ...]
    install: tuple[Step, ...]
    update: tuple[Step, ...]
    requirements: tuple[Row, ...]
    not_caught: tuple[str, ...]
    notes: tuple[str, ...]


def generate(choice: Choice) -> Guidance:
    """Return complete guidance for *choice*; the same text for the same choice."""
    way = with_locked_tool(choice, with_pylock(choice, way_of(choice)))
    update = (*way.update, Step("Test with what was locked", "tox run"), _commit(choice, way))
    files = {
        **declaration_files(choice),
        **written_locks(choice),
        **tool_files(choice),
        **platform_files(choice, way),
        TOX: _tox(choice, way),
    }
    files[README] = _procedure(choice, way, update)
    return Guidance(
        choice=choice,
        files=dict(sorted(files.items())),
        lock=way.lock,
        install=tuple(_install(way)),
        update=update,
        requirements=rows_of(choice.tool, installs_pylock=choice.installs_pylock),
        not_caught=not_caught(choice.tool, locks_tool=choice.locks_tool),
        notes=tuple(_notes(choice)),
    )


def _install(way: Way) -> Iterator[Step]:
    for name, version in way.tools.items():
        yield Step(f"{name}, at its exact version", f'python3 -m pip install "{name}=={version}"')
    for name, value in way.variables.items():
        yield Step("As in the build", f"export {name}={shlex.quote(value)}")
    for line in way.make:
        yield Step(_purpose(line), line)
    if FOLDER in way.make:
        yield Step("The tool has done its work", REMOVE)


PURPOSES = (
    ("export PIP_USER", "Nothing outside the environment"),
    ("export VIRTUAL_ENV", "The environment that is meant"),
    ("export UV_PROJECT", "The environment that is meant"),
    (FOLDER, "A folder for the tool, outside the application"),
    ('python3 -m venv --clear "$tool"', "An empty environment for the tool"),
    ("python3 -m venv", "An empty environment at its final path"),
    ("uv venv", "An empty environment at its final path"),
    ("pipenv verify", "The lock belongs to the declaration"),
    ("poetry check", "The lock belongs to the declaration"),
)


def _purpose(line: str) -> str:
    plain = re.sub(r'^"\$tool/bin/([a-z]+)"', r"\1", line)
    for beginning, purpose in PURPOSES:
        if plain.startswith(beginning):
            return purpose
    if TOOL_LOCK in line:
        return "The tool as it is locked; the pip that comes with Python installs it"
    if "--dry-run" in line:
        return "Everything that is declared is there: else the lock is stale"
    if line.endswith("pip check"):
        return "Everything that packages ask for is there"
    return "pip at its exact version" if "pip==" in line else "Install what is locked"


def _commit(choice: Choice, way: Way) -> Step:
    paths = " ".join([*declaration_files(choice), *tool_files(choice), *way.locks])
    return Step("The declaration and its lock change together", f"git add {paths}")


def _tox(choice: Choice, way: Way) -> str:
    requires = []
    if choice.tool == "uv":
        requires = ["requires =", f"    tox-uv=={choice.versions['tox-uv']}"]
    usual = "python manage.py test" if choice.is_django else "python -m pytest"
    lines = [
        "[tox]",
        *requires,
        f"env_list = py{choice.python.replace('.', '')}",
        "",
        "[testenv]",
        "skip_install = true",
        *way.tox,
        f"commands = {choice.test_command or usual}",
    ]
    return "\n".join(lines) + "\n"


def _procedure(choice: Choice, way: Way, update: tuple[Step, ...]) -> str:
    lines = [f"# Updating the locks of {choice.application}", ""]
    for number, step in enumerate(update, 1):
        lines.append(f"{number}. {step.purpose}" + (f": `{step.command}`" if step.command else "."))
    lines += ["", f"Locks: {', '.join(way.locks)}. The environment is made at"]
    lines += [f"`{choice.environment}`, empty on each build, and used directly at run time."]
    return "\n".join(lines) + "\n"


def _notes(choice: Choice) -> Iterator[str]:
    if choice.is_upsun and choice.python in UPSUN_DEPRECATED:
        yield f"Upsun calls its image for Python {choice.python} deprecated."
    if choice.is_upsun:
        yield (
            "A failing build hook stops the deployment; a failing deploy hook does not. That is "
            "why every check stands in the build hook."
        )
    if choice.platform == "docker" and not choice.base_image:
        yield "Pin the base image by its digest; both stages must have the same one."
    if choice.tool in {"pip", "pip-tools"}:
        yield "Only wheels are installed: a release that has none is refused, and told by its name."
    if choice.locks_tool:
        name = choice.installing_tool
        yield (
            f"{name} is installed from requirements/tool.txt with hashes. The pip that comes with "
            "Python does that: it is the one program that the Python, or its image, decides."
        )
    if choice.installs_pylock:
        yield from NOTES_ON_PYLOCK
    if choice.environment != choice.environment_path:
        yield f"In the image the environment is at {choice.environment}."
    yield from notes_of_agreement(choice)
    yield from notes_of_cooldown(choice)

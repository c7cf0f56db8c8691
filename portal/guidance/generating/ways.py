"""
What differs from tool to tool: how it locks, checks, installs, updates and tests.

Each hook begins with an empty environment at a stated path: hashes are not compared with what is
installed already. The check of the lock comes before the installation, and nothing is piped: a
pipe hides a failure.
"""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from matrix.rules.locks.parts import MAIN
from matrix.rules.locks.rendering import pylock_path
from portal.guidance.generating import cooling
from portal.guidance.generating.agreeing import agrees_with_main, binding, writes_pipfile_lock
from portal.guidance.generating.choice import Choice

TOOL_DECLARED = "requirements/tool.in"
TOOL_LOCK = "requirements/tool.txt"


@dataclass(frozen=True, slots=True)
class Step:
    """A command that a person types, and what it is for; "" for what is done in the portal."""

    purpose: str
    command: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One tool applied to one choice."""

    tools: Mapping[str, str]  # Installed before the build, exact versions; pip installs itself.
    variables: Mapping[str, str]  # Of the build and of everything after it.
    caches: Mapping[str, str]  # Variables with a folder below the cache of the build.
    make: tuple[str, ...]  # Shell: from committed files to a checked environment.
    lock: tuple[Step, ...]
    update: tuple[Step, ...]
    tox: tuple[str, ...]  # Lines of the section that tests with the locked set.
    locks: tuple[str, ...]  # The files that are committed beside the declaration.


def way_of(choice: Choice) -> Way:
    return WAYS[choice.tool](choice)


def environment(choice: Choice) -> str:
    """Return the path of the environment for a shell, whatever the current folder is called."""
    return choice.environment if choice.is_absolute else f'"$PWD/{choice.environment}"'


def _from_portal(
    choice: Choice, files: tuple[str, ...], lock: tuple[Step, ...]
) -> tuple[Step, ...]:
    """Return how an update begins once something is published, and how its lock is made."""
    if choice.installs_pylock:
        files = (*files, *(lock_path(choice, name) for name in choice.sets))
    if choice.locks_tool and "requirements/" not in files:
        files = (*files, TOOL_DECLARED, TOOL_LOCK)
    taken = " and ".join(filter(None, [", ".join(files[:-1]), files[-1]]))
    return (
        Step("Lock the sets in the portal, have the proposal reviewed, and publish it", ""),
        Step(f"Download the files of this guidance, and take {taken} out of them", ""),
        *lock,
    )


# --- pip and pip-tools ---------------------------------------------------------------------------
def _pip(choice: Choice) -> Way:
    uv = choice.versions["uv"]
    options = f"--universal --python-version {choice.python} --generate-hashes"
    options += cooling.option(choice)
    if choice.index_url:
        options += f" --default-index {shlex.quote(choice.index_url)}"
    install = Step("The resolver, at the version that the portal uses", f"pip install uv=={uv}")
    return _compiled(choice, install, "uv pip compile", options)


def _pip_tools(choice: Choice) -> Way:
    options = "--generate-hashes --strip-extras --allow-unsafe" + cooling.option(choice)
    if choice.index_url:
        # Installing asks this index too, by a variable: the lock need not name it.
        options += f" --index-url {shlex.quote(choice.index_url)} --no-emit-index-url"
    packages = f"pip-tools=={choice.versions['pip-tools']}"
    if cooling.waits(choice):  # It is pip that knows the age of releases.
        packages = f"pip=={choice.versions['pip']} {packages}"
    install = Step(
        f"The tool, on the Python of production ({choice.python}) and on its platform",
        f"python -m pip install {packages}",
    )
    return _compiled(choice, install, "pip-compile", options)


def _compiled(choice: Choice, install: Step, command: str, options: str) -> Way:
    """Return the way of a tool that makes one lock after the other."""
    lock = tuple(
        Step(
            f"Lock the {name} set" + ("; the published lock binds it" if limit else ""),
            f"{command} {options}{limit} -o requirements/{name}.txt requirements/{name}.in",
        )
        for name in choice.sets
        for limit in [_limit(choice, name)]
    )
    update = tuple(
        Step(
            f"Update the {name} set",
            f"{command} {options} --upgrade -o requirements/{name}.txt requirements/{name}.in",
        )
        for name in choice.sets
    )
    return _installed_by_pip(
        choice,
        lock=(install, *lock),
        update=_from_portal(choice, ("requirements/",), lock)
        if any(choice.reviewed.values())
        else update,
    )


def _limit(choice: Choice, name: str) -> str:
    """
    Return the option with which the lock that is there, the published one, limits the new one.

    Without it pip-compile forgets a project that has several versions under markers. A lock that
    does not agree with main's cannot limit anything: main's does.
    """
    is_limited = choice.reviewed.get(name) and agrees_with_main(choice, name)
    return f" -c requirements/{name}.txt" if is_limited else ""


def _installed_by_pip(choice: Choice, *, lock: tuple[Step, ...], update: tuple[Step, ...]) -> Way:
    path = choice.environment
    python = f"{path}/bin/python"
    install = f"{python} -m pip install --require-hashes --only-binary :all:"
    index = {"PIP_INDEX_URL": choice.index_url} if choice.index_url else {}
    # pip itself ignores it. Quoted in YAML, whose readers would take 26.3 for a number.
    own = {} if choice.locks_tool else {"PIP_VERSION": choice.versions["pip"]}
    return Way(
        tools={},
        variables={**own, **index},
        caches={"PIP_CACHE_DIR": "pip"},
        make=(
            "export PIP_USER=0",
            f"python3 -m venv --clear {path}",
            f'{python} -m pip install "pip==$PIP_VERSION"'
            if not choice.locks_tool
            else f"{install} -r {TOOL_LOCK}",
            f"{install} -r {lock_path(choice, MAIN)}",
            f"{python} -m pip check",
            # What is declared and not installed makes this fail: the lock is stale.
            f"{python} -m pip install --no-index --dry-run -r requirements/main.in",
        ),
        lock=lock,
        update=update,
        tox=(
            "deps =",
            *(f"    -r {lock_path(choice, name)}" for name in _tested(choice)),
            *(f"set_env = {name} = {value}" for name, value in index.items()),
            "commands_pre = python -m pip check",
        ),
        locks=tuple(f"requirements/{name}.txt" for name in choice.sets),
    )


def lock_path(choice: Choice, name: str) -> str:
    """Return the file that pip installs the set *name* from."""
    return pylock_path(name) if choice.installs_pylock else f"requirements/{name}.txt"


def _tested(choice: Choice) -> tuple[str, ...]:
    """Return the sets that tests need: production's and, where there is one, that of developers."""
    return ("main", *(name for name in choice.others if name in {"dev", "test", "tests"}))


# --- Pipenv --------------------------------------------------------------------------------------
def _pipenv(choice: Choice) -> Way:
    path = environment(choice)
    is_written = writes_pipfile_lock(choice)
    lock = (Step("Lock every set", "pipenv lock"),)
    update = (Step("Update every set: it locks anew each time", "pipenv lock"),)
    if is_written:
        text = "Pipfile.lock is what was reviewed; see that it belongs to the Pipfile"
        lock = (Step(text, "pipenv verify"),)
    return Way(
        tools={"pipenv": choice.versions["pipenv"]},
        variables={"PIPENV_NOSPIN": "1", "PIPENV_VERBOSITY": "-1"},
        caches={"PIP_CACHE_DIR": "pip", "PIPENV_CACHE_DIR": "pipenv", "XDG_CACHE_HOME": ""},
        make=(
            "export PIP_USER=0",
            "pipenv verify",
            f"python3 -m venv --clear {choice.environment}",
            f"export VIRTUAL_ENV={path}",
            "pipenv sync",
            f"{choice.environment}/bin/python -m pip check",
        ),
        lock=lock,
        update=_from_portal(choice, ("Pipfile", "Pipfile.lock"), lock) if is_written else update,
        tox=(
            "allowlist_externals = pipenv",
            "pass_env = PIP_*, PIPENV_*",
            "set_env = PIPENV_VERBOSITY = -1",
            "commands_pre =",
            "    pipenv verify",
            "    pipenv sync --dev",
        ),
        locks=("Pipfile.lock",),
    )


# --- Poetry --------------------------------------------------------------------------------------
def _poetry(choice: Choice) -> Way:
    bound = "; the published pins bind it" if binding(choice) else ""
    lock = (Step(f"Lock every set in one resolution{bound}", "poetry lock"),)
    declared = ("pyproject.toml", "poetry.toml") if cooling.waits(choice) else ("pyproject.toml",)
    return Way(
        tools={"poetry": choice.versions["poetry"]},
        variables={"POETRY_NO_INTERACTION": "1", "POETRY_VIRTUALENVS_CREATE": "true"},
        caches={"POETRY_CACHE_DIR": "poetry", "XDG_CACHE_HOME": ""},
        make=(
            "poetry check --lock",
            f"python3 -m venv --clear {choice.environment}",
            f"export VIRTUAL_ENV={environment(choice)}",
            "poetry sync --only main --no-root --compile",
        ),
        lock=lock,
        update=(
            _from_portal(choice, declared, lock)
            if binding(choice)
            else (Step("Update every set", "poetry lock --regenerate"),)
        ),
        tox=(
            "allowlist_externals = poetry",
            "pass_env = POETRY_*",
            "commands_pre =",
            "    poetry check --lock",
            "    poetry sync --no-root",
        ),
        locks=("poetry.lock",),
    )


# --- uv ------------------------------------------------------------------------------------------
def _uv(choice: Choice) -> Way:
    bound = "; the published pins bind it" if binding(choice) else ""
    lock = (Step(f"Lock every set for all platforms{bound}", "uv lock"),)
    return Way(
        tools={"uv": choice.versions["uv"]},
        variables={
            "UV_COMPILE_BYTECODE": "1",
            "UV_LINK_MODE": "copy",
            "UV_PYTHON_DOWNLOADS": "never",
        },
        caches={"UV_CACHE_DIR": "uv"},
        make=(
            f"export UV_PROJECT_ENVIRONMENT={environment(choice)}",
            f"uv venv --clear --python {choice.python} {choice.environment}",
            "uv sync --locked --no-default-groups --no-install-project",
        ),
        lock=lock,
        update=(
            _from_portal(choice, ("pyproject.toml",), lock)
            if binding(choice)
            else (Step("Update every set", "uv lock --upgrade"),)
        ),
        tox=("runner = uv-venv-lock-runner", *_groups(choice)),
        locks=("uv.lock",),
    )


def _groups(choice: Choice) -> tuple[str, ...]:
    names = [name for name in _tested(choice) if name != "main"]
    return ("dependency_groups =", *(f"    {name}" for name in names)) if names else ()


WAYS: Mapping[str, Callable[[Choice], Way]] = {
    "pip": _pip,
    "pip-tools": _pip_tools,
    "pipenv": _pipenv,
    "poetry": _poetry,
    "uv": _uv,
}

"""pylock.toml beside the locks that it is made from, where pip installs it."""

import shlex
from collections.abc import Iterator
from dataclasses import replace

from portal.guidance.generating import cooling
from portal.guidance.generating.choice import FIRST_WITH_PYLOCK, Choice
from portal.guidance.generating.ways import Step, Way, lock_path

NOTES = (
    (
        "pip calls the installation of pylock.toml experimental, and warns of it in each build: "
        "the option may change or go. requirements/main.txt stays beside it, with the same "
        "versions."
    ),
    (
        f"pip before {FIRST_WITH_PYLOCK} cannot read pylock.toml: the build takes its own pip, and "
        "tox takes the pip that its virtualenv brings."
    ),
    (
        "From pylock.toml pip downloads each file from the address that stands there, and asks no "
        "index. It ends at a wrong hash, at a file without hashes, at a release without a wheel, "
        "and on a Python that is older than the lock."
    ),
)


def with_pylock(choice: Choice, way: Way) -> Way:
    """Return *way* with a pylock file made from each lock, if pip installs those."""
    if not choice.installs_pylock:
        return way
    return replace(
        way,
        lock=(*way.lock, *_steps(choice)),
        update=(*way.update, *_steps(choice)),  # The versions stay as they are locked.
        locks=(*way.locks, *(lock_path(choice, name) for name in choice.sets)),
    )


def _steps(choice: Choice) -> Iterator[Step]:
    options = f"--universal --python-version {choice.python} --generate-hashes"
    options += cooling.option(choice)
    if choice.index_url:
        options += f" --default-index {shlex.quote(choice.index_url)}"
    for name in choice.sets:
        path = lock_path(choice, name)
        yield Step(
            f"Write the versions of the {name} set into {path}",
            f"uv pip compile {options} -c requirements/{name}.txt -o {path} requirements/{name}.in",
        )

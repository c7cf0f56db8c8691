"""
Reading what a project declares out of the file in which it does: no file is run, none is fetched.

Each reader returns requirements by set. What cannot be taken over is a problem with its place. The
files are text that nobody vouches for: readers are bounded, and stop when enough is wrong.
"""

import re
from collections.abc import Callable, Iterator

from integrations.catalogue.validators import quoted
from integrations.policy.linting.findings import Unreadable
from integrations.policy.linting.ini import Section, read_ini
from matrix.rules.locks.parts import MAIN
from portal.guidance.declared import Declared, Enough
from portal.guidance.pipfiles import read_pipfile
from portal.guidance.pyprojects import read_pyproject

# Options of requirement files that say where things come from, not what is wanted.
LAYERS = ("-r", "--requirement", "-c", "--constraint")
NAMES = (
    "pyproject.toml, Pipfile, setup.cfg, *.in, requirements*.txt, *requirements.txt, and main.txt, "
    "dev.txt, docs.txt, lint.txt, test.txt, tests.txt"
)
HASH = re.compile(r"\s--hash[= ]\S+")


def read_declarations(name: str, text: str) -> Declared:
    """Return what the file *name* declares; raises ValueError when no reader knows it."""
    reader = _reader(name)
    base = name.rpartition("/")[2]
    if reader is None:
        raise ValueError(f"{quoted(base)} is none of the files that are read: {NAMES}.")
    declared = Declared()
    if "\0" in text:
        declared.refuse(f"{base} holds a null character, which no text has.")
        return declared
    try:
        reader(declared, base, text)
    except Unreadable as error:
        place = f"{base}, line {error.line}" if error.line else base
        declared.problems.append(f"{place}: {error}")
    except Enough:
        pass
    return declared


def _reader(name: str) -> "Reader | None":
    folder, _, base = name.rpartition("/")
    if folder.rpartition("/")[2] == "requirements" and re.fullmatch(IN_FOLDER, base):
        return _requirements
    return next((reader for pattern, reader in READERS if re.fullmatch(pattern, base)), None)


def _setup_cfg(declared: Declared, base: str, text: str) -> None:
    sections = read_ini(text, delimiters="=:")
    if "DEFAULT" in sections and sections["DEFAULT"].values:
        declared.refuse(
            f"{base}, DEFAULT: what stands there counts for every section. Write it where it is "
            "meant."
        )
    options = sections.get("options", Section(0))
    for key in ("tests_require", "setup_requires"):
        if options.text(key):
            declared.note(f"{base}, options.{key}: left out.")
    _listed(declared, MAIN, f"{base}, options.install_requires", options.text("install_requires"))
    for key, value in sections.get("options.extras_require", Section(0)).values.items():
        place = f"{base}, options.extras_require.{key}"
        _listed(declared, declared.set_name(place, key), place, value.text)


def _listed(declared: Declared, name: str, place: str, text: str) -> None:
    if text.lower().startswith("file:"):
        declared.refuse(f"{place}: {quoted(text)} stands in another file. Send that one.")
        return
    for line in text.split("\n"):
        if wanted := line.partition(" #")[0].strip():
            declared.add(name, place, wanted)


def _requirements(declared: Declared, base: str, text: str) -> None:
    """Take a requirements file; ``requirements-dev.in`` and ``dev.in`` are the set dev."""
    stem = base.rpartition(".")[0]
    stem = re.sub(r"^requirements[-_.]?|[-_.]?requirements$", "", stem) or MAIN
    name = declared.set_name(base, stem)
    for number, raw in _logical_lines(text):
        line = HASH.sub("", raw.partition(" #")[0]).strip()
        place = f"{base}, line {number}"
        if not line or line.startswith("#"):
            continue
        option = line.split(maxsplit=1)[0]
        if option.split("=")[0] in LAYERS:
            declared.note(f"{place}: {quoted(line)} is left out; the portal layers the sets.")
        elif line.startswith("-"):
            declared.refuse(
                f"{place}: {quoted(option)} is an option, not a requirement. The application names "
                "its index; editable and local installs have no place in a lock."
            )
        else:
            declared.add(name, place, line)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with the number that it begins at; a backslash joins it with the next."""
    begun, parts = 1, list[str]()
    for number, raw in enumerate(text.splitlines(), start=1):
        begun = begun if parts else number
        parts.append(raw.removesuffix("\\"))
        if not raw.endswith("\\"):
            yield begun, " ".join(parts)
            parts = []
    if parts:
        yield begun, " ".join(parts)


Reader = Callable[[Declared, str, str], None]
# By the name of the file.
READERS: tuple[tuple[str, Reader], ...] = (
    (r"pyproject\.toml", read_pyproject),
    (r"Pipfile", read_pipfile),
    (r"setup\.cfg", _setup_cfg),
    (r"[A-Za-z0-9._-]*\.in", _requirements),
    (r"requirements[A-Za-z0-9._-]*\.txt|[A-Za-z0-9._-]*requirements\.txt", _requirements),
    (r"(main|dev|docs|lint|tests?)\.txt", _requirements),
)
# Of a file in a folder "requirements".
IN_FOLDER = r"[A-Za-z0-9._-]*\.(in|txt)"

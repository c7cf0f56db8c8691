"""The files that a lock becomes: requirements with hashes, and pylock.toml."""

from matrix.rules.locks.parts import MAIN, TOOL, LockPart, Pinned

FOLDER = "requirements"


def lock_files(part: LockPart) -> dict[str, str]:
    """Return the files of one locked set by their paths."""
    files = {f"{FOLDER}/{part.name}.txt": requirements_txt(part)}
    if part.pylock:
        files[pylock_path(part.name)] = part.pylock
    return files


def pylock_path(name: str) -> str:
    """``pylock.toml`` for the main set, else ``pylock.dev.toml`` (PEP 751)."""
    return "pylock.toml" if name == MAIN else f"pylock.{name}.toml"


def declaration(part: LockPart) -> str:
    """Return the ``.in`` file: what people declared, in their order."""
    lines = [f"-c {part.constrained_by}.txt"] if part.constrained_by else []
    return "".join(f"{line}\n" for line in [*lines, *part.declared])


def requirements_txt(part: LockPart) -> str:
    """Return the set as pip installs it with ``--require-hashes``: each pin with all its hashes."""
    what = "What installs the sets" if part.name == TOOL else f"The {part.name} set"
    header = [
        f"# {what}, locked for Python {part.python} and newer by the Matrix Portal.",
        f"# Change {part.name}.in, not this file.",
    ]
    if part.constrained_by:
        header.append(f"# Versions agree with {part.constrained_by}.txt.")
    return "\n".join([*header, *(_entry(pin, part.name) for pin in part.pinned)]) + "\n"


def _entry(pin: Pinned, name: str) -> str:
    marker = f" ; {pin.marker}" if pin.marker else ""
    lines = [f"{pin}{marker}", *(f"    --hash={found}" for found in pin.hashes)]
    text = " \\\n".join(lines)
    asked = [*([f"-r {name}.in"] if pin.is_declared else []), *pin.required_by]
    return f"{text}\n    # via {', '.join(asked)}" if asked else text

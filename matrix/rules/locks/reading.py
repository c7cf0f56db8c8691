"""Reading what a resolver locked: requirement lines with hashes and "via" comments."""

import re
from collections.abc import Iterable, Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from matrix.rules.locks.parts import Pinned

HASH = re.compile(r"--hash=([a-z0-9]+:[0-9a-f]+)")
SOURCE = re.compile(r"-r |.*\.in\b|.*\.txt\b|.*\.toml\b")  # A file, not a project.


class UnreadableLock(ValueError):
    """A line that is neither a pinned requirement, a hash, a comment nor an option of the file."""


def read_lock(text: str) -> tuple[Pinned, ...]:
    """
    Return the pins of a requirements file as pip-compile and uv write it, by name and marker.

    Raises UnreadableLock, which names the line.
    """
    entries = [_pinned(*entry) for entry in _entries(text)]
    return tuple(sorted(entries, key=lambda pin: (pin.name, pin.marker, pin.version)))


def _entries(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Yield each requirement with its line number, continued lines joined, and its comments."""
    number, line, comments = 0, "", []
    is_open = False
    for at, raw in enumerate(text.splitlines(), start=1):
        stripped = raw.strip()
        if stripped.startswith("#"):
            comments.append(stripped.lstrip("# ").strip())
            continue
        if not stripped:
            continue
        if not is_open:
            if line:
                yield number, line, comments
            number, line, comments = at, "", []
        is_open = stripped.endswith("\\")
        line += " " + stripped.removesuffix("\\").strip()
    if line:
        yield number, line, comments


def _pinned(number: int, line: str, comments: list[str]) -> Pinned:
    hashes = HASH.findall(line)
    written = HASH.sub("", line).partition(" #")[0].strip()
    try:
        requirement = Requirement(written)
    except InvalidRequirement as error:
        raise UnreadableLock(f'Line {number}: "{written}" is not a requirement.') from error
    exact = [one for one in requirement.specifier if one.operator in {"==", "==="}]
    if len(requirement.specifier) != 1 or not exact or exact[0].version.endswith(".*"):
        raise UnreadableLock(f'Line {number}: "{written}" is not pinned to one version with "==".')
    names = list(_via(comments))
    return Pinned(
        name=canonicalize_name(requirement.name),
        version=exact[0].version,
        hashes=tuple(sorted(set(hashes))),
        marker=str(requirement.marker) if requirement.marker else "",
        required_by=tuple(sorted({canonicalize_name(n) for n in names if not SOURCE.match(n)})),
        is_declared=any(SOURCE.match(name) and not name.startswith("-c ") for name in names),
    )


def _via(comments: Iterable[str]) -> Iterator[str]:
    """Yield who asks for a pin: ``# via django``, or ``# via`` and a line for each."""
    is_list = False
    for comment in comments:
        if comment == "via":
            is_list = True
        elif comment.startswith("via "):
            yield from (name.strip() for name in comment[4:].split(",") if name.strip())
        elif is_list and comment:
            yield comment
